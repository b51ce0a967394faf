/** Least squares with standard errors that hold where some days scatter more than others. */
import { invert } from '../estimate/minimise.ts'

export type Regression = {
  readonly at: readonly number[]
  /** Covariance of `at`, HC3: each residual is taken as large as it would be had its day not been used. */
  readonly covariance: readonly (readonly number[])[]
  readonly left: readonly number[]
  /** Standard deviation of what is left, and how many values are free of the fit. */
  readonly deviation: number
  readonly freedom: number
}

/** `undefined` where the columns do not tell themselves apart, or there are no more rows than columns. */
export function regress(rows: readonly (readonly number[])[], values: readonly number[]): Regression | undefined {
  const size = rows[0]?.length ?? 0
  const freedom = rows.length - size
  if (size === 0 || freedom < 1) return undefined
  // Columns of like size, so that the inverse is exact.
  const scales = rows[0]!.map((_, i) => Math.max(1e-12, ...rows.map((row) => Math.abs(row[i]!))))
  const scaled = rows.map((row) => row.map((value, i) => value / scales[i]!))
  const normal = sumOf(size, scaled, () => 1)
  if (isAlike(normal)) return undefined
  const inverse = invert(normal)
  if (!inverse) return undefined
  const right = scales.map((_, i) => scaled.reduce((sum, row, n) => sum + row[i]! * values[n]!, 0))
  const at = inverse.map((row) => dot(row, right))
  const left = scaled.map((row, n) => values[n]! - dot(row, at))
  const leverage = scaled.map((row) => Math.min(0.99, dot(row, through(inverse, row))))
  const middle = sumOf(size, scaled, (n) => (left[n]! / (1 - leverage[n]!)) ** 2)
  const covariance = product(product(inverse, middle), inverse)
  return {
    at: at.map((value, i) => value / scales[i]!),
    covariance: covariance.map((row, i) => row.map((value, j) => value / scales[i]! / scales[j]!)),
    left,
    deviation: Math.sqrt(left.reduce((sum, error) => sum + error * error, 0) / freedom),
    freedom,
  }
}

/**
 * The same for days in order, of which what is left of one hangs together with that of the next: each row less so much of
 * the one of the day before (Prais and Winsten), so that what is left stands alone.
 *
 * @param dates of the rows, rising, `2026-01-31`
 */
export function regressDays(
  rows: readonly (readonly number[])[],
  values: readonly number[],
  dates: readonly string[],
): Regression | undefined {
  const first = regress(rows, values)
  if (!first) return undefined
  const share = alikeness(first.left, dates)
  const kept = Math.sqrt(1 - share ** 2)
  const less = (now: number, before: number | undefined) => (before === undefined ? kept * now : now - share * before)
  const follows = dates.map((date, n) => isNext(dates[n - 1], date))
  return regress(
    rows.map((row, n) => row.map((value, i) => less(value, follows[n] ? rows[n - 1]![i] : undefined))),
    values.map((value, n) => less(value, follows[n] ? values[n - 1] : undefined)),
  )
}

const isNext = (before: string | undefined, date: string) =>
  before !== undefined && Math.round((Date.parse(date) - Date.parse(before)) / 86_400_000) === 1

/** Correlation of what is left of a day with that of the next, 0 to 0.8. */
export function alikeness(left: readonly number[], dates: readonly string[]): number {
  let [both, own] = [0, 0]
  for (const [n, date] of dates.entries()) {
    own += left[n]! ** 2
    if (isNext(dates[n - 1], date)) both += left[n]! * left[n - 1]!
  }
  const found = own > 0 ? both / own : 0
  // Of few days it comes out too small (Kendall).
  return Math.min(0.8, Math.max(0, found + (1 + 4 * found) / dates.length))
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
const through = (matrix: readonly (readonly number[])[], row: readonly number[]) => matrix.map((one) => dot(one, row))
const product = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]) =>
  a.map((row) => b.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)))

function sumOf(size: number, rows: readonly (readonly number[])[], weight: (n: number) => number): number[][] {
  const sum = Array.from({ length: size }, () => new Array<number>(size).fill(0))
  for (const [n, row] of rows.entries()) {
    const by = weight(n)
    for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) sum[i]![j]! += by * row[i]! * row[j]!
  }
  return sum
}

/** Two columns that are the same but for a factor, to a part in a million. */
function isAlike(normal: readonly (readonly number[])[]): boolean {
  return normal.some((row, i) =>
    row.some((value, j) => j < i && value * value > (1 - 1e-6) * normal[i]![i]! * normal[j]![j]!),
  )
}

/** Variance of `weights · at`. */
export const varianceOf = ({ covariance }: Pick<Regression, 'covariance'>, weights: readonly number[]): number =>
  dot(weights, through(covariance, weights))

/** How many deviations a 95 % interval reaches each way, with so few values (Cornish and Fisher's series for Student's t). */
export function reach95(freedom: number): number {
  const z = 1.959964
  const v = Math.max(2, freedom)
  return (
    z +
    (z ** 3 + z) / (4 * v) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * v ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * v ** 3)
  )
}
