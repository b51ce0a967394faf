import { Value } from 'typebox/value'
import { expect, test } from 'vitest'
import { carefulSettings, type HeatingView, piStep, priceResponsivePi, publishedSettings, schedule } from './index.ts'

const minute = 60_000
const start = Date.parse('2024-01-15T10:00:00Z')
const wish = { temperature: 21, lowest: 20, highest: 22, from: 'weekday' } as const
const view = (
  change: Partial<HeatingView> & { readonly after?: number; readonly temperature?: number },
): HeatingView => {
  const { after = 0, temperature = 20, ...rest } = change
  const now = start + after * minute
  return {
    now,
    room: { at: now, value: temperature },
    wish,
    unit: 'on',
    held: { at: start - 3_600_000, value: 21 },
    setpoints: { lowest: 16, highest: 30, step: 1 },
    prices: [],
    ...rest,
  }
}
/** 1.25 · 2 NOK/kWh for ever: at the gain of table 7.4 a quarter of a kelvin. */
const dear = Array.from({ length: 30 }, (_, i) => ({
  from: start + (i - 4) * 3_600_000,
  to: start + (i - 3) * 3_600_000,
  spot: 1.8,
  grid: 0.2,
}))

test('the defaults are those of table 7.4 and pass their own schema', () => {
  expect(publishedSettings).toMatchObject({
    gamma: 0.7,
    priceGain: 0.1,
    integralGain: 1 / 24,
    proportionalGain: 1,
    alpha: 0.1,
  })
  expect(Value.Check(priceResponsivePi.settings, publishedSettings)).toBe(true)
  expect(Value.Check(priceResponsivePi.settings, carefulSettings)).toBe(true)
})

test('equation 5.3 worked out by hand over four steps', () => {
  const gains = { integralGain: 1 / 24, proportionalGain: 1, alpha: 0.1 }
  const script = [
    // e = -1; I = 0 + 1.1·(-1) - 0.1·0 = -1.1; u = 21 + 1.1/24 + 1
    { measured: 20, on: true, error: -1, integral: -1.1, setpoint: 22.0458333333 },
    // e = -0.5; I = -1.1 + 1.1·(-0.5) - 0.1·(-1) = -1.55; u = 21 + 1.55/24 + 0.5
    { measured: 20.5, on: true, error: -0.5, integral: -1.55, setpoint: 21.5645833333 },
    // Off: I = -1.55 - 0.1·(-0.5) = -1.5; u = 21 + 1.5/24 - 0.2
    { measured: 21.2, on: false, error: 0.2, integral: -1.5, setpoint: 20.8625 },
    // Off: I = -1.5 - 0.1·0.2 = -1.52; u = 21 + 1.52/24 - 0.1
    { measured: 21.1, on: false, error: 0.1, integral: -1.52, setpoint: 20.9633333333 },
  ]
  let state = { integral: 0, error: 0 }
  for (const { measured, on, ...does } of script) {
    const after = piStep(gains, { reference: 21, measured, on }, state)
    expect(after.error).toBeCloseTo(does.error, 10)
    expect(after.integral).toBeCloseTo(does.integral, 10)
    expect(after.setpoint).toBeCloseTo(does.setpoint, 9)
    state = after
  }
})

test('the control goes through the same four steps, its memory handed on', () => {
  const settings = { ...publishedSettings, rounding: 'none' as const }
  const script = [
    { temperature: 20, unit: 'on', set: 22.0458333333 },
    { temperature: 20.5, unit: 'on', set: 21.5645833333 },
    { temperature: 21.2, unit: 'off-by-itself', set: 20.8625 },
    { temperature: 21.1, unit: 'off-by-itself', set: 20.9633333333 },
  ] as const
  let memory: Parameters<typeof priceResponsivePi.decide>[2]
  for (const [i, { temperature, unit, set }] of script.entries()) {
    const decision = priceResponsivePi.decide(view({ after: i * 5, temperature, unit }), settings, memory)
    expect(decision.set?.temperature).toBeCloseTo(set, 9)
    memory = decision.memory
  }
})

