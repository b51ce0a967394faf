/** What the time series are asked and what they answer. Times are µs since the epoch (`Micros`) unless a name says otherwise. */

import type { Readable } from 'node:stream'
import type { FieldValue, Micros, Sample } from '@nabolag/core'
import type { Change } from './changes.ts'

/** Which series of one house; what is absent is not restricted. */
export type SeriesFilter = {
  readonly houseId: number
  readonly group?: string
  readonly field?: string
  readonly device?: string
  readonly count?: number
  /** `''` is a place of its own: that of series without one. */
  readonly location?: string
}

/** How several samples in one bucket of time become one value; `minmax` keeps the least and the greatest, each at its own time. */
export const aggregates = ['mean', 'min', 'max', 'sum', 'count', 'first', 'last', 'minmax'] as const
export type Aggregate = (typeof aggregates)[number]

/**
 * A range of some series, `from` ≤ time < `to`.
 *
 * `raw` gives every sample; `resolution` (seconds) one value per bucket, whose time is its beginning; neither gives at
 * most `maxPoints` (2,000) points a series, with minima, maxima and gaps kept.
 */
export type ReadRequest = SeriesFilter & {
  readonly from: Micros
  readonly to: Micros
  readonly raw?: boolean
  /** Seconds, above zero. Buckets begin at whole multiples since the epoch (UTC), or at local midnights; see `timezone`. */
  readonly resolution?: number
  /** With `resolution`; `mean` when absent (`last` for texts). */
  readonly aggregate?: Aggregate
  /** IANA name: buckets of a whole number of days then begin at local midnight, on days of 23 and 25 hours too. */
  readonly timezone?: string
  /** At least 16. */
  readonly maxPoints?: number
  /** Forecasts: answer what was known at that time (issued at or before it); the newest issue when absent. */
  readonly asOf?: Micros
}

export const readFormats = ['json', 'csv', 'ndjson', 'arrow', 'parquet'] as const
export type ReadFormat = (typeof readFormats)[number]

export type ReadAnswer = {
  readonly contentType: string
  readonly stream: Readable
  /** The same bytes, where they are all there already. */
  readonly whole?: Buffer
}

/** One group's share of `points`: `from` ≤ time < `to`; of every place that is not named. */
export type PointsPart = {
  readonly group: string
  /** All when absent. */
  readonly fields?: readonly string[]
  readonly device?: string
  readonly count?: number
  readonly location?: string
  readonly from: Micros
  readonly to: Micros
  /** Seconds: one number for each so long, at its beginning. Not of texts, booleans and forecasts. */
  readonly every?: number
  /** With `every`; `mean` when absent. */
  readonly aggregate?: 'mean' | 'last'
}

/** Times are ms since the epoch here, in order, each once. */
export type Points = SeriesKey & { readonly times: readonly number[]; readonly values: readonly FieldValue[] }

/** What identifies a series within its house. */
export type SeriesKey = {
  readonly group: string
  readonly field: string
  readonly device: string
  readonly count: number
  readonly location: string
  readonly tags: Readonly<Record<string, string>>
}

export type Series = SeriesKey & {
  readonly type: 'number' | 'boolean' | 'text'
  readonly unit: string | undefined
  /** Samples stored; a sample that came twice and is not merged yet counts twice. */
  readonly samples: number
  readonly first: Micros
  readonly last: Micros
}

export type Newest = SeriesKey & {
  readonly unit: string | undefined
  readonly time: Micros
  /** Forecasts only. */
  readonly issued: Micros | undefined
  readonly value: FieldValue
}

/** A message, or one sample of it, that was refused. */
export type Rejected = {
  /** ms since the epoch. */
  readonly received: number
  readonly topic: string
  /** `undefined` where the message does not say whose it is. */
  readonly houseId: number | undefined
  readonly device: string
  readonly reason: string
  /** Cut at 4 KiB. */
  readonly payload: string
}

export type RejectedCount = {
  readonly houseId: number | undefined
  readonly device: string
  readonly reason: string
  readonly count: number
  /** ms since the epoch. */
  readonly last: number
}

export type Erasure = {
  readonly houseId: number
  readonly device?: string
  readonly count?: number
  readonly group?: string
  readonly from?: Micros
  readonly to?: Micros
}

export type TableSize = {
  readonly table: string
  readonly rows: number
  readonly bytes: number
  /** `undefined` for an empty table. */
  readonly bytesPerRow: number | undefined
}

/** What is written to while the system runs. */
export type TimeSeries = {
  /** Brings the tables up to this version. Throws `conflict`, and touches nothing, where a newer version made them. */
  migrate(): Promise<void>
  /** Throws `engine-down` when ClickHouse does not answer. */
  ping(): Promise<void>
  close(): Promise<void>

  /**
   * Stores samples; on disk when it resolves, and all of them. The same sample again (in any call) stays one; another
   * value for the same series and time replaces the older one by `receivedMillis`.
   *
   * @throws ProblemError `disk-full`, `engine-down`; nothing is known to be stored then: write the same again.
   */
  write(samples: readonly Sample[], receivedMillis: number): Promise<void>
  writeRejected(rows: readonly Rejected[]): Promise<void>

  series(filter: SeriesFilter): Promise<Series[]>
  /** The newest sample of each series; forecasts: the newest issue's value for the last time at or before now. */
  newest(filter: SeriesFilter): Promise<Newest[]>
  /** Streams a range. Problems before the first byte are thrown; after it they end the stream with an error. */
  read(request: ReadRequest, format: ReadFormat): Promise<ReadAnswer>
  /** Several series of a house in at most two queries: for programs that look at all of it every few minutes. */
  points(houseId: number, parts: readonly PointsPart[], asOf?: Micros): Promise<Points[]>

  /** The newest first; without `houseId` those of all houses and of none. `from` is ms since the epoch. */
  rejected(filter: { houseId?: number; from?: number; limit: number }): Promise<Rejected[]>
  /** Counts of the last week by house, device and reason, the commonest first. */
  rejectedCounts(filter?: { houseId?: number }): Promise<RejectedCount[]>

  /**
   * Share of time (0 to 1) that the device logged, as section 7.2 of the thesis counts it: a gap between samples that is
   * longer than twice `everySeconds` counts what exceeds `everySeconds` as down, the stretch from the last sample until
   * now included. The period is the last `days` days, or begins at the device's first sample where that is later.
   * `undefined` for a device that never logged in it.
   */
  uptime(device: UptimeRequest): Promise<number | undefined>
  /** Removes samples, forecasts, roll-ups and rejected messages from the disk; they are gone when it resolves. */
  erase(erasure: Erasure): Promise<void>
  /** Says what another process has written or erased (what this one does, it knows): needed for hot blocks only. */
  heed(changes: readonly Change[]): void
  /** Drops the hot blocks: changes may have gone unheard. */
  forget(): void
  sizes(): Promise<TableSize[]>
  /** Brings the hourly roll-ups up to date: call it every few minutes from one process. Reads are exact either way. */
  refreshRollups(): Promise<{ hours: number }>
}

export type UptimeRequest = {
  readonly houseId: number
  readonly device: string
  readonly count: number
  readonly everySeconds: number
  readonly days: number
  /** ms since the epoch; the present when absent. */
  readonly now?: number
}
