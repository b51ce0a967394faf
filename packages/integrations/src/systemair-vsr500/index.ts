// Ventilation units behind Systemair's SAVE CONNECT cloud. Quirks of the interface: README.md beside this file.
import { percent } from '@nabolag/core'
import { defineIntegration, type Reading } from '../define.ts'
import { actuatorsOf, commands } from './commands.ts'
import {
  countOf,
  decodeItems,
  degreesOf,
  fanLevels,
  flagOf,
  type Item,
  isFahrenheit,
  modes,
  rawOf,
  type Signal,
  sortItems,
} from './items.ts'
import { Credentials, open, Session, sso } from './sign-in.ts'
import { nameOf, readAccount, Status, type Unit } from './units.ts'

export default defineIntegration({
  name: 'systemair-vsr500',
  label: 'Systemair ventilation (SAVE CONNECT)',
  vendor: 'systemair',
  group: 'ventilationControl',
  base: 'https://homesolutions.systemair.com',
  also: [sso],
  credentials: Credentials,
  account: ({ username }) => username.trim().toLowerCase(),
  status: Status,
  // Each question goes through to the unit.
  sampling: { every: '60 s', staleAfter: '10 min' },
  limits: { calls: { count: 150, per: '5 min' }, pause: '60 s' },
  settles: '15 s',

  signIn: { session: Session, open },
  fetch: readAccount,
  samples: ({ at, units }) => units.flatMap((unit) => readUnit(unit, at)),

  actuators: actuatorsOf,
  commands,
})

function readUnit(unit: Unit, time: string): Reading[] {
  const items = unit.items ? decodeItems(unit.items) : undefined
  if (items === undefined) return []
  const sorted = sortItems(items, unit.ids ?? {})
  const inFahrenheit = isFahrenheit(sorted)
  const degrees = (signal: Signal) => degreesOf(sorted.get(signal), inFahrenheit)
  const mode = rawOf(sorted.get('mode'))
  const fields = {
    extractAirSpeed: shareOf(sorted.get('extractOutput')),
    supplyAirFanSpeed: shareOf(sorted.get('supplyOutput')),
    extractAirTemperature: degrees('extract'),
    supplyAirTemperature: degrees('supply'),
    outdoorTemperature: degrees('outdoor'),
    temperatureSetpoint: degrees('setpoint'),
    humidity: shareOf(sorted.get('humidity')),
    supplyAirFanRotation: countOf(sorted.get('supplyRotation')),
    extractAirFanRotation: countOf(sorted.get('extractRotation')),
    // Zero is a unit without that sensor.
    co2: countOf(sorted.get('co2')) || undefined,
    mode: mode === undefined ? undefined : modes[mode],
    fanLevel: fanLevelOf(mode, rawOf(sorted.get('fanLevel'))),
    boostMinutes: boostOf(mode, countOf(sorted.get('remaining'))),
    filterDays: filterOf(sorted.get('filter')),
    alarm: alarmOf(unit, sorted),
  }
  return Object.values(fields).every((value) => value === undefined)
    ? []
    : [{ time, place: unit.identifier, location: nameOf(unit), fields }]
}

function shareOf(item: Item | undefined) {
  const raw = rawOf(item)
  if (raw === undefined) return undefined
  const value = raw / 10 ** (item?.decimals ?? 0)
  return value >= 0 && value <= 100 ? percent(value) : undefined
}

/** By hand in manual mode only; in any other the unit decides. */
const fanLevelOf = (mode: number | undefined, level: number | undefined): string | undefined => {
  if (mode === undefined || modes[mode] === undefined) return undefined
  if (modes[mode] !== 'manual') return 'auto'
  return level === undefined ? undefined : fanLevels[level]
}

function boostOf(mode: number | undefined, seconds: number | undefined): number | undefined {
  if (mode === undefined) return undefined
  if (modes[mode] !== 'refresh') return 0
  return seconds === undefined ? undefined : Math.round(seconds / 6) / 10
}

/** Seconds, unless the unit says hours (17) or days (18). */
function filterOf(item: Item | undefined): number | undefined {
  const left = countOf(item)
  if (left === undefined) return undefined
  const perDay = item?.unit === 18 ? 1 : item?.unit === 17 ? 24 : 86_400
  return Math.round((left / perDay) * 100) / 100
}

function alarmOf({ status }: Unit, sorted: ReadonlyMap<Signal, Item>): boolean | undefined {
  const known = (['alarmA', 'alarmB', 'alarmC'] as const)
    .map((signal) => flagOf(sorted.get(signal)))
    .filter((flag) => flag !== undefined)
  if (known.length > 0) return known.includes(true)
  return status?.hasAlarms ?? undefined
}
