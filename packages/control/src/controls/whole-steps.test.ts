import fc from 'fast-check'
import { expect, test } from 'vitest'
import { discretise } from '../thermal/index.ts'
import {
  carefulSettings,
  type HeatingView,
  isStep,
  nearestStep,
  type PiMemory,
  type PriceResponsiveSettings,
  priceResponsivePi,
  publishedSettings,
  stepTowards,
} from './index.ts'

const minute = 60_000
const setpoints = { lowest: 16, highest: 30, step: 1 }
const rules = { hysteresis: 0.5, minutesBetween: 15, carryHours: 1 }

test.each([
  { step: 0.1, wanted: 16.4, nearest: 16.4 },
  { step: 0.2, wanted: 17.41, nearest: 17.4 },
  { step: 0.5, wanted: 21.3, nearest: 21.5 },
  { step: 5 / 9, wanted: 21, nearest: 21.111111111 },
] as const)('in steps of $step °C $wanted is $nearest, without noise', ({ step, wanted, nearest }) => {
  expect(nearestStep(wanted, { ...setpoints, step })).toBe(nearest)
})

test('a unit of whole degrees Fahrenheit that shows tenths is on a step; one set by hand between two is not', () => {
  const fahrenheit = { ...setpoints, step: 5 / 9 }
  expect([21.1, 21.11, 21.4].map((held) => isStep(held, fahrenheit))).toEqual([true, true, false])
  expect([21, 21.3].map((held) => isStep(held, { ...setpoints, step: 0.5 }))).toEqual([true, false])
  // Near its aim it rests.
  const view: HeatingView = {
    ...{ now: 0, room: { at: 0, value: 21.2 }, wish: { temperature: 21, lowest: 20, highest: 22, from: 'weekday' } },
    ...{ unit: 'on', held: { at: -60 * minute, value: 21.1 }, setpoints: fahrenheit, prices: [] },
  }
  expect(priceResponsivePi.decide(view, carefulSettings).set?.temperature).toBe(21.1)
  const memory = priceResponsivePi.decide(view, carefulSettings).memory
  expect(memory?.integral).toBe(0)
})

test('the mean of the steps is what was wanted', () => {
  let held = { at: 0, value: 21 }
  let carry = 0
  let sum = 0
  let changes = 0
  const turns = 24 * 12 * 5
  for (let i = 1; i <= turns; i++) {
    const now = i * 5 * minute
    const step = stepTowards(21.3, held, carry, { now, hours: 1 / 12 }, setpoints, rules)
    carry = step.carry
    if (step.setpoint !== held.value) {
      changes++
      held = { at: now, value: step.setpoint }
    }
    sum += step.setpoint
  }
  expect(sum / turns).toBeCloseTo(21.3, 1)
  expect(changes / 5).toBeLessThan(12)
})

test('a whole degree is held still', () => {
  let carry = 0
  for (let i = 1; i <= 200; i++) {
    const step = stepTowards(21, { at: 0, value: 21 }, carry, { now: i * 5 * minute, hours: 1 / 12 }, setpoints, rules)
    expect(step.setpoint).toBe(21)
    carry = step.carry
  }
})

test('whatever is wanted, the step is one the unit takes, at most one from the wanted, and never too soon', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -50, max: 80, noNaN: true }),
      fc.integer({ min: 16, max: 30 }),
      fc.double({ min: -3, max: 3, noNaN: true }),
      fc.integer({ min: 0, max: 60 }),
      (wanted, value, carry, ago) => {
        const step = stepTowards(
          wanted,
          { at: 0, value },
          carry,
          { now: ago * minute, hours: 1 / 12 },
          setpoints,
          rules,
        )
        expect(Number.isInteger(step.setpoint)).toBe(true)
        expect(step.setpoint).toBeGreaterThanOrEqual(16)
        expect(step.setpoint).toBeLessThanOrEqual(30)
        expect(Math.abs(step.carry)).toBeLessThanOrEqual(1)
        if (step.setpoint !== value) {
          expect(ago).toBeGreaterThanOrEqual(15)
          expect(Math.abs(step.setpoint - Math.min(30, Math.max(16, wanted)))).toBeLessThanOrEqual(1)
        }
      },
    ),
  )
})

/** Three cold days of a house of 150 W/K with a heat pump that keeps its own set-point; the first is not counted. */
function threeDays(settings: Partial<PriceResponsiveSettings>, outdoor = -5) {
  const house = { Ci: 2.1, Ce: 6.3, Hie: 1, Hia: 0.045, Hea: 0.1173, Aw: 0, Ae: 0 }
  const step = discretise(house, 1 / 12)
  let state = { air: 20.5, structure: 19 }
  let memory: PiMemory | undefined
  let held = { at: -60 * minute, value: 21 }
  const temperatures: number[] = []
  const changes: number[] = []
  for (let i = 0; i < 3 * 288; i++) {
    const now = i * 5 * minute
    const view: HeatingView = {
      now,
      room: { at: now, value: state.air },
      wish: { temperature: 21, lowest: 20, highest: 22, from: 'weekday' },
      unit: 'on',
      held,
      setpoints,
      prices: [],
    }
    const decision = priceResponsivePi.decide(view, { ...publishedSettings, ...settings }, memory)
    memory = decision.memory
    const temperature = decision.set?.temperature ?? held.value
    if (temperature !== held.value) {
      if (i >= 288) changes.push(now)
      held = { at: now, value: temperature }
    }
    const power = 2.2 * Math.min(1, Math.max(0, (held.value - state.air + 0.5) / 2))
    state = step(state, { outdoor, heat: power * (3.4 + 0.075 * outdoor), gains: 0.4, sun: 0 })
    if (i >= 288) temperatures.push(state.air)
  }
  const mean = temperatures.reduce((sum, one) => sum + one, 0) / temperatures.length
  const gaps = changes.slice(1).map((at, i) => at - (changes[i] ?? 0))
  return { mean, swing: Math.max(...temperatures) - Math.min(...temperatures), perDay: changes.length / 2, gaps }
}

test('with whole degrees the loop neither swings wide nor chatters', () => {
  for (const outdoor of [-8, -5, -2, 2, 6]) {
    const own = threeDays({}, outdoor)
    const plain = threeDays({ rounding: 'nearest' }, outdoor)
    expect(own.mean).toBeCloseTo(21, 1)
    expect(own.swing).toBeLessThan(0.65)
    expect(own.perDay).toBeLessThan(30)
    expect(own.perDay).toBeLessThan(plain.perDay / 3)
    expect(Math.min(...own.gaps)).toBeGreaterThanOrEqual(15 * minute)
  }
})

test('resting near the aim, it stands still', () => {
  for (const outdoor of [-8, -5, -2, 2, 6]) {
    const { mean, swing, perDay } = threeDays({ restWithin: carefulSettings.restWithin }, outdoor)
    expect(Math.abs(mean - 21)).toBeLessThan(0.5)
    expect(swing).toBeLessThan(0.1)
    expect(perDay).toBe(0)
  }
})
