/**
 * The plan as a linear program. States stay in it (sparse), and each temperature is written as
 *
 *     T = inside + above - below - far below,   lower <= inside <= upper,   0 <= below <= 1 K
 *
 * so that comfort takes no rows of its own and can always be missed, at a price. Heat is what is chosen, not
 * electricity: then the weather changes only costs and limits, and the next solve begins where the last ended.
 */
import { stepMatrix } from '../thermal/index.ts'
import { ProgramBuilder } from './builder.ts'
import type { CleanHome, CleanRoom, CleanView } from './clean.ts'
import { addBattery, addCapacity, addMeter } from './formulate-meter.ts'
import { mean } from './mean.ts'
import type { Program } from './solver.ts'

export type Weights = {
  /** NOK per kelvin hour below the comfort limit, from one kelvin below on, and above the limit. */
  readonly below: number
  readonly farBelow: number
  readonly above: number
  /** NOK per kW of change of heat from one choice to the next. */
  readonly smooth: number
  /** How much of the heat left at the end is worth what it would cost: 0 nothing, 1 all. */
  readonly end: number
  /** NOK/kWh above the main fuse. */
  readonly overload: number
}

/** Comfort weights: twenty times what a kelvin costs at usual prices; dearer hours raise them. */
export const usualWeights: Weights = { below: 5, farBelow: 25, above: 2, smooth: 0, end: 1, overload: 200 }

export type RoomColumns = {
  /** Per step. */
  readonly inside: number[]
  readonly above: number[]
  readonly below: number[]
  readonly farBelow: number[]
  readonly structure: number[]
  /** Per step: row of the air's balance. */
  readonly balance: number[]
  /** Per source, per move. */
  readonly sources: number[][]
}

export type HomeColumns = {
  readonly rooms: RoomColumns[]
  /** Per step; absent in a home without meter columns. */
  readonly meter?: {
    readonly bought: number[]
    readonly over: number[]
    readonly sold: number[]
    readonly spilt: number[]
  }
  readonly battery?: {
    readonly energy: number[]
    readonly short: number[]
    readonly charge: number[]
    readonly discharge: number[]
  }
  /** Rows of the home's power cap per step. */
  readonly cap?: number[]
  readonly capacity?: { readonly over: number; readonly row: number }
}

export type Layout = {
  readonly homes: HomeColumns[]
  readonly cap?: number[]
  /** Move of each step. */
  readonly moveOf: readonly number[]
}

/** A step in which two things exclude each other: `flow` of a home's battery, or of its meter. */
export type Exclusion = { readonly home: number; readonly step: number; readonly flow: 'battery' | 'meter' }

export type Formulation = { readonly program: Program; readonly layout: Layout }

export function formulate(view: CleanView, weights: Weights, exclusions: readonly Exclusion[] = []): Formulation {
  const build = new ProgramBuilder()
  const moveOf = view.moves.flatMap((count, move) => Array<number>(count).fill(move))
  const shared = view.cap?.map((cap) => build.row(Number.NEGATIVE_INFINITY, cap))
  const homes = view.homes.map((home, index) => {
    const caps = home.cap?.map((cap) => build.row(Number.NEGATIVE_INFINITY, cap))
    const meter = home.metered ? addMeter(build, view, home, weights) : undefined
    const rooms = home.rooms.map((room) =>
      addRoom(build, view, home, room, weights, moveOf, [caps, shared, meter?.rows]),
    )
    const battery = meter && home.battery ? addBattery(build, view, home, meter.rows) : undefined
    const capacity = meter && home.capacity ? addCapacity(build, view, home, meter) : undefined
    for (const { home: at, step, flow } of exclusions) {
      if (at !== index || !meter) continue
      const { most, charge, discharge } = home.battery ?? { most: 0, charge: 0, discharge: 0 }
      if (flow === 'battery' && battery && most > 0)
        exclude(build, [battery.charge[step]!, charge], [battery.discharge[step]!, discharge])
      if (flow === 'meter') exclude(build, [meter.bought[step]!, home.fuse], [meter.sold[step]!, home.mostOut])
    }
    return {
      rooms,
      ...(meter && { meter }),
      ...(battery && { battery }),
      ...(caps && { cap: caps }),
      ...(capacity && { capacity }),
    }
  })
  return { program: build.build(), layout: { homes, moveOf, ...(shared && { cap: shared }) } }
}

