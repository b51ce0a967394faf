import { expect, test } from 'vitest'
import { evenComfort } from '../comfort/wish.ts'
import { type HouseSeen, type HouseSetup, type LoopCommand, nothingSeen } from '../house/types.ts'
import { contenderOf, savedBy, shiftWishes, underControl } from './contender.ts'
import { replay } from './replay.ts'
import type { Happened, Source } from './source.ts'
import { pricesOfSteps } from './summary.ts'

const minute = 60_000
const hour = 60 * minute
const start = Date.parse('2026-01-12T00:00:00Z')

const setup: HouseSetup = {
  ...{ id: 1, name: 'Home', timezone: 'Europe/Oslo', prices: { area: 'NO3' } },
  experiment: { from: '2026-01-01', to: '2026-12-31', seed: 1 },
  rooms: [
    {
      ...{ id: 3, name: 'Living room', area: 50, comfort: evenComfort(21, 1) },
      sensors: [{ device: 'x', count: 1, location: '', group: 'indoorClimateAirConditioning' }],
    },
    { id: 4, name: 'Attic', comfort: evenComfort(10, 1), sensors: [] },
  ],
  loops: [
    {
      ...{ id: 7, kind: 'heating', room: 3, mode: 'observe', pausedUntil: start + 9 * hour },
      ...{ controller: 'schedule', settings: {}, limits: {} },
      actuator: { device: 'x', count: 1, location: '', capability: 'thermostat' },
    },
  ],
}

/** A room that is always 20.5 °C, with a unit that takes what it is told and draws 2 kW. */
function still(): Source & { readonly taken: (LoopCommand & { readonly at: number })[]; readonly asked: number[] } {
  const taken: (LoopCommand & { at: number })[] = []
  const asked: number[] = []
  let setpoint = 17
  return {
    ...{ name: 'a still room', answers: true, taken, asked },
    seen(now): HouseSeen {
      asked.push(now)
      return {
        ...nothingSeen,
        rooms: { 3: [[{ at: now - minute, value: 20.5 }]] },
        held: { 7: { at: now - minute, set: { temperature: setpoint, on: true } } },
      }
    },
    take(at, commands) {
      for (const command of commands) {
        taken.push({ ...command, at })
        setpoint = Number(command.arguments.temperature)
      }
    },
    pass: (from, to): Happened => ({
      ...{ from, to, outdoor: -5, rooms: { 3: 19.5 }, hvac: 2, grid: 3 },
      loops: { 7: { setpoint, power: 2 } },
    }),
    spot: (from, to) =>
      Array.from({ length: Math.ceil((to - from) / hour) }, (_, n) => ({
        ...{ start: from + n * hour, end: from + (n + 1) * hour },
        price: new Date(from + n * hour).getUTCHours() < 12 ? 0.4 : 0.6,
      })),
  }
}

test('each turn is seen, decided and told, and the time between passes', async () => {
  const source = still()
  const own = underControl(setup, contenderOf('schedule'))
  const done = await replay({ setup: own, from: start, to: start + 2 * hour, source })
  expect(done.turns).toBe(24)
  expect(source.asked).toEqual(Array.from({ length: 24 }, (_, n) => start + n * 5 * minute))
  expect(source.taken).toEqual([
    { at: start, loop: 7, capability: 'thermostat', verb: 'setTargetTemperature', arguments: { temperature: 21 } },
  ])
  expect(done.moves).toMatchObject([{ loop: 7, at: start, kind: 'command', set: { temperature: 21 } }])
  expect(done.receipts).toHaveLength(1)
  expect(done.outcomes).toEqual({ command: 1, 'none: no-change': 23 })
  // Half a kelvin below 20 °C for two hours; the attic is under nobody's control.
  expect(done.figures).toMatchObject({
    tdis_tot: expect.closeTo(1, 9),
    energy: expect.closeTo(4, 9),
    ener_tot: expect.closeTo(4 / 50, 9),
    pele_tot: expect.closeTo(2 / 50, 9),
    time_rat: null,
    emis_tot: null,
    idis_tot: null,
    meanTemperature: expect.closeTo(19.5, 9),
    ...{ moves: 0, travel: 0, known: 1, area: 50, capacity: null },
    hours: expect.closeTo(2, 9),
  })
  expect(done.rooms).toMatchObject([{ room: 3, name: 'Living room', lowest: 19.5, discomfort: expect.closeTo(1, 9) }])
})

test('what it costs is the household’s own price, and the bill is the whole house’s', async () => {
  const own = underControl(setup, contenderOf('schedule'))
  const done = await replay({ setup: own, from: start + 11 * hour, to: start + 13 * hour, source: still() })
  const prices = [...new Set(done.steps.map(({ price }) => price?.toFixed(9)))].map(Number)
  expect(prices).toHaveLength(2)
  // Spot 0.40 and then 0.60 NOK/kWh without VAT: 0.25 more with it, whatever else is added.
  expect(prices[1]! - prices[0]!).toBeCloseTo(1.25 * 0.2, 9)
  expect(done.figures.cost).toBeCloseTo(2 * prices[0]! + 2 * prices[1]!, 6)
  expect(done.figures.cost_tot).toBeCloseTo(done.figures.cost! / 50, 9)
  expect(done.figures.bill).toBeCloseTo(1.5 * done.figures.cost!, 6)
})

