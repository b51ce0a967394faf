/** The SELECTs of a read, for one series each: its samples as they are, in buckets, or fitted to a chart. */
import type { Micros } from '@nabolag/core'
import type { RolledUp } from './rollup.ts'
import type { StoredSeries } from './series.ts'
import type { Aggregate } from './types.ts'
import { both, type Where, whereEqual, whereTime } from './where.ts'

export type Range = { readonly from: Micros; readonly to: Micros }
/** SQL that gives `time` and `value`, ordered by time, and its parameters. */
export type Select = Where

/** What tells a series' rows from others in its table. `mark` begins its parameters' names. */
export const whereSeries = (houseId: number, series: StoredSeries, mark: string): Where => {
  const { group, field, device, count, location, tagsText: tags, type } = series
  const key = whereEqual({ houseId, group, field, device, count, location, tags }, mark)
  // The type is in no key: it matters only where a field nobody has described has changed its type.
  return {
    sql: `${key.sql} AND type = {${mark}_type:String}`,
    parameters: { ...key.parameters, [`${mark}_type`]: type },
  }
}

/** The stored rows of a range, each time once: of samples the last received value, of forecasts the newest issue. */
export function stored(
  houseId: number,
  series: StoredSeries,
  range: Range,
  asOf: Micros | undefined,
  mark: string,
): Where {
  const where = both(whereSeries(houseId, series, mark), whereTime(range.from, range.to, mark))
  if (!series.forecast) return { ...where, sql: `SELECT time, value, text FROM samples FINAL WHERE ${where.sql}` }
  const known = asOf === undefined ? '' : ` AND issued <= fromUnixTimestamp64Micro({${mark}_as_of:Int64}, 'UTC')`
  return {
    sql: `SELECT time, value, text FROM forecasts FINAL WHERE ${where.sql}${known} ORDER BY time, issued DESC LIMIT 1 BY time`,
    parameters: { ...where.parameters, ...(asOf === undefined ? {} : { [`${mark}_as_of`]: Math.floor(asOf) }) },
  }
}

/** The value as its own type. */
export const valueColumn = (type: StoredSeries['type']): string =>
  type === 'text' ? 'text' : type === 'boolean' ? 'toBool(value)' : 'value'

export const rawSelect = (rows: Where, type: StoredSeries['type']): Select => ({
  ...rows,
  sql: `SELECT time AS times, ${valueColumn(type)} AS values FROM (${rows.sql}) ORDER BY times`,
})

/** Share of the points that may be values; the rest is left for the marks of gaps. */
const valueShare = 0.9

/**
 * At most `most` points: the least and the greatest value of each stretch of time, each at its own time, and a null in
 * the middle of a gap. A gap is longer than three times the usual spacing and than a stretch; the longest come first
 * when not all fit.
 *
 * @param samples how many samples the range holds, or more: decides whether each can be shown
 */
export function fittedSelect(
  rows: Where,
  type: StoredSeries['type'],
  range: Range,
  samples: number,
  most: number,
): Select {
  const values = Math.floor(most * valueShare)
  const each = samples <= values
  const width = each ? 1 : Math.max(1, Math.ceil((range.to - range.from) / Math.floor(values / 2)))
  const points =
    type === 'text'
      ? '[(min(m), argMin(v, m)), (max(m), argMax(v, m))]'
      : '[(argMin(m, v), min(v)), (argMax(m, v), max(v))]'
  const sql = `
    SELECT fromUnixTimestamp64Micro(p.1, 'UTC') AS times, p.2 AS values FROM (
      SELECT arrayJoin(arrayConcat(
        arrayMap(point -> (point.1, toNullable(point.2)), points),
        if(gap > greatest(3 * spacing, ${width}) AND place <= ${most} - used, [(t1 + intDiv(gap, 2), NULL)], []))) AS p
      FROM (
        SELECT points, t1, gap, row_number() OVER (ORDER BY gap DESC) AS place, sum(length(points)) OVER () AS used,
          quantileExactIf(0.5)(if(n > 1, (t1 - t0) / (n - 1), toFloat64(gap)), n > 1 OR gap > 0) OVER () AS spacing
        FROM (
          SELECT t0, t1, n, points, leadInFrame(t0, 1, t1) OVER
            (ORDER BY b ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) - t1 AS gap
          FROM (
            SELECT intDiv(m - ${Math.ceil(range.from)}, ${width}) AS b, min(m) AS t0, max(m) AS t1, count() AS n,
              arrayDistinct(arraySort(${points})) AS points
            FROM (SELECT toUnixTimestamp64Micro(time) AS m, ${valueColumn(type)} AS v FROM (${rows.sql}))
            GROUP BY b))))
    ORDER BY times`
  return { sql, parameters: rows.parameters }
}

