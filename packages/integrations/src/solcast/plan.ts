/** When to spend the day's few calls: around the sun of the place. Pure. */
import { daylightAt } from '@nabolag/core'

/** Of a free account. */
export const callsADay = 10

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
/** Asked twice within so long, the vendor has seldom anything new. */
const least = 30 * minute
/** Without a sunrise the forecast is of use for the days to come. */
const darkCalls = 4

type Place = { readonly latitude: number; readonly longitude: number }

/**
 * How often a day everything can be asked for, `each` calls at a time. One call of many is left for restarts and for
 * trying the credentials.
 */
export const updatesADay = (calls: number, each: number): number =>
  Math.max(1, Math.floor((calls >= 5 ? calls - 1 : calls) / each))

/**
 * The updates of the solar day around `ms`: half an hour before sunrise, and then evenly until sunset; in a night without
 * end a few, in a day without end all around the clock. ms, in order.
 */
export function slotsOf(place: Place, updates: number, ms: number): number[] {
  const light = daylightAt(place, ms)
  if (light.kind !== 'day') {
    const count = light.kind === 'always-down' ? Math.min(updates, darkCalls) : updates
    return Array.from({ length: count }, (_, n) => offTheHour(light.noon - day / 2 + ((n + 0.5) * day) / count))
  }
  const { rise, set } = light
  const first = rise - 30 * minute
  if (updates === 1) return [offTheHour(first)]
  const count = Math.min(updates - 1, Math.max(1, Math.floor((set - rise) / least)))
  return [first, ...Array.from({ length: count }, (_, n) => rise + ((n + 1) * (set - rise)) / count)].map(offTheHour)
}

/**
 * The next call after one at `now` (ms), as ISO 8601.
 *
 * @param each calls that one update takes
 */
export function nextCall(place: Place, calls: number, each: number, now: number): string {
  const updates = updatesADay(calls, each)
  const slots = [-1, 0, 1, 2].flatMap((days) => slotsOf(place, updates, now + days * day))
  const next = slots.filter((slot) => slot >= now + least / 2).reduce((a, b) => Math.min(a, b), now + day)
  return new Date(next).toISOString()
}

/** On the hour everybody asks, and many are turned away. */
function offTheHour(ms: number): number {
  const past = ms % hour
  if (past < 5 * minute) return ms - past + 5 * minute
  return past > 55 * minute ? ms - past + 55 * minute : ms
}
