/** Nights in which nothing heated, out of a room's history. */

import type { TimedValue } from '../estimate/samples.ts'
import type { Cooling } from '../estimate/signature.ts'

const hour = 3_600_000
/** Shorter than this says little, h. */
const leastLength = 4
/** Readings further apart belong to two stretches, ms. */
const widestGap = 45 * 60_000

/**
 * Stretches in the dark hours in which the heating stood still, each from when it did, for `coolingConstant`. Daylight
 * would warm the room, so that a stretch ends where the sun comes.
 *
 * @param heats W or 1 while it heats, 0 while it does not; a value holds until the next
 * @param still up to here it counts as standing still
 * @param isDark whether the sun is down at a time, ms
 */
export function coolingNights(
  room: {
    readonly air: readonly TimedValue[]
    readonly outdoor: readonly TimedValue[]
    readonly heats: readonly TimedValue[]
  },
  isDark: (ms: number) => boolean,
  still = 0.5,
): Cooling[][] {
  const heatAt = holding(room.heats, hour)
  const outdoorAt = holding(room.outdoor, 2 * hour)
  const nights: Cooling[][] = []
  let night: Cooling[] = []
  let [since, last] = [0, 0]
  const close = () => {
    if ((night.at(-1)?.hours ?? 0) >= leastLength) nights.push(night)
    night = []
  }
  for (const { time, value } of room.air) {
    const [heat, outdoor] = [heatAt(time), outdoorAt(time)]
    if (heat === undefined || outdoor === undefined || heat > still || !isDark(time) || !Number.isFinite(value)) {
      close()
      continue
    }
    if (night.length > 0 && time - last > widestGap) close()
    if (night.length === 0) since = time
    last = time
    night.push({ hours: (time - since) / hour, air: value, outdoor })
  }
  close()
  return nights
}

/** What a series in order says at times that only move on; a value is good for so long, ms. */
function holding(values: readonly TimedValue[], good: number): (at: number) => number | undefined {
  let n = -1
  return (at) => {
    while (n + 1 < values.length && values[n + 1]!.time <= at) n++
    const one = values[n]
    return one && at - one.time <= good ? one.value : undefined
  }
}
