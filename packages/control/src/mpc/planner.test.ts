import { afterAll, beforeAll, expect, test } from 'vitest'
import { discretise, usualHeatPump } from '../thermal/index.ts'
import { battery, begins, checkPlan, flat, home, hour, now, room, sum, view } from './homes.testing.ts'
import {
  evenGrid,
  fillPrices,
  type Grid,
  gridFor,
  hourlyGrid,
  loadSolver,
  makePlanner,
  type Planner,
  plannedTemperature,
  type Room,
  usualGrid,
} from './index.ts'
import { referenceHouse, withLoss } from './winters.testing.ts'

let planner: Planner
beforeAll(async () => {
  planner = makePlanner(await loadSolver(), { weigh: true })
})
afterAll(() => planner.close())

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

test('the less sure the state, the further the plan stays from the lower limit, and never beyond the middle', () => {
  const lowest = (own: Partial<Room>) => {
    const { temperature } = planner.plan(view(hourlyGrid, { rooms: [room(hourlyGrid, own)] })).homes[0]!.rooms[0]!
    return Math.min(...temperature)
  }
  expect(lowest({})).toBeCloseTo(20, 6)
  expect(lowest({ spread: 0.15 })).toBeCloseTo(20.06, 6)
  expect(lowest({ spread: Number.NaN })).toBeCloseTo(20, 6)
  const narrow = { lower: flat(hourlyGrid, 21), upper: flat(hourlyGrid, 21.1) }
  expect(lowest({ ...narrow, spread: 50 })).toBeCloseTo(21.05, 6)
  expect(lowest({ ...narrow, upper: narrow.lower, spread: 0.15 })).toBeCloseTo(21, 2)
})

test('a house that is slow to warm sees three or four days, and comes back from an absence without its heaters', () => {
  expect(gridFor([referenceHouse])).toBe(usualGrid)
  expect(gridFor([])).toBe(usualGrid)
  const heavy = { ...withLoss(0.15), Ce: 40, Hie: 2.5 }
  expect(sum(gridFor([referenceHouse, { ...heavy, Ce: 18 }]).steps)).toBe(72)
  expect(sum(gridFor([heavy]).steps)).toBe(96)
  // Three days before it is to be 20 °C again, with a heat pump that takes two and a half of them.
  const back = (grid: Grid) => {
    const own: Partial<Room> = {
      ...{ house: heavy, air: 14, structure: 14, upper: flat(grid, 22) },
      lower: begins(grid).map((h, k) => (h + grid.steps[k]! >= 72 ? 20 : 12)),
      heating: { pump: { ...usualHeatPump, capacity: 7 }, resistance: 4 },
    }
    const price = flat(grid, 1.2)
    return planner.plan(view(grid, { price, rooms: [room(grid, own)] })).homes[0]!.rooms[0]!
  }
  const soon = (grid: Grid, heat: readonly number[]) => sum(heat.map((kw, k) => kw * grid.steps[k]!).slice(0, 60))
  const long = gridFor([heavy])
  const { heat, resistance } = back(long)
  expect(soon(long, heat)).toBeGreaterThan(50)
  expect(Math.max(...resistance)).toBeLessThan(1)
  expect(soon(usualGrid, back(usualGrid).heat)).toBeLessThan(10)
})

test('a little for each change of heat, and the plan goes to and fro much less at nearly the same cost', () => {
  // A price that jumps every hour, as quarters and hours do.
  const price = begins(usualGrid).map((h) => 1 + (Math.floor(h) % 2 === 0 ? 0.03 : -0.03))
  const run = (smooth: number) => planner.plan(view(usualGrid, { price }, { smooth })).homes[0]!
  const travel = ({ rooms }: ReturnType<typeof run>) =>
    sum(rooms[0]!.heat.slice(1).map((kw, k) => Math.abs(kw - rooms[0]!.heat[k]!)))
  const [rough, even] = [run(0), run(0.01)]
  expect(travel(even)).toBeLessThan(travel(rough) / 2)
  expect(even.cost / rough.cost).toBeLessThan(1.02)
  expect(run(Number.NaN).cost).toBeCloseTo(rough.cost, 9)
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
  const at = (heating: Room['heating']) => planner.plan(view(grid, { rooms: [room(grid, { heating })] })).homes[0]!.cost
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

test('selling above buying in the evening: the battery is emptied into the grid then, and filled when power is cheap', () => {
  const grid = evenGrid(48, 1)
  const price = flat(grid, 0.8)
  const evening = (k: number) => k % 24 >= 4 && k % 24 < 8
  const sell = grid.steps.map((_, k) => (evening(k) ? 3 : 0.3))
  const seen = view(grid, { price, sell, battery, fuse: 12, mostOut: 10, load: [0.5], solar: flat(grid, 0) })
  const plan = planner.plan(seen)
  checkPlan(plan, seen)
  const { meter, cost } = plan.homes[0]!
  const both = meter!.bought.filter((kw, k) => Math.min(kw, meter!.sold[k]!) > 1e-6)
  expect(both).toEqual([])
  // Two evenings, each at least what the battery held.
  expect(sum(meter!.sold.filter((_, k) => evening(k)))).toBeGreaterThan(8)
  expect(sum(meter!.sold.filter((_, k) => !evening(k)))).toBeLessThan(1e-6)
  const unsold = planner.plan(view(grid, { price, battery, fuse: 12, load: [0.5] })).homes[0]!.cost
  expect(cost).toBeLessThan(unsold - 10)
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
  // A step of two hours is filled with the mean of both, wherever they were cut.
  expect(fillPrices([...day, null], [...flat(evenGrid(24, 1), 1), 2]).at(-1)).toBeCloseTo((day[0]! + day[1]!) / 2, 12)
  let missed = 0
  fillPrices(day, flat(evenGrid(72, 1), 1), () => missed++)
  expect(missed).toBe(24)
  const plan = planner.plan(view(evenGrid(48, 1), { price: day.map((p) => p / 10) }))
  expect(plan).toMatchObject({ status: 'optimal', because: expect.stringMatching(/prices were missing/) })
  const blind = planner.plan(view(evenGrid(48, 1), { price: [] }))
  expect(blind).toMatchObject({ status: 'optimal', because: expect.stringMatching(/no price is known/) })
})
