/**
 * From a weather forecast to what a plan computes with: the mean of each step, corrected by what is measured at the
 * house. Temperatures in °C, irradiance in kW/m², the roof's power in kW, lengths in h.
 */
import type { Ahead } from '../estimate/validate.ts'
import type { Outlook } from '../house/types.ts'
import type { Reading } from '../safety/readings.ts'
import { firstFrom } from './first-from.ts'

const hour = 3_600_000
const day = 24 * hour

export type OutlookOnGrid = {
  /** Mean of each step. */
  readonly outdoor: readonly number[]
  readonly irradiance: readonly number[]
  readonly solar: readonly number[]
  /** h from now on that the forecast's temperatures cover; 0 where there is none. */
  readonly reach: number
  /** What was missing and how it was filled, in sentences. */
  readonly assumed: readonly string[]
}

type Field = 'temperature' | 'irradiance' | 'solarPower'
type Point = { readonly at: number; readonly value: number }

/** Points further apart are a hole, not a slow forecast: MET's last days come every six hours. */
const longestHole = 6.5 * hour

/**
 * Temperatures between two points lie on the line between them; before the first and after the last point they are
 * held. Sun and roof after the last point are those of the same time the day before, and nothing where that is unknown.
 *
 * @param steps lengths from `now` on, h
 * @param present °C outdoors, held where there is no forecast at all
 */
export function onGrid(
  outlooks: readonly Outlook[],
  now: number,
  steps: readonly number[],
  present?: number,
): OutlookOnGrid {
  const assumed: string[] = []
  const ends: number[] = []
  let end = now
  for (const hours of steps) {
    end += hours * hour
    ends.push(end)
  }
  const temperature = pointsOf(outlooks, 'temperature')
  const begins = [now, ...ends]
  const meanOf = (value: (at: number) => number) => ends.map((to, k) => meanBetween(begins[k]!, to, value))

  const still = Number.isFinite(present) ? present! : 0
  const outdoor =
    temperature.length > 0
      ? meanOf((at) => lineAt(temperature, at))
      : steps.map(() => Math.min(50, Math.max(-60, still)))
  const reach = Math.max(0, ((temperature.at(-1)?.at ?? now) - now) / hour)
  if (temperature.length === 0) {
    assumed.push(
      Number.isFinite(present)
        ? `There is no forecast: ${still.toFixed(1)} °C outdoors is held`
        : 'There is no forecast and no outdoor temperature: 0 °C is taken',
    )
  } else {
    if (temperature[0]!.at > now + hour)
      assumed.push('The forecast begins late: its first outdoor temperature is taken until then')
    if (end - temperature.at(-1)!.at > hour)
      assumed.push(`The forecast ends after ${Math.round(reach)} h: its last outdoor temperature is held`)
    if (temperature.some(({ at }, n) => n > 0 && at > now && at - temperature[n - 1]!.at > longestHole))
      assumed.push('The forecast has a hole: outdoor temperatures in it lie on a line')
  }

  const light = (field: 'irradiance' | 'solarPower', what: string) => {
    const points = pointsOf(outlooks, field)
    if (points.length === 0) return steps.map(() => 0)
    const last = points.at(-1)!.at
    if (end - last > hour) assumed.push(`The forecast of ${what} ends early: it is taken from the day before`)
    return meanOf((at) => Math.max(0, sunAt(points, at) / 1000))
  }
  return {
    outdoor,
    irradiance: light('irradiance', 'the sun').map((kw) => Math.min(1.4, kw)),
    solar: light('solarPower', 'the roof'),
    reach,
    assumed,
  }
}

const possible: Readonly<Record<Field, readonly [low: number, high: number]>> = {
  temperature: [-60, 50],
  irradiance: [0, 1400],
  solarPower: [0, 1e6],
}

/** What is known of a field, in order, each time once: of two values for one time the later in the list. */
function pointsOf(outlooks: readonly Outlook[], field: Field): Point[] {
  const [low, high] = possible[field]
  const known = new Map<number, number>()
  for (const outlook of outlooks) {
    const value = outlook[field]
    if (Number.isFinite(outlook.at) && value !== undefined && value >= low && value <= high)
      known.set(outlook.at, value)
  }
  return [...known].map(([at, value]) => ({ at, value })).sort((a, b) => a.at - b.at)
}

function lineAt(points: readonly Point[], at: number): number {
  const next = firstFrom(points, at)
  const after = points[next]
  const before = points[next - 1]
  if (!after) return before!.value
  if (!before) return after.value
  return before.value + ((after.value - before.value) * (at - before.at)) / (after.at - before.at)
}

/** After the last point as at the same time on the last day that is known. */
function sunAt(points: readonly Point[], at: number): number {
  const last = points.at(-1)!.at
  const source = at > last ? at - Math.ceil((at - last) / day) * day : at
  return source < points[0]!.at ? 0 : lineAt(points, source)
}

