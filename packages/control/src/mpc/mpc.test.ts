import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { discretise, usualHeatPump } from '../thermal/index.ts'
import { ProgramBuilder } from './builder.ts'
import {
  type Battery,
  evenGrid,
  fillPrices,
  type Grid,
  type Home,
  hourlyGrid,
  loadSolver,
  makePlanner,
  type Plan,
  type Planner,
  plannedTemperature,
  type Room,
  type Solver,
  usualGrid,
  type View,
} from './index.ts'
import { referenceHouse, withLoss } from './winters.testing.ts'

const hour = 3_600_000
const now = Date.UTC(2024, 0, 10, 12)
const flat = (grid: Grid, value: number) => grid.steps.map(() => value)
const begins = ({ steps }: Grid) => steps.map((_, k) => steps.slice(0, k).reduce((sum, step) => sum + step, 0))

let solver: Solver
let planner: Planner
beforeAll(async () => {
  solver = await loadSolver()
  planner = makePlanner(solver, { weigh: true })
})
afterAll(() => planner.close())

function room(grid: Grid, own: Partial<Room> = {}): Room {
  return {
    name: 'all',
    house: referenceHouse,
    air: 21,
    structure: 20,
    gains: [0.4],
    lower: flat(grid, 20),
    upper: flat(grid, 22),
    heating: { pump: { ...usualHeatPump, power: 2.2 }, resistance: 6 },
    ...own,
  }
}

/** Dear in the mornings and evenings. */
function home(grid: Grid, own: Partial<Home> = {}): Home {
  const price = begins(grid).map((h) => 1 + 0.6 * Math.sin(((h - 3) / 6) * Math.PI))
  return { name: 'home', rooms: [room(grid)], outdoor: flat(grid, -3), price, ...own }
}

const view = (grid: Grid, own: Partial<Home> = {}, more: Partial<View> = {}): View => ({
  now,
  grid,
  homes: [home(grid, own)],
  ...more,
})

const battery: Battery = { energy: 5, least: 1, most: 10, charge: 5, discharge: 5, wear: 0.05 }
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)

/** Every number finite, every power between nothing and what the heating can, every energy in its battery. */
function checkPlan(plan: Plan, seen: View): void {
  const wrong: string[] = []
  const check = (good: boolean, what: string) => {
    if (!good) wrong.push(what)
  }
  check(['optimal', 'kept', 'thermostat'].includes(plan.status), 'status')
  check(plan.because.length > 0, 'because')
  const all = (values: readonly number[], low: number, high: number, what: string) => {
    check(values.length === plan.steps.length, `${what}: length`)
    check(
      values.every((value) => value >= low - 1e-6 && value <= high + 1e-6),
      `${what}: ${values.find((value) => !(value >= low - 1e-6 && value <= high + 1e-6))} not in ${low}..${high}`,
    )
  }
  for (const [h, { rooms, power, battery: stored, meter, cost }] of plan.homes.entries()) {
    check(Number.isFinite(cost), 'cost')
    all(power, 0, 1000, 'power')
    for (const { temperature, structure, pump, resistance, heat, discomfort } of rooms) {
      all(temperature, -500, 800, 'temperature')
      all(structure, -500, 800, 'structure')
      all(pump, 0, 2.2, 'pump')
      all(resistance, 0, 6, 'resistance')
      all(heat, 0, 30, 'heat')
      check(discomfort >= 0, 'discomfort')
    }
    const given = seen.homes?.[h]?.battery
    if (stored && given) {
      all(stored.charge, 0, 5, 'charge')
      all(stored.discharge, 0, 5, 'discharge')
      all(stored.energy, 0, 10, 'energy')
      check(
        stored.charge.every((kw, k) => Math.min(kw, stored.discharge[k]!) < 1e-6),
        'both ways',
      )
    }
    if (meter) {
      all(meter.bought, 0, 1e5, 'bought')
      all(meter.sold, 0, 1e5, 'sold')
      all(meter.spilt, 0, 1e5, 'spilt')
    }
  }
  expect(wrong).toEqual([])
}

