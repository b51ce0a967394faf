/** What is tried of every integration against its simulator, and what is seen of it. */
import type { DeviceStatus, Sample } from '@nabolag/core'
import type { Fault, FaultOptions } from '@nabolag/simulators'

export type Met = {
  /** Whether the simulator got to carry it out. */
  readonly struck: boolean
  readonly state: DeviceStatus['state']
  readonly reason: string
  /** ms that it said it would wait, at most. */
  readonly waits: number
  /** Samples that went out while the fault was on. */
  readonly samples: readonly Sample[]
  /** Whether it ran again after the fault, by itself or (refused) with its credentials typed again. */
  readonly back: boolean
}

export type LiveReport = {
  /** `group.field` of everything that went out while all was well. */
  readonly fields: readonly string[]
  readonly samples: readonly Sample[]
  readonly met: Readonly<Partial<Record<Trial['name'], Met>>>
  /** Calls that the simulator counted, and how many the integration's own limit allowed meanwhile. */
  readonly budget: { readonly calls: number; readonly allowed: number } | undefined
  /** Where a secret was seen. */
  readonly leaks: readonly string[]
  /** State that each verb came to, by `capability.verb`, and what was said. */
  readonly commands: Readonly<Record<string, { readonly state: string; readonly reason: string }>>
  /** The same with the vendor refusing. */
  readonly refusedCommands: Readonly<Record<string, { readonly state: string; readonly reason: string }>>
}

export type Trial = { readonly name: string; readonly fault: Fault; readonly options?: FaultOptions }

/** Every fault of the menu, one after the other. */
export const trials = [
  { name: 'refused', fault: 'refused' },
  { name: 'throttled', fault: 'throttled', options: { retryAfter: 4 } },
  { name: 'throttled-without-time', fault: 'throttled' },
  { name: 'outage', fault: 'outage' },
  { name: 'html', fault: 'html' },
  { name: 'reset', fault: 'reset' },
  { name: 'mute', fault: 'mute' },
  { name: 'half', fault: 'half' },
  { name: 'changed', fault: 'changed' },
  { name: 'nulls', fault: 'nulls' },
  { name: 'missing', fault: 'missing' },
  { name: 'duplicate', fault: 'duplicate' },
  { name: 'late', fault: 'late' },
  { name: 'dst', fault: 'dst' },
] as const satisfies readonly Trial[]

/** What spoils an answer's content only: the device goes on. */
export const quiet = new Set<string>(['nulls', 'missing', 'duplicate', 'late', 'dst'])
