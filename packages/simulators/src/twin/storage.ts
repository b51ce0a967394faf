/** Panels and battery of a twin, by the rule of the simulated world's inverter. */
import type { Held, HouseSeen, Outlook } from '@nabolag/control'
import {
  type Battery,
  chargeAfter,
  type Flows,
  flowsOf,
  type StorageSettings,
  usualSettings,
} from '../world/battery.ts'
import { type Roof, roofsPower } from '../world/solar.ts'
import type { Place } from '../world/weather.ts'
import type { Outside } from './surroundings.ts'

const minute = 60_000
/** What a roof does not ask of the weather. */
const still = { humidity: 80, cloud: 0, wind: 0, windFrom: 0, pressure: 1013, precipitation: 0 }

export type TwinStorage = {
  /** Lives through a minute; `load` of the house in W. */
  step(at: number, load: number, outside: Outside): Flows
  tell(at: number, change: Partial<StorageSettings>): void
  held(now: number): Held
  seen(now: number): NonNullable<HouseSeen['battery']>
  /** With what the roof is to give in such weather. */
  forecast(outlook: Outlook): Outlook
  readonly charge: () => number
  readonly settings: () => StorageSettings
}

export function makeTwinStorage(
  place: Place,
  roofs: readonly Roof[],
  battery: Battery | undefined,
  start: number,
): TwinStorage {
  let settings = usualSettings
  let since = start
  let charge = 50
  let solar = 0
  let flows: Flows = { load: 0, solar: 0, battery: 0, grid: 0 }
  const sunOn = (at: number, { temperature, irradiance }: Pick<Outside, 'temperature' | 'irradiance'>) =>
    irradiance > 0 ? roofsPower(roofs, place, at, { ...still, temperature, irradiance }) : 0
  return {
    forecast: (outlook) => {
      const { at, temperature = 0, irradiance = 0 } = outlook
      return { ...outlook, solarPower: Math.round(sunOn(at, { temperature, irradiance })) }
    },
    charge: () => charge,
    settings: () => settings,
    tell(at, change) {
      settings = { ...settings, ...change }
      since = at
    },
    step(at, load, outside) {
      // The sun moves slowly, and its way is dear to reckon.
      if (Math.floor(at / minute) % 5 === 0 || at - start < 5 * minute) solar = sunOn(at, outside)
      flows = flowsOf(battery, settings, charge, load, solar)
      if (battery) charge = chargeAfter(battery, charge, flows.battery, 1 / 60)
      return flows
    },
    held: (now) => ({
      at: now - (now % minute) - minute,
      set: {
        power: settings.gridSetpoint,
        chargeLimit: settings.chargeLimit,
        dischargeLimit: settings.dischargeLimit,
      },
      since,
    }),
    seen: (now) => {
      const at = now - (now % minute) - minute
      const of = (value: number) => ({ at, value: Math.round(value) })
      return { charge: { at, value: Math.round(charge * 10) / 10 }, load: of(flows.load), sun: of(flows.solar) }
    },
  }
}
