import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  billedPower,
  type CapacityTariff,
  capacityBills,
  capacityOutlook,
  dayMaxima,
  stepOf,
  type Use,
} from './capacity.ts'
import { gridCompanies } from './grid-companies.ts'

const oslo = 'Europe/Oslo'
const hour = 3_600_000
const tensio: CapacityTariff = gridCompanies['tensio-ts'].capacity.at(-1)!
const at = (iso: string) => Date.parse(iso)
const anHour = (iso: string, energy: number): Use => ({ start: at(iso), end: at(iso) + hour, energy })

describe('what a month is billed by', () => {
  const use = [
    anHour('2026-08-03T10:00:00Z', 4.2),
    anHour('2026-08-03T17:00:00Z', 6.1),
    anHour('2026-08-10T17:00:00Z', 5.9),
    anHour('2026-08-10T18:00:00Z', 5.8),
    anHour('2026-08-20T05:00:00Z', 4.5),
    anHour('2026-08-21T05:00:00Z', 1.0),
  ]

  test('the three highest hours of three different days', () => {
    // Days: 6.1, 5.9, 4.5, 1.0. Mean of the three highest: 16.5 / 3 = 5.5 kW, the step from 5 kW: 3811 / 12 = 317.583 NOK.
    const [bill, ...others] = capacityBills(use, [tensio], oslo)
    expect(others).toEqual([])
    expect(bill).toMatchObject({ month: '2026-08', step: 2 })
    expect(bill?.power).toBeCloseTo(5.5, 12)
    expect(bill?.cost).toBeCloseTo(317.583333, 6)
  })

  test('the highest hour', () => {
    const tariff: CapacityTariff = { ...tensio, method: 'highest-hour' }
    expect(capacityBills(use, [tariff], oslo)).toEqual([{ month: '2026-08', power: 6.1, step: 2, cost: 3811 / 12 }])
  })

  test('what the owner says', () => {
    const tariff: CapacityTariff = { ...tensio, method: 'by-hand' }
    expect(capacityBills(use, [tariff], oslo, 12)).toEqual([{ month: '2026-08', power: 12, step: 3, cost: 468 }])
  })

  test('quarters make an hour: 4 × 1.5 kWh are 6 kW', () => {
    const quarters = [0, 1, 2, 3].map((i) => {
      const start = at('2026-08-03T17:00:00Z') + (i * hour) / 4
      return { start, end: start + hour / 4, energy: 1.5 }
    })
    expect(dayMaxima(quarters, oslo)).toEqual([{ date: '2026-08-03', power: 6 }])
  })

  test('days and months are local: 22:30 UTC on 31 August is September', () => {
    const late = anHour('2026-08-31T22:00:00Z', 3)
    expect(capacityBills([late], [tensio], oslo).map(({ month }) => month)).toEqual(['2026-09'])
  })

  test('the hour that comes twice is two hours', () => {
    const use = [anHour('2026-10-25T00:00:00Z', 3), anHour('2026-10-25T01:00:00Z', 4)]
    expect(dayMaxima(use, oslo)).toEqual([{ date: '2026-10-25', power: 4 }])
  })

  test('what is not a number or sold counts as nothing', () => {
    expect(dayMaxima([anHour('2026-08-03T10:00:00Z', Number.NaN), anHour('2026-08-03T11:00:00Z', -5)], oslo)).toEqual(
      [],
    )
    expect(billedPower('three-days', [])).toBe(0)
  })
})

test.each([
  [0, true, 0],
  [1.999, true, 0],
  [2, true, 1],
  [2, false, 0],
  [2.001, false, 1],
  [999, true, 5],
])('%d kW with the limit included %s is step %d', (power, thresholdIncluded, step) => {
  expect(stepOf({ ...tensio, thresholdIncluded }, power)).toBe(step)
})

