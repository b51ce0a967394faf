/** How far a model is off some hours ahead, on data it was not fitted to. */
import { type HouseParameters, type HouseState, stepMatrix } from '../thermal/index.ts'
import { type ModelNoise, passThrough } from './likelihood.ts'
import type { Sample } from './samples.ts'

export type Ahead = {
  readonly hours: number
  /** Root mean square error, K, and of saying that nothing changes. */
  readonly error: number
  readonly persistence: number
  readonly count: number
}

export type Validation = {
  readonly ahead: readonly Ahead[]
  /** Of one step: root mean square, K, and correlation of each with the one before it. */
  readonly oneStep: number
  readonly correlation: number
}

export const usualHorizons = [1, 3, 6, 12, 24] as const

/**
 * From every filtered state in the part that was not used, the model is followed with the true inputs.
 *
 * @param from index of the first sample that was not used for the fit
 */
export function validate(
  house: HouseParameters,
  noise: ModelNoise,
  samples: readonly Sample[],
  from: number,
  horizons: readonly number[] = usualHorizons,
): Validation {
  const states: HouseState[] = []
  const errors: number[] = []
  passThrough(house, noise, samples, (n, state, error) => {
    states.push(state)
    if (n >= from && error !== undefined) errors.push(error)
  })
  const sums = horizons.map(() => ({ model: 0, still: 0, count: 0 }))
  const longest = Math.max(...horizons)
  for (let n = from; n < samples.length; n++) {
    let { air, structure } = states[n]!
    const begin = samples[n]!
    if (!Number.isFinite(air) || begin.air === null) continue
    for (let k = n + 1; k < samples.length; k++) {
      const before = samples[k - 1]!
      const now = samples[k]!
      const hours = (now.at - begin.at) / 3_600_000
      if (!before.input || hours > longest + 1e-6) break
      const m = stepMatrix(house, (now.at - before.at) / 3_600_000)
      const { outdoor, heat, gains, sun } = before.input
      const warmth = heat + gains
      const next = m.aa * air + m.as * structure + m.ao * outdoor + m.aq * warmth + m.ai * sun
      structure = m.sa * air + m.ss * structure + m.so * outdoor + m.sq * warmth + m.si * sun
      air = next
      const which = horizons.findIndex((horizon) => Math.abs(horizon - hours) < 1e-3)
      if (which < 0 || now.air === null) continue
      const sum = sums[which]!
      sum.model += (now.air - air) ** 2
      sum.still += (now.air - begin.air) ** 2
      sum.count++
    }
  }
  const power = errors.reduce((sum, error) => sum + error * error, 0)
  const next = errors.slice(1).reduce((sum, error, n) => sum + error * errors[n]!, 0)
  return {
    ahead: sums.map(({ model, still, count }, n) => ({
      hours: horizons[n]!,
      error: Math.sqrt(model / count),
      persistence: Math.sqrt(still / count),
      count,
    })),
    oneStep: Math.sqrt(power / errors.length),
    correlation: next / power,
  }
}
