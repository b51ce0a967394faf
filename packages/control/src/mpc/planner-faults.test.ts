import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { usualHeatPump } from '../thermal/index.ts'
import { checkPlan, hour, now, room, sum, view } from './homes.testing.ts'
import {
  evenGrid,
  hourlyGrid,
  loadSolver,
  makePlanner,
  type Plan,
  type Planner,
  plannedTemperature,
  type Solver,
  usualGrid,
  type View,
} from './index.ts'
import { referenceHouse } from './winters.testing.ts'

let solver: Solver
let planner: Planner
beforeAll(async () => {
  solver = await loadSolver()
  planner = makePlanner(solver, { weigh: true })
})
afterAll(() => planner.close())

test('without a solver the last good plan goes on, shifted; when it is used up, a thermostat', () => {
  const grid = usualGrid
  const last = JSON.parse(JSON.stringify(planner.plan(view(grid)))) as Plan
  const bare = makePlanner(undefined)
  const later = now + 100 * 60_000
  const air = plannedTemperature(last, 'home', 'all', later)!
  const kept = bare.plan(view(grid, { rooms: [room(grid, { air })] }, { now: later, last }))
  expect(kept).toMatchObject({ status: 'kept', from: later, because: expect.stringMatching(/no solver/) })
  expect(sum(kept.steps)).toBeCloseTo(48 - 100 / 60, 9)
  for (const at of [later + hour, now + 20 * hour, now + 47 * hour])
    expect(plannedTemperature(kept, 'home', 'all', at)).toBeCloseTo(plannedTemperature(last, 'home', 'all', at)!, 9)
  const usedUp = bare.plan(view(grid, {}, { now: now + 46 * hour, last }))
  const left = bare.plan(view(grid, { rooms: [room(grid, { air: 15 })] }, { now: later, last }))
  const broken = bare.plan(view(grid, {}, { now: later, last: { ...last, steps: [Number.NaN] } }))
  expect([usedUp.status, left.status, broken.status]).toEqual(['thermostat', 'thermostat', 'thermostat'])
})

test('a solver that fails or runs out of time leaves a plan and the reason', () => {
  const failing = (because: string) =>
    makePlanner({
      open: () => ({ solve: () => ({ status: 'time-out', because }), forget: () => {}, close: () => {} }),
    })
  const seen = view(usualGrid)
  const plan = failing('The solver ran out of time').plan(seen)
  checkPlan(plan, seen)
  expect(plan).toMatchObject({ status: 'thermostat', because: expect.stringMatching(/ran out of time/) })
  expect(Math.min(...plan.homes[0]!.rooms[0]!.temperature)).toBeGreaterThan(20 - 1e-6)
  const throwing = makePlanner({
    open: () => ({
      solve: () => {
        throw new Error('gone')
      },
      forget: () => {},
      close: () => {},
    }),
  })
  expect(throwing.plan(seen)).toMatchObject({ status: 'thermostat', because: expect.stringMatching(/gone/) })
})

test('a room whose temperature is not known gets a thermostat plan that says so', () => {
  const plan = planner.plan(view(hourlyGrid, { rooms: [room(hourlyGrid, { air: Number.NaN })] }))
  expect(plan).toMatchObject({ status: 'thermostat', because: 'The temperature of all is not known' })
})

test('whatever is handed in, a plan within bounds comes out', () => {
  const grid = evenGrid(12, 1, [1, 1, 2, 2, 2, 4])
  const wild = fc.oneof(
    fc.double({ min: -50, max: 50, noNaN: true }),
    fc.double(),
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300),
  )
  const row = fc.array(fc.oneof(wild, fc.constant(null as unknown as number)), { maxLength: 14 })
  const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined })
  const mostly = <A, B>(usual: fc.Arbitrary<A>, rare: fc.Arbitrary<B>) =>
    fc.oneof({ weight: 15, arbitrary: usual as fc.Arbitrary<A | B> }, { weight: 1, arbitrary: rare })
  const anyRoom = fc.record({
    name: fc.constantFrom('a', 'b'),
    house: mostly(
      fc.constant(referenceHouse),
      fc.record({ Ci: wild, Ce: wild, Hie: wild, Hia: wild, Hea: wild, Aw: wild, Ae: wild }),
    ),
    air: mostly(fc.double({ min: 5, max: 35, noNaN: true }), wild),
    structure: maybe(wild),
    disturbance: maybe(wild),
    gains: maybe(row),
    lower: row,
    upper: row,
    heating: fc.oneof(
      fc.constant({}),
      fc.constant({ pump: { ...usualHeatPump, power: 2.2 }, resistance: 6 }),
      fc.record({ pump: fc.record({ c0: wild, c1: wild, capacity: wild, fading: wild, power: fc.constant(2.2) }) }),
    ),
  })
  const anyHome = fc.record({
    name: fc.constant('home'),
    rooms: fc.array(anyRoom, { maxLength: 2 }),
    outdoor: row,
    price: row,
    sun: maybe(row),
    sell: maybe(row),
    load: maybe(row),
    solar: maybe(row),
    cap: maybe(row),
    fuse: maybe(wild),
    mostOut: maybe(wild),
    battery: maybe(
      fc.record({
        energy: wild,
        least: wild,
        most: fc.double({ min: 0, max: 10, noNaN: true }),
        charge: fc.double({ min: 0, max: 5, noNaN: true }),
        discharge: fc.double({ min: 0, max: 5, noNaN: true }),
        efficiency: wild,
        taperAbove: wild,
      }),
    ),
    capacity: maybe(
      fc.record({
        step: wild,
        price: wild,
        peaks: row,
        today: wild,
        thisHour: maybe(wild),
        days: fc.array(fc.integer({ min: -1, max: 2 })),
      }),
    ),
  })
  const counts: Record<string, number> = {}
  const one = makePlanner(solver)
  try {
    fc.assert(
      fc.property(fc.array(anyHome, { maxLength: 2 }), maybe(row), (homes, cap) => {
        const seen = { now, grid, homes, ...(cap && { cap }) } as View
        const plan = one.plan(seen)
        counts[plan.status] = (counts[plan.status] ?? 0) + 1
        // Hopeless input is told before the solver is asked; anything else is a fault.
        expect(plan.because).not.toMatch(/solver|planner failed|own check|cannot all|no lower limit/)
        if (seen.homes.length > 0) checkPlan(plan, { ...seen, homes: seen.homes })
      }),
      { numRuns: 300 },
    )
  } finally {
    one.close()
  }
  console.log('plans from anything:', counts)
  expect(counts.optimal).toBeGreaterThan(60)
  for (const nothing of [undefined, null, {}, { homes: [null] }, { homes: 'x', grid: { steps: [], moves: [] } }])
    expect(planner.plan(nothing as unknown as View).status).toBe('thermostat')
}, 180_000)
