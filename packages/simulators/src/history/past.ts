/** What the past of one device is made of. */
import type { FieldValue } from '@nabolag/core'
import type { LivingHouse } from '../world/house.ts'
import type { DemoDevice } from '../world/houses.ts'
import type { World } from '../world/world.ts'

export type HistoryOptions = {
  /** ms, both on the world's time; not before its start. `to` is not included. */
  readonly from: number
  readonly to: number
  /** The house's number in the system that keeps it. */
  readonly houseId: number
  /** Seconds between the samples of heat pumps, of live power, and of the battery. */
  readonly sensiboEvery?: number
  readonly tibberEvery?: number
  readonly victronEvery?: number
  /** Forecasts are issued every so many hours. */
  readonly metEveryHours?: number
  readonly solcastEveryHours?: number
}

export type PastGiven = {
  readonly world: World
  readonly living: LivingHouse
  readonly device: DemoDevice
  readonly options: HistoryOptions
  /** ms; `options.from`, or the world's start when that is later. `to` is not included. */
  readonly start: number
  readonly to: number
}

export type Point = {
  readonly group: string
  /** ms */
  readonly time: number
  readonly location?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, FieldValue>>
  /** µs */
  readonly issued?: number
}

/** Makes the points in order of time (forecasts: of issue). */
export type Past = (given: PastGiven) => Generator<Point>

export const minute = 60_000
export const hour = 60 * minute

/** Vendors that count in whole seconds leave out the rest. */
export const wholeSecond = (ms: number): number => Math.floor(ms / 1000) * 1000

/** The moments on the clock from `start` on, `to` not included, ms. */
export function* steps(start: number, to: number, every: number): Generator<number> {
  for (let ms = Math.ceil(start / every) * every; ms < to; ms += every) yield ms
}
