/**
 * A house under control, as plain data: what it is, what is seen of it at a moment, what is remembered between turns,
 * and what comes out of a turn. The same records serve the running controller, a replay of the past and the twin.
 * Times are ms since 1970, UTC.
 */
import type { Actuator, CapabilityName } from '@nabolag/core'
import type { Comfort } from '../comfort/wish.ts'
import type { Wanted } from '../controls/define-control.ts'
import type { Estimate } from '../estimate/filter.ts'
import type { Plan } from '../mpc/plan.ts'
import type { Use } from '../prices/capacity.ts'
import type { PriceSettings } from '../prices/settings.ts'
import type { SpotEntry } from '../prices/spot.ts'
import type { Move, Verdict } from '../safety/guard.ts'
import type { Mode } from '../safety/limits.ts'
import type { Reading } from '../safety/readings.ts'
import type { Receipt } from '../safety/receipt.ts'
import type { HeatPump, HouseParameters } from '../thermal/index.ts'

/** A place of a device; `device` is the integration's name, `location` empty where it measures at one place only. */
export type Place = { readonly device: string; readonly count: number; readonly location: string }

/** A thermometer: the field `temperature` of that group. */
export type Sensor = Place & { readonly group: string }

export type RoomSetup = {
  readonly id: number
  readonly name: string
  /** Heated floor, m². */
  readonly area?: number
  readonly comfort: Comfort
  /** The first one is what control acts on; the others stand in while it is silent. */
  readonly sensors: readonly Sensor[]
  /** What heats it, as far as the owner says; usual values otherwise. */
  readonly heating?: {
    readonly pump?: Partial<HeatPump> & { readonly power?: number }
    /** Electric heaters, kW. */
    readonly resistance?: number
  }
  /** From its own data, once accepted; without it what is usual for its area and year. */
  readonly model?: HouseParameters
}

export const loopKinds = ['heating', 'ventilation', 'battery'] as const
export type LoopKind = (typeof loopKinds)[number]

/** What the owner allows, narrower than the usual limits. */
export type OwnLimits = {
  /** °C; of a set-point. */
  readonly lowest?: number
  readonly highest?: number
  readonly minutesBetween?: number
  readonly movesPerDay?: number
  /** The room never below, and never above, °C. */
  readonly frost?: number
  readonly heat?: number
}