/** One of the two must be zero. */
function exclude(build: ProgramBuilder, [one, oneMost]: [number, number], [other, otherMost]: [number, number]): void {
  const choice = build.choice()
  const first = build.row(Number.NEGATIVE_INFINITY, 0)
  build.put(first, one, 1)
  build.put(first, choice, -oneMost)
  const second = build.row(Number.NEGATIVE_INFINITY, otherMost)
  build.put(second, other, 1)
  build.put(second, choice, otherMost)
}

/** What heat left at the end would cost to make, NOK/kWh: the mean price of the last day over the mean COP. */
export function worthOfHeat(home: CleanHome, room: CleanRoom, steps: readonly number[]): number {
  let hours = 0
  let from = steps.length
  while (from > 0 && hours < 24) hours += steps[--from]!
  const price = mean(home.price.slice(from))
  const gain = room.sources[0] ? mean(room.sources[0].gain.slice(from)) : 1
  return Math.max(0, price / gain)
}

function addRoom(
  build: ProgramBuilder,
  { steps, moves }: CleanView,
  home: CleanHome,
  room: CleanRoom,
  weights: Weights,
  moveOf: readonly number[],
  [caps, shared, meterRows]: readonly (readonly number[] | undefined)[],
): RoomColumns {
  const { house } = room
  // The penalty must be dearer than heating at the dearest hour ever is.
  const dearest = home.price.reduce((most, price) => Math.max(most, price), 0)
  const needed = 2 * dearest * (house.Hia + house.Hea + house.Ci / 12)
  const scale = Math.max(1, needed / weights.below)
  const worth = weights.end * worthOfHeat(home, room, steps)
  const columns: RoomColumns = {
    inside: [],
    above: [],
    below: [],
    farBelow: [],
    structure: [],
    balance: [],
    sources: [],
  }

  for (const { most, gain } of room.sources) {
    const chosen: number[] = []
    let k = 0
    let before: number | undefined
    for (const count of moves) {
      let cost = 0
      let limit = Number.POSITIVE_INFINITY
      for (let n = k; n < k + count; n++) {
        // A trifle for power, less for early power: without it the plan jumps between equal optima.
        cost += (steps[n]! / gain[n]!) * ((meterRows ? 0 : home.price[n]!) + 1e-5 * (1 + n / steps.length))
        limit = Math.min(limit, most[n]!)
      }
      const column = build.column(cost, 0, limit)
      for (let n = k; n < k + count; n++) {
        if (caps) build.put(caps[n]!, column, 1 / gain[n]!)
        if (shared) build.put(shared[n]!, column, 1 / gain[n]!)
        if (meterRows) build.put(meterRows[n]!, column, -1 / gain[n]!)
      }
      if (weights.smooth > 0 && before !== undefined) {
        const row = build.row(0)
        build.put(row, column, 1)
        build.put(row, before, -1)
        build.put(row, build.column(weights.smooth), -1)
        build.put(row, build.column(weights.smooth), 1)
      }
      before = column
      chosen.push(column)
      k += count
    }
    columns.sources.push(chosen)
  }

  for (const [k, hours] of steps.entries()) {
    const last = k === steps.length - 1
    const air = last ? -worth * house.Ci : 0
    const m = stepMatrix(house, hours)
    const now = {
      inside: build.column(air, room.lower[k]!, room.upper[k]!),
      // Heat above the limit is worth nothing at the end: it would be a reason to overheat.
      above: build.column(weights.above * scale * hours),
      below: build.column(-air + weights.below * scale * hours, 0, 1),
      farBelow: build.column(-air + weights.farBelow * scale * hours),
      structure: build.column(last ? -worth * house.Ce : 0, -1e4, 1e4),
    }
    const outside = room.warmth[k]!
    const fixedAir = m.ao * home.outdoor[k]! + m.aq * outside + m.ai * home.sun[k]!
    const fixedStructure = m.so * home.outdoor[k]! + m.sq * outside + m.si * home.sun[k]!
    const first = k === 0
    const rowAir = build.row(fixedAir + (first ? m.aa * room.air + m.as * room.structure : 0))
    const rowStructure = build.row(fixedStructure + (first ? m.sa * room.air + m.ss * room.structure : 0))
    putTemperature(build, rowAir, now, 1)
    build.put(rowStructure, now.structure, 1)
    if (!first) {
      const before = {
        inside: columns.inside[k - 1]!,
        above: columns.above[k - 1]!,
        below: columns.below[k - 1]!,
        farBelow: columns.farBelow[k - 1]!,
      }
      putTemperature(build, rowAir, before, -m.aa)
      putTemperature(build, rowStructure, before, -m.sa)
      build.put(rowAir, columns.structure[k - 1]!, -m.as)
      build.put(rowStructure, columns.structure[k - 1]!, -m.ss)
    }
    for (const chosen of columns.sources) {
      build.put(rowAir, chosen[moveOf[k]!]!, -m.aq)
      build.put(rowStructure, chosen[moveOf[k]!]!, -m.sq)
    }
    columns.inside.push(now.inside)
    columns.above.push(now.above)
    columns.below.push(now.below)
    columns.farBelow.push(now.farBelow)
    columns.structure.push(now.structure)
    columns.balance.push(rowAir)
  }
  if (room.wish) keepMean(build, home, room, steps, columns, room.wish)
  return columns
}

