/**
 * Model predictive planning: from what a home sees to when it heats. A plan always comes out, whatever goes in: a new
 * one, else the rest of the last good one, else one that holds the lower comfort limit.
 */
import { type CleanHome, type CleanView, clean } from './clean.ts'
import { giveDirections, type Optimal } from './directions.ts'
import { costOf, followRoom, heatingPower } from './follow.ts'
import {
  type Exclusion,
  type Formulation,
  formulate,
  type HomeColumns,
  usualWeights,
  type Weights,
} from './formulate.ts'
import { keepPlan } from './keep.ts'
import { limitsOf } from './limits.ts'
import type { HomePlan, Plan, RoomPlan } from './plan.ts'
import type { Program, Session, Solution, Solver } from './solver.ts'
import { thermostatPlan } from './thermostat.ts'
import type { View } from './view.ts'

export type PlannerSettings = {
  readonly weights?: Partial<Weights>
  /** Longest time of one solve, s. */
  readonly seconds?: number
  /** Whether to find out what the opposite of the first choice would cost: one more solve for each room. */
  readonly weigh?: boolean
}

export type Planner = {
  /** Never throws. What it remembers only makes the next plan of the same shape quicker. */
  plan(view: View): Plan
  /** The next plan begins from nothing. */
  forget(): void
  close(): void
}

/** @param solver without one every plan is kept or a thermostat's */
export function makePlanner(solver: Solver | undefined, settings: PlannerSettings = {}): Planner {
  const weights = { ...usualWeights, ...settings.weights }
  const session = solver?.open(settings.seconds ?? 2)
  return {
    plan: (view) => {
      const seen = clean(view ?? {})
      const fall = (why: string) =>
        keepPlan(seen, view?.last, `${why}: the last good plan goes on`) ??
        thermostatPlan(seen, `${why}: each room is held at its lower limit`)
      if (seen.hopeless !== undefined) return thermostatPlan(seen, seen.hopeless)
      if (!session) return fall('There is no solver')
      try {
        const own = { ...weights, smooth: seen.smooth ?? weights.smooth }
        return planned(session, seen, own, settings.weigh ?? false) ?? fall('The plan did not stand its own check')
      } catch (error) {
        if (error instanceof NoSolution) return fall(error.message)
        session.forget()
        return fall(`The planner failed (${error instanceof Error ? error.message : String(error)})`)
      }
    },
    forget: () => session?.forget(),
    close: () => session?.close(),
  }
}

class NoSolution extends Error {}

function planned(session: Session, view: CleanView, weights: Weights, weigh: boolean): Plan | undefined {
  const formulation = formulate(view, weights)
  const relaxed = mustSolve(session.solve(formulation.program))
  const offending = offences(view, formulation, relaxed)
  let chosen = { formulation, solution: relaxed }
  if (offending.length > 0) {
    // Without an answer the two flows are netted below: a plan that holds, if not the best.
    const directed = giveDirections(session, view, formulation, relaxed)
    if (directed) chosen = { formulation, solution: directed }
    const exact = formulate(view, weights, offending)
    const solution = session.solve(exact.program, exactSeconds)
    session.forget()
    const better = solution.status === 'optimal' && (!directed || solution.objective < directed.objective - trifle)
    if (better && offences(view, exact, solution).length === 0) chosen = { formulation: exact, solution }
  }
  const { layout, program } = chosen.formulation
  const homes = view.homes.map((home, h) => readHome(view, home, layout.homes[h]!, layout.moveOf, chosen.solution))
  if (!standsCheck(view, homes, layout.homes, chosen.solution)) {
    session.forget()
    return undefined
  }
  const duals = chosen.solution.duals.length > 0 ? chosen.solution : relaxed
  const from = duals === relaxed ? formulation : chosen.formulation
  const limits = limitsOf(view, from, duals)
  const others = weigh && offending.length === 0 ? nextBest(session, view, program, layout.homes, chosen.solution) : []
  return {
    status: 'optimal',
    because:
      view.assumed.length > 0 ? `The cheapest plan, with assumptions: ${view.assumed.join('; ')}` : 'The cheapest plan',
    assumed: view.assumed,
    from: view.now,
    steps: view.steps,
    objective: chosen.solution.objective,
    homes: homes.map((home, h) => ({
      ...home,
      rooms: home.rooms.map((room, r) => ({ ...room, ...(others[h]?.[r] && { nextBest: others[h][r] }) })),
      limits: limits[h]!,
    })),
  }
}

function mustSolve(solution: Solution): Optimal {
  if (solution.status !== 'optimal') throw new NoSolution(solution.because)
  return solution
}

const trifle = 1e-6

/** Whole numbers take seconds to prove that nothing is better; what they find in this time is all they get. */
const exactSeconds = 0.2

/** Where power goes both ways at once: with a very negative price, or a selling price above the buying one. */
function offences(view: CleanView, { layout }: Formulation, { values }: Optimal): Exclusion[] {
  const found: Exclusion[] = []
  for (const [home, { meter, battery }] of layout.homes.entries()) {
    for (let step = 0; step < view.steps.length; step++) {
      if (battery && values[battery.charge[step]!]! > trifle && values[battery.discharge[step]!]! > trifle)
        found.push({ home, step, flow: 'battery' })
      if (meter && values[meter.bought[step]!]! > trifle && values[meter.sold[step]!]! > trifle)
        found.push({ home, step, flow: 'meter' })
    }
  }
  return found
}

