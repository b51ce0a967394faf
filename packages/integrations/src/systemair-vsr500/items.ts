/** Data items of a SAVE unit: which ones are read, and how a raw value becomes a quantity. */
import { celsius, fahrenheit } from '@nabolag/core'
import { type Static, Type } from 'typebox'
import { Check } from 'typebox/value'
import { Maybe, Nullable } from '../schema.ts'

/** What describes a value is looked at with care, so that another main board's ways do not cost the value. */
const Loose = Type.Optional(Type.Unknown())

const Conditional = Type.Object({
  conditions: Maybe(
    Type.Array(Type.Object({ dataItemId: Loose, values: Maybe(Type.Array(Type.Unknown(), { maxItems: 100 })) })),
  ),
  properties: Maybe(Type.Object({ unit: Loose, min: Loose, max: Loose })),
})

export const Item = Type.Object({
  id: Maybe(Type.Union([Type.Number(), Type.String()])),
  /** A number, a truth value, or a text that holds one. */
  value: Maybe(Type.Union([Type.Number(), Type.Boolean(), Type.String()])),
  decimals: Maybe(Type.Number()),
  unit: Maybe(Type.Number()),
  min: Loose,
  max: Loose,
  options: Maybe(Type.Array(Type.Object({ value: Loose }))),
  conditionalProperties: Maybe(Type.Array(Conditional)),
  extension: Maybe(Type.Object({ modbusRegister: Maybe(Type.Number()) })),
})
export type Item = Static<typeof Item>

/** An answer's items as they came: a list, or a text that holds one. */
export const Items = Type.Union([Type.Array(Nullable(Item)), Type.String()])

/**
 * What is read and written: the cloud's id as two projects know it, and the register as Systemair prints it (from one),
 * by which a unit's own id is found.
 */
export const signals = {
  temperatureUnit: { id: 28, register: 9003 },
  mode: { id: 29, register: 1165 },
  setpoint: { id: 32, register: 2001 },
  fanLevel: { id: 38, register: 1131 },
  outdoor: { id: 54, register: 12102 },
  supply: { id: 53, register: 12103 },
  extract: { id: 89, register: 12544 },
  humidity: { id: 78, register: 12136 },
  co2: { id: 77, register: 12115 },
  supplyRotation: { id: 83, register: 12401 },
  extractRotation: { id: 84, register: 12402 },
  supplyOutput: { id: 1023, register: 14001 },
  extractOutput: { id: 1024, register: 14002 },
  alarmA: { id: 119, register: 15901 },
  alarmB: { id: 120, register: 15902 },
  alarmC: { id: 121, register: 15903 },
  filter: { id: 22, register: 7005 },
  remaining: { id: 250, register: 1111 },
  refreshMinutes: { id: 254, register: 1104 },
  /** Write-only, and the mode plus one. */
  modeWish: { id: 30, register: 1162 },
} as const
export type Signal = keyof typeof signals

export const signalNames = Object.keys(signals) as readonly Signal[]

/** A unit's own ids, where they were found by register; the known ones stand in for the rest. */
export const Ids = Type.Record(Type.String(), Type.Number())
export type Ids = Static<typeof Ids>

export const idOf = (ids: Ids, signal: Signal): number => ids[signal] ?? signals[signal].id

/** The number of the user mode, from zero; from 7 on the unit starts them itself. */
export const modes = [
  'auto',
  'manual',
  'crowded',
  'refresh',
  'fireplace',
  'away',
  'holiday',
  'cookerHood',
  'vacuumCleaner',
  'digitalInput1',
  'digitalInput2',
  'digitalInput3',
  'pressureGuard',
] as const

export const fanLevels: Readonly<Record<number, 'off' | 'low' | 'normal' | 'high'>> = {
  0: 'off',
  2: 'low',
  3: 'normal',
  4: 'high',
}

/** The list inside; `undefined` where it is a text that holds none. */
export function decodeItems(raw: Static<typeof Items>): readonly (Item | null)[] | undefined {
  if (typeof raw !== 'string') return raw
  try {
    const list: unknown = JSON.parse(raw)
    return Array.isArray(list) ? list.filter((item) => Check(Item, item)) : undefined
  } catch {
    return undefined
  }
}

