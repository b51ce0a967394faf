import { describe, expect, test } from 'vitest'
import {
  airDiscomfort,
  costOf,
  costOfUse,
  discomfort,
  emissions,
  energyOf,
  energyUse,
  highestPower,
  peakPower,
  timeRatio,
  travel,
} from './key-figures.ts'

const start = Date.parse('2026-01-12T00:00:00Z')
const minutes = (count: number) => count * 60_000
/** Spans one after another, so many minutes each. */
const inRow = <Value extends object>(length: number, values: readonly Value[]) =>
  values.map((value, i) => ({ from: start + minutes(length) * i, to: start + minutes(length) * (i + 1), ...value }))

const zone = (length: number, temperatures: readonly (number | null)[]) =>
  inRow(
    length,
    temperatures.map((temperature) => ({ temperature, lowest: 20, highest: 22 })),
  )

describe('thermal discomfort', () => {
  test('half a kelvin too cold for half an hour and one too warm for a quarter are half a kelvin hour', () => {
    // 0.5 K · 0.5 h + 1 K · 0.25 h = 0.5 K·h
    expect(discomfort([zone(15, [19.5, 19.5, 21, 23])])).toBeCloseTo(0.5, 9)
  })
  test('it is the mean over the zones', () => {
    expect(discomfort([zone(60, [18, 18]), zone(60, [21, 21])])).toBeCloseTo(2, 9)
  })
  test('what is not known is neither comfort nor discomfort', () => {
    expect(discomfort([zone(60, [18, null])])).toBeCloseTo(2, 9)
    expect(discomfort([zone(60, [18]), zone(60, [null])])).toBeCloseTo(2, 9)
    expect(discomfort([zone(60, [null])])).toBeNull()
    expect(discomfort([])).toBeNull()
  })
})

test('CO₂ counts above its limit only, by the hour', () => {
  // 200 ppm · 0.5 h
  expect(airDiscomfort(inRow(30, [{ co2: 1200 }, { co2: 900 }, { co2: null }]))).toBeCloseTo(100, 9)
  expect(airDiscomfort(inRow(30, [{ co2: 900 }]), 800)).toBeCloseTo(50, 9)
  expect(airDiscomfort([])).toBeNull()
})

describe('energy, cost and emissions of 1 kW for an hour and 3 kW for half an hour in 50 m²', () => {
  const spans = [
    ...inRow(60, [{ power: 1, price: 0.8 }]),
    { from: start + minutes(60), to: start + minutes(90), power: 3, price: 2 },
  ]
  test('energy', () => {
    expect(energyOf(spans)).toBeCloseTo(2.5, 9)
    expect(energyUse(spans, 50)).toBeCloseTo(0.05, 9)
    expect(energyUse(spans, undefined)).toBeNull()
    expect(energyUse(spans, 0)).toBeNull()
  })
  test('cost', () => {
    // 1 · 0.8 + 1.5 · 2
    expect(costOf(spans)).toBeCloseTo(3.8, 9)
    expect(costOfUse(spans, 50)).toBeCloseTo(0.076, 9)
    expect(costOf([{ ...spans[0]!, price: null }])).toBeNull()
  })
  test('emissions, where an intensity is known', () => {
    // 1 kWh at 20 g and 1.5 kWh at 40 g are 80 g
    const intensity = (at: number) => (at < start + minutes(60) ? 20 : 40)
    expect(emissions(spans, 50, intensity)).toBeCloseTo(0.08 / 50, 12)
    expect(emissions(spans, 50)).toBeNull()
    expect(emissions(spans, 50, () => null)).toBeNull()
  })
})

describe('the highest quarter', () => {
  test('a peak of five minutes counts by a third', () => {
    expect(
      highestPower(
        inRow(
          5,
          [0, 9, 0, 2, 2, 2].map((power) => ({ power })),
        ),
      ),
    ).toBeCloseTo(3, 9)
    expect(
      peakPower(
        inRow(
          5,
          [0, 9, 0, 2, 2, 2].map((power) => ({ power })),
        ),
        30,
      ),
    ).toBeCloseTo(0.1, 9)
  })
  test('quarters are those of the clock, not any fifteen minutes', () => {
    // 2 kW from 00:10 to 00:20 is 10 minutes of neither quarter.
    expect(
      highestPower(
        inRow(
          5,
          [0, 0, 3, 3, 0, 0].map((power) => ({ power })),
        ),
      ),
    ).toBeCloseTo(1, 9)
  })
  test('a quarter that is known in part only does not count', () => {
    expect(
      highestPower(
        inRow(
          5,
          [9, null, 0, 1, 1, 1].map((power) => ({ power })),
        ),
      ),
    ).toBeCloseTo(1, 9)
    expect(highestPower(inRow(5, [{ power: 1 }, { power: 1 }]))).toBeNull()
  })
  test('a long span is even, and a gap begins anew', () => {
    expect(highestPower(inRow(60, [{ power: 2 }]))).toBeCloseTo(2, 9)
    const [first, second] = inRow(10, [{ power: 8 }, { power: 8 }])
    expect(highestPower([first!, { ...second!, from: start + minutes(65), to: start + minutes(75) }])).toBeNull()
  })
})

test('a turn of 3 s each 5 minutes is a hundredth of the time', () => {
  expect(timeRatio([2000, 4000], minutes(5))).toBeCloseTo(0.01, 9)
  expect(timeRatio([], minutes(5))).toBeNull()
})

test('an actuator travels up and down alike, and silence is no travel', () => {
  expect(travel([20, 20, 22, null, 22, 21])).toEqual({ moves: 2, kelvin: 3 })
  expect(travel([null, 20])).toEqual({ moves: 0, kelvin: 0 })
})
