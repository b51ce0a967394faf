/**
 * Reads the tables of the volunteer collection "Fri nettleie" (CC BY 4.0), flattened to CSV: one row per rule of the
 * energy component, one per step of the capacity component; øre/kWh and NOK a year without VAT, hours with both ends.
 */
import { Problem } from '@nabolag/core'
import type { CapacityMethod, CapacityTariff } from './capacity.ts'
import type { EnergyRule, GridEnergy, KindOfDay } from './grid-energy.ts'

export type CollectedTariff = {
  readonly operator: string
  readonly name: string
  readonly energy: readonly GridEnergy[]
  readonly capacity: readonly CapacityTariff[]
}

const months = [
  ...['januar', 'februar', 'mars', 'april', 'mai', 'juni'],
  ...['juli', 'august', 'september', 'oktober', 'november', 'desember'],
]
const days: Readonly<Record<string, KindOfDay>> = {
  '': 'every-day',
  alle: 'every-day',
  ukedag: 'weekdays',
  virkedag: 'working-days',
  fredag: 'fridays',
}
const methods: Readonly<Record<string, CapacityMethod>> = {
  TRE_DØGNMAX_MND: 'three-days',
  MND_MAX: 'highest-hour',
  FEM_VEKTET_ÅR: 'by-hand',
  OV_TREFASE: 'by-hand',
  UKJENT: 'by-hand',
}
const source = 'Fri nettleie, https://github.com/kraftsystemet/fri-nettleie, CC BY 4.0'

/**
 * All tariffs, those of one company under one `operator`.
 *
 * @throws ProblemError `bad-request`, naming the line that cannot be read
 */
export function readFriNettleie(energyCsv: string, capacityCsv: string): CollectedTariff[] {
  const energy = Map.groupBy(readRows(energyCsv, energyColumns), keyOf)
  const capacity = Map.groupBy(readRows(capacityCsv, capacityColumns), keyOf)
  return [...new Set([...energy.keys(), ...capacity.keys()])].map((key) => {
    const [operator = '', name = ''] = key.split('\n')
    return {
      ...{ operator, name },
      energy: [...Map.groupBy(energy.get(key) ?? [], periodOf).values()].map(readEnergy),
      capacity: [...Map.groupBy(capacity.get(key) ?? [], periodOf).values()].map(readCapacity),
    }
  })
}

const common = ['operator_id', 'operator', 'tariff_name', 'valid_from', 'valid_to'] as const
const energyColumns = [...common, 'rule', 'hours_local', 'days', 'months', 'energy_ore_per_kwh_ex_vat'] as const
const capacityColumns = [
  ...[...common, 'method', 'threshold_included'],
  ...['threshold_kw', 'price_nok_per_year_ex_vat'],
] as const

type Row = { readonly line: number; readonly of: (column: string) => string }

function readRows(csv: string, columns: readonly string[]): Row[] {
  const [head = '', ...lines] = csv.trimEnd().split(/\r?\n/)
  const names = head.split(',')
  const missing = columns.find((column) => !names.includes(column))
  if (missing) throw Problem('bad-request', `The table has no column ${missing}`)
  return lines.map((text, i) => {
    const cells = text.split(',')
    if (cells.length !== names.length)
      throw Problem('bad-request', `Line ${i + 2} has ${cells.length} cells, not ${names.length}`)
    return { line: i + 2, of: (column) => cells[names.indexOf(column)] ?? '' }
  })
}

const keyOf = ({ of }: Row) => `${of('operator_id')}\n${of('tariff_name')}`
const periodOf = ({ of }: Row) => of('valid_from')
const period = ({ of }: Row) => ({
  from: of('valid_from'),
  ...(of('valid_to') !== '' && { to: of('valid_to') }),
  source,
})

function readEnergy(rows: readonly Row[]): GridEnergy {
  const base = rows.filter(({ of }) => of('rule') === 'base')
  if (base.length !== 1)
    throw Problem('bad-request', `Line ${rows[0]!.line}: a tariff has one base price, not ${base.length}`)
  return {
    ...period(base[0]!),
    base: numberOf(base[0]!, 'energy_ore_per_kwh_ex_vat') / 100,
    rules: rows.filter((row) => row !== base[0]).map(readRule),
  }
}

function readRule(row: Row): EnergyRule {
  const [, first, last] = /^(\d+)-(\d+)$/.exec(row.of('hours_local')) ?? []
  if (row.of('hours_local') !== '' && (first === undefined || Number(first) > 23 || Number(last) > 23))
    throw unknown(row, 'hours_local')
  const kind = days[row.of('days')]
  if (!kind) throw unknown(row, 'days')
  const named = row.of('months') === '' ? [] : row.of('months').split('|')
  if (named.some((name) => !months.includes(name))) throw unknown(row, 'months')
  return {
    name: row.of('rule'),
    price: numberOf(row, 'energy_ore_per_kwh_ex_vat') / 100,
    ...(first !== undefined && { fromHour: Number(first), toHour: Number(last) + 1 }),
    days: kind,
    ...(named.length > 0 && { months: named.map((name) => months.indexOf(name) + 1) }),
  }
}

function readCapacity(rows: readonly Row[]): CapacityTariff {
  const [first] = rows as [Row]
  const method = methods[first.of('method')]
  if (!method) throw unknown(first, 'method')
  const steps = rows.map((row) => ({
    above: numberOf(row, 'threshold_kw'),
    perYear: numberOf(row, 'price_nok_per_year_ex_vat'),
  }))
  return {
    ...period(first),
    method,
    thresholdIncluded: first.of('threshold_included') === 'true',
    steps: steps.sort((a, b) => a.above - b.above),
  }
}

function numberOf(row: Row, column: string): number {
  const text = row.of(column)
  if (text.trim() === '' || !Number.isFinite(Number(text))) throw unknown(row, column)
  return Number(text)
}

const unknown = (row: Row, column: string) =>
  Problem('bad-request', `Line ${row.line}: ${column} is "${row.of(column)}", which cannot be read`)
