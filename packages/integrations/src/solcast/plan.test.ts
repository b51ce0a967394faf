import { daylightAt } from '@nabolag/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { integrationOf } from '../list.ts'
import { failureAt, periodOf, sitesOf } from './index.ts'
import { callsADay, nextCall, slotsOf, updatesADay } from './plan.ts'

const trondheim = { latitude: 63.43, longitude: 10.4 }
const tromso = { latitude: 69.65, longitude: 18.96 }
const hour = 3_600_000
const day = 24 * hour
const solcast = integrationOf('solcast')!
const key = { 'api-key': 'k', ...trondheim }

/** Every call of so many days, each planned from the one before. */
function run(place: typeof trondheim, calls: number, each: number, from: number, days: number): number[] {
  const times: number[] = []
  for (let at = from; at < from + days * day; at = Date.parse(nextCall(place, calls, each, at))) times.push(at)
  return times.slice(1)
}

describe('calls around the sun', () => {
  test('one before sunrise, the others until sunset, and one of ten left', () => {
    const morning = Date.UTC(2025, 3, 10)
    const slots = slotsOf(trondheim, updatesADay(10, 1), morning + 12 * hour)
    const light = daylightAt(trondheim, morning + 12 * hour)
    if (light.kind !== 'day') throw new Error(light.kind)
    expect(slots.length).toBe(9)
    expect(slots[0]).toBeLessThan(light.rise)
    expect(slots[0]).toBeGreaterThan(light.rise - hour)
    for (const slot of slots.slice(1)) expect(slot).toBeGreaterThan(light.rise)
    expect(Math.abs(slots.at(-1)! - light.set)).toBeLessThan(6 * 60_000)
  })

  test.each([
    [10, 1, 9],
    [10, 2, 4],
    [10, 3, 3],
    [5, 1, 4],
    [4, 1, 4],
    [1, 1, 1],
    [1, 2, 1],
  ])('%i calls, %i at a time, are %i updates a day', (calls, each, expected) => {
    expect(updatesADay(calls, each)).toBe(expected)
  })

  test('a winter day is too short for nine; the polar night has four, the polar day all', () => {
    expect(slotsOf(trondheim, 9, Date.UTC(2025, 11, 21, 12)).length).toBe(9)
    expect(slotsOf({ latitude: 67, longitude: 14 }, 9, Date.UTC(2025, 11, 12, 11)).length).toBeLessThan(9)
    expect(slotsOf(tromso, 9, Date.UTC(2025, 11, 21, 12)).length).toBe(4)
    expect(slotsOf(tromso, 9, Date.UTC(2025, 5, 21, 12)).length).toBe(9)
  })

  test('anywhere, at any time: the next call is ahead, within the day, and never on the hour', () => {
    let checked = 0
    fc.assert(
      fc.property(
        fc.double({ min: -90, max: 90, noNaN: true }),
        fc.double({ min: -180, max: 180, noNaN: true }),
        fc.integer({ min: 1, max: callsADay }),
        fc.integer({ min: 1, max: 2 }),
        fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2040, 0) }),
        (latitude, longitude, calls, each, now) => {
          const next = Date.parse(nextCall({ latitude, longitude }, calls, each, now))
          expect(next - now).toBeGreaterThanOrEqual(15 * 60_000)
          expect(next - now).toBeLessThanOrEqual(26 * hour)
          if (next - now === day) return
          const past = (next % hour) / 60_000
          expect(past).toBeGreaterThanOrEqual(4.99)
          expect(past).toBeLessThanOrEqual(55.01)
          checked++
        },
      ),
      { numRuns: 1000 },
    )
    expect(checked).toBeGreaterThan(900)
  })

  test.each([
    ['Trondheim in spring', trondheim, Date.UTC(2025, 2, 1)],
    ['Trondheim at midsummer', trondheim, Date.UTC(2025, 5, 10)],
    ['Tromsø into its night', tromso, Date.UTC(2025, 10, 15)],
    ['Sydney, whose day is split by midnight in UTC', { latitude: -33.87, longitude: 151.21 }, Date.UTC(2025, 0, 1)],
  ] as const)('the quota of no 24 hours is overrun in a month: %s', (_, place, from) => {
    for (const [calls, each] of [
      [10, 1],
      [10, 2],
      [6, 1],
    ] as const) {
      const times = run(place, calls, each, from, 30)
      expect(times.length).toBeGreaterThan(30)
      for (const [nth, time] of times.entries()) {
        const within = times.slice(nth).filter((other) => other < time + day).length
        expect(within * each).toBeLessThanOrEqual(calls)
      }
    }
  })
})

