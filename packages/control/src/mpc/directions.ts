/**
 * Where power would flow both ways at once: each such step is given one direction, and the program is solved again as a
 * linear one. Whole numbers would find the best directions, in seconds where a day has a hundred of them; a handful of
 * linear programs come within a trifle of it in milliseconds.
 *
 * A meter does both when selling gives more than buying costs, a battery when power is so dear to get rid of that burning
 * it pays.
 */
import type { CleanView } from './clean.ts'
import type { Formulation } from './formulate.ts'
import type { Program, Session, Solution } from './solver.ts'

export type Optimal = Extract<Solution, { status: 'optimal' }>

/** A step in which two flows exclude each other. */
type Step = { readonly home: number; readonly step: number }

const trifle = 1e-6

/** @returns a solution in which nothing flows both ways, for the same columns; the best of those tried, if any fits */
export function giveDirections(
  session: Session,
  view: CleanView,
  formulation: Formulation,
  relaxed: Optimal,
): Optimal | undefined {
  const { program } = formulation
  const meters = stepsWhere(view, ({ sell, price }, step) => sell[step]! > price[step]! - trifle, formulation)
  if (meters.length === 0) return withoutBurning(session, view, formulation, program, relaxed)
  let best: { solution: Optimal; columnUpper: Float64Array } | undefined
  const attempt = (columnUpper: Float64Array): boolean => {
    const solution = session.solve({ ...program, columnUpper })
    if (solution.status !== 'optimal' || (best && solution.objective > best.solution.objective - trifle)) return false
    best = { solution, columnUpper }
    return true
  }
  // Power valued both ways at what selling gives, at what buying costs, and between: guesses of where it should flow.
  for (const lean of [1, 0, 0.5, 0.8]) {
    const costs = program.costs.slice()
    for (const { home, step } of meters) {
      const { bought, sold } = formulation.layout.homes[home]!.meter!
      const value = lean * -program.costs[sold[step]!]! + (1 - lean) * program.costs[bought[step]!]!
      costs[bought[step]!] = value + trifle
      costs[sold[step]!] = -value
    }
    const leaning = session.solve({ ...program, costs })
    if (leaning.status !== 'optimal') continue
    const columnUpper = program.columnUpper.slice()
    for (const { home, step } of meters) {
      const { bought, sold } = formulation.layout.homes[home]!.meter!
      const net = leaning.values[bought[step]!]! - leaning.values[sold[step]!]!
      columnUpper[net >= 0 ? sold[step]! : bought[step]!] = 0
    }
    attempt(columnUpper)
  }
  // Steps in which nothing flows, but would the other way.
  for (let round = 0; best && round < mostFlips; round++) {
    const { solution, columnUpper } = best
    const turned = columnUpper.slice()
    let found = false
    for (const { home, step } of meters) {
      const { bought, sold } = formulation.layout.homes[home]!.meter!
      const [shut, open] = columnUpper[sold[step]!] === 0 ? [sold[step]!, bought[step]!] : [bought[step]!, sold[step]!]
      if (solution.values[open]! > trifle || solution.reducedCosts[shut]! > -trifle) continue
      turned[shut] = program.columnUpper[shut]!
      turned[open] = 0
      found = true
    }
    if (!found || !attempt(turned)) break
  }
  return (
    best && withoutBurning(session, view, formulation, { ...program, columnUpper: best.columnUpper }, best.solution)
  )
}

/** Each is a linear program that begins where the last ended. */
const mostFlips = 6

const stepsWhere = (
  view: CleanView,
  is: (home: CleanView['homes'][number], step: number) => boolean,
  { layout }: Formulation,
): Step[] =>
  view.homes.flatMap((home, h) =>
    layout.homes[h]!.meter ? view.steps.flatMap((_, step) => (is(home, step) ? [{ home: h, step }] : [])) : [],
  )

/** Batteries that are filled and emptied at once do only what changes their energy. */
function withoutBurning(
  session: Session,
  view: CleanView,
  { layout }: Formulation,
  program: Program,
  first: Optimal,
): Optimal | undefined {
  let solution = first
  let columnUpper: Float64Array | undefined
  for (let round = 0; round < 4; round++) {
    let found = false
    for (const [h, { battery }] of layout.homes.entries()) {
      if (!battery) continue
      const { efficiency } = view.homes[h]!.battery!
      for (const step of view.steps.keys()) {
        const [into, out] = [battery.charge[step]!, battery.discharge[step]!]
        const [charge, discharge] = [solution.values[into]!, solution.values[out]!]
        if (charge <= trifle || discharge <= trifle) continue
        columnUpper ??= program.columnUpper.slice()
        columnUpper[charge * efficiency >= discharge / efficiency ? out : into] = 0
        found = true
      }
    }
    if (!found || !columnUpper) return solution
    const next = session.solve({ ...program, columnUpper: columnUpper.slice() })
    if (next.status !== 'optimal') return undefined
    solution = next
  }
  return solution
}
