/** The limits outside every algorithm, per actuator. */
import type { Bound as ArgumentBound } from '@nabolag/core'
import type { Wanted } from '../controls/define-control.ts'
import { type ReadingRules, roomRules } from './readings.ts'

export const modes = {
  observe: 'It only keeps a record of what it would do',
  advise: 'It tells what it would do',
  control: 'It commands',
} as const
export type Mode = keyof typeof modes

export type Limits = {
  /** Of every argument that may be commanded at all; an argument without a bound is never sent. */
  readonly bounds: Readonly<Record<string, ArgumentBound>>
  /** Which reading the actuator acts on, and when it is believed. */
  readonly reading: ReadingRules
  /** Least time between two changes. */
  readonly minutesBetween: number
  /** Most changes in 24 hours. */
  readonly movesPerDay: number
  /**
   * The room is to stay above `below` °C: from one kelvin above it the set-point goes to at least `set`, whatever the
   * algorithm, a pause or the limits say.
   */
  readonly frost?: { readonly below: number; readonly set: number }
  /** Above `above` °C it goes to at most `set`. */
  readonly heat?: { readonly above: number; readonly set: number }
  /** What the actuator is left with when readings stay away … */
  readonly fallback: Wanted
  /** … for so many minutes. */
  readonly fallbackAfter: number
}

/** For a heat pump or heater that takes whole degrees. */
export const roomLimits: Limits = {
  bounds: { temperature: { minimum: 10, maximum: 26, step: 1 }, on: { values: [true, false] } },
  reading: roomRules,
  minutesBetween: 10,
  movesPerDay: 36,
  frost: { below: 8, set: 12 },
  heat: { above: 28, set: 16 },
  fallback: { temperature: 20 },
  fallbackAfter: 90,
}
