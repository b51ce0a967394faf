/** Series brought to equal steps, and what is common to all of them taken out. What is not known is NaN. */
import type { TimedValue } from '../estimate/samples.ts'

export const stepMinutes = 10
export const step = stepMinutes * 60_000
const stepsOfDay = (24 * 60) / stepMinutes

/** The mean of each step; a gap of up to `hold` steps is filled with the value before it. */
export function onGrid(readings: readonly TimedValue[], from: number, count: number, hold: number): Float64Array {
  const sums = new Float64Array(count)
  const counts = new Uint32Array(count)
  for (const { time, value } of readings) {
    const n = Math.floor((time - from) / step)
    if (n < 0 || n >= count || !Number.isFinite(value)) continue
    sums[n]! += value
    counts[n]!++
  }
  let last = Number.NaN
  let age = 0
  return sums.map((sum, n) => {
    if (counts[n]! > 0) {
      last = sum / counts[n]!
      age = 0
    } else age++
    return age <= hold ? last : Number.NaN
  })
}

/** Change over half an hour, around each step, K. */
export const rateOf = (values: Float64Array): Float64Array =>
  values.map((_, n) => (values[n + 2] ?? Number.NaN) - (values[n - 1] ?? Number.NaN))

/** Without its mean of a day around it: the slow trend. */
export function withoutTrend(values: Float64Array): Float64Array {
  const half = stepsOfDay / 2
  const sums = new Float64Array(values.length + 1)
  const counts = new Uint32Array(values.length + 1)
  for (const [n, value] of values.entries()) {
    const known = Number.isFinite(value)
    sums[n + 1] = sums[n]! + (known ? value : 0)
    counts[n + 1] = counts[n]! + (known ? 1 : 0)
  }
  return values.map((value, n) => {
    const low = Math.max(0, n - half)
    const high = Math.min(values.length, n + half)
    return value - (sums[high]! - sums[low]!) / (counts[high]! - counts[low]!)
  })
}

/** Without what happens at the same time of every day. Needs the days apart: with fewer than three it takes too much. */
export function withoutRhythm(values: Float64Array): Float64Array {
  const sums = new Float64Array(stepsOfDay)
  const counts = new Uint32Array(stepsOfDay)
  for (const [n, value] of values.entries()) {
    if (!Number.isFinite(value)) continue
    sums[n % stepsOfDay]! += value
    counts[n % stepsOfDay]!++
  }
  return values.map((value, n) => value - sums[n % stepsOfDay]! / counts[n % stepsOfDay]!)
}

/** The mean of several at each step, over those that are known there; zero where none is. */
export function meanOf(all: readonly Float64Array[], count: number): Float64Array {
  const mean = new Float64Array(count)
  for (let n = 0; n < count; n++) {
    let sum = 0
    let known = 0
    for (const one of all) {
      const value = one[n]!
      if (!Number.isFinite(value)) continue
      sum += value
      known++
    }
    mean[n] = known > 0 ? sum / known : 0
  }
  return mean
}

/** What is left of a series after least squares on the others, where all are known. */
export function leftAfter(values: Float64Array, others: readonly Float64Array[]): Float64Array {
  // One after the other, twice: enough for two or three that are not alike.
  let left = values
  for (let round = 0; round < 10; round++)
    for (const other of others) {
      const { slope, meanX, meanY } = lineOf(other, left)
      left = left.map((value, n) => value - meanY - slope * (other[n]! - meanX))
    }
  return left
}

function lineOf(x: Float64Array, y: Float64Array) {
  let [count, sumX, sumY, xx, xy] = [0, 0, 0, 0, 0]
  for (let n = 0; n < x.length; n++) {
    const [a, b] = [x[n]!, y[n]!]
    if (!Number.isFinite(a) || !Number.isFinite(b)) continue
    count++
    sumX += a
    sumY += b
    xx += a * a
    xy += a * b
  }
  const meanX = sumX / Math.max(1, count)
  const meanY = sumY / Math.max(1, count)
  const spread = xx - count * meanX * meanX
  return { slope: spread > 1e-9 * Math.max(1, xx) ? (xy - count * meanX * meanY) / spread : 0, meanX, meanY }
}

/** Correlation of `y` with `x` so many steps earlier, and of how many pairs. */
export function correlationAt(x: Float64Array, y: Float64Array, lag: number): { value: number; pairs: number } {
  let [count, sumX, sumY, xx, yy, xy] = [0, 0, 0, 0, 0, 0]
  for (let n = lag; n < y.length; n++) {
    const [a, b] = [x[n - lag]!, y[n]!]
    if (!Number.isFinite(a) || !Number.isFinite(b)) continue
    count++
    sumX += a
    sumY += b
    xx += a * a
    yy += b * b
    xy += a * b
  }
  const [spreadX, spreadY] = [xx - (sumX * sumX) / count, yy - (sumY * sumY) / count]
  const value = spreadX > 1e-12 && spreadY > 1e-12 ? (xy - (sumX * sumY) / count) / Math.sqrt(spreadX * spreadY) : 0
  return { value, pairs: count }
}
