/**
 * How long a plan takes (48 h at 15 min; one and four rooms, with and without a battery; from nothing and from the last
 * plan), how many houses one core plans, and what the reference house pays through the two winters of the shared data.
 * `NABOLAG_BENCH_HOUSES` and `NABOLAG_BENCH_ROUNDS` make it smaller.
 */
import {
  evenGrid,
  type Grid,
  type Home,
  loadSolver,
  makePlanner,
  type Solver,
  usualGrid,
  type View,
} from '@nabolag/control/mpc/index'
import {
  januaryAndFebruary,
  type Options,
  readWinters,
  referenceHouse,
  runConstant,
  runPlanner,
  winterHours,
  withLoss,
} from '@nabolag/control/mpc/winters.testing'
import { usualHeatPump } from '@nabolag/control/thermal/index'

const hour = 3_600_000
const begin = Date.UTC(2024, 0, 10)
const number = (name: string, usual: number) => Number(process.env[name] ?? usual)
const row = (name: string, value: number, limit: number) => ({
  name,
  value: Math.round(value * 100) / 100,
  limit,
  ok: value <= limit,
})

/** Weather and prices that are never twice the same, so that no plan is the one before. */
function viewOf(grid: Grid, rooms: number, battery: boolean, turn: number, seed = 0): View {
  const now = begin + turn * 0.25 * hour
  let at = turn * 0.25
  const times = grid.steps.map((step) => {
    at += step
    return at
  })
  const wave = (h: number, period: number) => Math.sin((2 * Math.PI * (h + seed)) / period)
  const price = times.map((h) =>
    Math.max(0.1, 1 + 0.4 * wave(h - 3, 12) + 0.3 * wave(Math.floor(h), 7.3) + 0.3 * wave(h, 51)),
  )
  const home: Home = {
    name: 'bench',
    price,
    outdoor: times.map((h) => -4 + 4 * wave(h - 9, 24) + 2 * wave(h, 67)),
    rooms: Array.from({ length: rooms }, (_, n) => ({
      name: `room ${n + 1}`,
      house: rooms === 1 ? referenceHouse : smallRooms[n]!,
      air: 20.8 + 0.4 * wave(turn + n, 17),
      structure: 20 + 0.3 * wave(turn + n, 40),
      disturbance: 0.1 * wave(turn, 9),
      gains: [0.4 / rooms],
      lower: times.map((h) => (h % 24 < 6 ? 19 : 20)),
      upper: times.map(() => 22),
      heating: { pump: { ...usualHeatPump, power: 2.2 / Math.sqrt(rooms) }, resistance: 6 / rooms },
    })),
    ...(battery && {
      battery: { energy: 5 + 3 * wave(turn, 30), least: 1, most: 10, charge: 5, discharge: 5 },
      load: times.map((h) => 0.6 + 0.4 * wave(h, 24)),
      solar: times.map((h) => Math.max(0, 2 * wave(h - 6, 24))),
      // Without the grid fee and the tax: always below the buying price.
      sell: price.map((kwh) => 0.6 * kwh),
      fuse: 14,
    }),
    ...(rooms > 1 && { cap: times.map(() => 6) }),
  }
  return { now, grid, homes: [home] }
}
const smallRooms = [0.03, 0.035, 0.04, 0.045].map((loss) => withLoss(loss))

type Times = { readonly median: number; readonly p95: number; readonly cpu: number }

/** Milliseconds of each turn, and processor time of one, which other programs on the machine do not lengthen. */
function time(turns: number, work: (turn: number) => void): Times {
  for (let turn = 0; turn < 5; turn++) work(turn)
  const took: number[] = []
  const cpu = process.cpuUsage()
  for (let turn = 5; turn < turns + 5; turn++) {
    const from = performance.now()
    work(turn)
    took.push(performance.now() - from)
  }
  const used = process.cpuUsage(cpu)
  took.sort((a, b) => a - b)
  const at = (share: number) => took[Math.min(took.length - 1, Math.floor(took.length * share))]!
  return { median: at(0.5), p95: at(0.95), cpu: (used.user + used.system) / 1000 / turns }
}

