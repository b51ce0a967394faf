import { VendorFailure } from '@nabolag/core'
import type { Reading } from '@nabolag/integrations'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Fault, type FaultOptions, faults, makeWorld, type Simulators, startSimulators } from './index.ts'
import { pollOnce } from './plain-client.testing.ts'

let simulators: Simulators
/** A day in summer, when tomorrow has been published; each test may choose another. */
let now = Date.parse('2026-06-10T13:00:00Z')
beforeAll(async () => {
  simulators = await startSimulators({ vendors: ['nordpool'], world: makeWorld({ now: () => now }) })
})
afterAll(() => simulators.close())
afterEach(() => {
  simulators.faults.nordpool.clear()
  now = Date.parse('2026-06-10T13:00:00Z')
})

const poll = (credentials: object = { area: 'NO3' }, timeout?: number) =>
  pollOnce('spot-price', simulators.urls.nordpool, credentials, { timeout, now: new Date(now).toISOString() })
const outcome = (attempt: Promise<readonly Reading[]>) =>
  attempt.then(
    (readings) => readings.length,
    (error) => (error instanceof VendorFailure ? error.kind : error),
  )
const sources = (readings: readonly Reading[]) => [...new Set(readings.map(({ tags }) => tags?.source))]

describe('spot-price at the simulated Nord Pool', () => {
  test('today and tomorrow, in quarters, with unit, area, currency and time of issue', async () => {
    const readings = await poll()
    expect(readings.length).toBe(192)
    expect(readings[0]).toMatchObject({
      time: '2026-06-09T22:00:00Z',
      issued: '2026-06-09T11:13:00.0004249Z',
      tags: { area: 'NO3', currency: 'NOK', source: 'nordpool' },
      fields: { minutes: 15, preliminary: false },
    })
    for (const { fields } of readings) expect(Math.abs(fields.price as number)).toBeLessThan(10)
    expect((await poll({ area: 'SE3' }))[0]!.tags).toMatchObject({ currency: 'SEK' })
    expect((await poll({ area: 'FI', currency: 'NOK' }))[0]!.tags).toMatchObject({ area: 'FI', currency: 'NOK' })
  })

  test.each([
    ['2026-03-29T09:00:00Z', 92],
    ['2026-10-25T09:00:00Z', 100],
    ['2025-10-26T09:00:00Z', 100],
    ['2026-01-14T09:00:00Z', 96],
  ])('at %s today has %i quarters, from midnight to midnight', async (at, count) => {
    now = Date.parse(at)
    const readings = await poll()
    expect(readings.length).toBe(count)
    const times = readings.map(({ time }) => Date.parse(time))
    expect(new Set(times).size).toBe(count)
    expect((times.at(-1)! - times[0]!) / 900_000).toBe(count - 1)
  })

  test('tomorrow is not asked for in the morning, missing until 13:03, preliminary for a while, then final', async () => {
    now = Date.parse('2026-06-10T10:00:00Z')
    expect((await poll()).length).toBe(96)
    now = Date.parse('2026-06-10T10:58:00Z')
    expect((await poll()).length).toBe(96)
    now = Date.parse('2026-06-10T11:05:00Z')
    const preliminary = (await poll()).slice(96)
    expect(preliminary.map(({ fields }) => fields.preliminary)).toEqual(Array(96).fill(true))
    now = Date.parse('2026-06-10T11:20:00Z')
    const final = (await poll()).slice(96)
    expect(final[0]!.fields.preliminary).toBe(false)
    expect(final[0]!.issued! > preliminary[0]!.issued!).toBe(true)
  })

  test('some prices in Denmark are below zero', async () => {
    const prices: number[] = []
    for (let day = 0; day < 30; day++) {
      now = Date.parse('2026-06-10T13:00:00Z') + day * 86_400_000
      prices.push(...(await poll({ area: 'DK1' })).map(({ fields }) => fields.price as number))
    }
    expect(prices.filter((price) => price < 0).length).toBeGreaterThan(0)
  })
})

