/**
 * From what was handed in to what can be computed with: every number finite and in its range, every row as long as the
 * grid, and a note of what had to be assumed.
 */
import { cop, type HouseParameters, mostHeat, steadyState } from '../thermal/index.ts'
import { fillPrices } from './fill-prices.ts'
import type { Battery, Capacity, Grid, Heating, Home, Room, View } from './view.ts'
import { usualGrid } from './view.ts'

/** A piece of a heat source in each step: most heat in kW, and heat per electricity. */
export type Source = {
  readonly kind: 'pump' | 'resistance'
  readonly most: readonly number[]
  readonly gain: readonly number[]
}

export type CleanRoom = {
  readonly name: string
  readonly house: HouseParameters
  readonly air: number
  readonly structure: number
  /** Heat that is not from the heating, kW. */
  readonly warmth: readonly number[]
  readonly lower: readonly number[]
  readonly upper: readonly number[]
  readonly wish?: readonly number[]
  readonly owed: number
  readonly sources: readonly Source[]
}

export type CleanHome = {
  readonly name: string
  readonly rooms: readonly CleanRoom[]
  readonly outdoor: readonly number[]
  readonly sun: readonly number[]
  readonly price: readonly number[]
  readonly sell: readonly number[]
  /** Load less sun, kW, split. */
  readonly load: readonly number[]
  readonly solar: readonly number[]
  readonly battery?: Required<Battery>
  readonly fuse: number
  readonly mostOut: number
  readonly capacity?: Required<Capacity>
  readonly cap?: readonly number[]
  /** Whether power bought and sold are columns of their own. */
  readonly metered: boolean
}

export type CleanView = {
  readonly now: number
  readonly steps: readonly number[]
  readonly moves: readonly number[]
  readonly homes: readonly CleanHome[]
  readonly cap?: readonly number[]
  /** NOK per kW. */
  readonly smooth?: number
  readonly assumed: readonly string[]
  /** Why no optimisation is worth making; absent when all is well. */
  readonly hopeless?: string
}

const finite = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value))
const within = (value: unknown, low: number, high: number, otherwise: number) =>
  finite(value) ? clamp(value, low, high) : otherwise
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

type Notes = Set<string>

export function clean(view: View): CleanView {
  const assumed: Notes = new Set()
  const { steps, moves } = cleanGrid(view.grid ?? usualGrid, assumed)
  let hopeless: string | undefined
  const homes = list(view.homes).map((home) =>
    cleanHome(home as Home, steps, assumed, (why) => {
      hopeless ??= why
    }),
  )
  if (homes.every(({ rooms, battery }) => rooms.length === 0 && !battery)) hopeless ??= 'There is nothing to plan for'
  return {
    now: within(view.now, -8.64e15, 8.64e15, 0),
    steps,
    moves,
    homes,
    ...(view.cap && { cap: hold(view.cap, steps.length, 0, 1e4, 1e4) }),
    ...(finite(view.smooth) && { smooth: clamp(view.smooth, 0, 10) }),
    assumed: [...assumed],
    ...(hopeless !== undefined && { hopeless }),
  }
}

function cleanGrid(grid: Grid, assumed: Notes): Grid {
  const { steps, moves } = grid
  const whole = (value: unknown) => Number.isInteger(value) && (value as number) > 0
  const good =
    list(steps).length > 0 &&
    list(steps).length <= 2000 &&
    steps.every((step) => finite(step) && step >= 1 / 60 && step <= 24) &&
    list(moves).every(whole) &&
    moves.reduce((sum, move) => sum + move, 0) === steps.length
  if (good) return grid
  assumed.add('The steps of the plan made no sense: the usual ones are taken')
  return usualGrid
}

/** Missing numbers become the one before, at the beginning the first known, and `otherwise` when none is known. */
function hold(
  values: unknown,
  count: number,
  low: number,
  high: number,
  otherwise: number,
  miss?: () => void,
): number[] {
  const given = list(values)
  let last = given.find(finite) ?? otherwise
  return Array.from({ length: count }, (_, k) => {
    const value = given[k]
    if (finite(value)) last = value
    else miss?.()
    return clamp(last, low, high)
  })
}

