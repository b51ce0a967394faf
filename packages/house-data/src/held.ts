/** What an actuator says it is set to, in the words of commands. */
import type { Held, LoopSetup, Wanted } from '@nabolag/control'
import { type CapabilityName, microsFromMillis } from '@nabolag/core'
import type { Points, PointsPart } from '@nabolag/timeseries'

type Words = {
  readonly group: string
  /** From the fields of the readings to the words of commands; the first is the set-point. */
  readonly set: Readonly<Record<string, string>>
  readonly power?: string
  readonly mode?: string
  /** How far back its readings say how long it has been so, h; batteries speak every few seconds. */
  readonly hours: number
}

const words = {
  thermostat: {
    group: 'heatPumpController',
    set: { targetTemperature: 'temperature', on: 'on', fanLevel: 'fanLevel' },
    ...{ power: 'power', mode: 'mode', hours: 3 },
  },
  heater: {
    group: 'heater',
    set: { targetTemperature: 'temperature', on: 'on' },
    ...{ power: 'power', hours: 3 },
  },
  ventilation: {
    group: 'ventilationControl',
    set: { fanLevel: 'fanLevel', temperatureSetpoint: 'temperature' },
    ...{ mode: 'mode', hours: 3 },
  },
  battery: {
    group: 'solarBatterySystem',
    set: { gridSetpoint: 'power', chargeLimit: 'chargeLimit', dischargeLimit: 'dischargeLimit' },
    hours: 0.5,
  },
} as const satisfies Readonly<Record<CapabilityName, Words>>

const wordsOf = ({ actuator }: LoopSetup): Words => words[actuator.capability]
const hour = 3_600_000
/** A field that has been silent for longer than the others says nothing of now, ms. */
const silent = 1_800_000

/** Up to `to`, ms. */
export function heldPart(loop: LoopSetup, to: number): PointsPart {
  const { group, set, power, mode, hours } = wordsOf(loop)
  const { device, count, location } = loop.actuator
  return {
    ...{ group, device, count },
    ...(location !== '' && { location }),
    fields: [...Object.keys(set), ...(power ? [power] : []), ...(mode ? [mode] : [])],
    ...{ from: microsFromMillis(to - hours * hour), to: microsFromMillis(to) },
  }
}

/** `undefined` while the actuator has said nothing. */
export function heldOf(loop: LoopSetup, points: readonly Points[]): Held | undefined {
  const { group, set, power, mode } = wordsOf(loop)
  const own = placed(points, group, loop.actuator)
  const at = Math.max(...own.flatMap(({ times }) => times.at(-1) ?? []))
  if (!Number.isFinite(at)) return undefined
  const series = (field: string | undefined) =>
    own.find((one) => one.field === field && at - (one.times.at(-1) ?? 0) <= silent)
  const now = Object.entries(set).flatMap(([field, word]): [string, Wanted[string]][] => {
    const value = series(field)?.values.at(-1)
    return value === undefined ? [] : [[word, value]]
  })
  const since = sinceOf(series(Object.keys(set)[0]))
  const draws = series(power)?.values.at(-1)
  const does = series(mode)?.values.at(-1)
  return {
    at,
    set: Object.fromEntries(now),
    ...(since !== undefined && { since }),
    ...(typeof draws === 'number' && { power: draws }),
    ...(typeof does === 'string' && { mode: does }),
  }
}

/** Of a place: where none is named, of the one there is. */
export function placed(
  points: readonly Points[],
  group: string,
  place: { readonly device: string; readonly count: number; readonly location: string },
): Points[] {
  const own = points.filter((one) => one.group === group && one.device === place.device && one.count === place.count)
  const exact = own.filter(({ location }) => location === place.location)
  if (exact.length > 0 || place.location !== '') return exact
  const only = own[0]?.location
  return own.every(({ location }) => location === only) ? own : []
}

/** The first reading from which on it has been what it is. */
function sinceOf(series: Points | undefined): number | undefined {
  const last = series?.values.at(-1)
  if (!series || last === undefined) return undefined
  const other = series.values.findLastIndex((value) => value !== last)
  return series.times[other + 1]
}