function onePlan(solver: Solver, rooms: number, battery: boolean, rounds: number, grid = evenGrid(48, 0.25)) {
  const planner = makePlanner(solver)
  const views = Array.from({ length: rounds + 5 }, (_, turn) => viewOf(grid, rooms, battery, turn))
  const plan = (turn: number) => {
    const { status, because } = planner.plan(views[turn]!)
    if (status !== 'optimal') throw new Error(`a plan of the bench is not optimal: ${because}`)
  }
  try {
    const warm = time(rounds, plan)
    const cold = time(rounds, (turn) => {
      planner.forget()
      plan(turn)
    })
    return { cold, warm }
  } finally {
    planner.close()
  }
}

/** Each house once, as after a start: one solver, houses of every size, each from nothing. */
function manyHouses(solver: Solver, houses: number, grid: Grid) {
  const planner = makePlanner(solver)
  const cpu = process.cpuUsage()
  const from = performance.now()
  let missed = 0
  try {
    for (let house = 0; house < houses; house++) {
      planner.forget()
      const view = viewOf(grid, 1, false, house % 50, house)
      const [home] = view.homes
      const model = withLoss(0.08 + (0.17 * (house % 97)) / 97)
      const rooms = home!.rooms.map((room) => ({ ...room, house: model }))
      if (planner.plan({ ...view, homes: [{ ...home!, rooms }] }).status !== 'optimal') missed++
    }
  } finally {
    planner.close()
  }
  const used = process.cpuUsage(cpu)
  return { seconds: (performance.now() - from) / 1000, cpuSeconds: (used.user + used.system) / 1e6, missed }
}

function winters(solver: Solver, say: (text: string) => void) {
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
  return {
    constant: runConstant(data, winterHours, 21),
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

export async function run({ json }: { json: boolean }) {
  const say = (text: string) => {
    if (!json) console.error(text)
  }
  const rounds = number('NABOLAG_BENCH_ROUNDS', 100)
  const houses = number('NABOLAG_BENCH_HOUSES', 1000)
  const solver = await loadSolver()
  const plans = Object.fromEntries(
    [
      { name: 'one room', rooms: 1, battery: false },
      { name: 'one room and a battery', rooms: 1, battery: true },
      { name: 'four rooms', rooms: 4, battery: false },
      { name: 'four rooms and a battery', rooms: 4, battery: true },
    ].map(({ name, rooms, battery }) => {
      const times = onePlan(solver, rooms, battery, rounds)
      say(
        `${name}: ${JSON.stringify(times, (_, value) => (typeof value === 'number' ? Math.round(value * 10) / 10 : value))}`,
      )
      return [name, times]
    }),
  )
  const usual = onePlan(solver, 1, false, rounds, usualGrid)
  const many = manyHouses(solver, houses, usualGrid)
  const quarters = manyHouses(solver, Math.ceil(houses / 10), evenGrid(48, 0.25))
  say(`${houses} houses: ${many.seconds.toFixed(1)} s`)
  const year = winters(solver, say)
  const single = plans['one room']!
  return {
    reach: [
      row('one room, 48 h at 15 min, from nothing, median ms', single.cold.median, 30),
      row('one room, 48 h at 15 min, from the last plan, median ms', single.warm.median, 10),
      row(`${houses} houses on one core, s`, many.seconds, (30 * houses) / 1000),
      row('houses without an optimal plan', many.missed + quarters.missed, 0),
      ...(year
        ? [
            row('two winters, NOK', year.planner.cost, 7240),
            row('two winters, heat loss wrong by 25 %, share above', worst(year) / year.planner.cost - 1, 0.015),
            row('two months, heat loss wrong by 25 %, Kh too cold', tooCold(year.twoMonths), 15),
          ]
        : []),
    ],
    plans,
    usualGrid: usual,
    manyHouses: many,
    tenthOfHousesInQuarters: quarters,
    housesPerMinute: Math.round((60 * houses) / many.seconds),
    winters: year ?? 'the shared data are not there: three rows left out',
  }
}

type Year = NonNullable<ReturnType<typeof winters>>
const worst = ({ lossTooLow, lossTooHigh }: Year) => Math.max(lossTooLow.cost, lossTooHigh.cost)
const tooCold = ({ lossTooLow, lossTooHigh }: Year['twoMonths']) => Math.max(lossTooLow.tooCold, lossTooHigh.tooCold)
