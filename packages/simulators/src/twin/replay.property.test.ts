/** Whatever thermometers, prices, forecasts and the way to the unit do: the house is safe, and its limits hold. */
import {
  type HouseSeen,
  type HouseSetup,
  judge,
  limitsOf,
  loadSolver,
  makePlanner,
  type Planner,
  type Reading,
  replay,
  roomRules,
  type Source,
} from '@nabolag/control'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dry, hour, minute, setupOf, spotAround, start, twinOf } from './house.testing.ts'

let planner: Planner
beforeAll(async () => {
  // Prices far below zero make a program of whole numbers, which may take as long as it is allowed to.
  planner = makePlanner(await loadSolver(), { seconds: 0.1 })
})
afterAll(() => planner.close())

const step = 15 * minute
const mostly = <T extends string>(...ill: T[]) =>
  fc.oneof({ weight: 2, arbitrary: fc.constant('well' as T) }, { weight: 1, arbitrary: fc.constantFrom(...ill) })
const luck = fc.record({
  sensor: mostly<Ill>('silent', 'late', 'repeats', 'jumps', 'nan', 'null', 'future', 'hot'),
  prices: mostly<PriceIll>('none', 'nan', 'wild', 'late'),
  forecast: mostly<ForecastIll>('none', 'nan', 'wild'),
  unit: mostly<UnitIll>('silent', 'old', 'by-hand'),
  turns: fc.integer({ min: 1, max: 40 }),
  number: fc.double({ min: -40, max: 40, noNaN: true }),
})
type Ill = 'well' | 'silent' | 'late' | 'repeats' | 'jumps' | 'nan' | 'null' | 'future' | 'hot'
type PriceIll = 'well' | 'none' | 'nan' | 'wild' | 'late'
type ForecastIll = 'well' | 'none' | 'nan' | 'wild'
type UnitIll = 'well' | 'silent' | 'old' | 'by-hand'
type Luck = { sensor: Ill; prices: PriceIll; forecast: ForecastIll; unit: UnitIll; turns: number; number: number }

const given = fc.record({
  script: fc.array(luck, { minLength: 3, maxLength: 12 }),
  seed: fc.nat(1000),
  outdoor: fc.double({ min: -25, max: 12, noNaN: true }),
  lost: fc.constantFrom(0, 0.1, 0.4),
  controller: fc.constantFrom(
    ...['schedule', 'price-responsive-pi', 'price-responsive-pi', 'price-responsive-pi', 'model-predictive'],
  ),
  from: fc.constantFrom(start, Date.parse('2026-03-28T18:00:00Z'), Date.parse('2026-10-24T18:00:00Z')),
})

/** Two days of the twin, with what it shows spoilt by the script. */
function spoilt(
  setup: HouseSetup,
  one: { script: readonly Luck[]; seed: number; outdoor: number; lost: number; from: number },
) {
  const twin = twinOf({
    ...{ setup, start: one.from, seed: one.seed, spot: spotAround(one.from, 4) },
    outside: () => ({ ...dry, temperature: one.outdoor, humidity: 90 }),
    room: { manners: { lost: one.lost } },
  })
  const shown: { readonly now: number; readonly readings: readonly Reading[] }[] = []
  let turn = 0
  const luckNow = () => {
    let left = turn
    for (const each of one.script) {
      if (left < each.turns) return each
      left -= each.turns
    }
    return one.script.at(-1)!
  }
  const source: Source = {
    ...twin,
    seen(now) {
      const now1 = luckNow()
      const seen = spoil(twin.seen(now), now, now1)
      if (now1.unit === 'by-hand') twin.command(1, 'thermostat', 'setTargetTemperature', { temperature: 16 })
      shown.push({ now, readings: seen.rooms[1]![0] ?? [] })
      turn++
      return seen
    },
    take(now, commands) {
      taken.push(...commands.map((command) => ({ now, ...command })))
      twin.take(now, commands)
    },
    pass(from, to) {
      let lowest = Number.POSITIVE_INFINITY
      let last = twin.step(0)
      for (let at = from; at < to; at += 5 * minute) {
        last = twin.step(5)
        lowest = Math.min(lowest, twin.truth().rooms[1]!.air)
      }
      coldest = Math.min(coldest, lowest)
      return { ...last, from }
    },
  }
  const taken: { now: number; loop: number; verb: string; arguments: Readonly<Record<string, unknown>> }[] = []
  let coldest = Number.POSITIVE_INFINITY
  return { source, taken, shown, coldest: () => coldest }
}