describe('the outlook', () => {
  const days = [
    { date: '2026-08-03', power: 4.8 },
    { date: '2026-08-10', power: 4.4 },
    { date: '2026-08-12', power: 4 },
    { date: '2026-08-20', power: 3 },
  ]

  test('how much the step leaves for today, and what the next kW costs', () => {
    // Mean of 4.8, 4.4, 4.0 is 4.4 kW: from 2 kW, 2237 / 12. A new third day may have 3 × 4.999 - 4.8 - 4.4 = 5.797 kW.
    // One kW more today (4 kW) leaves 4.4: nothing. Crossing 5 kW costs (3811 - 2237) / 12 = 131.17 more a month.
    const outlook = capacityOutlook({ tariff: tensio, days, today: '2026-08-20' })
    expect(outlook).toMatchObject({ step: 1, today: 3, nextKilowatt: 0 })
    expect(outlook.power).toBeCloseTo(4.4, 12)
    expect(outlook.cap).toBeCloseTo(5.797, 9)
    expect(outlook.next?.above).toBe(5)
    expect(outlook.next?.more).toBeCloseTo(131.1667, 4)
  })

  test('the next kW costs a step where it is the one too many', () => {
    // Today 5 kW: (4.8 + 4.4 + 5) / 3 = 4.733. With 6 kW: 15.2 / 3 = 5.067, the step from 5 kW.
    const today = [...days.slice(0, 3), { date: '2026-08-20', power: 5 }]
    const outlook = capacityOutlook({ tariff: tensio, days: today, today: '2026-08-20' })
    expect(outlook.nextKilowatt).toBeCloseTo(131.1667, 4)
  })

  test('a step that is left already cannot be kept; the highest has nothing above', () => {
    const high = days.map((day) => ({ ...day, power: 6 }))
    expect(capacityOutlook({ tariff: tensio, days: high, today: '2026-08-30', keep: 1 }).cap).toBeUndefined()
    expect(capacityOutlook({ tariff: tensio, days: high, today: '2026-08-30' }).cap).toBeCloseTo(3 * 9.999 - 12, 9)
    expect(capacityOutlook({ tariff: tensio, days: high, today: '2026-08-30', keep: 5 }).cap).toBe(
      Number.POSITIVE_INFINITY,
    )
  })

  test('days to come take their share', () => {
    // The first of the month, step from 2 kW to keep. Alone: 3 × 4.999. With two days of 4.5 kW to come: 14.997 - 9.
    const asked = { tariff: tensio, days: [], today: '2026-08-01', keep: 1 } as const
    expect(capacityOutlook(asked).cap).toBeCloseTo(14.997, 9)
    expect(capacityOutlook({ ...asked, toCome: { power: 4.5, days: 30 } }).cap).toBeCloseTo(5.997, 9)
    expect(capacityOutlook({ ...asked, toCome: { power: 4.5, days: 1 } }).cap).toBeCloseTo(10.497, 9)
  })

  test('below the cap the step is kept, above it not; never dearer with less', () => {
    const power = fc.double({ min: 0, max: 20, noNaN: true })
    fc.assert(
      fc.property(
        fc.array(power, { minLength: 2, maxLength: 20 }),
        fc.integer({ min: 0, max: 4 }),
        fc.boolean(),
        fc.constantFrom('three-days' as const, 'highest-hour' as const),
        (powers, keep, thresholdIncluded, method) => {
          const tariff: CapacityTariff = { ...tensio, method, thresholdIncluded }
          const past = powers.map((one, i) => ({ date: `2026-08-${String(i + 1).padStart(2, '0')}`, power: one }))
          const { cap } = capacityOutlook({ tariff, days: past, today: '2026-08-31', keep })
          const stepWith = (most: number) => stepOf(tariff, billedPower(method, [...powers, most]))
          if (cap === undefined) expect(stepWith(0)).toBeGreaterThanOrEqual(keep)
          else {
            expect(stepWith(cap - 1e-6)).toBeLessThanOrEqual(keep)
            expect(stepWith(cap + 0.004)).toBeGreaterThan(keep)
          }
          expect(stepWith(7)).toBeLessThanOrEqual(stepWith(8))
        },
      ),
    )
  })
})
