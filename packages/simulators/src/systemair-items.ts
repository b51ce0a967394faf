/** The data items of a simulated SAVE unit, as Systemair's cloud numbers and describes them. */
import { clamp } from './world/noise.ts'
import type { Ventilation, VentilationSettings } from './world/ventilation.ts'
import { ventilationModes } from './world/ventilation.ts'

export type SimulatedItem = {
  readonly id: number
  /** Zero-based. */
  readonly register: number
  readonly registers?: number
  /** 0 text, 1 boolean, 2 number, 3 enumeration, 6 date-time. */
  readonly type: 0 | 1 | 2 | 3 | 6
  readonly unit?: number
  readonly decimals?: number
  readonly min?: number
  readonly max?: number
  readonly options?: readonly number[]
  /** Never returned by a read. */
  readonly writeOnly?: boolean
  /** In the answer to `ExportDataItems`. */
  readonly exported?: boolean
  /** On the first page, `/home`. */
  readonly shown?: boolean
  readonly value?: (unit: UnitView) => number | boolean | string
  readonly write?: (raw: number, unit: UnitView) => Partial<VentilationSettings> | undefined
}

/** A unit at one moment. */
export type UnitView = {
  readonly ventilation: Ventilation
  readonly ms: number
  readonly inFahrenheit: boolean
  /** Negative values as the unsigned form of 16 bits. */
  readonly unsigned: boolean
}

const tenths = (degrees: number, { inFahrenheit, unsigned }: UnitView): number => {
  const raw = Math.round((inFahrenheit ? degrees * 1.8 + 32 : degrees) * 10)
  return unsigned && raw < 0 ? raw + 65536 : raw
}
const air = ({ ventilation, ms }: UnitView) => ventilation.airAt(ms)
const settings = ({ ventilation, ms }: UnitView) => ventilation.settingsAt(ms)
const temperature = (id: number, register: number, of: (unit: UnitView) => number): SimulatedItem => ({
  id,
  register,
  type: 2,
  decimals: 1,
  unit: 5,
  value: (unit) => tenths(of(unit), unit),
})
const flag = (id: number, register: number, value: boolean, more: Partial<SimulatedItem> = {}): SimulatedItem => ({
  id,
  register,
  type: 1,
  value: () => value,
  ...more,
})
const minutes = (id: number, register: number, name: 'refresh' | 'fireplace', max: number): SimulatedItem => ({
  id,
  register,
  type: 2,
  min: 1,
  max,
  exported: true,
  value: (unit) => settings(unit)[name],
  write: (raw) => ({ [name]: raw }),
})

