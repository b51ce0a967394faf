import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { localTimeOf } from '@nabolag/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { householdPrice, priceParts } from './household-price.ts'
import type { PriceSettings } from './settings.ts'
import type { SpotEntry } from './spot.ts'
import { at, hour, oneHour, spotAt, timezone, trondheim } from './trondheim.testing.ts'

describe('a kilowatt-hour, worked out by hand', () => {
  test('Trondheim by day on plain spot', () => {
    // 10:00 local. (0.5000 + 0.0400 + 0.2210 + 0.0713 + 0.0100) × 1.25 = 0.8423 × 1.25 = 1.052875
    const priced = oneHour(trondheim, '2026-08-12T08:00:00Z', 0.5)
    expect(priced.total.withoutVat).toBeCloseTo(0.8423, 12)
    expect(priced.total.vat).toBeCloseTo(0.210575, 12)
    expect(priced.marginal).toBeCloseTo(1.052875, 12)
    expect(priced.parts.gridEnergy).toEqual({ withoutVat: 0.221, vat: 0.05525, withVat: expect.closeTo(0.27625, 12) })
    expect(priced).toMatchObject({ gridRule: 'day', estimated: false, supported: 0 })
    expect(priced.law).toEqual({
      ...{ spot: 0.5, energy: 0.54, gridTariff: 0.221, vatFactor: 1.25 },
      gridTariffWithTaxes: expect.closeTo(0.3023, 12),
    })
  })

  test('the same by night', () => {
    // 23:00 local. (0.50 + 0.04 + 0.109 + 0.0713 + 0.01) × 1.25 = 0.7303 × 1.25 = 0.912875
    expect(oneHour(trondheim, '2026-08-12T21:00:00Z', 0.5).marginal).toBeCloseTo(0.912875, 12)
  })

  test('with strømstøtte a dear hour', () => {
    // Spot 1.20, threshold 0.77 in 2026: support 0.9 × 0.43 = 0.387. (1.20 - 0.387 + 0.2210 + 0.0713 + 0.01 + 0.04) × 1.25
    // = 1.1553 × 1.25 = 1.444125
    const settings: PriceSettings = { ...trondheim, support: [{ from: '2024-01-01', scheme: 'stromstotte' }] }
    const priced = oneHour(settings, '2026-08-12T08:00:00Z', 1.2)
    expect(priced.parts.support.withoutVat).toBeCloseTo(-0.387, 12)
    expect(priced.parts.support.withVat).toBeCloseTo(-0.48375, 12)
    expect(priced.marginal).toBeCloseTo(1.444125, 12)
    expect(priced.law.energy).toBeCloseTo(1.2 - 0.387 + 0.04, 12)
    // Above its 5 000 kWh: (1.20 + 0.3423) × 1.25 = 1.927875
    expect(oneHour(settings, '2026-08-12T08:00:00Z', 1.2, { '2026-08': 5000 }).marginal).toBeCloseTo(1.927875, 12)
    expect(oneHour(settings, '2026-08-12T08:00:00Z', 1.2, { '2026-07': 5000 }).marginal).toBeCloseTo(1.444125, 12)
  })

  test.each([
    ['2023-12-01T08:00:00Z', 0.7, 0.1584],
    ['2024-02-01T08:00:00Z', 0.73, 0.0951],
    ['2025-06-01T08:00:00Z', 0.75, 0.1693],
    ['2025-11-01T08:00:00Z', 0.75, 0.1253],
    ['2026-02-01T08:00:00Z', 0.77, 0.0713],
  ])('threshold and electricity tax of %s', (iso, threshold, tax) => {
    const { parts } = oneHour({ ...trondheim, support: undefined }, iso, 2)
    expect(parts.support.withoutVat).toBeCloseTo(-0.9 * (2 - threshold), 12)
    expect(parts.electricityTax.withoutVat).toBe(tax)
  })

  test('with Norgespris the spot price is no matter, until 4 000 kWh', () => {
    // (0.40 + 0.04 + 0.2210 + 0.0713 + 0.01) × 1.25 = 0.7423 × 1.25 = 0.927875, at 2.00 as at 0.10 spot
    const settings: PriceSettings = { ...trondheim, support: [{ from: '2025-10-01', scheme: 'norgespris' }] }
    for (const spot of [2, 0.1, -0.3]) {
      expect(oneHour(settings, '2026-08-12T08:00:00Z', spot).marginal).toBeCloseTo(0.927875, 12)
    }
    // After the cap plain spot: (2 + 0.3423) × 1.25 = 2.927875
    expect(oneHour(settings, '2026-08-12T08:00:00Z', 2, { '2026-08': 4000 }).marginal).toBeCloseTo(2.927875, 12)
    const cabin: PriceSettings = { ...settings, home: 'holiday-home' }
    expect(oneHour(cabin, '2026-08-12T08:00:00Z', 2, { '2026-08': 1000 }).marginal).toBeCloseTo(2.927875, 12)
    expect(oneHour(cabin, '2026-08-12T08:00:00Z', 2, { '2026-08': 999 }).marginal).toBeCloseTo(0.927875, 12)
  })

  test('in the north without VAT, in the action zone without electricity tax', () => {
    // 0.5 + 0.04 + 0.2210 + 0.0713 + 0.01 = 0.8423; without tax 0.771
    expect(oneHour({ ...trondheim, area: 'NO4' }, '2026-08-12T08:00:00Z', 0.5).marginal).toBeCloseTo(0.8423, 12)
    const finnmark: PriceSettings = { ...trondheim, area: 'NO4', taxZone: 'action-zone' }
    expect(oneHour(finnmark, '2026-08-12T08:00:00Z', 0.5).marginal).toBeCloseTo(0.771, 12)
    // A municipality of Trøndelag in NO4 pays VAT.
    expect(oneHour({ ...trondheim, area: 'NO4', taxZone: 'south' }, '2026-08-12T08:00:00Z', 0.5).marginal).toBeCloseTo(
      1.052875,
      12,
    )
  })

  test('a working day of Elvia: not on Saturday, not on Christmas Day, not by night', () => {
    const oslo: PriceSettings = { area: 'NO1', gridCompany: 'elvia', support: [] }
    const grid = (iso: string) => oneHour(oslo, iso, 0.5).parts.gridEnergy.withoutVat
    expect(grid('2026-12-24T11:00:00Z')).toBe(0.2899)
    expect(grid('2026-12-25T11:00:00Z')).toBe(0.1699)
    expect(grid('2026-12-19T11:00:00Z')).toBe(0.1699)
    expect(grid('2026-12-18T04:59:00Z')).toBe(0.1699)
    expect(grid('2026-12-18T05:00:00Z')).toBe(0.2899)
    expect(grid('2026-12-18T21:00:00Z')).toBe(0.1699)
  })
})

