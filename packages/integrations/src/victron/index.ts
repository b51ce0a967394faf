// Solar panels and batteries behind a Victron GX device, over VRM's brokers. Quirks: README.md beside this file.
import { type Bound, celsius, percent, W } from '@nabolag/core'
import { Type } from 'typebox'
import { defineIntegration } from '../define.ts'
import { listen } from './listen.ts'
import { isHalfHeard, portalOf, type Setting, settings, singles, sumOf, Values } from './topics.ts'
import { isStorage, write } from './write.ts'

const Credentials = Type.Object({
  'portal-id': Type.String({
    title: 'VRM portal ID',
    description: 'Twelve digits and letters, in the GX device under Settings, VRM online portal',
    pattern: '^\\s*[A-Za-z0-9_-]{1,40}\\s*$',
  }),
  email: Type.String({ title: 'E-mail', description: 'Of your VRM account', minLength: 3, maxLength: 254 }),
  'access-token': Type.String({
    title: 'Access token',
    description: 'From vrm.victronenergy.com, Preferences, Integrations, Access tokens',
    secret: true,
    minLength: 1,
  }),
})

const Status = Type.Object({
  /** When it was heard: the values have no time of their own. */
  at: Type.String(),
  values: Values,
  limits: Type.Optional(Type.Record(Type.String(), Type.Object({ min: Type.Number(), max: Type.Number() }))),
})

export default defineIntegration({
  name: 'victron',
  label: 'Victron solar and battery system',
  vendor: 'victron',
  group: 'solarBatterySystem',
  // One of 128 brokers, by the portal id.
  base: 'mqtts://mqtt.victronenergy.com:8883',
  credentials: Credentials,
  account: (credentials) => portalOf(credentials['portal-id']),
  status: Status,
  // Every second something changes, and every 3 s comes a heartbeat; a whole minute without is a site that sleeps.
  sampling: { every: '5 s', staleAfter: '60 s' },
  // A command is a connection of its own.
  limits: { calls: { count: 30, per: '5 min' }, pause: '5 min', reconnect: ['10 s', '30 s'] },
  several: true,
  listen,

  samples: ({ at, values }) => {
    const settable = isStorage(values)
    const fields = {
      batteryCharge: known(values[singles.charge], percent),
      batteryPower: known(values[singles.power], W),
      gridPower: known(sumOf(values, 'Grid'), W),
      powerConsumption: known(sumOf(values, 'Consumption'), W),
      solarPower: solarPowerOf(values),
      batteryVoltage: known(values[singles.voltage]),
      batteryCurrent: known(values[singles.current]),
      batteryTemperature: known(values[singles.temperature], celsius),
      gridSetpoint: settable ? known(values[settings.gridSetpoint], W) : undefined,
      chargeLimit: settable ? limitOf(values[settings.chargeLimit]) : undefined,
      dischargeLimit: settable ? limitOf(values[settings.dischargeLimit]) : undefined,
      minimumCharge: settable ? known(values[settings.minimumCharge], percent) : undefined,
    }
    return Object.values(fields).every((value) => value === undefined) ? [] : [{ time: at, fields }]
  },

  actuators: ({ values, limits = {} }) => {
    if (!isStorage(values)) return []
    const bound = (setting: Setting, own: Bound = {}): Bound => {
      const said = limits[settings[setting]]
      return said ? { ...own, minimum: Math.max(said.min, own.minimum ?? said.min), maximum: said.max } : own
    }
    const verbs = {
      setGridSetpoint: { power: bound('gridSetpoint') },
      setChargeLimit: { power: bound('chargeLimit', { minimum: 0 }) },
      setDischargeLimit: { power: bound('dischargeLimit', { minimum: 0 }) },
      setMinimumCharge: { charge: bound('minimumCharge', { minimum: 0, maximum: 100, step: 5 }) },
    }
    return [{ capability: 'battery', verbs }]
  },

  commands: {
    battery: {
      setGridSetpoint: (given, { power }) => write(given, 'gridSetpoint', Math.round(power)),
      setChargeLimit: (given, { power }) => write(given, 'chargeLimit', Math.round(power)),
      setDischargeLimit: (given, { power }) => write(given, 'dischargeLimit', Math.round(power)),
      setMinimumCharge: (given, { charge }) => write(given, 'minimumCharge', charge),
    },
  },
})

const roofs = ['PvOnGrid', 'PvOnOutput', 'PvOnGenset'] as const

/** All panels, however they are connected. A sleeping inverter draws a few watts; that is not what panels give. */
function solarPowerOf(values: Values): number | undefined {
  if (roofs.some((of) => isHalfHeard(values, of))) return undefined
  const parts = [values[singles.chargers], ...roofs.map((of) => sumOf(values, of))]
  const there = parts.filter((power) => typeof power === 'number')
  return there.length === 0
    ? undefined
    : W(
        Math.max(
          0,
          there.reduce((sum, power) => sum + power, 0),
        ),
      )
}

/** −1 is no limit. */
const limitOf = (value: number | null | undefined) => (typeof value === 'number' && value >= 0 ? W(value) : undefined)

const known = (value: number | null | undefined, unit: (value: number) => number = Number): number | undefined =>
  value === null || value === undefined ? undefined : unit(value)
