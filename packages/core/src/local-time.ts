/**
 * Local time at the edges of a program that reckons in UTC: any IANA time zone, by the platform's own tables, asked a
 * few dozen times for each year and zone and remembered.
 */

const minute = 60_000
const day = 86_400_000

/** From `at` on, local time is `offset` ms ahead of UTC. */
type Change = { readonly at: number; readonly offset: number }
const zones = new Map<string, Map<number, readonly Change[]>>()
const clocks = new Map<string, Intl.DateTimeFormat>()

function askedOffset(ms: number, timezone: string): number {
  let clock = clocks.get(timezone)
  if (!clock) {
    clock = new Intl.DateTimeFormat('en', { timeZone: timezone, timeZoneName: 'longOffset' })
    clocks.set(timezone, clock)
  }
  const name = clock.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = /([+-])(\d+):?(\d+)?:?(\d+)?/.exec(name) ?? []
  const size = Number(hours) * 3_600_000 + Number(minutes) * minute + Number(seconds) * 1000
  return sign === '-' ? -size : size
}

function changesOf(year: number, timezone: string): readonly Change[] {
  let years = zones.get(timezone)
  if (!years) {
    years = new Map()
    zones.set(timezone, years)
  }
  const known = years.get(year)
  if (known) return known
  const start = Date.UTC(year, 0, 1)
  const end = Date.UTC(year + 1, 0, 1)
  const changes: Change[] = [{ at: start, offset: askedOffset(start, timezone) }]
  // Steps shorter than any time that clocks have been changed for: a month, in Morocco's Ramadan.
  for (let low = start; low < end; low += 25 * day) {
    let before = low
    let after = Math.min(low + 25 * day, end)
    const offset = askedOffset(after, timezone)
    if (offset === changes.at(-1)?.offset) continue
    while (after - before > minute) {
      const middle = before + Math.floor((after - before) / 2 / minute) * minute
      if (askedOffset(middle, timezone) === offset) after = middle
      else before = middle
    }
    changes.push({ at: after, offset })
  }
  years.set(year, changes)
  return changes
}

/**
 * Milliseconds that local time is ahead of UTC at a moment.
 *
 * @param timezone as in `Europe/Oslo`
 * @throws RangeError for a time zone that does not exist
 */
export function offsetAt(ms: number, timezone: string): number {
  const changes = changesOf(new Date(ms).getUTCFullYear(), timezone)
  for (let i = changes.length - 1; i > 0; i--) if (changes[i]!.at <= ms) return changes[i]!.offset
  return changes[0]!.offset
}

export type LocalTime = {
  /** `2026-01-31` */
  readonly date: string
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  /** 1 to 31. */
  readonly day: number
  /** 0 to 23. */
  readonly hour: number
  readonly minute: number
  /** 0 is Sunday. */
  readonly weekday: number
}

/** What calendar and clock on the wall show at a moment. */
export function localTimeOf(ms: number, timezone: string): LocalTime {
  const wall = new Date(ms + offsetAt(ms, timezone))
  return {
    date: dateOf(wall),
    year: wall.getUTCFullYear(),
    month: wall.getUTCMonth() + 1,
    day: wall.getUTCDate(),
    hour: wall.getUTCHours(),
    minute: wall.getUTCMinutes(),
    weekday: wall.getUTCDay(),
  }
}

/** The local date of a moment, `2026-01-31`. */
export const localDateOf = (ms: number, timezone: string): string => dateOf(new Date(ms + offsetAt(ms, timezone)))

/** By the number of the day since 1970; writing a date is what asking for it costs. */
const dates = new Map<number, string>()
const mostDates = 20_000

function dateOfDay(number: number): string {
  let date = dates.get(number)
  if (date === undefined) {
    date = new Date(number * day).toISOString().slice(0, 10)
    if (dates.size >= mostDates) dates.clear()
    dates.set(number, date)
  }
  return date
}

const dateOf = (wall: Date): string => dateOfDay(Math.floor(wall.getTime() / day))

/**
 * The moment of a clock time on a local date, ms. A time that the clocks skip in spring is taken as much later as they
 * skip; of one that comes twice in autumn, the first.
 *
 * @param clock minutes since midnight as the clock shows them, 0 to 1440
 */
export function momentOfLocal(date: string, clock: number, timezone: string): number {
  const wall = Date.parse(`${date}T00:00:00Z`) + clock * minute
  const early = wall - offsetAt(wall - day, timezone)
  const late = wall - offsetAt(wall + day, timezone)
  const fits = (ms: number) => ms + offsetAt(ms, timezone) === wall
  return fits(early) || !fits(late) ? early : late
}

/** First moment of a local date and first of the next one, ms: 23, 24 or 25 hours. */
export const localDay = (date: string, timezone: string): readonly [from: number, to: number] => [
  momentOfLocal(date, 0, timezone),
  momentOfLocal(addDays(date, 1), 0, timezone),
]

/** The date so many days later, `2026-02-01`. */
export const addDays = (date: string, days: number): string =>
  dateOfDay(Math.floor(Date.parse(`${date}T12:00:00Z`) / day) + days)
