/**
 * Which thermometer follows which heat pump, from the data alone: what a heat pump does (its power where that is logged,
 * else how far its wish is above the room while it is on) against how quickly a thermometer rises, some minutes later.
 * What all rooms have in common (the weather, the clock, the other rooms) is taken out of both first.
 */
import type { TimedValue } from '../estimate/samples.ts'
import type { Place, Sensor } from '../house/types.ts'
import {
  correlationAt,
  leftAfter,
  meanOf,
  onGrid,
  rateOf,
  step,
  stepMinutes,
  withoutRhythm,
  withoutTrend,
} from './grid.ts'

/** Times in ms; °C. */
export type SensorSeries = {
  readonly sensor: Sensor
  /** As people call it, such as `Mill in the bedroom`. */
  readonly name?: string
  readonly readings: readonly TimedValue[]
}

/** What is known of what an actuator did. A wish holds until the next one. */
export type ActuatorSeries = {
  readonly actuator: Place
  /** As people call it, such as `the heat pump in the main room`. */
  readonly name?: string
  /** W. */
  readonly power?: readonly TimedValue[]
  /** °C. */
  readonly target?: readonly TimedValue[]
  /** 1 while it is on, 0 while it is not; on all the time when left out. */
  readonly on?: readonly TimedValue[]
  /** Its own thermometer, °C. */
  readonly own?: readonly TimedValue[]
}

export type Following =
  | {
      readonly outcome: 'found'
      /** Of the rate of the temperature with what the actuator did, and its 95 % interval. */
      readonly correlation: number
      readonly low: number
      readonly high: number
      readonly lagMinutes: number
      /** Of data in which both were known. */
      readonly hours: number
      /** As many independent pairs tell as much. */
      readonly worth: number
    }
  | {
      readonly outcome: 'not-enough-data'
      readonly because: string
      readonly hours: number
      /** Correlation with what the heat pump did later, where that is clear: one of the two has a wrong clock. */
      readonly ahead?: number
    }

export type FollowData = {
  readonly sensors: readonly SensorSeries[]
  readonly actuators: readonly ActuatorSeries[]
  /** °C. */
  readonly outdoor?: readonly TimedValue[]
}

/** Readings may come once in so many steps, a wish is logged when somebody asks for it. */
const holdReadings = 3
const holdWishes = 18
const longestLag = 120 / stepMinutes
export const leastHours = 72
/** Of two thermometers this alike, one may stand in the other's room. */
const alike = 0.7

/** How far above the room a heat pump is told to go counts up to here, K: more makes it work no harder. */
const hardest = 3

/** For each sensor, how it follows each actuator, in their order. */
export function followCorrelations({ sensors, actuators, outdoor = [] }: FollowData): Following[][] {
  const span = spanOf([...sensors.map(({ readings }) => readings), ...actuators.flatMap(seriesOf)])
  if (!span) return sensors.map(() => actuators.map(() => lacking('Not enough data: nothing was logged', 0)))
  const { from, count } = span
  const outside = withoutTrend(onGrid(outdoor, from, count, holdWishes))
  const rates = sensors.map(({ readings }) => withoutRhythm(rateOf(onGrid(readings, from, count, holdReadings))))
  const drives = actuators.map((actuator) => drivesOf(actuator, from, count))
  // What the others did at the same time explains nothing of this one.
  const causesBy = (kind: 'power' | 'wish') => {
    const shaped = drives.map(({ [kind]: drive }) => drive && withoutRhythm(withoutTrend(drive)))
    return shaped.map((drive, i) => {
      const others = shaped.filter((other, j): other is Float64Array => j !== i && other !== undefined)
      if (!drive) return undefined
      const left = leftAfter(drive, others.map(known))
      return { drive: drives[i]![kind]!, left, ownShare: varianceOf(left) / varianceOf(drive) }
    })
  }
  const causes = [causesBy('power'), causesBy('wish')]
  return rates.map((rate, i) => {
    const others = rates.filter((other, j) => j !== i && correlationAt(other, rate, 0).value < alike)
    const effect = leftAfter(rate, [meanOf(others, count), known(outside)])
    return actuators.map((_, a) =>
      causes
        .map((kind) => kind[a])
        .filter((cause) => cause !== undefined)
        .map((cause) => followOf(cause, effect))
        .reduce(better, lacking('Not enough data: neither power nor wish of the heat pump was logged', 0)),
    )
  })
}

const better = (a: Following, b: Following): Following =>
  b.outcome === 'found' && (a.outcome !== 'found' || b.correlation > a.correlation)
    ? b
    : a.hours < b.hours && a.outcome !== 'found'
      ? b
      : a

/** How one thermometer follows one actuator; `others` are the rest of the house, which sharpens the answer. */
export const followCorrelation = (
  sensor: SensorSeries,
  actuator: ActuatorSeries,
  others: Partial<FollowData> = {},
): Following =>
  followCorrelations({
    sensors: [sensor, ...(others.sensors ?? []).filter((other) => other !== sensor)],
    actuators: [actuator, ...(others.actuators ?? []).filter((other) => other !== actuator)],
    outdoor: others.outdoor,
  })[0]![0]!

