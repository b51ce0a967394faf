/**
 * A month with a capacity charge: a real household's load beside real prices and weather, planned two days at a time
 * with the step carried through the month, against the best that could have been done with the whole month known. For
 * tests and benches; the data lie beside the clone and are not part of the project.
 */
import { localDateOf, localTimeOf } from '@nabolag/core'
import { billedPower, dayMaxima, gridCompanies, perMonth, stepOf, type Use } from '../prices/index.ts'
import { discretise, type HouseState } from '../thermal/index.ts'
import { capacityFor, stepToKeep } from './capacity-soft.ts'
import { forecastLoad, wary } from './load-forecast.ts'
import { type MonthCase, type MonthData, zone } from './month-data.testing.ts'
import { makePlanner } from './planner.ts'
import type { Solver } from './solver.ts'
import { evenGrid, type Home } from './view.ts'
import { referenceHouse } from './winters.testing.ts'

const hour = 3_600_000
const tariff = gridCompanies['tensio-ts'].capacity.at(-1)!
const vat = 0.25

const pump = { c0: 3.4, c1: 0.075, capacity: 100, fading: 0, power: 2.2 }

function homeOf(
  data: MonthData,
  { battery, heated }: MonthCase,
  rows: Pick<Home, 'price' | 'outdoor' | 'load'>,
  state: { energy: number; house: HouseState },
): Home {
  return {
    name: 'home',
    ...rows,
    rooms: heated
      ? [
          {
            name: 'all',
            house: referenceHouse,
            air: state.house.air,
            structure: state.house.structure,
            gains: [0.4],
            lower: [20],
            upper: [22],
            heating: { pump, resistance: 6 },
          },
        ]
      : [],
    fuse: 30,
    ...(battery && {
      battery: {
        energy: state.energy,
        least: 0.05 * battery.capacity,
        most: 0.95 * battery.capacity,
        charge: battery.power,
        discharge: battery.power,
        wear: 0.05,
        worth: worthOfCharge(data),
      },
    }),
  }
}

export type MonthRun = {
  /** NOK: energy and wear, capacity with VAT, missed comfort at 5 NOK for a kelvin hour, and all less what is left at the end. */
  readonly energy: number
  readonly capacity: number
  readonly discomfort: number
  readonly total: number
  /** kW the month is billed by. */
  readonly power: number
  /** Highest hour of each day, kW. */
  readonly peaks: readonly number[]
}

function startOf({ outdoor, from }: MonthData, { battery }: MonthCase) {
  const { Hie, Hea } = referenceHouse
  return {
    energy: 0.5 * (battery?.capacity ?? 0),
    house: { air: 21, structure: (Hie * 21 + Hea * outdoor[from]!) / (Hie + Hea) },
  }
}

/** Of a kWh in the battery when the month ends, NOK: the same for every run, so that none gains by an empty one. */
const worthOfCharge = ({ price, from, to }: MonthData) =>
  (0.95 * price.slice(from, to).reduce((a, b) => a + b, 0)) / (to - from)

/** What is left at the end, NOK: at the mean price of the month, the same for every run. */
function leftAt(data: MonthData, energy: number, house: HouseState | undefined): number {
  const { price, outdoor, to } = data
  const lastDay = price.slice(to - 24, to).reduce((a, b) => a + b, 0) / 24
  const cop = outdoor.slice(to - 24, to).reduce((sum, ta) => sum + Math.max(1, pump.c0 + pump.c1 * ta), 0) / 24
  const heat = house ? referenceHouse.Ci * Math.min(22, house.air) + referenceHouse.Ce * house.structure : 0
  return energy * worthOfCharge(data) + (lastDay / cop) * heat
}

const billOf = (peaks: readonly number[]) => {
  const power = billedPower(tariff.method, peaks)
  return { power, peaks, cost: perMonth(tariff, stepOf(tariff, power)) * (1 + vat) }
}

/** The whole month known: one program for each step, the cheapest taken. */
export function bestMonth(solver: Solver, data: MonthData, asked: MonthCase): MonthRun & { readonly step: number } {
  const planner = makePlanner(solver, { seconds: 60 })
  const { from, to, time, price, outdoor, load } = data
  const grid = evenGrid(to - from, 1)
  const rows = { price: price.slice(from, to), outdoor: outdoor.slice(from, to), load: load.slice(from, to) }
  const dates = time.slice(from, to).map((at) => localDateOf(at, zone))
  const numbers = new Map([...new Set(dates)].map((date, n) => [date, n]))
  const start = startOf(data, asked)
  const home = homeOf(data, asked, rows, start)
  try {
    const runs = tariff.steps.slice(0, 4).map((_, step) => {
      const limit = tariff.steps[step + 1]!.above - 0.001
      const capacity = {
        step: limit,
        price: 5000,
        peaks: [0, 0, 0],
        today: 0,
        days: dates.map((date) => numbers.get(date)!),
      }
      const plan = planner.plan({ now: time[from]!, grid, homes: [{ ...home, capacity }] })
      if (plan.status !== 'optimal') throw new Error(`the month has no optimum: ${plan.because}`)
      const only = plan.homes[0]!
      const discomfort = only.rooms.reduce((sum, room) => sum + room.discomfort, 0)
      const use = only.meter!.bought.map((kw, k) => ({
        start: time[from + k]!,
        end: time[from + k]! + hour,
        energy: kw,
      }))
      const bill = billOf(dayMaxima(use, zone).map((day) => day.power))
      const room = only.rooms[0]
      const left = leftAt(
        data,
        only.battery?.energy.at(-1) ?? 0,
        room && { air: room.temperature.at(-1)!, structure: room.structure.at(-1)! },
      )
      const run = {
        energy: only.cost,
        capacity: bill.cost,
        discomfort: 5 * discomfort,
        power: bill.power,
        peaks: bill.peaks,
        step,
      }
      return { ...run, total: run.energy + run.capacity + run.discomfort - left }
    })
    return runs.reduce((a, b) => (b.total < a.total ? b : a))
  } finally {
    planner.close()
  }
}

