/**
 * What a room is like beyond what its thermometer says: the structure's temperature, and heat that nobody accounts for
 * (sun, guests, a stove, an open window, a model that is wrong). A Kalman filter on the house model with a disturbance
 * that wanders:
 *
 *     x = [Ti, Te, dq],   dq' = dq + w,   reading = Ti + v
 *
 * One thermometer carries one disturbance; on the heat it makes the planner free of a lasting offset (Pannocchia and
 * Rawlings 2003). Readings may come at any time, fail, repeat, or be wrong.
 */
import { type HouseInput, type HouseParameters, stepMatrix } from '../thermal/index.ts'

export type Noise = {
  /** Standard deviation of a reading, K. */
  readonly reading: number
  /** What the model does not know, K/√h for the two temperatures, kW/√h for the disturbance. */
  readonly air: number
  readonly structure: number
  readonly disturbance: number
}

export const usualNoise: Noise = { reading: 0.08, air: 0.05, structure: 0.02, disturbance: 0.08 }

/** Where the filter stands; plain numbers, to be kept between turns. */
export type Estimate = {
  /** ms */
  readonly at: number
  /** °C */
  readonly air: number
  readonly structure: number
  /** kW */
  readonly disturbance: number
  /** Variances and covariances of the three, row by row. */
  readonly covariance: readonly number[]
  /** Readings in a row that did not fit. */
  readonly strange: number
  /** Root mean square of what the readings of the last day were off from what was expected, K. */
  readonly spread?: number
}

export type Observation = {
  /** ms */
  readonly at: number
  /** °C; absent or impossible: the model alone goes on. */
  readonly reading?: number | null
  /** What acted on the house since the last observation. */
  readonly input: HouseInput
}

export type FilterStep = {
  readonly estimate: Estimate
  readonly outcome: 'updated' | 'predicted' | 'outlier' | 'widened' | 'restarted' | 'late'
  /** Reading less what was expected, K, and the standard deviation expected of it. */
  readonly innovation?: { readonly error: number; readonly deviation: number }
}

export type Filter = {
  begin(at: number, reading: number, outdoor: number): Estimate
  step(before: Estimate, observation: Observation): FilterStep
}

/** Beyond this the past says nothing, h. */
const longestGap = 48
/** Square of the deviations beyond which a reading does not fit. */
const outlierAt = 9
const outliersInRow = 3
/** Time constant by which `spread` forgets, h. */
const spreadOver = 24

const possible = (reading: unknown): reading is number => typeof reading === 'number' && reading > -40 && reading < 60

/** @param most largest disturbance that is believed, kW */
export function makeFilter(house: HouseParameters, noise: Noise = usualNoise, most = 10): Filter {
  const begin = (at: number, reading: number, outdoor: number): Estimate => {
    const { Hie, Hea } = house
    const structure = (Hie * reading + Hea * outdoor) / (Hie + Hea)
    const covariance = [noise.reading ** 2 * 4, 0, 0, 0, 1, 0, 0, 0, 0.25]
    return { at, air: reading, structure, disturbance: 0, covariance, strange: 0, spread: noise.reading }
  }

  const step = (before: Estimate, { at, reading, input }: Observation): FilterStep => {
    const hours = (at - before.at) / 3_600_000
    if (!(hours >= 0)) return { estimate: before, outcome: 'late' }
    const sound = Object.values(input).every(Number.isFinite)
    const broken = ![before.air, before.structure, before.disturbance, ...before.covariance].every(Number.isFinite)
    if (hours > longestGap || broken) {
      const estimate = possible(reading) ? begin(at, reading, sound ? input.outdoor : reading) : undefined
      if (estimate) return { estimate, outcome: 'restarted' }
      if (broken) return { estimate: before, outcome: 'predicted' }
    }
    // With an input that is not known time still passes: nothing moves, and less is certain.
    const predicted = predict(house, noise, before, sound ? input : undefined, Math.min(hours, longestGap), at)
    if (!possible(reading)) return { estimate: predicted, outcome: 'predicted' }
    const error = reading - predicted.air
    const deviation = Math.sqrt(predicted.covariance[0]! + noise.reading ** 2)
    const innovation = { error, deviation }
    const spread = spreadWith(before.spread ?? noise.reading, Math.min(Math.abs(error), 3 * deviation), hours)
    if ((error / deviation) ** 2 <= outlierAt) {
      const estimate = update({ ...predicted, spread }, error, noise.reading, most)
      return { estimate, outcome: 'updated', innovation }
    }
    if (before.strange + 1 < outliersInRow)
      return { estimate: { ...predicted, strange: before.strange + 1 }, outcome: 'outlier', innovation }
    // Three in a row are no outliers: a window was opened or the sensor moved. Believe them.
    const covariance = [...predicted.covariance]
    covariance[0]! += error * error
    covariance[8]! += 1
    return {
      estimate: update({ ...predicted, covariance, spread }, error, noise.reading, most),
      outcome: 'widened',
      innovation,
    }
  }
  return { begin, step }
}

