/** A delivery day as hvakosterstrommen.no tells it: areas of Norway, hourly, local times. */
import { type Static, Type } from 'typebox'
import type { Reading } from '../define.ts'
import { Maybe } from '../schema.ts'
import { boundsOf } from './delivery-day.ts'

export const HvaKosterStrommen = Type.Array(
  Type.Object({
    NOK_per_kWh: Maybe(Type.Number()),
    EUR_per_kWh: Maybe(Type.Number()),
    time_start: Maybe(Type.String()),
    time_end: Maybe(Type.String()),
  }),
)
type Rows = Static<typeof HvaKosterStrommen>

const minute = 60_000
const lengths = [15, 30, 60]

/**
 * When each row begins and how long it is, in minutes. By its place in the file, as its labels have been wrong on a day
 * when clocks changed and missing in early files; by its label only where the number of rows does not fit the day.
 */
export function periodsOf(rows: Rows, date: string): readonly { from: number; minutes: number }[] {
  const [from, to] = boundsOf(date)
  const minutes = (to - from) / minute / rows.length
  if (lengths.includes(minutes)) return rows.map((_, nth) => ({ from: from + nth * minutes * minute, minutes }))
  const labelled = rows.map(({ time_start, time_end }) => {
    const start = Date.parse(time_start ?? '')
    return { from: start, minutes: (Date.parse(time_end ?? '') - start) / minute }
  })
  const makesSense = labelled.every(
    (row, nth) =>
      row.from >= from &&
      row.from < to &&
      lengths.includes(row.minutes) &&
      !(row.from <= (labelled[nth - 1]?.from ?? 0)),
  )
  return makesSense ? labelled : []
}

/** The prices of a day, none where nobody can tell which moments they are for. */
export function readHvaKosterStrommen(
  given: Rows,
  date: string,
  area: string,
  currency: string,
  issued: string,
): Reading[] {
  const tags = { area, currency, source: 'hvakosterstrommen' }
  // A row that comes twice would be counted as another period.
  const rows = given.filter((row, nth) => row.time_start == null || !isSame(row, given[nth - 1]))
  return periodsOf(rows, date).flatMap(({ from, minutes }, nth): Reading[] => {
    const { NOK_per_kWh, EUR_per_kWh } = rows[nth]!
    const price = currency === 'NOK' ? NOK_per_kWh : currency === 'EUR' ? EUR_per_kWh : undefined
    if (typeof price !== 'number') return []
    return [{ time: new Date(from).toISOString(), issued, tags, fields: { price: withoutDust(price), minutes } }]
  })
}

const isSame = (row: Rows[number], other: Rows[number] | undefined): boolean =>
  row.time_start === other?.time_start && row.time_end === other?.time_end && row.NOK_per_kWh === other?.NOK_per_kWh

/** Published with the dust of a multiplication: 0.09731999999999999. */
const withoutDust = (price: number): number => Number(price.toPrecision(12))
