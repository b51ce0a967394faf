/** Who belongs together, and which of the mappings that people made the data contradict. */
import type { Place, Sensor } from '../house/types.ts'
import {
  type ActuatorSeries,
  type FollowData,
  type Following,
  followCorrelations,
  type SensorSeries,
} from './follow.ts'

export type Pair = {
  readonly sensor: Sensor
  readonly actuator: Place
  /** `part-of-it`: its own thermometer; `data`: it follows it; `name`: both have the same name, and the data say nothing yet. */
  readonly by: 'part-of-it' | 'data' | 'name'
  /** Of the data, where there are enough. */
  readonly following: Following
  readonly sentence: string
}

export type Proposal = {
  readonly pairs: readonly Pair[]
  /** One for each actuator: its sensors, the one that follows best first. */
  readonly rooms: readonly { readonly name: string; readonly sensors: readonly Sensor[]; readonly actuator: Place }[]
  readonly unmatched: readonly { readonly sensor: Sensor; readonly because: string }[]
}

/** A thermometer that follows less than this follows nothing. */
const leastCorrelation = 0.2

/**
 * Each thermometer to at most one actuator: its own one, else the one it follows clearly better than every other. A name
 * alone is a weak hint: it counts only where the data are too few, and is said.
 */
export function proposeRooms(data: FollowData): Proposal {
  const found = followCorrelations(data)
  // A heat pump's own thermometer feels its air first: it is no measure for those in the room.
  const isPart = data.sensors.map(({ sensor }) => data.actuators.some(({ actuator }) => isSame(actuator, sensor)))
  const strongestOf = (index: number) =>
    Math.max(
      0,
      ...found.map((row, n) => (!isPart[n] && row[index] && isFound(row[index]) ? row[index].correlation : 0)),
    )
  const pairs: Pair[] = []
  const unmatched: { sensor: Sensor; because: string }[] = []
  for (const [n, series] of data.sensors.entries()) {
    const pair = pairOf(series, data, found[n]!, strongestOf)
    if (typeof pair === 'string') unmatched.push({ sensor: series.sensor, because: pair })
    else pairs.push(pair)
  }
  const rooms = data.actuators.map(({ actuator }) => {
    const mine = pairs.filter((pair) => isSame(pair.actuator, actuator))
    return {
      name: actuator.location || actuator.device,
      sensors: mine.toSorted((a, b) => rankOf(b) - rankOf(a)).map(({ sensor }) => sensor),
      actuator,
    }
  })
  return { pairs, rooms, unmatched }
}

export const isSame = (a: Place, b: Place): boolean =>
  a.device === b.device && a.count === b.count && a.location === b.location

/** A thermometer in the room says more than the one in the heat pump, which feels its own air. */
const rankOf = ({ by, following }: Pair): number =>
  by === 'data' && following.outcome === 'found' ? 1 + following.correlation : by === 'part-of-it' ? 0.5 : 0

/** Of two thermometers in one room neither follows less than half as closely: one that does is in a room beside it. */
const besideShare = 0.5

/** @param strongest how closely the thermometer follows an actuator that does so best */
function pairOf(
  series: SensorSeries,
  { actuators }: FollowData,
  found: readonly Following[],
  strongest: (index: number) => number,
): Pair | string {
  const { sensor } = series
  const own = actuators.findIndex(({ actuator }) => isSame(actuator, sensor))
  if (own >= 0) {
    const { actuator } = actuators[own]!
    const sentence = `The thermometer in ${titleOf(actuators[own]!)} is part of it`
    return { sensor, actuator, by: 'part-of-it', following: found[own]!, sentence }
  }
  const best = bestOf(found)
  const ahead = aheadOf(found)
  if (ahead) return `${nameOf(series)} cannot be placed. ${ahead.because}`
  if (best && best.first.correlation >= leastCorrelation && best.first.low > 0.05 && isClear(best.first, best.second)) {
    const follows = actuators[best.index]!
    if (best.first.correlation < besideShare * strongest(best.index))
      return `${nameOf(series)} follows ${titleOf(follows)} much less closely than another thermometer does (${best.first.correlation.toFixed(2)} against ${strongest(best.index).toFixed(2)}): it may be in a room beside it`
    const sentence = sentenceOf(series, follows, best.first)
    return { sensor, actuator: follows.actuator, by: 'data', following: best.first, sentence }
  }
  const named = actuators.findIndex(({ actuator }) => sameName(sensor, actuator))
  const hint = found[named]
  if (hint?.outcome === 'not-enough-data') {
    const { actuator } = actuators[named]!
    const sentence = `${nameOf(series)} has the same name as ${titleOf(actuators[named]!)}; that is only a hint. ${hint.because}`
    return { sensor, actuator, by: 'name', following: hint, sentence }
  }
  if (actuators.length === 0) return 'There is no heat pump to follow'
  if (!best) return found.find((one) => one.outcome === 'not-enough-data')?.because ?? 'Not enough data'
  const { first, second } = best
  if (first.correlation < leastCorrelation || first.low <= 0.05)
    return `${nameOf(series)} follows no heat pump: the best correlation is ${first.correlation.toFixed(2)}`
  return `${nameOf(series)} follows two heat pumps about equally (${first.correlation.toFixed(2)} and ${second!.correlation.toFixed(2)})`
}

