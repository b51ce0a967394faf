/** What comes out of the planner. Units as in `view.ts`; everything can be written as JSON and read back. */

/** What kept the plan from being cheaper, with what it costs there. */
export type Limit = {
  readonly limit:
    | 'lower-comfort'
    | 'upper-comfort'
    | 'heating-at-full'
    | 'power-cap'
    | 'main-fuse'
    | 'capacity-step'
    | 'battery-full'
    | 'battery-empty'
  readonly room?: string
  /** When it first binds, ms. */
  readonly at: number
  /** NOK saved if it were looser by one unit (K, kW or kWh) there. */
  readonly worth: number
}

export type RoomPlan = {
  readonly name: string
  /** At the end of each step, °C; the path the room's own control follows. */
  readonly temperature: readonly number[]
  /** The slow state beside it, °C. */
  readonly structure: readonly number[]
  /** Heat in each step, kW. */
  readonly heat: readonly number[]
  /** Electricity of the heat pump and of the resistance heaters, kW. */
  readonly pump: readonly number[]
  readonly resistance: readonly number[]
  /** Kelvin hours outside the comfort limits. */
  readonly discomfort: number
  /** What the first choice would have cost more the other way round (off instead of on, or full instead of off). */
  readonly nextBest?: { readonly choice: 'off' | 'full'; readonly costsMore: number }
}

export type HomePlan = {
  readonly name: string
  readonly rooms: readonly RoomPlan[]
  /** Electricity of all heating, kW. */
  readonly power: readonly number[]
  /** kWh at the end of each step, kW in and out. */
  readonly battery?: {
    readonly energy: readonly number[]
    readonly charge: readonly number[]
    readonly discharge: readonly number[]
  }
  /** Power bought, sold and not taken from the roof, kW, in a home with a battery, a roof or a capacity charge. */
  readonly meter?: {
    readonly bought: readonly number[]
    readonly sold: readonly number[]
    readonly spilt: readonly number[]
  }
  /** NOK over the horizon; wear of the battery included, capacity charge not. */
  readonly cost: number
  readonly price: readonly number[]
  readonly limits: readonly Limit[]
}

export type Plan = {
  /** `optimal`: new; `kept`: the rest of an earlier one; `thermostat`: holds the lower comfort limit, no look ahead. */
  readonly status: 'optimal' | 'kept' | 'thermostat'
  readonly because: string
  /** What was not known and how it was filled. */
  readonly assumed: readonly string[]
  /** Begin, ms. */
  readonly from: number
  /** Length of each step, h. */
  readonly steps: readonly number[]
  readonly homes: readonly HomePlan[]
  /** What was made least, NOK: cost, missed comfort and limits, less what the heat and charge left at the end are worth. */
  readonly objective?: number
}

/** End of a plan, ms. */
export const endOf = ({ from, steps }: Plan): number => from + 3_600_000 * steps.reduce((sum, step) => sum + step, 0)

/** The planned temperature of a room at a time between its steps, in a line; `undefined` outside the plan. */
export function plannedTemperature(plan: Plan, home: string, room: string, at: number): number | undefined {
  const path = plan.homes.find(({ name }) => name === home)?.rooms.find(({ name }) => name === room)?.temperature
  if (!path || at < plan.from) return undefined
  let begin = plan.from
  for (const [k, hours] of plan.steps.entries()) {
    const end = begin + hours * 3_600_000
    if (at <= end) {
      const before = path[k - 1] ?? path[k]!
      return before + ((path[k]! - before) * (at - begin)) / (end - begin)
    }
    begin = end
  }
  return undefined
}
