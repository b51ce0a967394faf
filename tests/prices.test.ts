/** Prices and the forecast over the API and at the command line, on real engines. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { microsFromMillis, type Sample } from '@nabolag/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeStand, makeToken, type Stand } from './thesis/stand.ts'

type Amount = { withoutVat: number; vat: number; withVat: number }
type Interval = {
  start: string
  end: string
  estimated: boolean
  parts: Record<string, Amount>
  total: Amount
  marginal: number
  sell: number
  supported: number
  gridRule: string
}
type Prices = {
  area: string
  assumed: boolean
  intervals: Interval[]
  missing: { start: string }[]
  notes: string[]
  capacity?: { month: string; cap: number | 'none' | null; power: number; step: number }
}

const hour = 3_600_000
const at = (iso: string) => Date.parse(iso)
let stand: Stand
let token: string
let house: number

beforeAll(async () => {
  stand = await makeStand()
  token = await makeToken(stand, 'kari')
  const kari = stand.store.as(await stand.store.people.askerNamed('kari'))
  house = (await kari.createHouse({ name: 'One', timezone: 'Europe/Oslo', latitude: 63.43, longitude: 10.4 })).id
  await stand.timeseries.write([...spot(), ...meter(), ...weather()], Date.now())
}, 180_000)
afterAll(async () => stand?.close())

const sample = (
  given: Pick<Sample, 'group' | 'device' | 'fields'> & { time: number; issued?: number; tags?: object },
) => ({
  ...{ houseId: house, count: 0, location: '' },
  ...given,
  tags: { ...given.tags },
  time: microsFromMillis(given.time),
  issued: given.issued === undefined ? undefined : microsFromMillis(given.issued),
})
/** By local midnights: hours of 28 to 30 March and of 24 and 25 October 2026, and quarters of 17 November. */
const spot = () => {
  const days: readonly [string, string, number][] = [
    ['2026-03-27T23:00:00Z', '2026-03-30T22:00:00Z', 60],
    ['2026-10-23T22:00:00Z', '2026-10-25T23:00:00Z', 60],
    ['2026-11-16T23:00:00Z', '2026-11-17T23:00:00Z', 15],
  ]
  const tags = { area: 'NO3', currency: 'NOK', source: 'nordpool' }
  return days.flatMap(([from, to, minutes]) =>
    Array.from({ length: (at(to) - at(from)) / (minutes * 60_000) }, (_, n) => {
      const time = at(from) + n * minutes * 60_000
      const issued = time - (time % (24 * hour)) - 12 * hour
      // 1.20 at 07 and 08 in the morning of Norway's winter, 0.50 else; quarters rise by 4 øre.
      const price = ([6, 7].includes(new Date(time).getUTCHours()) ? 1.2 : 0.5) + ((time / 60_000) % 60) * (4 / 1500)
      return sample({ group: 'spotPrice', device: 'spot-price', tags, time, issued, fields: { price, minutes } })
    }),
  )
}
/** 4,986 kWh in the first hour of November, and 2 kWh in each hour of the 17th until noon UTC. */
const meter = () => {
  const one = (time: number, energy: number) =>
    sample({ group: 'powerConsumption', device: 'tibber-hourly', time, fields: { hourlyConsumption: energy } })
  const day = at('2026-11-16T23:00:00Z')
  return [one(at('2026-10-31T23:00:00Z'), 4986), ...Array.from({ length: 12 }, (_, n) => one(day + n * hour, 2))]
}
const weather = () =>
  [0, 6].flatMap((later) => {
    const issued = at('2026-11-17T00:00:00Z') + later * hour
    return Array.from({ length: 60 }, (_, n) => {
      const fields = { temperature: later - 3, humidity: 80, cloudAreaFraction: 20 }
      return sample({ group: 'weatherForecast', device: 'met', time: issued + n * hour, issued, fields })
    })
  })

async function ask<Answer>(path: string, method = 'GET', json?: unknown, as = token) {
  const answer = await stand.ask(method, `/api/houses/${house}${path}`, { token: as, json })
  return { status: answer.status, body: (await answer.json()) as Answer }
}
/** As of a day after all that is logged, whatever the time is where this runs. */
const pricesOf = async (query: string) => (await ask<Prices>(`/prices?asOf=2026-11-19&${query}`)).body
const putSettings = (settings: object) =>
  ask<{ code?: string; detail?: string; settings: object }>('/prices/settings', 'PUT', settings)
const trondheim = { area: 'NO3', gridCompany: 'tensio-ts', markUp: [{ from: '2024-01-01', perKwh: 0.04 }] }

