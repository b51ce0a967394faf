/** Carries out one trial in a fresh thread, which ends with it: nothing that an integration does there outlives it. */
import { Worker } from 'node:worker_threads'
import type { TrialJob, TrialOutcome } from '@nabolag/store'
import type { Budgets } from '../budgets.ts'
import { place, places } from '../messages.ts'
import type { FromTrial, ToTrial, TrialThreadSettings } from './messages.ts'

export type RunGiven = {
  readonly job: TrialJob
  /** `undefined` when this program has no such integration. */
  readonly module: string | undefined
  readonly vendorUrls: Readonly<Record<string, string>>
  readonly contact: string
  readonly budgets: Pick<Budgets, 'permit' | 'pause'>
  readonly loadSession: (name: string, device: number) => Promise<unknown>
  readonly saveSession: (name: string, device: number | undefined, session: unknown) => Promise<unknown>
  /** ms: for what the vendor is asked, and for the whole. */
  readonly timeout: number
  readonly life: number
  /** MiB. */
  readonly heapLimit: number
  readonly externalLimit: number
}

export type Ran = { readonly outcome: TrialOutcome; readonly asked?: unknown }

const look = 250

const failed = (kind: 'changed' | 'unreachable' | 'refused', message: string): Ran => ({
  outcome: { ok: false, kind, message },
})

/** Never rejects: whatever happens is an outcome, and no message of it holds a secret. */
export async function runTrial(given: RunGiven): Promise<Ran> {
  const { job, module } = given
  const { credentials, error } = job
  if (module === undefined) return failed('changed', `This connector has no integration ${job.integration}`)
  if (credentials === undefined)
    return failed(job.kind === 'answer' ? 'refused' : 'changed', error ?? 'There are no credentials')
  const life = Math.min(given.life, job.deadline - Date.now())
  if (life < look) return failed('unreachable', 'It waited too long for its turn')
  return inThread(given, { ...given, module, credentials, life })
}

type Ready = {
  readonly module: string
  readonly credentials: NonNullable<TrialJob['credentials']>
  readonly life: number
}

function inThread({ job, budgets, ...given }: RunGiven, { module, credentials, life }: Ready): Promise<Ran> {
  const shared = new SharedArrayBuffer(places * 4)
  const cells = new Int32Array(shared)
  const { kind, integration, deviceId, channel, code, asked } = job
  const worker = new Worker(new URL('./thread.ts', import.meta.url), {
    name: `trial of ${integration}`,
    workerData: {
      ...{ kind, integration, deviceId, channel, code, asked, credentials, module, shared },
      vendorUrls: given.vendorUrls,
      contact: given.contact,
      timeout: Math.min(given.timeout, life),
    } satisfies TrialThreadSettings,
    // As for every integration: no environment, and nothing it prints is kept.
    env: {},
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: given.heapLimit, maxYoungGenerationSizeMb: 16 },
  })
  worker.stdout.resume()
  worker.stderr.resume()
  const until = Date.now() + life
  return new Promise((resolve) => {
    let over = false
    const end = (ran: Ran) => {
      if (over) return
      over = true
      clearTimeout(late)
      clearInterval(watcher)
      worker.terminate().then(
        () => resolve(ran),
        () => resolve(ran),
      )
    }
    const late = setTimeout(
      () => end(failed('unreachable', `It did not finish within ${Math.round(life / 1000)} s`)),
      life,
    )
    const watcher = setInterval(() => {
      const external = Atomics.load(cells, place.external)
      if (external > given.externalLimit)
        end(failed('changed', `It took ${external} MiB of memory, more than the ${given.externalLimit} allowed`))
    }, look)
    const send = (message: ToTrial) => {
      if (!over) worker.postMessage(message)
    }
    worker.on('message', (message: FromTrial) => {
      if (over) return
      if (message.from === 'ask') {
        const { ask, scope, limit, together } = message
        const asker = {
          // A person waits: a turn that comes too late is told at once.
          onWait: (turn: number) => {
            if (turn >= until - look) send({ to: 'permit', ask, until: turn })
          },
          wanted: () => !over,
          first: true,
        }
        void budgets.permit(scope, limit, together, asker).then((pause) => send({ to: 'permit', ask, until: pause }))
      } else if (message.from === 'recall') {
        given.loadSession(message.name, deviceId ?? 0).then(
          (kept) => send({ to: 'session', kept }),
          () => end(failed('unreachable', 'The store does not answer')),
        )
      } else {
        const { outcome, keep, pause } = message
        if (pause) budgets.pause(pause.scope, pause.until)
        const ran = 'asked' in message ? { outcome, asked: message.asked } : { outcome }
        if (!keep) return end(ran)
        given.saveSession(keep.name, deviceId, keep.session).then(
          () => end(ran),
          () => end(failed('unreachable', 'The sign-in could not be kept, as the store does not answer; try again')),
        )
      }
    })
    worker.on('error', (error: NodeJS.ErrnoException) =>
      end(
        failed(
          'changed',
          error.code === 'ERR_WORKER_OUT_OF_MEMORY'
            ? `It used up the memory of its thread (${given.heapLimit} MiB)`
            : `The integration failed: ${error.name}`,
        ),
      ),
    )
    worker.on('exit', (exitCode) => end(failed('changed', `The integration ended its thread (exit code ${exitCode})`)))
  })
}
