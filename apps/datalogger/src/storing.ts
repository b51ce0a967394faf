/**
 * Group commit: one insert at a time, of everything that waited meanwhile. A message is acknowledged when all of it is
 * stored or kept as rejected, never earlier; while the store is out of order nothing is acknowledged.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Delivery, Log } from '@nabolag/bus'
import { ProblemError, type Sample } from '@nabolag/core'
import type { Rejected, TimeSeries } from '@nabolag/timeseries'
import { type Entry, rejectedByStore } from './intake.ts'
import type { RejectedQuota } from './rejected-quota.ts'

export type Storing = {
  add(entry: Entry): void
  readonly waiting: { readonly messages: number; readonly points: number }
  /** Why nothing is being stored, and since when (ms since the epoch); `undefined` while all is well. */
  readonly trouble: { readonly reason: string; readonly since: number } | undefined
  /** Lets the insert that is under way finish, then ends; what waits is neither stored nor acknowledged. */
  close(): Promise<void>
}

export type StoringSettings = {
  readonly store: Pick<TimeSeries, 'write' | 'writeRejected'>
  readonly quota: RejectedQuota
  readonly acknowledge: (deliveries: readonly Delivery[]) => void
  readonly onStored: (batch: { points: number; samples: number; milliseconds: number }) => void
  readonly onRejected: (rejected: { kept: number; dropped: number; byStore: number }) => void
  readonly log: Log
  /** Least time from the beginning of an insert to the next, ms. */
  readonly every?: number
  /** Points an insert; a message is not divided. */
  readonly mostPoints?: number
  /** First and longest wait after a failure, ms. */
  readonly backOff?: readonly [number, number]
}

type Part = { readonly entry: Entry; readonly samples: readonly Sample[] }

export function startStoring(settings: StoringSettings): Storing {
  const { store, quota, acknowledge, onStored, onRejected, log } = settings
  const { every = 200, mostPoints = 50_000, backOff = [250, 15_000] } = settings
  const queue: Entry[] = []
  let points = 0
  let wake = () => {}
  let trouble: { reason: string; since: number } | undefined
  const stop = new AbortController()
  const { signal } = stop

  /** Does it again until the store is in order. Throws what is not a failure of the store, and at the end. */
  const insist = async (act: () => Promise<void>, isOutage: (error: unknown) => boolean): Promise<void> => {
    for (let attempt = 0; ; attempt++) {
      try {
        await act()
        if (trouble) log.info({ lasted: Date.now() - trouble.since }, 'storing again')
        trouble = undefined
        return
      } catch (error) {
        if (signal.aborted || !isOutage(error)) throw error
        const reason = messageOf(error)
        if (trouble?.reason !== reason) log.error({ reason }, 'cannot store; nothing is acknowledged until it works')
        trouble = { reason, since: trouble?.since ?? Date.now() }
        const longest = Math.min(backOff[1], backOff[0] * 2 ** Math.min(attempt, 16))
        await sleep(longest * (0.5 + Math.random() / 2), undefined, { signal })
      }
    }
  }

  /** Writes all it can; what the store will never have comes back as rejected. */
  const write = async (parts: readonly Part[]): Promise<Rejected[]> => {
    if (parts.length === 0) return []
    try {
      const samples = parts.length === 1 ? parts[0]!.samples : parts.flatMap((part) => part.samples)
      await insist(
        () => store.write(samples, Date.now()),
        (error) => !isFaultOfData(error),
      )
      return []
    } catch (error) {
      if (signal.aborted) throw error
      const halves = halve(parts)
      if (halves) return [...(await write(halves[0])), ...(await write(halves[1]))]
      const [{ entry, samples }] = parts as [Part]
      const reason = messageOf(error)
      log.error({ topic: entry.delivery.topic, reason }, 'the store refuses a sample; it is kept as rejected')
      return [rejectedByStore(entry.delivery, samples[0]!, reason)]
    }
  }

  const storeBatch = async (batch: readonly Entry[]) => {
    const parts = batch.filter(({ samples }) => samples.length > 0).map((entry) => ({ entry, samples: entry.samples }))
    const began = performance.now()
    const byStore = await write(parts)
    const milliseconds = performance.now() - began
    const rows = [...batch.flatMap(({ rejected }) => rejected), ...byStore]
    if (rows.length > 0) {
      const kept = quota.admit(rows)
      if (kept.length > 0)
        await insist(
          () => store.writeRejected(kept),
          () => true,
        )
      onRejected({ kept: kept.length, dropped: rows.length - kept.length, byStore: byStore.length })
    }
    if (parts.length > 0) {
      const samples = parts.reduce((sum, part) => sum + part.samples.length, 0)
      const stored = batch.reduce((sum, entry) => sum + entry.points, 0)
      onStored({ points: stored, samples, milliseconds })
    }
    acknowledge(batch.map(({ delivery }) => delivery))
  }

  const takeBatch = (): Entry[] => {
    let count = 0
    let sum = 0
    while (count < queue.length && (count === 0 || sum + queue[count]!.points <= mostPoints))
      sum += queue[count++]!.points
    points -= sum
    return queue.splice(0, count)
  }

  const run = async () => {
    while (!signal.aborted) {
      if (queue.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        continue
      }
      const began = performance.now()
      await storeBatch(takeBatch())
      const rest = every - (performance.now() - began)
      // A full batch that waits already need not wait longer: there is nothing to gain.
      if (rest > 0 && points < mostPoints) await sleep(rest, undefined, { signal })
    }
  }
  const running = run().catch((error) => {
    if (!signal.aborted) throw error
  })

  return {
    add(entry) {
      queue.push(entry)
      points += entry.points
      wake()
    },
    get waiting() {
      return { messages: queue.length, points }
    },
    get trouble() {
      return trouble
    },
    async close() {
      stop.abort()
      wake()
      // An insert that never ends must not hold up the end of the program.
      await Promise.race([running, sleep(3000, undefined, { ref: false })])
    },
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

/**
 * ClickHouse's codes for data it cannot read or keep. Every other failure is the store's and passes, or an operator
 * mends it: then waiting loses nothing, while rejecting would.
 */
const codesOfBadData = new Set([6, 26, 27, 33, 38, 41, 53, 69, 70, 72, 117, 131, 321, 349])

/** Whether the same data would fail again for ever: by ClickHouse's word, or by a fault in our own encoding of it. */
function isFaultOfData(error: unknown): boolean {
  if (!(error instanceof ProblemError)) return error instanceof TypeError || error instanceof RangeError
  const { cause } = error
  return cause instanceof Error && 'code' in cause && codesOfBadData.has(Number(cause.code))
}

/** Two smaller lots of samples, or nothing when there is only one sample left. */
function halve(parts: readonly Part[]): [Part[], Part[]] | undefined {
  if (parts.length > 1) {
    const middle = parts.length >> 1
    return [parts.slice(0, middle), parts.slice(middle)]
  }
  const [{ entry, samples }] = parts as [Part]
  if (samples.length <= 1) return undefined
  const middle = samples.length >> 1
  return [[{ entry, samples: samples.slice(0, middle) }], [{ entry, samples: samples.slice(middle) }]]
}