/**
 * Sorts the items by what they say. The register decides where an item names one: on another main board the same id may
 * be something else.
 */
export function sortItems(items: readonly (Item | null)[], ids: Ids): ReadonlyMap<Signal, Item> {
  const sorted = new Map<Signal, Item>()
  for (const item of items) {
    if (!item) continue
    const register = item.extension?.modbusRegister
    const signal = signalNames.find((name) =>
      typeof register === 'number' ? signals[name].register === register + 1 : idOf(ids, name) === Number(item.id),
    )
    if (signal !== undefined) sorted.set(signal, item)
  }
  return sorted
}

/** The raw number, with the sign that an unsigned register lost; `undefined` where there is none. */
export function rawOf(item: Item | undefined): number | undefined {
  const value = item?.value
  if (value === null || value === undefined || value === '' || typeof value === 'boolean') return undefined
  const number = Number(value)
  if (!Number.isFinite(number)) return undefined
  return number > 32767 && number <= 65535 ? number - 65536 : number
}

/** A number that is no register of 16 bits, such as seconds. */
export function countOf(item: Item | undefined): number | undefined {
  const value = item?.value
  if (value === null || value === undefined || value === '' || typeof value === 'boolean') return undefined
  const number = Number(value)
  return number >= 0 && number < 1e12 ? number : undefined
}

export function flagOf(item: Item | undefined): boolean | undefined {
  const value = item?.value
  if (value === true || value === 1 || value === 'true' || value === '1') return true
  if (value === false || value === 0 || value === 'false' || value === '0') return false
  return undefined
}

/** Whether the unit shows (and sends) Fahrenheit. */
export const isFahrenheit = (sorted: ReadonlyMap<Signal, Item>): boolean =>
  rawOf(sorted.get('temperatureUnit')) === 1 || sorted.get('setpoint')?.unit === 6

/** °C to a tenth; a temperature no air can have comes from a broken sensor, and is left out. */
export function degreesOf(item: Item | undefined, inFahrenheit: boolean): number | undefined {
  const raw = rawOf(item)
  if (item === undefined || raw === undefined) return undefined
  const degrees = scaled(raw, item)
  const value = inFahrenheit || item.unit === 6 ? Math.round(fahrenheit(degrees) * 10) / 10 : celsius(degrees)
  return value > -80 && value < 100 ? value : undefined
}

/** Temperatures are tenths, said or not. */
const scaled = (raw: number, { decimals }: Item): number => raw / 10 ** (decimals === 0 ? 0 : (decimals ?? 1))

/** °C as the unit wants it written. */
export const rawDegrees = (degrees: number, inFahrenheit: boolean, item: Item | undefined): number =>
  Math.round((inFahrenheit ? degrees * 1.8 + 32 : degrees) * 10 ** (item?.decimals ?? 1))

/** The set-point's limits in °C, inwards to a tenth: 12 to 30 where the unit does not say. */
export function setpointLimits(sorted: ReadonlyMap<Signal, Item>, temperatureUnitId: number) {
  const item = sorted.get('setpoint')
  const chosen = rawOf(sorted.get('temperatureUnit')) ?? 0
  const met = item?.conditionalProperties?.find(({ conditions }) =>
    conditions?.some(
      ({ dataItemId, values }) => dataItemId === temperatureUnitId && values?.some((value) => Number(value) === chosen),
    ),
  )?.properties
  const { min, max, unit } = { ...item, ...met }
  const degrees = (raw: unknown) => {
    if (item === undefined || typeof raw !== 'number') return undefined
    return unit === 6 ? fahrenheit(scaled(raw, item)) : scaled(raw, item)
  }
  const [low, high] = [degrees(min), degrees(max)]
  return {
    minimum: low === undefined ? 12 : Math.ceil(Number((low * 10).toFixed(6))) / 10,
    maximum: high === undefined ? 30 : Math.floor(Number((high * 10).toFixed(6))) / 10,
  }
}
