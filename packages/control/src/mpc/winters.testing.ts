/**
 * The reference house through two winters: planner and filter in a closed loop with a plant, on real prices and
 * weather. For tests and benches; the data lie beside the clone and are not part of the project.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFilter, type Noise } from '../estimate/filter.ts'
import { cop, discretise, type HouseParameters, type HouseState, usualHeatPump } from '../thermal/index.ts'
import { makePlanner } from './planner.ts'
import type { Solver } from './solver.ts'
import { type Grid, hourlyGrid } from './view.ts'

export const sharedData = join(import.meta.dirname, '../../../../../shared/data')

export type Winters = {
  readonly time: readonly number[]
  readonly price: readonly number[]
  readonly outdoor: readonly number[]
}

const localHour = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Stockholm', hour: 'numeric', hourCycle: 'h23' })

/** Rows of a comma separated file without its heading. */
export const rowsOf = (path: string): string[][] =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(','))

/**
 * Hours of SE3 and Stockholm with what a kWh costs: spot at 11.5 NOK/EUR, grid 0.221 by day and 0.109 by night, taxes
 * 0.0813, VAT. `undefined` where the data are not there.
 */
export function readWinters(folder = sharedData): Winters | undefined {
  const prices = join(folder, 'prices_se3_se4_2023_2024/prices_hourly.csv')
  const weather = join(folder, 'weather_stockholm_malmo_2023_2024/stockholm_hourly.csv')
  if (!existsSync(prices) || !existsSync(weather)) return undefined
  const outdoorAt = new Map(rowsOf(weather).map(([time, outdoor]) => [time, Number(outdoor)]))
  const rows = rowsOf(prices)
  return {
    time: rows.map(([time]) => Date.parse(time!)),
    outdoor: rows.map(([time]) => outdoorAt.get(time) ?? Number.NaN),
    price: rows.map(([time, euro]) => {
      const at = Number(localHour.format(Date.parse(time!)))
      return 1.25 * ((Number(euro) * 11.5) / 1000 + (at >= 6 && at < 22 ? 0.221 : 0.109) + 0.0813)
    }),
  }
}

/** 140 m², 150 W/K, time constants of 1.5 and 53 h. */
export const referenceHouse: HouseParameters = withLoss(0.15)

/** The reference house with another heat loss coefficient, kW/K: 40 % straight out, the rest through the structure. */
export function withLoss(loss: number): HouseParameters {
  const Hie = 1
  const through = 0.6 * loss
  return { Ci: 2.1, Ce: 6.3, Hie, Hia: 0.4 * loss, Hea: 1 / (1 / through - 1 / Hie), Aw: 0, Ae: 0 }
}

const pump = { ...usualHeatPump, capacity: 100, fading: 0 }
const pumpPower = 2.2
const resistance = 6
const gains = 0.4
const gainOf = (outdoor: number) => Math.min(5, Math.max(1.6, cop(pump, outdoor)))

export type Run = {
  readonly days: number
  readonly cost: number
  readonly energy: number
  /** Kelvin hours below the lower limit. */
  readonly tooCold: number
  readonly tooWarm: number
  readonly meanTemperature: number
  readonly plans: number
  /** Of these not `optimal`. */
  readonly others: number
}

const heatFor = (heat: number, outdoor: number): { power: number; heat: number } => {
  const gain = gainOf(outdoor)
  const pumped = Math.min(pumpPower, Math.max(0, heat) / gain)
  const resisted = Math.min(resistance, Math.max(0, heat - pumped * gain))
  return { power: pumped + resisted, heat: pumped * gain + resisted }
}

/** Holds a temperature exactly: no thermostat does better. */
export function runConstant(winters: Winters, inside: (ms: number) => boolean, celsius: number, loss = 0.15): Run {
  let cost = 0
  let energy = 0
  let hours = 0
  for (const [n, time] of winters.time.entries()) {
    if (!inside(time)) continue
    const { power } = heatFor(loss * (celsius - winters.outdoor[n]!) - gains, winters.outdoor[n]!)
    cost += power * winters.price[n]!
    energy += power
    hours++
  }
  return { days: hours / 24, cost, energy, tooCold: 0, tooWarm: 0, meanTemperature: celsius, plans: 0, others: 0 }
}

export type Options = {
  readonly inside: (ms: number) => boolean
  readonly lower?: number
  readonly upper?: number
  /** The house as it is, and as the planner takes it to be. */
  readonly plant?: HouseParameters
  readonly model?: HouseParameters
  /** Whether the filter's disturbance reaches the planner. */
  readonly disturbance?: boolean
  /** Standard deviation of the thermometer, K. */
  readonly noise?: number
  readonly seed?: number
  /** What the filter takes for granted of it. */
  readonly filter?: Noise
  readonly grid?: Grid
  /** Tomorrow's prices are known from 13:00 only; before that the planner fills them. */
  readonly publication?: boolean
}