test('the price moves the reference: 21 - 0.1 · 2.5 = 20.75, and the first set-point is 21.534375', () => {
  // e = 20 - 20.75 = -0.75; I = -0.825; u = 20.75 + 0.825/24 + 0.75
  const decision = priceResponsivePi.decide(view({ prices: dear, powerPerKelvin: 0.05 }), {
    ...publishedSettings,
    rounding: 'none',
  })
  expect(decision.set?.temperature).toBeCloseTo(21.534375, 9)
  expect(decision.saw).toMatchObject({ reference: 20.75, price: 2.5, discountedMeanPrice: 2.5 })
  // Keeping the wish would take 0.25 K · 0.05 kW/K · 2.5 NOK/kWh.
  expect(decision.nextBest?.costsMore).toBeCloseTo(0.0313, 4)
  expect(decision.because).toBe(
    'The coming prices take the aim to 20.8 °C, 0.3 degrees below the wish of 21 °C, and the room is 0.8 degrees too cold',
  )
})

test.each([
  { name: 'not known', change: { room: 'unknown' } },
  { name: 'not a number', change: { temperature: Number.NaN } },
] as const)('a room that is $name leaves things as they are', ({ change }) => {
  expect(priceResponsivePi.decide(view(change), publishedSettings)).toMatchObject({ leave: 'as-is' })
})

test('without a new measurement, or right after the last turn, nothing is integrated', () => {
  const first = priceResponsivePi.decide(view({}), publishedSettings)
  const repeated = view({ after: 5, room: { at: start, value: 20 } })
  expect(priceResponsivePi.decide(repeated, publishedSettings, first.memory)).toMatchObject({
    leave: 'as-is',
    memory: first.memory,
  })
  expect(priceResponsivePi.decide(view({ after: 1 }), publishedSettings, first.memory)).toMatchObject({
    leave: 'as-is',
  })
})

test('whoever wishes otherwise does not wait for the next measurement', () => {
  const first = priceResponsivePi.decide(view({}), publishedSettings)
  const repeated = view({ after: 1, room: { at: start, value: 20 } })
  const warmer = { ...repeated, wish: { ...repeated.wish, temperature: 24, highest: 25 } }
  const before = first.set?.temperature ?? 0
  expect(priceResponsivePi.decide(warmer, publishedSettings, first.memory).set?.temperature).toBeGreaterThan(before)
  expect(priceResponsivePi.decide(repeated, publishedSettings, first.memory).saw.waits).toBe(true)
})

test('an owner who asks twice in a minute does not make the integrator go twice', () => {
  const settings = { ...publishedSettings, rounding: 'none' as const }
  const first = priceResponsivePi.decide(view({}), settings)
  const asked = view({ after: 0.5, room: { at: start, value: 20 } })
  const warmer = { ...asked, wish: { ...asked.wish, temperature: 24, highest: 25 } }
  const second = priceResponsivePi.decide(warmer, settings, first.memory)
  expect(second.memory?.integral).toBe(first.memory?.integral)
  // e = 20 - 24 = -4; I = -1.1 of before; u = 24 + 1.1/24 + 4
  expect(second.set?.temperature).toBeCloseTo(28.0458333333, 9)
})

test('after a gap the old error is not used, the integral is', () => {
  const memory = { at: start, measuredAt: start, integral: -4, error: -3, reference: 21, carry: 0, wish: 21 }
  // e = -1; I = -4 + 1.1·(-1) - 0.1·(-1) = -5
  expect(priceResponsivePi.decide(view({ after: 600 }), publishedSettings, memory).memory?.integral).toBeCloseTo(-5, 10)
  // In time: I = -4 + 1.1·(-1) - 0.1·(-3) = -4.8
  expect(priceResponsivePi.decide(view({ after: 5 }), publishedSettings, memory).memory?.integral).toBeCloseTo(-4.8, 10)
  // A clock that went back is a gap as well.
  expect(priceResponsivePi.decide(view({ after: -60 }), publishedSettings, memory).memory?.integral).toBeCloseTo(-5, 10)
  // A memory that is spoilt is none.
  const spoilt = { ...memory, integral: Number.NaN }
  expect(priceResponsivePi.decide(view({ after: 5 }), publishedSettings, spoilt).memory?.integral).toBeCloseTo(-1.1, 10)
})

