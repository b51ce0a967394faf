/**
 * The threads in which plans are made and models are learnt. A job that takes too long is ended with its thread, and a
 * new thread takes its place. Plans go first: models are learnt while no plan waits.
 */
import { Worker } from 'node:worker_threads'
import type { FromThread, JobKind, Jobs, ToThread } from './messages.ts'

export type PoolGiven = {
  readonly threads: number
  /** Where a thread begins. */
  readonly file: URL
  /** Longest time of one job, ms. */
  readonly limits: Readonly<Record<JobKind, number>>
  /** MiB of heap of each. */
  readonly heapLimit: number
  /** A plan that has waited so long takes the place of a model that is being learnt, ms. */
  readonly politeness?: number
  /** One was ended, and why. */
  readonly onEnded: (why: string) => void
}

export type Pool = {
  /**
   * @param patience ms that the job may wait for its turn
   * @throws NoResult
   */
  run<Kind extends JobKind>(kind: Kind, given: Jobs[Kind]['given'], patience: number): Promise<Jobs[Kind]['result']>
  /** Jobs that wait for a thread. */
  waiting(kind: JobKind): number
  close(): Promise<void>
}

/** The job has no result; the message is for people, without a full stop. */
export class NoResult extends Error {
  /** Whether it was never given its time, so that it may come out well at another. */
  readonly wasPutOff: boolean
  constructor(why: string, wasPutOff = false) {
    super(why)
    this.wasPutOff = wasPutOff
  }
}

type Job = {
  readonly id: number
  readonly kind: JobKind
  readonly given: unknown
  readonly done: (result: unknown) => void
  readonly fail: (why: NoResult) => void
  readonly since: number
  readonly timer: NodeJS.Timeout
}
type Thread = { readonly worker: Worker; job?: Job; limit?: NodeJS.Timeout; ready: boolean }

/** A thread may need this long to load, ms. */
const loading = 20_000

export function openPool({ threads: most, file, limits, heapLimit, politeness = 5000, onEnded }: PoolGiven): Pool {
  const threads = new Set<Thread>()
  const queues: Record<JobKind, Job[]> = { plan: [], fit: [] }
  let closed = false
  let ids = 0

  const open = (): Thread => {
    const worker = new Worker(file, {
      name: 'planner',
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: heapLimit },
    })
    const thread: Thread = { worker, ready: false }
    worker.on('message', (message: FromThread) => hear(thread, message))
    worker.on('error', (error) => end(thread, `The thread failed: ${error.message}`))
    worker.on('exit', (code) => end(thread, `The thread ended by itself (exit code ${code})`))
    threads.add(thread)
    return thread
  }

  /** Its job, if any, has no result; what waits goes to others. */
  const end = (thread: Thread, why: string, wasPutOff = false) => {
    if (!threads.delete(thread)) return
    clearTimeout(thread.limit)
    thread.worker.removeAllListeners()
    thread.worker.on('error', () => {})
    void thread.worker.terminate()
    thread.job?.fail(new NoResult(why, wasPutOff))
    if (closed) return
    onEnded(why)
    give()
  }

  const hear = (thread: Thread, message: FromThread) => {
    if ('ready' in message) {
      thread.ready = true
      if (thread.job) limit(thread, thread.job)
      return
    }
    const { job } = thread
    if (!job || job.id !== message.job) return
    clearTimeout(thread.limit)
    thread.job = undefined
    if ('failed' in message) job.fail(new NoResult(message.failed))
    else job.done(message.result)
    give()
  }

  /** From now on, by the monotonic clock. */
  const limit = (thread: Thread, job: Job) => {
    clearTimeout(thread.limit)
    const [milliseconds, why] = thread.ready
      ? [limits[job.kind], `It took more than ${limits[job.kind] / 1000} s`]
      : [loading, `Its thread did not start within ${loading / 1000} s`]
    thread.limit = setTimeout(() => end(thread, why), milliseconds)
  }

  const busyWith = (kind: JobKind) => [...threads].filter(({ job }) => job?.kind === kind)

  const hand = (job: Job) => {
    clearTimeout(job.timer)
    const thread = [...threads].find((one) => one.job === undefined) ?? open()
    thread.job = job
    limit(thread, job)
    thread.worker.postMessage({ job: job.id, kind: job.kind, given: job.given } as ToThread)
  }

  const give = () => {
    if (closed) return
    const busy = () => [...threads].filter(({ job }) => job).length
    while (busy() < most) {
      const plan = queues.plan.shift()
      // One thread is kept free for plans where there are several.
      const fit = plan ? undefined : busyWith('fit').length < Math.max(1, most - 1) ? queues.fit.shift() : undefined
      const job = plan ?? fit
      if (!job) return
      hand(job)
    }
  }

  const makeRoom = setInterval(() => {
    const oldest = queues.plan[0]
    if (!oldest || performance.now() - oldest.since < politeness) return
    const fitting = busyWith('fit')[0]
    if (fitting) end(fitting, 'Plans were waiting', true)
  }, politeness / 5)
  makeRoom.unref()

  return {
    run: (kind, given, patience) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new NoResult('The controller is closing', true))
        const id = ++ids
        const timer = setTimeout(() => {
          queues[kind] = queues[kind].filter((one) => one.id !== id)
          reject(new NoResult('No thread was free in time', true))
        }, patience)
        const job: Job = {
          id,
          kind,
          given,
          done: resolve as Job['done'],
          fail: reject,
          since: performance.now(),
          timer,
        }
        queues[kind].push(job)
        give()
      }),
    waiting: (kind) => queues[kind].length,
    async close() {
      closed = true
      clearInterval(makeRoom)
      for (const kind of ['plan', 'fit'] as const) {
        for (const job of queues[kind].splice(0)) {
          clearTimeout(job.timer)
          job.fail(new NoResult('The controller is closing', true))
        }
      }
      await Promise.all(
        [...threads].map(async (thread) => {
          end(thread, 'The controller is closing', true)
          await thread.worker.terminate()
        }),
      )
    },
  }
}
