import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Outlook } from '../house/types.ts'
import { backedOff, biasOf, corrected, errorAhead, noBias, onGrid, usualGrid } from './index.ts'

const hour = 3_600_000
const now = Date.UTC(2026, 0, 10, 12)
const quarters = Array<number>(8).fill(0.25)
const at = (h: number) => now + h * hour

test('temperatures lie on the line between points, and a step gets its mean', () => {
  const outlooks: Outlook[] = [
    { at: at(-1), temperature: -4 },
    { at: at(0), temperature: 0 },
    { at: at(1), temperature: 4, irradiance: 400, solarPower: 2000 },
    { at: at(2), temperature: 4, irradiance: 0, solarPower: 0 },
  ]
  const { outdoor, irradiance, solar, assumed } = onGrid(outlooks, now, quarters)
  expect(outdoor).toEqual([0.5, 1.5, 2.5, 3.5, 4, 4, 4, 4].map((celsius) => expect.closeTo(celsius, 9)))
  // Before the first point of the sun it is dark.
  expect(irradiance.slice(4)).toEqual([0.35, 0.25, 0.15, 0.05].map((kw) => expect.closeTo(kw, 9)))
  expect(solar.slice(4)).toEqual([1.75, 1.25, 0.75, 0.25].map((kw) => expect.closeTo(kw, 9)))
  expect(assumed).toEqual([])
})

test('missing ends are held and said; the sun after the end is that of the day before', () => {
  const outlooks: Outlook[] = Array.from({ length: 25 }, (_, h) => ({
    at: at(h),
    temperature: h / 4,
    irradiance: h === 1 ? 600 : 0,
  }))
  const steps = Array<number>(48).fill(1)
  const { outdoor, irradiance, reach, assumed } = onGrid(outlooks, now, steps)
  expect(reach).toBe(24)
  expect(outdoor.slice(24)).toEqual(Array(24).fill(6))
  expect(irradiance[24]).toBeCloseTo(irradiance[0]!, 9)
  expect(irradiance[0]).toBeCloseTo(0.3, 9)
  expect(assumed).toEqual([
    'The forecast ends after 24 h: its last outdoor temperature is held',
    'The forecast of the sun ends early: it is taken from the day before',
  ])
  const late = onGrid(outlooks.slice(3), now, steps)
  expect(late.outdoor[0]).toBe(0.75)
  expect(late.assumed[0]).toMatch(/begins late/)
  expect(onGrid([], now, [1, 1], -7.5)).toMatchObject({
    outdoor: [-7.5, -7.5],
    reach: 0,
    assumed: ['There is no forecast: -7.5 °C outdoors is held'],
  })
  expect(onGrid([], now, [1]).assumed).toEqual(['There is no forecast and no outdoor temperature: 0 °C is taken'])
})

test('whatever a forecast holds, every step gets a possible number', () => {
  const value = fc.option(fc.double(), { nil: undefined })
  const outlook = fc.record({ at: fc.double(), temperature: value, irradiance: value, solarPower: value })
  const near = outlook.map((each) => ({ ...each, at: now + (each.at % (100 * hour)) }))
  fc.assert(
    fc.property(fc.array(fc.oneof(outlook, near), { maxLength: 30 }), (outlooks) => {
      const { outdoor, irradiance, solar } = onGrid(outlooks as Outlook[], now, usualGrid.steps)
      expect(outdoor.every((celsius) => celsius >= -60 && celsius <= 50)).toBe(true)
      expect(irradiance.every((kw) => kw >= 0 && kw <= 1.4)).toBe(true)
      expect(solar.every((kw) => kw >= 0 && kw <= 1000)).toBe(true)
    }),
  )
})

test('the bias is the mean of the last week; what the last hours were off beyond it fades with the lead', () => {
  const hours = Array.from({ length: 10 * 24 }, (_, n) => n - 240)
  const forecast = [...hours, 0].map((h) => ({ at: at(h), temperature: 5 }))
  // Two kelvin colder at the house; the oldest three days were far off, the last three hours by one more.
  const measured = hours.map((h) => ({ at: at(h) + 20 * 60_000, value: h < -168 ? 15 : h >= -3 ? 2 : 3 }))
  const bias = biasOf(forecast, measured)
  expect(bias).toMatchObject({ hours: 168, recent: -3, mean: expect.closeTo(-2 - 3 / 168, 9) })
  const moved = corrected(Array(48).fill(5), Array(48).fill(1), bias)
  expect(moved[0]).toBeCloseTo(5 + bias.mean + (bias.recent - bias.mean) * Math.exp(-1 / 12), 9)
  expect(moved[47]).toBeCloseTo(5 + bias.mean, 3)
  expect(biasOf(forecast, measured.slice(-20))).toEqual({ ...noBias, hours: 20 })
  expect(biasOf(forecast, [...measured, { at: at(0), value: null }, { at: Number.NaN, value: 3 }])).toEqual(bias)
  // A sensor on a sunny wall is not believed without end.
  expect(
    biasOf(
      forecast,
      measured.map(({ at: time }) => ({ at: time, value: 40 })),
    ).mean,
  ).toBe(5)
})

test('the lower limit backs off by the error of the model at that lead, never above the middle of the band', () => {
  const ahead = [
    { hours: 1, error: 0.1, persistence: 0.3, count: 100 },
    { hours: 6, error: 0.2, persistence: 1, count: 100 },
    { hours: 24, error: Number.NaN, persistence: 1, count: 0 },
  ]
  expect(errorAhead(ahead, 0.5)).toBeCloseTo(0.05, 9)
  expect(errorAhead(ahead, 3.5)).toBeCloseTo(0.15, 9)
  expect(errorAhead(ahead, 40)).toBe(0.2)
  const steps = [1, 5, 10]
  expect(backedOff([20, 20, 20], [22, 22, 22], steps, ahead)).toEqual(
    [20.13, 20.26, 20.26].map((c) => expect.closeTo(c, 9)),
  )
  expect(backedOff([20, 20, 20], [20.2, 20, 22], steps, ahead)).toEqual(
    [20.1, 20, 20.26].map((c) => expect.closeTo(c, 9)),
  )
  expect(backedOff([20], [22], [1], [])).toEqual([20])
})
