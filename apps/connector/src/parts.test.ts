import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { makeBudgets } from './budgets.ts'
import { makeAgenda, makeDueHeap } from './due-heap.ts'
import { until } from './fixtures/stage.ts'
import { expiryOf, makeHttpCache, retryAfterOf } from './http-cache.ts'
import { makeOutbox } from './outbox.ts'
import { checkReadings, leaveOutSent, makeRate, mostPerMinute, newestOf, writePayloads } from './readings.ts'

afterEach(() => void vi.useRealTimers())

test('the heap gives what is due, the earliest first, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1000 })), fc.integer({ min: 0, max: 1000 }), (times, now) => {
      const heap = makeDueHeap<number>()
      for (const time of times) heap.push(time, time)
      const popped: number[] = []
      for (let item = heap.popDue(now); item !== undefined; item = heap.popDue(now)) popped.push(item)
      expect(popped).toEqual(times.filter((time) => time <= now).sort((a, b) => a - b))
      expect(heap.size).toBe(times.length - popped.length)
    }),
  )
})

test('what was planned before the clock was put back comes when it would have come, and what is planned after not at once', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const right = Date.now()
  const hour = 3_600_000
  vi.setSystemTime(right + hour)
  const came: string[] = []
  const agenda = makeAgenda<string>((due) => void came.push(...due.map(({ item }) => item)))
  agenda.plan(right + hour + 200, 'before')
  agenda.plan(right + hour + 90_000, 'later')
  vi.setSystemTime(right)
  agenda.plan(right + 80_000, 'after')
  vi.setSystemTime(right + 250)
  await vi.waitFor(() => expect(came).toEqual(['before']), 2000)
  agenda.close()
})

test('a time that lies too far ahead is not the newest', () => {
  const now = Date.UTC(2023, 4, 8, 6)
  const at = (time: string) => ({ time, fields: {} })
  expect(newestOf([at('2099-01-01T00:00:00Z'), at('2023-05-08T05:00:00Z')], now)).toBe(now - 3_600_000)
  expect(newestOf([at('2023-05-09T21:00:00Z'), at('2023-05-08T05:00:00Z')], now)).toBe(now + 39 * 3_600_000)
  expect(newestOf([at('2099-01-01T00:00:00Z')], now)).toBeUndefined()
})

test('the cache stays within its bounds and drops what was least used', () => {
  const cache = makeHttpCache({ entries: 3, characters: 100 })
  const kept = (body: string) => ({ body, expires: 0, lastModified: undefined, etag: undefined })
  for (const key of ['a', 'b', 'c']) cache.set(key, kept('x'))
  cache.get('a')
  cache.set('d', kept('x'))
  expect(['a', 'b', 'c', 'd'].filter((key) => cache.get(key))).toEqual(['a', 'c', 'd'])
  cache.set('huge', kept('x'.repeat(50)))
  expect(cache.get('huge')).toBeUndefined()
  for (let i = 0; i < 100; i++) cache.set(`k${i}`, kept('x'.repeat(i % 25)))
  expect(cache.size).toBeLessThanOrEqual(3)
  expect(cache.characters).toBeLessThanOrEqual(100)
})

test.each([
  { headers: { 'cache-control': 'public, max-age=60' }, in: 60_000 },
  { headers: { 'cache-control': 'max-age=60', age: '20' }, in: 40_000 },
  { headers: { 'cache-control': 'no-store, max-age=60' }, in: undefined },
  { headers: { expires: 'Mon, 08 May 2023 06:30:00 GMT' }, in: 1_800_000 },
  { headers: { expires: 'Mon, 08 May 2023 06:30:00 GMT', date: 'Mon, 08 May 2023 06:20:00 GMT' }, in: 600_000 },
  { headers: { 'cache-control': 'max-age=31536000' }, in: 86_400_000 },
  { headers: { 'cache-control': 'max-age=99999999999' }, in: 86_400_000 },
  { headers: { expires: 'Thu, 01 Jan 2099 00:00:00 GMT' }, in: 86_400_000 },
  { headers: { expires: '0' }, in: undefined },
  { headers: {}, in: undefined },
])('an answer with $headers may be used for $in ms', ({ headers, in: span }) => {
  const now = Date.UTC(2023, 4, 8, 6)
  const expiry = expiryOf(headers as Record<string, string>, now)
  if (span === undefined) expect(expiry === undefined || expiry <= now).toBe(true)
  else expect(expiry).toBe(now + span)
})

test('Retry-After is read as seconds or as a date, and never throws', () => {
  const now = Date.UTC(2023, 4, 8, 6)
  expect(retryAfterOf({ 'retry-after': '120' }, now)).toBe(now + 120_000)
  expect(retryAfterOf({ 'retry-after': 'Mon, 08 May 2023 06:02:00 GMT' }, now)).toBe(now + 120_000)
  // Milliseconds by mistake, perhaps: a week at most.
  for (const text of ['3600000', '86400000', 'Thu, 01 Jan 2099 00:00:00 GMT'])
    expect(retryAfterOf({ 'retry-after': text }, now)).toBe(now + 7 * 86_400_000)
  fc.assert(
    fc.property(fc.string(), (text) => {
      const until = retryAfterOf({ 'retry-after': text }, now)
      expect(until === undefined || until >= now).toBe(true)
    }),
  )
})

