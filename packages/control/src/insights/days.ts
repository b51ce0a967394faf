/** A house's days: what each used and cost, and how warm it was. */
import { localDateOf, localTimeOf } from '@nabolag/core'
import type { TimedValue } from '../estimate/samples.ts'
import type { Use } from '../prices/capacity.ts'
import type { PricedInterval } from '../prices/household-price.ts'

/** A stretch of at most an hour with its price, NOK/kWh with VAT: of the kWh in it, what support takes off, of one more. */
export type PricedUse = Use & { readonly total: number; readonly support: number; readonly marginal: number }

/** What was drawn within each interval of price, the parts without a price left out. */
export function priceUse(
  use: readonly Use[],
  intervals: readonly Pick<PricedInterval, 'start' | 'end' | 'total' | 'marginal' | 'parts'>[],
): PricedUse[] {
  const sorted = use
    .filter(({ energy, start, end }) => energy >= 0 && end > start)
    .toSorted((a, b) => a.start - b.start)
  const priced: PricedUse[] = []
  let first = 0
  for (const { start, end, total, marginal, parts } of intervals) {
    while (first < sorted.length && sorted[first]!.end <= start) first++
    for (let n = first; n < sorted.length && sorted[n]!.start < end; n++) {
      const one = sorted[n]!
      const [from, to] = [Math.max(start, one.start), Math.min(end, one.end)]
      if (to <= from) continue
      const energy = (one.energy * (to - from)) / (one.end - one.start)
      priced.push({ start: from, end: to, energy, total: total.withVat, support: -parts.support.withVat, marginal })
    }
  }
  return priced
}

export type HouseDay = {
  /** Local, `2026-01-31`. */
  readonly date: string
  readonly weekend: boolean
  /** kWh and NOK by the kWh with VAT; of hours with both, scaled to the whole day where few are missing. */
  readonly energy: number
  readonly cost: number
  /** Mean price of one more kWh, NOK/kWh. */
  readonly price: number
  /** What a kWh spread as usual over the day costs, NOK/kWh. */
  readonly usualPrice: number
  /** Means, °C; of all rooms. */
  readonly outdoor?: number
  readonly indoor?: number
  /** kW/m². */
  readonly sun?: number
}

/** Hours of a day that must be known. */
const leastHours = 20

/**
 * The days that are known well enough, in order.
 *
 * @param usual share of a day's kWh in each local hour, of weekdays and of weekends; even when left out
 */
export function houseDays(asked: {
  readonly priced: readonly PricedUse[]
  readonly timezone: string
  readonly outdoor?: readonly TimedValue[]
  readonly indoor?: readonly TimedValue[]
  readonly sun?: readonly TimedValue[]
  readonly usual?: UsualDay
}): HouseDay[] {
  const { priced, timezone, usual } = asked
  const means = [asked.outdoor, asked.indoor, asked.sun].map((values) => meansByDate(values ?? [], timezone))
  const [outdoor, indoor, sun] = means as [Map<string, number>, Map<string, number>, Map<string, number>]
  const days = Map.groupBy(priced, ({ start }) => localDateOf(start, timezone))
  return [...days].flatMap(([date, parts]) => {
    const hours = parts.reduce((sum, { start, end }) => sum + (end - start) / 3_600_000, 0)
    if (hours < leastHours) return []
    const { weekday } = localTimeOf(parts[0]!.start, timezone)
    const weekend = weekday === 0 || weekday === 6
    const whole = 24 / Math.min(24, hours)
    const sumOf = (of: (part: PricedUse) => number) => parts.reduce((sum, part) => sum + of(part), 0)
    const shareOf = ({ start, end }: PricedUse) => {
      const shares = usual?.[weekend ? 'weekend' : 'weekday']
      return ((shares?.[localTimeOf(start, timezone).hour] ?? 1 / 24) * (end - start)) / 3_600_000
    }
    const shares = sumOf(shareOf)
    return [
      {
        ...{ date, weekend, energy: whole * sumOf(({ energy }) => energy) },
        cost: whole * sumOf(({ energy, total }) => energy * total),
        price: sumOf(({ marginal, start, end }) => marginal * (end - start)) / (hours * 3_600_000),
        usualPrice: shares > 0 ? sumOf((part) => shareOf(part) * part.total) / shares : Number.NaN,
        ...known('outdoor', outdoor.get(date)),
        ...known('indoor', indoor.get(date)),
        ...known('sun', sun.get(date)),
      },
    ]
  })
}

export type UsualDay = { readonly weekday: readonly number[]; readonly weekend: readonly number[] }

/** How the kWh of a day are spread over its hours, in the mean of these days. */
export function usualDay(priced: readonly PricedUse[], timezone: string, dates: ReadonlySet<string>): UsualDay {
  const sums = { weekday: new Array<number>(24).fill(0), weekend: new Array<number>(24).fill(0) }
  for (const { start, energy } of priced) {
    const { date, hour, weekday } = localTimeOf(start, timezone)
    if (dates.has(date)) sums[weekday === 0 || weekday === 6 ? 'weekend' : 'weekday'][hour]! += energy
  }
  const sharesOf = (hours: readonly number[]) => {
    const whole = hours.reduce((sum, energy) => sum + energy, 0)
    return hours.map((energy) => (whole > 0 ? energy / whole : 1 / 24))
  }
  return { weekday: sharesOf(sums.weekday), weekend: sharesOf(sums.weekend) }
}

/** The mean of each local date that has values over most of it; from means of its hours, so that no busy hour counts more. */
export function meansByDate(
  values: readonly TimedValue[],
  timezone: string,
  leastHoursKnown = 18,
): Map<string, number> {
  const hours = Map.groupBy(
    values.filter(({ value }) => Number.isFinite(value)),
    ({ time }) => Math.floor(time / 3_600_000),
  )
  const days = Map.groupBy(
    [...hours].map(([hour, all]) => ({ hour, value: all.reduce((sum, { value }) => sum + value, 0) / all.length })),
    ({ hour }) => localDateOf(hour * 3_600_000, timezone),
  )
  return new Map(
    [...days].flatMap(([date, all]) =>
      all.length < leastHoursKnown
        ? []
        : [[date, all.reduce((sum, { value }) => sum + value, 0) / all.length] as const],
    ),
  )
}

const known = (name: 'outdoor' | 'indoor' | 'sun', value: number | undefined) =>
  value === undefined ? {} : { [name]: value }
