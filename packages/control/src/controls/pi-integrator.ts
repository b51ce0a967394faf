/**
 * The integrator of the price-responsive PI around equation 5.3b: when it stands still, when it goes slowly, and how far
 * it may go. Without any of its settings it is the published one.
 */
import { type Bound, clamp, isNumber, type Measured } from './define-control.ts'
import type { PiState } from './pi-law.ts'
import type { HeatingView } from './view.ts'
import { isStep } from './whole-steps.ts'

export type IntegratorSettings = {
  readonly integralGain: number
  readonly offForAnotherReason: 'leak' | 'freeze'
  readonly unitUnknown: 'freeze' | 'taken-as-on'
  /** K; 0 for no limit. */
  readonly integralLimit: number
  /** K; 0 for never. */
  readonly idleBelow: number
  /** K; 0 for never. */
  readonly restWithin: number
}

/**
 * Near enough to the aim, a step that is held is left alone: a unit of whole degrees then stands still, off its aim by
 * less than `restWithin`, instead of going to and fro around it.
 */
export const isResting = (
  error: number,
  view: HeatingView,
  { restWithin }: { readonly restWithin: number },
): view is HeatingView & { readonly held: Measured } =>
  Math.abs(error) < restWithin &&
  view.held !== 'unknown' &&
  isNumber(view.held.value) &&
  isStep(view.held.value, view.setpoints)

/**
 * The integral after a step.
 *
 * @param law what equation 5.3 makes of it
 * @param was the integral before, K times steps
 */
export function integralOf(
  law: PiState,
  was: number,
  view: HeatingView,
  settings: IntegratorSettings,
): { readonly integral: number; readonly bound: readonly Bound[] } {
  const { offForAnotherReason, unitUnknown, integralLimit, integralGain } = settings
  // What it piles up while nothing comes of it would make the room far too warm, or too cold, for days afterwards.
  const stands =
    view.unheard === true ||
    (view.unit === 'off' && offForAnotherReason === 'freeze') ||
    (view.unit === 'unknown' && unitUnknown === 'freeze') ||
    isResting(law.error, view, settings)
  const pace = stands ? 0 : paceOf(law, was, view, settings)
  // Not by a sum with `was`: as published it is the law's own number, to the last digit.
  const integral = pace === 1 ? law.integral : was + pace * (law.integral - was)
  if (integralLimit === 0 || integralGain === 0) return { integral, bound: [] }
  const most = integralLimit / integralGain
  const got = clamp(integral, -most, most)
  if (got === integral) return { integral, bound: [] }
  const by = 'most that the slow correction may do'
  return { integral: got, bound: [{ by, wanted: -integral * integralGain, got: -got * integralGain, unit: 'K' }] }
}

/**
 * What remains of the integrator's pace while the unit seems to idle. Not nothing: one whose own thermometer shows less
 * than the room's heats on, and its room would stay too warm for good.
 */
const seemsIdle = 0.25

/**
 * The share of its step that the integrator takes where more of the same would change nothing: a stove or the evening's
 * warmth holds the room above a set-point at which the unit idles already, or the set-point is at its end. What piles up
 * meanwhile is a cold evening, or an overshoot, later on.
 */
function paceOf(
  law: PiState,
  was: number,
  { held, room, setpoints }: HeatingView,
  { idleBelow }: IntegratorSettings,
): number {
  if (idleBelow === 0 || held === 'unknown' || !isNumber(held.value) || room === 'unknown') return 1
  if (law.error > 0 ? law.integral <= was : law.integral >= was) return 1
  if (law.error > 0 ? held.value <= setpoints.lowest : held.value >= setpoints.highest) return 0
  return law.error > 0 && held.value <= room.value - idleBelow ? seemsIdle : 1
}
