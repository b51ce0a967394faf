import { expect, test } from 'vitest'
import type { Sample } from '../estimate/samples.ts'
import { cop, discretise, type HouseParameters, heatLoss, timeConstants, usualHeatPump } from '../thermal/index.ts'
import { chance } from './history.testing.ts'
import { type ModelledRoom, savingsByModel } from './savings-model.ts'

const quarter = 900_000
const start = Date.UTC(2026, 0, 12)
const priceAt = (ms: number) => 0.9 + 0.7 * Math.sin(((ms / 3_600_000 - 6) / 6) * Math.PI)
const house: HouseParameters = { Ci: 0.8, Ce: 2.8, Hie: 0.7, Hia: 0.02, Hea: 0.035, Aw: 0, Ae: 0 }

/** A room that is kept at a path of wishes by one who knows all, and what a thermostat at 21 °C would have paid. */
function kept(seed: number, wishOf: (ms: number) => number) {
  const random = chance(seed)
  const step = discretise(house, 0.25)
  const steps = 21 * 96
  const inputs = Array.from({ length: steps }, (_, n) => ({
    at: start + n * quarter,
    outdoor: -4 + 4 * Math.sin(n / 130 + seed) + 2 * Math.sin((n / 48) * Math.PI),
    gains: 0.15 + 0.2 * Number(n % 96 > 64) + 0.05 * random.normal(),
  }))
  const run = (wish: (ms: number) => number) => {
    let state = { air: 21, structure: 20 }
    let cost = 0
    const samples: Sample[] = []
    for (const { at, outdoor, gains } of inputs) {
      const cold = step(state, { outdoor, gains, sun: 0, heat: 0 }).air
      const heat = Math.min(
        4,
        Math.max(0, (wish(at + quarter) - cold) / (step(state, { outdoor, gains, sun: 0, heat: 1 }).air - cold)),
      )
      samples.push({ at, air: state.air + 0.05 * random.normal(), input: { outdoor, heat, gains: 0, sun: 0 } })
      cost += (heat / cop(usualHeatPump, outdoor)) * 0.25 * priceAt(at)
      state = step(state, { outdoor, gains, sun: 0, heat })
    }
    return { samples, cost }
  }
  const done = run(wishOf)
  const room: ModelledRoom = {
    name: 'Stue',
    house,
    heatLoss: around(heatLoss(house), 0.1),
    slow: around(timeConstants(house)[1], 0.2),
    heating: { pump: usualHeatPump },
    samples: done.samples,
    wishAt: () => 21,
  }
  return { room, truth: run(() => 21).cost - done.cost, cost: done.cost }
}

const around = (value: number, share: number) => ({ value, low: value * (1 - share), high: value * (1 + share) })

test('a room that was shifted saves what a simulation with all known says, also at equal temperature', () => {
  let held = 0
  for (let seed = 1; seed <= 20; seed++) {
    const { room, truth } = kept(seed, (ms) => 21 - 0.8 * (priceAt(ms - 3 * 3_600_000) - 0.9))
    const found = savingsByModel([room], priceAt)
    if (found.outcome !== 'found' || found.atEqualTemperature.outcome !== 'found') throw new Error(found.sentence)
    held += Number(found.raw.low <= truth && truth <= found.raw.high)
    expect(found.atEqualTemperature.low).toBeGreaterThan(0)
    expect(found.sentence).toMatch(/^By the models of the rooms: Control saved/)
  }
  expect(held).toBeGreaterThanOrEqual(18)
})

test('a room that was colder and not shifted saves raw, and nothing at equal temperature', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { room, truth } = kept(seed, () => 19.5)
    const found = savingsByModel([room], priceAt)
    if (found.outcome !== 'found' || found.atEqualTemperature.outcome !== 'found') throw new Error(found.sentence)
    expect(found.raw.low).toBeGreaterThan(0)
    expect(Math.abs(found.raw.nok - truth)).toBeLessThan(0.35 * truth)
    expect(found.atEqualTemperature.low).toBeLessThanOrEqual(0)
    expect(found.meanTemperature).toBeCloseTo(19.5, 1)
    expect(found.baselineTemperature).toBeCloseTo(21, 1)
  }
})

test('no model, few days and much that is not known give no number', () => {
  const { room } = kept(1, () => 20)
  expect(savingsByModel([], priceAt).sentence).toMatch(/no room has a model/)
  expect(savingsByModel([{ ...room, samples: room.samples.slice(0, 400) }], priceAt).sentence).toMatch(
    /4 days under control/,
  )
  const dim = room.samples.map((sample, n) => (n % 3 === 0 ? { ...sample, input: null } : sample))
  expect(savingsByModel([{ ...room, samples: dim }], priceAt).sentence).toMatch(/Stue for more than a fifth/)
  expect(savingsByModel([room], () => undefined).sentence).toMatch(/no price was known/)
})