function cleanHome(home: Home, steps: readonly number[], assumed: Notes, giveUp: (why: string) => void): CleanHome {
  const count = steps.length
  const given = home ?? ({} as Home)
  const name = String(given.name ?? 'home')
  const note = (what: string) => () => void assumed.add(`${name}: ${what}`)
  const outdoor = hold(given.outdoor, count, -60, 50, 0, note('outdoor temperatures were missing and are held'))
  const sun = hold(given.sun, count, 0, 1.4, 0)
  const prices = list(given.price)
  const missed = prices.some(finite) ? 'prices were missing and are taken from the day before' : 'no price is known'
  const price = fillPrices(prices, steps, note(missed))
  const load = hold(given.load, count, 0, 1000, 0)
  const solar = hold(given.solar, count, 0, 1000, 0)
  const battery = given.battery && cleanBattery(given.battery)
  const capacity = given.capacity && cleanCapacity(given.capacity, count)
  const rooms = list(given.rooms).map((room) => cleanRoom(room as Room, outdoor, sun, note, giveUp))
  const sell = given.sell ? hold(given.sell, count, -100, 100, 0) : Array<number>(count).fill(0)
  return {
    name,
    rooms,
    outdoor,
    sun,
    price,
    sell,
    load,
    solar,
    ...(battery && { battery }),
    fuse: within(given.fuse, 0, 1e4, 1e4),
    mostOut: within(given.mostOut, 0, 1e4, 1e4),
    ...(capacity && { capacity }),
    ...(given.cap && { cap: hold(given.cap, count, 0, 1e4, 1e4) }),
    metered: Boolean(battery || capacity || given.solar || finite(given.fuse)),
  }
}

function cleanRoom(
  room: Room,
  outdoor: readonly number[],
  sun: readonly number[],
  note: (what: string) => () => void,
  giveUp: (why: string) => void,
): CleanRoom {
  const given = room ?? ({} as Room)
  const name = String(given.name ?? 'room')
  const count = outdoor.length
  const lower = hold(given.lower, count, 5, 35, 18, note(`the lower comfort limit of ${name} was missing`))
  const upper = hold(given.upper, count, 5, 35, 24, note(`the upper comfort limit of ${name} was missing`))
  for (let k = 0; k < count; k++) {
    if (lower[k]! > upper[k]!) {
      note(`the comfort limits of ${name} were crossed: their middle is taken`)()
      lower[k] = (lower[k]! + upper[k]!) / 2
      upper[k] = lower[k]!
    }
  }
  // A plan that lies on the limit is half the time below it where the state is known but roughly.
  const margin = ofSpread * within(given.spread, 0, mostSpread, 0)
  for (let k = 0; k < count; k++) lower[k] = Math.min(lower[k]! + margin, (lower[k]! + upper[k]!) / 2)
  const house = soundHouse(given.house)
  if (!house) giveUp(`The house model of ${name} makes no sense`)
  if (!finite(given.air) || given.air < -40 || given.air > 60) giveUp(`The temperature of ${name} is not known`)
  const air = within(given.air, -40, 60, lower[0]!)
  const disturbance = within(given.disturbance, -10, 10, 0)
  const warmth = hold(given.gains, count, -20, 20, 0).map((gain) => gain + disturbance)
  const model = house ?? plainHouse
  const still = () => {
    const { Hie, Hea, Ae } = model
    return (Hie * air + Hea * outdoor[0]! + Ae * sun[0]!) / (Hie + Hea)
  }
  const structure = within(given.structure, -50, 60, still())
  const wish = given.wish && hold(given.wish, count, 5, 35, 21).map((one, k) => clamp(one, lower[k]!, upper[k]!))
  const owed = within(given.owed, -mostOwed, mostOwed, 0)
  const sources = sourcesOf(given.heating, outdoor)
  return { name, house: model, air, structure, warmth, lower, upper, ...(wish && { wish }), owed, sources }
}

/** Share of the spread by which the lower limit is raised: two thirds of the hours that were below it are not any more. */
const ofSpread = 0.4
/** K */
const mostSpread = 1
/** Kelvin hours: no more is repaid in a day. */
const mostOwed = 12

