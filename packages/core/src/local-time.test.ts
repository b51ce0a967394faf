import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addDays, localDateOf, localDay, localTimeOf, momentOfLocal, offsetAt } from './local-time.ts'

const oslo = 'Europe/Oslo'
const hour = 3_600_000
const at = (iso: string) => Date.parse(iso)

test.each([
  ['2026-01-15T12:00:00Z', oslo, 1],
  ['2026-07-15T12:00:00Z', oslo, 2],
  ['2026-03-29T00:59:59Z', oslo, 1],
  ['2026-03-29T01:00:00Z', oslo, 2],
  ['2026-10-25T00:59:59Z', oslo, 2],
  ['2026-10-25T01:00:00Z', oslo, 1],
  ['2026-01-15T12:00:00Z', 'America/St_Johns', -3.5],
  ['2026-01-15T12:00:00Z', 'Asia/Kathmandu', 5.75],
  ['2026-01-15T12:00:00Z', 'UTC', 0],
])('%s in %s is %d h ahead', (iso, zone, hours) => {
  expect(offsetAt(at(iso), zone)).toBe(hours * hour)
})

test('a time zone that does not exist is refused', () => {
  expect(() => offsetAt(0, 'Europe/Nowhere')).toThrow(RangeError)
})

test('days have 23, 24 and 25 hours', () => {
  const hoursOf = (date: string) => {
    const [from, to] = localDay(date, oslo)
    return (to - from) / hour
  }
  expect([hoursOf('2026-03-29'), hoursOf('2026-03-30'), hoursOf('2026-10-25')]).toEqual([23, 24, 25])
})

test('a skipped clock time is an hour later, a repeated one the first', () => {
  expect(momentOfLocal('2026-03-29', 150, oslo)).toBe(at('2026-03-29T01:30:00Z'))
  expect(momentOfLocal('2026-10-25', 150, oslo)).toBe(at('2026-10-25T00:30:00Z'))
  expect(momentOfLocal('2026-10-25', 180, oslo)).toBe(at('2026-10-25T02:00:00Z'))
})

test('shows what the wall shows', () => {
  expect(localTimeOf(at('2025-12-31T23:30:00Z'), oslo)).toEqual({
    ...{ date: '2026-01-01', year: 2026, month: 1, day: 1, hour: 0, minute: 30, weekday: 4 },
  })
  expect(addDays('2024-02-28', 2)).toBe('2024-03-01')
})

test('agrees with the platform at any moment of three zones', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: at('2020-01-01T00:00:00Z'), max: at('2035-01-01T00:00:00Z') }),
      fc.constantFrom(oslo, 'Africa/Casablanca', 'Australia/Lord_Howe'),
      (ms, timezone) => {
        const format = new Intl.DateTimeFormat('sv', { timeZone: timezone, dateStyle: 'short', timeStyle: 'short' })
        const { date, hour, minute } = localTimeOf(ms, timezone)
        expect(`${date} ${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`).toBe(format.format(ms))
        expect(localDateOf(momentOfLocal(date, hour * 60 + minute, timezone), timezone)).toBe(date)
      },
    ),
  )
})