test('settings are guessed until somebody says them, and checked when they are', async () => {
  const { body: before } = await ask<{ settings: object; assumed: boolean; schema: { properties: object } }>(
    '/prices/settings',
  )
  expect(before).toMatchObject({ settings: { area: 'NO3' }, assumed: true })
  expect(Object.keys(before.schema.properties)).toContain('gridCompany')
  const { area, assumed, notes } = await pricesOf('from=2026-11-17&to=2026-11-18')
  expect([area, assumed]).toEqual(['NO3', true])
  expect(notes[0]).toMatch(/NO3 is assumed/)

  const refused: readonly [object, RegExp][] = [
    [{ area: 'Trondheim' }, /area/],
    [{ ...trondheim, gridCompany: 'nobody' }, /gridCompany/],
    [{ ...trondheim, markUp: [{ from: '2026-01-01', perKwh: 400 }] }, /markUp.*perKwh/],
    [{ ...trondheim, markUp: [{ from: '2026-02-01', to: '2026-01-01', perKwh: 0.1 }] }, /markUp/],
    [{ ...trondheim, colour: 'green' }, /colour/],
  ]
  for (const [settings, named] of refused) {
    const { status, body } = await putSettings(settings)
    expect([status, body.code]).toEqual([400, 'bad-request'])
    expect(JSON.stringify(body)).toMatch(named)
  }
  expect((await ask<{ assumed: boolean }>('/prices/settings')).body.assumed).toBe(true)
  expect(await putSettings(trondheim)).toMatchObject({ status: 200, body: { settings: trondheim } })
  expect((await ask('/prices/settings')).body).toMatchObject({ settings: trondheim, assumed: false })
})

test('one day worked out by hand: quarters, support, and the cap that the month reaches within it', async () => {
  const { intervals, capacity, missing, notes } = await pricesOf('from=2026-11-17&to=2026-11-18')
  expect([intervals.length, missing]).toEqual([96, []])
  expect(intervals.every(({ estimated }) => !estimated)).toBe(true)
  // 00:00 local, night: (0.50 + 0.04 + 0.109 + 0.0713 + 0.01) × 1.25 = 0.912875; the quarter after costs 4 øre more.
  expect([intervals[0]!.marginal, intervals[1]!.marginal]).toEqual([0.912875, 0.962875])
  expect(intervals[0]!.parts).toEqual({
    spot: { withoutVat: 0.5, vat: 0.125, withVat: 0.625 },
    support: { withoutVat: 0, vat: 0, withVat: 0 },
    markUp: { withoutVat: 0.04, vat: 0.01, withVat: 0.05 },
    gridEnergy: { withoutVat: 0.109, vat: 0.02725, withVat: 0.13625 },
    electricityTax: { withoutVat: 0.0713, vat: 0.017825, withVat: 0.089125 },
    enovaFee: { withoutVat: 0.01, vat: 0.0025, withVat: 0.0125 },
  })
  // 07:00 local: 4,986 + 7 × 2 = 5,000 kWh are used up, so a dear hour is not supported: (1.20 + 0.3423) × 1.25.
  expect(intervals[28]).toMatchObject({ supported: 0, marginal: 1.927875, gridRule: 'day', sell: 1.2 })
  expect(intervals[27]!.supported).toBe(1)
  // Three highest days: 4,986, 2 and none. Above the last step there is no cap; and no Infinity in JSON.
  expect(capacity).toMatchObject({ month: '2026-11', step: 5, cap: 'none' })
  expect(notes).toEqual([])

  const hours = await pricesOf('from=2026-11-17&to=2026-11-18&minutes=60')
  expect(hours.intervals).toHaveLength(24)
  // Mean of 0.50, 0.54, 0.58 and 0.62 is 0.56: (0.56 + 0.2303) × 1.25
  expect(hours.intervals[0]!.marginal).toBe(0.987875)
})

test('days of 23 and of 25 hours have as many prices, each at its own local hour', async () => {
  await putSettings({
    ...trondheim,
    gridEnergy: [{ from: '2026-01-01', base: 0.1, rules: [{ price: 0.2, fromHour: 2, toHour: 3 }] }],
  })
  const spring = await pricesOf('from=2026-03-29&to=2026-03-30')
  // 02 to 03 is skipped.
  expect([spring.intervals.length, spring.intervals.filter(({ gridRule }) => gridRule !== 'base').length]).toEqual([
    23, 0,
  ])
  expect(spring.intervals[0]!.start).toBe('2026-03-28T23:00:00Z')
  const autumn = await pricesOf('from=2026-10-25&to=2026-10-26')
  // 02 to 03 comes twice.
  expect([autumn.intervals.length, autumn.intervals.filter(({ gridRule }) => gridRule !== 'base').length]).toEqual([
    25, 2,
  ])
  await putSettings(trondheim)
})

test('what is not published is filled in and marked; asked as of before, the future is not seen', async () => {
  const tomorrow = await pricesOf('from=2026-11-17&to=2026-11-19&minutes=60')
  expect(tomorrow.intervals).toHaveLength(48)
  expect(tomorrow.intervals.map(({ estimated }) => estimated)).toEqual(Array.from({ length: 48 }, (_, n) => n >= 24))
  expect(tomorrow.intervals[31]!.parts.spot).toEqual(tomorrow.intervals[7]!.parts.spot)
  expect(tomorrow.notes.join()).toContain('24 of 48 prices are not published')
  // The 17th was published at noon of the 16th: an hour before, nothing is known for three weeks back.
  const before = (await ask<Prices>('/prices?from=2026-11-17&to=2026-11-18&asOf=2026-11-15T11:00:00Z')).body
  expect([before.intervals, before.missing.length]).toEqual([[], 1])
  const after = (await ask<Prices>('/prices?asOf=2026-11-17T10:00:00Z&minutes=60')).body
  expect([after.intervals[0]!.start, after.intervals.length]).toEqual(['2026-11-16T23:00:00Z', 48])
})