export const systemairItems: readonly SimulatedItem[] = [
  { id: 20, register: 7000, type: 2, min: 3, max: 15, exported: true, value: () => 12 },
  { id: 22, register: 7004, registers: 2, type: 2, unit: 1, value: (unit) => air(unit).filter },
  {
    id: 24,
    register: 6000,
    registers: 6,
    type: 6,
    exported: true,
    value: ({ ms }) => new Date(ms).toISOString().slice(0, 19),
  },
  {
    id: 28,
    register: 9002,
    type: 3,
    options: [0, 1],
    exported: true,
    value: ({ inFahrenheit }) => (inFahrenheit ? 1 : 0),
  },
  {
    id: 29,
    register: 1164,
    type: 3,
    options: Array.from({ length: 13 }, (_, n) => n),
    shown: true,
    value: (unit) => ventilationModes.indexOf(air(unit).mode),
  },
  {
    id: 30,
    register: 1161,
    type: 3,
    writeOnly: true,
    min: 1,
    max: 7,
    write: (raw) => {
      const mode = ventilationModes[raw - 1]
      return mode && { mode }
    },
  },
  {
    id: 31,
    register: 1241,
    type: 3,
    options: [0, 1, 2, 3, 4, 5, 6, 7],
    shown: true,
    value: (unit) => air(unit).airflow,
  },
  {
    ...temperature(32, 2000, (unit) => settings(unit).setpoint),
    min: 120,
    max: 300,
    exported: true,
    shown: true,
    write: (raw, { inFahrenheit }) => ({ setpoint: inFahrenheit ? (raw / 10 - 32) / 1.8 : raw / 10 }),
  },
  { id: 33, register: 1122, type: 3, options: [0, 1, 2], shown: true, value: () => 1 },
  flag(34, 2504, false, { exported: true, shown: true, write: () => ({}) }),
  {
    id: 38,
    register: 1130,
    type: 3,
    options: [2, 3, 4],
    exported: true,
    value: (unit) => settings(unit).level,
    write: (raw) => ({ level: raw }),
  },
  flag(40, 1352, false, { exported: true }),
  temperature(53, 12102, (unit) => air(unit).supply),
  { ...temperature(54, 12101, (unit) => air(unit).outdoor), shown: true },
  temperature(60, 12107, (unit) => air(unit).supply - 0.7),
  { id: 77, register: 12114, type: 2, unit: 9, value: (unit) => air(unit).co2 },
  { id: 78, register: 12135, type: 2, unit: 8, value: (unit) => air(unit).humidity },
  { id: 83, register: 12400, type: 2, unit: 10, value: (unit) => air(unit).supplyRotation },
  { id: 84, register: 12401, type: 2, unit: 10, value: (unit) => air(unit).extractRotation },
  temperature(89, 12543, (unit) => air(unit).extract),
  flag(119, 15900, false, { shown: true }),
  flag(120, 15901, false, { shown: true }),
  flag(121, 15902, false, { shown: true }),
  {
    id: 250,
    register: 1110,
    registers: 2,
    type: 2,
    unit: 1,
    min: 0,
    max: 31_536_000,
    shown: true,
    value: (unit) => air(unit).left,
  },
  minutes(253, 1102, 'fireplace', 60),
  minutes(254, 1103, 'refresh', 240),
  {
    id: 255,
    register: 1104,
    type: 2,
    min: 1,
    max: 8,
    exported: true,
    value: (unit) => Math.round(settings(unit).crowded / 60),
    write: (raw) => ({ crowded: 60 * raw }),
  },
  { id: 997, register: 2030, type: 3, options: [0, 1, 2], exported: true, value: () => 0 },
  { id: 1023, register: 14000, type: 2, unit: 7, value: (unit) => clamp(air(unit).supplyShare, 0, 100) },
  { id: 1024, register: 14001, type: 2, unit: 7, value: (unit) => clamp(air(unit).extractShare, 0, 100) },
]

const unitItem = systemairItems.find(({ id }) => id === 28)!

/** The item as the cloud writes it. */
export function writeItem(
  item: SimulatedItem,
  idFor: (item: SimulatedItem) => number,
  unit: UnitView,
  asText: boolean,
) {
  const value = item.value?.(unit)
  const inDegrees = item.unit === 5
  return {
    id: idFor(item),
    type: item.type,
    ...(item.decimals === undefined ? {} : { decimals: item.decimals }),
    ...(item.unit === undefined ? {} : { unit: item.unit }),
    ...(item.min === undefined ? {} : { min: item.min, max: item.max }),
    ...(item.options === undefined
      ? {}
      : { options: item.options.map((one) => ({ title: `TITLE_${one}`, value: one })) }),
    ...(inDegrees
      ? {
          conditionalProperties: [
            {
              conditions: [{ dataItemId: idFor(unitItem), requiredDataItems: {}, equalityOperator: true, values: [1] }],
              logic: 'and',
              properties: { unit: 6, ...(item.min === undefined ? {} : { min: 540, max: 860 }) },
            },
          ],
        }
      : {}),
    readOnly: item.write === undefined,
    exportable: item.exported === true,
    extension: { internalDeviceType: 1, modbusRegister: item.register, numberOfRegisters: item.registers ?? 1 },
    value: asText ? String(value) : value,
  }
}
