/** A thread as the main thread sees it: started, watched, and ended when it stops turning or takes too much memory. */
import { Worker } from 'node:worker_threads'
import { type FromThread, place, places, type ThreadSettings, type ToThread } from './messages.ts'

export type Death = {
  /** The device that did it; `undefined` when that is not known. */
  readonly culprit: number | undefined
  /** What happened, for the owner of the culprit; without a full stop. */
  readonly reason: string
}

export type ThreadGiven = Omit<ThreadSettings, 'shared'> & {
  /** Silence after which it is ended, ms. */
  readonly silence: number
  /** MiB of heap, and of buffers outside of it. */
  readonly heapLimit: number
  readonly externalLimit: number
  readonly onMessage: (message: FromThread) => void
  /** Called once, unless it was closed. */
  readonly onDeath: (death: Death) => void
}

export type Thread = {
  send(message: ToThread): void
  /** MiB. */
  memory(): { heap: number; external: number }
  /** Lets it hand over what it has, and ends it. */
  close(): Promise<void>
}

const look = 250
/** At the start a thread is busy loading, and on a busy machine all the others are too: to end it then only adds to that. */
const startPatience = 15
/** MiB by which the whole process may grow while a thread is silent before that thread is held to be the one. */
const sudden = 1024

export function openThread(given: ThreadGiven): Thread {
  const { silence, heapLimit, externalLimit, onMessage, onDeath, ...settings } = given
  const shared = new SharedArrayBuffer(places * 4)
  const cells = new Int32Array(shared)
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    name: settings.name,
    workerData: { ...settings, shared } satisfies ThreadSettings,
    // An integration gets no environment, and what it prints might hold secrets.
    env: {},
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: heapLimit, maxYoungGenerationSizeMb: 16 },
  })
  worker.stdout.resume()
  worker.stderr.resume()
  let over = false
  let closing = false
  let exited = false
  let beats = 0
  let lastBeat = performance.now()
  let lastLook = lastBeat
  let quietMemory = process.memoryUsage.rss()

  const die = (death: Death) => {
    if (over) return
    over = true
    clearInterval(watcher)
    worker.terminate().then(
      () => onDeath(death),
      () => onDeath(death),
    )
  }
  const running = () => Atomics.load(cells, place.device) || undefined
  const grower = () => Atomics.load(cells, place.grower) || running()

  const watcher = setInterval(() => {
    const now = performance.now()
    const turning = Atomics.load(cells, place.beats)
    // When this thread itself was kept from running, so was the other perhaps.
    if (now - lastLook > 4 * look) lastBeat += now - lastLook
    lastLook = now
    if (turning !== beats) {
      beats = turning
      lastBeat = now
      quietMemory = process.memoryUsage.rss()
      const external = Atomics.load(cells, place.external)
      if (external > externalLimit)
        die({ culprit: grower(), reason: `It took ${external} MiB of memory, more than the ${externalLimit} allowed` })
      return
    }
    const silent = now - lastBeat
    if (silent > silence * (beats === 0 ? startPatience : 1))
      die({
        culprit: running(),
        reason: `It did not finish within ${Math.round(silent / 1000)} s (an endless loop?)`,
      })
    else if (silent > 2 * look && process.memoryUsage.rss() - quietMemory > sudden * 2 ** 20)
      die({ culprit: running(), reason: 'It took more than a gigabyte of memory at once' })
  }, look)

  worker.on('message', (message: FromThread) => {
    if (closing && (message.from === 'news' || message.from === 'command-done')) return onMessage(message)
    if (over) return
    if (message.from === 'fault')
      die({ culprit: message.id, reason: `The integration failed outside of its run: ${message.message}` })
    else if (message.from === 'cannot-start')
      die({ culprit: undefined, reason: `The integration cannot be started: ${message.message}` })
    else onMessage(message)
  })
  worker.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_WORKER_OUT_OF_MEMORY')
      die({ culprit: grower(), reason: `It used up the memory of its thread (${heapLimit} MiB)` })
    else die({ culprit: running(), reason: `The integration failed outside of its run: ${error.name}` })
  })
  worker.on('exit', (code) => {
    exited = true
    die({ culprit: running(), reason: `The integration ended its thread (exit code ${code})` })
  })

  return {
    send: (message) => worker.postMessage(message),
    memory: () => ({ heap: Atomics.load(cells, place.heap), external: Atomics.load(cells, place.external) }),
    async close() {
      over = true
      closing = true
      clearInterval(watcher)
      if (exited) return
      const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
      worker.postMessage({ to: 'close' } satisfies ToThread)
      const timer = setTimeout(() => void worker.terminate(), 1000)
      await gone
      clearTimeout(timer)
    },
  }
}
