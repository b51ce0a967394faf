/** The grid company's price of the highest hours (kapasitetsledd, effektledd): a step each month. */
import { localDateOf } from '@nabolag/core'
import { type Dated, inForce } from './dated.ts'

/**
 * `three-days`: mean of the three highest daily maxima of hourly energy, on three different days of the month;
 * `highest-hour`: the month's single highest hour; `by-hand`: by the main fuse, a year's hours or a way unknown here,
 * so that the owner says which kW count.
 */
export const capacityMethods = ['three-days', 'highest-hour', 'by-hand'] as const
export type CapacityMethod = (typeof capacityMethods)[number]

/** From a power on, kW, and what it costs a year, NOK without VAT. */
export type CapacityStep = { readonly above: number; readonly perYear: number }

export type CapacityTariff = Dated & {
  readonly method: CapacityMethod
  /** Whether exactly the power at which a step begins belongs to it, or to the one below. */
  readonly thresholdIncluded: boolean
  /** Rising. */
  readonly steps: readonly CapacityStep[]
  readonly source?: string
}

/** kWh drawn from the grid between two moments in ms. */
export type Use = { readonly start: number; readonly end: number; readonly energy: number }

const hour = 3_600_000

/** The highest hour of each local day, kW. */
export type DayMaximum = { readonly date: string; readonly power: number }

/**
 * The highest hour of each local day, in the order of the days. Quarters are summed to hours; what is not a number or
 * below zero (sold) counts as nothing.
 */
export function dayMaxima(use: readonly Use[], timezone: string): DayMaximum[] {
  const hours = new Map<number, number>()
  for (const { start, end, energy } of use) {
    if (!(energy > 0) || !(end > start)) continue
    for (let at = Math.floor(start / hour) * hour; at < end; at += hour) {
      const share = (Math.min(end, at + hour) - Math.max(start, at)) / (end - start)
      hours.set(at, (hours.get(at) ?? 0) + energy * share)
    }
  }
  const days = new Map<string, number>()
  for (const [at, energy] of hours) {
    const date = localDateOf(at, timezone)
    days.set(date, Math.max(days.get(date) ?? 0, energy))
  }
  return [...days].map(([date, power]) => ({ date, power })).sort((a, b) => (a.date < b.date ? -1 : 1))
}

/**
 * The power in kW that a month is billed by. With fewer than three days it is the mean of those there are.
 *
 * @param byHand what counts where the method is `by-hand`, kW
 */
export function billedPower(method: CapacityMethod, powers: readonly number[], byHand = 0): number {
  if (method === 'by-hand') return byHand
  const highest = powers.toSorted((a, b) => b - a).slice(0, method === 'three-days' ? 3 : 1)
  return highest.length === 0 ? 0 : highest.reduce((sum, power) => sum + power, 0) / highest.length
}

/** The same as far as it is certain already: days that have not been count as nothing. */
const certainPower = (method: CapacityMethod, powers: readonly number[], byHand?: number): number =>
  method === 'three-days' ? billedPower(method, [...powers, 0, 0]) : billedPower(method, powers, byHand)

/** The number of the step that a power is in. Below the first, it is the first. */
export function stepOf({ steps, thresholdIncluded }: CapacityTariff, power: number): number {
  const index = steps.findLastIndex(({ above }) => (thresholdIncluded ? power >= above : power > above))
  return Math.max(0, index)
}

/** A month's price of a step, NOK without VAT. */
export const perMonth = (tariff: CapacityTariff, step: number): number => (tariff.steps[step]?.perYear ?? 0) / 12

export type CapacityBill = {
  /** `2026-01` */
  readonly month: string
  readonly power: number
  readonly step: number
  /** NOK without VAT. */
  readonly cost: number
}

/** What each local month costs by its hourly energy; the tariff of the month's first day counts for all of it. */
export function capacityBills(
  use: readonly Use[],
  tariffs: readonly CapacityTariff[],
  timezone: string,
  byHand?: number,
): CapacityBill[] {
  const months = Map.groupBy(dayMaxima(use, timezone), ({ date }) => date.slice(0, 7))
  return [...months].flatMap(([month, days]) => {
    const tariff = inForce(tariffs, `${month}-01`)?.entry
    if (!tariff) return []
    const power = billedPower(
      tariff.method,
      days.map((day) => day.power),
      byHand,
    )
    const step = stepOf(tariff, power)
    return [{ month, power, step, cost: perMonth(tariff, step) }]
  })
}

export type CapacityOutlook = {
  /** What the month would be billed by if it ended now, kW. */
  readonly power: number
  readonly step: number
  /** What that step costs a month, NOK without VAT. */
  readonly cost: number
  /** The next step: from which kW, and how much more a month, NOK without VAT. */
  readonly next?: { readonly above: number; readonly more: number }
  /** kW of the highest hour today so far. */
  readonly today: number
  /**
   * The most that an hour of today may have without leaving the step kept, kW; `undefined` where the month has left it
   * already, infinite where there is none above.
   */
  readonly cap: number | undefined
  /** What a month costs more if today's highest hour rises by one more kW, NOK without VAT. */
  readonly nextKilowatt: number
}

/**
 * Where a month stands, and what the rest of today may draw.
 *
 * @param days maxima of the month's days so far, today's among them
 * @param keep the step to keep; the present one when left out, which says little on a month's first days
 * @param toCome the maximum expected of each day that is left, kW, and how many are left after today. Without it the cap
 *   leaves all of the step to today, as though no other day of the month counted
 */
export function capacityOutlook(asked: {
  readonly tariff: CapacityTariff
  readonly days: readonly DayMaximum[]
  /** The local date of today. */
  readonly today: string
  readonly keep?: number
  readonly toCome?: { readonly power: number; readonly days: number }
  readonly byHand?: number
}): CapacityOutlook {
  const { tariff, days, today, keep, toCome, byHand } = asked
  const others = days.filter(({ date }) => date !== today).map(({ power }) => power)
  const soFar = days.find(({ date }) => date === today)?.power ?? 0
  const power = billedPower(tariff.method, soFar > 0 ? [...others, soFar] : others, byHand)
  const step = stepOf(tariff, power)
  const cost = perMonth(tariff, step)
  const above = tariff.steps[step + 1]
  const othersAndToCome = [
    ...others,
    ...Array.from({ length: Math.min(toCome?.days ?? 0, 2) }, () => toCome?.power ?? 0),
  ]
  const costWith = (most: number) =>
    perMonth(tariff, stepOf(tariff, certainPower(tariff.method, [...othersAndToCome, most], byHand)))
  return {
    power,
    step,
    cost,
    ...(above && { next: { above: above.above, more: perMonth(tariff, step + 1) - cost } }),
    today: soFar,
    cap: capToKeep(tariff, keep ?? step, othersAndToCome),
    nextKilowatt: costWith(soFar + 1) - costWith(soFar),
  }
}

/** Exactly the limit belongs to the dearer step of most companies: one watt-hour less does not. */
const watt = 0.001

function capToKeep(tariff: CapacityTariff, keep: number, others: readonly number[]): number | undefined {
  const limit = tariff.steps[keep + 1]?.above
  if (tariff.method === 'by-hand' || limit === undefined) return Number.POSITIVE_INFINITY
  const most = tariff.thresholdIncluded ? limit - watt : limit
  const [first = 0, second = 0, third = 0] = others.toSorted((a, b) => b - a)
  if (tariff.method === 'highest-hour') return first > most ? undefined : most
  return first + second + third > 3 * most ? undefined : 3 * most - first - second
}
