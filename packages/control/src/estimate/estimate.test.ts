import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normals, referenceHouse, rowsOf, sharedData } from '../mpc/winters.testing.ts'
import { discretise, type HouseParameters, heatLoss, timeConstants } from '../thermal/index.ts'
import { energySignature, fitHouse, identify, makeFilter, priorsOf, type Sample, toSamples, validate } from './index.ts'

const hour = 3_600_000
const calm = { outdoor: 0, heat: 2, gains: 0.3, sun: 0 }

/** A house that is heated on and off, hourly or finer; what a thermometer in it says. */
function history(house: HouseParameters, days: number, hours: number, noise = 0.05, seed = 3): Sample[] {
  const step = discretise(house, hours)
  const random = normals(seed)
  let state = { air: 20, structure: 19 }
  let on = true
  return Array.from({ length: Math.round((days * 24) / hours) }, (_, n) => {
    const clock = (n * hours) % 24
    const target = clock < 6 || clock > 22 ? 18 : 21.5
    if (state.air < target - 0.3) on = true
    if (state.air > target + 0.3) on = false
    const sun = Math.max(0, 0.3 * Math.sin(((clock - 8) / 8) * Math.PI)) * (clock > 8 && clock < 16 ? 1 : 0)
    const outdoor = -2 + 4 * Math.sin((n * hours) / 60) + 3 * Math.sin(((clock - 9) / 12) * Math.PI)
    const input = { outdoor, heat: on ? 6 : 0, gains: 0, sun }
    const sample = { at: n * hours * hour, air: state.air + noise * random(), input }
    state = step(state, input)
    return sample
  })
}

