/**
 * Series of a person's own, from a CSV file: a column of times and columns of numbers. What cannot be read for certain is
 * told with its line; what was put right (order, rows given twice) is told in notes.
 */
import { readFile } from 'node:fs/promises'
import { offsetAt, Problem } from '@nabolag/core'
import { readCsvRows } from '../import/csv-rows.ts'
import { timeReader } from '../import/times.ts'

export type SeriesFile = {
  readonly path: string
  /** Every column but that of the times, as the header names them. */
  readonly columns: readonly string[]
  /** In order of time, each time once; ms since 1970, UTC. `null` where a cell is empty or says that nothing is known. */
  readonly rows: readonly { readonly at: number; readonly line: number; readonly values: readonly (number | null)[] }[]
  readonly notes: readonly string[]
}

const hour = 3_600_000
const timeName = /time|date|tid\b|dato|^start|^from$|^ts$|hour_utc/i
const zoned = /(?:Z|z|[+-]\d\d(?::?\d\d)?)$/
const isZoned = (text: string) => /^\d{9,20}$/.test(text) || (text.length > 10 && zoned.test(text))
const nothing = new Set(['', '-', 'na', 'n/a', 'nan', 'null', 'none'])

/**
 * @param zone IANA name, for times that carry no zone; a column of times that has `utc` in its name needs none
 * @throws ProblemError `bad-request`, naming the file, the line, and what to change
 */
export async function readSeriesFile(path: string, zone: string | undefined): Promise<SeriesFile> {
  const text = (await readFile(path, 'utf8')).replace(/^\uFEFF/, '')
  return parseSeries(path, text, zone)
}

/** As `readSeriesFile`, of what the file holds. */
export function parseSeries(path: string, text: string, zone: string | undefined): SeriesFile {
  const wrong = (says: string, line?: number) =>
    Problem('bad-request', `${path}${line === undefined ? '' : `, line ${line}`}: ${says}`)
  const delimiter = delimiterOf(text)
  const all = readCsvRows(text, { delimiter, firstLine: 1, ended: true }).rows
  const [header, ...lines] = all.filter(({ text: whole }) => whole.trim() !== '' && !whole.startsWith('#'))
  if (!header) throw wrong('there is nothing in it')
  const names = header.cells.map((cell) => cell.trim())
  const times = names.flatMap((name, n) => (timeName.test(name) ? [n] : []))
  const time = times.find((n) => /utc|gmt/i.test(names[n]!)) ?? times[0]
  if (time === undefined)
    throw wrong('no column has a name such as time or time_utc: the first line must name the columns', header.line)
  const ownZone = /utc|gmt/i.test(names[time]!) ? 'UTC' : zone
  const others = names.flatMap((_, n) => (times.includes(n) ? [] : [n]))
  const momentOf = momentReader(ownZone)

  // From the newest to the oldest, an hour that the clocks repeat comes in the other order.
  const shown = timeReader('UTC')
  const [first, last] = [lines[0], lines.at(-1)].map((row) => shown(row?.cells[time] ?? '') ?? 0)
  const ordered = first! > last! ? lines.toReversed() : lines
  const rows = ordered.map(({ line, cells }) => {
    const moment = momentOf((cells[time] ?? '').trim())
    if (typeof moment === 'string') throw wrong(moment, line)
    const values = others.map((n) => numberOf(cells[n] ?? '', delimiter))
    return { at: moment, line, values }
  })
  const sorted = rows.toSorted((a, b) => a.at - b.at)
  const kept: (typeof rows)[number][] = []
  let twice = 0
  for (const row of sorted) {
    const before = kept.at(-1)
    if (before?.at !== row.at) kept.push(row)
    else if (before.values.every((value, n) => Object.is(value, row.values[n]))) twice++
    else
      throw wrong(
        `the time ${new Date(row.at).toISOString()} stands in line ${before.line} already, with another value`,
        row.line,
      )
  }
  if (kept.length === 0) throw wrong('there is no row below the names of the columns')
  const isSorted = rows.every(({ at }, n) => n === 0 || at >= rows[n - 1]!.at)
  return {
    ...{ path, columns: others.map((n) => names[n]!), rows: kept },
    notes: [
      ...(isSorted ? [] : [`${path}: the rows were not in order, and were sorted`]),
      ...(twice > 0
        ? [
            `${path}: ${twice === 1 ? '1 row stands' : `${twice} rows stand`} there twice, and count${twice === 1 ? 's' : ''} once`,
          ]
        : []),
    ],
  }
}

/**
 * The known numbers of a column.
 *
 * @throws ProblemError `bad-request` for a cell that is neither a number nor empty
 */
export function columnOf(file: SeriesFile, name: string): { readonly at: number; readonly value: number }[] {
  const n = file.columns.indexOf(name)
  return file.rows.flatMap(({ at, line, values }) => {
    const value = values[n]
    if (value === undefined || value === null) return []
    if (Number.isNaN(value))
      throw Problem('bad-request', `${file.path}, line ${line}: ${name} is not a number; leave it empty if not known`)
    return [{ at, value }]
  })
}

/** What stands most often in the first lines. */
function delimiterOf(text: string): string {
  const [head = ''] = text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const count = (of: string) => head.split(of).length
  return [';', '\t', ','].reduce((most, one) => (count(one) > count(most) ? one : most), ';')
}

/** NaN for what is no number. A decimal comma is one where commas do not divide the columns. */
function numberOf(cell: string, delimiter: string): number | null {
  const text = cell.trim()
  if (nothing.has(text.toLowerCase())) return null
  const value = Number(delimiter === ',' ? text : text.replace(',', '.'))
  return Number.isFinite(value) ? value : Number.NaN
}

/** A time in ms, or what is wrong with it. */
function momentReader(zone: string | undefined): (text: string) => number | string {
  const absolute = timeReader('UTC')
  const local = zone === undefined ? undefined : timeReader(zone)
  const seen = new Set<number>()
  return (text) => {
    const wall = absolute(text)
    if (wall === undefined) return `the time “${text.slice(0, 40)}” cannot be read; write it as 2026-01-31T13:00Z`
    if (isZoned(text)) return wall / 1000
    if (!local || zone === undefined)
      return `the time ${text} has no zone: write 2026-01-31T13:00Z or +01:00, name the column time_utc, or say --time-zone Europe/Oslo`
    const at = local(text)! / 1000
    if (at + offsetAt(at, zone) !== wall / 1000)
      return `the time ${text} does not exist in ${zone}: the clocks were put forward over it`
    const later = at + hour
    if (!seen.has(at) || later + offsetAt(later, zone) !== wall / 1000) {
      seen.add(at)
      return at
    }
    // The clocks were put back: the same time once more is an hour later.
    return later
  }
}
