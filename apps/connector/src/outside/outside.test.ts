import type { LogRow, OutsideDevice, StatusRow } from '@nabolag/store'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { silentLog } from '../fixtures/stage.ts'
import { judge, type Seen } from './freshness.ts'
import { type Outside, watchOutside } from './outside.ts'

const minute = 60_000
const noon = Date.parse('2026-05-08T12:00:00Z')

describe('what is told of a device that publishes by itself', () => {
  const seen: Seen = {
    desired: 'running',
    samplingSeconds: 60,
    newest: noon,
    heard: noon,
    watchedSince: noon - 60 * minute,
  }
  test.each([
    { name: 'a sample came in time', seen, now: noon + 3 * minute, is: { state: 'running', reason: undefined } },
    {
      name: 'three intervals without one',
      seen,
      now: noon + 3 * minute + 1,
      is: { state: 'stale', reason: expect.stringContaining('Nothing has come since 2026-05-08T12:00:00Z') },
    },
    {
      name: 'samples of an hour ago: a clock is wrong',
      seen: { ...seen, heard: noon + 59 * minute },
      now: noon + 60 * minute,
      is: { state: 'stale', reason: expect.stringContaining('Is the clock of the program right?') },
    },
    {
      name: 'nobody listened until now',
      seen: { ...seen, watchedSince: noon + 59 * minute },
      now: noon + 60 * minute,
      is: { state: 'running', reason: undefined },
    },
    {
      name: 'nothing yet, it was just added',
      seen: { ...seen, newest: undefined, watchedSince: noon },
      now: noon + minute,
      is: { state: 'starting', reason: undefined },
    },
    {
      name: 'nothing yet, for long',
      seen: { ...seen, newest: undefined, watchedSince: noon },
      now: noon + 4 * minute,
      is: { state: 'starting', reason: expect.stringContaining('Nothing has come yet') },
    },
    {
      name: 'its owner stopped it',
      seen: { ...seen, desired: 'stopped' as const },
      now: noon,
      is: { state: 'stopped', reason: expect.any(String) },
    },
    {
      name: 'a sample a second may be some seconds late',
      seen: { ...seen, samplingSeconds: 1 },
      now: noon + 9000,
      is: { state: 'running', reason: undefined },
    },
  ])('$name', ({ seen: what, now, is }) => expect(judge(what, now)).toEqual(is))
})

