/** Prices by the hour and by the quarter, days of 23 and 25 hours, gaps, and choices of support that come and go. */
import { localDay, localTimeOf } from '@nabolag/core'
import { describe, expect, test } from 'vitest'
import { householdPrice } from './household-price.ts'
import type { PriceSettings } from './settings.ts'
import type { SpotEntry } from './spot.ts'
import { at, hour, oneHour, spotAt, timezone, trondheim } from './trondheim.testing.ts'

test('what was drawn while no price was known counts towards the cap, in its own month', () => {
  const settings: PriceSettings = { ...trondheim, support: [{ from: '2025-10-01', scheme: 'norgespris' }] }
  const supported = (first: string, second: string) => {
    const spot = [...spotAt(first, 2), ...spotAt(second, 2)]
    const use = Array.from({ length: (at(second) - at(first)) / hour + 1 }, (_, i) => {
      const start = at(first) + i * hour
      return { start, end: start + hour, energy: 10 }
    })
    const before = { '2026-08': 3900, '2026-09': 3900 }
    return householdPrice({ spot, settings, timezone, use, usedBefore: before }).intervals.map((one) => one.supported)
  }
  // 3 900 and ten hours of 10 kWh are the 4 000.
  expect(supported('2026-08-12T08:00:00Z', '2026-08-12T17:00:00Z')).toEqual([1, 1])
  expect(supported('2026-08-12T08:00:00Z', '2026-08-12T18:00:00Z')).toEqual([1, 0])
  // September begins at 22:00 UTC: four of its hours lie in the gap.
  expect(supported('2026-08-31T08:00:00Z', '2026-09-01T02:00:00Z')).toEqual([1, 1])
})

test('before a choice and after it there is strømstøtte; a list without any is none', () => {
  const settings: PriceSettings = {
    ...trondheim,
    support: [{ from: '2025-10-01', to: '2026-08-01', scheme: 'norgespris' }],
  }
  const support = (of: PriceSettings, iso: string) => oneHour(of, iso, 1.2).parts.support.withoutVat
  // 0.9 × (1.20 - 0.75), 0.40 - 1.20, 0.9 × (1.20 - 0.77)
  expect(support(settings, '2025-09-30T08:00:00Z')).toBeCloseTo(-0.405, 12)
  expect(support(settings, '2026-07-12T08:00:00Z')).toBeCloseTo(-0.8, 12)
  expect(support(settings, '2026-08-12T08:00:00Z')).toBeCloseTo(-0.387, 12)
  expect(support({ ...settings, support: [] }, '2026-08-12T08:00:00Z')).toBe(0)
  expect(support({ ...settings, support: [{ from: '2020-01-01', scheme: 'none' }] }, '2026-08-12T08:00:00Z')).toBe(0)
})

describe('quarters', () => {
  const start = at('2026-08-12T08:00:00Z')
  const spot = [0.5, 0.6, 1.1, 1.4].map((price, i) => ({
    ...{ start: start + (i * hour) / 4, end: start + ((i + 1) * hour) / 4, price },
  }))
  const settings: PriceSettings = { ...trondheim, support: undefined }
  const supports = (more: Partial<PriceSettings>) =>
    householdPrice({ spot, settings: { ...settings, ...more }, timezone }).intervals.map(({ parts }) => [
      Math.round(parts.spot.withoutVat * 1e6) / 1e6,
      Math.round(parts.support.withoutVat * 1e6) / 1e6,
    ])

  test('support by quarter, by the hour, and all by the hour', () => {
    // Quarters above 0.77: 0.9 × 0.33 = 0.297 and 0.9 × 0.63 = 0.567. Mean of the hour 0.9: 0.9 × 0.13 = 0.117.
    expect(supports({})).toEqual([
      [0.5, 0],
      [0.6, 0],
      [1.1, -0.297],
      [1.4, -0.567],
    ])
    expect(supports({ supportSettledBy: 'hour' })).toEqual([
      [0.5, -0.117],
      [0.6, -0.117],
      [1.1, -0.117],
      [1.4, -0.117],
    ])
    expect(supports({ settledBy: 'hour' })).toEqual([
      [0.9, -0.117],
      [0.9, -0.117],
      [0.9, -0.117],
      [0.9, -0.117],
    ])
  })

  test('an hour of quarters costs what its quarters cost on average, support and all', () => {
    const mean = (minutes?: 60, more: Partial<PriceSettings> = {}) => {
      const { intervals } = householdPrice({ spot, settings: { ...settings, ...more }, timezone, minutes })
      return intervals.reduce((sum, { marginal }) => sum + marginal, 0) / intervals.length
    }
    // Support 0.297 and 0.567 on two of four quarters: 0.216. (0.9 - 0.216 + 0.04 + 0.221 + 0.0713 + 0.01) × 1.25
    expect(mean()).toBeCloseTo(1.282875, 12)
    expect(mean(60)).toBeCloseTo(1.282875, 12)
    // That of the mean price: 0.117.
    expect(mean(60, { supportSettledBy: 'hour' })).toBeCloseTo(1.406625, 12)
  })

  test('brought to hours, and hours to quarters', () => {
    expect(householdPrice({ spot, settings, timezone, minutes: 60 }).intervals).toHaveLength(1)
    const hours = spotAt('2026-08-12T08:00:00Z', 0.5, 0.6)
    expect(householdPrice({ spot: hours, settings, timezone, minutes: 15 }).intervals).toHaveLength(8)
  })
})

test.each([
  ['2026-03-29', 60, 23, 7],
  ['2026-03-29', 15, 92, 28],
  ['2026-10-25', 60, 25, 9],
  ['2026-10-25', 15, 100, 36],
  ['2026-08-12', 60, 24, 8],
])('%s at %d min has %d prices, %d of them by night', (date, minutes, count, night) => {
  const [from, to] = localDay(date, timezone)
  const spot: SpotEntry[] = []
  for (let start = from; start < to; start += minutes * 60_000)
    spot.push({ start, end: start + minutes * 60_000, price: 0.5 })
  const { intervals, missing } = householdPrice({ spot, settings: trondheim, timezone })
  expect(intervals).toHaveLength(count)
  expect(missing).toEqual([])
  expect(intervals.filter(({ gridRule }) => gridRule === 'base')).toHaveLength(night)
  for (const { start, gridRule } of intervals) {
    const { hour } = localTimeOf(start, timezone)
    expect(gridRule).toBe(hour >= 6 && hour < 22 ? 'day' : 'base')
  }
})

test('a price for many hours is cut at each, in a time zone of half hours too', () => {
  const spot: SpotEntry[] = [{ start: at('2026-08-11T22:00:00Z'), end: at('2026-08-12T22:00:00Z'), price: 0.5 }]
  expect(householdPrice({ spot, settings: trondheim, timezone }).intervals).toHaveLength(24)
  const { intervals } = householdPrice({ spot, settings: trondheim, timezone: 'Asia/Kolkata' })
  expect(intervals.map(({ start }) => localTimeOf(start, 'Asia/Kolkata').minute)).toEqual([30, ...Array(24).fill(0)])
})
