/** Inside an integration's thread: keeps known whose code runs, and shows the main thread that the loop turns. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { getHeapStatistics } from 'node:v8'
import { place } from './messages.ts'

export type Watch = {
  /** Says that from now on the device's code runs; 0 is nobody's. */
  readonly mark: (id: number) => void
  /** Runs for a device: whatever comes of it later, timers and rejections too, is known to be its doing. */
  readonly runFor: <T>(id: number, run: () => T) => T
  /** Whose doing this is. */
  readonly current: () => number | undefined
}

const mebi = 2 ** 20
const beat = 250
/** Growth is forgotten by half in so many beats (10 s). */
const halfLife = 40

export function startWatch(shared: SharedArrayBuffer): Watch {
  const cells = new Int32Array(shared)
  const owner = new AsyncLocalStorage<number>()
  const growth = new Map<number, number>()
  let marked = 0
  let before = memoryNow()
  let beats = 0

  const mark = (id: number) => {
    if (id !== marked) {
      const now = memoryNow()
      if (marked !== 0 && now > before) growth.set(marked, (growth.get(marked) ?? 0) + now - before)
      before = now
      marked = id
    }
    Atomics.store(cells, place.device, id)
  }

  /** Only one that outgrows the others clearly is named. */
  const showGrower = () => {
    let first = 0
    let most = 0
    let second = 0
    for (const [id, grown] of growth) {
      if (grown > most) {
        second = most
        first = id
        most = grown
      } else if (grown > second) second = grown
    }
    const clear = most > 4 * mebi && most > 3 * second
    Atomics.store(cells, place.grower, clear ? first : 0)
    Atomics.store(cells, place.growth, Math.round(most / mebi))
  }

  setInterval(() => {
    mark(0)
    const { used_heap_size: heap, external_memory: external } = getHeapStatistics()
    Atomics.store(cells, place.heap, Math.round(heap / mebi))
    Atomics.store(cells, place.external, Math.round(Math.max(external, process.memoryUsage().arrayBuffers) / mebi))
    showGrower()
    if (++beats % halfLife === 0)
      for (const [id, grown] of growth)
        if (grown < mebi) growth.delete(id)
        else growth.set(id, grown / 2)
    Atomics.add(cells, place.beats, 1)
  }, beat)
  Atomics.add(cells, place.beats, 1)

  watchTimers(owner, mark)
  return {
    mark,
    runFor: (id, run) => {
      mark(id)
      return owner.run(id, run)
    },
    current: () => owner.getStore(),
  }
}

const memoryNow = () => {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics()
  return heap + external
}

/** A timer that an integration starts (it should not) stays its device's doing. */
function watchTimers(owner: AsyncLocalStorage<number>, mark: (id: number) => void): void {
  type Callback = (...given: unknown[]) => unknown
  const owned = (callback: Callback): Callback => {
    const id = owner.getStore()
    if (id === undefined || typeof callback !== 'function') return callback
    return (...given) => {
      mark(id)
      return callback(...given)
    }
  }
  const scope = globalThis as unknown as Record<string, (callback: Callback, ...rest: unknown[]) => unknown>
  for (const name of ['setTimeout', 'setInterval', 'setImmediate']) {
    const original = scope[name]!
    scope[name] = Object.assign(
      (callback: Callback, ...rest: unknown[]) => original(owned(callback), ...rest),
      original,
    )
  }
}
