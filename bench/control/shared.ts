/** Several houses under one power cap: one program over all of them, and houses that plan one after the other. */
import { type Claim, evenGrid, type Home, makePlanner, type Solver, shareOf } from '@nabolag/control/mpc/index'
import { withLoss } from '@nabolag/control/mpc/winters.testing'
import { begin, viewOf } from './views.ts'

const steps = evenGrid(48, 1)

const housesOf = (count: number): Home[] =>
  Array.from({ length: count }, (_, n) => {
    const [home] = viewOf(steps, 1, false, n % 40, 0).homes
    const model = withLoss(0.08 + (0.17 * ((n * 37) % 97)) / 97)
    return { ...home!, name: `house ${n}`, rooms: home!.rooms.map((room) => ({ ...room, house: model })) }
  })

/** Three quarters of the highest power that the houses would have together. */
function capOf(solver: Solver, homes: readonly Home[]): { cap: number[]; free: number; needs: number[] } {
  const planner = makePlanner(solver, { seconds: 60 })
  try {
    const plan = planner.plan({ now: begin, grid: steps, homes })
    const together = steps.steps.map((_, k) => plan.homes.reduce((sum, { power }) => sum + power[k]!, 0))
    return {
      cap: steps.steps.map(() => 0.75 * Math.max(...together)),
      free: plan.objective!,
      needs: plan.homes.map(({ power }) => power.reduce((a, b) => a + b, 0)),
    }
  } finally {
    planner.close()
  }
}

const costOf = (homes: readonly { cost: number }[]) => homes.reduce((sum, { cost }) => sum + cost, 0)

export function sharedCap(solver: Solver, count: number, rounds = 4) {
  const homes = housesOf(count)
  const { cap, free, needs } = capOf(solver, homes)
  const planner = makePlanner(solver, { seconds: 60 })
  const single = makePlanner(solver, { seconds: 60 })
  try {
    const from = performance.now()
    const cpu = process.cpuUsage()
    const central = planner.plan({ now: begin, grid: steps, homes, cap })
    const used = process.cpuUsage(cpu)
    const seconds = (performance.now() - from) / 1000
    if (central.status !== 'optimal') throw new Error(`no plan over ${count} houses: ${central.because}`)
    const cost = costOf(central.homes)

    const claims: Claim[] = needs.map((weight) => ({ floor: 0.2, weight }))
    let highest = 0
    const above = Array.from({ length: rounds }, () => {
      const objective = homes.reduce((sum, home, n) => {
        const others = claims.filter((_, other) => other !== n)
        const share = shareOf({ now: begin, steps: steps.steps, cap, others, floor: 0.2, weight: needs[n]! })
        const plan = single.plan({ now: begin, grid: steps, homes: [{ ...home, cap: share }] })
        claims[n] = { ...claims[n], plan: { from: begin, steps: plan.steps, power: plan.homes[0]!.power } }
        return sum + plan.objective!
      }, 0)
      const together = steps.steps.map((_, k) => claims.reduce((sum, { plan }) => sum + plan!.power[k]!, 0))
      highest = Math.max(highest, ...together.map((kw, k) => kw / cap[k]!))
      return (objective - central.objective!) / cost
    })
    return {
      houses: count,
      central: {
        seconds,
        cpuSeconds: (used.user + used.system) / 1e6,
        cost,
        capCostsShare: (central.objective! - free) / cost,
      },
      // By round: how much dearer than one program over all, as a share of its cost.
      oneAfterTheOther: { above, highestShareOfCap: highest },
    }
  } finally {
    planner.close()
    single.close()
  }
}
