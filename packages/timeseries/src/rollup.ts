/**
 * Hourly roll-ups, for long ranges. They are always computed anew from the samples as stored (each time once), never
 * added up, so that a sample that comes twice or late counts once.
 *
 * Hours are computed once they are three hours old, all of them, up to `until` in `rollup_state`. Whoever changes an
 * hour older than two hours (by his clock) marks it, after the change. A read takes from the roll-ups the hours before
 * `until` that have no mark, and everything else from the samples: so it is exact at any moment.
 */
import type { Micros } from '@nabolag/core'
import type { Connection } from './client.ts'
import { seriesKey } from './schema.ts'
import type { Range } from './select.ts'
import { whereSeries } from './select.ts'
import type { StoredSeries } from './series.ts'
import type { Where } from './where.ts'

/** SQL that gives sums of hours: `at, n, total, low, low_time, …`. */
export type RolledUp = Where

const hour = 3600
const settledAfter = 3 * hour
/** More marked hours than this in a range: the samples themselves are read. They go in the address of the question, which holds 16 kB. */
const mostMarks = 1000
/** Hours computed in one statement. */
const batch = 240

const sums = `count() AS n, sum(value) AS total,
  min(value) AS low, argMin(time, value) AS low_time, max(value) AS high, argMax(time, value) AS high_time,
  argMin(value, time) AS head, min(time) AS head_time, argMax(value, time) AS tail, max(time) AS tail_time`

type Mark = { house_id: number; hour: number; tokens: string[] }

/**
 * Computes what is behind. From one process at a time it is cheap; from several it is only wasted work.
 *
 * @returns how many hours of houses it computed
 */
export async function refreshRollups(connection: Connection, nowMillis: number): Promise<{ hours: number }> {
  const target = Math.floor((nowMillis / 1000 - settledAfter) / hour) * hour
  const rolled = await rolledUntil(connection)
  // Samples of hours up to an hour beyond it are older than two hours, and so are marked.
  const until = rolled > target + hour ? await takeBack(connection, target, nowMillis) : rolled
  const marks = await connection.rows<Mark>(
    `SELECT house_id, toUnixTimestamp(hour) AS hour, groupArray(toString(token)) AS tokens FROM (
       SELECT house_id, hour, token FROM rollup_marks GROUP BY house_id, hour, token HAVING sum(sign) > 0)
     GROUP BY house_id, hour HAVING hour < {target:UInt32} ORDER BY house_id, hour`,
    { target: Math.max(until, target) },
  )
  let hours = 0
  const houses = Map.groupBy(marks, (mark) => mark.house_id)
  for (const [houseId, own] of houses)
    for (let at = 0; at < own.length; at += batch) {
      const some = own.slice(at, at + batch)
      await computeHours(
        connection,
        houseId,
        some.map((mark) => mark.hour),
      )
      const gone = some.flatMap((mark) => mark.tokens.map((token) => `${houseId}\t${mark.hour}\t${token}\t-1\n`))
      await connection.insert('rollup_marks', ['house_id', 'hour', 'token', 'sign'], gone.join(''))
      hours += some.length
    }
  for (let from = until; from < target; from += batch * hour) {
    const to = Math.min(target, from + batch * hour)
    await connection.command(
      `INSERT INTO rollup_hourly SELECT ${seriesKey}, toStartOfHour(time, 'UTC') AS hour, ${sums}, ${version}
       FROM samples FINAL WHERE type != 'text' AND time >= toDateTime({from:UInt32}, 'UTC') AND time < toDateTime({to:UInt32}, 'UTC')
       GROUP BY ${seriesKey}, hour`,
      { from, to },
    )
    await connection.insert('rollup_state', ['id', 'until'], `1\t${to}\n`)
    hours += (to - from) / hour
  }
  return { hours }
}

/**
 * After a clock that was ahead has gone back, hours that are still to come count as computed: what is written in them
 * would never be seen. What was computed by that clock is cleared away, and the hours from there on are computed anew.
 *
 * @returns until when the roll-ups reach now
 */
async function takeBack(connection: Connection, target: number, nowMillis: number): Promise<number> {
  const ahead = { sql: 'computed > {ahead:UInt64}', parameters: { ahead: (Math.floor(nowMillis) + 3_600_000) * 1000 } }
  const [odd] = await connection.rows<{ n: number; first: number }>(
    `SELECT count() AS n, toUnixTimestamp(min(hour)) AS first FROM rollup_hourly WHERE ${ahead.sql}`,
    ahead.parameters,
  )
  const until = odd && odd.n > 0 ? Math.min(target, odd.first) : target
  const remove = (from: Where, table: string) =>
    connection.command(`ALTER TABLE ${table} DELETE WHERE ${from.sql}`, from.parameters, { mutations_sync: 1 })
  // Without a state every read takes the samples themselves.
  await remove({ sql: 'true', parameters: {} }, 'rollup_state')
  if (odd && odd.n > 0) await remove(ahead, 'rollup_hourly')
  await connection.insert('rollup_state', ['id', 'until'], `1\t${until}\n`)
  return until
}

// The microsecond of the computation: the later one replaces the earlier.
const version = "toUInt64(toUnixTimestamp64Micro(now64(6, 'UTC'))) AS computed"