describe('asking', () => {
  const asked: [string, object][] = []
  const http = {
    get: async (path: string, options: object) => {
      asked.push([path, options])
      return { forecasts: [] }
    },
  }
  const fetch = (credentials: object) => {
    asked.length = 0
    return solcast.fetch!({ http, credentials, now: '2025-06-01T10:00:00.000Z' } as never)
  }

  test('the sunlight of the place in one call, the key in a header', async () => {
    expect(await fetch({ ...key, latitude: 63.4 })).toEqual({
      issued: '2025-06-01T10:00:00.000Z',
      forecasts: [{ answer: { forecasts: [] } }],
    })
    expect(asked).toMatchObject([
      [
        '/data/forecast/radiation_and_weather',
        { bearer: 'k', query: { latitude: '63.400000', longitude: '10.400000', hours: 168, period: 'PT30M' } },
      ],
    ])
  })

  test('each roof with a call of its own', async () => {
    expect(await fetch({ ...key, sites: 'aaaa-1, bbbb-2 ,aaaa-1' })).toMatchObject({
      forecasts: [{ site: 'aaaa-1' }, { site: 'bbbb-2' }],
    })
    expect(asked.map(([path]) => path)).toEqual(['/rooftop_sites/aaaa-1/forecasts', '/rooftop_sites/bbbb-2/forecasts'])
    expect(sitesOf(key)).toEqual([])
  })

  test('the next call is planned for the place and what was set', () => {
    const next = (more: object) =>
      solcast.sampling.next!({ now: '2025-06-01T10:00:00.000Z', credentials: { ...key, ...more } } as never)
    expect(next({})).toBe(nextCall(trondheim, 10, 1, Date.UTC(2025, 5, 1, 10)))
    expect(next({ sites: 'a-1,b-2' })).toBe(nextCall(trondheim, 10, 2, Date.UTC(2025, 5, 1, 10)))
    expect(next({ 'calls-a-day': 3 })).toBe(nextCall(trondheim, 3, 1, Date.UTC(2025, 5, 1, 10)))
  })
})

const now = Date.UTC(2025, 5, 1, 10)
const said = (error_code: string) => ({ response_status: { error_code, message: 'Words', errors: [] } })

test.each([
  [429, said('TooManyRequests'), 'throttled', 14 * hour + 7 * 60_000],
  [429, '', 'throttled', undefined],
  [429, said('SomethingElse'), 'throttled', 2 * hour],
  [402, '', 'throttled', 14 * hour + 7 * 60_000],
  [401, said('InvalidApiKey'), 'refused', undefined],
  [403, '<html></html>', 'refused', undefined],
  [404, said('NotFound'), 'refused', undefined],
  [204, '', 'unreachable', 30 * 60_000],
  [200, null, 'unreachable', 30 * 60_000],
  [200, 'OK', 'unreachable', 30 * 60_000],
  [420, '', 'unreachable', 30 * 60_000],
  [500, '<html></html>', 'unreachable', 30 * 60_000],
  [503, '', 'unreachable', 30 * 60_000],
  // Left to the general rule.
  [400, said('ValidationError'), undefined, undefined],
  [200, { forecasts: [] }, undefined, undefined],
] as const)('%i with %j is %s', (status, body, kind, wait) => {
  const failure = failureAt(now)({ status, body })
  expect(failure?.kind).toBe(kind)
  expect(failure?.until).toBe(wait === undefined ? undefined : now + wait)
})

test('no answer can break the reading of failures', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 100, max: 599 }), (body, status) => {
      for (const answer of [body, { response_status: body }, { response_status: { error_code: body, message: body } }])
        expect(failureAt(now)({ status, body: answer })?.message.length ?? 0).toBeLessThan(300)
    }),
  )
})

test.each([
  ['PT30M', 30],
  ['PT60M', 60],
  ['PT1H', 60],
  ['PT1H30M', 90],
  ['PT5M', 5],
  ['PT', 0],
])('%s is %i minutes', (text, minutes) => {
  expect(periodOf(text)).toBe(minutes * 60_000)
})