describe('watching', () => {
  let devices: OutsideDevice[]
  let statuses: StatusRow[]
  let lines: LogRow[]
  let announced: string[]
  let subscriptions: Map<string, (topic: string, payload: Buffer) => void>
  let outside: Outside
  const held = () => true

  const device = (more: Partial<OutsideDevice> = {}): OutsideDevice => ({
    id: 1,
    houseId: 3,
    integration: 'stove',
    count: 0,
    shard: 0,
    desired: 'running',
    generation: 1,
    samplingSeconds: 60,
    createdAt: noon,
    status: undefined,
    ...more,
  })
  const publish = (topic: string, content: object) => {
    for (const [filter, handler] of subscriptions)
      if (topic.startsWith(filter.slice(0, -1))) handler(topic, Buffer.from(JSON.stringify(content)))
  }
  const sample = (time: number, more: object = {}) => ({
    measurement: 'airSensor',
    tags: { house_id: '3' },
    fields: { temperature: 20 },
    time: new Date(time).toISOString(),
    ...more,
  })
  const said = () => lines.map(({ message }) => message)
  const state = (id = 1) => statuses.findLast(({ deviceId }) => deviceId === id)?.state

  const open = () =>
    watchOutside({
      fleet: {
        outsideDevices: async (which) =>
          devices.filter((one) =>
            'shards' in which
              ? which.shards.includes(one.shard)
              : one.houseId === which.houseId && one.integration === which.integration && one.count === which.count,
          ),
      },
      bus: {
        subscribe: async (filter, handler) => {
          subscriptions.set(filter, handler)
          return async () => void subscriptions.delete(filter)
        },
      },
      tell: {
        connector: 'c',
        recorder: {
          status: (row, topic) => {
            statuses.push(row)
            if (topic !== undefined) announced.push(topic)
          },
          line: (row) => lines.push(row),
          flush: async () => {},
          close: async () => {},
          dropped: 0,
        },
      },
      log: silentLog,
    })

  beforeEach(async () => {
    vi.useFakeTimers({ now: noon })
    devices = [device()]
    statuses = []
    lines = []
    announced = []
    subscriptions = new Map()
    outside = open()
    await outside.adjust([0], held)
  })
  afterEach(async () => {
    await outside.close()
    vi.useRealTimers()
  })

  test('a device starts, runs, goes stale and comes back, with a line and an event each time', async () => {
    expect(state()).toBe('starting')
    publish('sensors/stove/3/0', sample(Date.now()))
    expect(state()).toBe('running')
    await vi.advanceTimersByTimeAsync(3 * minute + 5000)
    expect(state()).toBe('stale')
    publish('sensors/stove/3', sample(Date.now()))
    expect(state()).toBe('running')
    expect(said()).toEqual([
      'Added: it waits for the first sample',
      'First sample',
      expect.stringContaining('Nothing has come since'),
      'It runs again',
    ])
    expect(announced).toEqual(Array(4).fill('devices/3/stove/0'))
    expect(statuses.at(-1)?.lastSampleAt).toBe(Date.now())
  })

  test("what is refused, or another device's, does not make it fresh; its owner reads why", () => {
    publish('sensors/stove/3/0', sample(Date.now(), { fields: { temperature: 999 } }))
    publish('sensors/stove/3/1', sample(Date.now()))
    publish('sensors/stove/4/0', sample(Date.now(), { tags: { house_id: '4' } }))
    publish('sensors/stove/3/0', 'nonsense' as unknown as object)
    expect(state()).toBe('starting')
    expect(said().slice(1)).toEqual(['A sample was refused: fields.temperature is 999, above 100 °C'])
  })

  test('its time is written now and then while it runs', async () => {
    for (let second = 0; second < 60; second++) {
      publish('sensors/stove/3/0', sample(Date.now()))
      await vi.advanceTimersByTimeAsync(1000)
    }
    const written = statuses.filter(({ state: is }) => is === 'running').length
    expect(written).toBeGreaterThan(2)
    expect(written).toBeLessThan(6)
  })

  test('the next connector goes on where this one was', async () => {
    publish('sensors/stove/3/0', sample(Date.now()))
    await outside.close()
    devices = [device({ status: { ...statuses.at(-1)!, restarts: 0 } })]
    await vi.advanceTimersByTimeAsync(60 * minute)
    const before = lines.length
    outside = open()
    await outside.adjust([0], held)
    await vi.advanceTimersByTimeAsync(2 * minute)
    expect([state(), lines.length]).toEqual(['running', before])
    await vi.advanceTimersByTimeAsync(2 * minute)
    expect(state()).toBe('stale')
  })

  test('stopped, started again, taken away: nothing is left of it', async () => {
    publish('sensors/stove/3/0', sample(Date.now()))
    const place = { houseId: 3, integration: 'stove', count: 0 }
    devices = [device({ desired: 'stopped' })]
    expect(await outside.adjustOne(place, held)).toBe(true)
    expect(state()).toBe('stopped')
    devices = [device({ generation: 2 })]
    await outside.adjustOne(place, held)
    expect([state(), statuses.at(-1)?.run]).toEqual(['starting', 2])
    devices = []
    expect(await outside.adjustOne(place, held)).toBe(true)
    expect(subscriptions.size).toBe(0)
    expect(await outside.adjustOne(place, held)).toBe(false)
  })

  test('only what is held is watched, with one subscription a kind', async () => {
    devices = [device(), device({ id: 2, houseId: 4, shard: 1 }), device({ id: 3, integration: 'barn', shard: 1 })]
    await outside.adjust([0, 1], (shard) => shard === 0)
    expect([...subscriptions.keys()]).toEqual(['sensors/stove/#'])
    await outside.adjust([0, 1], held)
    expect([...subscriptions.keys()].sort()).toEqual(['sensors/barn/#', 'sensors/stove/#'])
    await outside.stopShards([0])
    publish('sensors/stove/3/0', sample(Date.now()))
    publish('sensors/stove/4/0', sample(Date.now(), { tags: { house_id: '4' } }))
    expect([state(1), state(2)]).toEqual(['starting', 'running'])
  })
})
