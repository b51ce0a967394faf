/** What ClickHouse knows of a house, as its controls are shown it, on the real engine. */
import { pricesOf } from '@nabolag/control'
import { microsFromMillis, type Sample } from '@nabolag/core'
import { openTestEngine, type TestEngine } from '@nabolag/timeseries/engine.testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dailyUse } from './daily-use.ts'
import { at, every, hour, houseId, logged, minute, now, pump, sample, setup, stue } from './house.testing.ts'
import { householdPrices } from './household-prices.ts'
import { readSeries } from './read-series.ts'
import { readRoom, roomHistory } from './room-history.ts'
import { seeHouse } from './see.ts'
import { spotEntries } from './spot.ts'
import { readUse } from './use.ts'
import { readForecast } from './weather.ts'

let engine: TestEngine
beforeAll(async () => {
  engine = await openTestEngine()
  await engine.series.write(logged(), now)
}, 180_000)
afterAll(async () => engine?.close())

test('a house is seen as it is, and nothing that came later', async () => {
  const seen = await seeHouse(engine.series, setup, now)
  const [first, second, third] = seen.rooms[1]!
  expect([first!.length, second!.length, third]).toEqual([37, 19, []])
  expect(first!.at(-1)).toEqual({ at: now, value: 21 })
  expect(second!.at(-1)).toEqual({ at: now, value: 23 })
  expect(seen.held[11]).toEqual({
    ...{ at: now, since: at('2026-11-20T10:33:00Z'), mode: 'heat' },
    set: { temperature: 22, on: true, fanLevel: 'auto' },
  })
  expect(seen.held[12]).toMatchObject({ set: { fanLevel: 'normal', temperature: 18 }, mode: 'manual' })
  expect(seen.held[13]).toMatchObject({ set: { power: 0, chargeLimit: 2500 } })
  expect(seen.battery).toEqual({
    ...{ charge: { at: now, value: 55 }, load: { at: now, value: 900 }, sun: { at: now, value: 100 } },
  })
  expect(seen.air).toMatchObject({ co2: { value: 700 }, tvoc: { value: 150 }, humidity: { value: 45 } })
  expect(seen.power.at(-1)).toEqual({ at: now, value: 3000 })
  expect(seen.outdoor.at(-1)).toEqual({ at: now, value: -4 })
  // Hours further back than the readings themselves: enough to know by how much forecasts are off.
  expect(new Set(seen.outdoor.map(({ at: time }) => Math.floor(time / hour))).size).toBe(41)
  expect([seen.priceArea, seen.spot.length, seen.spot.at(-1)!.end]).toEqual(['NO3', 192, at('2026-11-20T23:00:00Z')])
  // The newest issue at `now` is that of 06:00; the sky is half covered, and the sun stands low.
  expect(seen.weather[0]).toMatchObject({ at: at('2026-11-20T11:00:00Z'), temperature: 0, humidity: 80, cloud: 50 })
  expect(seen.weather[0]!.irradiance).toBeGreaterThan(20)
  expect(seen.weather[0]!.irradiance).toBeLessThan(120)
  expect(seen.weather.at(-1)!.at).toBe(at('2026-11-22T17:00:00Z'))
  const past = new Map(seen.pastForecast!.map(({ at: time, temperature }) => [time, temperature]))
  expect([past.get(at('2026-11-19T11:00:00Z')), past.get(at('2026-11-19T12:00:00Z'))]).toEqual([-4, -3])
})

test('seen again as of another time, forecasts are those of then', async () => {
  const then = await seeHouse(engine.series, setup, now, { asOf: at('2026-11-19T07:00:00Z') })
  expect(then.weather[0]!.temperature).toBe(-4)
  expect(then.spot).toHaveLength(96)
})

test('a house without anything is seen too', async () => {
  const seen = await seeHouse(engine.series, { ...setup, id: 8 }, now)
  expect(seen).toMatchObject({ held: {}, spot: [], weather: [], outdoor: [], power: [], use: [] })
  expect([seen.air, seen.battery, seen.priceArea]).toEqual([undefined, undefined, undefined])
})

test('what a device says twice of one time counts once, as it was said last', async () => {
  const twice = (fields: Sample['fields'], received: number) =>
    engine.series.write([sample({ houseId: 9, time: now, location: 'Twice', fields })], received)
  await twice({ temperature: 18 }, now + 1)
  await twice({ temperature: 19 }, now + 2)
  const part = { group: 'airSensor', from: microsFromMillis(now - hour), to: microsFromMillis(now + hour) }
  const [points, ...others] = await engine.series.points(9, [part, { ...part, fields: ['temperature'] }])
  expect([points, others]).toEqual([
    {
      group: 'airSensor',
      field: 'temperature',
      device: 'mill-sense',
      count: 0,
      location: 'Twice',
      tags: {},
      times: [now],
      values: [19],
    },
    [],
  ])
})