describe('what the house says counts first', () => {
  test('its own rates, for their dates only', () => {
    const settings: PriceSettings = {
      ...{ ...trondheim, support: undefined },
      electricityTax: [{ from: '2026-08-01', to: '2026-09-01', value: 0.0418 }],
      stromstotte: [{ from: '2026-08-01', to: '2026-09-01', threshold: 0.6, share: 1, cap: 100 }],
      valueAddedTax: [{ from: '2026-08-01', to: '2026-09-01', value: 0.1 }],
    }
    const august = oneHour(settings, '2026-08-12T08:00:00Z', 1)
    // (1 - 0.4 + 0.04 + 0.221 + 0.0418 + 0.01) × 1.1 = 0.9128 × 1.1 = 1.00408
    expect(august.marginal).toBeCloseTo(1.00408, 12)
    const september = oneHour(settings, '2026-09-12T08:00:00Z', 1)
    // (1 - 0.9 × 0.23 + 0.04 + 0.221 + 0.0713 + 0.01) × 1.25 = 1.1353 × 1.25 = 1.419125
    expect(september.marginal).toBeCloseTo(1.419125, 12)
  })

  test('what is assumed is told, once', () => {
    const spot = [...spotAt('2024-08-12T08:00:00Z', 0.5), ...spotAt('2027-01-12T08:00:00Z', 0.5, 0.6)]
    const { notes } = householdPrice({ spot, settings: { ...trondheim, support: undefined }, timezone })
    expect(notes).toEqual([
      'The grid tariff before 2024-09-01 is not known; the one from that day is assumed',
      'Electricity tax is not known for 2027; 0.0713 NOK/kWh is assumed',
      'The threshold of strømstøtte from 2027-01-01 on is not known; 0.77 NOK/kWh is assumed',
    ])
    expect(householdPrice({ spot, settings: { area: 'NO3', support: [] }, timezone }).notes).toContain(
      'No grid tariff is set: its price per kWh is taken as 0',
    )
  })
})

