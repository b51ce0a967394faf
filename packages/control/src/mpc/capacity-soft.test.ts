import { beforeAll, expect, test } from 'vitest'
import { gridCompanies, type Use } from '../prices/index.ts'
import { usualHeatPump } from '../thermal/index.ts'
import { capacityFor, daysOf, evenGrid, hourlyGrid, loadSolver, makePlanner, type Solver, stepToKeep } from './index.ts'
import { referenceHouse } from './winters.testing.ts'

const hour = 3_600_000
const timezone = 'Europe/Oslo'
const { capacity: tariffs } = gridCompanies['tensio-ts']
/** 11 January 2027, 12:00 in Oslo. */
const now = Date.UTC(2027, 0, 11, 11)
const { steps } = hourlyGrid
const ask = { tariffs, vat: 0.25, timezone, now, steps, use: [] as Use[] }
const used = (day: number, kwh: number, at = 8): Use => {
  const start = Date.UTC(2027, 0, day, at)
  return { start, end: start + hour, energy: kwh }
}
/** Quiet, with a high hour each morning. */
const load = (high: number) => steps.map((_, k) => ((k + 12) % 24 === 8 ? high : 1))

let solver: Solver
beforeAll(async () => {
  solver = await loadSolver()
})

test('the step is the one that a house keeps by moving little', () => {
  const { chosen, more, beyond } = stepToKeep({ ...ask, expected: load(5.5) })!
  expect(chosen).toMatchObject({ step: 1, limit: 4.999, within: true })
  // 2 237 NOK a year, with VAT; the next one is 3 811.
  expect(chosen.charge).toBeCloseTo((2237 * 1.25) / 12, 9)
  expect(more).toBeCloseTo(((3811 - 2237) * 1.25) / 12, 9)
  expect(beyond).toBeCloseTo(0.501, 6)
  // 5 % of the step are kept free: 5.5 less 0.95 of it on each of the 21 days left.
  expect(chosen.moved).toBeCloseTo((5.5 - 0.95 * 4.999) * 21, 6)
})

test('more of a step is kept free where the load is known but roughly, and never more than a fifth of it', () => {
  const freeWith = (spread: number[] | undefined) => {
    const { chosen } = stepToKeep({ ...ask, expected: load(5.5), ...(spread && { spread }) })!
    return 1 - chosen.perDay / chosen.limit
  }
  expect(freeWith(undefined)).toBeCloseTo(0.05, 6)
  expect(freeWith(steps.map(() => 0.5))).toBeCloseTo(0.05, 6)
  // A fifth of the greatest deviation.
  expect(freeWith(steps.map((_, k) => (k === 8 ? 2 : 0)))).toBeCloseTo((0.2 * 2) / 4.999, 6)
  expect(freeWith(steps.map(() => 20))).toBeCloseTo(0.2, 6)
  const capacity = capacityFor({ ...ask, expected: load(5.5), spread: steps.map(() => 2) })!
  expect(capacity.step).toBeCloseTo(4.999 - 0.4, 6)
})

test('the step is chosen as the day began, by what is expected from now on', () => {
  // Until noon there was a high hour; what is left of today, and tomorrow, has none.
  const began = Date.UTC(2027, 0, 10, 23)
  const asked = { ...ask, now: began, expected: [9, ...Array<number>(steps.length - 1).fill(1)] }
  const highOf = (expectedFrom?: number) =>
    stepToKeep({ ...asked, ...(expectedFrom !== undefined && { expectedFrom }) })!.choices[0]!.moved
  // Taken as midnight's, that hour is one of a whole day; as what it is, it belongs to half a day, which says little.
  expect(highOf()).toBeGreaterThan(20)
  expect(highOf(now)).toBe(0)
})

test('what cannot be moved, or is dear to move, raises the step', () => {
  const movable = { power: 0.3, energy: 10 }
  expect(stepToKeep({ ...ask, expected: load(5.5), movable })!.chosen.step).toBe(2)
  expect(stepToKeep({ ...ask, expected: load(5.5), movable: { power: 5, energy: 0.2 } })!.chosen.step).toBe(2)
  expect(stepToKeep({ ...ask, expected: load(5.5), moving: 20 })!.chosen.step).toBe(2)
  expect(stepToKeep({ ...ask, expected: load(1.9) })!.chosen.step).toBe(0)
})

