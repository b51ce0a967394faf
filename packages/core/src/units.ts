/**
 * Units and time. Inside the system a quantity is a plain number in the one unit that `groups.ts` states for its
 * field; the functions below are the only way in from a vendor's unit. Every mark is a type of its own, so that the
 * wrong conversion does not compile.
 */

declare const unit: unique symbol

/** A number that is known to be in unit `U`. Structurally a number at run time. */
export type In<U extends string> = number & { readonly [unit]?: U }

export type Watts = In<'W'>
export type KilowattHours = In<'kWh'>
export type Celsius = In<'°C'>
export type Percent = In<'%'>

/** Watts, as given. */
export const W = (watts: number): Watts => watts as Watts
/** Kilowatts to watts. */
export const kW = (kilowatts: number): Watts => (kilowatts * 1000) as Watts
/** Kilowatt-hours, as given. */
export const kWh = (kilowattHours: number): KilowattHours => kilowattHours as KilowattHours
/** Watt-hours to kilowatt-hours. */
export const Wh = (wattHours: number): KilowattHours => (wattHours / 1000) as KilowattHours
/** Degrees Celsius, as given. */
export const celsius = (degrees: number): Celsius => degrees as Celsius
/** Degrees Fahrenheit to Celsius. */
export const fahrenheit = (degrees: number): Celsius => (((degrees - 32) / 9) * 5) as Celsius
/** A share of one (0 to 1) to percent. */
export const share = (ofOne: number): Percent => (ofOne * 100) as Percent
/** Percent, as given. */
export const percent = (value: number): Percent => value as Percent

/** Microseconds since 1970-01-01T00:00:00Z: the resolution of the store, and exact in a double until the year 2255. */
export type Micros = number & { readonly [unit]?: 'µs' }

/** Milliseconds since the epoch (what `Date.now()` gives) to microseconds. */
export const microsFromMillis = (millis: number): Micros => Math.round(millis * 1000)

/** Microseconds to a JavaScript `Date`, which keeps milliseconds only. */
export const dateFromMicros = (micros: Micros): Date => new Date(Math.floor(micros / 1000))

const isoTime =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?(?: ?(Z|z|[+-]\d\d(?::?\d\d)?))?$/

/**
 * Reads an ISO 8601 time down to the microsecond. A time without a zone is UTC (the older form of the bus message
 * writes it so); a date alone is its midnight. Digits after the sixth of the fraction are cut off.
 *
 * @returns microseconds since the epoch, or `undefined` for anything that is not such a time in the years 1700 to 2254.
 */
export function parseTime(text: string): Micros | undefined {
  const match = isoTime.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = match
  const fields = [year, month, day, hour, minute, second].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const [y, mo, d, h, mi, s] = fields
  // Beyond these years a microsecond is not exact in a double.
  if (y < 1700 || y > 2254 || mo < 1 || mo > 12 || d < 1 || h > 23 || mi > 59 || s > 59) return undefined
  const whole = Date.UTC(y, mo - 1, d, h, mi, s)
  if (new Date(whole).getUTCDate() !== d) return undefined
  const offset = offsetMinutes(zone)
  if (offset === undefined) return undefined
  return (whole - offset * 60_000) * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0'))
}

function offsetMinutes(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0')
  const hours = Number(digits.slice(0, 2))
  const minutes = Number(digits.slice(2))
  if (hours > 18 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}

/** Writes microseconds as ISO 8601 in UTC; the fraction has six digits, or none when it is zero. */
export function formatTime(micros: Micros): string {
  const seconds = Math.floor(micros / 1_000_000)
  const fraction = micros - seconds * 1_000_000
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19)
  return fraction === 0 ? `${whole}Z` : `${whole}.${String(fraction).padStart(6, '0')}Z`
}
