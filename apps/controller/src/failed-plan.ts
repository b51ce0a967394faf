/**
 * A house whose plan fails is not given a thread again at every turn: a few such houses would keep the threads from all
 * others. What failed is kept in the memory of the house, so that it holds for every controller.
 */
import { type FailedPlan, type HouseMemory, type HouseSetup, planKeyOf } from '@nabolag/control'

export const failedPlan = (setup: HouseSetup, at: number, why: string): FailedPlan => ({
  at,
  for: planKeyOf(setup),
  why,
})

/**
 * Why no plan is tried now, if one failed lately with the same wishes.
 *
 * @param pause ms
 */
export function lastFailure(
  setup: HouseSetup,
  memory: HouseMemory,
  now: number,
  pause: number,
): FailedPlan | undefined {
  const { at, for: key, why } = memory.planFailed ?? {}
  if (at === undefined || why === undefined || key !== planKeyOf(setup)) return undefined
  return now >= at && now - at < pause ? { at, for: key, why } : undefined
}
