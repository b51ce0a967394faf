/**
 * What a control is: a name, settings from a schema, and one pure function from what it sees to a decision with its
 * reasons. No clock, no network, no hidden memory: what it must remember comes in beside the view and goes out with the
 * decision, so the same object runs live, in shadow and in a replay of the past.
 */
import type { Static, TObject } from 'typebox'

/** A value that was measured, in the unit its place names; `at` in ms since 1970, UTC. */
export type Measured = { readonly at: number; readonly value: number }
/** Not known is a value of its own: old is not zero, and missing is not zero. */
export type Known<T> = T | 'unknown'

/** What is asked of an actuator: the arguments of its verbs, in the units of `@nabolag/core`'s capabilities. */
export type Wanted = Readonly<Record<string, number | string | boolean>>

/** Something seen, kept with the decision. */
export type Saw = Readonly<Record<string, number | string | boolean | null>>

/** A limit that changed the outcome. */
export type Bound = {
  /** The limit's name, such as `highest set-point`. */
  readonly by: string
  readonly wanted: number
  readonly got: number
  readonly unit: string
}

/** The choice that came second, and what it would have cost more (less, when negative). */
export type NextBest = {
  readonly choice: string
  /** NOK per hour more than the choice taken. */
  readonly costsMore: Known<number>
}

type Reasons = {
  /** One plain sentence without its full stop. */
  readonly because: string
  readonly saw: Saw
  readonly bound: readonly Bound[]
  readonly nextBest?: NextBest
}

export type Decision<Set extends Wanted, Memory> = Reasons & { readonly memory: Memory } & (
    | { readonly set: Set; readonly leave?: undefined }
    | { readonly leave: 'as-is'; readonly set?: undefined }
  )

export type Control<View, Settings extends TObject, Set extends Wanted, Memory> = {
  /** Lower case and hyphens; what a room's settings name it by. */
  readonly name: string
  /** For people. */
  readonly label: string
  readonly settings: Settings
  /**
   * @param memory what the last decision handed out; `undefined` the first time, or when it was lost
   */
  readonly decide: (view: View, settings: Static<Settings>, memory?: Memory) => Decision<Set, Memory | undefined>
}

/** Makes a control; the view is named first, the rest is read from what is given. */
export const defineControl =
  <View>() =>
  <Settings extends TObject, Set extends Wanted, Memory = undefined>(
    control: Control<View, Settings, Set, Memory>,
  ): Control<View, Settings, Set, Memory> =>
    control

export const minute = 60_000
export const hour = 3_600_000

/** Neither NaN, infinite, null nor missing. */
export const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

export const clamp = (value: number, lowest: number, highest: number): number =>
  Math.max(lowest, Math.min(highest, value))

/** For sentences and records: no more digits than mean something. */
export const rounded = (value: number, digits = 2): number => Math.round(value * 10 ** digits) / 10 ** digits
