/** What the reference house pays through the two winters of the shared data, by whom it is heated. */
import { loadWinters, runWinters, wintersPresent } from '@nabolag/control/controls/reference-plant.testing'
import type { Solver } from '@nabolag/control/mpc/index'
import {
  januaryAndFebruary,
  type Options,
  readWinters,
  runConstant,
  runForesight,
  runPlanner,
  winterHours,
  withLoss,
} from '@nabolag/control/mpc/winters.testing'

/** @returns `undefined` where the data are not there */
export function winters(solver: Solver, say: (text: string) => void) {
  const data = readWinters()
  if (!data) return undefined
  const run = (name: string, options: Options) => {
    const cpu = process.cpuUsage()
    const result = runPlanner(solver, data, options)
    const used = process.cpuUsage(cpu)
    say(`${name}: ${result.cost.toFixed(0)} NOK, ${result.tooCold.toFixed(1)} Kh too cold`)
    return { ...result, cpuMillisecondsPerPlan: (used.user + used.system) / 1000 / result.plans }
  }
  const one = januaryAndFebruary
  const foresight = runForesight(solver, data, { inside: winterHours })
  say(`everything known beforehand: ${foresight.cost.toFixed(0)} NOK`)
  const published = wintersPresent ? runWinters(loadWinters(), {}) : undefined
  say(`the published law: ${published?.cost.toFixed(0)} NOK`)
  return {
    constant: runConstant(data, winterHours, 21),
    foresight,
    published,
    planner: run('two winters', { inside: winterHours }),
    lossTooLow: run('two winters, heat loss a quarter too low', { inside: winterHours, model: withLoss(0.1125) }),
    lossTooHigh: run('two winters, heat loss a quarter too high', { inside: winterHours, model: withLoss(0.1875) }),
    twoMonths: {
      lossTooLow: run('two months, too low', { inside: one, model: withLoss(0.1125) }),
      lossTooHigh: run('two months, too high', { inside: one, model: withLoss(0.1875) }),
      blind: run('two months, too low, no disturbance', { inside: one, model: withLoss(0.1125), disturbance: false }),
      noisy: run('two months, thermometer off by 0.1 K', { inside: one, noise: 0.1 }),
    },
  }
}

export type Year = NonNullable<ReturnType<typeof winters>>
export const worst = ({ lossTooLow, lossTooHigh }: Year) => Math.max(lossTooLow.cost, lossTooHigh.cost)
export const tooCold = ({ lossTooLow, lossTooHigh }: Year['twoMonths']) =>
  Math.max(lossTooLow.tooCold, lossTooHigh.tooCold)