const lacking = (because: string, hours: number): Extract<Following, { outcome: 'not-enough-data' }> => ({
  outcome: 'not-enough-data',
  because,
  hours,
})
const seriesOf = ({ power, target, on, own }: ActuatorSeries) => [power ?? [], target ?? [], on ?? [], own ?? []]
const known = (values: Float64Array) => values.map((value) => (Number.isFinite(value) ? value : 0))

/** The time that anything is known of, on whole steps; at most a year of it, the newest. */
function spanOf(all: readonly (readonly TimedValue[])[]): { from: number; count: number } | undefined {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const series of all)
    for (const { time } of series) {
      if (time < from) from = time
      if (time > to) to = time
    }
  if (!(to > from)) return undefined
  const most = (366 * 24 * 60) / stepMinutes
  const end = Math.floor(to / step) + 1
  const begin = Math.max(Math.floor(from / step), end - most)
  return { from: begin * step, count: end - begin }
}

type Cause = {
  readonly drive: Float64Array
  readonly left: Float64Array
  /** Of what it did apart from the daily rhythm, the share that the other heat pumps did not do at the same time. */
  readonly ownShare: number
}

/** With less of its own, which of the heat pumps warmed a room cannot be told. */
const leastOwnShare = 0.1
/** A thermometer that rises so much earlier than the heat that it follows does not tell the time that the heat pump does. */
const earliest = 120 / stepMinutes

function varianceOf(values: Float64Array): number {
  const known = values.filter(Number.isFinite)
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length
  return known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length
}

/** Correlation with what the heat pump did later, where it is clearly more than with what it did before: no heat does that. */
function aheadOf({ left: cause }: Cause, effect: Float64Array, best: number): number | undefined {
  const values = Array.from({ length: earliest - 1 }, (_, n) => correlationAt(effect, cause, n + 2).value)
  const most = Math.max(...values)
  return most > 0.2 && most > 1.5 * best ? most : undefined
}

/** What it did, as far as it is known: its power, W, and the kelvins asked for. */
function drivesOf({ power, target, on, own }: ActuatorSeries, from: number, count: number) {
  const watts = power && power.length > 0 ? onGrid(power, from, count, holdReadings) : undefined
  if (!target || target.length === 0) return { power: watts }
  const wish = onGrid(target, from, count, holdWishes)
  const works = on && on.length > 0 ? onGrid(on, from, count, holdWishes) : wish.map(() => 1)
  const room = own && own.length > 0 ? onGrid(own, from, count, holdReadings) : undefined
  // Without a thermometer of its own, the wish itself: it says when it began to work harder.
  const asked = room ? wish.map((value, n) => Math.min(hardest, Math.max(-0.5, value - room[n]!))) : wish
  return { power: watts, wish: asked.map((value, n) => value * works[n]!) }
}

function followOf(given: Cause, effect: Float64Array): Following {
  const { drive, left: cause, ownShare } = given
  let best = { value: -1, pairs: 0 }
  let lag = 0
  for (let n = 0; n <= longestLag; n++) {
    const found = correlationAt(cause, effect, n)
    if (found.value > best.value) {
      best = found
      lag = n
    }
  }
  const hours = (best.pairs * stepMinutes) / 60
  if (hours < leastHours)
    return lacking(
      `Not enough data: ${Math.floor(hours)} hours in which both were known, ${leastHours} are needed`,
      hours,
    )
  if (changesOf(drive) < leastChanges)
    return lacking('Not enough data: the heat pump hardly changed what it did', hours)
  if (!(ownShare >= leastOwnShare))
    return lacking('Not enough data: the heat pump did the same as the others at the same times', hours)
  const ahead = aheadOf(given, effect, best.value)
  if (ahead !== undefined)
    return { ...lacking('It rises before the heat pump works: is its clock right?', hours), ahead }
  const worth = Math.max(4, best.pairs / stretchOf(cause, effect))
  const z = Math.atanh(Math.min(0.999, Math.max(-0.999, best.value)))
  const error = 1.96 / Math.sqrt(worth - 3)
  const { tanh } = Math
  return {
    ...{ outcome: 'found', correlation: best.value, low: tanh(z - error), high: tanh(z + error) },
    ...{ lagMinutes: lag * stepMinutes, hours, worth },
  }
}

const leastChanges = 6

/** How often it went from less than its usual to more and back. */
function changesOf(drive: Float64Array): number {
  const sorted = drive.filter(Number.isFinite).toSorted()
  const low = sorted[Math.floor(sorted.length * 0.1)] ?? 0
  const high = sorted[Math.floor(sorted.length * 0.9)] ?? 0
  if (high - low < 0.2) return 0
  const [below, above] = [low + 0.35 * (high - low), low + 0.65 * (high - low)]
  let changes = 0
  let was: boolean | undefined
  for (const value of drive) {
    const is = value > above ? true : value < below ? false : undefined
    if (is === undefined) continue
    if (was !== undefined && is !== was) changes++
    was = is
  }
  return changes
}

/** By how much fewer the independent pairs are, where both series hang together (Bartlett). */
function stretchOf(x: Float64Array, y: Float64Array): number {
  let sum = 1
  for (let lag = 1; lag <= 36; lag++) sum += 2 * correlationAt(x, x, lag).value * correlationAt(y, y, lag).value
  return Math.max(1, sum)
}
