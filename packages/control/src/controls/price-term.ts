/**
 * The price term of the thesis's law (equations 5.1 and 5.2), with what the text leaves open as named options. The first
 * value of every option is the published reading.
 *
 *     DiscountedMeanPrice = Σ_{k=1..n-1} 1.25 (Price_k + Grid_k) γ^(k-1) / Σ_{k=1..n-1} γ^(k-1)      (5.1)
 *     DeltaPrice          = -Kprice · DiscountedMeanPrice                                            (5.2)
 */
import { type Static, Type } from 'typebox'
import { hour, isNumber, minute } from './define-control.ts'
import type { PriceStep } from './view.ts'

export const priceTermSettings = {
  gamma: Type.Number({ minimum: 0.01, maximum: 0.999, default: 0.7, title: 'Weight of each later hour (γ)' }),
  priceGain: Type.Number({ minimum: 0, maximum: 10, default: 0.1, title: 'Kelvin per unit of price (Kprice)' }),
  vat: Type.Number({
    minimum: 1,
    maximum: 2,
    default: 1.25,
    title: 'VAT factor; 1 where households pay none (Nordland, Troms, Finnmark)',
  }),
  priceIndex: Type.Enum(['next-hour', 'current-hour'], {
    default: 'next-hour',
    title: 'Which price is k = 1: the next hour ("k timesteps into the future") or the current one',
  }),
  priceUnit: Type.Enum(['NOK/kWh', 'øre/kWh', 'NOK/MWh'], {
    default: 'NOK/kWh',
    title: 'Unit of the price that Kprice multiplies',
  }),
  priceBasis: Type.Enum(['spot-and-grid', 'marginal'], {
    default: 'spot-and-grid',
    title: "Spot and grid tariff times VAT, or the household's own marginal price with support schemes, VAT inside",
  }),
  quarters: Type.Enum(['hourly-means', 'gamma-per-hour', 'gamma-per-step'], {
    default: 'hourly-means',
    title:
      'Prices of 15 minutes: taken as means of the hour; each by itself with γ per hour; each by itself with γ per price',
  }),
  meanRemoval: Type.Enum(['none', 'slow-mean'], {
    default: 'none',
    title: 'The level of the price, or how far it is from its slow mean: a dear month then does not cool the house',
  }),
  meanHours: Type.Number({ minimum: 24, maximum: 168, default: 48, title: 'Hours of the slow mean' }),
}

export const PriceTermSettings = Type.Object(priceTermSettings)
export type PriceTermSettings = Static<typeof PriceTermSettings>

export type PriceTerm = {
  /** Equation 5.1, in the unit chosen; the slow mean is not taken off. */
  readonly discountedMean: number
  /** What was taken off before the gain; 0 without mean removal. */
  readonly mean: number
  /** Equation 5.2, K. */
  readonly delta: number
  /** How many prices went into 5.1, n - 1. */
  readonly prices: number
}

const perUnit = { 'NOK/kWh': 1, 'øre/kWh': 100, 'NOK/MWh': 1000 } as const

/**
 * Equations 5.1 and 5.2.
 *
 * n is the number of prices known without a gap from the current one on, the current one being the first. With
 * `next-hour` the prices of index 1 to n-1 are taken, counted from 0; with `current-hour` the same many, counted from 1.
 *
 * @returns `unknown` when fewer than two prices are known, for the sum is empty then
 */
export function priceTerm(
  prices: readonly PriceStep[],
  now: number,
  settings: PriceTermSettings,
): PriceTerm | 'unknown' {
  const usable = prices.flatMap((step) => priced(step, settings))
  const steps = settings.quarters === 'hourly-means' ? hourlyMeans(usable) : usable
  const ahead = unbrokenFrom(steps, now)
  const taken = settings.priceIndex === 'next-hour' ? ahead.slice(1) : ahead.slice(0, -1)
  const first = taken[0]
  if (!first) return 'unknown'
  let sum = 0
  let weights = 0
  let elapsed = 0
  for (const [k, { from, to, price }] of taken.entries()) {
    // A price of a quarter weighs a quarter when γ counts hours, so that steps of mixed length stay right.
    const hours = (to - from) / hour
    const perHour = settings.quarters === 'gamma-per-hour'
    const weight = perHour ? settings.gamma ** elapsed * hours : settings.gamma ** k
    elapsed += hours
    sum += weight * price
    weights += weight
  }
  const discountedMean = sum / weights
  const mean = settings.meanRemoval === 'none' ? 0 : slowMean(steps, now, settings.meanHours)
  return { discountedMean, mean, delta: -settings.priceGain * (discountedMean - mean), prices: taken.length }
}

type Priced = { readonly from: number; readonly to: number; readonly price: number }

/** The price of a step as the settings want it; nothing when a part of it is not known. */
function priced({ from, to, spot, grid, marginal }: PriceStep, settings: PriceTermSettings): Priced[] {
  const price = settings.priceBasis === 'marginal' ? marginal : settings.vat * (spot + grid)
  if (!isNumber(price) || !isNumber(from) || !isNumber(to) || to <= from || to - from > hour) return []
  return [{ from, to, price: price * perUnit[settings.priceUnit] }]
}

/** Hours whose four quarters are known; hours stay as they are. */
function hourlyMeans(steps: readonly Priced[]): Priced[] {
  const hours = new Map<number, { covered: number; sum: number }>()
  for (const { from, to, price } of steps) {
    const start = Math.floor(from / hour) * hour
    const sofar = hours.get(start) ?? { covered: 0, sum: 0 }
    hours.set(start, { covered: sofar.covered + (to - from), sum: sofar.sum + price * (to - from) })
  }
  return [...hours]
    .filter(([, { covered }]) => Math.abs(covered - hour) < minute)
    .map(([from, { covered, sum }]) => ({ from, to: from + hour, price: sum / covered }))
    .toSorted((a, b) => a.from - b.from)
}

/** From the step that holds now as far as one follows the other. */
function unbrokenFrom(steps: readonly Priced[], now: number): Priced[] {
  const start = steps.findIndex(({ from, to }) => from <= now && now < to)
  if (start < 0) return []
  const run: Priced[] = []
  for (const step of steps.slice(start)) {
    if (run.length > 0 && step.from !== run.at(-1)?.to) break
    run.push(step)
  }
  return run
}

/** Mean of the last hours; of all that is known when less than half of them is. */
function slowMean(steps: readonly Priced[], now: number, hours: number): number {
  const past = steps.filter(({ from, to }) => from >= now - hours * hour && to <= now)
  const covered = past.reduce((sum, { from, to }) => sum + (to - from), 0)
  const over = covered >= (hours * hour) / 2 ? past : steps
  const whole = over.reduce((sum, { from, to }) => sum + (to - from), 0)
  return over.reduce((sum, { from, to, price }) => sum + price * (to - from), 0) / whole
}
