import fc from 'fast-check'
import { expect, test } from 'vitest'
import { easterSunday, isPublicHoliday, publicHolidays } from './holidays.ts'

test.each([
  ...['2000-04-23', '2008-03-23', '2011-04-24', '2023-04-09', '2024-03-31', '2025-04-20', '2026-04-05', '2027-03-28'],
  ...['2028-04-16', '2038-04-25', '2049-04-18', '2285-03-22'],
])('Easter Sunday is %s', (date) => {
  expect(easterSunday(Number(date.slice(0, 4)))).toBe(date)
})

test('the holidays of 2026', () => {
  expect([...publicHolidays(2026)].sort()).toEqual([
    ...['2026-01-01', '2026-04-02', '2026-04-03', '2026-04-05', '2026-04-06', '2026-05-01', '2026-05-14', '2026-05-17'],
    ...['2026-05-24', '2026-05-25', '2026-12-25', '2026-12-26'],
  ])
})

test('where two fall on one day there is one less: Ascension Day 2008 was the 1st of May', () => {
  expect(publicHolidays(2008).size).toBe(11)
  expect(isPublicHoliday('2008-05-01')).toBe(true)
  expect(isPublicHoliday('2026-12-24')).toBe(false)
})

test('Easter is a Sunday between 22 March and 25 April', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1900, max: 2400 }), (year) => {
      const easter = easterSunday(year)
      expect(new Date(easter).getUTCDay()).toBe(0)
      expect(easter >= `${year}-03-22` && easter <= `${year}-04-25`).toBe(true)
    }),
  )
})
