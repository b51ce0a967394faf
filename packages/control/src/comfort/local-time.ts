/** The local calendar of a zone, for what people set by the clock on their wall. */
import { localTimeOf } from '@nabolag/core'

export type LocalTime = {
  /** YYYY-MM-DD. */
  readonly date: string
  /** 1 Monday … 7 Sunday. */
  readonly weekday: number
  /** 0 … 23, as the wall clock shows it: one is missing on the day with 23 hours, one comes twice on that with 25. */
  readonly hour: number
  readonly minute: number
}

/**
 * What the wall clock shows.
 *
 * @param time ms since 1970, UTC
 * @param zone IANA name, such as Europe/Oslo
 * @throws RangeError when there is no such zone, or the time is not one
 */
export function localTime(time: number, zone: string): LocalTime {
  const { date, weekday, hour, minute } = localTimeOf(time, zone)
  return { date, weekday: weekday || 7, hour, minute }
}

/** `07:05`. */
export function clockOf(time: number, zone: string): string {
  const { hour, minute } = localTime(time, zone)
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
}
