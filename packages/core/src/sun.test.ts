import fc from 'fast-check'
import { expect, test } from 'vitest'
import { daylightAt, sunAt } from './sun.ts'

const trondheim = { latitude: 63.4305, longitude: 10.3951 }
const tromso = { latitude: 69.6492, longitude: 18.9553 }
const minutes = (a: number, b: number) => Math.abs(a - b) / 60_000

test.each([
  // Times of almanacs, UTC.
  ['Trondheim, midsummer', trondheim, '2024-06-20T12:00Z', '2024-06-20T01:02Z', '2024-06-20T21:38Z'],
  ['Trondheim, midwinter', trondheim, '2024-12-21T12:00Z', '2024-12-21T09:01Z', '2024-12-21T13:32Z'],
  [
    'Greenwich, equinox',
    { latitude: 51.4779, longitude: 0 },
    '2024-03-20T12:00Z',
    '2024-03-20T06:03Z',
    '2024-03-20T18:13Z',
  ],
  [
    'Sydney, whose day begins on the evening before',
    { latitude: -33.8688, longitude: 151.2093 },
    '2024-01-15T02:00Z',
    '2024-01-14T18:59Z',
    '2024-01-15T09:09Z',
  ],
] as const)('%s', (_, place, at, rise, set) => {
  const light = daylightAt(place, Date.parse(at))
  if (light.kind !== 'day') throw new Error(light.kind)
  expect(minutes(light.rise, Date.parse(rise))).toBeLessThan(3)
  expect(minutes(light.set, Date.parse(set))).toBeLessThan(3)
})

test('the night of the pole and its day', () => {
  expect(daylightAt(tromso, Date.UTC(2024, 11, 21, 11)).kind).toBe('always-down')
  expect(daylightAt(tromso, Date.UTC(2024, 5, 21, 11)).kind).toBe('always-up')
  for (const latitude of [90, -90])
    expect(daylightAt({ latitude, longitude: 0 }, Date.UTC(2024, 5, 21)).kind).not.toBe('day')
})

test('the sun stands east in the morning and west in the evening: negative, then positive', () => {
  const morning = sunAt(trondheim, Date.UTC(2024, 2, 20, 5, 30))
  expect(morning.azimuth).toBeGreaterThan(-100)
  expect(morning.azimuth).toBeLessThan(-80)
  const evening = sunAt(trondheim, Date.UTC(2024, 2, 20, 17, 30))
  expect(evening.azimuth).toBeGreaterThan(80)
  expect(evening.azimuth).toBeLessThan(100)
  const noon = daylightAt(trondheim, Date.UTC(2024, 2, 20, 11)).noon
  expect(Math.abs(sunAt(trondheim, noon).azimuth)).toBeGreaterThan(179)
  expect(sunAt(trondheim, noon).zenith).toBeCloseTo(63.4, 0)
})

test('wherever and whenever: angles within their bounds, rise before noon before set, noon within half a day', () => {
  let days = 0
  fc.assert(
    fc.property(
      fc.double({ min: -90, max: 90, noNaN: true }),
      fc.double({ min: -180, max: 180, noNaN: true }),
      fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2100, 0) }),
      (latitude, longitude, ms) => {
        const place = { latitude, longitude }
        const { zenith, azimuth } = sunAt(place, ms)
        expect(zenith).toBeGreaterThanOrEqual(0)
        expect(zenith).toBeLessThanOrEqual(180)
        expect(Math.abs(azimuth)).toBeLessThanOrEqual(180)
        const light = daylightAt(place, ms)
        expect(Math.abs(light.noon - ms)).toBeLessThan(12.1 * 3_600_000)
        if (light.kind !== 'day') return
        days++
        expect(light.rise).toBeLessThan(light.noon)
        expect(light.set).toBeGreaterThan(light.noon)
        expect(sunAt(place, (light.rise + light.set) / 2).zenith).toBeLessThan(91)
      },
    ),
    { numRuns: 2000 },
  )
  expect(days).toBeGreaterThan(1000)
})