/** An hour that has lost all its samples is kept with none, until `erase` clears it away. */
async function computeHours(connection: Connection, houseId: number, hours: readonly number[]): Promise<void> {
  const parameters = { house: houseId, hours, from: Math.min(...hours), to: Math.max(...hours) + hour }
  await connection.command(
    `INSERT INTO rollup_hourly SELECT ${seriesKey}, hour, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ${version}
     FROM rollup_hourly WHERE house_id = {house:UInt32} AND toUnixTimestamp(hour) IN {hours:Array(UInt32)}
     GROUP BY ${seriesKey}, hour`,
    { house: houseId, hours },
  )
  await connection.command(
    `INSERT INTO rollup_hourly SELECT ${seriesKey}, toStartOfHour(time, 'UTC') AS hour, ${sums}, ${version}
     FROM samples FINAL WHERE house_id = {house:UInt32} AND type != 'text'
       AND time >= toDateTime({from:UInt32}, 'UTC') AND time < toDateTime({to:UInt32}, 'UTC')
       AND toUnixTimestamp(toStartOfHour(time, 'UTC')) IN {hours:Array(UInt32)}
     GROUP BY ${seriesKey}, hour`,
    parameters,
  )
}

async function rolledUntil(connection: Connection): Promise<number> {
  const [row] = await connection.rows<{ at: number }>('SELECT toUnixTimestamp(max(until)) AS at FROM rollup_state')
  return row?.at ?? 0
}

/** What of a range the roll-ups can answer for a house: whole hours from … to, but for the marked ones. */
export type Settled = { readonly from: number; readonly to: number; readonly marked: readonly number[] }

/** Seconds since the epoch; `undefined` when the roll-ups are of no use for the range. */
export async function settledHours(
  connection: Connection,
  houseId: number,
  range: Range,
): Promise<Settled | undefined> {
  const from = Math.max(0, Math.ceil(range.from / 1e6 / hour) * hour)
  const to = Math.min(Math.floor(range.to / 1e6 / hour) * hour, await rolledUntil(connection))
  if (to - from < 24 * hour) return undefined
  const marked = await connection.rows<{ at: number }>(
    `SELECT DISTINCT toUnixTimestamp(hour) AS at FROM (
       SELECT hour, token FROM rollup_marks WHERE house_id = {house:UInt32}
         AND hour >= toDateTime({from:UInt32}, 'UTC') AND hour < toDateTime({to:UInt32}, 'UTC')
       GROUP BY hour, token HAVING sum(sign) > 0) LIMIT {most:UInt32}`,
    { house: houseId, from, to, most: mostMarks + 1 },
  )
  return marked.length > mostMarks ? undefined : { from, to, marked: marked.map(({ at }) => at) }
}

/** The sums of a range: settled hours from the roll-ups, the rest from the samples. */
export function rolledUp(
  houseId: number,
  series: StoredSeries,
  range: Range,
  settled: Settled,
  mark: string,
): RolledUp {
  const whole = whereSeries(houseId, series, mark)
  const key = whole.sql.replace(/ AND type = .*$/, '')
  const parameters = {
    ...whole.parameters,
    [`${mark}_from`]: Math.ceil(range.from),
    [`${mark}_to`]: Math.ceil(range.to),
    [`${mark}_a`]: settled.from,
    [`${mark}_b`]: settled.to,
    [`${mark}_marked`]: settled.marked,
  }
  const start = `toDateTime({${mark}_a:UInt32}, 'UTC')`
  const end = `toDateTime({${mark}_b:UInt32}, 'UTC')`
  const marked = `{${mark}_marked:Array(UInt32)}`
  const micros = (name: string) => `fromUnixTimestamp64Micro({${mark}_${name}:Int64}, 'UTC')`
  // Three reads of the samples rather than one OR, so that each takes its range from the key.
  const rows = (condition: string) =>
    `SELECT toDateTime64(toStartOfHour(time, 'UTC'), 6, 'UTC') AS at, ${sums} FROM samples FINAL WHERE ${whole.sql} AND ${condition} GROUP BY at`
  const parts = [
    `SELECT toDateTime64(hour, 6, 'UTC') AS at, n, total, low, low_time, high, high_time, head, head_time, tail, tail_time
     FROM rollup_hourly FINAL WHERE ${key} AND hour >= ${start} AND hour < ${end} AND toUnixTimestamp(hour) NOT IN ${marked} AND n > 0`,
    rows(`time >= ${micros('from')} AND time < ${start}`),
    rows(`time >= ${end} AND time < ${micros('to')}`),
  ]
  if (settled.marked.length > 0)
    parts.push(rows(`time >= ${start} AND time < ${end} AND toUnixTimestamp(toStartOfHour(time, 'UTC')) IN ${marked}`))
  return { sql: parts.join(' UNION ALL '), parameters }
}

/** The hours that a range touches, as `markHours` takes them. */
export function hoursOf(houseId: number, from: Micros, to: Micros): Set<string> {
  const hours = new Set<string>()
  for (let at = Math.floor(from / 1e6 / hour) * hour; at * 1e6 < to; at += hour) hours.add(`${houseId}\t${at}`)
  return hours
}
