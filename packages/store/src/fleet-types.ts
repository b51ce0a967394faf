/** The fleet's side of the store: what connectors, the launcher and the command line use. Times are ms since the epoch. */
import type { DeviceState, DeviceStatus, FailureKind } from '@nabolag/core'
import type { CommandFleet } from './command-types.ts'
import type { ControlFleet } from './control-types.ts'
import type { TrialsOfFleet } from './trial-types.ts'
import type { BuiltInIntegration, Credentials, Desired, IntegrationKind, LogEntry } from './types.ts'
import type { VendorsOfFleet } from './vendor-types.ts'

/** A device as the connector gets it. `credentials` is absent, and `error` says why, when they cannot be read. */
export type FleetDevice = {
  readonly id: number
  readonly houseId: number
  readonly integration: string
  readonly integrationId: number
  readonly kind: IntegrationKind
  readonly group: string
  readonly count: number
  readonly shard: number
  readonly desired: Desired
  readonly generation: number
  readonly accountHash: string | undefined
  readonly credentials: Credentials | undefined
  readonly error: string | undefined
  readonly house: {
    readonly timezone: string
    readonly latitude: number | undefined
    readonly longitude: number | undefined
  }
  /** As last saved, whichever connector ran it; `undefined` when it never ran. */
  readonly status: DeviceStatus | undefined
  /** What the connector that ran it last handed over with the status; `undefined` when there is none. */
  readonly resume: unknown
  /** Where its readings are logged, as the connector keeps it; `undefined` when there is nothing. */
  readonly places: unknown
}

/** A device that nothing here runs: its samples come from a publisher outside. */
export type OutsideDevice = {
  readonly id: number
  readonly houseId: number
  readonly integration: string
  readonly count: number
  readonly shard: number
  readonly desired: Desired
  readonly generation: number
  /** How often it should measure, s. */
  readonly samplingSeconds: number
  readonly createdAt: number
  readonly status: DeviceStatus | undefined
}

export type StatusRow = DeviceStatus & {
  readonly deviceId: number
  readonly connector: string
  /** How it fails at present; absent while it does not. */
  readonly kind?: FailureKind | undefined
  /** For the next connector that runs the device, as JSON; what is kept stays when absent. */
  readonly resume?: unknown
  /** Where its readings are logged, as JSON; what is kept stays when absent. */
  readonly places?: unknown
}
export type LogRow = LogEntry & { readonly deviceId: number }

export type Lease = {
  /** Whose devices this connector runs from now on. */
  readonly shards: readonly number[]
  /** More than the fair share: stop their devices, then `releaseShards` them. Still leased until then. */
  readonly surrender: readonly number[]
  /** By this process's clock (ms): unless renewed before, every device must be stopped. */
  readonly until: number
  /** How many connectors live, this one counted. */
  readonly connectors: number
}

/** A place of a device, as the vendor knows it and as its samples are logged. Times are ms since the epoch. */
export type DevicePlace = {
  /** The vendor's lasting id. */
  readonly place: string
  /** The location of its samples: the first name it was logged under, for ever. */
  readonly location: string
  /** What the vendor calls it now. */
  readonly name: string
  readonly lastSeenAt: number
}

export type Rotation = { readonly total: number; readonly rewrapped: number; readonly failed: number }

type FleetItself = {
  /** Makes or updates the built-in integrations by name; leaves those of others alone. */
  syncIntegrations(rows: readonly BuiltInIntegration[]): Promise<void>
  /** Renews, claims and says what to give up; also the connector's beat. Call every 5 s; a lease lasts 15 s. */
  claimShards(connector: { readonly id: string; readonly address?: string }): Promise<Lease>
  /** Without `shards`: all of them, and the connector signs off. */
  releaseShards(connectorId: string, shards?: readonly number[]): Promise<void>
  beat(connector: { readonly id: string; readonly address?: string }): Promise<void>
  connectors(): Promise<{ id: string; address: string | undefined; beat: number; shards: number }[]>
  /** The devices of container-type and outside integrations are left out. */
  devicesOfShards(shards: readonly number[]): Promise<FleetDevice[]>
  /** The devices of container-type and outside integrations: of shards, or one. */
  outsideDevices(
    which:
      | { readonly shards: readonly number[] }
      | { readonly houseId: number; readonly integration: string; readonly count: number },
  ): Promise<OutsideDevice[]>
  /** One device, whichever shard it is in; `undefined` when it is gone. */
  device(houseId: number, integration: string, count: number): Promise<FleetDevice | undefined>
  /** Rows of devices that are gone are left out. */
  saveStatuses(batch: readonly StatusRow[]): Promise<void>
  appendLog(batch: readonly LogRow[]): Promise<void>
  loadBudget(scope: string): Promise<unknown>
  saveBudget(scope: string, state: unknown): Promise<void>
  /** Drops what was not saved for eight days: no vendor asks to wait for longer than seven. */
  forgetBudgets(): Promise<void>
  /**
   * The session of a vendor account, as it was saved; `undefined` when there is none, or it cannot be opened (any more).
   * The device is noted as one that uses it, and no other.
   */
  loadSession(name: string, deviceId: number): Promise<unknown>
  /**
   * Keeps a session (plain JSON), sealed with the master key. `name` is the account's budget scope, `/`, and the
   * integration's name. Without a device (a sign-in before the device is there) it is kept for a day at least.
   */
  saveSession(name: string, session: unknown, deviceId?: number): Promise<void>
  /** Drops the sessions that no device uses (any more) and that were not saved for a day. */
  forgetSessions(): Promise<void>
  /** What an integration keeps over restarts. */
  memory(deviceId: number): Promise<Record<string, unknown>>
  /** `undefined` forgets the key. */
  remember(deviceId: number, key: string, value: unknown): Promise<void>
  /** How many devices are in each state. */
  counts(): Promise<Partial<Record<DeviceState, number>>>
  /** The devices' total and the keys they are wrapped with: what `doctor` looks at. */
  keysInUse(): Promise<{ keyId: string; devices: number; known: boolean }[]>
  /** Wraps every data key with the first master key. What cannot be opened is counted and left as it is. */
  rotateMasterKey(onProgress?: (done: number, total: number) => void): Promise<Rotation>
}

/** What the connector, the controller, the launcher and the command line use; not bound to a house. */
export type Fleet = CommandFleet & ControlFleet & FleetItself & TrialsOfFleet & VendorsOfFleet
