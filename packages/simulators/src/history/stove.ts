/** The sensor over the wood stove: a thing of the owner's own, that no vendor knows and that publishes by itself. */
import { microsFromMillis, type Sample } from '@nabolag/core'
import type { LivingHouse } from '../world/house.ts'
import { type HistoryOptions, steps } from './past.ts'

export const stoveSensor = {
  name: 'wood-stove',
  label: 'Sensor over the wood stove',
  group: 'airSensor',
  location: 'over the stove',
  /** s */
  every: 30,
} as const

/** What the sensor measured, so often that it is worth a chart. `undefined` in a house without a stove. */
export function stoveSampleAt(living: LivingHouse, houseId: number, ms: number): Sample | undefined {
  const temperature = living.overStoveAt(ms)
  if (temperature === undefined) return undefined
  const { name: device, group, location } = stoveSensor
  const fields = { temperature }
  return { houseId, group, device, count: 0, location, tags: {}, time: microsFromMillis(ms), issued: undefined, fields }
}

/** Its past, every fifth minute. */
export function* stoveHistory(
  living: LivingHouse,
  { from, to, houseId }: Pick<HistoryOptions, 'from' | 'to' | 'houseId'>,
): Generator<Sample> {
  for (const ms of steps(from, to, 300_000)) {
    const sample = stoveSampleAt(living, houseId, ms)
    if (sample) yield sample
  }
}