describe('solver', () => {
  const program = (limit: number, price: number) => {
    const build = new ProgramBuilder()
    const chairs = build.column(-30 * price)
    const tables = build.column(-50 * price)
    const wood = build.row(Number.NEGATIVE_INFINITY, 40)
    const work = build.row(Number.NEGATIVE_INFINITY, limit)
    for (const [row, a, b] of [
      [wood, 1, 2],
      [work, 2, 1],
    ] as const) {
      build.put(row, chairs, a)
      build.put(row, tables, b)
    }
    return build.build()
  }

  test('an optimum worked out by hand, and again from where it ended', () => {
    const session = solver.open()
    try {
      expect(session.solve(program(50, 1))).toMatchObject({ status: 'optimal', objective: expect.closeTo(-1100, 8) })
      // Work for 50 is worth (2 * 30 - 50) / 3 more an hour.
      expect(session.solve(program(53, 1))).toMatchObject({ objective: expect.closeTo(-1110, 8) })
      expect(session.solve(program(50, 2))).toMatchObject({ objective: expect.closeTo(-2200, 8) })
    } finally {
      session.close()
    }
  })

  test('what has no answer is told, not thrown', () => {
    const session = solver.open()
    try {
      const build = new ProgramBuilder()
      build.put(build.row(2), build.column(1, 0, 1), 1)
      expect(session.solve(build.build()).status).toBe('infeasible')
      const open = new ProgramBuilder()
      open.put(open.row(Number.NEGATIVE_INFINITY, 5), open.column(1), 1)
      open.column(-1)
      expect(session.solve(open.build()).status).toBe('unbounded')
      expect(session.solve({ ...build.build(), costs: new Float64Array([Number.NaN]) }).status).not.toBe('optimal')
    } finally {
      session.close()
    }
  })
})

