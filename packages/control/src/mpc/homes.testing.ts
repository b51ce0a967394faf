/** Homes and views for the planner's tests, and what any plan must satisfy. */
import { expect } from 'vitest'
import { usualHeatPump } from '../thermal/index.ts'
import type { Battery, Grid, Home, Plan, Room, View } from './index.ts'
import { referenceHouse } from './winters.testing.ts'

export const hour = 3_600_000
export const now = Date.UTC(2024, 0, 10, 12)
export const flat = (grid: Grid, value: number) => grid.steps.map(() => value)
export const begins = ({ steps }: Grid) => steps.map((_, k) => steps.slice(0, k).reduce((sum, step) => sum + step, 0))

export function room(grid: Grid, own: Partial<Room> = {}): Room {
  return {
    name: 'all',
    house: referenceHouse,
    air: 21,
    structure: 20,
    gains: [0.4],
    lower: flat(grid, 20),
    upper: flat(grid, 22),
    heating: { pump: { ...usualHeatPump, power: 2.2 }, resistance: 6 },
    ...own,
  }
}

/** Dear in the mornings and evenings. */
export function home(grid: Grid, own: Partial<Home> = {}): Home {
  const price = begins(grid).map((h) => 1 + 0.6 * Math.sin(((h - 3) / 6) * Math.PI))
  return { name: 'home', rooms: [room(grid)], outdoor: flat(grid, -3), price, ...own }
}

export const view = (grid: Grid, own: Partial<Home> = {}, more: Partial<View> = {}): View => ({
  now,
  grid,
  homes: [home(grid, own)],
  ...more,
})

export const battery: Battery = { energy: 5, least: 1, most: 10, charge: 5, discharge: 5, wear: 0.05 }
export const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)

/** Every number finite, every power between nothing and what the heating can, every energy in its battery. */
export function checkPlan(plan: Plan, seen: View): void {
  const wrong: string[] = []
  const check = (good: boolean, what: string) => {
    if (!good) wrong.push(what)
  }
  check(['optimal', 'kept', 'thermostat'].includes(plan.status), 'status')
  check(plan.because.length > 0, 'because')
  const all = (values: readonly number[], low: number, high: number, what: string) => {
    check(values.length === plan.steps.length, `${what}: length`)
    check(
      values.every((value) => value >= low - 1e-6 && value <= high + 1e-6),
      `${what}: ${values.find((value) => !(value >= low - 1e-6 && value <= high + 1e-6))} not in ${low}..${high}`,
    )
  }
  for (const [h, { rooms, power, battery: stored, meter, cost }] of plan.homes.entries()) {
    check(Number.isFinite(cost), 'cost')
    all(power, 0, 1000, 'power')
    for (const { temperature, structure, pump, resistance, heat, discomfort } of rooms) {
      all(temperature, -500, 800, 'temperature')
      all(structure, -500, 800, 'structure')
      all(pump, 0, 2.2, 'pump')
      all(resistance, 0, 6, 'resistance')
      all(heat, 0, 30, 'heat')
      check(discomfort >= 0, 'discomfort')
    }
    const given = seen.homes?.[h]?.battery
    if (stored && given) {
      all(stored.charge, 0, 5, 'charge')
      all(stored.discharge, 0, 5, 'discharge')
      all(stored.energy, 0, 10, 'energy')
      check(
        stored.charge.every((kw, k) => Math.min(kw, stored.discharge[k]!) < 1e-6),
        'both ways',
      )
    }
    if (meter) {
      all(meter.bought, 0, 1e5, 'bought')
      all(meter.sold, 0, 1e5, 'sold')
      all(meter.spilt, 0, 1e5, 'spilt')
    }
  }
  expect(wrong).toEqual([])
}
