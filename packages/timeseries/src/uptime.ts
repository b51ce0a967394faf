import { isForecast } from '@nabolag/core'
import type { Connection } from './client.ts'
import type { UptimeRequest } from './types.ts'
import { whereEqual } from './where.ts'

type Gaps = { n: number; since: number; latest: number; down: number }

/**
 * Share of the period that the device logged; the rule stands at `TimeSeries.uptime`. The field that came most often
 * speaks for the device; a forecast logs when it is issued.
 */
export async function uptime(
  connection: Connection,
  { houseId, device, count, everySeconds, days, now = Date.now() }: UptimeRequest,
): Promise<number | undefined> {
  const where = whereEqual({ houseId, device, count })
  const [best] = await connection.rows<{ group: string; field: string; first_at: number }>(
    `SELECT \`group\`, field, toUnixTimestamp64Micro(min(first)) AS first_at FROM series WHERE ${where.sql}
     GROUP BY \`group\`, field ORDER BY sum(samples) DESC LIMIT 1`,
    where.parameters,
  )
  if (!best) return undefined
  const [table, column] = isForecast(best.group) ? ['forecasts', 'issued'] : ['samples', 'time']
  const every = everySeconds * 1e6
  const end = now * 1000
  const key = whereEqual({ houseId, group: best.group, field: best.field, device, count }, 'k')
  const ever = table === 'samples' ? best.first_at : await firstIssued(connection, key.sql, key.parameters)
  const begin = Math.max(end - days * 86_400e6, ever)
  if (begin >= end) return undefined
  const [gaps] = await connection.rows<Gaps>(
    `SELECT length(t) AS n, t[1] AS since, t[-1] AS latest,
       arraySum(gap -> if(gap > {every:Float64} * 2, gap - {every:Float64}, toFloat64(0)), arrayDifference(t)) AS down
     FROM (SELECT arraySort(groupArray(toUnixTimestamp64Micro(${column}))) AS t FROM ${table}
           WHERE ${key.sql} AND ${column} >= fromUnixTimestamp64Micro({begin:Int64}, 'UTC')
             AND ${column} <= fromUnixTimestamp64Micro({end:Int64}, 'UTC'))`,
    { ...key.parameters, every, begin: Math.floor(begin), end: Math.floor(end) },
  )
  if (!gaps || gaps.n === 0) return 0
  const excess = (gap: number) => (gap > 2 * every ? gap - every : 0)
  const down = gaps.down + excess(gaps.since - begin) + excess(end - gaps.latest)
  return Math.min(1, Math.max(0, 1 - down / (end - begin)))
}

async function firstIssued(
  connection: Connection,
  where: string,
  parameters: Record<string, string | number | readonly (string | number)[] | null>,
) {
  const [row] = await connection.rows<{ at: number }>(
    `SELECT toUnixTimestamp64Micro(min(issued)) AS at FROM forecasts WHERE ${where}`,
    parameters,
  )
  return row?.at ?? 0
}