/** By the trapezoids of quarters of an hour: exact for lines between points on the quarter. */
function meanBetween(from: number, to: number, value: (at: number) => number): number {
  const pieces = Math.max(1, Math.ceil((to - from) / (hour / 4)))
  let sum = 0
  for (let n = 0; n < pieces; n++) {
    const begin = from + ((to - from) * n) / pieces
    const end = from + ((to - from) * (n + 1)) / pieces
    sum += (value(begin) + value(end)) / 2
  }
  return sum / pieces
}

export type Bias = {
  /** Measured less forecast over the days, K. */
  readonly mean: number
  /** The same over the last hours. */
  readonly recent: number
  /** Scatter of an hour about the mean, K. */
  readonly deviation: number
  /** Hours that were compared. */
  readonly hours: number
}

export const noBias: Bias = { mean: 0, recent: 0, deviation: 0, hours: 0 }

/** A sensor that sits in the sun, or a wrong place for the forecast: more than this is not corrected, K. */
const mostBias = 5

/**
 * By how much the forecast of the last week was off at this house. Hours without a reading or a forecast are left out;
 * below a day of them nothing is corrected.
 *
 * @param pastForecast as it was made at the time, such as a few hours ahead
 * @param measured outdoors, °C
 */
export function biasOf(
  pastForecast: readonly Outlook[],
  measured: readonly Reading[],
  { days = 7, recentHours = 3 }: { readonly days?: number; readonly recentHours?: number } = {},
): Bias {
  const points = pointsOf(pastForecast, 'temperature')
  const sums = new Map<number, { sum: number; count: number }>()
  for (const { at, value } of measured) {
    if (!Number.isFinite(at) || value === null || !(value >= -60 && value <= 50)) continue
    const begin = Math.floor(at / hour) * hour
    const so = sums.get(begin) ?? { sum: 0, count: 0 }
    sums.set(begin, { sum: so.sum + value, count: so.count + 1 })
  }
  const newest = [...sums.keys()].reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const errors: { at: number; error: number }[] = []
  for (const [at, { sum, count }] of sums) {
    const middle = at + hour / 2
    const next = firstFrom(points, middle)
    const [before, after] = [points[next - 1], points[next]]
    if (at <= newest - days * day || !before || !after || after.at - before.at > longestHole) continue
    errors.push({ at, error: sum / count - lineAt(points, middle) })
  }
  if (errors.length < 24) return { ...noBias, hours: errors.length }
  const mean = errors.reduce((sum, { error }) => sum + error, 0) / errors.length
  const last = errors.filter(({ at }) => at > newest - recentHours * hour)
  const recent = last.length > 0 ? last.reduce((sum, { error }) => sum + error, 0) / last.length : mean
  const deviation = Math.sqrt(errors.reduce((sum, { error }) => sum + (error - mean) ** 2, 0) / errors.length)
  const bounded = (kelvin: number) => Math.min(mostBias, Math.max(-mostBias, kelvin))
  return { mean: bounded(mean), recent: bounded(recent), deviation, hours: errors.length }
}

/**
 * The forecast moved by its bias: by what was off in the last hours now, by the mean of the week later. What the last
 * hours were off beyond that mean fades with the lead.
 *
 * @param fading lead after which 1/e of it is left, h
 */
export function corrected(
  outdoor: readonly number[],
  steps: readonly number[],
  { mean, recent }: Bias,
  fading = 6,
): number[] {
  let lead = 0
  return outdoor.map((celsius, k) => {
    const hours = steps[k] ?? 0
    const middle = lead + hours / 2
    lead += hours
    return celsius + mean + (recent - mean) * Math.exp(-middle / fading)
  })
}

/** A model's error some hours ahead, on the line between what was validated; from 0 now, held after the longest. */
export function errorAhead(ahead: readonly Ahead[], hours: number): number {
  const known = ahead
    .filter(({ error, count }) => Number.isFinite(error) && count > 0)
    .sort((a, b) => a.hours - b.hours)
  const points = [{ at: 0, value: 0 }, ...known.map((each) => ({ at: each.hours, value: each.error }))]
  return lineAt(points, Math.max(0, hours))
}

/**
 * The lower comfort limit raised by what the model may be off: 1.3 standard deviations keep nine of ten hours warm. Never
 * above the middle of what is comfortable, so that the band stays of use.
 *
 * @param ahead error of the room's model by lead, from its validation
 * @param most K; the plan is made anew long before its later hours come
 */
export function backedOff(
  lower: readonly number[],
  upper: readonly number[],
  steps: readonly number[],
  ahead: readonly Ahead[],
  { factor = 1.3, most = 0.5 }: { readonly factor?: number; readonly most?: number } = {},
): number[] {
  let lead = 0
  return lower.map((low, k) => {
    lead += steps[k] ?? 0
    const margin = Math.min(most, factor * errorAhead(ahead, lead))
    return Math.max(low, Math.min(low + margin, (low + (upper[k] ?? low)) / 2))
  })
}