/** A detached house of 140 m², where nothing better is known: only for the thermostat plan. */
const plainHouse: HouseParameters = { Ci: 2.1, Ce: 6.3, Hie: 1, Hia: 0.06, Hea: 0.1, Aw: 0, Ae: 0 }

function soundHouse(house: HouseParameters | undefined): HouseParameters | undefined {
  if (!house) return undefined
  const { Ci, Ce, Hie, Hia, Hea, Aw, Ae } = house
  const numbers = [Ci, Ce, Hie, Hia, Hea, Aw, Ae]
  if (!numbers.every((value) => finite(value) && value >= 0 && value <= 1e4)) return undefined
  if (Ci < 0.001 || Ce < 0.001 || Hie < 1e-4 || Hia + Hea < 1e-6) return undefined
  // Faster than half a minute is nothing a house does, and makes the step matrix lose digits.
  if ((Hie + Hia) / Ci > 120 || (Hie + Hea) / Ce > 120) return undefined
  const end = steadyState(house, { outdoor: 0, heat: 1, gains: 0, sun: 0 })
  return finite(end.air) && finite(end.structure) ? house : undefined
}

function sourcesOf(heating: Heating | undefined, outdoor: readonly number[]): Source[] {
  const sources: Source[] = []
  const pump = heating?.pump
  if (pump && [pump.c0, pump.c1, pump.capacity, pump.fading].every(finite)) {
    const power = within(pump.power, 0, 1000, 1000)
    const wanted = list(pump.partLoad) as { share: number; factor: number }[]
    const falling = wanted.every(
      ({ share, factor }, n) =>
        finite(share) && finite(factor) && share > 0 && factor > 0 && factor <= (wanted[n - 1]?.factor ?? factor),
    )
    const pieces = wanted.length > 0 && falling ? wanted : [{ share: 1, factor: 1 }]
    const sum = pieces.reduce((total, { share }) => total + share, 0)
    const full = pieces.reduce((total, { share, factor }) => total + share / sum / factor, 0)
    for (const { share, factor } of pieces) {
      const gain = outdoor.map((ta) => clamp(cop(pump, ta) * factor, 1, 8))
      const most = outdoor.map(
        (ta) => (share / sum) * clamp(Math.min(mostHeat(pump, ta), (power * cop(pump, ta)) / full), 0, 1000),
      )
      sources.push({ kind: 'pump', most, gain })
    }
  }
  const resistance = within(heating?.resistance, 0, 1000, 0)
  if (resistance > 0)
    sources.push({ kind: 'resistance', most: outdoor.map(() => resistance), gain: outdoor.map(() => 1) })
  return sources
}

function cleanBattery(battery: Battery): Required<Battery> | undefined {
  const most = within(battery.most, 0, 1e4, 0)
  if (most < 0.01) return undefined
  const least = within(battery.least, 0, most, 0)
  return {
    most,
    least,
    energy: within(battery.energy, 0, most, least),
    charge: within(battery.charge, 0, 1e4, 0),
    discharge: within(battery.discharge, 0, 1e4, 0),
    efficiency: within(battery.efficiency, 0.5, 1, 0.95),
    leak: within(battery.leak, 0, 0.1, 2e-5),
    wear: within(battery.wear, 0, 10, 0.05),
    // By the mean price, which is not known here.
    worth: within(battery.worth, 0, 100, Number.NaN),
    taperAbove: within(battery.taperAbove, 0.5, 1, 1),
  }
}

function cleanCapacity(capacity: Capacity, count: number): Required<Capacity> | undefined {
  if (!finite(capacity.step) || capacity.step <= 0) return undefined
  const days = list(capacity.days)
  return {
    step: Math.min(capacity.step, 1e4),
    price: within(capacity.price, 0, 1e4, 50),
    counted: capacity.counted === 1 ? 1 : 3,
    peaks: list(capacity.peaks)
      .filter(finite)
      .map((peak) => clamp(peak, 0, 1e4)),
    toCome: list(capacity.toCome)
      .filter(finite)
      .map((power) => clamp(power, 0, 1e4)),
    today: within(capacity.today, 0, 1e4, 0),
    thisHour: within(capacity.thisHour, 0, 1e4, 0),
    days: Array.from({ length: count }, (_, k) => (Number.isInteger(days[k]) ? (days[k] as number) : -1)),
  }
}