test('what is held back because the broker is slow goes on while the broker is gone', async () => {
  const told: boolean[] = []
  const bus = { connected: true, publish: () => new Promise<void>(() => {}) }
  const outbox = makeOutbox({ bus, onFull: (full) => void told.push(full), onDrop: () => {}, messages: 10 })
  for (let i = 0; i < 506; i++) outbox.put('t', String(i), 1)
  expect(told).toEqual([true])
  bus.connected = false
  await until('nobody is held back', () => told.at(-1) === false, 5000)
  outbox.close()
})

test('a full outbox drops the oldest, counts every sample, and sends the rest when the broker is back', async () => {
  const sent: string[] = []
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  let lost = 0
  const bus = { connected: false, publish: (_: string, payload: string) => gate.then(() => void sent.push(payload)) }
  const onDrop = (samples: number) => {
    lost += samples
  }
  const outbox = makeOutbox({ bus, onFull: () => {}, onDrop, messages: 10 })
  for (let i = 0; i < 600; i++) outbox.put('t', String(i), 2)
  expect(outbox.dropped).toBe((600 - 500 - 10) * 2)
  expect(lost).toBe(outbox.dropped)
  open()
  await until('all is out', () => outbox.waiting === 0)
  expect(sent).toHaveLength(510)
  expect(sent.at(-1)).toBe('599')
  expect(outbox.published + outbox.dropped).toBe(1200)
})

test('calls beyond the limit wait their turn, for the account and for all together', async () => {
  const budgets = makeBudgets({ loadBudget: async () => undefined, saveBudget: async () => {} }, () => {})
  const limit = { count: 2, per: 200 }
  const begun = Date.now()
  const order: number[] = []
  await Promise.all([0, 1, 2, 3, 4].map((turn) => budgets.permit('v/a', limit, undefined).then(() => order.push(turn))))
  expect(order).toEqual([0, 1, 2, 3, 4])
  expect(Date.now() - begun).toBeGreaterThanOrEqual(395)
  const together = { count: 1, per: 150 }
  const start = Date.now()
  await Promise.all(['v/b', 'v/c'].map((scope) => budgets.permit(scope, undefined, together)))
  expect(Date.now() - start).toBeGreaterThanOrEqual(145)
  budgets.close()
})

test('a pause is answered at once, also to those who wait', async () => {
  const budgets = makeBudgets({ loadBudget: async () => undefined, saveBudget: async () => {} }, () => {})
  const limit = { count: 1, per: 60_000 }
  expect(await budgets.permit('v/a', limit, undefined)).toBeUndefined()
  const waiting = budgets.permit('v/a', limit, undefined)
  const until = Date.now() + 60_000
  budgets.pause('v/a', until)
  expect(await waiting).toBe(until)
  expect(await budgets.permit('v/a', limit, undefined)).toBe(until)
  budgets.close()
})

test('a pause outlives a restart', async () => {
  const kept = new Map<string, unknown>()
  const store = {
    loadBudget: async (scope: string) => kept.get(scope),
    saveBudget: async (scope: string, state: unknown) => void kept.set(scope, state),
  }
  const until = Date.now() + 60_000
  const before = makeBudgets(store, () => {})
  await before.permit('v/a', undefined, undefined)
  before.pause('v/a', until)
  await before.permit('v/a', undefined, undefined)
  await before.save()
  expect(await makeBudgets(store, () => {}).permit('v/a', undefined, undefined)).toBe(until)
})

test('a reading that comes again is left out, a corrected one is not, and A after B is A again', () => {
  const at = (power: number) => checkReadings([{ time: '2023-05-08T06:00:00Z', fields: { power, gone: undefined } }])
  let remembered: ReturnType<typeof leaveOutSent>['remembered'] | undefined
  const fresh = [1, 1, 2, 1].map((power) => {
    const outcome = leaveOutSent(at(power), remembered)
    remembered = outcome.remembered
    return outcome.fresh.length
  })
  expect(fresh).toEqual([1, 0, 1, 1])
})

test('readings go out in messages of at most 200', () => {
  const readings = checkReadings(
    Array.from({ length: 450 }, (_, i) => ({ time: new Date(i * 1000).toISOString(), fields: { power: i } })),
  )
  const payloads = writePayloads(readings, { houseId: 3, name: 'x', group: 'powerConsumption', count: 0 })
  expect(payloads.map((payload) => (JSON.parse(payload) as unknown[]).length)).toEqual([200, 200, 50])
})

test('a flood is throttled until the minute is over', () => {
  const rate = makeRate()
  const now = Date.UTC(2023, 4, 8, 6, 0, 10)
  rate(mostPerMinute, now)
  expect(() => rate(1, now)).toThrow(expect.objectContaining({ kind: 'throttled', until: now + 50_000 }))
  expect(() => rate(1, now + 50_000)).not.toThrow()
})
