import { expect, test } from 'vitest'
import { priceTerm } from '../controls/price-term.ts'
import type { Use } from '../prices/capacity.ts'
import type { PriceSettings } from '../prices/settings.ts'
import type { SpotEntry } from '../prices/spot.ts'
import { priceAreaOf } from './price-area.ts'
import { assumedPrices, priceSpan, pricesOf } from './prices.ts'

const hour = 3_600_000
const at = (iso: string) => Date.parse(iso)
const timezone = 'Europe/Oslo'
const trondheim: PriceSettings = {
  ...{ area: 'NO3', gridCompany: 'tensio-ts' },
  markUp: [{ from: '2024-01-01', perKwh: 0.04 }],
}
const hours = (iso: string, ...prices: readonly number[]): SpotEntry[] =>
  prices.map((price, i) => ({ start: at(iso) + i * hour, end: at(iso) + (i + 1) * hour, price }))
const seen = (spot: readonly SpotEntry[], use: readonly Use[] = []) => ({ spot, use })
/** 17 November 2026, a Tuesday, from local midnight: a cheap night, a dear morning and evening, a plain day. */
const tuesday = hours(
  '2026-11-16T23:00:00Z',
  ...[0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.5, 1.2, 1.2, 0.5, 0.5, 0.5],
  ...[0.5, 0.5, 0.5, 0.5, 0.9, 1.2, 1.2, 0.9, 0.5, 0.5, 0.2, 0.2],
)
const noon = at('2026-11-17T11:00:00Z')
const settings = { prices: trondheim, timezone }

test('a day worked out by hand, and what each control is given of it', () => {
  const { intervals, steps, outlook, assumed } = pricesOf(settings, seen(tuesday), noon)
  const marginal = (local: number) => intervals[local]!.marginal
  // Night, spot 0.20: (0.20 + 0.04 + 0.109 + 0.0713 + 0.01) × 1.25 = 0.4303 × 1.25 = 0.537875
  expect(marginal(3)).toBeCloseTo(0.537875, 12)
  // Day, 0.50: (0.50 + 0.04 + 0.221 + 0.0713 + 0.01) × 1.25 = 0.8423 × 1.25 = 1.052875
  expect(marginal(12)).toBeCloseTo(1.052875, 12)
  // 1.20, support 0.9 × (1.20 − 0.77) = 0.387: (1.20 − 0.387 + 0.3423) × 1.25 = 1.1553 × 1.25 = 1.444125
  expect(marginal(7)).toBeCloseTo(1.444125, 12)
  // 0.90, support 0.9 × 0.13 = 0.117: (0.90 − 0.117 + 0.3423) × 1.25 = 1.1253 × 1.25 = 1.406625
  expect(marginal(16)).toBeCloseTo(1.406625, 12)
  // A kWh in each hour of the day: 8 × 0.537875 + 10 × 1.052875 + 4 × 1.444125 + 2 × 1.406625 = 23.4215
  const day = intervals.slice(0, 24).reduce((sum, { total }) => sum + total.withVat, 0)
  expect(day).toBeCloseTo(23.4215, 9)
  expect(assumed).toBe(false)
  // The law adds VAT itself, and knows neither taxes nor support.
  expect(steps[7]).toEqual({
    ...{ from: at('2026-11-17T06:00:00Z'), to: at('2026-11-17T07:00:00Z') },
    ...{ spot: 1.2, grid: 0.221, marginal: expect.closeTo(1.444125, 12) },
  })
  expect(intervals[7]!.sell).toBe(1.2)
  expect(outlook[0]).toMatchObject({ from: noon, spot: 0.5, estimated: false })
})

test('hours to come are guessed for a plan, and never shown to the law', () => {
  const { steps, outlook, intervals, notes } = pricesOf(settings, seen(tuesday), noon)
  expect(steps).toHaveLength(24)
  expect(outlook.at(-1)!.to).toBe(noon + 60 * hour)
  expect(outlook.filter(({ estimated }) => estimated)).toHaveLength(48)
  // Wednesday 07:00 as Tuesday 07:00.
  expect(intervals.find(({ start }) => start === at('2026-11-18T06:00:00Z'))).toMatchObject({
    ...{ estimated: true, marginal: expect.closeTo(1.444125, 12) },
  })
  expect(notes.join()).toContain('48 of 72 prices are not published')
  // Equation 5.1 over the twelve hours known from noon on: eleven, as the present one is the first.
  const law = { gamma: 0.7, priceGain: 0.1, vat: 1.25, meanHours: 48 }
  const options = { priceIndex: 'next-hour', priceUnit: 'NOK/kWh', priceBasis: 'spot-and-grid' } as const
  const term = priceTerm(steps, noon, { ...law, ...options, quarters: 'hourly-means', meanRemoval: 'none' })
  expect(term).toMatchObject({ prices: 11 })
  const taken = [0.5, 0.5, 0.5, 0.9, 1.2, 1.2, 0.9, 0.5, 0.5, 0.2, 0.2]
  const weights = taken.map((_, k) => 0.7 ** k)
  const grid = (k: number) => (k < 9 ? 0.221 : 0.109)
  const mean =
    taken.reduce((sum, spot, k) => sum + 1.25 * (spot + grid(k)) * weights[k]!, 0) /
    weights.reduce((sum, weight) => sum + weight, 0)
  expect(term).toMatchObject({ discountedMean: expect.closeTo(mean, 12) })
})