/** The mean is kept over so many hours. */
const meanHours = 24

/** Hours whose wish is this near the day's warmest are those in which somebody wants the room warm, K. */
export const warmWithin = 0.5

/**
 * Over the warm hours of the coming day the room is on average as warm as wished for, and what it owes is repaid; at a
 * price, not at any. A night that stays warmer than it needs to be repays nothing.
 */
function keepMean(
  build: ProgramBuilder,
  home: CleanHome,
  room: CleanRoom,
  steps: readonly number[],
  columns: RoomColumns,
  wish: readonly number[],
) {
  const row = build.row(0, Number.POSITIVE_INFINITY)
  let hours = 0
  let wanted = room.owed
  const coming = steps.flatMap((length, k) => {
    hours += length
    return hours - length < meanHours ? [{ k, length }] : []
  })
  const warmest = coming.reduce((most, { k }) => Math.max(most, wish[k]!), 0)
  for (const { k, length } of coming) {
    // Zeros are put too: the shape of the program does not hang on the wishes.
    const weight = wish[k]! >= warmest - warmWithin ? length : 0
    wanted += weight * wish[k]!
    const { inside, above, below, farBelow } = columns
    build.put(row, inside[k]!, weight)
    build.put(row, above[k]!, weight)
    build.put(row, below[k]!, -weight)
    build.put(row, farBelow[k]!, -weight)
  }
  build.setRow(row, wanted, Number.POSITIVE_INFINITY)
  // Three times what a kelvin costs where heat is made from power one to one.
  const { Hia, Hie, Hea } = room.house
  const loss = Hia + (Hie * Hea) / (Hie + Hea)
  build.put(row, build.column(Math.max(0.02, 3 * loss * mean(home.price))), 1)
}

type Temperature = {
  readonly inside: number
  readonly above: number
  readonly below: number
  readonly farBelow: number
}

function putTemperature(
  build: ProgramBuilder,
  row: number,
  { inside, above, below, farBelow }: Temperature,
  by: number,
) {
  build.put(row, inside, by)
  build.put(row, above, by)
  build.put(row, below, -by)
  build.put(row, farBelow, -by)
}
