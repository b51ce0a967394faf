/** Whether the bus is heard, on a stand-in for the bus whose messages can be held up. */
import type { Bus, Handler } from '@nabolag/bus'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startHearing } from './hearing.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

function makeBus() {
  const handlers: Handler[] = []
  const onReconnect: (() => void)[] = []
  const held: (() => void)[] = []
  const state = { connected: true, isHeldUp: false }
  const bus = {
    get connected() {
      return state.connected
    },
    publish: async (topic: string, message: string) => {
      const deliver = () => {
        for (const handler of handlers) handler(topic, Buffer.from(message))
      }
      if (state.isHeldUp) held.push(deliver)
      else deliver()
    },
    subscribe: async (_filter: string, handler: Handler) => {
      handlers.push(handler)
      return async () => void handlers.splice(handlers.indexOf(handler), 1)
    },
    onReconnect: (handler: () => void) => void onReconnect.push(handler),
  } as unknown as Bus
  const release = () => {
    for (const deliver of held.splice(0)) deliver()
  }
  const reconnect = () => {
    state.connected = true
    for (const handler of onReconnect) handler()
  }
  return { bus, state, handlers, release, reconnect }
}

test('it is heard as long as what it says to itself comes back, and not much longer', async () => {
  const { bus, state, release, handlers } = makeBus()
  const hearing = await startHearing(bus, () => undefined)
  expect(hearing.trusted).toBe(true)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(hearing.trusted).toBe(true)
  state.isHeldUp = true
  await vi.advanceTimersByTimeAsync(1000)
  expect(hearing.trusted).toBe(true)
  await vi.advanceTimersByTimeAsync(1000)
  expect(hearing.trusted).toBe(false)
  // What comes late was said long ago: it proves nothing of now.
  await vi.advanceTimersByTimeAsync(60_000)
  release()
  state.isHeldUp = false
  await vi.advanceTimersByTimeAsync(500)
  expect(hearing.trusted).toBe(true)
  hearing.close()
  expect(handlers).toHaveLength(0)
})

test('it is not heard while the connection is lost, nor after it by what was said before', async () => {
  const { bus, state, release, reconnect } = makeBus()
  const lost = vi.fn()
  const hearing = await startHearing(bus, lost)
  state.isHeldUp = true
  await vi.advanceTimersByTimeAsync(500)
  state.connected = false
  expect(hearing.trusted).toBe(false)
  reconnect()
  expect(lost).toHaveBeenCalledOnce()
  expect(hearing.trusted).toBe(false)
  release()
  expect(hearing.trusted).toBe(false)
  state.isHeldUp = false
  await vi.advanceTimersByTimeAsync(500)
  expect(hearing.trusted).toBe(true)
  hearing.close()
})