test('the spot prices are those of the newest issue, in kroner only', async () => {
  const day = at('2026-11-20T23:00:00Z')
  const entries = await spotEntries(engine.series, houseId, { from: day, to: day + 24 * hour })
  expect(entries).toHaveLength(96)
  expect(entries[0]).toEqual({ start: day, end: day + 15 * minute, price: 0.7 })
  const before = { from: day, to: day + 24 * hour, asOf: day - 10.5 * hour }
  expect((await spotEntries(engine.series, houseId, before))[0]!.price).toBe(0.5)
  expect(await spotEntries(engine.series, houseId, { ...before, asOf: day - 12 * hour })).toEqual([])
})

test('the hours of the meter: settled ones first, then what the live meter counted', async () => {
  const use = await readUse(engine.series, setup, { from: at('2026-11-19T20:00:00Z'), to: now })
  const energies = use.map(({ start, energy }) => [new Date(start).getUTCHours(), Math.round(energy * 100) / 100])
  // The live meter's last word of an hour is that of its 59th minute.
  expect(energies).toEqual([
    ...[
      [20, 2],
      [21, 2],
      [22, 2],
    ],
    ...[
      [3, 2.95],
      [4, 2.95],
      [5, 2.95],
      [6, 2.95],
      [7, 2.95],
      [8, 2.95],
      [9, 2.95],
      [10, 2.95],
      [11, 0.1],
    ],
  ])
  expect(use.at(-1)).toMatchObject({ start: at('2026-11-20T11:00:00Z'), end: now })
})

test.each([
  // 5 kWh since midnight by 03:00 local is shared by three hours, as nobody knows better.
  [
    'accumulatedConsumption',
    (time: number) => 5 + 2 * ((time - at('2026-11-20T01:00:00Z')) / hour),
    [1.66, 1.66, 1.66],
  ],
  ['lastMeterConsumption', (time: number) => 7000 + 2 * ((time - at('2026-11-20T01:00:00Z')) / hour), []],
] as const)('without anything better the hours come from %s', async (field, value, before) => {
  const id = field === 'lastMeterConsumption' ? 21 : 22
  const samples = every(minute, at('2026-11-20T01:00:00Z'), at('2026-11-20T04:00:00Z'), (time) =>
    sample({ houseId: id, group: 'powerConsumption', device: 'meter', time, fields: { [field]: value(time) } }),
  )
  await engine.series.write(samples, now)
  const house = { id, timezone: 'Europe/Oslo' }
  const use = await readUse(engine.series, house, { from: at('2026-11-19T20:00:00Z'), to: now })
  const last = use.slice(-2).map(({ start, energy }) => [new Date(start).getUTCHours(), Math.round(energy * 100) / 100])
  expect(last).toEqual([
    [2, 2],
    [3, 2],
  ])
  expect(use).toHaveLength(2 + before.length)
})

test('a new meter that begins with another count has not drawn the difference', async () => {
  const swapped = at('2026-11-20T03:00:00Z')
  const samples = every(hour, at('2026-11-20T00:00:00Z'), at('2026-11-20T08:00:00Z'), (time) =>
    sample({
      ...{ houseId: 23, group: 'powerConsumption', device: 'meter', time },
      fields: { lastMeterConsumption: (time < swapped ? 100 : 45_000) + time / hour - swapped / hour },
    }),
  )
  await engine.series.write(samples, now)
  const use = await readUse(engine.series, { id: 23, timezone: 'Europe/Oslo' }, { from: swapped - 4 * hour, to: now })
  expect(use.map(({ energy }) => energy)).toEqual([1, 1, 1, 1, 1, 1])
})

test('a turn’s prices come of what was seen', async () => {
  const seen = await seeHouse(engine.series, setup, now)
  const { steps, outlook, settings, capacity } = pricesOf(
    { ...setup, prices: { area: 'NO3', gridCompany: 'tensio-ts' } },
    seen,
    now,
  )
  expect(settings.area).toBe('NO3')
  // (0.50 + 0.221 + 0.0713 + 0.01) × 1.25
  expect(outlook[0]).toMatchObject({ from: at('2026-11-20T11:00:00Z'), marginal: expect.closeTo(1.002875, 12) })
  expect(steps.filter(({ from }) => from >= now - 3 * minute)).toHaveLength(48)
  expect(capacity).toMatchObject({ month: '2026-11', step: 1, today: expect.closeTo(2.95, 9) })
})

test('prices as of before tomorrow’s were published are filled in, and say so', async () => {
  const span = { from: at('2026-11-19T23:00:00Z'), to: at('2026-11-21T23:00:00Z'), now }
  const house = { id: houseId, timezone: 'Europe/Oslo' }
  const known = await householdPrices(engine.series, house, { ...span, minutes: 60 })
  expect(known.intervals.filter(({ estimated }) => estimated)).toEqual([])
  const before = await householdPrices(engine.series, house, { ...span, minutes: 60, asOf: now })
  expect(before.intervals).toHaveLength(48)
  expect(before.intervals.filter(({ estimated }) => estimated)).toHaveLength(24)
  expect(before.notes.join()).toMatch(/24 of 48 prices are not published.*|EUR/)
  expect(before.notes.join()).toContain('Prices in EUR are left out')
  // Far from anything published nothing is made up.
  const far = await householdPrices(engine.series, house, { from: now + 9 * 24 * hour, to: now + 10 * 24 * hour, now })
  expect([far.intervals, far.missing]).toEqual([[], [{ start: now + 9 * 24 * hour, end: now + 10 * 24 * hour }]])
})

