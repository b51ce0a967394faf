import { beforeAll, describe, expect, test } from 'vitest'
import { loadSolver, type Solver } from './index.ts'
import { januaryAndFebruary, readWinters, runConstant, runPlanner, withLoss } from './winters.testing.ts'

let solver: Solver
beforeAll(async () => {
  solver = await loadSolver()
})

const winters = readWinters()
if (!winters) console.log('5 tests left out: the shared prices and weather are not there')

describe.skipIf(!winters)('January and February 2024 on real prices and weather', () => {
  test('the reference house: a tenth cheaper than a constant 21 °C, within its comfort', () => {
    const constant = runConstant(winters!, januaryAndFebruary, 21)
    const run = runPlanner(solver, winters!, { inside: januaryAndFebruary })
    expect(run.others).toBe(0)
    expect(run.tooCold).toBeLessThan(0.01)
    // Published for this house: 1 626 of 1 804 NOK.
    expect(run.cost / constant.cost).toBeLessThan((1626 / 1804) * 1.01)
  }, 180_000)

  test.each([7, 99])(
    'a thermometer that is off by 0.1 K costs little money and little comfort: draw %i',
    (seed) => {
      const noisy = runPlanner(solver, winters!, { inside: januaryAndFebruary, noise: 0.1, seed })
      expect(noisy.tooCold).toBeLessThan(15)
      expect(noisy.cost).toBeLessThan(1631 * 1.015)
    },
    180_000,
  )

  test.each([0.75, 1.25])(
    'a heat loss wrong by a factor of %f costs little money and little comfort',
    (factor) => {
      const wrong = runPlanner(solver, winters!, { inside: januaryAndFebruary, model: withLoss(0.15 * factor) })
      expect(wrong.tooCold).toBeLessThan(15)
      expect(wrong.cost).toBeLessThan(1631 * 1.015)
      const blind = runPlanner(solver, winters!, {
        inside: (ms) => januaryAndFebruary(ms) && ms < Date.UTC(2024, 0, 15),
        model: withLoss(0.15 * factor),
        disturbance: false,
      })
      expect(blind.tooCold + blind.tooWarm).toBeGreaterThan(20)
    },
    180_000,
  )
})