export type Buckets = { readonly seconds: number; readonly timezone: string | undefined }

const day = 86_400

/** Where the bucket of a time begins. Whole days in a zone begin at its midnights. */
function bucketOf(time: string, { seconds, timezone }: Buckets, mark: string): Where {
  if (timezone !== undefined && seconds % day === 0) {
    const days = Math.round(seconds / day)
    return {
      sql: `toDateTime64(toDateTime(toDate(intDiv(toUInt32(toDate(${time}, {${mark}_zone:String})), ${days}) * ${days}), {${mark}_zone:String}), 6, 'UTC')`,
      parameters: { [`${mark}_zone`]: timezone },
    }
  }
  const micros = Math.round(seconds * 1_000_000)
  return {
    sql: `fromUnixTimestamp64Micro(intDiv(toUnixTimestamp64Micro(${time}), ${micros}) * ${micros}, 'UTC')`,
    parameters: {},
  }
}

/** Everything about a set of samples that any aggregate needs; `merge` says how sets are put together. */
const ofRows = {
  mean: 'avg(v)',
  min: 'min(v)',
  max: 'max(v)',
  sum: 'sum(v)',
  count: 'toFloat64(count())',
  first: 'argMin(v, m)',
  last: 'argMax(v, m)',
  minmax: 'arrayDistinct(arraySort([(argMin(m, v), min(v)), (argMax(m, v), max(v))]))',
} as const satisfies Record<Aggregate, string>

const ofHours = {
  mean: 'sum(total) / sum(n)',
  min: 'min(low)',
  max: 'max(high)',
  sum: 'sum(total)',
  count: 'toFloat64(sum(n))',
  first: 'argMin(head, head_time)',
  last: 'argMax(tail, tail_time)',
  minmax: 'arrayDistinct(arraySort([(argMin(low_time, low), min(low)), (argMax(high_time, high), max(high))]))',
} as const satisfies Record<Aggregate, string>

const numeric: ReadonlySet<Aggregate> = new Set(['mean', 'sum', 'count'])

/** One value per bucket that holds samples. Texts have no mean or sum: their last stands for it. */
export function bucketSelect(
  rows: Where,
  type: StoredSeries['type'],
  buckets: Buckets,
  asked: Aggregate,
  mark: string,
  rolledUp?: RolledUp,
): Select {
  const aggregate = type === 'text' && (asked === 'mean' || asked === 'sum') ? 'last' : asked
  const typed = (sql: string) =>
    type === 'boolean' && !numeric.has(aggregate) && aggregate !== 'minmax' ? `toBool(${sql})` : sql
  const bucket = bucketOf(rolledUp ? 'at' : 'time', buckets, mark)
  const from = rolledUp
    ? `(${rolledUp.sql})`
    : `(SELECT time, time AS m, ${type === 'text' ? 'text' : 'value'} AS v FROM (${rows.sql}))`
  const value = (rolledUp ? ofHours : ofRows)[aggregate]
  const parameters = { ...(rolledUp ?? rows).parameters, ...bucket.parameters }
  if (aggregate !== 'minmax')
    return {
      sql: `SELECT ${bucket.sql} AS times, ${typed(value)} AS values FROM ${from} GROUP BY times ORDER BY times`,
      parameters,
    }
  const point = type === 'boolean' ? 'toBool(p.2)' : 'p.2'
  return {
    sql: `SELECT p.1 AS times, ${point} AS values FROM (
      SELECT arrayJoin(points) AS p FROM (SELECT ${bucket.sql} AS b, ${value} AS points FROM ${from} GROUP BY b)) ORDER BY times`,
    parameters,
  }
}
