/** How well a house model explains a history: a Kalman filter of two states over it, restarted after a gap. */
import { type HouseParameters, type HouseState, stepMatrix } from '../thermal/index.ts'
import type { Sample } from './samples.ts'

export type ModelNoise = { readonly reading: number; readonly air: number; readonly structure: number }

export type Passed = {
  /** `1/2 sum (ln S + e²/S)` */
  readonly misfit: number
  /** Readings it was taken over. */
  readonly count: number
}

export type Watch = (n: number, filtered: HouseState, error: number | undefined) => void

/** After this long without inputs the filter begins anew, h. */
const longestGap = 3

/** @param watch is told the state after each sample, and the error of one step where there was a reading */
export function passThrough(
  house: HouseParameters,
  noise: ModelNoise,
  samples: readonly Sample[],
  watch?: Watch,
): Passed {
  const { Hie, Hea } = house
  const readingVariance = noise.reading ** 2
  let air = Number.NaN
  let structure = Number.NaN
  let [p00, p01, p11] = [0, 0, 0]
  let misfit = 0
  let count = 0
  let known = Number.NEGATIVE_INFINITY
  for (let n = 0; n < samples.length; n++) {
    const sample = samples[n]!
    const before = samples[n - 1]
    let error: number | undefined
    if (before && Number.isFinite(air)) {
      const hours = (sample.at - before.at) / 3_600_000
      if (before.input) {
        const { outdoor, heat, gains, sun } = before.input
        const m = stepMatrix(house, hours)
        const warmth = heat + gains
        const next = m.aa * air + m.as * structure + m.ao * outdoor + m.aq * warmth + m.ai * sun
        structure = m.sa * air + m.ss * structure + m.so * outdoor + m.sq * warmth + m.si * sun
        air = next
        const [a, b] = [m.aa * p00 + m.as * p01, m.aa * p01 + m.as * p11]
        const [c, d] = [m.sa * p00 + m.ss * p01, m.sa * p01 + m.ss * p11]
        p00 = a * m.aa + b * m.as + noise.air ** 2 * hours
        p01 = a * m.sa + b * m.ss
        p11 = c * m.sa + d * m.ss + noise.structure ** 2 * hours
      } else if (sample.at - known > longestGap * 3_600_000) air = Number.NaN
      else p00 += hours
    }
    if (sample.air !== null) {
      if (Number.isFinite(air)) {
        const spread = p00 + readingVariance
        error = sample.air - air
        misfit += 0.5 * (Math.log(spread) + (error * error) / spread)
        count++
        const [k0, k1] = [p00 / spread, p01 / spread]
        air += k0 * error
        structure += k1 * error
        p11 -= k1 * p01
        p01 -= k0 * p01
        p00 -= k0 * p00
      } else {
        air = sample.air
        const outdoor = sample.input?.outdoor ?? air
        structure = Hie > 0 ? (Hie * air + Hea * outdoor) / (Hie + Hea) : outdoor
        // The structure may be anywhere between: two kelvin.
        ;[p00, p01, p11] = [readingVariance, 0, 4]
      }
    }
    if (sample.input) known = sample.at
    watch?.(n, { air, structure }, error)
  }
  return { misfit, count }
}
