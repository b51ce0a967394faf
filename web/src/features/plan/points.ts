import type { Series } from '../../api.ts'
import type { Plan, RoomPlan } from './api.ts'

type Values = (number | null | undefined)[]

/** What a room's chart is drawn from; every list has one value for each time. */
export type RoomPoints = {
  /** Seconds since the epoch. */
  readonly times: readonly number[]
  readonly measured: Values
  readonly planned: Values
  readonly lower: Values
  readonly upper: Values
}

const seconds = (iso: string) => Date.parse(iso) / 1000

/** When the last step of a plan ends, ms. */
export const endOf = ({ steps, madeAt }: Plan): number => Date.parse(steps.at(-1)?.to ?? madeAt)

/** The measured past and the plan of a room on one axis. A value of the plan belongs to the end of its step. */
export function roomPoints(plan: Plan, room: RoomPlan, past: Series | undefined): RoomPoints {
  const ends = plan.steps.map(({ to }) => seconds(to))
  const pastTimes = (past?.times ?? []).map(seconds)
  const begin = plan.steps[0] ? [seconds(plan.steps[0].from)] : []
  const times = [...new Set([...pastTimes, ...begin, ...ends])].sort((a, b) => a - b)
  const index = new Map(times.map((time, at) => [time, at]))
  const column = (from: readonly number[], values: readonly (number | null | undefined)[]): Values => {
    const filled: Values = new Array(times.length).fill(undefined)
    for (const [n, time] of from.entries()) {
      const at = index.get(time)
      if (at !== undefined) filled[at] = values[n]
    }
    return filled
  }
  const pastValues = (past?.values ?? []).map((value) => (typeof value === 'number' ? value : null))
  const fromBegin = (values: readonly number[]) => column([...begin, ...ends], [values[0], ...values])
  return {
    times,
    measured: column(pastTimes, pastValues),
    planned: column(ends, room.temperature),
    lower: fromBegin(room.lower),
    upper: fromBegin(room.upper),
  }
}

/** Power and price of the steps, as steps. */
export function stepPoints(plan: Plan, power: readonly number[]) {
  const [first] = plan.steps
  const times = first ? [seconds(first.from), ...plan.steps.map(({ to }) => seconds(to))] : []
  const prices = plan.steps.map(({ price }) => price)
  return { times, power: [power[0], ...power], prices: [prices[0], ...prices] }
}

export type PlannedHour = {
  readonly from: string
  readonly temperature: number
  readonly lower: number
  readonly upper: number
  /** kW, mean of the hour. */
  readonly power: number
  /** NOK/kWh, mean of the hour. */
  readonly price: number
}

/** The plan of a room by hours, for the table. */
export function plannedHours(plan: Plan, room: RoomPlan): PlannedHour[] {
  const hours = Map.groupBy(plan.steps.keys(), (k) => Math.floor(Date.parse(plan.steps[k]?.from ?? '') / 3_600_000))
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  return [...hours].map(([hour, steps]) => {
    const last = steps.at(-1) ?? 0
    return {
      from: new Date(hour * 3_600_000).toISOString(),
      temperature: room.temperature[last] ?? Number.NaN,
      lower: room.lower[last] ?? Number.NaN,
      upper: room.upper[last] ?? Number.NaN,
      power: mean(steps.map((k) => room.power[k] ?? 0)),
      price: mean(steps.map((k) => plan.steps[k]?.price ?? 0)),
    }
  })
}
