/** Norwegian public holidays: `helligdager` by the law of 1995, and 1 and 17 May by that of 1947. */
import { addDays } from '@nabolag/core'

/** Easter Sunday of a year in the Gregorian calendar, `2026-04-05`; by Meeus, Jones and Butcher's computus. */
export function easterSunday(year: number): string {
  const a = year % 19
  const century = Math.floor(year / 100)
  const inCentury = year % 100
  const skipped = century - Math.floor(century / 4) - Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3)
  const epact = (19 * a + skipped + 15) % 30
  const toSunday = (32 + 2 * (century % 4) + 2 * Math.floor(inCentury / 4) - epact - (inCentury % 4)) % 7
  const late = Math.floor((a + 11 * epact + 22 * toSunday) / 451)
  const day = epact + toSunday - 7 * late + 114
  return `${year}-${String(Math.floor(day / 31)).padStart(2, '0')}-${String((day % 31) + 1).padStart(2, '0')}`
}

const fixed = ['01-01', '05-01', '05-17', '12-25', '12-26']
/** Maundy Thursday, Good Friday, Easter Sunday and Monday, Ascension Day, Whit Sunday and Monday: days from Easter. */
const movable = [-3, -2, 0, 1, 39, 49, 50]

const years = new Map<number, ReadonlySet<string>>()

/** The dates of a year's public holidays. Christmas Eve and New Year's Eve are none. */
export function publicHolidays(year: number): ReadonlySet<string> {
  const known = years.get(year)
  if (known) return known
  const easter = easterSunday(year)
  const dates = new Set([...fixed.map((date) => `${year}-${date}`), ...movable.map((days) => addDays(easter, days))])
  years.set(year, dates)
  return dates
}

export const isPublicHoliday = (date: string): boolean => publicHolidays(Number(date.slice(0, 4))).has(date)
