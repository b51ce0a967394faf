/** The sums of a week by the hour. */
import type { Interval } from '../prices/api.ts'

/** `at` is the beginning of the hour, ms. */
export type Hourly = { readonly at: number; readonly value: number }
export type Week = {
  readonly title: string
  /** kWh; `undefined` where the house measures no such thing. */
  readonly energy: number | undefined
  /** By what a kilowatt-hour cost the household; `undefined` while it is not known for nearly every hour. */
  readonly cost: number | undefined
  /** Mean, °C. */
  readonly indoors: number | undefined
}

/** So many hours of a week make a week. */
const nearlyAll = 160
/** Of the energy, so much must have a price. */
const enough = 0.95

/**
 * @param energy kWh in each hour
 * @param temperatures °C
 */
export function weekOf(energy: readonly Hourly[], temperatures: readonly Hourly[], prices: readonly Interval[]): Week {
  const priceAt = new Map(prices.map(({ start, total }) => [Date.parse(start), total.withVat]))
  const hours = new Set(energy.map(({ at }) => at)).size
  const used = sum(energy)
  const priced = energy.filter(({ at }) => priceAt.has(at))
  const paid = priced.reduce((total, { at, value }) => total + value * (priceAt.get(at) ?? 0), 0)
  return {
    title:
      hours >= nearlyAll ? 'Last seven days' : hours < 48 ? `Of ${hours} hours` : `Of ${Math.round(hours / 24)} days`,
    energy: hours === 0 ? undefined : used,
    cost: priced.length > 0 && sum(priced) >= enough * used ? paid : undefined,
    indoors: temperatures.length === 0 ? undefined : sum(temperatures) / temperatures.length,
  }
}

const sum = (list: readonly Hourly[]) => list.reduce((total, { value }) => total + value, 0)
