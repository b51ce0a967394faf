/** A device's status between its columns and the words of the core. */
import type { DeviceStatus } from '@nabolag/core'
import type { Tables } from './tables.ts'

type Columns = Pick<
  Tables['device_status'],
  'state' | 'reason' | 'since' | 'restarts' | 'last_sample_at' | 'next_try_at' | 'run'
>

/** `undefined` when the device has no row: it never ran. */
export function statusOf(row: { readonly [C in keyof Columns]: Columns[C] | null }): DeviceStatus | undefined {
  if (row.state === null || row.since === null) return undefined
  return {
    state: row.state,
    reason: row.reason ?? undefined,
    since: row.since.getTime(),
    restarts: row.restarts ?? 0,
    lastSampleAt: row.last_sample_at?.getTime(),
    nextTryAt: row.next_try_at?.getTime(),
    run: row.run ?? 0,
  }
}
