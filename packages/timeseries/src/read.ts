import { Readable } from 'node:stream'
import { Problem } from '@nabolag/core'
import type { Connection } from './client.ts'
import type { HotBlocks } from './hot-blocks.ts'
import { readHot } from './read-hot.ts'
import { readJson } from './read-json.ts'
import { rolledUp, type Settled, settledHours } from './rollup.ts'
import { seriesKey } from './schema.ts'
import { bucketSelect, fittedSelect, rawSelect, type Select, stored, whereSeries } from './select.ts'
import { listSeries, type StoredSeries } from './series.ts'
import { aggregates, type ReadAnswer, type ReadFormat, type ReadRequest } from './types.ts'
import { both, whereFilter, whereTime } from './where.ts'

const contentTypes: Readonly<Record<ReadFormat, string>> = {
  json: 'application/json',
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson',
  arrow: 'application/vnd.apache.arrow.stream',
  parquet: 'application/vnd.apache.parquet',
}
const engineFormats = { csv: 'CSVWithNames', ndjson: 'JSONEachRow', arrow: 'ArrowStream', parquet: 'Parquet' } as const

export const defaultMaxPoints = 2000
const fewestMaxPoints = 16
/** Series in one answer, where each needs a SELECT of its own. */
const mostSeries = 500

/** One series of a read, and how to ask for it. */
export type Part = { readonly series: StoredSeries; readonly select: Select; readonly samples: number }

/**
 * Answers a range as a stream. In JSON each series has its `times` and `values`. The other formats are tables of
 * `time` and `value` (and `text`, where the answer has texts beside numbers), then those of `group`, `field`,
 * `device`, `count`, `location`, `tags` that the request left open; `location` and `tags` only where a series has any.
 */
export async function read(
  connection: Connection,
  hot: HotBlocks | undefined,
  request: ReadRequest,
  format: ReadFormat,
): Promise<ReadAnswer> {
  check(request)
  const contentType = contentTypes[format]
  const whole = hot && (await readHot(connection, hot, request, format))
  if (whole instanceof Readable) return { contentType, stream: whole }
  if (whole)
    return {
      contentType,
      whole,
      get stream() {
        return Readable.from([whole], { objectMode: false })
      },
    }
  const found = await listSeries(connection, request, request)
  if (format !== 'json' && request.raw && found.every(({ forecast }) => !forecast))
    return { contentType, stream: await table(connection, request, found, undefined, engineFormats[format]) }
  if (found.length > mostSeries)
    throw Problem('too-much-data', `More than ${mostSeries} series; name a device or a field`)
  const parts = await plan(connection, request, found)
  const stream =
    format === 'json'
      ? await readJson(connection, request, parts)
      : await table(connection, request, found, parts, engineFormats[format])
  return { contentType, stream }
}