/** Plans every hour, heats as the plan's first hour says, and lets the plant answer. */
export function runPlanner(solver: Solver, winters: Winters, options: Options): Run {
  const { inside, lower = 20, upper = 22, plant = referenceHouse, grid = hourlyGrid, publication = true } = options
  const model = options.model ?? plant
  const filter = makeFilter(model, options.filter)
  const step = discretise(plant, 1)
  const planner = makePlanner(solver, { seconds: 20 })
  const random = normals(options.seed ?? 7)
  const count = grid.steps.length
  const total = { hours: 0, cost: 0, energy: 0, tooCold: 0, tooWarm: 0, temperature: 0, plans: 0, others: 0 }
  let state: HouseState = { air: 21, structure: 20 }
  let estimate: ReturnType<typeof filter.begin> | undefined
  let last: Parameters<typeof filter.step>[1]['input'] | undefined
  try {
    for (const [n, now] of winters.time.entries()) {
      if (!inside(now)) {
        estimate = undefined
        continue
      }
      const reading = state.air + (options.noise ?? 0) * random()
      if (!estimate) {
        // A new winter begins at 21 °C, long since.
        state = { air: 21, structure: (plant.Hie * 21 + plant.Hea * winters.outdoor[n]!) / (plant.Hie + plant.Hea) }
        estimate = filter.begin(now, 21, winters.outdoor[n]!)
      } else estimate = filter.step(estimate, { at: now, reading, input: last! }).estimate
      const outdoor = winters.outdoor.slice(n, n + count)
      const plan = planner.plan({
        now,
        grid,
        homes: [
          {
            name: 'reference',
            outdoor,
            price: knownPrices(winters, n, count, publication),
            rooms: [
              {
                name: 'all',
                house: model,
                air: estimate.air,
                structure: estimate.structure,
                disturbance: options.disturbance === false ? 0 : estimate.disturbance,
                ...(estimate.spread !== undefined && { spread: estimate.spread }),
                gains: grid.steps.map(() => gains),
                lower: grid.steps.map(() => lower),
                upper: grid.steps.map(() => upper),
                heating: { pump: { ...pump, power: pumpPower }, resistance },
              },
            ],
          },
        ],
      })
      total.plans++
      if (plan.status !== 'optimal') total.others++
      const done = heatFor(plan.homes[0]!.rooms[0]!.heat[0]!, winters.outdoor[n]!)
      last = { outdoor: winters.outdoor[n]!, heat: done.heat, gains, sun: 0 }
      state = step(state, last)
      total.hours++
      total.cost += done.power * winters.price[n]!
      total.energy += done.power
      total.tooCold += Math.max(0, lower - state.air)
      total.tooWarm += Math.max(0, state.air - upper)
      total.temperature += state.air
    }
  } finally {
    planner.close()
  }
  const { hours, temperature, ...rest } = total
  return { ...rest, days: hours / 24, meanTemperature: temperature / hours }
}

/**
 * The least that this plant can cost: everything known beforehand, a fortnight planned at a time and its first week kept.
 * The house forgets in 53 h, so that a longer view would change nothing.
 */
export function runForesight(solver: Solver, winters: Winters, { inside, lower = 20, upper = 22 }: Options): Run {
  const planner = makePlanner(solver, { seconds: 60 })
  const [seen, kept] = [336, 168]
  const total = { hours: 0, cost: 0, energy: 0, tooCold: 0, tooWarm: 0, temperature: 0, plans: 0, others: 0 }
  let state: HouseState | undefined
  try {
    for (let n = 0; n < winters.time.length; ) {
      if (!inside(winters.time[n]!)) {
        state = undefined
        n++
        continue
      }
      const left = winters.time.slice(n, n + seen).findIndex((ms) => !inside(ms))
      const count = Math.min(winters.time.length - n, left < 0 ? seen : left)
      const outdoor = winters.outdoor.slice(n, n + count)
      const { Hie, Hea } = referenceHouse
      state ??= { air: 21, structure: (Hie * 21 + Hea * outdoor[0]!) / (Hie + Hea) }
      const room = {
        ...{ name: 'all', house: referenceHouse, ...state, gains: [gains], lower: [lower], upper: [upper] },
        heating: { pump: { ...pump, power: pumpPower }, resistance },
      }
      const plan = planner.plan({
        now: winters.time[n]!,
        grid: { steps: Array<number>(count).fill(1), moves: Array<number>(count).fill(1) },
        homes: [{ name: 'reference', outdoor, price: winters.price.slice(n, n + count), rooms: [room] }],
      })
      if (plan.status !== 'optimal') total.others++
      total.plans++
      const { power, rooms } = plan.homes[0]!
      const hours = count < seen ? count : kept
      for (let k = 0; k < hours; k++) {
        const air = rooms[0]!.temperature[k]!
        total.cost += power[k]! * winters.price[n + k]!
        total.energy += power[k]!
        total.tooCold += Math.max(0, lower - air)
        total.tooWarm += Math.max(0, air - upper)
        total.temperature += air
        total.hours++
      }
      state = { air: rooms[0]!.temperature[hours - 1]!, structure: rooms[0]!.structure[hours - 1]! }
      n += hours
    }
  } finally {
    planner.close()
  }
  const { hours, temperature, ...rest } = total
  return { ...rest, days: hours / 24, meanTemperature: temperature / hours }
}

/** Day-ahead prices reach to local midnight, and from 13:00 on to the next one. */
function knownPrices({ time, price }: Winters, n: number, count: number, publication: boolean): number[] {
  if (!publication) return price.slice(n, n + count)
  const at = Number(localHour.format(time[n]!))
  const known = (at >= 13 ? 48 : 24) - at
  const given = price.slice(n, n + Math.min(count, known))
  // The hours that are over today help to fill those not yet known.
  return Array.from({ length: count }, (_, k) => {
    let source = k
    while (source >= given.length) source -= 24
    return price[n + source] ?? Number.NaN
  })
}

export const winterHours = (ms: number): boolean => {
  const day = new Date(ms).toISOString().slice(0, 10)
  return (day >= '2023-01-01' && day < '2023-05-01') || (day >= '2023-10-01' && day < '2024-04-30')
}
export const januaryAndFebruary = (ms: number): boolean => ms >= Date.UTC(2024, 0, 1) && ms < Date.UTC(2024, 2, 1)

/** Standard normal numbers, always the same. */
export function normals(seed: number): () => number {
  let state = seed
  const uniform = () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return (state + 0.5) / 4_294_967_296
  }
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
}
