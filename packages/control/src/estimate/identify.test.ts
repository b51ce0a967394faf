import { describe, expect, test } from 'vitest'
import { normals, referenceHouse } from '../mpc/winters.testing.ts'
import { discretise, heatLoss, shareOfHeat } from '../thermal/index.ts'
import { identify, type Sample, toSamples, usualHouse } from './index.ts'

const hour = 3_600_000
const house = { ...referenceHouse, Aw: 3, Ae: 2 }
const facts = { area: 140, built: 1985 }

/**
 * Half hours of a house whose unit goes by its own thermostat: day and night by the clock, and nothing else happens.
 *
 * @param band K from rest to full heat
 * @param unknown heat that nobody measures, kW, by the hour of the day and the day
 */
function byTheClock(days: number, band: number, unknown: (clock: number, day: number) => number = () => 0) {
  const step = discretise(house, 0.5)
  const random = normals(11)
  let state = { air: 20.5, structure: 19 }
  return Array.from({ length: days * 48 }, (_, n) => {
    const clock = (n / 2) % 24
    const target = clock >= 6 && clock < 22 ? 21 : 19
    const outdoor = -2 + 4 * Math.sin(n / 130) + 3 * Math.sin(((clock - 9) / 12) * Math.PI)
    const sun = clock > 9 && clock < 15 ? 0.15 * (1 + Math.sin(n / 70)) : 0
    const [above, most] = [target - state.air, 10]
    const heat = most * shareOfHeat(above, band)
    const air = Math.round((state.air + 0.03 * random()) * 10) / 10
    state = step(state, { outdoor, heat: heat + unknown(clock, Math.floor(n / 48)), gains: 0, sun })
    return { at: n * hour * 0.5, air, outdoor, sun, above, most, heat }
  })
}
const measured = (rows: ReturnType<typeof byTheClock>): Sample[] =>
  rows.map(({ at, air, heat, outdoor, sun }) => ({ at, air, input: { outdoor, heat, gains: 0, sun } }))

describe('a room that goes by the clock is after a day where it was', () => {
  test('a model that knows what it does in between is taken', () => {
    const found = identify(measured(byTheClock(14, 2)), facts)
    const [, , , within, after] = found.model!.validation.ahead
    expect(after!.persistence).toBeLessThan(within!.persistence / 2)
    expect(found).toMatchObject({ outcome: 'accepted', because: expect.stringMatching(/^(6|12) h ahead/) })
    expect(heatLoss(found.model!.house) / heatLoss(house)).toBeGreaterThan(0.9)
    expect(heatLoss(found.model!.house) / heatLoss(house)).toBeLessThan(1.1)
  })

  test('one that misses what a stove does of evenings is not', () => {
    const stove = (clock: number, day: number) => (clock >= 17 && clock < 21 && (day * 7) % 5 < 3 ? 5 : 0)
    const found = identify(measured(byTheClock(14, 2, stove)), facts)
    expect(found.outcome).toBe('rejected')
  })
})

test('heat that people give and nobody measures is within what is told of the heat loss', () => {
  // 3 W for each square metre, more of it in the evening.
  const people = (clock: number) => (clock >= 16 && clock < 23 ? 0.8 : 0.26)
  const { model, outcome } = identify(measured(byTheClock(21, 2, people)), facts)
  expect(outcome).toBe('accepted')
  const [{ value, low, high }, truth] = [model!.heatLoss, heatLoss(house)]
  expect(value).toBeLessThan(0.97 * truth)
  expect(low).toBeLessThan(truth)
  expect(high).toBeGreaterThan(truth)
  expect(high / low).toBeLessThan(2)
})

test('a bathroom of 4 m² is believed to lose what 4 m² lose, and not what a house does', () => {
  const [bathroom, hall] = [4, 40].map((area) => heatLoss(usualHouse({ area })))
  expect(bathroom).toBeCloseTo(hall! / 10, 9)
})

test('a summer without heating is not enough, and that is said', () => {
  const rows = byTheClock(14, 2).map((row) => ({ ...row, heat: row.at < 20 * hour ? row.heat : 0 }))
  expect(identify(measured(rows), facts)).toMatchObject({
    outcome: 'not-enough-data',
    because: expect.stringMatching(/it was heated for \d+ hours, 24 are needed/),
  })
})

test('where heat is reckoned from set-points, how the unit answers to them is found too', () => {
  const rows = byTheClock(11, 0.9)
  const row = (of: (one: (typeof rows)[number]) => number) => rows.map((one) => ({ time: one.at, value: of(one) }))
  const samples = toSamples(
    {
      ...{ air: row(({ air }) => air), outdoor: row(({ outdoor }) => outdoor), sun: row(({ sun }) => sun) },
      // As it is taken to be while nobody knows better.
      heat: row(({ above, most }) => most * shareOfHeat(above)),
      unit: { above: row(({ above }) => above), most: row(({ most }) => most) },
    },
    0.5,
  )
  const { outcome, model } = identify(samples, facts)
  expect(outcome).toBe('accepted')
  expect(model!.band).toBeGreaterThan(0.7)
  expect(model!.band).toBeLessThan(1.15)
  const share = heatLoss(model!.house) / heatLoss(house)
  expect(share).toBeGreaterThan(0.8)
  expect(share).toBeLessThan(1.2)
  // The fit alone is surer than that heat can be known.
  expect(model!.heatLoss.high / model!.heatLoss.low).toBeGreaterThan(2)
  const blind = identify(
    samples.map(({ unit: _, ...sample }) => sample),
    facts,
  )
  expect(heatLoss(blind.model!.house) / heatLoss(house)).toBeLessThan(0.7)
})
