import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Bus, connectBus } from './bus.ts'
import { type Consumer, type ConsumerSettings, consume, type Delivery } from './consumer.ts'
import { type Mosquitto, noMosquitto, startMosquitto } from './testing/mosquitto.ts'

/** ms: what is waited for is another process, on a machine that may have much to do. */
const patience = 20_000

describe.skipIf(noMosquitto)('a persistent consumer, with Mosquitto', () => {
  let broker: Mosquitto
  let bus: Bus
  const open: Consumer[] = []
  const listen = (clientId: string, settings: Partial<ConsumerSettings> = {}) => {
    const taken: Delivery[] = []
    const consumer = consume({
      url: broker.url,
      clientId,
      filters: [`${clientId}/#`],
      onMessage: (delivery) => taken.push(delivery),
      ...settings,
    })
    open.push(consumer)
    const texts = () => taken.map(({ payload }) => payload.toString())
    return { consumer, taken, texts }
  }
  const publish = (topic: string, from: number, to: number) =>
    Promise.all(Array.from({ length: to - from }, (_, i) => bus.publish(topic, String(from + i))))
  const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => String(from + i))

  beforeAll(async () => {
    broker = await startMosquitto()
    bus = await connectBus({ url: broker.url })
  })
  afterAll(async () => {
    await Promise.all(open.map((consumer) => consumer.close()))
    await bus.close()
    await broker.close()
  })

  test('many messages are open at once, and only the acknowledged ones do not come again', async () => {
    const first = listen('a')
    await first.consumer.ready
    await publish('a/x', 0, 500)
    await vi.waitFor(() => expect(first.taken).toHaveLength(500), patience)
    expect(first.consumer.waiting.messages).toBe(500)
    first.consumer.acknowledge(first.taken.slice(0, 200))
    expect(first.consumer.waiting.messages).toBe(300)
    await first.consumer.close()
    await publish('a/x', 500, 600)

    const second = listen('a')
    await vi.waitFor(() => expect(second.taken.length).toBeGreaterThanOrEqual(400), patience)
    expect(second.texts()).toEqual(numbers(200, 600))
  })

  test('reading pauses while too much waits, and goes on after', async () => {
    const { consumer, taken, texts } = listen('b', { mostBytes: 200_000 })
    await consumer.ready
    const filler = 'x'.repeat(10_000)
    const sent = Promise.all(Array.from({ length: 300 }, (_, i) => bus.publish('b/x', `${i} ${filler}`)))
    await sent
    await vi.waitFor(() => expect(consumer.waiting.bytes).toBeGreaterThanOrEqual(200_000), patience)
    // One chunk of the socket may come on top.
    expect(consumer.waiting.bytes).toBeLessThan(300_000)
    let next = 0
    await vi.waitFor(() => {
      consumer.acknowledge(taken.slice(next))
      next = taken.length
      expect(taken).toHaveLength(300)
    }, patience)
    expect(texts().map((text) => text.split(' ')[0])).toEqual(numbers(0, 300))
    consumer.acknowledge(taken)
    expect(consumer.waiting).toEqual({ messages: 0, bytes: 0 })
  })

  test('it comes back after the broker was killed, and old acknowledgements do no harm', async () => {
    const { consumer, taken, texts } = listen('c')
    await consumer.ready
    await publish('c/x', 0, 10)
    await vi.waitFor(() => expect(taken).toHaveLength(10), patience)
    await broker.kill()
    await vi.waitFor(() => expect(consumer.connected).toBe(false), patience)
    consumer.acknowledge(taken)
    expect(consumer.waiting.messages).toBe(0)
    await broker.start()
    await vi.waitFor(() => expect(consumer.connected).toBe(true), patience)
    await publish('c/x', 10, 20)
    await vi.waitFor(() => expect(texts()).toEqual(expect.arrayContaining(numbers(10, 20))), patience)
  })

  test('members of a group share the messages', async () => {
    const [one, two] = [1, 2].map((n) => listen(`d-${n}`, { filters: ['d/#'], group: 'sharers' })) as [
      ReturnType<typeof listen>,
      ReturnType<typeof listen>,
    ]
    await Promise.all([one.consumer.ready, two.consumer.ready])
    await publish('d/x', 0, 100)
    await vi.waitFor(() => expect(one.taken.length + two.taken.length).toBe(100), patience)
    expect([...one.texts(), ...two.texts()].sort()).toEqual(numbers(0, 100).sort())
    expect(one.taken.length).toBeGreaterThan(0)
    expect(two.taken.length).toBeGreaterThan(0)
  })

  test('a refused account is said', async () => {
    const { consumer } = listen('e', { url: broker.urlFor({ username: 'nobody', password: 'nothing' }) })
    await expect(consumer.ready).rejects.toMatchObject({ code: 'not-allowed' })
  })
})
