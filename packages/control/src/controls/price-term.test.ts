import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type PriceStep, type PriceTermSettings, priceTerm, publishedSettings } from './index.ts'

const hour = 3_600_000
const start = Date.parse('2024-01-15T10:00:00Z')
const hourly = (prices: readonly (readonly [spot: number, grid: number])[], from = start, length = hour): PriceStep[] =>
  prices.map(([spot, grid], i) => ({ from: from + i * length, to: from + (i + 1) * length, spot, grid }))
const term = (prices: readonly PriceStep[], change: Partial<PriceTermSettings> = {}, now = start + 10 * 60_000) =>
  priceTerm(prices, now, { ...publishedSettings, ...change })

/** With the grid 1.00, 1.60, 0.80 and 0.40 NOK/kWh, the first being the current hour. */
const four = hourly([
  [0.8, 0.2],
  [1.4, 0.2],
  [0.6, 0.2],
  [0.3, 0.1],
])

test('equation 5.1 worked out by hand', () => {
  // k = 1 is the next hour, n = 4: 1.25 (1.60 + 0.80·0.7 + 0.40·0.49) / (1 + 0.7 + 0.49) = 2.945 / 2.19
  expect(term(four)).toMatchObject({ discountedMean: expect.closeTo(2.945 / 2.19, 12), prices: 3, mean: 0 })
  // k = 1 is the current hour: 1.25 (1.00 + 1.60·0.7 + 0.80·0.49) / 2.19 = 3.14 / 2.19
  expect(term(four, { priceIndex: 'current-hour' })).toMatchObject({ discountedMean: expect.closeTo(3.14 / 2.19, 12) })
})

test('equation 5.2 with the gain of table 7.4: a tenth of a kelvin for a krone', () => {
  expect(term(four)).toMatchObject({ delta: expect.closeTo(-0.13447488584, 10) })
  expect(term(four, { priceUnit: 'øre/kWh' })).toMatchObject({ delta: expect.closeTo(-13.447488584, 8) })
  expect(term(four, { priceUnit: 'NOK/MWh' })).toMatchObject({ delta: expect.closeTo(-134.47488584, 7) })
  expect(term(four, { vat: 1 })).toMatchObject({ delta: expect.closeTo(-0.13447488584 / 1.25, 10) })
})

test('a constant price is its own discounted mean, and taking off the mean leaves nothing', () => {
  const even = hourly(
    Array.from({ length: 30 }, () => [0.7, 0.3] as const),
    start - 10 * hour,
  )
  expect(term(even)).toMatchObject({ discountedMean: expect.closeTo(1.25, 12) })
  expect(term(even, { meanRemoval: 'slow-mean' })).toMatchObject({
    mean: expect.closeTo(1.25, 12),
    delta: expect.closeTo(0, 12),
  })
})

test('the slow mean is that of the last hours', () => {
  // 24 hours at 0.80 before, 1.60 from now on: 1.25 (1.60 - 0.80) = 1.00 above the mean.
  const prices = [
    ...hourly(
      Array.from({ length: 24 }, () => [0.6, 0.2] as const),
      start - 24 * hour,
    ),
    ...hourly(Array.from({ length: 12 }, () => [1.4, 0.2] as const)),
  ]
  const settings = { meanRemoval: 'slow-mean', meanHours: 24, priceGain: 2 } as const
  expect(term(prices, settings)).toMatchObject({ mean: expect.closeTo(1, 12), delta: expect.closeTo(-2, 12) })
})

test('negative prices raise the wish', () => {
  const negative = hourly(Array.from({ length: 5 }, () => [-0.7, 0.1] as const))
  expect(term(negative)).toMatchObject({ delta: expect.closeTo(0.075, 12) })
})

test("the household's own marginal price takes the place of spot, grid and VAT", () => {
  const marginal = four.map((step, i) => ({ ...step, marginal: 0.5 + i / 10 }))
  // 0.6 + 0.7·0.7 + 0.8·0.49 = 1.482
  expect(term(marginal, { priceBasis: 'marginal' })).toMatchObject({ discountedMean: expect.closeTo(1.482 / 2.19, 12) })
  expect(term(four, { priceBasis: 'marginal' })).toBe('unknown')
})

test('prices of 15 minutes in three ways', () => {
  const quarter = hour / 4
  const values = [1, 1, 1, 1, 2, 1.8, 1.4, 1.2, 0.8, 0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.4]
  const quarters = hourly(
    values.map((value) => [value, 0] as const),
    start,
    quarter,
  )
  // Means of the hours are 1.00, 1.60, 0.80 and 0.40: as hourly.
  expect(term(quarters)).toMatchObject({ discountedMean: expect.closeTo(2.945 / 2.19, 12), prices: 3 })
  const few = quarters.slice(3, 6)
  // Three quarters, the first is current: (2 + 1.8 w) / (1 + w).
  const by = (w: number) => expect.closeTo((1.25 * (2 + 1.8 * w)) / (1 + w), 12)
  const now = start + 50 * 60_000
  expect(term(few, { quarters: 'gamma-per-step' }, now)).toMatchObject({ discountedMean: by(0.7) })
  expect(term(few, { quarters: 'gamma-per-hour' }, now)).toMatchObject({ discountedMean: by(0.7 ** 0.25) })
})

test.each([
  { name: 'no prices at all', prices: [] },
  { name: 'the current one only, for the sum is empty', prices: four.slice(0, 1) },
  { name: 'the current one missing', prices: four.slice(1) },
  { name: 'the current one not a number', prices: [{ ...four[0]!, spot: Number.NaN }, ...four.slice(1)] },
])('not known: $name', ({ prices }) => {
  expect(term(prices)).toBe('unknown')
})

test('a gap ends what is known', () => {
  expect(term([...four.slice(0, 2), ...four.slice(3)])).toMatchObject({
    discountedMean: expect.closeTo(2, 12),
    prices: 1,
  })
})

test('the discounted mean lies between the lowest and the highest price, in every convention', () => {
  const price = fc.double({ min: -1, max: 8, noNaN: true })
  fc.assert(
    fc.property(
      fc.array(price, { minLength: 2, maxLength: 40 }),
      fc.constantFrom('next-hour' as const, 'current-hour' as const),
      fc.constantFrom('hourly-means' as const, 'gamma-per-hour' as const, 'gamma-per-step' as const),
      (values, priceIndex, quarters) => {
        const known = term(hourly(values.map((value) => [value, 0] as const)), { priceIndex, quarters })
        if (known === 'unknown') throw new Error('two prices are enough')
        expect(known.discountedMean).toBeGreaterThanOrEqual(1.25 * Math.min(...values) - 1e-9)
        expect(known.discountedMean).toBeLessThanOrEqual(1.25 * Math.max(...values) + 1e-9)
      },
    ),
  )
})
