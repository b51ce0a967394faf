import { setTimeout as sleep } from 'node:timers/promises'
import { Problem } from '@nabolag/core'
import type { Connection } from './client.ts'
import { hoursOf } from './rollup.ts'
import { emptyPartitions, type HouseTable, seriesKey, tables } from './schema.ts'
import { listSeries } from './series.ts'
import type { Erasure } from './types.ts'
import { both, type Where, whereFilter, whereTime } from './where.ts'
import { markHours } from './write.ts'

const farPast = 0
const farFuture = Date.UTC(2200, 0, 1) * 1000
const slowest = 120_000

/**
 * Removes what matches from every table, and waits until no part that held it is on the disk any more.
 *
 * Rejected messages have no group and no time of their own: those of the house (and device) go by when they came, and
 * where a group is named, those whose text names it.
 */
export async function erase(connection: Connection, erasure: Erasure): Promise<void> {
  const { from = farPast, to = farFuture, houseId } = erasure
  const key = whereFilter(erasure)
  const where = both(key, whereTime(from, to))
  const found = (await listSeries(connection, erasure, { from, to })).filter(({ forecast }) => !forecast)
  const first = Math.max(from, Math.min(...found.map((series) => series.first)))
  const last = Math.min(to, Math.max(...found.map((series) => series.last)) + 1)
  const hours = found.length === 0 ? new Set<string>() : hoursOf(houseId, first, last)
  // Marked before, so that no read trusts these hours meanwhile; and after, for who computed them meanwhile.
  await markHours(connection, hours)
  await remove(connection, 'samples', where)
  await remove(connection, 'forecasts', where)
  await remove(connection, 'rollup_hourly', {
    sql: `${key.sql} AND hour >= toStartOfHour(fromUnixTimestamp64Micro({w_from:Int64}, 'UTC')) AND hour < fromUnixTimestamp64Micro({w_to:Int64}, 'UTC')`,
    parameters: where.parameters,
  })
  await markHours(connection, hours)
  await registerAnew(connection, key)
  await remove(connection, 'rejected', rejectedOf(erasure, from, to))
  await untilGone(connection)
}

/** A mutation writes whole parts anew, the other houses' rows with them: none is begun where there is nothing to remove. */
async function remove(connection: Connection, table: HouseTable, { sql, parameters }: Where): Promise<void> {
  const found = await connection.rows(`SELECT 1 FROM ${table} WHERE ${sql} LIMIT 1`, parameters)
  if (found.length === 0) return
  await connection.command(`ALTER TABLE ${table} DELETE WHERE ${sql}`, parameters, { mutations_sync: 1 })
}

/** What the list of series says of the range's series is made again from the samples that are left. */
async function registerAnew(connection: Connection, key: Where): Promise<void> {
  await remove(connection, 'series', key)
  for (const [table, forecast] of [
    ['samples', 0],
    ['forecasts', 1],
  ] as const)
    await connection.command(
      `INSERT INTO series SELECT ${seriesKey}, type, ${forecast}, min(time), max(time), count()
       FROM ${table} WHERE ${key.sql} GROUP BY ${seriesKey}, type`,
      key.parameters,
    )
}

function rejectedOf({ houseId, device, group }: Erasure, from: number, to: number): Where {
  const parts = [
    'house_id = {house:UInt32}',
    "received >= fromUnixTimestamp64Micro({from:Int64}, 'UTC')",
    "received < fromUnixTimestamp64Micro({to:Int64}, 'UTC')",
  ]
  const parameters: Where['parameters'] = { house: houseId, from: Math.ceil(from), to: Math.ceil(to) }
  if (device !== undefined) {
    parts.push('device = {device:String}')
    parameters.device = device
  }
  if (group !== undefined) {
    parts.push('position(payload, {group:String}) > 0')
    parameters.group = group
  }
  return { sql: parts.join(' AND '), parameters }
}

/**
 * A mutation's old parts stay until ClickHouse next looks at the table, which may be minutes in a quiet one. Dropping a
 * partition, even one that is not there, makes it look now.
 */
async function untilGone(connection: Connection): Promise<void> {
  const old = () =>
    connection.rows<{ table: HouseTable; name: string }>(
      `SELECT table, name FROM system.parts WHERE database = {database:String} AND NOT active AND table IN {tables:Array(String)}`,
      { database: connection.database, tables },
    )
  const nameOf = (part: { table: string; name: string }) => `${part.table}/${part.name}`
  const doomed = new Set((await old()).map(nameOf))
  const deadline = Date.now() + slowest
  while (doomed.size > 0) {
    const left = (await old()).filter((part) => doomed.has(nameOf(part)))
    const names = new Set(left.map(nameOf))
    for (const name of doomed) if (!names.has(name)) doomed.delete(name)
    for (const table of new Set(left.map((part) => part.table)))
      await connection.command(`ALTER TABLE ${table} DROP PARTITION ${emptyPartitions[table]}`)
    if (doomed.size === 0) return
    if (Date.now() > deadline)
      throw Problem('engine-down', 'ClickHouse has not cleared the erased data from the disk yet')
    await sleep(150)
  }
}
