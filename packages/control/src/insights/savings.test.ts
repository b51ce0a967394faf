import { addDays } from '@nabolag/core'
import { describe, expect, test } from 'vitest'
import { isBaselineDay } from '../house/experiment.ts'
import { usualHeatPump } from '../thermal/heat-pump.ts'
import { daysOfHistory, firstDay, makeHistory } from './history.testing.ts'
import { type Saving, type Savings, savingOf, savingsBeforeAfter, savingsByLot, sentenceOf } from './savings.ts'

const runs = 200
const byLot = (seed: number) => (n: number) =>
  !isBaselineDay({ from: firstDay, to: '2026-12-31', seed }, addDays(firstDay, n))
const afterwards = (n: number) => n >= 56

type Counted = {
  raw: number
  equal: number
  rawSure: number
  equalSure: number
  width: number
  refused: number
  /** In how many of the runs the raw saving would be surely found by a normal estimate as wide as said, and its error. */
  power: number
  powerVariance: number
}
const noneYet = { raw: 0, equal: 0, rawSure: 0, equalSure: 0, width: 0, refused: 0, power: 0, powerVariance: 0 }

/** Standard normal distribution (Zelen and Severo's approximation, Abramowitz and Stegun 26.2.17, to 1e-7). */
function below(z: number): number {
  if (z < 0) return 1 - below(-z)
  const t = 1 / (1 + 0.2316419 * z)
  const series = [1.330274429, -1.821255978, 1.781477937, -0.356563782, 0.31938153]
  return 1 - (series.reduce((sum, one) => (sum + one) * t, 0) * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI)
}

/** Of so many intervals of 95 % at least so many hold the truth, but for one case in a thousand. */
const mostHold = (count: number) => 0.95 * count - 3 * Math.sqrt(0.95 * 0.05 * count)
/** What chance leaves of the power that the intervals themselves promise. */
const leastFound = ({ power, powerVariance }: Counted) => power - 3 * Math.sqrt(powerVariance)
/** Of so many houses without a saving at most so many are told one (2.5 %), but for one case in a thousand. */
const fewFalse = (count: number) => 0.025 * count + 3 * Math.sqrt(0.025 * 0.975 * count)

/** In how many of the runs the intervals hold the truth, and in how many they are all above zero. */
function count(method: (seed: number) => { history: ReturnType<typeof makeHistory>; found: Savings }): Counted {
  const counted = { ...noneYet }
  for (let seed = 1; seed <= runs; seed++) {
    const { history, found } = method(seed)
    if (found.outcome !== 'found' || found.atEqualTemperature.outcome !== 'found') {
      counted.refused++
      continue
    }
    const holds = ({ low, high }: Saving, value: number) => Number(low <= value && value <= high)
    counted.raw += holds(found.raw, history.truth.raw)
    counted.equal += holds(found.atEqualTemperature, history.truth.equal)
    counted.rawSure += Number(found.raw.low > 0)
    const half = (found.raw.high - found.raw.low) / 2
    const power = below((1.96 * (history.truth.raw - half)) / half)
    counted.power += power
    counted.powerVariance += power * (1 - power)
    counted.equalSure += Number(found.atEqualTemperature.low > 0)
    counted.width += (found.atEqualTemperature.shareHigh - found.atEqualTemperature.shareLow) / runs
  }
  return counted
}

