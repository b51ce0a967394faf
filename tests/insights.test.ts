/** Insights and savings over the API, on real engines. */
import { evenComfort } from '@nabolag/control'
import { firstDay, makeHistory, pricesOfHistory } from '@nabolag/control/insights/history.testing'
import { addDays, microsFromMillis } from '@nabolag/core'
import type { Tenant } from '@nabolag/store'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeStand, makeToken, type Stand } from './thesis/stand.ts'

let stand: Stand
let token: string
let kari: Tenant
let house: number
let empty: number
const day = 86_400_000
const history = makeHistory({ seed: 3, days: 60, controlled: (n) => n >= 40, shifted: 0.5, colder: 0.5 })
/** As though it had been up to yesterday. */
const shift = Math.floor((Date.now() - Date.parse(addDays(firstDay, 60))) / day) * day
const dateOf = (n: number) => new Date(Date.parse(addDays(firstDay, n)) + shift).toISOString().slice(0, 10)
const place = { device: 'sensibo-sky', count: 0, location: 'Stue' }

beforeAll(async () => {
  stand = await makeStand()
  token = await makeToken(stand, 'kari')
  kari = stand.store.as(await stand.store.people.askerNamed('kari'))
  empty = (await kari.createHouse({ name: 'New', timezone: 'Europe/Oslo' })).id
  house = (await kari.createHouse({ name: 'One', timezone: 'Europe/Oslo' })).id
  await kari.addRoom(empty, { name: 'Stue', comfort: evenComfort(21, 1) })
  await kari.setPriceSettings(house, pricesOfHistory)
  await kari.addDevice(house, 'sensibo-sky', { credentials: {} })
  const sensors = [{ ...place, group: 'heatPumpController' }]
  const { id: room } = await kari.addRoom(house, { name: 'Stue', comfort: evenComfort(21, 1), sensors })
  const actuator = { ...place, capability: 'thermostat' } as const
  const loop = await kari.addLoop(house, { kind: 'heating', room, actuator, controller: 'price-responsive-pi' })
  const receipt = { mode: 'control', control: 'price-responsive-pi' }
  const noons = Array.from({ length: 20 }, (_, n) => Date.parse(dateOf(40 + n)) + day / 2)
  await stand.store.fleet.addReceipts(
    house,
    noons.map((at) => ({ loop: loop.id, at, receipt })),
  )
  const at = (time: number, group: string, fields: Record<string, number>, more = {}) => ({
    ...{ houseId: house, device: 'x', count: 0, group, location: '', tags: {}, issued: undefined },
    ...{ time: microsFromMillis(time + shift), fields, ...more },
  })
  const tags = { area: 'NO1', currency: 'NOK' }
  await stand.timeseries.write(
    [
      ...history.use.map(({ start, energy }) => at(start, 'powerConsumption', { hourlyConsumption: energy })),
      ...history.outdoor.map(({ time, value }) => at(time, 'ventilationControl', { outdoorTemperature: value })),
      ...history.indoor.map(({ time, value }) => at(time, 'heatPumpController', { temperature: value }, place)),
      ...history.spot.map(({ start, price }) =>
        at(start, 'spotPrice', { price: price ?? 0, minutes: 60 }, { tags, issued: microsFromMillis(start + shift) }),
      ),
    ],
    Date.now(),
  )
  await stand.timeseries.refreshRollups()
}, 180_000)
afterAll(async () => stand?.close())

async function get(path: string, of = house, as = token) {
  const answer = await stand.ask('GET', `/api/houses/${of}${path}`, { token: as })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}
const span = `from=${dateOf(40)}&to=${dateOf(60)}`

test('a new house has no number anywhere, and says why', async () => {
  const { status, body } = await get('/insights', empty)
  expect([status, body]).toMatchObject([
    200,
    {
      signature: { outcome: 'not-enough-data', because: expect.stringMatching(/0 days, 14 are needed/) },
      heatLoss: [{ name: 'Stue', outcome: 'not-enough-data', because: 'No model of this room has been tried yet' }],
      timeConstant: [{ by: 'model' }, { by: 'night-cooling', outcome: 'not-enough-data' }],
      cop: [{ outcome: 'not-enough-data', because: expect.stringMatching(/There is no heat pump/) }],
      ...{ byHour: [], models: [] },
    },
  ])
  const savings = await get('/savings', empty)
  expect(savings.body).toMatchObject({ outcome: 'not-enough-data', days: { control: 0, baseline: 0 } })
  expect(savings.body).not.toHaveProperty('raw')
})

test('a house with a past has numbers, each with an interval', async () => {
  const interval = { value: expect.any(Number), low: expect.any(Number), high: expect.any(Number) }
  const { status, body } = await get('/insights?days=62')
  expect([status, body]).toMatchObject([
    200,
    {
      signature: { outcome: 'found', slope: interval, perKelvin: interval, sentence: expect.any(String) },
      heatLoss: [{ name: 'Stue', outcome: 'not-enough-data' }],
      cop: [{ outcome: 'found', measured: 'whole-house', perKelvin: interval, change: interval }],
    },
  ])
  expect(body.byHour).toHaveLength(24)
  const savings = await get(`/savings?${span}`)
  const saving = { nok: expect.any(Number), low: expect.any(Number), high: expect.any(Number) }
  expect([savings.status, savings.body]).toMatchObject([
    200,
    {
      ...{ outcome: 'found', method: 'before-after', days: { control: 20, baseline: 40 }, raw: saving },
      atEqualTemperature: { outcome: 'found', ...saving, share: expect.any(Number) },
    },
  ])
})

test('what other prices would have cost, and what a reader must not ask', async () => {
  const told = await get(`/savings/what-if?${span}&fixed=0.5&gridCompany=tensio-ts&warmer=1`)
  const energy = history.use.slice(40 * 24).reduce((sum, one) => sum + one.energy, 0)
  expect([told.status, told.body]).toMatchObject([
    200,
    {
      prices: { energy: expect.closeTo(energy, -1), priced: 1, other: { capacity: expect.any(Number) } },
      comfort: { outcome: 'found', cost: { value: expect.any(Number), low: expect.any(Number) } },
    },
  ])
  const statuses = await Promise.all(
    [
      ...['/savings/what-if', '/savings?from=2026-02-01&to=2026-01-01', '/savings?from=2020-01-01', '/insights?days=3'],
      ...['/savings/what-if?support=gratis', '/savings?from=soon'],
    ].map(async (path) => (await get(path)).status),
  )
  expect(statuses).toEqual([400, 400, 400, 400, 400, 400])
  const ola = await makeToken(stand, 'ola')
  for (const path of ['/insights', '/savings', `/savings/what-if?warmer=1`])
    expect((await get(path, house, ola)).status).toBe(403)
})