test('days that are over are over: a step that the month has left is not kept, and high days take from the others', () => {
  const gone = [used(2, 9), used(3, 8), used(4, 7)]
  expect(stepToKeep({ ...ask, use: gone, expected: load(3) })!.chosen.step).toBe(2)
  // Of three times the step, less what is kept free, 7 are gone: half of the rest for each of two more days.
  const { chosen } = stepToKeep({ ...ask, use: [used(2, 7)], expected: load(4) })!
  expect(chosen.step).toBe(1)
  expect(chosen.perDay).toBeCloseTo((3 * 0.95 * 4.999 - 7) / 2, 6)
})

test('the planner gets the month: days that are over, today, this hour, and what to keep for the days to come', () => {
  const use = [used(2, 3), used(3, 4), used(11, 2, 6), { start: now - 10 * 60_000, end: now, energy: 0.4 }]
  const quarter = { ...ask, use, now: now + 20 * 60_000, expected: load(5.5) }
  const capacity = capacityFor(quarter)!
  expect(capacity).toMatchObject({
    step: expect.closeTo(0.95 * 4.999, 9),
    peaks: [3, 4],
    today: 2,
    thisHour: 0,
    counted: 3,
  })
  expect(capacityFor({ ...quarter, now })!.thisHour).toBe(0)
  const within = [...use, { start: now, end: now + 20 * 60_000, energy: 0.7 }]
  expect(capacityFor({ ...quarter, use: within })!.thisHour).toBeCloseTo(0.7, 9)
  expect(capacity.toCome).toEqual(
    Array(3)
      .fill(0.95 * 4.999)
      .map((kw) => expect.closeTo(kw, 6)),
  )
  expect(capacity.price).toBeCloseTo((((3811 - 2237) / 12) * 1.25) / 0.501, -1)
  // Without VAT in the north.
  expect(capacityFor({ ...quarter, vat: 0 })!.price).toBeCloseTo(capacity.price / 1.25, 9)
})

test('nothing to hold: no tariff, a tariff by the fuse, the dearest step already', () => {
  expect(capacityFor({ ...ask, tariffs: [] })).toBeUndefined()
  expect(capacityFor({ ...ask, tariffs: [{ ...tariffs[0], method: 'by-hand' }] })).toBeUndefined()
  expect(capacityFor({ ...ask, use: [used(2, 30), used(3, 30), used(4, 30)] })).toBeUndefined()
})

test('days of the steps, at the end of a month and over a day of 25 h', () => {
  expect(daysOf(Date.UTC(2027, 0, 30, 22), Array(4).fill(1), timezone)).toEqual([0, 1, 1, 1])
  expect(daysOf(Date.UTC(2027, 0, 31, 21), Array(4).fill(1), timezone)).toEqual([0, 0, -1, -1])
  // 31 October 2027: the clock goes back, and the next day is another month.
  expect(daysOf(Date.UTC(2027, 9, 30, 21), Array(28).fill(1), timezone)).toEqual([0, ...Array(25).fill(1), -1, -1])
})

test('an early day takes no more than its share, where the month goes on', () => {
  const planner = makePlanner(solver)
  const grid = evenGrid(24, 1)
  const peakOf = (use: Use[], at = now) => {
    const asked = { ...ask, now: at, steps: grid.steps, use, expected: load(5.5).slice(0, 24) }
    const capacity = capacityFor(asked)!
    const heating = { pump: { ...usualHeatPump, power: 2.2 }, resistance: 6 }
    const room = { name: 'all', house: referenceHouse, air: 20, lower: [20], upper: [22], heating }
    const home = { name: 'home', rooms: [room], outdoor: [-15], price: load(1).map((_, k) => (k % 6 === 0 ? 0.2 : 2)) }
    const plan = planner.plan({ now: at, grid, homes: [{ ...home, load: load(4).slice(0, 24), capacity }] })
    expect(plan.status).toBe('optimal')
    return Math.max(...plan.homes[0]!.meter!.bought)
  }
  try {
    expect(peakOf([used(2, 3), used(3, 3), used(4, 3)])).toBeLessThan(5)
    // On the last day of the month nothing is to be kept for others: 15 - 3 - 3 = 9.
    expect(peakOf([used(2, 3), used(3, 3), used(4, 3)], Date.UTC(2027, 0, 31, 0))).toBeGreaterThan(5)
  } finally {
    planner.close()
  }
})
