/** The controlled past of all the demo's houses, each in a thread of its own: they know nothing of one another. */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { demoHouses } from '../world/houses.ts'
import type { ControlPast } from './control-past.ts'
import { demoSetup } from './demo-control.ts'

type Given = {
  readonly seed: number
  /** Of the world, ms. */
  readonly start: number
  readonly from: number
  readonly to: number
}
export type PastThreadGiven = Given & { readonly house: number }
export type FromPastThread = { readonly share: number } | { readonly past: ControlPast }

/** The same as `controlPast` of the whole world, which is to be moved by what comes back; the first failure ends all. */
export async function controlPastInThreads(given: Given, onProgress: (share: number) => void): Promise<ControlPast> {
  const numbers = demoHouses.filter((house) => demoSetup(house).loops.length > 0).map(({ number }) => number)
  const pasts = new Map<number, ControlPast>()
  const shares = new Map<number, number>()
  const open = new Set<Worker>()
  const waiting = [...numbers]
  const live = (house: number) =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL('./past-thread.ts', import.meta.url), { workerData: { ...given, house } })
      open.add(worker)
      worker.on('message', (message: FromPastThread) => {
        if ('past' in message) pasts.set(house, message.past)
        shares.set(house, 'past' in message ? 1 : message.share)
        onProgress([...shares.values()].reduce((sum, one) => sum + one) / numbers.length)
      })
      worker.once('error', reject)
      worker.once('exit', (code) => {
        open.delete(worker)
        if (pasts.has(house)) resolve()
        else reject(new Error(`The past of house ${house} ended with ${code}`))
      })
    })
  const lane = async () => {
    for (let house = waiting.shift(); house !== undefined; house = waiting.shift()) await live(house)
  }
  try {
    await Promise.all(Array.from({ length: availableParallelism() }, lane))
  } finally {
    waiting.length = 0
    for (const worker of open) void worker.terminate()
  }
  const all = numbers.map((number) => pasts.get(number)!)
  const { from, to } = all[0]!
  return { from, to, moves: all.flatMap(({ moves }) => moves), houses: all.flatMap(({ houses }) => houses) }
}
