import { expect, test } from 'vitest'
import type { Interval } from '../prices/api.ts'
import { weekOf } from './week.ts'

const hour = 3_600_000
const hourly = (count: number, value: number) => Array.from({ length: count }, (_, n) => ({ at: n * hour, value }))
const prices = (count: number, withVat: number) =>
  Array.from({ length: count }, (_, n) => ({
    start: new Date(n * hour).toISOString(),
    total: { withVat },
  })) as Interval[]

test('a week is what was used at what it cost then', () =>
  expect(weekOf(hourly(168, 2), hourly(168, 21), prices(168, 1.5))).toEqual({
    title: 'Last seven days',
    energy: 336,
    cost: 504,
    indoors: 21,
  }))

test('what is not known is not told: no meter, hours without a price, a house that has just begun', () => {
  expect(weekOf([], hourly(3, 20), [])).toMatchObject({ energy: undefined, cost: undefined, indoors: 20 })
  expect(weekOf(hourly(168, 1), [], prices(100, 1))).toMatchObject({ energy: 168, cost: undefined, indoors: undefined })
  expect(weekOf(hourly(30, 1), [], prices(30, 1))).toMatchObject({ title: 'Of 30 hours', cost: 30 })
  expect(weekOf(hourly(73, 1), [], []).title).toBe('Of 3 days')
})
