/** From the solver's duals to what kept the plan from being cheaper. */
import type { CleanHome, CleanView } from './clean.ts'
import type { Formulation, HomeColumns, Layout } from './formulate.ts'
import type { Limit } from './plan.ts'
import type { Solution } from './solver.ts'

type Optimal = Extract<Solution, { status: 'optimal' }>

/** Less than this is nothing to tell a resident, NOK per unit. */
const noticeable = 1e-3

/** For each home, the first time each kind of limit binds; the dearest first. */
export function limitsOf(view: CleanView, { layout }: Formulation, solution: Optimal): Limit[][] {
  const ends: number[] = []
  let at = view.now
  for (const hours of view.steps) {
    at += hours * 3_600_000
    ends.push(at)
  }
  const begins = [view.now, ...ends]
  return view.homes.map((home, h) =>
    limitsOfHome(home, layout.homes[h]!, layout, solution, begins, ends).sort((a, b) => b.worth - a.worth),
  )
}

function limitsOfHome(
  home: CleanHome,
  columns: HomeColumns,
  { cap: shared, moveOf }: Layout,
  { duals, reducedCosts, values }: Optimal,
  begins: readonly number[],
  ends: readonly number[],
): Limit[] {
  const found: Limit[] = []
  const first = (
    limit: Limit['limit'],
    numbers: readonly number[] | undefined,
    worth: (number: number, k: number) => number,
    times: readonly number[],
    room?: string,
  ) => {
    const k = numbers?.findIndex((number, index) => worth(number, index) > noticeable) ?? -1
    if (k >= 0) found.push({ limit, at: times[k]!, worth: worth(numbers![k]!, k), ...(room !== undefined && { room }) })
  }
  for (const [r, { name, sources }] of home.rooms.entries()) {
    const { inside, sources: chosen } = columns.rooms[r]!
    first('lower-comfort', inside, (column) => reducedCosts[column]!, ends, name)
    first('upper-comfort', inside, (column) => -reducedCosts[column]!, ends, name)
    const heated = chosen[0]
    if (heated && sources[0])
      first(
        'heating-at-full',
        moveOf.map((move) => heated[move]!),
        (column) => (values[column]! > 0 ? -reducedCosts[column]! : 0),
        begins,
        name,
      )
  }
  first('power-cap', columns.cap, (row) => -duals[row]!, begins)
  if (shared) first('power-cap', shared, (row) => -duals[row]!, begins)
  if (home.fuse < 1e4) first('main-fuse', columns.meter?.bought, (column) => -reducedCosts[column]!, begins)
  if (columns.capacity) first('capacity-step', [columns.capacity.row], (row) => -duals[row]!, begins)
  first('battery-full', columns.battery?.energy, (column) => -reducedCosts[column]!, ends)
  first('battery-empty', columns.battery?.energy, (column) => reducedCosts[column]!, ends)
  return found
}
