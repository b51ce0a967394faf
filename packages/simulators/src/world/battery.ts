/** A battery behind the house's meter, and the rule by which its inverter runs it. */
import { clamp } from './noise.ts'
import { type Roof, roofsPower } from './solar.ts'
import type { Place, Weather } from './weather.ts'

export type Battery = {
  /** kWh */ readonly capacity: number
  /** Most it charges and gives, W. */ readonly power: number
  /** Share of the energy that comes through on the way in, and out. */
  readonly efficiency: number
}

/** What somebody has set. W, −1 for no limit; %. */
export type StorageSettings = {
  /** Wanted at the grid connection; positive draws. */
  readonly gridSetpoint: number
  readonly chargeLimit: number
  readonly dischargeLimit: number
  readonly minimumCharge: number
}

/** W. `grid` is `load` less `solar` plus `battery`; positive draws, and charges. */
export type Flows = {
  readonly load: number
  readonly solar: number
  readonly battery: number
  readonly grid: number
}

export const usualSettings: StorageSettings = {
  gridSetpoint: 50,
  chargeLimit: -1,
  dischargeLimit: -1,
  minimumCharge: 10,
}

/** How the power goes just now, with the battery charged to so many percent. */
export function flowsOf(
  battery: Battery | undefined,
  settings: StorageSettings,
  charge: number,
  load: number,
  solar: number,
): Flows {
  const wanted = battery ? settings.gridSetpoint - load + solar : 0
  const most = (limit: number) => Math.min(battery?.power ?? 0, limit < 0 ? Number.POSITIVE_INFINITY : limit)
  // The last percents go in ever slower, as in the real thing.
  const room = charge >= 100 ? 0 : charge > 95 ? 0.2 + (100 - charge) * 0.16 : 1
  const low = charge <= settings.minimumCharge ? 0 : -most(settings.dischargeLimit)
  const power = clamp(wanted, low, most(settings.chargeLimit) * room)
  return { load, solar, battery: power + 0, grid: load - solar + power }
}

/** % after so much power (W, positive charges) for so many hours. */
export function chargeAfter({ capacity, efficiency }: Battery, charge: number, power: number, hours: number): number {
  const stored = power > 0 ? power * efficiency : power / efficiency
  return clamp(charge + (100 * stored * hours) / 1000 / capacity, 0, 100)
}

/** What a storage remembers of each minute since the world began. */
export type Storage = {
  /** Lives through the next minute, and gives the mean power at the meter, W; negative is delivered. */
  step(ms: number, load: number, weather: Weather): number
  /** In a minute that has been lived through; `jitter` scales the load. */
  flowsIn(minute: number, ms: number, jitter: number): Flows & { readonly charge: number }
  settingsAt(ms: number): StorageSettings
  set(ms: number, change: Partial<StorageSettings>): void
}

/** Panels with or without a battery; the battery begins half full. */
export function makeStorage(place: Place, roofs: readonly Roof[], battery: Battery | undefined): Storage {
  const loads: number[] = []
  const solars: number[] = []
  const charges: number[] = [50]
  const changes: { readonly at: number; readonly settings: StorageSettings }[] = []
  const settingsAt = (ms: number) => changes.findLast(({ at }) => at <= ms)?.settings ?? usualSettings
  return {
    settingsAt,
    set: (ms, change) => {
      changes.push({ at: ms, settings: { ...settingsAt(ms), ...change } })
    },
    step: (ms, load, weather) => {
      const charge = charges.at(-1)!
      const solar = roofsPower(roofs, place, ms, weather)
      const flows = flowsOf(battery, settingsAt(ms), charge, load, solar)
      loads.push(load)
      solars.push(solar)
      charges.push(battery ? chargeAfter(battery, charge, flows.battery, 1 / 60) : charge)
      return flows.grid
    },
    flowsIn: (minute, ms, jitter) => {
      const charge = charges[minute]!
      return { ...flowsOf(battery, settingsAt(ms), charge, loads[minute]! * jitter, solars[minute]!), charge }
    },
  }
}