test('the time before it counts is lived through and not counted; turns are timed by the clock handed in', async () => {
  let ticks = 0
  const source = still()
  const own = underControl(setup, contenderOf('schedule'))
  const done = await replay({
    ...{ setup: own, from: start, to: start + hour, source, warmUp: hour, keep: 'all' },
    clock: () => 3 * ticks++,
    intensity: () => 20,
  })
  expect(source.asked).toHaveLength(24)
  expect(done.turns).toBe(12)
  expect(done.steps[0]!.from).toBe(start)
  expect(done.receipts).toHaveLength(12)
  // The command fell into the warm-up.
  expect(done.moves).toEqual([])
  expect(done.figures.time_rat).toBeCloseTo(3 / (5 * minute), 12)
  expect(done.figures.emis_tot).toBeCloseTo((2 * 20) / 1000 / 50, 9)
})

test('power that is sold counts by what it gives', () => {
  const happened = (grid: number): Happened => ({
    ...{ from: start, to: start + hour, outdoor: null, rooms: {}, loops: {}, hvac: null, grid },
  })
  const spot = [{ start, end: start + hour, price: 0.5 }]
  const [{ price, sell } = { price: null, sell: null }] = pricesOfSteps(setup, [happened(-2)], spot)
  expect(sell).toBeCloseTo(0.5, 9)
  expect(price).toBeGreaterThan(0.6)
  expect(pricesOfSteps(setup, [happened(1)], [])).toEqual([{ price: null, sell: null }])
})

test('under control every loop commands, whatever its owner has chosen, and the named control has the heating', () => {
  const own = underControl(setup, contenderOf('price-responsive-pi:careful', { priceGain: 2 }))
  expect(own.experiment).toBeUndefined()
  expect(own.loops[0]).toMatchObject({
    ...{ mode: 'control', controller: 'price-responsive-pi' },
    settings: { priceGain: 2, meanRemoval: 'slow-mean' },
  })
  expect(own.loops[0]!.pausedUntil).toBeUndefined()
  expect(underControl(setup, {}).loops[0]).toMatchObject({ mode: 'control', controller: 'schedule' })
})

test.each([
  { name: 'an unknown control', label: 'magic', settings: undefined, says: 'There is no control magic' },
  { name: 'an unknown preset', label: 'schedule:careful', settings: undefined, says: 'there are schedule,' },
  { name: 'an unknown setting', label: 'schedule', settings: { priceGain: 1 }, says: 'no setting priceGain' },
  { name: 'a value out of range', label: 'schedule', settings: { offset: 40 }, says: 'offset of schedule' },
  { name: 'no object', label: 'schedule', settings: [1], says: 'JSON object' },
])('$name is refused with what there is', ({ label, settings, says }) => {
  expect(() => contenderOf(label, settings)).toThrow(says)
})

test('wishes move together, exceptions with them', () => {
  const away = { kind: 'away', from: '2026-01-12T00:00:00Z', to: '2026-01-13T00:00:00Z', temperature: 15 } as const
  const room = { ...setup.rooms[0]!, comfort: { ...evenComfort(21, 1), exceptions: [away] } }
  const { comfort } = shiftWishes({ ...setup, rooms: [room] }, -1).rooms[0]!
  expect(comfort.weekday[4]).toEqual({ temperature: 20, deviation: 1 })
  expect(comfort.exceptions[0]).toMatchObject({ temperature: 14 })
})

test('a colder house is no saving at the same temperature', () => {
  const run = (meanTemperature: number, cost: number) => ({ meanTemperature, cost })
  const schedule = [run(21, 1000), run(20, 950), run(22, 1050)]
  expect(savedBy(run(20.5, 975), schedule)).toEqual({
    raw: expect.closeTo(0.025, 9),
    atEqualTemperature: expect.closeTo(0, 9),
  })
  expect(savedBy(run(21.5, 975), schedule).atEqualTemperature).toBeCloseTo(1 - 975 / 1025, 9)
  // Colder and warmer than any of the schedule's own: the line goes on.
  expect(savedBy(run(19, 900), schedule).atEqualTemperature).toBeCloseTo(0, 9)
  expect(savedBy(run(23, 1100), schedule).atEqualTemperature).toBeCloseTo(0, 9)
  expect(savedBy({ meanTemperature: null, cost: 900 }, schedule)).toEqual({
    raw: expect.closeTo(0.1, 9),
    atEqualTemperature: null,
  })
  expect(savedBy(run(21, 900), [])).toEqual({ raw: null, atEqualTemperature: null })
})