describe('two hundred houses whose truth is known', () => {
  const houses = [
    { name: 'control shifts', shifted: 0.4, colder: 0 },
    { name: 'control shifts and keeps the rooms colder', shifted: 0.3, colder: 0.8 },
  ]
  test.each(houses)('$name: days drawn by lot tell the saving', ({ shifted, colder }) => {
    const counted = count((seed) => {
      const history = makeHistory({ seed, days: 60, controlled: byLot(seed), shifted, colder })
      return { history, found: savingsByLot(history.days, usualHeatPump) }
    })
    expect(counted.raw).toBeGreaterThanOrEqual(mostHold(runs - counted.refused))
    expect(counted.equal).toBeGreaterThanOrEqual(mostHold(runs - counted.refused))
    expect(counted.rawSure).toBeGreaterThan(leastFound(counted))
    expect(counted.refused).toBeLessThan(0.1 * runs)
    expect(counted.width).toBeLessThan(0.12)
  })

  test.each(houses)('$name: days before tell it', ({ shifted, colder }) => {
    const counted = count((seed) => {
      const history = makeHistory({ seed, days: 100, controlled: afterwards, shifted, colder })
      return { history, found: savingsBeforeAfter(history.days, usualHeatPump) }
    })
    expect(counted.raw).toBeGreaterThanOrEqual(mostHold(runs - counted.refused))
    expect(counted.equal).toBeGreaterThanOrEqual(mostHold(runs - counted.refused))
    expect(counted.rawSure).toBeGreaterThan(leastFound(counted))
    expect(counted.refused).toBeLessThan(0.1 * runs)
    expect(counted.width).toBeLessThan(0.12)
  })

  test('a colder house without any shifting saves raw, and nothing at equal temperature', () => {
    for (const [days, controlled, method] of [
      [60, byLot, savingsByLot],
      [100, () => afterwards, savingsBeforeAfter],
    ] as const) {
      const counted = count((seed) => {
        const history = makeHistory({ seed, days, controlled: controlled(seed), shifted: 0, colder: 1.5 })
        expect(history.truth.equal).toBeCloseTo(0, 6)
        return { history, found: method(history.days, usualHeatPump) }
      })
      expect(counted.rawSure).toBeGreaterThan(leastFound(counted))
      expect(counted.equal).toBeGreaterThanOrEqual(mostHold(runs - counted.refused))
      expect(counted.equalSure).toBeLessThanOrEqual(fewFalse(runs))
    }
  })
})

test('heat that is carried from a warm day to a colder one is not taken for a saving', () => {
  let [held, sure] = [0, 0]
  for (let seed = 1; seed <= runs; seed++) {
    const history = makeHistory({ seed, days: 80, controlled: byLot(seed), shifted: 0, colder: 0 })
    // The first day after the rooms were let down lives on the heat that was there; the first one back fills it up again.
    const days = history.days.map((day, n) => {
      const before = history.days[n - 1]?.controlled ?? day.controlled
      return { ...day, cost: day.cost + 3 * (Number(before) - Number(day.controlled)) }
    })
    const found = savingsByLot(days, usualHeatPump)
    if (found.outcome !== 'found') throw new Error(found.sentence)
    held += Number(found.raw.low <= 0 && 0 <= found.raw.high)
    sure += Number(found.raw.low > 0)
  }
  expect(held).toBeGreaterThanOrEqual(mostHold(runs))
  expect(sure).toBeLessThanOrEqual(fewFalse(runs))
})

test('the days made from use, prices and thermometers are those of the house', () => {
  const history = makeHistory({ seed: 8, days: 30, controlled: byLot(8), shifted: 0.4, colder: 0.5 })
  const made = daysOfHistory(history)
  expect(made.map(({ date, weekend, controlled }) => ({ date, weekend, controlled }))).toEqual(
    history.days.map(({ date, weekend, controlled }) => ({ date, weekend, controlled })),
  )
  for (const [n, day] of made.entries())
    for (const part of ['energy', 'cost', 'price', 'usualPrice', 'outdoor', 'indoor'] as const)
      expect(day[part]).toBeCloseTo(history.days[n]![part]!, 9)
})

