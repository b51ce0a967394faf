/** What the planner sees. Temperatures in °C, power and heat in kW, energy in kWh, prices in NOK/kWh, lengths in h. */
import { type HeatPump, type HouseParameters, timeConstants } from '../thermal/index.ts'
import type { Plan } from './plan.ts'

/** How time is cut: lengths of the steps in hours, and how many steps each choice of heat lasts. */
export type Grid = { readonly steps: readonly number[]; readonly moves: readonly number[] }

/** A piece of a heat pump's range: `share` of its greatest heat, at `factor` times its COP. Falling factors only. */
export type PartLoad = { readonly share: number; readonly factor: number }

export type Heating = {
  readonly pump?: HeatPump & {
    /** Most electricity it draws, kW; without it only its heat is limited. */
    readonly power?: number
    /** Better at part load than at full; without it the COP is the same at any load. */
    readonly partLoad?: readonly PartLoad[]
  }
  /** Most power of resistance heaters, kW. */
  readonly resistance?: number
}

export type Room = {
  readonly name: string
  /** Its own heat balance; several rooms exchange heat only by what `gains` says. */
  readonly house: HouseParameters
  /** Present temperature of the air. */
  readonly air: number
  /** Present temperature of the structure, from the filter; without it as after a long time at `air`. */
  readonly structure?: number
  /** Heat nobody accounts for, kW, from the filter; taken to stay. */
  readonly disturbance?: number
  /** Root mean square of what readings were lately off from what the filter expected, K: the lower limit backs off by a share. */
  readonly spread?: number
  /** Heat from people and things in each step. */
  readonly gains?: readonly number[]
  /** Comfort limits at the end of each step. */
  readonly lower: readonly number[]
  readonly upper: readonly number[]
  /**
   * What the mean of the coming day's warm hours is to be, step by step: heat is then only moved in time, and the room is
   * no colder for it. Without it the plan keeps to the limits alone, which in winter is the lower one.
   */
  readonly wish?: readonly number[]
  /** Kelvin hours by which the room has lately been colder than that; repaid in the coming day. */
  readonly owed?: number
  readonly heating: Heating
}

export type Battery = {
  /** Energy in it now, and what it must and may hold, kWh. */
  readonly energy: number
  readonly least: number
  readonly most: number
  /** Most power into and out of it, kW. */
  readonly charge: number
  readonly discharge: number
  /** Share that arrives, each way; usually 0.95. */
  readonly efficiency?: number
  /** Share lost per hour. */
  readonly leak?: number
  /** Cost of a kWh in or out, NOK/kWh. */
  readonly wear?: number
  /** What a kWh left in it at the end is worth, NOK; by the mean price when absent. */
  readonly worth?: number
  /** From this share of `most` on the power into it falls in a line to zero; 1 or absent: it does not. */
  readonly taperAbove?: number
}

/** The grid company's capacity charge: the mean of the month's highest days must stay below `step`. */
export type Capacity = {
  /** Upper limit of the step to stay in, kW. */
  readonly step: number
  /** What a kW above it costs, NOK/kW. */
  readonly price: number
  /** How many days count: three, or the single highest. */
  readonly counted?: 1 | 3
  /** Highest hour of each day that is over this month, kWh/h. */
  readonly peaks: readonly number[]
  /** Highest hour of today until now. */
  readonly today: number
  /** Energy used since the present clock hour began, kWh. */
  readonly thisHour?: number
  /**
   * What is to be kept for days after the plan, kW each: as many as could count. Without it an early day may take all
   * that the month has left.
   */
  readonly toCome?: readonly number[]
  /** Day of each step: 0 today, 1 tomorrow; -1 when it is in another month. */
  readonly days: readonly number[]
}

export type Home = {
  readonly name: string
  readonly rooms: readonly Room[]
  /** In each step; a missing number is filled, and the plan says so. */
  readonly outdoor: readonly number[]
  /** Irradiance, kW/m². */
  readonly sun?: readonly number[]
  /** What a kWh more costs this household. */
  readonly price: readonly number[]
  /** What a kWh out gives; without it nothing. */
  readonly sell?: readonly number[]
  /** Electricity used by everything else, and made by the roof, kW. */
  readonly load?: readonly number[]
  readonly solar?: readonly number[]
  readonly battery?: Battery
  /** Most power in and out, kW. */
  readonly fuse?: number
  readonly mostOut?: number
  readonly capacity?: Capacity
  /** Most power of all heating in the home, kW, in each step. */
  readonly cap?: readonly number[]
}

export type View = {
  /** Milliseconds since 1970. */
  readonly now: number
  readonly grid?: Grid
  readonly homes: readonly Home[]
  /** Most power of all heating of all homes, kW, in each step. */
  readonly cap?: readonly number[]
  /** What a change of heat from one choice to the next is taken to cost, NOK per kW: units are then told less often. */
  readonly smooth?: number
  /** The last plan that came out well: kept when no new one can be made. */
  readonly last?: Plan
}

const repeat = (times: number, value: number) => Array<number>(times).fill(value)

/** 48 h: a quarter at a time for four hours, then hours; 36 choices that last 15 min to 4 h. */
export const usualGrid: Grid = {
  steps: [...repeat(16, 0.25), ...repeat(44, 1)],
  moves: [...repeat(16, 1), ...repeat(8, 1), ...repeat(6, 2), ...repeat(6, 4)],
}

/** Time constants from which on two days do not show what is to be heated now, h, and the days that do. */
const longer = [
  { slowest: 200, days: 4 },
  { slowest: 100, days: 3 },
] as const

/**
 * The usual grid, and for heavy or well insulated houses one or two days more in steps of four hours: with two days
 * alone they begin too late to come back from a week of absence.
 */
export function gridFor(houses: readonly HouseParameters[]): Grid {
  const slowest = Math.max(0, ...houses.map((house) => timeConstants(house)[1]))
  const days = longer.find((one) => slowest > one.slowest)?.days ?? 2
  const more = 6 * (days - 2)
  return more > 0
    ? { steps: [...usualGrid.steps, ...repeat(more, 4)], moves: [...usualGrid.moves, ...repeat(more, 1)] }
    : usualGrid
}

/** Equal steps with a choice in each, or in blocks that together make up the horizon. */
export const evenGrid = (hours: number, step: number, moves?: readonly number[]): Grid => {
  const count = Math.round(hours / step)
  return { steps: repeat(count, step), moves: moves ?? repeat(count, 1) }
}

/** 48 steps of an hour; 24 choices: twelve of 1 h, six of 2 h, six of 4 h. */
export const hourlyGrid: Grid = evenGrid(48, 1, [...repeat(12, 1), ...repeat(6, 2), ...repeat(6, 4)])