describe('filter', () => {
  test('finds the structure and the heat nobody told it of', () => {
    const step = discretise(referenceHouse, 0.25)
    const filter = makeFilter(referenceHouse)
    const random = normals(1)
    let truth = { air: 21, structure: 19.5 }
    let estimate = filter.begin(0, 21, 0)
    for (let n = 1; n <= 400; n++) {
      truth = step(truth, { ...calm, gains: 0.3 + 0.8 })
      estimate = filter.step(estimate, {
        at: (n * hour) / 4,
        reading: truth.air + 0.05 * random(),
        input: calm,
      }).estimate
    }
    expect(estimate.disturbance).toBeCloseTo(0.8, 0)
    expect(Math.abs(estimate.structure - truth.structure)).toBeLessThan(0.6)
    expect(Math.abs(estimate.air - truth.air)).toBeLessThan(0.1)
  })

  test('readings at odd times and with gaps say the same as regular ones', () => {
    const filter = makeFilter(referenceHouse)
    const run = (pick: (n: number) => boolean) => {
      const step = discretise(referenceHouse, 1 / 12)
      let truth = { air: 21, structure: 20 }
      let estimate = filter.begin(0, 21, 0)
      for (let n = 1; n <= 1200; n++) {
        truth = step(truth, { ...calm, gains: 1 })
        if (pick(n)) estimate = filter.step(estimate, { at: (n * hour) / 12, reading: truth.air, input: calm }).estimate
      }
      return estimate
    }
    const regular = run(() => true)
    const odd = run((n) => n === 1200 || (n % 7 !== 0 && n % 5 !== 0 && (n < 600 || n > 700)))
    expect(odd.disturbance).toBeCloseTo(regular.disturbance, 1)
    expect(odd.air).toBeCloseTo(regular.air, 1)
  })

  test('one wrong reading changes nothing, three in a row are believed', () => {
    const filter = makeFilter(referenceHouse)
    let estimate = filter.begin(0, 21, 0)
    for (let n = 1; n <= 50; n++)
      estimate = filter.step(estimate, { at: (n * hour) / 12, reading: estimate.air, input: calm }).estimate
    const before = estimate.air
    const at = (n: number) => 50 * (hour / 12) + n * (hour / 12)
    const first = filter.step(estimate, { at: at(1), reading: 27, input: calm })
    expect(first.outcome).toBe('outlier')
    expect(first.estimate.air).toBeCloseTo(before, 0)
    const second = filter.step(first.estimate, { at: at(2), reading: 27, input: calm })
    const third = filter.step(second.estimate, { at: at(3), reading: 27, input: calm })
    expect([second.outcome, third.outcome]).toEqual(['outlier', 'widened'])
    expect(third.estimate.air).toBeCloseTo(27, 0)
    const normal = filter.step(first.estimate, { at: at(2), reading: first.estimate.air, input: calm })
    expect(normal).toMatchObject({ outcome: 'updated', estimate: { strange: 0 } })
  })

  test('whatever comes, the estimate stays finite and its covariance positive', () => {
    const wild = fc.oneof(fc.double(), fc.constant(Number.NaN), fc.double({ min: -30, max: 40, noNaN: true }))
    const sane = fc.double({ min: 15, max: 25, noNaN: true })
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            minutes: fc.oneof(fc.integer({ min: -60, max: 600 }), fc.constant(0), fc.constant(100_000)),
            reading: fc.oneof(wild, sane, sane, fc.constant(null)),
            heat: fc.oneof(fc.double({ min: 0, max: 8, noNaN: true }), fc.constant(Number.NaN)),
          }),
          { maxLength: 60 },
        ),
        (observations) => {
          const filter = makeFilter(referenceHouse)
          let estimate = filter.begin(0, 20, 0)
          let at = 0
          for (const { minutes, reading, heat } of observations) {
            at += minutes * 60_000
            estimate = filter.step(estimate, { at, reading, input: { ...calm, heat } }).estimate
            const { air, structure, disturbance, covariance: c } = estimate
            expect([air, structure, disturbance].every(Number.isFinite)).toBe(true)
            expect(Math.abs(disturbance)).toBeLessThanOrEqual(10)
            expect(c[0]! > 0 && c[4]! > 0 && c[8]! > 0).toBe(true)
            expect(c[0]! * c[4]! - c[1]! * c[3]!).toBeGreaterThan(-1e-9)
          }
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('identification', () => {
  test('finds a house again from four weeks of its own history', () => {
    const house = { ...referenceHouse, Aw: 3, Ae: 2 }
    const found = identify(history(house, 28, 0.5), { area: 140, built: 1985 })
    expect(found.outcome).toBe('accepted')
    const { model } = found
    expect(heatLoss(model!.house)).toBeGreaterThan(0.15 * 0.9)
    expect(heatLoss(model!.house)).toBeLessThan(0.15 * 1.1)
    expect(model!.heatLoss.low).toBeLessThan(0.15)
    expect(model!.heatLoss.high).toBeGreaterThan(0.15)
    expect(model!.slow.value / timeConstants(house)[1]).toBeGreaterThan(0.75)
    expect(model!.slow.value / timeConstants(house)[1]).toBeLessThan(1.33)
    expect(model!.validation.ahead.at(-1)!.error).toBeLessThan(0.3)
    expect(Math.abs(model!.validation.correlation)).toBeLessThan(0.25)
  })

  test('says so when there is not enough data', () => {
    const samples = history(referenceHouse, 28, 1)
    const because = (part: readonly Sample[]) => {
      const { outcome, because: why } = identify(part, { area: 140 })
      expect(outcome).toBe('not-enough-data')
      return why
    }
    expect(because([])).toMatch(/0.0 days/)
    expect(because(samples.slice(0, 100))).toMatch(/4.2 days, 7 are needed/)
    expect(because(samples.map((sample, n) => (n % 2 === 0 ? sample : { ...sample, air: null })))).toMatch(/50 %/)
    expect(because(samples.map((sample) => ({ ...sample, air: 20, input: { ...calm, heat: 1 } })))).toMatch(/changed/)
    const warm = samples.map((sample) => ({ ...sample, input: { ...sample.input!, outdoor: 22 } }))
    expect(because(warm)).toMatch(/colder outside/)
  })

  test('keeps the model in use when the new one is no better', () => {
    const house = { ...referenceHouse, Aw: 3, Ae: 2 }
    const samples = history(house, 14, 1, 0.02)
    const broken = samples.map((sample, n) =>
      // In the part it learns from, the heat meter reads half.
      n < samples.length * 0.75 ? { ...sample, input: { ...sample.input!, heat: sample.input!.heat / 2 } } : sample,
    )
    const found = identify(broken, {
      area: 140,
      former: { house, noise: { reading: 0.05, air: 0.05, structure: 0.02 } },
    })
    expect(found).toMatchObject({ outcome: 'rejected', because: expect.stringMatching(/in use is better|worse than/) })
  })

  test('a thermostat that holds the temperature hides what the air stores, and that is said', () => {
    const random = normals(5)
    const loss = heatLoss(referenceHouse)
    const samples = Array.from({ length: 21 * 24 }, (_, n) => {
      const outdoor = 4 * Math.sin(n / 20) + 3 * Math.sin((n / 12) * Math.PI)
      return {
        at: n * hour,
        air: 20 + 0.05 * random(),
        input: { outdoor, heat: loss * (20 - outdoor), gains: 0, sun: 0 },
      }
    })
    const { model } = identify(samples, { area: 140, built: 1990 })
    expect(model!.unseen).toContain('Ci')
    expect(heatLoss(model!.house) / loss).toBeGreaterThan(0.8)
    expect(heatLoss(model!.house) / loss).toBeLessThan(1.25)
  })

  test('raw readings become equal steps, and gaps stay gaps', () => {
    const readings = (every: number, value: (t: number) => number) =>
      Array.from({ length: 100 }, (_, n) => ({ time: n * every * 60_000, value: value(n) })).filter(
        ({ time }) => time < 3 * hour || time > 5 * hour,
      )
    const samples = toSamples(
      { air: readings(5, () => 20), outdoor: readings(60, () => -3), heat: readings(5, () => 1.5) },
      0.5,
    )
    expect(samples[0]).toEqual({ at: 0, air: 20, input: { outdoor: -3, heat: 1.5, gains: 0, sun: 0 } })
    expect(samples[8]).toMatchObject({ at: 4 * hour, air: null, input: null })
    expect(samples.at(-1)!.air).toBe(20)
  })
})

describe('insights', () => {
  test('a signature worked out by hand, with a bend and a day that does not fit', () => {
    const days = Array.from({ length: 60 }, (_, n) => {
      const outdoor = -10 + n / 2
      return { outdoor, power: 0.8 + 0.15 * Math.max(0, 14 - outdoor) + (n === 10 ? 6 : 0) + 0.02 * Math.sin(n) }
    })
    const found = energySignature(days)
    expect(found).toMatchObject({
      outcome: 'found',
      slope: { value: expect.closeTo(0.15, 2) },
      base: expect.closeTo(0.8, 1),
      begins: expect.closeTo(14, 0),
    })
  })

  test('few days, or days that are all alike, are not enough', () => {
    const days = Array.from({ length: 13 }, (_, n) => ({ outdoor: n, power: 3 - n / 10 }))
    expect(energySignature(days)).toMatchObject({
      outcome: 'not-enough-data',
      because: expect.stringMatching(/13 days/),
    })
    const alike = Array.from({ length: 40 }, (_, n) => ({ outdoor: n % 5, power: 3 }))
    expect(energySignature(alike)).toMatchObject({
      outcome: 'not-enough-data',
      because: expect.stringMatching(/K outdoors/),
    })
  })
})

const there = existsSync(join(sharedData, 'house_armadillo_coheating'))
if (!there) console.log('3 tests left out: the shared houses are not there')

describe.skipIf(!there)('on real data', () => {
  test('the small timber house: time constants as published, and 24 h ahead within 0.4 K on the very data it was fitted to', () => {
    const samples = rowsOf(join(sharedData, 'house_armadillo_coheating/house_30min.csv')).map(
      ([seconds, outdoor, watts, sun, air]): Sample => ({
        at: Number(seconds) * 1000,
        air: Number(air),
        // The sensor reads 15 W/m² at night.
        input: {
          outdoor: Number(outdoor),
          heat: Number(watts) / 1000,
          gains: 0,
          sun: Math.max(0, Number(sun) - 15) / 1000,
        },
      }),
    )
    // As the published model of it: nothing straight from the air to the outdoors.
    const fit = fitHouse(samples, priorsOf({ area: 42 }), { Hia: 0 })
    const [, slow] = timeConstants(fit.house)
    expect(heatLoss(fit.house)).toBeGreaterThan(0.045)
    expect(heatLoss(fit.house)).toBeLessThan(0.065)
    expect(slow).toBeGreaterThan(62)
    expect(slow).toBeLessThan(100)
    const { ahead, oneStep } = validate(fit.house, fit.noise, samples, 0)
    expect(oneStep).toBeLessThan(0.15)
    expect(ahead.find(({ hours }) => hours === 24)!.error).toBeLessThan(0.4)
  })

  test('the building: 24 h ahead no worse than one temperature alone was', () => {
    const samples = rowsOf(join(sharedData, 'building_heating_2019_2020/building_hourly.csv')).map(
      ([time, heat, air, outdoor]): Sample => ({
        at: Date.parse(time!),
        air: Number(air),
        input: { outdoor: Number(outdoor), heat: Number(heat), gains: 0, sun: 0 },
      }),
    )
    const { outcome, model } = identify(samples, { area: 2000, built: 1990, kept: 0.3 })
    const { error, persistence } = model!.validation.ahead.find(({ hours }) => hours === 24)!
    expect(outcome).toBe('accepted')
    expect(error).toBeLessThan(0.48)
    expect(persistence).toBeGreaterThan(0.75)
  })

  test('Sønderborg: 160 W/K of one house, 129 of the mean of sixteen', () => {
    const days = new Map<string, { power: number[]; mean: number[]; outdoor: number[]; sun: number[] }>()
    for (const [time, power, mean, outdoor, sun] of rowsOf(
      join(sharedData, 'house_sonderborg_2010_2011/house_hourly.csv'),
    )) {
      // The stamp is the end of the hour.
      const day = new Date(Date.parse(time!) - 1).toISOString().slice(0, 10)
      const row = days.get(day) ?? { power: [], mean: [], outdoor: [], sun: [] }
      days.set(day, row)
      if ([power, mean, outdoor, sun].some((value) => !value)) continue
      row.power.push(Number(power))
      row.mean.push(Number(mean))
      row.outdoor.push(Number(outdoor))
      row.sun.push(Number(sun) / 1000)
    }
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    const full = [...days.values()].filter(({ power }) => power.length >= 20)
    const one = energySignature(
      full.map((row) => ({ power: mean(row.power), outdoor: mean(row.outdoor), sun: mean(row.sun) })),
    )
    const all = energySignature(
      full.map((row) => ({ power: mean(row.mean), outdoor: mean(row.outdoor), sun: mean(row.sun) })),
    )
    if (one.outcome !== 'found' || all.outcome !== 'found') throw new Error('no signature')
    expect(one.slope.value).toBeGreaterThan(0.15)
    expect(one.slope.value).toBeLessThan(0.17)
    expect(one.slope.high - one.slope.value).toBeLessThan(0.04)
    expect(one.atZero).toBeCloseTo(5.15, 0)
    expect(all.slope.value).toBeGreaterThan(0.121)
    expect(all.slope.value).toBeLessThan(0.137)
  })
})
