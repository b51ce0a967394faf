/** Insights and savings of a house whose truth is known, from what ClickHouse has of it. */
import { evenComfort, type HouseSetup, isBaselineDay } from '@nabolag/control'
import { firstDay, makeHistory, pricesOfHistory, zone } from '@nabolag/control/insights/history.testing'
import { simulatedHouse } from '@nabolag/control/mapping/simulated.testing'
import { addDays, microsFromMillis, type Sample } from '@nabolag/core'
import type { ControlledDay, RoomModel } from '@nabolag/store'
import { openTestEngine, type TestEngine } from '@nabolag/timeseries/engine.testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { houseInsights, houseWhatIf } from './insights.ts'
import { contradictionsOf, proposalOf } from './proposal.ts'
import { houseSavings, kindsOfDays } from './savings.ts'

const day = 86_400_000
const houseId = 7
const mapped = 8
const experiment = { from: addDays(firstDay, 40), to: addDays(firstDay, 99), seed: 5 }
const dateOf = (n: number) => addDays(firstDay, n)
/** Forty days as ever, then sixty of which chance decides. */
const isControlled = (n: number) => n >= 40 && !isBaselineDay(experiment, dateOf(n))
const history = makeHistory({ seed: 11, days: 100, controlled: isControlled, shifted: 0.4, colder: 0.8 })
const begin = Date.parse(firstDay) - 3_600_000
const span = { from: begin + 40 * day, to: begin + 100 * day }

const actuator = { device: 'sensibo-sky', count: 0, location: 'Stue' }
const setup: HouseSetup = {
  ...{ id: houseId, name: 'Home', timezone: zone, prices: pricesOfHistory },
  rooms: [
    {
      ...{ id: 1, name: 'Stue', comfort: evenComfort(21, 1) },
      sensors: [{ ...actuator, group: 'heatPumpController' }],
    },
  ],
  loops: [
    {
      ...{ id: 3, kind: 'heating', room: 1, actuator: { ...actuator, capability: 'thermostat' }, mode: 'control' },
      ...{ controller: 'price-responsive-pi', settings: {}, limits: {} },
    },
  ],
}
const kept: ControlledDay[] = Array.from({ length: 60 }, (_, n) => ({
  ...{ date: dateOf(40 + n), loop: 3, mode: 'control', turns: 288, sent: 5 },
  control: isControlled(40 + n) ? 'price-responsive-pi' : 'schedule',
}))

let engine: TestEngine
const sample = (at: number, more: Omit<Sample, 'time' | 'houseId' | 'issued' | 'count' | 'tags'>): Sample => ({
  ...{ houseId, count: 0, tags: {}, issued: undefined, time: microsFromMillis(at) },
  ...more,
})
beforeAll(async () => {
  engine = await openTestEngine()
  const place = { location: '', device: 'x' }
  await engine.series.write(
    [
      ...history.use.map(({ start, energy }) =>
        sample(start, { ...place, group: 'powerConsumption', fields: { hourlyConsumption: energy } }),
      ),
      ...history.spot.map(({ start, price }) => ({
        ...sample(start, { ...place, group: 'spotPrice', fields: { price: price ?? 0, minutes: 60 } }),
        ...{ issued: microsFromMillis(start - day), tags: { area: 'NO1', currency: 'NOK' } },
      })),
      ...history.outdoor.map(({ time, value }) =>
        sample(time, { ...place, group: 'ventilationControl', fields: { outdoorTemperature: value } }),
      ),
      ...history.indoor.map(({ time, value }) =>
        sample(time, { ...actuator, group: 'heatPumpController', fields: { temperature: value } }),
      ),
      ...simulatedSamples(),
    ],
    Date.now(),
  )
  await engine.series.refreshRollups()
}, 180_000)
afterAll(async () => engine?.close())