export type Policy = {
  /** The step by the rule, or given; or no regard to the charge. */
  readonly step: 'ruled' | 'none' | number
  /** The load of the next two days is known, or forecast from what was used so far. */
  readonly load?: 'known' | 'forecast'
  readonly horizon?: number
  readonly margin?: number
}

/** Hour by hour through the month, with two days planned each time; tomorrow's prices are known from 13:00 on. */
export function runMonth(
  solver: Solver,
  data: MonthData,
  asked: MonthCase,
  policy: Policy,
): MonthRun & { readonly steps: readonly number[] } {
  const { from, to, time, price, outdoor, load } = data
  const planner = makePlanner(solver, { seconds: 20 })
  const horizon = policy.horizon ?? 48
  const step = discretise(referenceHouse, 1)
  let state = startOf(data, asked)
  const use: Use[] = []
  let energy = 0
  let discomfort = 0
  let aim: ReturnType<typeof stepToKeep>
  const chosen: number[] = []
  try {
    for (let n = from; n < to; n++) {
      const now = time[n]!
      const local = localTimeOf(now, zone).hour
      // Nothing counts after the month: its end is the end of both.
      const hours = Math.min(horizon, to - n)
      const grid = evenGrid(hours, 1)
      const ahead = policy.load === 'forecast' ? forecastAt(data, n, hours, asked.heated ? wary : 0) : undefined
      const rows = {
        price: knownAt(price, n, hours, local),
        outdoor: outdoor.slice(n, n + hours),
        load: ahead ? ahead.load : load.slice(n, n + hours),
      }
      const home = homeOf(data, asked, rows, state)
      const ask = {
        tariffs: [tariff],
        vat,
        timezone: zone,
        now,
        steps: grid.steps,
        use,
        movable: movableOf(asked),
        ...(ahead && { spread: ahead.spread }),
        ...(policy.margin !== undefined && { margin: policy.margin }),
      }
      if (policy.step !== 'none') {
        const free = asked.heated && planner.plan({ now, grid, homes: [home] })
        const expected = rows.load.map((kw, k) => kw + (free ? free.homes[0]!.power[k]! : 0))
        // Once a day: what a day brings is not a reason to give up the month.
        if (!aim || local === 0) aim = stepToKeep({ ...ask, expected })
        if (typeof policy.step === 'number' && aim) {
          const wanted = aim.choices.find((choice) => choice.step === policy.step) ?? aim.chosen
          aim = { ...aim, chosen: wanted }
        }
        if (chosen.at(-1) !== aim!.chosen.step) chosen.push(aim!.chosen.step)
      }
      const capacity = policy.step === 'none' ? undefined : capacityFor({ ...ask }, aim)
      const plan = planner.plan({ now, grid, homes: [{ ...home, ...(capacity && { capacity }) }] })
      if (plan.status !== 'optimal') throw new Error(`no plan at ${new Date(now).toISOString()}: ${plan.because}`)
      const only = plan.homes[0]!
      const [into, out] = [only.battery?.charge[0] ?? 0, only.battery?.discharge[0] ?? 0]
      const bought = Math.max(0, load[n]! + only.power[0]! + into - out)
      use.push({ start: now, end: now + hour, energy: bought })
      energy += bought * price[n]! + 0.05 * (into + out)
      state = {
        energy: only.battery?.energy[0] ?? 0,
        house: asked.heated
          ? step(state.house, { outdoor: outdoor[n]!, heat: only.rooms[0]!.heat[0]!, gains: 0.4, sun: 0 })
          : state.house,
      }
      if (asked.heated) discomfort += Math.max(0, 20 - state.house.air, state.house.air - 22)
    }
  } finally {
    planner.close()
  }
  const bill = billOf(dayMaxima(use, zone).map((day) => day.power))
  const left = leftAt(data, state.energy, asked.heated ? state.house : undefined)
  const total = energy + bill.cost + 5 * discomfort - left
  return {
    energy,
    capacity: bill.cost,
    discomfort: 5 * discomfort,
    total,
    power: bill.power,
    peaks: bill.peaks,
    steps: chosen,
  }
}

/** A battery is filled again between the peaks of the morning and the evening. */
const movableOf = ({ battery, heated }: MonthCase) => ({
  power: (battery?.power ?? 0) + (heated ? 1.5 : 0),
  energy: 1.5 * 0.9 * (battery?.capacity ?? 0) + (heated ? 5 : 0),
})

/** Day-ahead prices reach to local midnight, from 13:00 on to the next one; what is not known is the day before's. */
function knownAt(price: readonly number[], n: number, count: number, local: number): number[] {
  const known = (local >= 13 ? 48 : 24) - local
  return Array.from({ length: count }, (_, k) => {
    let source = k
    while (source >= known) source -= 24
    return price[n + source] ?? price[price.length - 24 + (source % 24)]!
  })
}

/** This hour as it is, as a house that plans within it sees it; later ones from what was used so far. */
function forecastAt({ time, load }: MonthData, n: number, count: number, more: number) {
  const now = time[n]!
  const used = load.slice(0, n).map((energy, k) => ({ start: time[k]!, end: time[k]! + hour, energy }))
  const ahead = forecastLoad({ used, now, steps: Array<number>(count).fill(1), timezone: zone })
  if (ahead === 'unknown') throw new Error('a fortnight is known')
  const { mean, spread } = ahead
  return { load: mean.map((kw, k) => (k === 0 ? load[n]! : kw + more * spread[k]!)), spread }
}