function spreadWith(before: number, error: number, hours: number): number {
  const weight = 1 - Math.exp(-hours / spreadOver)
  const sound = before >= 0 && before < 10 ? before : 0
  return Math.sqrt((1 - weight) * sound ** 2 + weight * error ** 2)
}

function predict(
  house: HouseParameters,
  noise: Noise,
  before: Estimate,
  input: HouseInput | undefined,
  hours: number,
  at: number,
): Estimate {
  if (hours === 0) return { ...before, at }
  const { air, structure, disturbance, covariance } = before
  const m = stepMatrix(house, hours)
  const F = [m.aa, m.as, m.aq, m.sa, m.ss, m.sq, 0, 0, 1]
  const spread = product(product(F, covariance), transpose(F))
  spread[0]! += noise.air ** 2 * hours
  spread[4]! += noise.structure ** 2 * hours
  spread[8]! += noise.disturbance ** 2 * hours
  if (!input) {
    spread[0]! += hours
    return { ...before, at, covariance: spread }
  }
  const warmth = input.heat + input.gains + disturbance
  return {
    ...before,
    at,
    air: m.aa * air + m.as * structure + m.ao * input.outdoor + m.aq * warmth + m.ai * input.sun,
    structure: m.sa * air + m.ss * structure + m.so * input.outdoor + m.sq * warmth + m.si * input.sun,
    covariance: spread,
  }
}

/** Joseph's form: stays symmetric and positive whatever is rounded. */
function update(predicted: Estimate, error: number, deviation: number, most: number): Estimate {
  const { air, structure, disturbance, covariance: P } = predicted
  const variance = P[0]! + deviation ** 2
  const [k0, k1, k2] = [P[0]! / variance, P[3]! / variance, P[6]! / variance]
  const left = [1 - k0, 0, 0, -k1, 1, 0, -k2, 0, 1]
  const covariance = product(product(left, P), transpose(left))
  const gain = [k0, k1, k2]
  for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) covariance[i * 3 + j]! += gain[i]! * gain[j]! * deviation ** 2
  for (const [i, j] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const) {
    const mean = (covariance[i * 3 + j]! + covariance[j * 3 + i]!) / 2
    covariance[i * 3 + j] = mean
    covariance[j * 3 + i] = mean
  }
  return {
    ...predicted,
    air: air + k0 * error,
    structure: structure + k1 * error,
    disturbance: Math.min(most, Math.max(-most, disturbance + k2 * error)),
    covariance,
    strange: 0,
  }
}

function product(a: readonly number[], b: readonly number[]): number[] {
  const result = new Array<number>(9)
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++)
      result[i * 3 + j] = a[i * 3]! * b[j]! + a[i * 3 + 1]! * b[3 + j]! + a[i * 3 + 2]! * b[6 + j]!
  return result
}

const transpose = ([a, b, c, d, e, f, g, h, i]: readonly number[]) => [a!, d!, g!, b!, e!, h!, c!, f!, i!]