test.each([
  { unit: 'off', change: {}, integral: -4 - 0.1 * -3 },
  { unit: 'off', change: { offForAnotherReason: 'freeze' }, integral: -4 },
  { unit: 'off-by-itself', change: { offForAnotherReason: 'freeze' }, integral: -3.7 },
  { unit: 'unknown', change: {}, integral: -4 },
  { unit: 'unknown', change: { unitUnknown: 'taken-as-on' }, integral: -4.8 },
  { unit: 'on', change: { integralLimit: 0.1 }, integral: -2.4 },
] as const)('integrator with the unit $unit and $change', ({ unit, change, integral }) => {
  const memory = { at: start, measuredAt: start, integral: -4, error: -3, reference: 21, carry: 0, wish: 21 }
  const decision = priceResponsivePi.decide(view({ after: 5, unit }), { ...publishedSettings, ...change }, memory)
  expect(decision.memory?.integral).toBeCloseTo(integral, 10)
})

test('the comfort band and the rate hold the reference, and say so', () => {
  const memory = { at: start, measuredAt: start, integral: 0, error: 0, reference: 21, carry: 0, wish: 21 }
  const settings = { ...publishedSettings, priceGain: 2, referenceClamp: 'comfort-band' } as const
  const clamped = priceResponsivePi.decide(view({ prices: dear }), settings)
  expect(clamped.saw.reference).toBe(20)
  expect(clamped.bound).toContainEqual({ by: 'allowed deviation', wanted: 16, got: 20, unit: '°C' })
  const slow = priceResponsivePi.decide(view({ after: 15, prices: dear }), { ...settings, referenceRate: 1 }, memory)
  expect(slow.saw.reference).toBe(20.75)
  expect(slow.bound.map(({ by }) => by)).toContain('at most 1 K an hour')
  // What the prices took off fades, two degrees at a degree an hour.
  const late = { ...wish, temperature: 21, lowest: 20, highest: 22 }
  const rising = priceResponsivePi.decide(
    view({ after: 15, wish: late }),
    { ...publishedSettings, priceGain: 0, referenceRate: 1 },
    { ...memory, reference: 19 },
  )
  expect(rising.because).toMatch(/^The aim is 19.3 °C now, on its way to the wish of 21 °C, and the room is /)
})

test("a plan's path takes the place of wish and price", () => {
  const path = [{ from: start, to: start + 3_600_000, temperature: 22.5 }]
  const decision = priceResponsivePi.decide(view({ prices: dear, path }), publishedSettings)
  expect(decision.saw.reference).toBe(22.5)
  expect(decision.because).toMatch(/^The plan wants 22.5 °C now/)
  expect(priceResponsivePi.decide(view({ after: 90, path }), publishedSettings).saw.reference).toBe(21)
})

test.each([
  { name: 'the wish on the nearest degree', change: {}, set: { temperature: 21 }, bound: 0 },
  {
    name: 'halves where the unit has them',
    change: { setpoints: { lowest: 16, highest: 30, step: 0.5 }, wish: { ...wish, temperature: 20.6 } },
    set: { temperature: 20.5 },
    bound: 0,
  },
  {
    name: 'the fan as wished',
    change: { wish: { ...wish, fan: 'quiet' } },
    set: { temperature: 21, fanLevel: 'quiet' },
    bound: 0,
  },
  {
    name: 'the lowest the unit takes',
    change: { wish: { ...wish, temperature: 12 } },
    set: { temperature: 16 },
    bound: 1,
  },
] as const)('schedule: $name', ({ change, set, bound }) => {
  const decision = schedule.decide(view(change), { offset: 0 })
  expect(decision.set).toEqual(set)
  expect(decision.bound).toHaveLength(bound)
})
