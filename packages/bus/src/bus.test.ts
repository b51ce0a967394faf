import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Bus, connectBus } from './bus.ts'
import { matches } from './filter.ts'
import { type Mosquitto, noMosquitto, startMosquitto } from './testing/mosquitto.ts'

/** ms: what is waited for is another process, on a machine that may have much to do. */
const patience = 20_000

test.each([
  ['sensors/#', 'sensors/a/1', true],
  ['sensors/#', 'sensors', true],
  ['sensors/+/1', 'sensors/a/1', true],
  ['sensors/+/1', 'sensors/a/2', false],
  ['sensors/+', 'sensors/a/1', false],
  ['sensors/a', 'sensors/a', true],
  ['sensors/a/b', 'sensors/a', false],
  ['#', '$SYS/x', false],
  ['$SYS/#', '$SYS/x', true],
])('the filter %s and the topic %s: %s', (filter, topic, fits) => {
  expect(matches(filter, topic)).toBe(fits)
})

test('a broker that does not answer is named, without its password', async () => {
  const attempt = connectBus({ url: 'mqtt://someone:secret@127.0.0.1:1', patience: 100 })
  await expect(attempt).rejects.toMatchObject({ code: 'engine-down', message: expect.stringContaining('127.0.0.1:1') })
  await expect(attempt).rejects.not.toMatchObject({ message: expect.stringContaining('secret') })
})

describe.skipIf(noMosquitto)('with Mosquitto', () => {
  let broker: Mosquitto
  const open: Bus[] = []
  const connected = async (settings: Partial<Parameters<typeof connectBus>[0]> = {}) => {
    const bus = await connectBus({ url: broker.url, ...settings })
    open.push(bus)
    return bus
  }
  beforeAll(async () => {
    broker = await startMosquitto()
  })
  afterAll(async () => {
    await Promise.all(open.map((bus) => bus.close()))
    await broker.close()
  })

  test('a wrong password is refused at once', async () => {
    await expect(connected({ url: broker.urlFor({ username: 'admin', password: 'wrong' }) })).rejects.toMatchObject({
      code: 'not-allowed',
    })
  })

  test('what is published reaches whoever listens, objects as JSON', async () => {
    const [here, there] = [await connected(), await connected()]
    const heard: [string, string][] = []
    const stop = await there.subscribe('desired/#', (topic, payload) => heard.push([topic, payload.toString()]))
    await here.publish('desired/3/met/0', { state: 'stopped' })
    await here.publish('devices/3/met/0', '')
    await vi.waitFor(() => expect(heard).toEqual([['desired/3/met/0', '{"state":"stopped"}']]), patience)
    await stop()
    await here.publish('desired/3/met/0', 'more')
    expect(heard).toHaveLength(1)
  })

  test('publishes wait for room in the window', async () => {
    const bus = await connected({ window: 4 })
    let done = 0
    const all = Array.from({ length: 400 }, (_, i) => bus.publish('devices/x', String(i)).then(() => done++))
    await all[0]
    expect(done).toBeLessThan(400)
    await Promise.all(all)
    expect(done).toBe(400)
  })

  test('a publish survives the loss of the broker, and listening goes on after it', async () => {
    const [here, there] = [await connected(), await connected()]
    const heard: string[] = []
    const again = vi.fn()
    there.onReconnect(again)
    await there.subscribe('devices/#', (_topic, payload) => heard.push(payload.toString()))
    await broker.kill()
    await vi.waitFor(() => expect(here.connected || there.connected).toBe(false), patience)
    const sent = here.publish('elsewhere', 'kept meanwhile')
    await broker.start()
    await sent
    await vi.waitFor(() => expect(again).toHaveBeenCalled(), patience)
    await vi.waitFor(async () => {
      await here.publish('devices/1/x/0', 'after')
      expect(heard).toContain('after')
    }, patience)
  })
})
