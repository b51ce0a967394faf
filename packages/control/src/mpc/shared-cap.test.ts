import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { usualHeatPump } from '../thermal/index.ts'
import { type Claim, type Home, hourlyGrid, loadSolver, makePlanner, type Planner, shareOf } from './index.ts'
import { withLoss } from './winters.testing.ts'

const hour = 3_600_000
const now = Date.UTC(2027, 0, 10)

let planner: Planner
beforeAll(async () => {
  planner = makePlanner(await loadSolver())
})
afterAll(() => planner.close())

test('a fair part at first, then what the others leave', () => {
  const others: Claim[] = [{}, {}]
  expect(shareOf({ now, steps: [1, 1], cap: [6, 3], others })).toEqual([2, 1].map((kw) => expect.closeTo(kw, 5)))
  const plan = { from: now, steps: [1, 1], power: [0.5, 1] }
  expect(shareOf({ now, steps: [1, 1], cap: [6, 3], others: [{ plan }, { plan }] })).toEqual(
    [5, 1].map((kw) => expect.closeTo(kw, 5)),
  )
  // A floor is kept free even where its house plans less; the rest is shared.
  expect(shareOf({ now, steps: [1], cap: [6], others: [{ plan, floor: 2 }] })[0]).toBeCloseTo(4, 5)
  expect(shareOf({ now, steps: [1], cap: [6], others: [{ floor: 2 }, {}], floor: 1 })[0]).toBeCloseTo(2, 5)
})

test('steps that are not ours count with their highest moment; after its end a plan counts as none', () => {
  const plan = { from: now - hour / 2, steps: [1, 0.25, 0.25], power: [1, 3, 2] }
  // The first half hour 1 kW, then 3, then 2; in the second hour the house has its half.
  expect(shareOf({ now, steps: [0.5, 0.5, 1], cap: [8, 8, 8], others: [{ plan }] })).toEqual(
    [7, 5, 4].map((kw) => expect.closeTo(kw, 5)),
  )
})

test('houses that plan in any order, on any steps, never exceed the cap together, and never lose what they had', () => {
  const houses = 4
  const lengths = fc.array(fc.constantFrom(0.25, 0.5, 1, 2), { minLength: 1, maxLength: 12 })
  const turn = fc.record({
    house: fc.nat(houses - 1),
    after: fc.integer({ min: 0, max: 90 }),
    steps: lengths,
    wanted: fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: 12, maxLength: 12 }),
  })
  let looked = 0
  fc.assert(
    fc.property(
      fc.array(turn, { minLength: 1, maxLength: 20 }),
      fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { minLength: houses, maxLength: houses }),
      fc.double({ min: 4, max: 12, noNaN: true }),
      (turns, floors, low) => {
        const most = Math.max(
          low,
          floors.reduce((sum, floor) => sum + floor, 0),
        )
        // The cap is another in each hour of the clock.
        const capAt = (at: number) => most * (1 + (Math.floor(at / hour) % 3) / 4)
        const claims: Claim[] = floors.map((floor) => ({ floor }))
        let at = now
        for (const { house, after, steps, wanted } of turns) {
          at += after * 60_000
          let begin = at
          const cap = steps.map((hours) => {
            let least = Number.POSITIVE_INFINITY
            for (let t = begin; t < begin + hours * hour; t += hour / 60) least = Math.min(least, capAt(t))
            begin += hours * hour
            return least
          })
          const others = claims.filter((_, n) => n !== house)
          const share = shareOf({ now: at, steps, cap, others, floor: floors[house]! })
          expect(share[0]!).toBeGreaterThan(floors[house]! - 1e-3)
          const power = share.map((kw, k) => Math.min(kw, wanted[k]!))
          claims[house] = { floor: floors[house]!, plan: { from: at, steps, power } }
        }
        for (let t = at; t < at + 12 * hour; t += 5 * 60_000) {
          const sum = claims.reduce((so, { plan }) => so + powerAt(plan, t), 0)
          expect(sum).toBeLessThanOrEqual(capAt(t) + 1e-6)
          looked++
        }
      },
    ),
    { numRuns: 300 },
  )
  console.log(`sums under the cap looked at: ${looked}`)
})

function powerAt(plan: Claim['plan'], at: number): number {
  if (!plan || at < plan.from) return 0
  let end = plan.from
  const k = plan.steps.findIndex((hours) => {
    end += hours * hour
    return at < end
  })
  return k < 0 ? 0 : plan.power[k]!
}

test('five houses, three rounds: under the cap from the first plan on, each round as good as the one before', () => {
  const grid = hourlyGrid
  const home = (n: number): Home => ({
    name: `house ${n}`,
    outdoor: [-8],
    price: grid.steps.map((_, k) => 1 + 0.6 * Math.sin(((k - 3) / 6) * Math.PI)),
    rooms: [
      {
        name: 'all',
        house: withLoss(0.1 + 0.02 * n),
        air: 20.5,
        lower: [20],
        upper: [22],
        gains: [0.4],
        heating: { pump: { ...usualHeatPump, power: 2.2 }, resistance: 6 },
      },
    ],
  })
  const homes = Array.from({ length: 5 }, (_, n) => home(n))
  const cap = grid.steps.map(() => 7)
  const central = planner.plan({ now, grid, homes, cap })
  const claims: Claim[] = homes.map(() => ({ floor: 0.5 }))
  const worth: number[] = []
  for (let round = 0; round < 3; round++) {
    const objectives = homes.map((each, n) => {
      const others = claims.filter((_, other) => other !== n)
      const share = shareOf({ now, steps: grid.steps, cap, others, floor: 0.5 })
      const plan = planner.plan({ now, grid, homes: [{ ...each, cap: share }] })
      expect(plan.status).toBe('optimal')
      claims[n] = { floor: 0.5, plan: { from: now, steps: plan.steps, power: plan.homes[0]!.power } }
      return plan.objective!
    })
    worth.push(objectives.reduce((a, b) => a + b, 0))
    const together = grid.steps.map((_, k) => claims.reduce((sum, { plan }) => sum + plan!.power[k]!, 0))
    expect(Math.max(...together)).toBeLessThanOrEqual(7 + 1e-6)
  }
  expect(worth[1]!).toBeLessThan(worth[0]! + 1e-6)
  expect(worth[2]!).toBeLessThan(worth[1]! + 1e-6)
  // One program over all houses is the least there can be; without prices between them they end above it.
  const cost = central.homes.reduce((sum, each) => sum + each.cost, 0)
  expect(worth[2]!).toBeGreaterThanOrEqual(central.objective! - 1e-6)
  expect((worth[2]! - central.objective!) / cost).toBeLessThan(0.1)
})
