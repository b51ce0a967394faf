/** Looks whether a vendor has trouble with many houses at once, and tells the others when that begins or ends. */
import type { Bus } from '@nabolag/bus'
import { vendorTopic } from '@nabolag/core'
import type { Fleet } from '@nabolag/store'
import type { Log } from './log.ts'

export type IncidentsGiven = {
  readonly fleet: Pick<Fleet, 'judgeVendors'>
  readonly bus: Pick<Bus, 'publish'>
  readonly log: Log
  /** ms between two looks; every connector looks, and the first one to see it writes it. */
  readonly every: number
}

export function watchVendors({ fleet, bus, log, every }: IncidentsGiven): { close(): Promise<void> } {
  let looking: Promise<void> | undefined
  const look = async () => {
    for (const { vendor, change } of await fleet.judgeVendors()) {
      const text =
        change === 'began'
          ? 'a vendor has trouble with many houses'
          : 'a vendor has no trouble with many houses any more'
      log.warn({ vendor }, text)
      bus.publish(vendorTopic(vendor), '{}').catch(() => {})
    }
  }
  const timer = setInterval(() => {
    // The store is away: the recorder says so.
    looking ??= look()
      .catch(() => {})
      .finally(() => {
        looking = undefined
      })
  }, every)
  return {
    async close() {
      clearInterval(timer)
      await looking
    },
  }
}
