/** A simulated GX device: its topics, out of a house's panels and battery, and what may be written to them. */
import type { Flows, StorageSettings } from './world/battery.ts'
import type { LivingHouse } from './world/house.ts'
import { clamp, random, round, smooth } from './world/noise.ts'

/** Where a site's power goes: a living house, or a made-up one for the bench. */
export type Home = {
  flowsAt(ms: number): Flows & { readonly charge: number }
  storageAt(ms: number): StorageSettings
  setStorage(ms: number, change: Partial<StorageSettings>): void
  /** Of the panels' power, what comes over an inverter of its own; the rest goes straight into the battery's wires. */
  readonly acShare: number
}

export type Site = {
  readonly portal: string
  /** Payload by path, at a time; an empty one belongs to a device that has gone. */
  payloadsAt(ms: number): Map<string, string>
  /** Whether the path is a setting and the value within its bounds; otherwise nothing happens, as on the device. */
  write(ms: number, path: string, value: unknown): boolean
}

type Value = number | string | null
const cgwacs = 'settings/0/Settings/CGwacs'

/** The settings with their bounds; 0 and 0 is the device's way to say that there are none. */
const settings: Readonly<Record<string, { of: keyof StorageSettings; min: number; max: number }>> = {
  [`${cgwacs}/AcPowerSetPoint`]: { of: 'gridSetpoint', min: 0, max: 0 },
  [`${cgwacs}/MaxChargePower`]: { of: 'chargeLimit', min: 0, max: 0 },
  [`${cgwacs}/MaxDischargePower`]: { of: 'dischargeLimit', min: 0, max: 0 },
  [`${cgwacs}/BatteryLife/MinimumSocLimit`]: { of: 'minimumCharge', min: 0, max: 100 },
}
const fixed: Readonly<Record<string, Value>> = {
  'system/0/SystemType': 'ESS',
  'system/0/Hub': 4,
  'system/0/Ac/ActiveIn/Source': 1,
  'system/0/Ac/Grid/NumberOfPhases': 3,
  'system/0/Ac/Consumption/NumberOfPhases': 3,
  'system/0/Ac/ConsumptionOnOutput/NumberOfPhases': 1,
  'system/0/Ac/ConsumptionOnOutput/L2/Power': null,
  'system/0/Ac/ConsumptionOnOutput/L3/Power': null,
  'system/0/Ac/PvOnOutput/NumberOfPhases': null,
  'system/0/Ac/PvOnOutput/L1/Power': null,
  'system/0/Ac/PvOnOutput/L2/Power': null,
  'system/0/Ac/PvOnOutput/L3/Power': null,
  'system/0/Ac/PvOnGenset/L1/Power': null,
  'system/0/Ac/Genset/NumberOfPhases': null,
  'system/0/Ac/Genset/L1/Power': null,
  'system/0/Dc/System/Power': null,
  'system/0/SystemState/State': 252,
  [`${cgwacs}/BatteryLife/State`]: 10,
  [`${cgwacs}/Hub4Mode`]: 1,
  [`${cgwacs}/MaxFeedInPower`]: -1,
  'settings/0/Settings/SystemSetup/MaxChargeCurrent': -1,
  'platform/0/ProductId': 49409,
  'vebus/276/ProductId': 9796,
  'vebus/276/DeviceInstance': 276,
  'vebus/276/Mode': 3,
  'battery/512/ProductId': 45065,
  'battery/512/DeviceInstance': 512,
}
const inverter = (power: number): Record<string, Value> => ({
  'pvinverter/20/Ac/Power': power,
  'pvinverter/20/Ac/L2/Power': power,
  'pvinverter/20/DeviceInstance': 20,
  'pvinverter/20/ProductId': 65535,
  'pvinverter/20/Position': 0,
})
const gone = Object.keys(inverter(0))

/** A simulated house with panels and a battery. */
export function homeOf({ house, flowsAt, storageAt, setStorage }: LivingHouse): Home {
  const roofs = house.roofs ?? []
  const peak = roofs.reduce((sum, roof) => sum + roof.peak, 0)
  return {
    acShare: peak === 0 ? 1 : roofs[0]!.peak / peak,
    flowsAt: (ms) => flowsAt(ms)!,
    storageAt: (ms) => storageAt(ms)!,
    setStorage,
  }
}

