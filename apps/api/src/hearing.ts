/**
 * Whether this process hears the bus: it says something to itself twice a second. A broker hands messages to a
 * connection in their order, so what was published before an echo that came back has come too.
 */
import { randomUUID } from 'node:crypto'
import type { Bus } from '@nabolag/bus'
import { echoTopic } from '@nabolag/core'

const every = 500
/** An echo that left longer ago proves nothing of the present, ms. */
const goodFor = 1500

export type Hearing = {
  /** Whether everything published until 1.5 s ago has come. */
  readonly trusted: boolean
  close(): void
}

/** Subscribe to what is to be heard before this; `onLost` is called when messages may have been missed. */
export async function startHearing(bus: Bus, onLost: () => void): Promise<Hearing> {
  const topic = echoTopic(randomUUID())
  /** Ends with each loss of the connection: an echo from before it proves nothing after it. */
  let connection = 0
  let heard = Number.NEGATIVE_INFINITY
  const stop = await bus.subscribe(topic, (_topic, payload) => {
    const [of, sent] = payload.toString().split(' ').map(Number)
    if (of === connection && sent !== undefined) heard = Math.max(heard, sent)
  })
  bus.onReconnect(() => {
    connection++
    heard = Number.NEGATIVE_INFINITY
    onLost()
  })
  let waiting = false
  const say = () => {
    if (waiting || !bus.connected) return
    waiting = true
    bus
      .publish(topic, `${connection} ${performance.now()}`)
      .catch(() => undefined)
      .finally(() => {
        waiting = false
      })
  }
  say()
  const timer = setInterval(say, every)
  timer.unref()
  return {
    get trusted() {
      return bus.connected && performance.now() - heard < goodFor
    },
    close: () => {
      clearInterval(timer)
      // Not waited for: without its broker it would not end.
      stop().catch(() => undefined)
    },
  }
}
