import fc from 'fast-check'
import { expect, test } from 'vitest'
import { believed, judge, type Reading, roomRules } from './index.ts'

const minute = 60_000
const now = Date.parse('2024-01-15T10:00:00Z')
/** Readings so many minutes ago. */
const ago = (...readings: (readonly [minutes: number, value: number | null])[]): Reading[] =>
  readings.map(([minutes, value]) => ({ at: now - minutes * minute, value }))

test.each([
  { name: 'a fresh one is believed', readings: ago([5, 21]), does: 'usable' },
  { name: 'none', readings: [], does: 'missing' },
  { name: 'null', readings: ago([5, null]), does: 'missing' },
  { name: 'NaN', readings: ago([5, Number.NaN]), does: 'not-a-number' },
  { name: 'infinite', readings: ago([5, Number.POSITIVE_INFINITY]), does: 'not-a-number' },
  { name: 'a sensor unplugged', readings: ago([5, -127]), does: 'impossible' },
  { name: 'half an hour and a minute old', readings: ago([31, 21]), does: 'stale' },
  { name: 'a little ahead of our clock', readings: ago([-2, 21]), does: 'usable' },
  { name: 'dated tomorrow', readings: ago([-1440, 21]), does: 'from-the-future' },
  { name: 'dated at no time', readings: [{ at: Number.NaN, value: 21 }], does: 'missing' },
  { name: 'five kelvin more in five minutes', readings: ago([10, 21], [5, 26]), does: 'jump' },
  { name: 'still disbelieved at the second', readings: ago([10, 21], [5, 26], [0, 26.1]), does: 'jump' },
  { name: 'believed when three agree', readings: ago([15, 21], [10, 26], [5, 26.1], [0, 26]), does: 'usable' },
  { name: 'five kelvin in half an hour are possible', readings: ago([30, 21], [0, 26]), does: 'usable' },
  {
    name: 'a null between two good ones does not matter',
    readings: ago([10, 21], [5, null], [0, 21.2]),
    does: 'usable',
  },
  { name: 'in any order', readings: ago([0, 21.2], [10, 21]), does: 'usable' },
])('$name', ({ readings, does }) => {
  const judged = judge(readings, now, roomRules)
  expect(judged.usable ? 'usable' : judged.why).toBe(does)
})

test('what is believed is a number, in range and fresh, whatever came', () => {
  const reading = fc.record({
    at: fc.oneof(fc.integer({ min: now - 5e6, max: now + 5e6 }), fc.double()),
    value: fc.oneof(fc.double(), fc.constant(null), fc.double({ min: 15, max: 25, noNaN: true })),
  })
  fc.assert(
    fc.property(fc.array(reading, { maxLength: 12 }), (readings) => {
      const known = believed(readings, now, roomRules)
      if (known === 'unknown') return
      expect(known.value).toBeGreaterThanOrEqual(-30)
      expect(known.value).toBeLessThanOrEqual(45)
      expect(Math.abs(now - known.at)).toBeLessThanOrEqual(30 * minute)
    }),
    { numRuns: 500 },
  )
})
