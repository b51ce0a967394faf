import { Value } from 'typebox/value'
import { expect, test } from 'vitest'
import { modelPredictive } from './model-predictive.ts'
import type { HeatingView } from './view.ts'

const hour = 3_600_000
const now = Date.parse('2026-01-15T21:00:00Z')
const settings = Value.Create(modelPredictive.settings)

/** @param path °C of the plan now and two hours later; @param prices NOK/kWh of the coming hours */
function reasonFor(room: number, wish: number, path: readonly [number, number], prices: readonly number[]): string {
  const view: HeatingView = {
    now,
    room: { at: now, value: room },
    wish: { temperature: wish, lowest: wish - 2, highest: wish + 2, from: 'weekday' },
    unit: 'on',
    held: 'unknown',
    setpoints: { lowest: 16, highest: 30, step: 1 },
    prices: prices.map((marginal, n) => ({
      from: now + n * hour,
      to: now + (n + 1) * hour,
      spot: marginal,
      grid: 0,
      marginal,
    })),
    path: path.map((temperature, n) => ({ from: now + n * hour, to: now + (n + 1) * hour, temperature })),
  }
  return modelPredictive.decide(view, settings).because
}

const even = [1, 1, 1, 1, 1, 1]
const dearLater = [1, 1, 1, 2, 1, 1]
const cheapLater = [1, 1, 1, 0.5, 1, 1]

test.each([
  { name: 'what is wished for', is: [21, 21, [21, 21], dearLater], says: 'The plan holds the room at 21.0 °C' },
  {
    name: 'heat for a dear hour',
    is: [21.6, 21, [21.6, 21.8], dearLater],
    says: 'The plan stores heat at 21.6 °C now, because in 3 h power costs 2.00 NOK/kWh',
  },
  {
    name: 'a room that is left from a warmer wish is not stored heat',
    is: [20.4, 17, [20.3, 19.6], dearLater],
    says: 'The plan lets the room cool, to 20.3 °C now',
  },
  {
    name: 'a room on its way to a warmer wish does not wait for cheap power',
    is: [18.8, 21, [20.4, 21], cheapLater],
    says: 'The plan warms the room, to 20.4 °C now (it is 1.6 degrees colder)',
  },
  {
    name: 'less heat before a cheap hour',
    is: [20.5, 21, [20.5, 20.3], cheapLater],
    says: 'The plan lets the room be 20.5 °C, because in 3 h power costs only 0.50 NOK/kWh',
  },
  {
    name: 'a price that is hardly another is no reason',
    is: [20.5, 21, [20.5, 20.5], [1, 0.98, 1]],
    says: 'The plan lets the room be 20.5 °C, within what you allow',
  },
  {
    name: 'above the wish, though no hour is dearer',
    is: [21.6, 21, [21.6, 21.6], even],
    says: 'The plan lets the room be 21.6 °C, within what you allow',
  },
  {
    name: 'a wish that comes',
    is: [20, 19, [19.8, 20.6], even],
    says: 'The plan has the room at 19.8 °C now, on its way to what is wished for next',
  },
  {
    name: 'a room that is warmer than its plan',
    is: [23, 22, [22.5, 22.5], dearLater],
    says: 'The plan stores heat at 22.5 °C now (it is 0.5 degrees warmer), because in 3 h power costs 2.00 NOK/kWh',
  },
] as const)('the reason: $name', ({ is: [room, wish, path, prices], says }) => {
  expect(reasonFor(room, wish, path, prices)).toBe(says)
})