/** What the device measures, as it writes it: whole W, V, A, °C, %. Of the panels `dc` comes straight into its wires. */
export function measuresOf(home: Home, ms: number) {
  const { load, solar, battery, grid, charge } = home.flowsAt(ms)
  const ac = round(solar * home.acShare, 0)
  const voltage = round(49.2 + 0.045 * charge + battery / 9000, 2)
  return {
    load: round(load, 0),
    ac,
    dc: round(solar - ac, 0),
    battery: round(battery, 0),
    grid: round(grid, 0),
    charge: round(charge, 1),
    voltage,
    current: round(battery / voltage, 1),
    temperature: round(21 + 2 * smooth(91, ms / 9_000_000) + battery / 3000, 1),
  }
}

export const makeSite = (portal: string, home: Home): Site => ({
  portal,
  payloadsAt: (ms) => {
    const { load, ac, dc, battery, grid, charge, voltage, current: flow, temperature } = measuresOf(home, ms)
    const current: Record<string, Value> = {
      ...phasesOf('Grid', grid, [0.45, 0.33]),
      ...phasesOf('Consumption', load, [0.38, 0.36]),
      ...phasesOf('ConsumptionOnInput', Math.round(load * 0.85), [0.3, 0.42]),
      'system/0/Ac/ConsumptionOnOutput/L1/Power': Math.round(load * 0.15),
      'system/0/Ac/PvOnGrid/NumberOfPhases': ac > 0 ? 1 : null,
      'system/0/Ac/PvOnGrid/L1/Power': null,
      'system/0/Ac/PvOnGrid/L2/Power': ac > 0 ? ac : null,
      'system/0/Ac/PvOnGrid/L3/Power': null,
      'system/0/Dc/Pv/Power': home.acShare === 1 ? null : dc,
      'system/0/Dc/Battery/Soc': charge,
      'system/0/Dc/Battery/Power': battery,
      'system/0/Dc/Battery/Voltage': voltage,
      'system/0/Dc/Battery/Current': flow,
      'system/0/Dc/Battery/Temperature': temperature,
      'system/0/Dc/Battery/State': battery > 20 ? 1 : battery < -20 ? 2 : 0,
      'battery/512/Soc': charge,
      'hub4/0/AcPowerSetpoint': home.storageAt(ms).gridSetpoint,
      'system/0/Serial': portal,
    }
    const payloads = new Map<string, string>()
    for (const [path, value] of Object.entries({ ...fixed, ...current, ...(ac > 0 ? inverter(ac) : {}) }))
      payloads.set(path, JSON.stringify({ value }))
    if (ac <= 0) for (const path of gone) payloads.set(path, '')
    const now = home.storageAt(ms)
    for (const [path, { of, min, max }] of Object.entries(settings))
      payloads.set(path, JSON.stringify({ max, min, value: now[of] }))
    return payloads
  },
  write: (ms, path, value) => {
    const setting = path === 'hub4/0/AcPowerSetpoint' ? settings[`${cgwacs}/AcPowerSetPoint`] : settings[path]
    if (!setting || typeof value !== 'number') return false
    if (setting.min < setting.max && (value < setting.min || value > setting.max)) return false
    home.setStorage(ms, { [setting.of]: value })
    return true
  },
})

function phasesOf(of: string, total: number, [first, second]: readonly [number, number]): Record<string, Value> {
  const powers = [Math.round(total * first), Math.round(total * second)]
  powers.push(total - powers[0]! - powers[1]!)
  return Object.fromEntries(powers.map((power, nth) => [`system/0/Ac/${of}/L${nth + 1}/Power`, power]))
}

/** A site of the density bench: costs nothing but the answer. */
export function benchHome(seed: number): Home {
  let set: StorageSettings = { gridSetpoint: 0, chargeLimit: -1, dischargeLimit: -1, minimumCharge: 10 }
  return {
    acShare: 0.6,
    storageAt: () => set,
    setStorage: (_, change) => {
      set = { ...set, ...change }
    },
    flowsAt: (ms) => {
      const load = 700 + 400 * random(seed, Math.floor(ms / 2000))
      const solar = 900 + 500 * smooth(seed, ms / 600_000)
      const battery = clamp(set.gridSetpoint - load + solar, -3000, 3000)
      return { load, solar, battery, grid: load - solar + battery, charge: 60 + 30 * smooth(seed + 1, ms / 9_000_000) }
    },
  }
}
