/** What a twin is made from, and what it can do. */
import type { Happened, HouseSeen, HouseSetup, LoopCommand, Source, SpotEntry } from '@nabolag/control'
import type { HeatPump, HouseParameters } from '@nabolag/control/thermal/index'
import type { Battery, StorageSettings } from '../world/battery.ts'
import type { Roof } from '../world/solar.ts'
import type { VentilationMachine } from './fresh-air.ts'
import type { Manners } from './heating-unit.ts'
import type { OutsideAt } from './surroundings.ts'
import type { SensorManners } from './thermometer.ts'

/** What a room really is, where that differs from what its setup says. */
export type TrueRoom = {
  readonly model?: HouseParameters
  readonly pump?: Partial<HeatPump> & { readonly power?: number }
  /** kW. */
  readonly resistance?: number
  readonly manners?: Partial<Manners>
  readonly sensor?: Partial<SensorManners>
  /** A wood stove that is lit on many evenings of the cold months, kW at its best. */
  readonly stove?: number
  /** A window that somebody leaves open: how much heat goes out (kW/K), for how long, and how often a day. */
  readonly window?: { readonly loss: number; readonly minutes: number; readonly perDay: number }
}

export type TwinGiven = {
  readonly setup: HouseSetup
  /** ms since 1970, UTC; whole minutes. */
  readonly start: number
  readonly seed?: number
  readonly outside: OutsideAt
  /** In order, from before `start` on; NOK/kWh without VAT. */
  readonly spot: readonly SpotEntry[]
  /** By the room's id. */
  readonly rooms?: Readonly<Record<number, TrueRoom>>
  /** K that a forecast is off after one hour; 0.28 when absent. */
  readonly forecastError?: number
  /** h; 60 when absent. */
  readonly forecastAhead?: number
  /** Who lives there; 2 when absent. */
  readonly people?: number
  /** Whether a thermometer hangs outdoors. */
  readonly outdoorSensor?: boolean
  readonly roofs?: readonly Roof[]
  /** As the setup says when absent; only where it has a battery. */
  readonly battery?: Partial<Battery>
  /** Usual for the floor when absent; only where the setup has a ventilation loop. */
  readonly ventilation?: Partial<VentilationMachine>
}

export type TwinTruth = {
  readonly at: number
  /** °C, °C, kW to the room, kW of electricity; by the room's id. */
  readonly rooms: Readonly<
    Record<
      number,
      { readonly air: number; readonly structure: number; readonly heat: number; readonly electric: number }
    >
  >
  readonly outdoor: number
  /** kW. */
  readonly grid: number
  readonly load: number
  readonly solar: number
  readonly co2?: number
  /** %. */
  readonly charge?: number
  readonly storage?: StorageSettings
}

export type Twin = Omit<Source, 'seen' | 'pass' | 'spot'> & {
  /** Lives on, and tells what happened. */
  step(minutes: number): Happened
  /** @returns false when it was lost on its way, or there is no such loop or verb */
  command(
    loop: number,
    capability: LoopCommand['capability'],
    verb: string,
    args: Readonly<Record<string, unknown>>,
  ): boolean
  seen(now: number, setup?: HouseSetup): HouseSeen
  pass(from: number, to: number): Happened
  spot(from: number, to: number): readonly SpotEntry[]
  truth(): TwinTruth
}
