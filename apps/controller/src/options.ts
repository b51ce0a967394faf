/** What a controller can be given. */
import { availableParallelism } from 'node:os'
import type { Bus, Log } from '@nabolag/bus'
import type { Fleet } from '@nabolag/store'
import type { TimeSeries } from '@nabolag/timeseries'
import type { Registry } from 'prom-client'

export type ControllerOptions = {
  readonly log: Log
  /** In place of those that the settings name. */
  readonly fleet?: Fleet
  readonly series?: TimeSeries
  readonly bus?: Bus
} & Partial<typeof defaults>

export type Controller = {
  readonly id: string
  /** For /metrics. */
  readonly registry: Registry
  /** Ends the turns under way (at most 5 s) and gives back the others. */
  close(): Promise<void>
}

const second = 1000
const minute = 60 * second
const day = 24 * 60 * minute

export const defaults = {
  /** ms between two turns of a house. */
  every: 5 * minute,
  /** Houses at a time. */
  room: 8,
  /** ms between two questions for houses while none is due. */
  tick: second,
  /** How long a house is ours, s. A turn that takes longer is lost. */
  claimSeconds: 30,
  /** ms that a plan may wait for a thread, and take. */
  planPatience: 12 * second,
  planLimit: 10 * second,
  /** ms before a house whose plan failed is given a thread again, unless its owner changes something. */
  planPause: 30 * minute,
  /** ClickHouse is away when it has not answered within, ms. */
  lookLimit: 10 * second,
  /** Without ClickHouse for so long, houses have their turns all the same: nothing is known then, and made safe, ms. */
  blindAfter: 90 * minute,
  /** ms that turns under way are given at the end. */
  lastTurns: 5 * second,
  /** ms between two models of a room, and the longest that one may take. */
  fitEvery: 7 * day,
  fitLimit: 3 * minute,
  /** ms between two questions for rooms while none is to be learnt. */
  fitTick: 30 * second,
  /** MiB of heap of a thread. */
  heapLimit: 512,
  /** Where a thread begins. */
  threadFile: new URL('./worker.ts', import.meta.url),
  threads: Math.min(2, availableParallelism()),
}
