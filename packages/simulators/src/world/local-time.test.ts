import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makeFaults, shownTime } from '../faults.ts'
import { changeBefore, localIso, midnightBefore, offsetAt } from './local-time.ts'

const oslo = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Oslo', dateStyle: 'short', timeStyle: 'medium' })
const moments = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2049, 11, 31) })

test('Norwegian time as the time zone table has it', () => {
  fc.assert(
    fc.property(moments, (ms) => {
      expect(localIso(ms).slice(0, 19).replace('T', ' ')).toBe(oslo.format(ms))
      const midnight = midnightBefore(ms)
      expect(oslo.format(midnight).slice(11)).toBe('00:00:00')
      expect(ms - midnight).toBeGreaterThanOrEqual(0)
      expect(ms - midnight).toBeLessThan(25 * 3_600_000)
    }),
    { numRuns: 1000 },
  )
})

test('the last change of the clocks lies within a year, and is one', () => {
  fc.assert(
    fc.property(moments, fc.constantFrom('spring' as const, 'autumn' as const), (ms, season) => {
      const change = changeBefore(ms, season)
      expect(change).toBeLessThanOrEqual(ms)
      expect(ms - change).toBeLessThan(372 * 86_400_000)
      const step = offsetAt(change) - offsetAt(change - 1)
      expect(step).toBe(season === 'spring' ? 3_600_000 : -3_600_000)
    }),
  )
})

test('with the fault the shown time begins where it is told, and goes on', async () => {
  const faults = makeFaults()
  const now = Date.UTC(2026, 10, 22, 11)
  expect(shownTime(faults, undefined, now)).toBe(now)
  faults.set('dst', { seconds: 60, account: 'one' })
  expect(shownTime(faults, 'another', now)).toBe(now)
  const shown = shownTime(faults, 'one', now)
  expect(shown - Date.UTC(2026, 9, 25, 1)).toBeGreaterThanOrEqual(60_000)
  expect(shown - Date.UTC(2026, 9, 25, 1)).toBeLessThan(70_000)
  expect(faults.struck.dst).toBe(1)
})
