import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cop, discretise, expm, heatLoss, mostHeat, steadyState, timeConstants, usualHeatPump } from './index.ts'

/** A house of 42 m² as published with the model: time constants of 0.49 and 78 h. */
const small = { Ci: 0.47, Ce: 3.95, Hie: 0.85, Hia: 0, Hea: 0.057, Aw: 0, Ae: 0 }
const calm = { outdoor: 0, heat: 0, gains: 0, sun: 0 }

test('the exponential of known matrices', () => {
  const [[a, b], [c, d]] = expm([
    [0, 1],
    [-1, 0],
  ]) as [[number, number], [number, number]]
  expect([a, b, c, d]).toEqual(
    [Math.cos(1), Math.sin(1), -Math.sin(1), Math.cos(1)].map((value) => expect.closeTo(value, 13)),
  )
  expect(expm([[-30]])[0]![0]! / Math.exp(-30)).toBeCloseTo(1, 10)
  expect(
    expm([
      [0, 0],
      [0, 0],
    ]),
  ).toEqual([
    [1, 0],
    [0, 1],
  ])
})

test('the time constants of the published house', () => {
  const [fast, slow] = timeConstants(small)
  expect(fast).toBeCloseTo(0.49, 2)
  expect(slow).toBeCloseTo(78, 0)
})

test('heat loss is the sum of both ways out', () => {
  // 0.05 straight, and 0.2 and 0.05 after one another: 0.04.
  expect(heatLoss({ ...small, Hia: 0.05, Hie: 0.2, Hea: 0.05 })).toBeCloseTo(0.09, 12)
})

test('a house left alone cools as its slow time constant says', () => {
  const [, slow] = timeConstants(small)
  const step = discretise(small, 1)
  let state = { air: 20, structure: 20 }
  for (let hour = 0; hour < 10; hour++) state = step(state, calm)
  const from = state.structure
  for (let hour = 0; hour < 24; hour++) state = step(state, calm)
  expect(Math.log(from / state.structure)).toBeCloseTo(24 / slow, 6)
})

test('one room alone follows the exponential that a pencil gives', () => {
  // No structure: 1 kWh/K, 0.1 kW/K, 2 kW at 0 °C. Towards 20 °C with 10 h: after 5 h 20 (1 - e^-0.5).
  const room = { Ci: 1, Ce: 1, Hie: 0, Hia: 0.1, Hea: 0.1, Aw: 0, Ae: 0 }
  expect(discretise(room, 5)({ air: 0, structure: 0 }, { ...calm, heat: 2 }).air).toBeCloseTo(7.869386805747332, 10)
})

test('many short steps are one long step, and end in the steady state', () => {
  const parameter = (min: number, max: number) => fc.double({ min, max, noNaN: true })
  fc.assert(
    fc.property(
      fc.record({
        Ci: parameter(0.2, 5),
        Ce: parameter(1, 20),
        Hie: parameter(0.1, 2),
        Hia: parameter(0, 0.2),
        Hea: parameter(0.02, 0.3),
        Aw: parameter(0, 10),
        Ae: parameter(0, 10),
      }),
      fc.record({
        outdoor: parameter(-30, 30),
        heat: parameter(-3, 8),
        gains: parameter(0, 1),
        sun: parameter(0, 0.8),
      }),
      (house, input) => {
        const start = { air: 18, structure: 17 }
        const minute = discretise(house, 1 / 60)
        let state = start
        for (let n = 0; n < 90; n++) state = minute(state, input)
        const long = discretise(house, 1.5)(start, input)
        expect(state.air).toBeCloseTo(long.air, 7)
        expect(state.structure).toBeCloseTo(long.structure, 7)
        const end = steadyState(house, input)
        const stays = discretise(house, 24)(end, input)
        expect(stays.air).toBeCloseTo(end.air, 6)
        expect(stays.structure).toBeCloseTo(end.structure, 6)
      },
    ),
    { numRuns: 100 },
  )
})

test('a heat pump gives less heat for more electricity as it gets colder', () => {
  expect(cop(usualHeatPump, 7)).toBeCloseTo(3.925, 12)
  expect(cop(usualHeatPump, -7)).toBeCloseTo(2.875, 12)
  expect(cop(usualHeatPump, -15)).toBeCloseTo(2.275, 12)
  expect(cop(usualHeatPump, -60)).toBe(1)
  expect(cop(usualHeatPump, 60)).toBe(6)
  expect(cop(usualHeatPump, 0, 90)).toBeCloseTo(3.06, 12)
  expect(cop(usualHeatPump, -10, 90)).toBeCloseTo(2.65, 12)
  expect(mostHeat(usualHeatPump, 7)).toBe(6)
  expect(mostHeat(usualHeatPump, -13)).toBeCloseTo(3.6, 12)
  expect(mostHeat(usualHeatPump, 20)).toBe(6)
})