test('a sold kWh gives the spot price, or what the house has agreed', () => {
  const cheap = hours('2026-11-17T11:00:00Z', -0.05)
  expect(pricesOf(settings, seen(cheap), noon).outlook[0]!.sell).toBe(-0.05)
  expect(pricesOf({ ...settings, exportPrice: 0.3 }, seen(cheap), noon).outlook[0]!.sell).toBe(0.3)
})

test('the cap of strømstøtte is reached by what the meter has drawn this month', () => {
  const begin = at('2026-10-31T23:00:00Z')
  const use = (energy: number): Use[] => [{ start: begin, end: begin + hour, energy }]
  const dear = hours('2026-11-17T11:00:00Z', 1.2)
  const priced = (energy: number) => pricesOf(settings, seen(dear, use(energy)), noon).outlook[0]!.marginal
  expect(priced(4999)).toBeCloseTo(1.444125, 12)
  // Without support: (1.20 + 0.3423) × 1.25
  expect(priced(5000)).toBeCloseTo(1.927875, 12)
  expect(pricesOf(settings, seen(dear), noon).notes.join()).toContain('What the meter drew is not known')
})

test('what was drawn before the first price of a span counts towards the cap as well', () => {
  const asked = {
    ...{
      settings: { area: 'NO1', support: [{ from: '2025-10-01', scheme: 'norgespris' as const }] },
      timezone,
      reach: 72,
    },
    spot: hours('2026-11-19T23:00:00Z', 1.4, 1.4),
    use: [{ start: at('2026-11-02T00:00:00Z'), end: at('2026-11-02T01:00:00Z'), energy: 4000 }],
    to: at('2026-11-20T01:00:00Z'),
  }
  const from = (iso: string) => priceSpan({ ...asked, from: at(iso) }).intervals.at(-1)!.supported
  expect([from('2026-11-19T23:00:00Z'), from('2026-10-31T23:00:00Z')]).toEqual([0, 0])
})

test('where the month stands: days to come are expected to be like those that were', () => {
  const day = (date: string, power: number): Use => ({
    ...{ start: at(`${date}T10:00:00Z`), end: at(`${date}T11:00:00Z`), energy: power },
  })
  const use = [day('2026-11-03', 4), day('2026-11-09', 4.4), day('2026-11-12', 4.2), day('2026-11-17', 3)]
  const { capacity } = pricesOf(settings, seen(tuesday, use), noon)
  // Mean of the three highest: 4.2 kW, the step from 2 kW: 2237 NOK a year. To stay below 5 kW: 3 × 4.999 − 4.4 − 4.2.
  expect(capacity).toMatchObject({ month: '2026-11', step: 1, today: 3, next: { above: 5 } })
  expect(capacity!.power).toBeCloseTo(4.2, 12)
  expect(capacity!.cost).toBeCloseTo(2237 / 12, 9)
  expect(capacity!.cap).toBeCloseTo(3 * 4.999 - 8.6, 9)
  // On the first day: the others are taken to be like it.
  const first = pricesOf(settings, seen(tuesday, [day('2026-11-17', 3)]), at('2026-11-17T12:00:00Z')).capacity
  expect(first!.cap).toBeCloseTo(3 * 4.999 - 6, 9)
  const second = pricesOf(settings, seen(tuesday, [day('2026-11-16', 4), day('2026-11-17', 3)]), noon).capacity
  expect(second!.cap).toBeCloseTo(3 * 4.999 - 8, 9)
  expect(pricesOf({ timezone, prices: { area: 'NO3' } }, seen(tuesday, use), noon).capacity).toBeUndefined()
})

test.each([
  ['Trondheim', 63.42, 10.39, 'NO3'],
  ['Tromsø', 69.65, 18.95, 'NO4'],
  ['Bergen', 60.4, 5.3, 'NO5'],
  ['Oslo', 59.9, 10.7, 'NO1'],
  ['Kristiansand', 58.1, 8, 'NO2'],
  ['Mosjøen', 65.8, 13.2, 'NO4'],
  ['Stockholm', 59.33, 18.07, undefined],
])('%s lies in its price area', (_, latitude, longitude, area) => {
  expect(priceAreaOf(latitude, longitude)).toBe(area)
})

test('while nobody has said what a house pays, its place is asked: the north pays no VAT', () => {
  const tromso = { timezone, latitude: 69.65, longitude: 18.95 }
  const { settings: assumed, outlook, assumed: isAssumed, notes } = pricesOf(tromso, seen(tuesday), noon)
  expect([assumed, isAssumed]).toEqual([{ area: 'NO4' }, true])
  // 0.50 + 0.0713 + 0.01, no grid tariff, no VAT.
  expect(outlook[0]!.marginal).toBeCloseTo(0.5813, 12)
  expect(notes[0]).toContain('NO4 is assumed')
  expect(assumedPrices({})).toEqual({ area: 'NO1' })
  // The house's own prices know better than its place.
  expect(pricesOf(tromso, { ...seen(tuesday), priceArea: 'NO3' }, noon).settings.area).toBe('NO3')
})

test('without any price there is none, and it is said', () => {
  const { steps, outlook, missing } = pricesOf(settings, seen([]), noon)
  expect([steps, outlook]).toEqual([[], []])
  expect(missing).toEqual([{ start: noon, end: noon + 60 * hour }])
})