test('what the slope against the outdoors would give is too much by what the heat pump loses with the cold', () => {
  const history = makeHistory({ seed: 5, days: 60, controlled: byLot(5), shifted: 0, colder: 1.5 })
  const naive = savingsByLot(history.days, 'resistance')
  const honest = savingsByLot(history.days, usualHeatPump)
  if (naive.outcome !== 'found' || honest.outcome !== 'found') throw new Error('not found')
  const [a, b] = [naive.atEqualTemperature, honest.atEqualTemperature]
  if (a.outcome !== 'found' || b.outcome !== 'found') throw new Error('not found')
  expect(a.nok).toBeLessThan(b.nok)
})

test('few days, other weather and unmeasured rooms give no number, and say why', () => {
  const history = makeHistory({ seed: 1, days: 60, controlled: byLot(1), shifted: 0.4, colder: 0.5 })
  const few = savingsByLot(history.days.slice(0, 24), usualHeatPump)
  expect(few).toMatchObject({ outcome: 'not-enough-data', days: { control: 12, baseline: 12 } })
  expect(few.sentence).toBe('Not enough data: 12 days under control and 12 without, 14 of each are needed')
  expect(few).not.toHaveProperty('raw')
  const colder = history.days.map((day, n) => ({
    ...day,
    controlled: n >= 30,
    outdoor: n >= 30 ? day.outdoor! - 25 : day.outdoor!,
  }))
  expect(savingsBeforeAfter(colder, usualHeatPump).sentence).toMatch(/much colder or warmer than on any day without/)
  const blind = savingsByLot(
    history.days.map(({ indoor: _, ...day }) => day),
    usualHeatPump,
  )
  expect(blind).toMatchObject({
    outcome: 'found',
    atEqualTemperature: { outcome: 'not-enough-data', because: expect.stringMatching(/measured on 0 days/) },
  })
})

test('the sentence gives both numbers and how warm it was', () => {
  const history = makeHistory({ seed: 3, days: 80, controlled: byLot(3), shifted: 0.5, colder: 1 })
  expect(savingsByLot(history.days, usualHeatPump).sentence).toMatch(
    /^Control saved \d+ NOK \(\d+\.\d %; between \d+ and \d+\)\. The rooms were 1\.0 K colder than without it; at equal temperature it is \d+ NOK/,
  )
})

test('weeks in which nobody is at home are not sold as a saving', () => {
  let sure = 0
  for (let seed = 1; seed <= 40; seed++) {
    const { days } = makeHistory({ seed, days: 112, controlled: afterwards, shifted: 0, colder: 0 })
    const away = days.map((day, n) =>
      n >= 70 && n < 90 ? { ...day, indoor: 12, energy: 0.4 * day.energy, cost: 0.4 * day.cost } : day,
    )
    const found = savingsBeforeAfter(away, usualHeatPump)
    if (found.outcome !== 'found' || found.atEqualTemperature.outcome !== 'found') throw new Error(found.sentence)
    expect(found).toMatchObject({ days: { control: 36, baseline: 56 }, because: expect.stringMatching(/20 days with/) })
    expect(Math.abs(found.meanTemperature! - found.baselineTemperature!)).toBeLessThan(0.2)
    sure += Number(found.atEqualTemperature.low > 0)
  }
  expect(sure).toBeLessThanOrEqual(fewFalse(40))
})

test('a share lies within its interval, however wide that is, and nothing has no sign', () => {
  const wide = savingOf(-20, 180, 150)
  expect([wide.share, wide.shareLow, wide.shareHigh]).toEqual([-20 / 130, -200 / 65, 160 / 310].map(near))
  const narrow = savingOf(50, 10, 450)
  expect([narrow.share, narrow.shareLow, narrow.shareHigh]).toEqual([0.1, 40 / 490, 60 / 510].map(near))
  const lacking = { outcome: 'not-enough-data', because: 'Not measured', days: 0 } as const
  expect(sentenceOf(savingOf(-0.01, 20, 1000), lacking, {})).toBe(
    'It is not certain that control saved anything: 0 NOK (0.0 %; between -20 and 20). At equal temperature: Not measured',
  )
})

const near = (value: number) => expect.closeTo(value, 9)