describe('the other source', () => {
  test('Nord Pool refuses or is down: hvakosterstrommen.no, in hours, and the tag says so', async () => {
    for (const fault of ['refused', 'outage', 'html', 'reset', 'half', 'changed'] as const) {
      simulators.faults.nordpool.set(fault, { account: 'nordpool' })
      const readings = await poll()
      simulators.faults.nordpool.clear()
      expect([fault, readings.length, sources(readings)]).toEqual([fault, 48, ['hvakosterstrommen']])
      expect(readings[0]).toMatchObject({ time: '2026-06-09T22:00:00.000Z', issued: '2026-06-09T10:45:00.000Z' })
    }
  })

  test('it covers Norway and its currencies only', async () => {
    simulators.faults.nordpool.set('refused', { account: 'nordpool' })
    expect(await outcome(poll({ area: 'SE3' }))).toBe('refused')
    expect(await outcome(poll({ area: 'NO1', currency: 'SEK' }))).toBe('refused')
    expect((await poll({ area: 'NO1', currency: 'EUR' }))[0]!.tags).toMatchObject({ currency: 'EUR' })
  })

  test('tomorrow that Nord Pool has not published by 15:00 comes from it, and today from Nord Pool', async () => {
    // Late at Nord Pool alone.
    simulators.faults.nordpool.set('late', { seconds: 6 * 3600, account: 'nordpool' })
    const readings = await poll()
    expect(sources(readings.slice(0, 96))).toEqual(['nordpool'])
    expect(sources(readings.slice(96))).toEqual(['hvakosterstrommen'])
    expect(readings.length).toBe(96 + 24)
    now = Date.parse('2026-06-10T12:30:00Z')
    expect((await poll()).length).toBe(96)
  })

  test('the hours of the day when clocks go back are counted, whatever their labels say', async () => {
    now = Date.parse('2026-10-25T09:00:00Z')
    simulators.faults.nordpool.set('refused', { account: 'nordpool' })
    const times = (await poll()).map(({ time }) => Date.parse(time))
    expect(times).toEqual(Array.from({ length: 25 }, (_, n) => Date.parse('2026-10-24T22:00:00Z') + n * 3_600_000))
  })

  test('rows that come twice are not half-hours', async () => {
    simulators.faults.nordpool.set('refused', { account: 'nordpool' })
    const once = await poll()
    simulators.faults.nordpool.set('duplicate')
    expect(await poll()).toEqual(once)
  })

  test('told to wait, it waits', async () => {
    simulators.faults.nordpool.set('throttled', { account: 'nordpool', retryAfter: 900 })
    const failure = await poll().catch((error) => error)
    expect(failure).toMatchObject({ kind: 'throttled' })
    expect(failure.until).toBeGreaterThan(Date.now() + 890_000)
  })
})

const rows: readonly [Fault, FaultOptions, string | number][] = [
  ['refused', {}, 'refused'],
  ['throttled', {}, 'throttled'],
  ['throttled', { retryAfter: 60 }, 'throttled'],
  ['reset', {}, 'unreachable'],
  ['mute', {}, 'unreachable'],
  ['outage', {}, 'unreachable'],
  ['html', {}, 'unreachable'],
  ['half', {}, 'changed'],
  ['changed', {}, 'changed'],
  ['nulls', {}, 0],
  ['missing', {}, 0],
  ['duplicate', {}, 192],
  ['late', { seconds: 6 * 3600 }, 96],
  ['dst', {}, 196],
  ['dst', { season: 'spring' }, 188],
]

describe(`${rows.length} faults of both sources`, () => {
  test.each(rows)('%s %j ends as %j', async (fault, options, expected) => {
    simulators.faults.nordpool.set(fault, { ...options })
    if (fault === 'dst') simulators.faults.nordpool.set('dst', { ...options, seconds: 16 * 3600 })
    expect(await outcome(poll(undefined, fault === 'mute' ? 300 : undefined))).toBe(expected)
    expect(simulators.faults.nordpool.struck[fault]).toBeGreaterThan(0)
  })

  test('every fault of the menu is tried here, but for that of commands', () => {
    expect(new Set([...rows.map(([fault]) => fault), 'rejected'])).toEqual(new Set(Object.keys(faults)))
  })
})

describe('what the vendors are particular about', () => {
  const ask = async (query: string) => {
    const answer = await fetch(`${simulators.urls.nordpool}/api/DayAheadPrices?${query}`)
    return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() }
  }

  test('an empty area is a 400, an old day a 401, a day to come an empty 204', async () => {
    const rest = 'market=DayAhead&currency=NOK'
    expect(await ask(`date=2026-06-10&deliveryArea=&${rest}`)).toMatchObject({
      status: 400,
      type: 'application/problem+json; charset=utf-8',
    })
    expect((await ask(`date=2025-06-10&deliveryArea=NO1&${rest}`)).status).toBe(401)
    expect(await ask(`date=2026-06-12&deliveryArea=NO1&${rest}`)).toMatchObject({ status: 204, text: '' })
    const unknown = await ask(`date=2026-06-10&deliveryArea=NO9&${rest}`)
    expect(JSON.parse(unknown.text).multiAreaEntries[0].entryPerArea).toEqual({})
  })
})
