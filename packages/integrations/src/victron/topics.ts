/** What is read of a GX device, by topic, and where its broker is. */
import { Type } from 'typebox'
import { Maybe } from '../schema.ts'

const phases = ['L1', 'L2', 'L3'] as const
const summed = ['Grid', 'Consumption', 'PvOnGrid', 'PvOnOutput', 'PvOnGenset'] as const
export type Summed = (typeof summed)[number]

const phaseOf = <S extends Summed, P extends (typeof phases)[number]>(of: S, phase: P) =>
  `system/0/Ac/${of}/${phase}/Power` as const
const phaseCount = <S extends Summed>(of: S) => `system/0/Ac/${of}/NumberOfPhases` as const

/** What can be set, with `W` instead of `N`. Limits in W have −1 for none. */
export const settings = {
  gridSetpoint: 'settings/0/Settings/CGwacs/AcPowerSetPoint',
  chargeLimit: 'settings/0/Settings/CGwacs/MaxChargePower',
  dischargeLimit: 'settings/0/Settings/CGwacs/MaxDischargePower',
  minimumCharge: 'settings/0/Settings/CGwacs/BatteryLife/MinimumSocLimit',
} as const
export type Setting = keyof typeof settings

const battery = {
  charge: 'system/0/Dc/Battery/Soc',
  power: 'system/0/Dc/Battery/Power',
  voltage: 'system/0/Dc/Battery/Voltage',
  current: 'system/0/Dc/Battery/Current',
  temperature: 'system/0/Dc/Battery/Temperature',
} as const
export const singles = { ...battery, chargers: 'system/0/Dc/Pv/Power', hub: 'system/0/Hub' } as const
export const systemType = 'system/0/SystemType'

type SummedPath = ReturnType<typeof phaseOf> | ReturnType<typeof phaseCount>
type NumberPath = (typeof singles)[keyof typeof singles] | (typeof settings)[Setting] | SummedPath

const numberPaths: readonly NumberPath[] = [
  ...Object.values(singles),
  ...summed.flatMap((of) => [phaseCount(of), ...phases.map((phase) => phaseOf(of, phase))]),
  ...Object.values(settings),
]
/** Beyond it a number is no measurement. */
export const mostValue = 1e9

const paths = new Set<string>([...numberPaths, systemType])

/** By path, as last heard: `null` is not there just now, absent was never heard of. */
export type Values = { readonly [P in NumberPath]?: number | null } & { readonly [systemType]?: string | null }
export const Values = Type.Unsafe<Values>(
  Type.Object({
    ...Object.fromEntries(
      numberPaths.map((path) => [path, Maybe(Type.Number({ minimum: -mostValue, maximum: mostValue }))]),
    ),
    [systemType]: Maybe(Type.String()),
  }),
)
export type Path = NumberPath | typeof systemType
export const isPath = (path: string): path is Path => paths.has(path)

/** Subscribed to below `N/<portal id>/`, besides the two signs of life. */
export const subscribed: readonly string[] = [
  ...Object.values(battery).map((path) => path),
  singles.chargers,
  singles.hub,
  systemType,
  ...summed.flatMap((of) => [`system/0/Ac/${of}/+/Power`, phaseCount(of)]),
  ...Object.values(settings),
]
export const heartbeat = 'heartbeat'
export const completed = 'full_publish_completed'

/**
 * The sum over the phases, W; `undefined` when none is there, and as long as one of those that the system counts has
 * not been heard of: a part is not the sum.
 */
export function sumOf(values: Values, of: Summed): number | undefined {
  const powers = phases.map((phase) => values[phaseOf(of, phase)])
  const count = values[phaseCount(of)] ?? 0
  if (powers.slice(0, count).includes(undefined)) return undefined
  const there = powers.filter((power) => typeof power === 'number')
  return there.length === 0 ? undefined : there.reduce((sum, power) => sum + power, 0)
}

/** Whether a total of this kind is still being heard: some phases came, and others that must are missing. */
export const isHalfHeard = (values: Values, of: Summed): boolean =>
  phases.slice(0, values[phaseCount(of)] ?? 0).some((phase) => values[phaseOf(of, phase)] === undefined)

/** The portal id as it stands in topics. */
export const portalOf = (typed: string): string => typed.trim().toLowerCase()

/** The broker of a portal id: Victron spreads its sites over 128 by the sum of the characters. */
export function brokerOf(portal: string): string {
  const sum = [...portalOf(portal)].reduce((all, character) => all + character.charCodeAt(0), 0)
  return `mqtts://mqtt${sum % 128}.victronenergy.com:8883`
}
