/**
 * Delivery days of the day-ahead market: from midnight to midnight in Central European time, whatever the area's own
 * zone. Summer time by the rule of the European Union, as it has stood since 1996.
 */

const minute = 60_000
const hour = 60 * minute

const lastSundayAtOne = (year: number, month: number): number => {
  const last = Date.UTC(year, month + 1, 0, 1)
  return last - new Date(last).getUTCDay() * 24 * hour
}

/** ms that Central European time is ahead of UTC at a moment. */
export function offsetAt(ms: number): number {
  const year = new Date(ms).getUTCFullYear()
  return ms >= lastSundayAtOne(year, 2) && ms < lastSundayAtOne(year, 9) ? 2 * hour : hour
}

/** The delivery day that a moment is in, `2025-10-17`. */
export const dateOf = (ms: number): string => new Date(ms + offsetAt(ms)).toISOString().slice(0, 10)

/** The date so many days later. */
export const addDays = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T12:00:00Z`) + days * 24 * hour).toISOString().slice(0, 10)

/** The moment of a clock time on a date, ms; `clock` in minutes since midnight, and not in an hour that clocks skip. */
export function momentOf(date: string, clock: number): number {
  const asUtc = Date.parse(`${date}T00:00:00Z`) + clock * minute
  return asUtc - offsetAt(asUtc - hour)
}

/** First and last moment of a delivery day, ms: 23, 24 or 25 hours. */
export const boundsOf = (date: string): readonly [number, number] => [momentOf(date, 0), momentOf(addDays(date, 1), 0)]
