/**
 * Set-points for units that take whole degrees (or halves). A controller with an integrator that is rounded swings for
 * ever between two degrees; here the rounding's error is carried on until it is worth a step, so the mean over time is
 * what was wanted, with a hysteresis and a least time that spare the infrared receiver and the compressor.
 */
import { type Bound, clamp, hour, type Known, type Measured, minute } from './define-control.ts'

/** What the unit takes, °C. */
export type Setpoints = { readonly lowest: number; readonly highest: number; readonly step: number }

export type SteppingRules = {
  /** K beyond the middle between two steps that it takes to leave the one that is held. */
  readonly hysteresis: number
  /** Least time between two changes, minutes. */
  readonly minutesBetween: number
  /** In how many hours a standing error of one kelvin grows to a kelvin of correction. */
  readonly carryHours: number
}

export type Stepping = {
  /** The step to have now, °C. */
  readonly setpoint: number
  /** To hand in the next time, K. */
  readonly carry: number
  readonly bound: readonly Bound[]
}

/** The nearest step the unit takes, °C. */
export const nearestStep = (wanted: number, { lowest, highest, step }: Setpoints): number =>
  clamp(
    plain(Math.round(wanted / step) * step),
    plain(Math.ceil(plain(lowest / step)) * step),
    plain(Math.floor(plain(highest / step)) * step),
  )

/** Without the noise of multiplying: 16.4 and not 16.400000000000002, which no unit has ever shown. */
const plain = (value: number): number => Math.round(value * 1e9) / 1e9

/** Whether a set-point is one that the unit takes, also as a unit shows it that rounds: 21.1 °C for 70 °F. */
export const isStep = (value: number, setpoints: Setpoints): boolean =>
  Math.abs(nearestStep(value, setpoints) - value) <= setpoints.step / 10

/**
 * The set-point for a wanted one, with error feedback.
 *
 * @param wanted °C, any number
 * @param held what the unit has now, whoever set it; the error is that of the truth, not of what was asked
 * @param carry what the last call handed out, 0 at first
 * @param hours since the last call
 */
export function stepTowards(
  wanted: number,
  held: Known<Measured>,
  carry: number,
  { now, hours }: { readonly now: number; readonly hours: number },
  setpoints: Setpoints,
  rules: SteppingRules,
): Stepping {
  const { lowest, highest, step } = setpoints
  const within = clamp(wanted, lowest, highest)
  const bound: Bound[] = []
  if (within !== wanted)
    bound.push({ by: wanted > highest ? 'highest set-point' : 'lowest set-point', wanted, got: within, unit: '°C' })
  if (held === 'unknown') return { setpoint: nearestStep(within, setpoints), carry: 0, bound }
  const carried = clamp(carry + ((within - held.value) * Math.max(0, hours)) / rules.carryHours, -step, step)
  const reach = within + carried - held.value
  if (Math.abs(reach) < step / 2 + rules.hysteresis - 1e-9) return { setpoint: held.value, carry: carried, bound }
  // Never farther from the wanted than the two steps around it, however much was carried.
  const setpoint = nearestStep(
    clamp(within + carried, Math.floor(within / step) * step, Math.ceil(within / step) * step),
    setpoints,
  )
  if (setpoint !== held.value && now - held.at < rules.minutesBetween * minute) {
    bound.push({ by: `${rules.minutesBetween} minutes between changes`, wanted: setpoint, got: held.value, unit: '°C' })
    return { setpoint: held.value, carry: carried, bound }
  }
  return { setpoint, carry: carried, bound }
}

/** Hours between two times, none when the clock went back, at most `most`. */
export const hoursBetween = (from: number, to: number, most: number): number => clamp((to - from) / hour, 0, most)
