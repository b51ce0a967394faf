/** Which shards this connector holds, and when their devices are looked at again. */
import type { Fleet } from '@nabolag/store'
import type { Log } from './log.ts'

export type LeaseGiven = {
  readonly fleet: Pick<Fleet, 'claimShards' | 'releaseShards'>
  readonly id: string
  readonly log: Log
  /** ms between two looks at the same shard. */
  readonly rereadEvery: number
  readonly onShards: (shards: readonly number[]) => Promise<void>
  readonly onDevice: (
    houseId: number,
    integration: string,
    count: number,
    held: (shard: number) => boolean,
  ) => Promise<void>
  readonly onLost: (shards: readonly number[]) => Promise<void>
}

export type KeptLease = {
  start(): Promise<void>
  /** Looks at one device soon. */
  look(houseId: number, integration: string, count: number): void
  lookAtAll(): void
  stop(): Promise<void>
  release(): Promise<void>
}

const renewEvery = 5000
/** Shards looked at in one go, so that a large fleet is read in small pieces. */
const atOnce = 4

export function keepLease({ fleet, id, log, rereadEvery, onShards, onDevice, onLost }: LeaseGiven): KeptLease {
  let shards: readonly number[] = []
  let until = 0
  let next = 0
  let stopped = false
  let work = Promise.resolve()
  const timers: NodeJS.Timeout[] = []

  /** One thing at a time: what is read must not be older than what was done. */
  const queue = (what: string, task: () => Promise<void>) => {
    work = work.then(async () => {
      if (stopped) return
      try {
        await task()
      } catch (error) {
        log.warn({ error: error instanceof Error ? error.message : String(error) }, `could not ${what}`)
      }
    })
    return work
  }

  const renew = async () => {
    const lease = await fleet.claimShards({ id }).catch(async (error: unknown) => {
      if (Date.now() > until && shards.length > 0) {
        const lost = shards
        shards = []
        await onLost(lost)
        log.error({ shards: lost.length }, 'lost the lease of all shards; their devices are stopped')
      }
      throw error
    })
    until = lease.until
    const held = new Set(lease.shards)
    const lost = shards.filter((shard) => !held.has(shard))
    const won = lease.shards.filter((shard) => !shards.includes(shard))
    shards = lease.shards
    if (lost.length > 0) await onLost(lost)
    if (lease.surrender.length > 0) {
      await onLost(lease.surrender)
      shards = shards.filter((shard) => !lease.surrender.includes(shard))
      await fleet.releaseShards(id, lease.surrender)
    }
    if (won.length > 0) {
      log.info({ shards: shards.length }, 'holds shards')
      await onShards(won)
    }
  }

  const reread = async () => {
    if (shards.length === 0) return
    const some = Array.from(
      { length: Math.min(atOnce, shards.length) },
      (_, index) => shards[(next + index) % shards.length]!,
    )
    next = (next + some.length) % shards.length
    await onShards(some)
  }

  const rereadLater = () => {
    if (stopped) return
    const pieces = Math.max(1, Math.ceil(shards.length / atOnce))
    timers[1] = setTimeout(() => {
      void queue('read the devices', reread).then(rereadLater)
    }, rereadEvery / pieces)
  }

  return {
    async start() {
      await queue('claim shards', renew)
      timers[0] = setInterval(() => void queue('renew the lease', renew), renewEvery)
      rereadLater()
    },
    look: (houseId, integration, count) =>
      void queue('read a device', () => onDevice(houseId, integration, count, (shard) => shards.includes(shard))),
    lookAtAll: () => void queue('read the devices', () => onShards(shards)),
    async stop() {
      stopped = true
      for (const timer of timers) clearTimeout(timer)
      await work
    },
    release: () => fleet.releaseShards(id).catch(() => {}),
  }
}
