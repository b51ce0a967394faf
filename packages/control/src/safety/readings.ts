/** Which reading may be acted upon. What is late, impossible or has just jumped is not known, and why is said. */
import { isNumber, type Known, type Measured, minute } from '../controls/define-control.ts'

/** As it was logged; `value` as the sensor gave it. */
export type Reading = { readonly at: number; readonly value: number | null }

export type ReadingRules = {
  /** A reading older than this is not acted upon, minutes. */
  readonly freshMinutes: number
  /** What such a sensor can show. */
  readonly lowest: number
  readonly highest: number
  /** Most change between two readings however close, in the reading's unit … */
  readonly jump: number
  /** … and what is added to it for each hour between them. */
  readonly perHour: number
  /** Readings in a row that must agree after a jump before they are believed. */
  readonly agreeing: number
}

/** For the air of a room, °C. */
export const roomRules: ReadingRules = {
  freshMinutes: 30,
  lowest: -30,
  highest: 45,
  jump: 3,
  perHour: 8,
  agreeing: 3,
}

export const unusable = {
  missing: 'There is no reading',
  'not-a-number': 'The reading is not a number',
  impossible: 'The reading is not possible for such a sensor',
  stale: 'The reading is too old',
  'from-the-future': 'The reading is dated in the future',
  jump: 'The reading has jumped, and is not believed before the next ones agree',
} as const
export type Unusable = keyof typeof unusable

export type Judgement =
  | { readonly usable: true; readonly reading: Measured }
  | { readonly usable: false; readonly why: Unusable }

/** Clocks of vendors run a little ahead. */
const ahead = 5 * minute

/** Readings to look back on for jumps, as many times the time of freshness. */
const lookBack = 4

/**
 * Judges the newest of some readings; their order does not matter, and of two of one time the later in the list counts.
 *
 * @param readings some of the last ones; at least `agreeing` of them, or a jump cannot be told
 * @param now ms since 1970, UTC
 */
export function judge(readings: readonly Reading[], now: number, rules: ReadingRules): Judgement {
  const dated = new Map<number, number | null>()
  for (const { at, value } of readings) if (isNumber(at)) dated.set(at, value)
  const inOrder = [...dated].toSorted(([a], [b]) => b - a)
  const newest = inOrder[0]
  if (!newest) return { usable: false, why: 'missing' }
  const [at, value] = newest
  if (!(at <= now + ahead)) return { usable: false, why: 'from-the-future' }
  if (!(now - at <= rules.freshMinutes * minute)) return { usable: false, why: 'stale' }
  if (value === null) return { usable: false, why: 'missing' }
  if (!isNumber(value)) return { usable: false, why: 'not-a-number' }
  if (value < rules.lowest || value > rules.highest) return { usable: false, why: 'impossible' }
  const numbers = inOrder.flatMap(([time, one]) =>
    isNumber(one) && at - time <= lookBack * rules.freshMinutes * minute ? [{ at: time, value: one }] : [],
  )
  for (const [i, later] of numbers.slice(0, rules.agreeing - 1).entries()) {
    const earlier = numbers[i + 1]
    if (earlier && hasJumped(earlier, later, rules)) return { usable: false, why: 'jump' }
  }
  return { usable: true, reading: { at, value } }
}

/** The newest reading, or `unknown`: what a control may see. */
export function believed(readings: readonly Reading[], now: number, rules: ReadingRules): Known<Measured> {
  const judged = judge(readings, now, rules)
  return judged.usable ? judged.reading : 'unknown'
}

/** When the last reading came that could be acted upon then, ms; -Infinity where none of those given could. */
export function lastUsable(readings: readonly Reading[], now: number, rules: ReadingRules): number {
  const times = readings.flatMap(({ at }) => (isNumber(at) && at <= now ? [at] : [])).toSorted((a, b) => b - a)
  const isUsable = (time: number) =>
    judge(
      readings.filter(({ at }) => at <= time),
      time,
      rules,
    ).usable
  return times.find(isUsable) ?? Number.NEGATIVE_INFINITY
}

const hasJumped = (earlier: Measured, later: Measured, { jump, perHour }: ReadingRules) =>
  Math.abs(later.value - earlier.value) > jump + (perHour * (later.at - earlier.at)) / (60 * minute)