/** Another house, for who follows whom. */
const simulated = simulatedHouse({ seed: 6, days: 8, log: 'wish' })
function simulatedSamples(): Sample[] {
  const other = (at: number, more: Parameters<typeof sample>[1], count = 0) => ({
    ...{ ...sample(at, more), houseId: mapped, count },
  })
  return [
    ...simulated.sensors.flatMap(({ sensor, readings }) =>
      readings.map(({ time, value }) =>
        other(time, { ...sensor, fields: { temperature: value } } as Parameters<typeof sample>[1], sensor.count),
      ),
    ),
    ...simulated.actuators.flatMap(({ actuator: place, target = [], own = [] }) =>
      target.map(({ time, value }, n) =>
        other(time, {
          ...{ device: place.device, location: place.location, group: 'heatPumpController' },
          fields: { targetTemperature: value, on: true, temperature: own[n]!.value },
        }),
      ),
    ),
  ]
}

test('the insights of a house: each with an interval or a reason', async () => {
  const model = {
    house: { Ci: 0.8, Ce: 2.8, Hie: 0.7, Hia: 0.02, Hea: 0.045, Aw: 0, Ae: 0 },
    heatLoss: { value: 0.06, low: 0.05, high: 0.07 },
    slow: { value: 50, low: 40, high: 60 },
  }
  const models: RoomModel[] = [
    { room: 1, madeAt: 2, outcome: 'rejected', because: 'Worse than the one before', model: undefined },
    { room: 1, madeAt: 1, outcome: 'accepted', because: 'Better than nothing', model },
  ]
  const all = { from: begin, to: span.to }
  const told = await houseInsights(engine.series, setup, models, all)
  expect(told.signature).toMatchObject({ outcome: 'found', days: 100 })
  expect(told.heatLoss).toMatchObject([{ outcome: 'found', name: 'Stue', value: 0.06, low: 0.05, high: 0.07 }])
  expect(told.timeConstant).toMatchObject([
    { by: 'model', value: 50 },
    { by: 'night-cooling', outcome: 'not-enough-data', because: expect.stringMatching(/0 nights/) },
  ])
  expect(told.cop).toMatchObject([{ measured: 'whole-house', outcome: 'found', days: 100 }])
  expect([told.byHour?.all.length, told.byHour?.days]).toEqual([24, 100])
  const sum = history.use.reduce((total, { energy }) => total + energy, 0)
  expect(told.byHour?.all.reduce((total, { energy }) => total + energy, 0)).toBeCloseTo(sum / 100, 6)
  const empty = await houseInsights(engine.series, { ...setup, id: 99 }, [], all)
  expect(empty.signature).toMatchObject({ outcome: 'not-enough-data', days: 0 })
  expect(empty.notes).toEqual(expect.arrayContaining([expect.stringMatching(/connect its meter/)]))
})

test('savings by lot hold the truth; without lots the days before are taken, and few days give none', async () => {
  const drawn = { ...setup, experiment }
  const byLot = await houseSavings(engine.series, drawn, { kept, models: [] }, span)
  if (byLot.outcome !== 'found' || byLot.atEqualTemperature.outcome !== 'found') throw new Error(byLot.sentence)
  expect(byLot).toMatchObject({ method: 'random-days', days: { control: 30, baseline: 30 } })
  expect(byLot.raw.low).toBeLessThan(history.truth.raw)
  expect(byLot.raw.high).toBeGreaterThan(history.truth.raw)
  expect(byLot.atEqualTemperature.low).toBeLessThan(history.truth.equal)
  expect(byLot.atEqualTemperature.high).toBeGreaterThan(history.truth.equal)
  expect(byLot.meanTemperature! - byLot.baselineTemperature!).toBeCloseTo(-0.8, 0)
  const before = await houseSavings(engine.series, setup, { kept, models: [] }, span)
  expect(before).toMatchObject({ outcome: 'found', method: 'before-after', days: { control: 30, baseline: 70 } })
  const early = { from: span.from, to: span.from + 8 * day }
  const few = await houseSavings(engine.series, drawn, { kept, models: [] }, early)
  expect(few).toMatchObject({ outcome: 'not-enough-data', sentence: expect.stringMatching(/14 of each are needed/) })
  expect(few.notes.some((note) => note.startsWith('By days drawn by lot: Not enough data'))).toBe(true)
})

