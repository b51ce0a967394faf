/** What the role `connector` may be told, and what it says of itself. */
import type { Bus } from '@nabolag/bus'
import type { DeviceState } from '@nabolag/core'
import type { Fleet } from '@nabolag/store'
import type { Gauge } from './budgets.ts'
import type { Crew, Measured } from './crew.ts'
import type { Log } from './log.ts'

/** An integration by name, and the module (specifier or file address) that holds it. */
export type IntegrationPlace = { readonly name: string; readonly module: string }

export type ConnectorOptions = {
  readonly log: Log
  /** Instead of the built-in ones. */
  readonly integrations?: readonly IntegrationPlace[]
  /** Instead of the store and the broker of the settings; they are not closed at the end. */
  readonly fleet?: Fleet
  readonly bus?: Bus
  /** Scales every wait after a failure; for tests. */
  readonly tempo?: number
  /** Scales how many calls the vendors' limits allow; for benches against simulators. */
  readonly budgetScale?: number
  /** ms: silence after which a thread is ended; for one call of a vendor; for one whole fetch; between two looks at the device list. */
  readonly silence?: number
  readonly callTimeout?: number
  readonly runTimeout?: number
  readonly rereadEvery?: number
  /** ms between two looks at whether a vendor has trouble. */
  readonly judgeEvery?: number
  /** MiB for an empty thread. */
  readonly heapLimit?: number
  readonly externalLimit?: number
  /** Devices that a thread's memory is made for, at least. */
  readonly devicesAtLeast?: number
  /** Messages that may wait for the broker. */
  readonly mostWaiting?: number
}

export type ConnectorStats = {
  readonly devices: Partial<Record<DeviceState, number>>
  /** Samples waiting for the broker, dropped for want of room, and taken over by it. */
  readonly outbox: { readonly waiting: number; readonly dropped: number; readonly published: number }
  readonly budgets: readonly Gauge[]
  readonly integrations: Readonly<
    Record<
      string,
      Crew['counts'] & { readonly devices: number; readonly heapMiB: number; readonly externalMiB: number }
    >
  >
}

export type Connector = {
  readonly id: string
  stats(): ConnectorStats
  /** Event loop of each thread and lateness of its runs since the last time. */
  measure(): Promise<Record<string, Measured>>
  close(): Promise<void>
}

export const defaults = {
  silence: 4000,
  callTimeout: 30_000,
  runTimeout: 60_000,
  rereadEvery: 30_000,
  judgeEvery: 5000,
  heapLimit: 128,
  externalLimit: 256,
  devicesAtLeast: 1000,
  mostWaiting: 50_000,
}