type Found = Extract<Following, { outcome: 'found' }>
const isFound = (following: Following): following is Found => following.outcome === 'found'

/** The heat pump before which a thermometer rises, where it follows none more closely. */
function aheadOf(found: readonly Following[]): Exclude<Following, Found> | undefined {
  const follows = bestOf(found)?.first.correlation ?? 0
  return found.filter((one) => !isFound(one)).find(({ ahead = 0 }) => ahead > follows)
}

function bestOf(found: readonly Following[]): { index: number; first: Found; second?: Found } | undefined {
  const ranked = found.flatMap((one, index) => (isFound(one) ? [{ one, index }] : []))
  ranked.sort((a, b) => b.one.correlation - a.one.correlation)
  const [first, second] = ranked
  return first && { index: first.index, first: first.one, ...(second && { second: second.one }) }
}

/**
 * Better by more than chance (so many deviations of the difference), and by more than rooms that are alike differ: with
 * months of data chance is small, and a room beside a heated one still warms a little with it.
 */
function isClear(first: Found, second: Found | undefined, deviations = 2, share = 0.65): boolean {
  if (!second) return true
  const apart = Math.atanh(first.correlation) - Math.atanh(Math.max(0, second.correlation))
  return (
    apart > deviations * Math.sqrt(1 / (first.worth - 3) + 1 / (second.worth - 3)) &&
    second.correlation < share * first.correlation
  )
}

const titleOf = ({ actuator: { device, location }, name }: ActuatorSeries) =>
  name ?? `the heat pump '${location || device}'`
const nameOf = ({ sensor: { device, location }, name }: SensorSeries) =>
  name ?? (location ? `${device} in '${location}'` : device)
const plain = (name: string) => name.trim().toLowerCase()
const sameName = (a: Place, b: Place) => a.location !== '' && plain(a.location) === plain(b.location)

function sentenceOf(sensor: SensorSeries, actuator: ActuatorSeries, { correlation, lagMinutes, hours }: Found): string {
  const behind = lagMinutes > 0 ? `, ${lagMinutes} min behind` : ''
  const hint = sameName(sensor.sensor, actuator.actuator) ? '; both have the same name' : ''
  return `${nameOf(sensor)} follows ${titleOf(actuator)}: correlation ${correlation.toFixed(2)}${behind}, from ${Math.floor(hours)} hours${hint}`
}

/** Which sensor is said to be in the room of which actuator. */
export type Mapping = readonly { readonly sensor: Sensor; readonly actuator: Place }[]

export type Contradiction = {
  readonly sensor: Sensor
  readonly actuator: Place
  /** The one it follows. */
  readonly rather?: Place
  readonly sentence: string
}

/** Where not even the upper end of the interval is above this, a thermometer does not follow. */
const mostOfNothing = 0.13
/** Hours of data before a mapping is called wrong. */
const sureHours = 120

/**
 * Mappings that the data contradict: the sensor clearly follows another actuator, or does not follow its own although
 * that one worked. Where the data are few nothing is said.
 */
export function contradictions(mapping: Mapping, data: FollowData): Contradiction[] {
  const found = followCorrelations(data)
  return mapping.flatMap(({ sensor, actuator }) => {
    const s = data.sensors.findIndex((one) => isSame(one.sensor, sensor) && one.sensor.group === sensor.group)
    const a = data.actuators.findIndex((one) => isSame(one.actuator, actuator))
    const own = found[s]?.[a]
    // A thermometer that is part of the unit cannot be elsewhere.
    if (!own || !isFound(own) || own.hours < sureHours || isSame(sensor, actuator)) return []
    if (aheadOf(found[s]!)) return []
    const [said, heater] = [data.sensors[s]!, data.actuators[a]!]
    const best = bestOf(found[s]!)!
    const other = data.actuators[best.index]!
    const start = `${nameOf(said)} is in the room of ${titleOf(heater)}, but`
    const { first } = best
    if (other !== heater && first.correlation > leastCorrelation && isClear(first, own, 3, 0.5)) {
      const sentence = `${start} follows ${titleOf(other)}: correlation ${first.correlation.toFixed(2)} against ${own.correlation.toFixed(2)}, from ${Math.floor(first.hours)} hours`
      return [{ sensor, actuator, rather: other.actuator, sentence }]
    }
    if (own.high >= mostOfNothing) return []
    // Nothing follows a heat pump that keeps its room even: only where its work is seen elsewhere, it would be seen here.
    const isSeen = found.some(
      (row, n) => n !== s && isFound(row[a]!) && isClear(row[a], own, 3, 0.5) && row[a].correlation > leastCorrelation,
    )
    if (!isSeen) return []
    const sentence = `${start} does not follow it: correlation ${own.correlation.toFixed(2)} from ${Math.floor(own.hours)} hours, though the heat pump worked and another thermometer follows it`
    return [{ sensor, actuator, sentence }]
  })
}
