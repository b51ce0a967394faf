import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  celsius,
  dateFromMicros,
  fahrenheit,
  formatTime,
  kW,
  kWh,
  microsFromMillis,
  parseTime,
  share,
  W,
  Wh,
} from './units.ts'

test.each([
  ['2023-05-08T06:00:00.123456', 1_683_525_600_123_456],
  ['2023-05-08T06:00:00.123456Z', 1_683_525_600_123_456],
  ['2023-05-08T08:00:00.123456+02:00', 1_683_525_600_123_456],
  ['2023-05-08T08:00:00.123456+0200', 1_683_525_600_123_456],
  ['2023-05-08T08:00:00.123456+02', 1_683_525_600_123_456],
  ['2023-05-08T00:30:00.123456-05:30', 1_683_525_600_123_456],
  ['2023-05-08 06:00:00,1234569', 1_683_525_600_123_456],
  ['2023-05-08T06:00', 1_683_525_600_000_000],
  ['2023-05-08', 1_683_504_000_000_000],
  ['2024-02-29T00:00:00Z', 1_709_164_800_000_000],
  ['1969-12-31T23:59:59.999999Z', -1],
])('the time %s', (text, micros) => {
  expect(parseTime(text)).toBe(micros)
})

test.each([
  '',
  'now',
  '2023',
  '2023-13-01',
  '2023-00-01',
  '2023-02-29',
  '2023-04-31',
  '2023-05-08T24:00',
  '2023-05-08T06:60',
  '2023-05-08T06:00:61',
  '2023-05-08T06',
  '0095-05-08',
  '9999-01-01',
  '2023-05-08T06:00:00+19:00',
  '2023-05-08T06:00:00+02:60',
  ' 2023-05-08',
  '2023-05-08\n',
  '1683525600',
  '2023-05-08T06:00:00.Z',
  '２０２３-05-08',
])('not a time: %j', (text) => {
  expect(parseTime(text)).toBeUndefined()
})

test('no text makes it throw, and what it reads is whole microseconds', () => {
  const near = fc.stringMatching(/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d:\d\d)?$/)
  fc.assert(
    fc.property(fc.oneof(fc.string(), near), (text) => {
      const micros = parseTime(text)
      expect(micros === undefined || Number.isSafeInteger(micros)).toBe(true)
    }),
    { numRuns: 2000 },
  )
})

test('a time written is read again, to the microsecond', () => {
  const from = Date.UTC(1900, 0) * 1000
  fc.assert(
    fc.property(fc.integer({ min: from, max: Date.UTC(2250, 0) * 1000 }), (micros) => {
      expect(parseTime(formatTime(micros))).toBe(micros)
    }),
    { numRuns: 2000 },
  )
  expect(formatTime(1_683_525_600_000_000)).toBe('2023-05-08T06:00:00Z')
  expect(formatTime(1_683_525_600_000_001)).toBe('2023-05-08T06:00:00.000001Z')
})

test('units are converted to ours', () => {
  expect([W(5), kW(1.5), kWh(2), Wh(1500), celsius(21), fahrenheit(32), fahrenheit(212), share(0.4)]).toEqual([
    5, 1500, 2, 1.5, 21, 0, 100, 40,
  ])
  expect(microsFromMillis(1.5)).toBe(1500)
  expect(dateFromMicros(1_683_525_600_123_999).toISOString()).toBe('2023-05-08T06:00:00.123Z')
})