/** One actuator under control. A heating loop belongs to a room; the others to the whole house. */
export type LoopSetup = {
  readonly id: number
  readonly kind: LoopKind
  readonly room?: number
  readonly actuator: Place & {
    readonly capability: CapabilityName
    /** As the vendor's last answer showed them, the owner's bounds included; absent while nobody knows. */
    readonly verbs?: Actuator['verbs']
  }
  readonly mode: Mode
  readonly pausedUntil?: number
  /** Name of a control of that kind. */
  readonly controller: string
  /** Of that control; what is missing has its default. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly limits: OwnLimits
}

/** Days on which chance decides between the chosen controls and the plain schedule. */
export type Experiment = {
  /** Local dates, the last one included. */
  readonly from: string
  readonly to: string
  readonly seed: number
}

export type HouseSetup = {
  readonly id: number
  readonly name: string
  readonly timezone: string
  readonly latitude?: number
  readonly longitude?: number
  readonly built?: number
  /** Heated floor, m². */
  readonly area?: number
  readonly prices?: PriceSettings
  /** Most power of all its heating, kW. */
  readonly cap?: number
  /** Most power of the heating of several houses together, this one among them, kW. */
  readonly sharedCap?: number
  /** Most power from the grid, kW. */
  readonly fuse?: number
  readonly battery?: {
    /** Usable, kWh. */
    readonly capacity: number
    /** kW, each way. */
    readonly power: number
    /** NOK/kWh, each way. */
    readonly wear?: number
  }
  /** What a kWh sold gives, NOK/kWh; spot without tax when absent. */
  readonly exportPrice?: number
  readonly experiment?: Experiment
  readonly rooms: readonly RoomSetup[]
  readonly loops: readonly LoopSetup[]
}

/** An hour or less of forecast; missing values are absent. */
export type Outlook = {
  readonly at: number
  /** °C, %, share of the sky 0 to 100, W/m² on level ground. */
  readonly temperature?: number
  readonly humidity?: number
  readonly cloud?: number
  readonly irradiance?: number
  /** W that the roof is to give. */
  readonly solarPower?: number
}

/** The newest word of an actuator about itself. */
export type Held = {
  readonly at: number
  /** In the words of commands: `temperature`, `on`, `fanLevel`, `power`, `chargeLimit`, `dischargeLimit`. */
  readonly set: Wanted
  /** Since when the set-point is what it is, as far as the readings reach back. */
  readonly since?: number
  /** W that it draws, where it says so. */
  readonly power?: number
  /** What it does, such as `heat`. */
  readonly mode?: string
}

/** What is known of a house at a moment; nothing that came later. */
export type HouseSeen = {
  /** By the room's id: readings of the last hours, by sensor in the order of the setup. */
  readonly rooms: Readonly<Record<number, readonly (readonly Reading[])[]>>
  /** By the loop's id. */
  readonly held: Readonly<Record<number, Held>>
  /** From eight days back to the last published. */
  readonly spot: readonly SpotEntry[]
  /** As the spot prices are tagged; stands in while nobody has said what the house pays. */
  readonly priceArea?: string
  /** From an hour back to as far as the forecast reaches, in order. */
  readonly weather: readonly Outlook[]
  /** What was forecast for the last four weeks, as it was made at the time. */
  readonly pastForecast?: readonly Outlook[]
  /** Measured outdoors, where something does, °C. */
  readonly outdoor: readonly Reading[]
  /** Power at the meter, W, newest last; below zero while it sells. */
  readonly power: readonly Reading[]
  /** What the meter drew since the month began, and of the last four weeks as far as it is known, in hours, kWh. */
  readonly use: readonly Use[]
  /** What the house used in the last four weeks, whoever gave it, in hours, kWh; absent where that is what its meter drew. */
  readonly load?: readonly Use[]
  /** ppm, ppb and % of the air indoors, the worst of what measures it. */
  readonly air?: { readonly co2?: Reading; readonly tvoc?: Reading; readonly humidity?: Reading }
  /** The newest plans of the houses with which it keeps a cap; nothing of one that has none. */
  readonly others?: readonly { readonly plan?: Plan }[]
  /** What came of each loop's newest command. */
  readonly commands?: readonly {
    readonly loop: number
    readonly at: number
    readonly state: string
    readonly reason?: string
    /** What it was to set, where it never arrived. */
    readonly lost?: string
  }[]
  /** %, W, W. */
  readonly battery?: { readonly charge: Reading; readonly load?: Reading; readonly sun?: Reading }
}

export const nothingSeen: HouseSeen = {
  rooms: {},
  held: {},
  spot: [],
  weather: [],
  outdoor: [],
  power: [],
  use: [],
}

/** Something a person should know of, for as long as it lasts. */
export type Notice = {
  readonly kind:
    | 'no-effect'
    | 'no-readings'
    | 'same-reading'
    | 'no-prices'
    | 'no-forecast'
    | 'no-plan'
    | 'command-failed'
    | 'unknown-actuator'
    | 'turn-failed'
    | 'clock-off'
  readonly loop?: number
  readonly room?: number
  readonly since: number
  /** One sentence: what happened, and who can mend it. */
  readonly sentence: string
}

export type LoopMemory = {
  /** What its control handed out, and which control that was. */
  readonly control?: unknown
  readonly by?: string
  /** Commands of the last day. */
  readonly moves: readonly Move[]
  /** The schedule left at the vendor for when nobody commands, and when. */
  readonly fallback?: { readonly at: number; readonly schedule: string }
}

export type RoomMemory = {
  readonly estimate?: Estimate
  /** Kelvin hours by which the room has been colder than wished for in its warm hours; forgotten over a day. */
  readonly owed?: number
  /** What its thermometer has shown without any change, °C, and since when, ms. */
  readonly same?: { readonly value: number; readonly since: number }
}

/** Everything a turn must know of the turns before it; plain JSON, small. */
export type HouseMemory = {
  readonly at?: number
  readonly loops: Readonly<Record<string, LoopMemory>>
  readonly rooms: Readonly<Record<string, RoomMemory>>
  /** The newest plan that holds. */
  readonly plan?: Plan
  readonly planMadeAt?: number
  /** What the plan rests on, in short: another one when the owner changed something. */
  readonly planFor?: string
  readonly planFailed?: FailedPlan
  readonly notices: readonly Notice[]
}

/** `why` is for people, without a full stop; `for` is as `planFor`. */
export type FailedPlan = { readonly at: number; readonly for: string; readonly why: string }

export const noMemory: HouseMemory = { loops: {}, rooms: {}, notices: [] }

/** A command as the store takes it. */
export type LoopCommand = {
  readonly loop: number
  readonly capability: CapabilityName
  readonly verb: string
  readonly arguments: Readonly<Record<string, unknown>>
}

export type LoopTurn = {
  readonly loop: number
  readonly verdict: Verdict
  readonly receipt: Receipt
  /** Of what goes out, one for each verb; empty when nothing does. */
  readonly commands: readonly LoopCommand[]
}

export type HouseTurn = {
  readonly now: number
  readonly loops: readonly LoopTurn[]
  readonly memory: HouseMemory
  /** The plan this turn made, when it was due. */
  readonly plan?: Plan
}
