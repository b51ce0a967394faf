import { expect, test } from 'vitest'
import type { Plan } from '../mpc/plan.ts'
import { homeName } from './plan-view.ts'
import { batteryPlanOf } from './technics-turn.ts'

const from = Date.UTC(2026, 0, 12, 6)
const steps = [...Array<number>(30).fill(1)]
const planWith = (limits: Plan['homes'][number]['limits']): Plan => ({
  ...{ status: 'optimal', because: 'The cheapest plan', assumed: [], from, steps },
  homes: [
    {
      ...{ name: homeName, rooms: [], power: steps.map(() => 0), cost: 0, price: steps.map(() => 1), limits },
      battery: { energy: steps.map(() => 5), charge: steps.map(() => 0), discharge: steps.map(() => 1) },
      meter: {
        // A higher hour of the day after is none of today's.
        bought: steps.map((_, k) => (k === 3 ? 1.9 : k === 28 ? 4 : 0.5)),
        ...{ sold: steps.map(() => 0), spilt: steps.map(() => 0) },
      },
    },
  ],
})

test('a battery is told the highest hour of the coming day only where the capacity step holds the plan down', () => {
  const held = batteryPlanOf(planWith([{ limit: 'capacity-step', at: from, worth: 40 }]), from)
  expect(held).toMatchObject({ madeAt: from, highest: 1900 })
  expect(held!.steps[0]).toEqual({ from, to: from + 3_600_000, battery: -1000 })
  expect(batteryPlanOf(planWith([]), from)).not.toHaveProperty('highest')
})