test('a span that begins within an hour has the mean of the whole hour', async () => {
  // Quarters of 0.70, 0.50, 0.50 and 0.50: billed by the hour each costs 0.55.
  const prices = { area: 'NO3', settledBy: 'hour' as const }
  const house = { id: houseId, timezone: 'Europe/Oslo', prices }
  const from = at('2026-11-20T23:20:00Z')
  const span = { from, to: from + hour, now: from }
  const { intervals, missing } = await householdPrices(engine.series, house, span)
  expect(missing).toEqual([])
  expect([intervals[0]!.start, intervals.at(-1)!.end, intervals.length]).toEqual([from, from + hour, 5])
  const spot = intervals.map(({ parts }) => Math.round(parts.spot.withoutVat * 1e6) / 1e6)
  expect(spot).toEqual([0.55, 0.55, 0.55, 0.5, 0.5])
})

test('sunlight is as forecast, and the roofs are added up', async () => {
  const roof = (location: string, solarPower: number) =>
    sample({
      ...{ houseId: 10, group: 'solarRadiation', device: 'solcast', location, time: now, issued: now - hour },
      fields: { solarPower, ...(location === '' && { globalHorizontalIrradiance: 77 }) },
    })
  await engine.series.write([roof('', 0), roof('South', 1500), roof('West', 400)], now)
  const span = { from: now - hour, to: now + hour }
  expect(await readForecast(engine.series, { id: 10 }, span)).toEqual([{ at: now, irradiance: 77, solarPower: 1900 }])
})

test('the past of a room: air, weather and heat on quarters, and where the heat comes from', async () => {
  const span = { from: now - 24 * hour, to: now }
  const { samples, heatFrom, outdoorFrom, heat } = await readRoom(engine.series, setup, 1, span)
  expect([heatFrom, outdoorFrom]).toEqual(['set-point', 'measured'])
  expect(samples.length).toBeGreaterThan(94)
  expect(samples[10]).toMatchObject({ air: 21, input: { outdoor: -4 } })
  expect(samples[10]!.at % (15 * minute)).toBe(0)
  // Set a kelvin below the room it gives nothing, a kelvin above it some.
  expect([heat[0]!.value, heat.at(-1)!.value > 1]).toEqual([0, true])
  expect(await roomHistory(engine.series, setup, 99, span)).toEqual([])
})

test('heat from a power that is measured is taken times the COP, and an electric heater’s as it is', async () => {
  const time = now - 2 * hour
  const ten = (device: string, group: string, fields: Sample['fields']) =>
    every(15 * minute, time, now, (each) =>
      sample({ houseId: 12, group, device, location: 'Stue', time: each, fields }),
    )
  await engine.series.write(
    [
      ...ten('sensibo-sky', 'heatPumpController', { temperature: 21, power: 1000 }),
      ...ten('mill-heater', 'heater', { temperature: 21, power: 800 }),
      ...ten('systemair-vsr500', 'ventilationControl', { outdoorTemperature: 0 }),
    ],
    now,
  )
  const own = { ...setup, id: 12 }
  const pumped = await readRoom(engine.series, own, 1, { from: time, to: now })
  expect([pumped.heatFrom, pumped.heat[0]!.value]).toEqual(['power', expect.closeTo(3.4, 9)])
  const heater = { ...stue, device: 'mill-heater', capability: 'heater' as const }
  const electric = { ...own, loops: [{ ...setup.loops[0]!, actuator: heater }] }
  expect((await readRoom(engine.series, electric, 1, { from: time, to: now })).heat[0]!.value).toBeCloseTo(0.8, 9)
})

test('days of the meter and the weather, whole ones only', async () => {
  const days = await dailyUse(engine.series, setup, { from: at('2026-11-17T23:00:00Z'), to: now })
  // Friday is not over. Outdoors Wednesday is forecast until its evening, then measured.
  expect(days.map(({ date }) => date)).toEqual(['2026-11-18', '2026-11-19'])
  expect(days[1]).toMatchObject({ energy: 48, power: 2, outdoor: -4 })
})

test('series are read as numbers, texts and booleans, raw or in steps', async () => {
  const asked = { houseId, ...pump, from: now - hour, to: now + 1 }
  const [modes] = await readSeries(engine.series, { ...asked, field: 'mode' })
  expect([modes!.points.length, modes!.points[0]!.value, modes!.location]).toEqual([13, 'heat', 'Stue'])
  const [targets] = await readSeries(engine.series, { ...asked, field: 'targetTemperature', every: 1800 })
  expect(targets!.points.map(({ value }) => value)).toEqual([20, 22, 22])
  expect(await readSeries(engine.series, { ...asked, to: now - 2 * hour })).toEqual([])
})