function readHome(
  view: CleanView,
  home: CleanHome,
  columns: HomeColumns,
  moveOf: readonly number[],
  { values }: Optimal,
): HomePlan {
  const { steps } = view
  const rooms: RoomPlan[] = home.rooms.map((room, r) => {
    const heat = room.sources.map(({ most }, n) =>
      steps.map((_, k) => Math.min(most[k]!, Math.max(0, values[columns.rooms[r]!.sources[n]![moveOf[k]!]!]!))),
    )
    return followRoom(home, room, steps, heat)
  })
  const power = heatingPower(rooms, steps.length)
  const battery = columns.battery && readBattery(view, home, columns.battery, values)
  const meter = columns.meter && readMeter(home, power, battery, columns.meter, values)
  const plan = { power, ...(battery && { battery }), ...(meter && { meter }) }
  return { name: home.name, rooms, ...plan, cost: costOf(home, steps, plan), price: home.price, limits: [] }
}

/** Charge and discharge netted so that the energy in the battery is as planned. */
function readBattery(
  { steps }: CleanView,
  home: CleanHome,
  columns: NonNullable<HomeColumns['battery']>,
  values: Float64Array,
): NonNullable<HomePlan['battery']> {
  const { efficiency, leak, most, ...rated } = home.battery!
  const energy: number[] = []
  const charge: number[] = []
  const discharge: number[] = []
  let held = rated.energy
  for (const [k, hours] of steps.entries()) {
    const into = values[columns.charge[k]!]! * efficiency - values[columns.discharge[k]!]! / efficiency
    const kept = held * (1 - leak * hours)
    const up = Math.min(rated.charge, Math.max(0, into / efficiency), Math.max(0, (most - kept) / (efficiency * hours)))
    const down = Math.min(rated.discharge, Math.max(0, -into * efficiency), (kept * efficiency) / hours)
    held = Math.min(most, Math.max(0, kept + hours * (up * efficiency - down / efficiency)))
    charge.push(up)
    discharge.push(down)
    energy.push(held)
  }
  return { energy, charge, discharge }
}

function readMeter(
  home: CleanHome,
  power: readonly number[],
  battery: HomePlan['battery'],
  columns: NonNullable<HomeColumns['meter']>,
  values: Float64Array,
): NonNullable<HomePlan['meter']> {
  const bought: number[] = []
  const sold: number[] = []
  const spilt: number[] = []
  for (const [k, heating] of power.entries()) {
    const flow = (battery?.charge[k] ?? 0) - (battery?.discharge[k] ?? 0)
    const wanted = Math.min(home.solar[k]!, Math.max(0, values[columns.spilt[k]!]!))
    const net = home.load[k]! - home.solar[k]! + heating + flow
    const out = Math.min(home.mostOut, Math.max(0, -(net + wanted)))
    bought.push(Math.max(0, net + wanted))
    sold.push(out)
    // What can neither be used nor sold stays on the roof.
    spilt.push(net + wanted >= 0 ? wanted : Math.max(0, -net - out))
  }
  return { bought, sold, spilt }
}

/** The model followed with the chosen heat must come where the program says: a difference is a fault of ours. */
function standsCheck(
  view: CleanView,
  homes: readonly HomePlan[],
  columns: readonly HomeColumns[],
  { values }: Optimal,
) {
  return view.homes.every((home, h) =>
    home.rooms.every((_, r) => {
      const { inside, above, below, farBelow } = columns[h]!.rooms[r]!
      return homes[h]!.rooms[r]!.temperature.every((air, k) => {
        const said = values[inside[k]!]! + values[above[k]!]! - values[below[k]!]! - values[farBelow[k]!]!
        return Math.abs(said - air) < 1e-3
      })
    }),
  )
}

/** What the first choice of each room would cost the other way round, the rest then chosen anew. */
function nextBest(
  session: Session,
  view: CleanView,
  program: Program,
  columns: readonly HomeColumns[],
  best: Optimal,
): (RoomPlan['nextBest'] | undefined)[][] {
  return view.homes.map((home, h) =>
    home.rooms.map((_, r) => {
      const all = columns[h]!.rooms[r]!.sources.map((chosen) => chosen[0]!)
      const main = all[0]
      const most = main === undefined ? 0 : program.columnUpper[main]!
      if (main === undefined || most <= trifle) return undefined
      const heats = best.values[main]! > most / 2
      const columnLower = program.columnLower.slice()
      const columnUpper = program.columnUpper.slice()
      if (heats) for (const column of all) columnUpper[column] = 0
      else columnLower[main] = columnUpper[main]!
      const other = session.solve({ ...program, columnLower, columnUpper })
      if (other.status !== 'optimal') return undefined
      return { choice: heats ? 'off' : 'full', costsMore: Math.max(0, other.objective - best.objective) } as const
    }),
  )
}
