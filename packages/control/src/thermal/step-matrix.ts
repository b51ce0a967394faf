/** The exact step of the house model as numbers, made once for a house and a step length. */
import { discretise, type HouseParameters } from './house.ts'

/** `[air, structure]' = [[aa, as], [sa, ss]] [air, structure] + [ao, so] outdoor + [aq, sq] heat + [ai, si] sun`. */
export type StepMatrix = {
  readonly aa: number
  readonly as: number
  readonly ao: number
  readonly aq: number
  readonly ai: number
  readonly sa: number
  readonly ss: number
  readonly so: number
  readonly sq: number
  readonly si: number
}

const made = new WeakMap<HouseParameters, Map<number, StepMatrix>>()

/** @param hours length of the step; equal to the second is equal */
export function stepMatrix(house: HouseParameters, hours: number): StepMatrix {
  const key = Math.max(1, Math.round(hours * 3600))
  let known = made.get(house)
  if (!known) {
    known = new Map()
    made.set(house, known)
  }
  let matrix = known.get(key)
  if (!matrix) {
    const step = discretise(house, key / 3600)
    const none = { outdoor: 0, heat: 0, gains: 0, sun: 0 }
    const zero = { air: 0, structure: 0 }
    const air = step({ air: 1, structure: 0 }, none)
    const structure = step({ air: 0, structure: 1 }, none)
    const outdoor = step(zero, { ...none, outdoor: 1 })
    const heat = step(zero, { ...none, heat: 1 })
    const sun = step(zero, { ...none, sun: 1 })
    matrix = {
      aa: air.air,
      as: structure.air,
      ao: outdoor.air,
      aq: heat.air,
      ai: sun.air,
      sa: air.structure,
      ss: structure.structure,
      so: outdoor.structure,
      sq: heat.structure,
      si: sun.structure,
    }
    // A filter meets ever new lengths where readings come at odd times.
    if (known.size > 500) known.clear()
    known.set(key, matrix)
  }
  return matrix
}