test('a day counts as under control when most of its turns went by a control that is not the schedule', () => {
  const one = { date: '2026-02-01', loop: 1, mode: 'control', control: 'model-predictive', turns: 10, sent: 0 }
  expect(kindsOfDays([one])('2026-02-01')).toBe('control')
  expect(kindsOfDays([one])('2026-02-02')).toBe('baseline')
  expect(kindsOfDays([{ ...one, control: 'schedule' }])(one.date)).toBe('baseline')
  expect(kindsOfDays([{ ...one, mode: 'observe' }])(one.date)).toBe('baseline')
  expect(kindsOfDays([one, { ...one, mode: 'observe', turns: 11 }])(one.date)).toBe('mixed')
})

test('what other prices and a warmer house would have cost', async () => {
  const told = await houseWhatIf(engine.series, setup, span, { fixed: 0.8, warmer: 1 })
  const energy = history.use.slice(40 * 24).reduce((total, one) => total + one.energy, 0)
  expect(told.prices?.other.bill.energy).toBeCloseTo(energy * 0.8 * 1.25, 4)
  expect(told.comfort).toMatchObject({ outcome: 'found' })
  expect(await houseWhatIf(engine.series, setup, span, { warmer: 1 })).not.toHaveProperty('prices')
})

test('what a month had drawn before the span that is asked for counts towards the cap of its support', async () => {
  const december = history.use.slice(28 * 24, 40 * 24).reduce((total, { energy }) => total + energy, 0)
  const cap = { from: '2025-01-01', price: 0.1, cap: december, holidayCap: december }
  const capped = { ...setup, prices: { ...pricesOfHistory, norgespris: [cap] } }
  const of = (from: number) =>
    houseWhatIf(engine.series, capped, { from, to: begin + 59 * day }, { support: 'norgespris' })
  expect((await of(span.from)).prices?.other.bill.support).toBeCloseTo(0, 6)
  expect((await of(begin + 28 * day)).prices?.other.bill.support).not.toBeCloseTo(0, 0)
})

test('the rooms of a house are proposed from what it logged, and swapped thermometers are pointed out', async () => {
  const to = Date.UTC(2026, 0, 20)
  const { pairs, rooms } = await proposalOf(engine.series, mapped, { to, days: 8 }, ({ device, count }) =>
    device === 'mill-sense' ? `Mill ${count}` : undefined,
  )
  const followers = pairs.filter(({ sensor }) => sensor.device === 'mill-sense')
  expect(followers.map(({ sensor, actuator: place }) => [sensor.count, place.location])).toEqual(
    expect.arrayContaining([0, 1, 2, 3].map((n) => [n, simulated.actuators[n]!.actuator.location])),
  )
  expect(followers[0]!.sentence).toMatch(/^Mill \d follows the heat pump 'place [A-D]'/)
  expect(pairs.filter(({ by }) => by === 'part-of-it')).toHaveLength(4)
  expect(rooms).toHaveLength(4)
  const loops = simulated.actuators.map(({ actuator: place }, n) => ({
    ...setup.loops[0]!,
    ...{ id: n, room: n, actuator: { ...place, capability: 'thermostat' as const } },
  }))
  const roomsOf = (order: readonly number[]) =>
    order.map((n, id) => ({ ...setup.rooms[0]!, id, name: `Room ${id}`, sensors: [simulated.sensors[n]!.sensor] }))
  const house = (order: readonly number[]) => ({ id: mapped, rooms: roomsOf(order), loops })
  expect(await contradictionsOf(engine.series, house([0, 1, 2, 3]), { to, days: 8 })).toEqual([])
  const swapped = await contradictionsOf(engine.series, house([1, 0, 2, 3]), { to, days: 8 })
  expect(swapped.map(({ room }) => room)).toEqual([0, 1])
})