test('the hour in which the cap is reached is paid by shares, and one more kWh in it is not supported', () => {
  const settings: PriceSettings = { ...trondheim, support: [{ from: '2025-10-01', scheme: 'norgespris' }] }
  const spot = spotAt('2026-08-12T08:00:00Z', 2, 2, 2)
  const use = spot.map(({ start, end }) => ({ start, end, energy: 4 }))
  const { intervals } = householdPrice({ spot, settings, timezone, use, usedBefore: { '2026-08': 3995 } })
  expect(intervals.map(({ supported }) => supported)).toEqual([1, 0.25, 0])
  // Support 0.40 - 2 = -1.6. Second hour: (2 - 0.25 × 1.6 + 0.3423) × 1.25 = 2.427875 on average, 2.927875 for one more.
  expect(intervals[0]!.marginal).toBeCloseTo(0.927875, 12)
  expect(intervals[1]!.total.withVat).toBeCloseTo(2.427875, 12)
  expect(intervals[1]!.marginal).toBeCloseTo(2.927875, 12)
  expect(intervals[2]!.total.withVat).toBeCloseTo(2.927875, 12)
})

test('what is not known is left out and named; nothing gives nothing', () => {
  const spot = spotAt('2026-08-12T08:00:00Z', 0.5, Number.NaN, 0.6)
  const { intervals, missing } = householdPrice({ spot, settings: trondheim, timezone })
  expect(intervals).toHaveLength(2)
  expect(missing).toEqual([{ start: at('2026-08-12T09:00:00Z'), end: at('2026-08-12T10:00:00Z') }])
  expect(householdPrice({ spot: [], settings: trondheim, timezone })).toMatchObject({
    intervals: [],
    missing: [],
    notes: [],
  })
})