function spoil(seen: HouseSeen, now: number, { sensor, prices, forecast, unit, number }: Luck): HouseSeen {
  const readings = seen.rooms[1]![0]!
  const last = readings.at(-1)
  const ill: Record<Ill, () => readonly Reading[]> = {
    well: () => readings,
    silent: () => [],
    late: () => readings.filter(({ at }) => now - at > 45 * minute),
    repeats: () => (last ? [...readings, last, last] : []),
    jumps: () => [...readings, { at: now, value: number }],
    nan: () => [...readings, { at: now, value: Number.NaN }],
    null: () => [...readings, { at: now, value: null }],
    future: () => [...readings, { at: now + hour, value: 30 }],
    // A thermometer in the sun: three that agree are believed.
    hot: () => [1, 2, 3, 4].map((n) => ({ at: now - 5 * n * minute, value: 27 })),
  }
  const priced: Record<PriceIll, () => HouseSeen['spot']> = {
    well: () => seen.spot,
    none: () => [],
    nan: () => seen.spot.map((entry) => ({ ...entry, price: Number.NaN })),
    wild: () => seen.spot.map((entry, n) => ({ ...entry, price: n % 2 === 0 ? -3 : 60 })),
    late: () => seen.spot.filter(({ end }) => end < now - 6 * hour),
  }
  const foretold: Record<ForecastIll, () => HouseSeen['weather']> = {
    well: () => seen.weather,
    none: () => [],
    nan: () => seen.weather.map((one) => ({ ...one, temperature: Number.NaN, irradiance: Number.NaN })),
    wild: () => seen.weather.map((one, n) => ({ ...one, temperature: n % 2 === 0 ? 40 : -40 })),
  }
  const { 1: held, ...none } = seen.held
  return {
    ...seen,
    rooms: { 1: [ill[sensor]()] },
    spot: priced[prices](),
    weather: foretold[forecast](),
    held: unit === 'silent' ? none : { 1: unit === 'old' ? { ...held!, at: now - 9 * hour } : held! },
  }
}

test('commands keep their bounds, rest on fresh readings, are few, and the house stays above freezing', async () => {
  const counted = { turns: 0, commands: 0, fromUnusable: 0 }
  await fc.assert(
    fc.asyncProperty(given, async ({ controller, from, ...one }) => {
      const setup = setupOf(1, {}, controller)
      const limits = limitsOf(setup.loops[0]!, 21)
      const run = spoilt(setup, { ...one, from })
      const done = await replay({
        ...{ setup, from, to: from + 26 * hour, step, source: run.source, keep: 'all' },
        ...(controller === 'model-predictive' && { planner }),
      })
      counted.turns += done.turns
      counted.commands += run.taken.length
      for (const { verb, arguments: args } of run.taken) {
        expect(['setTargetTemperature', 'setOn', 'setMode', 'setFanLevel']).toContain(verb)
        if (verb === 'setTargetTemperature') {
          const { minimum, maximum } = limits.bounds.temperature!
          expect(Number.isInteger(args.temperature)).toBe(true)
          expect(args.temperature).toBeGreaterThanOrEqual(minimum!)
          expect(args.temperature).toBeLessThanOrEqual(maximum!)
        }
      }
      for (const { receipt } of done.receipts) {
        const now = Date.parse(receipt.at)
        const { readings } = run.shown.find((each) => each.now === now)!
        const usable = judge(readings, now, roomRules).usable
        // Only the safe setting rests on no reading.
        if (receipt.outcome === 'command' || receipt.outcome === 'safety') expect(usable).toBe(true)
        if (receipt.outcome === 'release') counted.fromUnusable++
      }
      const moves = done.moves.filter(({ kind }) => kind !== 'safety')
      for (const [n, move] of moves.entries()) {
        const before = moves[n - 1]
        if (before) expect(move.at - before.at).toBeGreaterThanOrEqual(limits.minutesBetween * minute)
        const day = moves.filter(({ at }) => at <= move.at && move.at - at < 24 * hour)
        expect(day.length).toBeLessThanOrEqual(limits.movesPerDay)
      }
      expect(run.coldest()).toBeGreaterThan(limits.frost!.below)
    }),
    { numRuns: 40 },
  )
  console.log(
    `${counted.turns} turns, ${counted.commands} commands, ${counted.fromUnusable} safe settings without a reading`,
  )
  expect(counted.commands).toBeGreaterThan(50)
}, 180_000)

test.each([
  { name: 'an ordinary day, planned', controller: 'model-predictive', from: '2026-01-12T18:00:00Z' },
  { name: 'the day with 23 hours', controller: 'price-responsive-pi', from: '2026-03-28T18:00:00Z' },
  { name: 'the day with 25 hours', controller: 'price-responsive-pi', from: '2026-10-24T18:00:00Z' },
])('the same seed twice is the same replay: $name', async ({ controller, from }) => {
  const begin = Date.parse(from)
  const run = async () => {
    const setup = setupOf(1, {}, controller)
    const source = twinOf({ setup, start: begin, seed: 4, spot: spotAround(begin, 4) })
    const own = makePlanner(await loadSolver())
    try {
      return await replay({ setup, from: begin, to: begin + 24 * hour, step, source, planner: own, keep: 'all' })
    } finally {
      own.close()
    }
  }
  const [once, again] = [await run(), await run()]
  expect(again).toEqual(once)
  expect(once.turns).toBe(96)
  expect(once.figures.hours).toBeCloseTo(24, 9)
  expect(once.figures.known).toBe(1)
  expect(once.steps.every(({ price }) => price !== null)).toBe(true)
  expect(once.plans.length).toBe(controller === 'model-predictive' ? 48 : 0)
})