describe('plan', () => {
  test.each([
    ['quarters, then hours', usualGrid],
    ['hours in blocks', hourlyGrid],
    ['192 quarters', evenGrid(48, 0.25)],
  ])('%s: within comfort, cheaper than holding the middle, and where the model says', (_, grid) => {
    const seen = view(grid)
    const plan = planner.plan(seen)
    checkPlan(plan, seen)
    expect(plan.status).toBe('optimal')
    const { rooms, power, cost, limits } = plan.homes[0]!
    expect(rooms[0]!.discomfort).toBeLessThan(1e-6)
    expect(cost).toBeCloseTo(sum(grid.steps.map((h, k) => h * power[k]! * seen.homes[0]!.price[k]!)), 6)
    let state = { air: 21, structure: 20 }
    for (const [k, hours] of grid.steps.entries()) {
      state = discretise(referenceHouse, hours)(state, { outdoor: -3, heat: rooms[0]!.heat[k]!, gains: 0.4, sun: 0 })
      expect(state.air).toBeCloseTo(rooms[0]!.temperature[k]!, 6)
    }
    expect(limits[0]).toMatchObject({ room: 'all', worth: expect.any(Number) })
    expect(limits.some(({ limit }) => limit === 'lower-comfort')).toBe(true)
    expect(rooms[0]!.nextBest!.costsMore).toBeGreaterThan(0)
    const ahead = plannedTemperature(plan, 'home', 'all', now + grid.steps[0]! * hour)
    expect(ahead).toBe(rooms[0]!.temperature[0])
  })

  test('heats before the dear hours, not in them', () => {
    const grid = evenGrid(24, 1)
    const price = grid.steps.map((_, k) => (k >= 6 && k < 9 ? 4 : 0.5))
    const { rooms } = planner.plan(view(grid, { price })).homes[0]!
    expect(sum(rooms[0]!.heat.slice(6, 9))).toBeLessThan(3)
    expect(rooms[0]!.temperature[5]!).toBeGreaterThan(21.5)
  })

  test('too cold to keep warm: all heating on, and the plan says by how much it misses', () => {
    const seen = view(hourlyGrid, {
      outdoor: flat(hourlyGrid, -40),
      rooms: [room(hourlyGrid, { heating: { pump: { ...usualHeatPump, power: 1 } } })],
    })
    const plan = planner.plan(seen)
    expect(plan.status).toBe('optimal')
    const [only] = plan.homes[0]!.rooms
    expect(only!.discomfort).toBeGreaterThan(10)
    expect(only!.pump.every((kw) => Math.abs(kw - 1) < 1e-6)).toBe(true)
  })

  test('better at part load: the efficient part is used first', () => {
    const grid = evenGrid(24, 1)
    const pump = {
      ...usualHeatPump,
      power: 2.2,
      partLoad: [
        { share: 0.5, factor: 1.2 },
        { share: 0.5, factor: 0.9 },
      ],
    }
    const at = (heating: Room['heating']) =>
      planner.plan(view(grid, { rooms: [room(grid, { heating })] })).homes[0]!.cost
    expect(at({ pump })).toBeLessThan(at({ pump: { ...usualHeatPump, power: 2.2 } }))
  })

  test('four rooms under one cap, three homes under another', () => {
    const grid = hourlyGrid
    const rooms = ['a', 'b', 'c', 'd'].map((name) => room(grid, { name, house: withLoss(0.06) }))
    const free = planner.plan(view(grid, { rooms }))
    const capped = planner.plan(view(grid, { rooms, cap: flat(grid, 3) }))
    expect(Math.max(...free.homes[0]!.power)).toBeGreaterThan(3.5)
    expect(Math.max(...capped.homes[0]!.power)).toBeLessThan(3 + 1e-6)
    expect(capped.homes[0]!.limits.some(({ limit }) => limit === 'power-cap')).toBe(true)
    const homes = ['x', 'y', 'z'].map((name) => ({ ...home(grid), name }))
    const group = planner.plan({ now, grid, homes, cap: flat(grid, 4) })
    expect(group.status).toBe('optimal')
    const together = grid.steps.map((_, k) => sum(group.homes.map(({ power }) => power[k]!)))
    expect(Math.max(...together)).toBeLessThan(4 + 1e-6)
    expect(sum(group.homes.map(({ rooms: [only] }) => only!.discomfort))).toBeLessThan(0.1)
  })

  test('a battery buys cheap and saves dear, and the meter adds up', () => {
    const grid = evenGrid(48, 1)
    const solar = begins(grid).map((h) => Math.max(0, 4 * Math.sin(((h % 24) / 12) * Math.PI - 0.5)))
    const extra = { load: flat(grid, 1), solar, sell: flat(grid, 0.2), fuse: 10 }
    const price = begins(grid).map((h) => (h % 24 >= 16 && h % 24 < 20 ? 3 : 0.5))
    const without = planner.plan(view(grid, { ...extra, price }))
    const seen = view(grid, { ...extra, price, battery })
    const plan = planner.plan(seen)
    checkPlan(plan, seen)
    expect(plan.homes[0]!.cost).toBeLessThan(without.homes[0]!.cost - 5)
    const { power, meter, battery: flow } = plan.homes[0]!
    for (const k of grid.steps.keys())
      expect(meter!.bought[k]! - meter!.sold[k]! - meter!.spilt[k]!).toBeCloseTo(
        1 - solar[k]! + power[k]! + flow!.charge[k]! - flow!.discharge[k]!,
        6,
      )
  })

  test.each([
    ['a price so negative that burning pays', { price: -30, sell: -30 }],
    ['a selling price above the buying one', { price: 0.5, sell: 2 }],
  ])('%s: power never flows both ways at once', (_, { price, sell }) => {
    const grid = evenGrid(24, 1)
    const seen = view(grid, {
      price: flat(grid, price),
      sell: flat(grid, sell),
      battery,
      fuse: 12,
      mostOut: 10,
      load: [0.5],
      solar: flat(grid, 1),
    })
    const plan = planner.plan(seen)
    checkPlan(plan, seen)
    expect(plan.status).toBe('optimal')
    const { bought, sold } = plan.homes[0]!.meter!
    expect(bought.filter((kw, k) => Math.min(kw, sold[k]!) > 1e-6)).toEqual([])
  })

  test('the capacity step holds the highest hours down, as the days so far allow', () => {
    const grid = evenGrid(24, 1)
    const load = begins(grid).map((h) => (h === 8 ? 4 : 0.5))
    const days = flat(grid, 0)
    const peakOf = (peaks: number[]) => {
      const capacity = { step: 5, price: 60, peaks, today: 0, days }
      const plan = planner.plan(view(grid, { load, outdoor: flat(grid, -10), capacity }))
      return Math.max(...plan.homes[0]!.meter!.bought)
    }
    expect(peakOf([])).toBeCloseTo(5, 3)
    // 15 - 4 - 4 leaves 7 for a third day.
    expect(peakOf([4, 4])).toBeGreaterThan(5)
    expect(peakOf([4, 4])).toBeLessThan(7 + 1e-6)
    expect(peakOf([6, 5, 4])).toBeLessThan(4.5)
  })

  test('prices not yet known are those of the day before', () => {
    const day = Array.from({ length: 24 }, (_, k) => k)
    expect(fillPrices(day, flat(evenGrid(48, 1), 1))).toEqual([...day, ...day])
    const quarters = Array.from({ length: 96 }, (_, k) => k)
    expect(fillPrices(quarters, flat(evenGrid(48, 0.25), 0.25))).toEqual(
      [...quarters, ...quarters].map((p) => Math.min(100, p)),
    )
    expect(fillPrices([2, null, 4], [1, 1, 1])).toEqual([2, 3, 4])
    const plan = planner.plan(view(evenGrid(48, 1), { price: day.map((p) => p / 10) }))
    expect(plan).toMatchObject({ status: 'optimal', because: expect.stringMatching(/prices were missing/) })
  })
})

describe('when it cannot', () => {
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
  }, 60_000)
})
