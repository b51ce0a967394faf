/**
 * The first things that a house's data tell: how its daily power follows the weather, and how quickly it cools. Each
 * with an interval and the number of days, or "not enough data".
 */
import { invert } from './minimise.ts'

export type Day = {
  /** Mean over the day: kW, °C, kW/m². */
  readonly power: number
  readonly outdoor: number
  readonly sun?: number
}

export type Estimated = { readonly value: number; readonly low: number; readonly high: number }

export type Signature =
  | {
      readonly outcome: 'found'
      readonly days: number
      /** Rise of power for each kelvin that it is colder, kW/K. */
      readonly slope: Estimated
      /** kW less for each kW/m² of sun. */
      readonly solar?: Estimated
      /** Power at 0 °C without sun, kW. */
      readonly atZero: number
      /** Power that has nothing to do with the weather, kW, and where the heating begins, °C: seen only with warm days. */
      readonly base?: number
      readonly begins?: number
      /** Root mean square of what is left, kW, and the share explained. */
      readonly error: number
      readonly explained: number
    }
  | { readonly outcome: 'not-enough-data'; readonly because: string; readonly days: number }

const leastDays = 14
const leastSpan = 8

/**
 * `power = base + slope max(0, begins - outdoor) - solar sun`, or a straight line where no day was warm enough to see
 * the bend. Robust: days that do not fit weigh less (Huber).
 *
 * With electricity to a heat pump the slope is that of electricity, not the heat loss.
 */
export function energySignature(days: readonly Day[]): Signature {
  const good = days.filter(({ power, outdoor, sun }) => [power, outdoor, sun ?? 0].every(Number.isFinite))
  const temperatures = good.map(({ outdoor }) => outdoor)
  const span = good.length > 0 ? Math.max(...temperatures) - Math.min(...temperatures) : 0
  const lacking = (because: string) => ({ outcome: 'not-enough-data', because, days: good.length }) as const
  if (good.length < leastDays) return lacking(`Not enough data: ${good.length} days, ${leastDays} are needed`)
  if (span < leastSpan)
    return lacking(`Not enough data: the days differ by ${span.toFixed(1)} K outdoors, ${leastSpan} K are needed`)
  const sunny = good.some(({ sun }) => (sun ?? 0) > 0.005)
  const power = good.map((day) => day.power)
  const fitAt = (bend: number | undefined) => {
    const rows = good.map(({ outdoor, sun }) => {
      const cold = bend === undefined ? -outdoor : Math.max(0, bend - outdoor)
      return sunny ? [1, cold, -(sun ?? 0)] : [1, cold]
    })
    return robustFit(rows, power)
  }
  let best = { fit: fitAt(undefined), bend: undefined as number | undefined }
  for (let bend = 8; bend <= 20; bend += 0.25) {
    // The bend is seen only with days on both sides of it.
    const warm = temperatures.filter((outdoor) => outdoor > bend).length
    if (warm < 5 || good.length - warm < 10) continue
    const fit = fitAt(bend)
    if (fit && (!best.fit || fit.loss < best.fit.loss * (best.bend === undefined ? 0.95 : 1))) best = { fit, bend }
  }
  const { fit, bend } = best
  if (!fit) return lacking('Not enough data: the weather and the sun went together')
  const estimated = (n: number): Estimated => {
    const value = fit.at[n]!
    return { value, low: value - 1.96 * fit.errors[n]!, high: value + 1.96 * fit.errors[n]! }
  }
  const mean = power.reduce((sum, kw) => sum + kw, 0) / power.length
  const total = power.reduce((sum, kw) => sum + (kw - mean) ** 2, 0)
  return {
    outcome: 'found',
    days: good.length,
    slope: estimated(1),
    ...(sunny && { solar: estimated(2) }),
    atZero: fit.at[0]! + (bend === undefined ? 0 : fit.at[1]! * bend),
    ...(bend !== undefined && { base: fit.at[0]!, begins: bend }),
    error: Math.sqrt(fit.squares / power.length),
    explained: total > 0 ? 1 - fit.squares / total : 0,
  }
}

type Line = { at: number[]; errors: number[]; loss: number; squares: number }

/** Weighted least squares, weights renewed ten times by Huber's rule at 1.345 deviations. */
function robustFit(rows: readonly (readonly number[])[], values: readonly number[]): Line | undefined {
  const size = rows[0]!.length
  let weights = values.map(() => 1)
  let at: number[] = []
  let inverse: number[][] | undefined
  let left: number[] = []
  let scale = 0
  for (let round = 0; round < 10; round++) {
    const normal = Array.from({ length: size }, (_, i) =>
      Array.from({ length: size }, (_, j) => rows.reduce((sum, row, n) => sum + weights[n]! * row[i]! * row[j]!, 0)),
    )
    const right = Array.from({ length: size }, (_, i) =>
      rows.reduce((sum, row, n) => sum + weights[n]! * row[i]! * values[n]!, 0),
    )
    inverse = invert(normal)
    if (!inverse) return undefined
    at = inverse.map((row) => row.reduce((sum, value, j) => sum + value * right[j]!, 0))
    left = rows.map((row, n) => values[n]! - row.reduce((sum, value, j) => sum + value * at[j]!, 0))
    scale = 1.4826 * median(left.map(Math.abs)) || 1e-9
    weights = left.map((error) => Math.min(1, (1.345 * scale) / Math.max(1e-12, Math.abs(error))))
  }
  const freedom = Math.max(1, values.length - size)
  const weighted = left.reduce((sum, error, n) => sum + weights[n]! * error * error, 0)
  return {
    at,
    errors: inverse!.map((row, n) => Math.sqrt(Math.max(0, (row[n]! * weighted) / freedom))),
    loss: weighted,
    squares: left.reduce((sum, error) => sum + error * error, 0),
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

export type Cooling = {
  /** Since the heat went off, h; indoors and outdoors, °C. */
  readonly hours: number
  readonly air: number
  readonly outdoor: number
}

export type TimeConstant =
  | { readonly outcome: 'found'; readonly hours: Estimated; readonly nights: number }
  | { readonly outcome: 'not-enough-data'; readonly because: string; readonly nights: number }