test('the north pays no VAT, and its action zone no electricity tax either', async () => {
  await putSettings({ area: 'NO3', taxZone: 'north' })
  const marginal = async () => (await pricesOf('from=2026-11-17&to=2026-11-18')).intervals[0]!.marginal
  expect(await marginal()).toBe(0.5813)
  await putSettings({ area: 'NO3', taxZone: 'action-zone' })
  expect(await marginal()).toBe(0.51)
  await putSettings(trondheim)
})

test.each([
  ['from=2026-11-18&to=2026-11-17', /to must be after from/],
  ['from=2025-01-01&to=2026-11-17', /at most 400 days/],
  ['from=2026-01-01&to=2026-11-17', /minutes must be 60/],
  ['from=yesterday', /from must be an ISO 8601 time/],
  ['minutes=30', /minutes/],
])('%s is refused, and why is said', async (query, why) => {
  const { status, body } = await ask(`/prices?${query}`)
  expect(status).toBe(400)
  expect(JSON.stringify(body)).toMatch(why)
})

test('the forecast is that of the time it is asked of', async () => {
  const path = '/forecast?hours=24&asOf='
  const early = await ask<{ at: string; temperature: number; irradiance: number }[]>(`${path}2026-11-17T05:30:00Z`)
  expect(early.body[0]).toMatchObject({
    at: '2026-11-17T05:00:00Z',
    temperature: -3,
    cloud: 20,
    solarPower: null,
  })
  expect(early.body).toHaveLength(25)
  const later = await ask<{ temperature: number; irradiance: number }[]>(`${path}2026-11-17T11:30:00Z`)
  expect(later.body[0]!.temperature).toBe(3)
  expect(later.body[0]!.irradiance).toBeGreaterThan(20)
  expect(later.body[8]!.irradiance).toBe(0)
})

test('nobody else sees or says them', async () => {
  const other = await makeToken(stand, 'ola')
  for (const path of ['/prices', '/prices/settings', '/forecast']) {
    expect([path, (await ask(path, 'GET', undefined, other)).status]).toEqual([path, 403])
    expect((await stand.ask('GET', `/api/houses/${house}${path}`)).status).toBe(403)
  }
  expect((await ask('/prices/settings', 'PUT', trondheim, other)).status).toBe(403)
})

test('at the command line: every part, the hour that comes twice, what is wrong, and new settings', async () => {
  const program = join(import.meta.dirname, '../apps/cli/bin/nabolag.js')
  const run = async (...args: string[]) => {
    const env = { PATH: process.env.PATH, ...stand.addresses }
    const child = spawn(process.execPath, [program, 'prices', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += part))
    const [exit] = await once(child, 'close')
    return { exit, output }
  }
  const span = ['--from', '2026-10-25', '--to', '2026-10-26', '--as-of', '2026-11-19']
  const shown = await run(`${house}`, ...span)
  const lines = shown.output.split('\n')
  expect(lines[0]).toMatch(/^from +spot +support +mark-up +grid +taxes +VAT +total +one more$/)
  expect(shown.output).toContain('NOK/kWh; the parts are without VAT')
  const hours = lines.filter((line) => line.startsWith('2026-10-25'))
  expect(hours.length).toBe(25)
  expect(hours[2]).toMatch(/^2026-10-25 02:00 \+02:00 +0\.500 /)
  expect(hours[3]).toMatch(/^2026-10-25 02:00 \+01:00 +0\.500 /)
  const json = await run('show', `${house}`, ...span, '--minutes', '15', '--json')
  expect(JSON.parse(json.output)).toEqual(await pricesOf('from=2026-10-25&to=2026-10-26&minutes=15'))
  expect(await run(`${house}`, '--minutes', '30')).toMatchObject({ exit: 1, output: expect.stringMatching(/15 or 60/) })
  expect(await run(`${house}`, '--from', 'noon')).toMatchObject({ exit: 1, output: expect.stringMatching(/from/) })

  const folder = mkdtempSync(join(tmpdir(), 'nabolag-prices-'))
  const file = join(folder, 'contract.json')
  writeFileSync(file, JSON.stringify({ ...trondheim, colour: 'green' }))
  const refused = await run('settings', `${house}`, '--file', file)
  expect(refused).toMatchObject({ exit: 1, output: expect.stringMatching(/colour is not known here; there is area,/) })
  writeFileSync(file, JSON.stringify({ ...trondheim, gridCompany: 'elvia' }))
  expect(await run('settings', `${house}`, '--file', file)).toMatchObject({ exit: 0 })
  expect((await ask('/prices/settings')).body).toMatchObject({ settings: { gridCompany: 'elvia' }, assumed: false })
  await putSettings(trondheim)
  rmSync(folder, { recursive: true })
})
