/** What a pod's remote control knows: the bounds of every command. */
import { type Bound, capabilities, celsius, fahrenheit } from '@nabolag/core'
import { Type } from 'typebox'
import { Check } from 'typebox/value'
import type { FoundActuator } from '../define.ts'
import { Maybe } from '../schema.ts'
import { isHeatPump, locationOf, type Pod } from './pods.ts'

const List = Type.Object({ isNative: Maybe(Type.Boolean()), values: Maybe(Type.Array(Type.Number())) })
const Mode = Type.Object({
  temperatures: Maybe(Type.Object({ C: Maybe(List), F: Maybe(List) })),
  fanLevels: Maybe(Type.Array(Type.String())),
})

export type Degrees = { readonly unit: 'C' | 'F'; readonly values: readonly number[] }
export type RemoteMode = {
  /** In the vendor's letters. */
  readonly word: string
  /** The settings it knows, in the unit of the heat pump itself; none where a temperature has no meaning. */
  readonly degrees: Degrees | undefined
  readonly fanLevels: readonly string[]
}

/** The modes of the remote. One whose description is not what it was is left out: it cannot be commanded, only logged. */
export function modesOf({ remoteCapabilities, acState, temperatureUnit }: Pod): RemoteMode[] {
  return Object.entries(remoteCapabilities?.modes ?? {}).flatMap(([word, described]) => {
    if (!Check(Mode, described)) return []
    const { C, F } = described.temperatures ?? {}
    const usual = acState?.temperatureUnit ?? temperatureUnit
    const unit = C?.isNative ? 'C' : F?.isNative ? 'F' : usual === 'F' && F?.values?.length ? 'F' : 'C'
    const values = (unit === 'C' ? C : F)?.values ?? []
    return [{ word, degrees: values.length > 0 ? { unit, values } : undefined, fanLevels: described.fanLevels ?? [] }]
  })
}

export const isSame = (one: string | null | undefined, other: string) => one?.toLowerCase() === other.toLowerCase()

export const presentMode = (pod: Pod): RemoteMode | undefined =>
  modesOf(pod).find(({ word }) => isSame(pod.acState?.mode, word))

/** In °C, to a tenth: what people read and write. */
export const inCelsius = (value: number, unit: 'C' | 'F'): number =>
  Math.round(10 * (unit === 'F' ? fahrenheit(value) : celsius(value))) / 10

/** The setting nearest to a temperature in °C. */
export const nearestTo = ({ unit, values }: Degrees, temperature: number): number =>
  values.reduce((best, value) =>
    Math.abs(inCelsius(value, unit) - temperature) < Math.abs(inCelsius(best, unit) - temperature) ? value : best,
  )

const ourModes: readonly string[] = capabilities.thermostat.verbs.setMode.arguments.properties.mode.enum

/** A heat pump as it can be commanded now: temperatures and fan levels are those of its present mode. */
export function actuatorOf(pod: Pod): FoundActuator[] {
  const modes = modesOf(pod)
  if (!isHeatPump(pod) || modes.length === 0) return []
  const { degrees, fanLevels = [] } = presentMode(pod) ?? {}
  const values = degrees?.values
    .map((value) => inCelsius(value, degrees.unit))
    .filter((value) => value >= 5 && value <= 35)
  const words = modes.map(({ word }) => word.toLowerCase()).filter((word) => ourModes.includes(word))
  const verbs: Record<string, Readonly<Record<string, Bound>>> = {
    setOn: { on: {} },
    setMode: { mode: { values: words } },
  }
  if (values && values.length > 0) verbs.setTargetTemperature = { temperature: { values } }
  if (fanLevels.length > 0) verbs.setFanLevel = { fanLevel: { values: fanLevels } }
  if (modes.some(({ word, degrees }) => isSame(word, 'heat') && degrees)) verbs.setFallback = {}
  return [{ place: pod.id, location: locationOf(pod), capability: 'thermostat', verbs }]
}