describe('for any prices, use and settings', () => {
  const price = fc.double({ min: -3, max: 9, noNaN: true })
  const anySettings = fc.record({
    area: fc.constantFrom('NO1', 'NO3', 'NO4'),
    taxZone: fc.constantFrom('south' as const, 'north' as const, 'action-zone' as const, undefined),
    gridCompany: fc.constantFrom('elvia' as const, 'tensio-ts' as const, undefined),
    support: fc
      .constantFrom('none' as const, 'stromstotte' as const, 'norgespris' as const)
      .map((scheme) => [{ from: '2020-01-01', scheme }]),
    markUp: fc.constantFrom(0, 0.05).map((perKwh) => [{ from: '2020-01-01', perKwh }]),
  })
  const starts = fc.constantFrom(
    '2026-03-28T20:00:00Z',
    '2026-10-24T20:00:00Z',
    '2026-07-31T12:00:00Z',
    '2023-08-31T12:00:00Z',
  )

  test('the parts sum to the total, VAT is the same share of each, all is finite', () => {
    fc.assert(
      fc.property(
        starts,
        fc.array(price, { maxLength: 30 }),
        anySettings,
        fc.double({ min: 0, max: 6000, noNaN: true }),
        (iso, prices, settings, before) => {
          const spot = spotAt(iso, ...prices)
          const use = spot.map(({ start, end }, i) => ({ start, end, energy: i * 3 }))
          const { intervals } = householdPrice({
            spot,
            settings,
            timezone,
            use,
            usedBefore: { '2026-03': before, '2026-08': before },
          })
          expect(intervals).toHaveLength(prices.length)
          for (const { parts, total, marginal, supported, law } of intervals) {
            for (const of of ['withoutVat', 'vat', 'withVat'] as const) {
              expect(priceParts.reduce((sum, part) => sum + parts[part][of], 0)).toBeCloseTo(total[of], 9)
            }
            expect(total.withVat).toBeCloseTo(total.withoutVat * law.vatFactor, 9)
            expect(Number.isFinite(marginal)).toBe(true)
            expect(supported >= 0 && supported <= 1).toBe(true)
            expect((law.energy + law.gridTariffWithTaxes) * law.vatFactor).toBeCloseTo(marginal, 9)
          }
        },
      ),
    )
  })

  test('more used before is never cheaper with strømstøtte, and with Norgespris not in dear hours', () => {
    const used = fc.double({ min: 0, max: 6000, noNaN: true })
    fc.assert(
      fc.property(
        fc.double({ min: 0.4, max: 9, noNaN: true }),
        used,
        used,
        fc.constantFrom('stromstotte' as const, 'norgespris' as const),
        (spot, a, b, scheme) => {
          const settings: PriceSettings = { ...trondheim, support: [{ from: '2020-01-01', scheme }] }
          const at = (before: number) => {
            const one = spotAt('2026-08-12T08:00:00Z', spot)
            const use = one.map(({ start, end }) => ({ start, end, energy: 10 }))
            return householdPrice({ spot: one, settings, timezone, use, usedBefore: { '2026-08': before } })
              .intervals[0]!
          }
          const [less, more] = [at(Math.min(a, b)), at(Math.max(a, b))]
          expect(more.marginal).toBeGreaterThanOrEqual(less.marginal - 1e-12)
          expect(more.total.withVat).toBeGreaterThanOrEqual(less.total.withVat - 1e-12)
          expect(less.marginal).toBeGreaterThanOrEqual(less.total.withVat - 1e-12)
        },
      ),
    )
  })
})

const day = join(import.meta.dirname, '../../../../../shared/data/prices_no_sample_days/prices_2023-03-26.csv')
const there = existsSync(day)
test.skipIf(!there)('Trondheim on the 26th of March 2023, which has 23 hours', () => {
  const [head = '', ...rows] = readFileSync(day, 'utf8').trimEnd().split('\n')
  const column = head.split(',').indexOf('no3_nok_per_mwh')
  const spot = rows.map((row): SpotEntry => {
    const cells = row.split(',')
    const start = at(cells[0] ?? '')
    return { start, end: start + hour, price: Number(cells[column]) / 1000 }
  })
  const { intervals, missing } = householdPrice({ spot, settings: { ...trondheim, support: undefined }, timezone })
  expect(intervals).toHaveLength(23)
  expect(missing).toEqual([])
  // 01:00 local, 537.40 NOK/MWh: (0.5374 + 0.11304 + 0.0916 + 0.01) × 1.25 = 0.75204 × 1.25 = 0.94005; no mark-up before 2024
  expect(intervals[1]?.marginal).toBeCloseTo(0.94005, 12)
  // 03:00 follows at once, 531.31: 0.74595 × 1.25 = 0.9324375
  expect(intervals[2]?.marginal).toBeCloseTo(0.9324375, 12)
  expect(localTimeOf(intervals[2]!.start, timezone).hour).toBe(3)
})
test.runIf(!there)('the Norwegian price day does not lie beside the clone: 1 test left out', () => {})
