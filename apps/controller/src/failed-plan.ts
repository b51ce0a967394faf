/**
 * A house whose plan fails is not given a thread again at every turn: a few such houses would keep the threads from all
 * others. What failed is kept in the memory of the house, so that it holds for every controller.
 */
import { type HouseMemory, type HouseSetup, planKeyOf } from '@nabolag/control'

/** `why` is for people, without a full stop; `for` changes when the owner changes what the plan rests on. */
export type FailedPlan = { readonly at: number; readonly for: string; readonly why: string }

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
  const { planFailed } = memory as { readonly planFailed?: Partial<FailedPlan> | null }
  const { at, for: key, why } = planFailed ?? {}
  if (typeof at !== 'number' || typeof why !== 'string' || key !== planKeyOf(setup)) return undefined
  return now >= at && now - at < pause ? { at, for: key, why } : undefined
}
