import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { replay, underControl } from '@nabolag/control'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { contendersOf } from './asked.ts'
import { type MadeHouse, madeHouse, type OwnInputs } from './inputs.ts'

const hour = 3_600_000
const from = Date.parse('2026-03-29T00:00:00Z')
const span = { from, to: from + 6 * hour, warmUp: 2 * hour }
const room = { name: 'Stue', area: 40, comfort: { temperature: 21, deviation: 1 }, heatPump: { power: 1.5 } }
const house = { name: 'Hytta', latitude: 61, longitude: 10.4, prices: { area: 'NO1' }, rooms: [room] }

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'inputs-'))
  write('house.json', JSON.stringify(house))
  write(
    'prices.csv',
    series('NOK/kWh', 4 * 14, 0.25, (n) => 0.5 + n / 100),
  )
  write(
    'weather.csv',
    series('temperature_c,irradiance_w_m2', 80, 1, (n) => `${-(n % 24) / 2},${10 * n}`),
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const path = (name: string) => join(folder, name)
const write = (name: string, text: string) => writeFileSync(path(name), text)
/** From four hours before the replay on. */
const series = (header: string, count: number, hours: number, value: (n: number) => number | string) =>
  [
    `time_utc,${header}`,
    ...Array.from({ length: count }, (_, n) => {
      const at = new Date(from + (n * hours - 4) * hour).toISOString().slice(0, 16)
      return `${at},${value(n)}`
    }),
  ].join('\n')

async function made(own: OwnInputs, more: Partial<typeof span> = {}, file = 'house.json') {
  const notes: string[] = []
  const which = { file: path(file) }
  return { notes, ...(await madeHouse(which, own, { ...span, ...more }, 2023, notes)) }
}
const run = ({ setup, twinOf }: MadeHouse) => {
  const own = underControl(setup, { controller: 'schedule' })
  return replay({ setup: own, ...{ from, to: span.to, warmUp: span.warmUp, step: hour / 4 }, source: twinOf(own) })
}

test('prices that are final cost what the file says, quarter by quarter, over the hour that clocks skip', async () => {
  const { steps, figures } = await run(await made({ prices: path('prices.csv'), finalPrices: true }))
  expect(steps.map(({ price }) => price)).toEqual(steps.map((_, n) => expect.closeTo(0.5 + (n + 16) / 100, 9)))
  expect(figures).toMatchObject({ priced: 1, capacity: null, hours: 6 })
  expect(figures.cost).toBeCloseTo(
    steps.reduce((sum, { hvac }, n) => sum + (hvac! / 4) * (0.5 + (n + 16) / 100), 0),
    9,
  )
})

test('spot prices go through the price model of the household', async () => {
  const { steps } = await run(await made({ prices: path('prices.csv') }))
  // Strømstøtte takes nine tenths above 0.77; electricity tax and Enova fee of 2026; no grid tariff is said.
  const household = (spot: number) => 1.25 * (spot - 0.9 * Math.max(0, spot - 0.77) + 0.0713 + 0.01)
  expect(steps.map(({ price }) => price)).toEqual(
    steps.map((_, n) => expect.closeTo(household(0.5 + (n + 16) / 100), 4)),
  )
})

test('what is not known is told: prices with a hole, weather that ends, and what is made up', async () => {
  const rows = readFileSync(path('prices.csv'), 'utf8').split('\n')
  write('hole.csv', rows.filter((_, n) => n < 20 || n >= 24).join('\n'))
  const own = await made({ prices: path('hole.csv'), weather: path('weather.csv') }, { warmUp: 6 * hour })
  expect(own.notes).toEqual([
    expect.stringMatching(/NOK\/kWh, every 15 min, 0.660 to 0.890 NOK\/kWh of spot/),
    expect.stringContaining('has no price for 1 h of that time'),
    expect.stringContaining('towards the end nobody knows the prices of the next day'),
    expect.stringMatching(/temperature_c, irradiance_w_m2 of .*, -5 to 0 °C/),
    expect.stringMatching(/begins at 2026-03-28T20:00Z: before that it is as then/),
  ])
  expect((await run(own)).figures.priced).toBeCloseTo(20 / 24, 9)
  expect((await made({})).notes).toEqual([
    expect.stringContaining('Prices are made up'),
    expect.stringContaining('The weather is made up'),
  ])
})

test('the weather is that of the file; a perfect forecast says what will be, the usual one does not', async () => {
  const said = async (forecast: 'usual' | 'perfect') => {
    const { setup, twinOf } = await made({ weather: path('weather.csv'), forecast })
    return twinOf(setup).seen(from - 2 * hour).weather
  }
  const perfect = await said('perfect')
  const day = perfect.filter(({ at }) => at >= from && at < from + 24 * hour)
  const truth = (n: number) => ({ temperature: 0 - ((n + 4) % 24) / 2, irradiance: 10 * (n + 4) })
  expect(day).toMatchObject(day.map((_, n) => truth(n)))
  expect((await said('usual')).map(({ temperature }) => temperature)).not.toEqual(perfect.map((one) => one.temperature))
})

test.each<{ name: string; own: OwnInputs; more?: Partial<typeof span>; file?: string; says: RegExp }>([
  {
    name: 'prices of another time',
    own: { prices: 'prices.csv' },
    more: { from: from + 24 * hour, to: from + 48 * hour },
    says: /no price between 2026-03-30.*reaches from 2026-03-28T20:00Z/,
  },
  {
    name: 'weather that ends before',
    own: { weather: 'weather.csv' },
    more: { to: from + 100 * hour },
    says: /has weather from .* to 2026-04-01T03:00Z/,
  },
  { name: 'an option about no file', own: { rate: 11 }, says: /--rate is about a file of --prices/ },
  {
    name: 'a zone that is none',
    own: { prices: 'prices.csv', timeZone: 'Oslo' },
    says: /--time-zone Oslo is not known/,
  },
  { name: 'no file', own: { prices: 'nothing.csv' }, says: /no such file.*nothing.csv/ },
  { name: 'no JSON', own: {}, file: 'prices.csv', says: /prices.csv is not JSON/ },
])('what cannot be run is refused: $name', async ({ own, more, file, says }) => {
  const { prices, weather } = own
  const placed = { ...own, ...(prices && { prices: path(prices) }), ...(weather && { weather: path(weather) }) }
  await expect(made(placed, more, file)).rejects.toThrow(says)
})

test('a hole of half a day in the weather is refused', async () => {
  const rows = readFileSync(path('weather.csv'), 'utf8').split('\n')
  write('night.csv', rows.filter((_, n) => n < 3 || n > 12).join('\n'))
  await expect(made({ weather: path('night.csv') })).rejects.toThrow(/knows nothing for 11 h from 2026-03-28T21:00Z/)
})

test('the published law adds no VAT to prices that are final, unless it is told to', () => {
  const notes: string[] = []
  const compare = ['schedule', 'price-responsive-pi']
  expect(contendersOf({ compare, finalPrices: true }, notes)).toMatchObject([
    { controller: 'schedule' },
    { controller: 'price-responsive-pi', settings: { vat: 1 } },
  ])
  expect(notes).toEqual([expect.stringContaining('vat 1')])
  const own = { controller: 'price-responsive-pi', settings: { vat: 1.15 }, finalPrices: true }
  expect(contendersOf(own, [])).toMatchObject([{ settings: { vat: 1.15 } }])
  expect(contendersOf({ compare }, notes)[1]!.settings?.vat).not.toBe(1)
})

test('the example of the documentation is a house', async () => {
  const page = readFileSync(new URL('../../../../docs/replay.md', import.meta.url), 'utf8')
  const [, example = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? []
  write('example.json', example)
  expect((await made({}, {}, 'example.json')).setup.rooms.length).toBeGreaterThan(1)
})