/** @throws ProblemError `bad-request`, which names the member that is wrong */
function check({ from, to, resolution, aggregate, maxPoints, timezone, raw }: ReadRequest): void {
  const complaint = !(Number.isFinite(from) && Number.isFinite(to))
    ? 'from and to must be times'
    : to < from
      ? 'the range ends before it begins'
      : resolution !== undefined && !(resolution >= 0.000_001 && resolution <= 366 * 86_400)
        ? 'resolution must be above zero and at most a year, in seconds'
        : resolution !== undefined && raw
          ? 'raw and resolution exclude each other'
          : aggregate !== undefined && !aggregates.includes(aggregate)
            ? `aggregate must be one of ${aggregates.join(', ')}`
            : maxPoints !== undefined && !(Number.isInteger(maxPoints) && maxPoints >= fewestMaxPoints)
              ? `maxPoints must be a whole number of at least ${fewestMaxPoints}`
              : timezone !== undefined && !isZone(timezone)
                ? 'timezone must be an IANA name'
                : undefined
  if (complaint) throw Problem('bad-request', complaint)
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

async function plan(connection: Connection, request: ReadRequest, found: readonly StoredSeries[]): Promise<Part[]> {
  const { houseId, raw, resolution, aggregate = 'mean', timezone, asOf, maxPoints = defaultMaxPoints } = request
  const settled =
    resolution && rollsUp(resolution, timezone) ? await settledHours(connection, houseId, request) : undefined
  const parts: Part[] = []
  for (const [index, series] of found.entries()) {
    const mark = `s${index}`
    // Nothing lies outside the series' own times: the range need not be longer than they are.
    const range = { from: Math.max(request.from, series.first), to: Math.min(request.to, series.last + 1) }
    const rows = stored(houseId, series, range, asOf, mark)
    if (resolution) {
      const sums =
        settled && isRolledUp(series, found) ? rolledUp(houseId, series, range, clip(settled, range), mark) : undefined
      const buckets = { seconds: resolution, timezone }
      parts.push({ series, samples: 0, select: bucketSelect(rows, series.type, buckets, aggregate, mark, sums) })
      continue
    }
    // Raw needs only a guess, for the size of its pieces: as if the series were even.
    const samples = raw
      ? (series.samples * Math.max(0, range.to - range.from)) / (series.last + 1 - series.first)
      : await countSamples(connection, houseId, series, range)
    const select = raw ? rawSelect(rows, series.type) : fittedSelect(rows, series.type, request, samples, maxPoints)
    parts.push({ series, select, samples })
  }
  return parts
}

/** Whether hours can be put together to such buckets: whole hours, and days in zones that are whole hours off UTC. */
function rollsUp(resolution: number, timezone: string | undefined): boolean {
  if (resolution % 3600 !== 0) return false
  return timezone === undefined || resolution % 86_400 !== 0 || wholeHourZones.has(timezone)
}
const wholeHourZones = new Set([
  'UTC',
  'Europe/Oslo',
  'Europe/Stockholm',
  'Europe/Copenhagen',
  'Europe/Berlin',
  'Europe/Helsinki',
])

const isRolledUp = (series: StoredSeries, all: readonly StoredSeries[]): boolean =>
  !series.forecast &&
  series.type !== 'text' &&
  all.filter((other) =>
    (Object.keys(keyNames) as (keyof typeof keyNames)[]).every((name) => other[name] === series[name]),
  ).length === 1
const keyNames = { group: 1, field: 1, device: 1, count: 1, location: 1, tagsText: 1 } as const

/** The settled hours that lie wholly in the range. */
function clip(settled: Settled, range: { from: number; to: number }): Settled {
  const from = Math.max(settled.from, Math.ceil(range.from / 3.6e9) * 3600)
  const to = Math.max(from, Math.min(settled.to, Math.floor(range.to / 3.6e9) * 3600))
  return { ...settled, from, to }
}

/** At least as many as there are: one that came twice may count twice. */
async function countSamples(
  connection: Connection,
  houseId: number,
  series: StoredSeries,
  range: { from: number; to: number },
): Promise<number> {
  if (series.samples <= fewestMaxPoints) return series.samples
  const where = both(whereSeries(houseId, series, 'c'), whereTime(range.from, range.to, 'c'))
  const of = series.forecast ? 'uniqExact(time)' : 'count()'
  const table = series.forecast ? 'forecasts' : 'samples'
  // The type is left out: without it the key alone answers, from the index.
  const sql = where.sql.replace(' AND type = {c_type:String}', '')
  const [row] = await connection.rows<{ n: number }>(`SELECT ${of} AS n FROM ${table} WHERE ${sql}`, where.parameters)
  return row?.n ?? 0
}

const identity = ['group', 'field', 'device', 'count', 'location', 'tags'] as const

/** One table in a format of ClickHouse: of all samples in one pass, or of parts put together. */
async function table(
  connection: Connection,
  request: ReadRequest,
  found: readonly StoredSeries[],
  parts: readonly Part[] | undefined,
  format: string,
): Promise<Readable> {
  const open = identity.filter(
    (name) =>
      (name === 'tags' || request[name] === undefined) &&
      (name !== 'tags' || found.some(({ tagsText }) => tagsText !== '')) &&
      (name !== 'location' || found.some(({ location }) => location !== '')),
  )
  const extra = open.map((name) => `, \`${name}\``).join('')
  const types = new Set(found.map(({ type }) => type))
  const mixed = types.has('text') && types.size > 1
  if (parts && parts.length > 0) return connection.bytes(...unite(parts, open, mixed, types.size > 1), format)
  const where = both(whereFilter(request), whereTime(request.from, request.to))
  const [only] = types
  const value = mixed
    ? "if(type = 'text', NULL, value) AS value, if(type = 'text', text, NULL) AS text"
    : only === 'text'
      ? 'text AS value'
      : only === 'boolean' && types.size === 1
        ? 'toBool(value) AS value'
        : 'value'
  const columns = `time, ${value}${extra}`
  const one =
    found.length === 1 && found[0]
      ? both(whereSeries(request.houseId, found[0], 's'), whereTime(request.from, request.to))
      : where
  const sql =
    found.length === 0
      ? 'SELECT time, value FROM samples WHERE false'
      : `SELECT ${columns} FROM samples FINAL WHERE ${one.sql.replace(/ AND type = \{s_type:String\}/, '')} ORDER BY ${seriesKey}, time`
  return connection.bytes(sql, found.length === 0 ? {} : one.parameters, format)
}

function unite(
  parts: readonly Part[],
  open: readonly (typeof identity)[number][],
  mixed: boolean,
  severalTypes: boolean,
): [string, Select['parameters']] {
  const parameters: Select['parameters'] = {}
  const selects = parts.map(({ series, select }, index) => {
    const names = open.map((name) => {
      const parameter = `n${index}_${name}`
      parameters[parameter] = name === 'tags' ? series.tagsText : series[name]
      return `, {${parameter}:${name === 'count' ? 'UInt16' : 'String'}} AS \`${name}\``
    })
    Object.assign(parameters, select.parameters)
    const number = severalTypes ? 'toFloat64(values)' : 'values'
    const value = !mixed
      ? `${number} AS value`
      : series.type === 'text'
        ? "CAST(NULL, 'Nullable(Float64)') AS value, toNullable(values) AS text"
        : `toNullable(${number}) AS value, CAST(NULL, 'Nullable(String)') AS text`
    return `SELECT ${index} AS place, times AS time, ${value}${names.join('')} FROM (${select.sql})`
  })
  const columns = `time, value${mixed ? ', text' : ''}${open.map((name) => `, \`${name}\``).join('')}`
  return [`SELECT ${columns} FROM (${selects.join(' UNION ALL ')}) ORDER BY place, time`, parameters]
}
