import { localDay, localTimeOf } from '@nabolag/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fillUnknown, gapsOf, resampleSpot, type SpotEntry, tidySpot } from './spot.ts'

const oslo = 'Europe/Oslo'
const hour = 3_600_000
const at = (iso: string) => Date.parse(iso)

/** A day whose prices are its local hour (and quarter) over a hundred. */
function dayOf(date: string, minutes: number): SpotEntry[] {
  const [from, to] = localDay(date, oslo)
  const entries: SpotEntry[] = []
  for (let start = from; start < to; start += minutes * 60_000) {
    const time = localTimeOf(start, oslo)
    entries.push({ start, end: start + minutes * 60_000, price: time.hour / 100 + time.minute / 10_000 })
  }
  return entries
}

test('keeps the later of two, cuts overlaps, drops what is no price', () => {
  const start = at('2026-01-01T00:00:00Z')
  const entries: SpotEntry[] = [
    { start: start + hour, end: start + 2 * hour, price: 2 },
    { start, end: start + hour, price: 1 },
    { start, end: start + 2 * hour, price: 3 },
    { start: start + 2 * hour, end: start + 3 * hour, price: null },
    { start: start + 3 * hour, end: start + 4 * hour, price: Number.NaN },
    { start: start + 4 * hour, end: start + 5 * hour, price: 557.81 },
  ]
  expect(tidySpot(entries)).toEqual([
    { start, end: start + hour, price: 3 },
    { start: start + hour, end: start + 2 * hour, price: 2 },
  ])
})

test('four quarters have the mean of their hour, an hour gives four quarters', () => {
  const start = at('2026-01-01T00:00:00Z')
  const quarters = [0.1, 0.2, 0.3, 0.6].map((price, i) => ({
    ...{ start: start + (i * hour) / 4, end: start + ((i + 1) * hour) / 4, price },
  }))
  // (0.1 + 0.2 + 0.3 + 0.6) / 4 = 0.3
  expect(resampleSpot(quarters, 60)).toEqual([{ start, end: start + hour, price: expect.closeTo(0.3, 12) }])
  expect(resampleSpot([{ start, end: start + hour, price: 0.3 }], 15).map(({ price }) => price)).toEqual([
    0.3, 0.3, 0.3, 0.3,
  ])
})

test.each([
  ['2026-01-15', 60, 24],
  ['2026-01-15', 15, 96],
  // The day before the clocks go forward gives 23 hours, those before and of the way back 25.
  ['2026-03-28', 60, 23],
  ['2026-03-29', 60, 24],
  ['2026-10-24', 60, 25],
  ['2026-10-24', 15, 100],
  ['2026-10-25', 60, 24],
])('the day after %s has its prices at %d min, by local hour: %d', (date, minutes, count) => {
  const known = dayOf(date, minutes)
  const next = new Date(Date.parse(date) + 36 * hour).toISOString().slice(0, 10)
  const [from, to] = localDay(next, oslo)
  const filled = fillUnknown(known, from, to, oslo).filter(({ estimated }) => estimated)
  expect(filled).toHaveLength(count)
  for (const { start, price } of filled) {
    const time = localTimeOf(start, oslo)
    // 29 March has no hour 2: the hour after stands in.
    const clock = date === '2026-03-29' && time.hour === 2 ? 3 : time.hour
    expect(price).toBeCloseTo(clock / 100 + time.minute / 10_000, 12)
  }
})

test('what is known of a day stays, the rest is the day before; two days on it is the last day that knew the hour', () => {
  const today = dayOf('2026-01-15', 60).slice(0, 14)
  const known = [...dayOf('2026-01-14', 60).map((entry) => ({ ...entry, price: (entry.price ?? 0) + 1 })), ...today]
  const filled = fillUnknown(known, at('2026-01-14T23:00:00Z'), at('2026-01-17T23:00:00Z'), oslo)
  const priceAt = (iso: string) => filled.find(({ start }) => start === at(iso))
  expect(priceAt('2026-01-15T12:00:00Z')).toMatchObject({ price: 0.13 })
  expect(priceAt('2026-01-15T12:00:00Z')?.estimated).toBeUndefined()
  expect(priceAt('2026-01-15T13:00:00Z')).toMatchObject({ price: expect.closeTo(1.14, 12), estimated: true })
  expect(priceAt('2026-01-17T12:00:00Z')).toMatchObject({ price: 0.13, estimated: true })
  expect(priceAt('2026-01-17T13:00:00Z')).toMatchObject({ price: expect.closeTo(1.14, 12), estimated: true })
})

test('nothing known stays nothing', () => {
  expect(fillUnknown([{ start: 0, end: hour, price: null }], 0, 48 * hour, oslo)).toEqual([])
})

test('whatever is known, all of the time is covered once, and no known price changes', () => {
  const start = at('2026-10-23T22:00:00Z')
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.double({ min: -1, max: 8, noNaN: true })), { minLength: 1, maxLength: 80 }),
      fc.constantFrom(15, 60),
      (prices, minutes) => {
        const step = minutes * 60_000
        const known = prices.map((price, i) => ({ start: start + i * step, end: start + (i + 1) * step, price }))
        const filled = fillUnknown(known, start, start + 96 * hour, oslo)
        const tidy = tidySpot(known)
        if (tidy.length === 0) {
          expect(filled).toEqual([])
          return
        }
        expect(gapsOf(filled, start, start + 96 * hour)).toEqual([])
        expect(filled.every((entry, i) => i === 0 || entry.start === filled[i - 1]?.end)).toBe(true)
        const published = filled.filter(({ estimated }) => !estimated)
        expect(published.map(({ start, price }) => [start, price])).toEqual(
          tidy.map(({ start, price }) => [start, price]),
        )
        const [low, high] = [Math.min(...tidy.map((e) => e.price)), Math.max(...tidy.map((e) => e.price))]
        expect(filled.every(({ price }) => price >= low - 1e-9 && price <= high + 1e-9)).toBe(true)
      },
    ),
    { numRuns: 60 },
  )
})
