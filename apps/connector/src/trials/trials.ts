/** Takes the trials that people wait for, a few at a time, and tells what came of each. */
import type { Bus } from '@nabolag/bus'
import { allTrials, triedTopic } from '@nabolag/core'
import type { Fleet, TrialJob } from '@nabolag/store'
import type { Log } from '../log.ts'
import type { Ran } from './run.ts'

export type TrialsGiven = {
  readonly fleet: Pick<Fleet, 'claimTrial' | 'finishTrial' | 'sweepTrials'>
  readonly bus: Pick<Bus, 'subscribe' | 'publish'>
  /** The connector's. */
  readonly id: string
  readonly log: Log
  readonly run: (job: TrialJob) => Promise<Ran>
}

const atOnce = 4
/** What the bus did not tell, and what others left, is looked for so often, ms. */
const lookEvery = 2000
const sweepEvery = 60_000

export async function takeTrials({ fleet, bus, id, log, run }: TrialsGiven): Promise<{ close(): Promise<void> }> {
  const active = new Set<Promise<void>>()
  let claiming: Promise<void> | undefined
  let again = false
  let closed = false

  const carryOut = async (job: TrialJob) => {
    const started = performance.now()
    const { outcome, asked } = await run(job)
    await fleet.finishTrial(job, outcome, asked)
    const { kind, integration } = job
    const ms = Math.round(performance.now() - started)
    log.info({ kind, integration, ok: outcome.ok, failure: outcome.ok ? undefined : outcome.kind, ms }, 'tried')
    bus.publish(triedTopic(job.id), '{}').catch(() => {})
  }

  const claim = async () => {
    do {
      again = false
      while (!closed && active.size < atOnce) {
        const job = await fleet.claimTrial(id)
        if (!job) break
        const done = carryOut(job)
          .catch((error: unknown) => log.warn({ error: textOf(error) }, 'a trial was lost'))
          .finally(() => {
            active.delete(done)
            look()
          })
        active.add(done)
      }
    } while (again && !closed)
  }
  const look = () => {
    if (closed) return
    if (claiming) {
      again = true
      return
    }
    claiming = claim()
      // The store is away: others say so, and the next look comes soon.
      .catch(() => {})
      .finally(() => {
        claiming = undefined
      })
  }

  const unsubscribe = await bus.subscribe(allTrials, look)
  const looker = setInterval(look, lookEvery)
  const sweep = () => void fleet.sweepTrials().catch(() => {})
  const sweeper = setInterval(sweep, sweepEvery)
  sweep()
  look()
  return {
    async close() {
      closed = true
      clearInterval(looker)
      clearInterval(sweeper)
      await unsubscribe().catch(() => {})
      await claiming
      await Promise.all(active)
    },
  }
}

const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
