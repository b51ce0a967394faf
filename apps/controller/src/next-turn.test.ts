import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nextTurn } from './next-turn.ts'

const every = 300_000

test('the next turn is soon, never at once, and always at the same moments by the clock', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 - 1 }), fc.integer({ min: 0, max: 4e12 }), (house, now) => {
      const next = nextTurn(house, now, every)
      expect(next - now).toBeGreaterThan(every / 10 - 2)
      expect(next - now).toBeLessThan(every * 1.1 + 2)
      // Taken a little late, as always, the one after is exactly one interval on.
      expect(Math.abs(nextTurn(house, next + 900, every) - next - every)).toBeLessThan(2)
    }),
  )
})

test('a thousand houses come evenly: none of 100 parts of the interval has more than twice its share', () => {
  const parts = new Array<number>(100).fill(0)
  for (let house = 1; house <= 1000; house++) {
    const part = Math.floor(((nextTurn(house, 1_800_000_000_000, every) % every) / every) * 100)
    parts[part]!++
  }
  expect(Math.max(...parts)).toBeLessThanOrEqual(20)
  expect(parts.reduce((a, b) => a + b)).toBe(1000)
})
