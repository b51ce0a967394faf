import { type FieldValue, fieldOf, type Micros } from '@nabolag/core'
import type { Connection } from './client.ts'
import { seriesKey } from './schema.ts'
import type { Newest, Series, SeriesFilter } from './types.ts'
import { both, whereFilter } from './where.ts'

type KeyRow = { group: string; field: string; device: string; count: number; location: string; tags: string }
type Row = KeyRow & {
  type: Series['type']
  forecast: number
  since: number
  latest: number
  samples: number
}

/** A series as the tables know it. */
export type StoredSeries = Series & { readonly forecast: boolean; readonly tagsText: string }

const micros = (column: string) => `toUnixTimestamp64Micro(${column})`

export const keyOf = (row: KeyRow) => ({
  group: row.group,
  field: row.field,
  device: row.device,
  count: row.count,
  location: row.location,
  tags: readTags(row.tags),
})

export const readTags = (text: string): Record<string, string> =>
  text === '' ? {} : (JSON.parse(text) as Record<string, string>)

/**
 * The series of the filter in the order of their keys; with a range, those that may have samples in it. The few rows of
 * the list are put together here: ClickHouse needs twice the time for it.
 */
export async function listSeries(
  connection: Connection,
  filter: SeriesFilter,
  range?: { from: Micros; to: Micros },
): Promise<StoredSeries[]> {
  const where = whereFilter(filter)
  const rows = await connection.rows<Row>(
    `SELECT \`group\`, field, device, count, location, tags, type, forecast, ${micros('first')} AS since,
       ${micros('last')} AS latest, samples
     FROM series WHERE ${where.sql}`,
    where.parameters,
  )
  const together = new Map<string, Row>()
  for (const row of rows) {
    const key = orderOf(row)
    const known = together.get(key)
    together.set(key, known ? merge(known, row) : row)
  }
  return [...together]
    .filter(([, { since, latest }]) => range === undefined || (latest >= range.from && since < range.to))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, row]) => ({
      ...keyOf(row),
      type: row.type,
      unit: fieldOf(row.group, row.field)?.unit,
      samples: row.samples,
      first: row.since,
      last: row.latest,
      forecast: row.forecast === 1,
      tagsText: row.tags,
    }))
}

const orderOf = ({ group, field, device, count, location, tags, type }: Row) =>
  [group, field, device, String(count).padStart(5, '0'), location, tags, type].join('\0')

const merge = (a: Row, b: Row): Row => ({
  ...a,
  since: Math.min(a.since, b.since),
  latest: Math.max(a.latest, b.latest),
  samples: a.samples + b.samples,
})

type NewestRow = KeyRow & {
  type: Series['type']
  at: number
  issued_at: number | null
  value: number
  text: string
}

/** The newest sample of each series of the filter. */
export async function newest(connection: Connection, filter: SeriesFilter, nowMillis: number): Promise<Newest[]> {
  const where = whereFilter(filter)
  const columns = '`group`, field, device, count, location, tags, type'
  const samples = connection.rows<NewestRow>(
    `SELECT ${columns}, ${micros('time')} AS at, NULL AS issued_at, value, text FROM samples FINAL
     WHERE ${where.sql} AND (${seriesKey}, time) IN (
       SELECT ${seriesKey}, max(last) FROM series WHERE ${where.sql} AND forecast = 0 GROUP BY ${seriesKey})
     ORDER BY ${seriesKey}`,
    where.parameters,
  )
  const now = { sql: "time <= fromUnixTimestamp64Micro({now:Int64}, 'UTC')", parameters: { now: nowMillis * 1000 } }
  const upToNow = both(where, now)
  const forecasts = connection.rows<NewestRow>(
    `SELECT ${columns}, ${micros('time')} AS at, ${micros('issued')} AS issued_at, value, text FROM forecasts FINAL
     WHERE ${upToNow.sql} ORDER BY ${seriesKey}, time DESC, issued DESC LIMIT 1 BY ${seriesKey}`,
    upToNow.parameters,
  )
  return [...(await samples), ...(await forecasts)].map((row) => ({
    ...keyOf(row),
    unit: fieldOf(row.group, row.field)?.unit,
    time: row.at,
    issued: row.issued_at ?? undefined,
    value: typedValue(row),
  }))
}

const typedValue = ({ type, value, text }: { type: Series['type']; value: number; text: string }): FieldValue =>
  type === 'text' ? text : type === 'boolean' ? value !== 0 : value
