/** Times as files write them: ISO 8601, a Norwegian date, or a number since 1970. */
import { type Micros, parseTime } from '@nabolag/core'

/** Whole numbers since 1970 by their length: s, ms, µs, ns. */
const byDigits: readonly [number, number][] = [
  [11, 1e6],
  [14, 1e3],
  [17, 1],
  [20, 1e-3],
]
const norwegian = /^(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ T,]+(\d{1,2})[:.](\d\d)(?:[:.](\d\d)([.,]\d+)?)?)?$/
const withZone = /(?:Z|z|[+-]\d\d(?::?\d\d)?)$/

/** Reads times; one without a zone is of the zone given (an IANA name). The earlier one where a clock is put back. */
export function timeReader(zone: string): (text: string) => Micros | undefined {
  const offset = offsetsOf(zone)
  return (text) => {
    const trimmed = text.trim()
    if (/^-?\d{9,20}$/.test(trimmed)) {
      const [, scale = 1] = byDigits.find(([digits]) => trimmed.replace('-', '').length < digits) ?? []
      return scale < 1 ? Number(BigInt(trimmed) / 1000n) : Number(trimmed) * scale
    }
    const found = norwegian.exec(trimmed)
    const iso = found ? isoOf(found) : trimmed
    const time = parseTime(iso)
    if (time === undefined || zone === 'UTC' || (iso.length > 10 && withZone.test(iso))) return time
    return time - offset(time / 1000) * 60_000_000
  }
}

function isoOf([
  ,
  day = '',
  month = '',
  year,
  hour = '0',
  minute = '00',
  second = '00',
  fraction = '',
]: RegExpExecArray) {
  const two = (text: string) => text.padStart(2, '0')
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${minute}:${second}${fraction}`
}

const quarter = 900_000
const day = 86_400_000

/** Minutes that a clock in the zone is ahead of UTC, by what it shows (ms, as if it were UTC). */
function offsetsOf(zone: string): (shown: number) => number {
  if (zone === 'UTC') return () => 0
  const format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeZoneName: 'longOffset' })
  const at = (moment: number) => {
    const name = format.formatToParts(moment).find(({ type }) => type === 'timeZoneName')?.value ?? ''
    const [, sign, hours = '0', minutes = '0'] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(name) ?? []
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
  }
  const known = new Map<number, number>()
  return (shown) => {
    const key = Math.floor(shown / quarter)
    const before = known.get(key)
    if (before !== undefined) return before
    const moment = key * quarter
    const candidates = [at(moment - day), at(moment + day)].sort((a, b) => b - a)
    // In the hour that is skipped no candidate fits: the clock was not put forward yet.
    const found = candidates.find((minutes) => at(moment - minutes * 60_000) === minutes) ?? at(moment - day)
    if (known.size > 100_000) known.clear()
    known.set(key, found)
    return found
  }
}
