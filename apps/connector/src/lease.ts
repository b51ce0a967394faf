/** Which shards this connector holds, and when their devices are looked at again. */
import type { Fleet } from '@nabolag/store'
import type { Log } from './log.ts'

export type LeaseGiven = {
  readonly fleet: Pick<Fleet, 'claimShards' | 'releaseShards'>
  readonly id: string
  readonly log: Log
  /** ms between two looks at the same shard. */
  readonly rereadEvery: number
  /** These shards are held, at least when it is called: `held` knows it later too. */
  readonly onShards: (shards: readonly number[], held: (shard: number) => boolean) => Promise<void>
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
  /** Those held now. */
  readonly shards: readonly number[]
  stop(): Promise<void>
  release(): Promise<void>
  /** How many connectors live, this one counted, as it was seen last. */
  readonly connectors: number
}

const renewEvery = 5000
/** Devices are stopped so long before their lease is over, ms: another connector starts them then. */
const margin = 1000
/** Shards looked at in one go, so that a large fleet is read in small pieces. */
const atOnce = 4

export function keepLease({ fleet, id, log, rereadEvery, onShards, onDevice, onLost }: LeaseGiven): KeptLease {
  let shards: readonly number[] = []
  let lapsing: NodeJS.Timeout | undefined
  let next = 0
  let stopped = false
  let connectors = 1
  let work = Promise.resolve()
  /** Devices are being stopped as the lease ran out. */
  let stopping = Promise.resolve()
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

  const held = (shard: number) => shards.includes(shard)

  /** Whatever else is under way, and however long the store takes to answer: without a lease nothing runs. */
  const lapse = () => {
    if (shards.length === 0) return
    const lost = shards
    shards = []
    log.error({ shards: lost.length }, 'lost the lease of all shards; their devices are stopped')
    stopping = onLost(lost).catch((error: unknown) => log.error({ error: String(error) }, 'could not stop devices'))
  }

  const renew = async () => {
    const lease = await fleet.claimShards({ id })
    // What runs no more is started again only when it has ended.
    await stopping
    clearTimeout(lapsing)
    connectors = lease.connectors
    // An answer that came too late is worth nothing; the next one is near.
    if (lease.until - margin <= Date.now()) return lapse()
    lapsing = setTimeout(lapse, lease.until - margin - Date.now())
    const lost = shards.filter((shard) => !lease.shards.includes(shard))
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
      await onShards(won, held)
    }
  }

  const reread = async () => {
    if (shards.length === 0) return
    const some = Array.from(
      { length: Math.min(atOnce, shards.length) },
      (_, index) => shards[(next + index) % shards.length]!,
    )
    next = (next + some.length) % shards.length
    await onShards(some, held)
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
      void queue('read a device', () => onDevice(houseId, integration, count, held)),
    lookAtAll: () => void queue('read the devices', () => onShards(shards, held)),
    get shards() {
      return shards
    },
    async stop() {
      stopped = true
      for (const timer of timers) clearTimeout(timer)
      clearTimeout(lapsing)
      await work
    },
    release: () => fleet.releaseShards(id).catch(() => {}),
    get connectors() {
      return connectors
    },
  }
}
