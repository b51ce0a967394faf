import { expect, test } from 'vitest'
import { clockOf, dayAndClock, dayAt, dayName, momentOf, wallOf } from './zone-time.ts'

const oslo = 'Europe/Oslo'
const at = (iso: string) => Date.parse(iso)

test('a moment is shown by the clock of the house, in winter and in summer', () => {
  expect(wallOf('2026-01-15T06:05:00Z', oslo)).toBe('2026-01-15T07:05')
  expect(wallOf('2026-07-15T22:30:00Z', oslo)).toBe('2026-07-16T00:30')
  expect(clockOf(at('2026-01-15T06:05:00Z'), 'Asia/Kolkata')).toBe('11:35')
})

test('what the wall shows leads back to the moment, on the days when the clock is moved as well', () => {
  const cases = [
    ['2026-01-15T07:05', '2026-01-15T06:05:00.000Z'],
    ['2026-07-16T00:30', '2026-07-15T22:30:00.000Z'],
    // 02:30 never is: the clock goes from 02:00 to 03:00.
    ['2026-03-29T02:30', '2026-03-29T01:30:00.000Z'],
    ['2026-03-29T03:00', '2026-03-29T01:00:00.000Z'],
    // 02:30 is twice: the first one counts.
    ['2026-10-25T02:30', '2026-10-25T00:30:00.000Z'],
    ['2026-10-25T03:00', '2026-10-25T02:00:00.000Z'],
  ] as const
  for (const [wall, moment] of cases) expect(new Date(momentOf(wall, oslo)).toISOString()).toBe(moment)
})

test('tomorrow at eight is eight on the wall, though the night was an hour shorter', () => {
  expect(new Date(dayAt('2026-03-28T22:00:00Z', oslo, 1, '08:00')).toISOString()).toBe('2026-03-29T06:00:00.000Z')
})

test('days near by have a name, the others a date', () => {
  const now = at('2026-01-15T22:30:00Z')
  expect(dayName('2026-01-15T23:30:00Z', oslo, now)).toBe('tomorrow')
  expect(dayAndClock('2026-01-15T22:45:00Z', oslo, now)).toBe('today 23:45')
  expect(dayName('2026-01-14T12:00:00Z', oslo, now)).toBe('yesterday')
  expect(dayName('2026-01-31T12:00:00Z', oslo, now)).toBe('Sat 31 Jan')
})
