/** What comes to a twin from outside: the weather as it was, and what a forecast said of it before. */
import type { Outlook, SpotEntry } from '@nabolag/control'
import { addDays, localTimeOf, momentOfLocal } from '@nabolag/core'
import { clamp, random, round, smooth } from '../world/noise.ts'
import { spotPriceAt } from '../world/prices.ts'
import { type Place, sunHeight, weatherAt } from '../world/weather.ts'

const hour = 3_600_000

export type Outside = {
  /** °C, %, % of the sky, W/m² on level ground. */
  readonly temperature: number
  readonly humidity: number
  readonly cloud: number
  readonly irradiance: number
}
export type OutsideAt = (ms: number) => Outside

/** One hour or less of measured or logged weather; what is missing is as usual. */
export type WeatherPoint = { readonly at: number } & Partial<Outside>

/** W/m² on level ground under so much cloud, %; by the rule of Kasten and Czeplak. */
const sunThrough = (place: Place, ms: number, cloud: number): number =>
  1030 * Math.max(0, sunHeight(place, ms)) ** 1.15 * (1 - 0.75 * (cloud / 100) ** 3.4)

/** The simulated world's weather. */
export const worldWeather =
  (seed: number, place: Place): OutsideAt =>
  (ms) =>
    weatherAt(seed, place, ms)

/**
 * Weather from points in time, in a line between them. Before the first and after the last it stays.
 *
 * @throws RangeError without a single point that has a temperature
 */
export function weatherFrom(points: readonly WeatherPoint[], place: Place): OutsideAt {
  const known = points
    .filter(({ at, temperature }) => Number.isFinite(at) && Number.isFinite(temperature))
    .toSorted((a, b) => a.at - b.at)
  if (known.length === 0) throw new RangeError('There is no weather: not one temperature is known')
  const firstAfter = (ms: number) => {
    let low = 0
    let high = known.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (known[middle]!.at <= ms) low = middle + 1
      else high = middle
    }
    return low
  }
  return (ms) => {
    const next = firstAfter(ms)
    const after = known[Math.min(next, known.length - 1)]!
    const before = known[Math.max(0, next - 1)]!
    const share = after.at > before.at ? clamp((ms - before.at) / (after.at - before.at), 0, 1) : 0
    const between = (of: keyof Outside, usual: number) => {
      const first = before[of] ?? after[of] ?? usual
      return first + share * ((after[of] ?? first) - first)
    }
    const cloud = between('cloud', 60)
    const measured = before.irradiance !== undefined || after.irradiance !== undefined
    return {
      temperature: between('temperature', 0),
      humidity: between('humidity', 80),
      cloud,
      irradiance: measured ? between('irradiance', 0) : sunThrough(place, ms, cloud),
    }
  }
}

/**
 * What a forecast issued at `issued` says of a time: what came, and an error that grows with the root of the lead and
 * hangs together from hour to hour. One issue always says the same.
 *
 * @param error K of the temperature after one hour of lead; 0 for a perfect forecast
 */
export function forecastOf(outside: OutsideAt, seed: number, error: number, issued: number, at: number): Outlook {
  const truth = outside(at)
  const lead = Math.sqrt(Math.max(0, (at - issued) / hour))
  const own = seed + Math.floor(random(seed, issued / hour) * 1e6)
  const off = (nth: number, size: number) => error * size * lead * smooth(own + nth, at / hour / 9)
  const cloud = clamp(truth.cloud + off(3, 18), 0, 100)
  const shade = (share: number) => 1 - 0.75 * (share / 100) ** 3.4
  return {
    at,
    temperature: round(truth.temperature + off(1, 1), 1),
    humidity: round(clamp(truth.humidity + off(2, 5), 5, 100), 1),
    cloud: round(cloud, 1),
    irradiance: Math.max(0, round((truth.irradiance * shade(cloud)) / shade(truth.cloud), 1)),
  }
}

/** Whole hours from one before the issue to `ahead` after it. */
export const outlooks = (
  outside: OutsideAt,
  seed: number,
  error: number,
  issued: number,
  ahead: number,
): readonly Outlook[] =>
  Array.from({ length: ahead + 2 }, (_, n) => forecastOf(outside, seed, error, issued, issued + (n - 1) * hour))

/** The simulated world's day-ahead prices by the hour, NOK/kWh without VAT. */
export function worldSpot(seed: number, from: number, to: number): SpotEntry[] {
  const first = Math.floor(from / hour) * hour
  const count = Math.max(0, Math.ceil((to - first) / hour))
  return Array.from({ length: count }, (_, n) => {
    const start = first + n * hour
    return { start, end: start + hour, price: spotPriceAt(seed, start) }
  })
}

/** Until when prices are published at a time: the end of today, and from 13:00 local of tomorrow. */
export function knownUntil(now: number, timezone: string): number {
  const { date, hour: clock } = localTimeOf(now, timezone)
  return momentOfLocal(addDays(date, clock >= 13 ? 2 : 1), 0, timezone)
}

/** Of entries in order, those that lie between, in part or whole. */
export function entriesBetween(entries: readonly SpotEntry[], from: number, to: number): readonly SpotEntry[] {
  const firstWith = (holds: (entry: SpotEntry) => boolean) => {
    let low = 0
    let high = entries.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (holds(entries[middle]!)) high = middle
      else low = middle + 1
    }
    return low
  }
  return entries.slice(
    firstWith(({ end }) => end > from),
    firstWith(({ start }) => start >= to),
  )
}
