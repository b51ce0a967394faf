/** How long plans take: one after another, from nothing and from the last; and many houses on one core. */
import { evenGrid, type Grid, makePlanner, type Solver, type View } from '@nabolag/control/mpc/index'
import { withLoss } from '@nabolag/control/mpc/winters.testing'
import { viewOf } from './views.ts'

export type Times = { readonly median: number; readonly p95: number; readonly cpu: number }

/** Milliseconds of each turn, and processor time of one, which other programs on the machine do not lengthen. */
export function time(turns: number, work: (turn: number) => void): Times {
  for (let turn = 0; turn < 5; turn++) work(turn)
  const took: number[] = []
  const cpu = process.cpuUsage()
  for (let turn = 5; turn < turns + 5; turn++) {
    const from = performance.now()
    work(turn)
    took.push(performance.now() - from)
  }
  const used = process.cpuUsage(cpu)
  took.sort((a, b) => a - b)
  const at = (share: number) => took[Math.min(took.length - 1, Math.floor(took.length * share))]!
  return { median: at(0.5), p95: at(0.95), cpu: (used.user + used.system) / 1000 / turns }
}

export function onePlan(
  solver: Solver,
  rooms: number,
  battery: boolean,
  rounds: number,
  grid = evenGrid(48, 0.25),
  change = (view: View): View => view,
) {
  const planner = makePlanner(solver)
  const views = Array.from({ length: rounds + 5 }, (_, turn) => change(viewOf(grid, rooms, battery, turn)))
  const plan = (turn: number) => {
    const { status, because } = planner.plan(views[turn]!)
    if (status !== 'optimal') throw new Error(`a plan of the bench is not optimal: ${because}`)
  }
  try {
    const warm = time(rounds, plan)
    const cold = time(rounds, (turn) => {
      planner.forget()
      plan(turn)
    })
    return { cold, warm }
  } finally {
    planner.close()
  }
}

/** Selling gives more than buying costs, all day: power would flow both ways at once. */
export const sellsDearer = (view: View): View => ({
  ...view,
  homes: view.homes.map((home) => ({ ...home, mostOut: 10, sell: home.price.map((kwh) => kwh + 0.5) })),
})

/** Each house once, as after a start: one solver, houses of every size, each from nothing. */
export function manyHouses(solver: Solver, houses: number, grid: Grid) {
  const planner = makePlanner(solver)
  const cpu = process.cpuUsage()
  const from = performance.now()
  let missed = 0
  try {
    for (let house = 0; house < houses; house++) {
      planner.forget()
      const view = viewOf(grid, 1, false, house % 50, house)
      const [home] = view.homes
      const model = withLoss(0.08 + (0.17 * (house % 97)) / 97)
      const rooms = home!.rooms.map((room) => ({ ...room, house: model }))
      if (planner.plan({ ...view, homes: [{ ...home!, rooms }] }).status !== 'optimal') missed++
    }
  } finally {
    planner.close()
  }
  const used = process.cpuUsage(cpu)
  return { seconds: (performance.now() - from) / 1000, cpuSeconds: (used.user + used.system) / 1e6, missed }
}
