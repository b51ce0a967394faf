import { Connection } from './client.ts'
import { erase } from './erase.ts'
import { migrate } from './migrate.ts'
import { read } from './read.ts'
import { rejected, rejectedCounts } from './rejected.ts'
import { refreshRollups } from './rollup.ts'
import { tables } from './schema.ts'
import { listSeries, newest } from './series.ts'
import type { TableSize, TimeSeries } from './types.ts'
import { uptime } from './uptime.ts'
import { write, writeRejected } from './write.ts'

/** What is told of: `pino` fits. */
export type TimeSeriesLog = { info(message: string): void }

/**
 * Opens the time series of a ClickHouse. Nothing is asked of it yet.
 *
 * @param url `http://user:password@host:port/database`
 */
export function openTimeSeries(url: string, { log }: { log?: TimeSeriesLog } = {}): TimeSeries {
  const connection = new Connection(url)
  return {
    migrate: () => migrate(url, connection, log),
    ping: () => connection.ping(),
    close: () => connection.close(),
    write: (samples, receivedMillis) => write(connection, samples, receivedMillis),
    writeRejected: (rows) => writeRejected(connection, rows),
    series: async (filter) =>
      (await listSeries(connection, filter)).map(({ forecast: _, tagsText: __, ...series }) => series),
    newest: (filter) => newest(connection, filter, Date.now()),
    read: (request, format) => read(connection, request, format),
    rejected: (filter) => rejected(connection, filter),
    rejectedCounts: (filter) => rejectedCounts(connection, filter?.houseId),
    uptime: (request) => uptime(connection, request),
    erase: (erasure) => erase(connection, erasure),
    sizes: () => sizes(connection),
    refreshRollups: () => refreshRollups(connection, Date.now()),
  }
}

async function sizes(connection: Connection): Promise<TableSize[]> {
  const rows = await connection.rows<{ name: string; n: number; size: number }>(
    `SELECT table AS name, sum(rows) AS n, sum(bytes_on_disk) AS size FROM system.parts
     WHERE database = {database:String} AND active GROUP BY table`,
    { database: connection.database },
  )
  return tables.map((table) => {
    const { n = 0, size = 0 } = rows.find(({ name }) => name === table) ?? {}
    return { table, rows: n, bytes: size, bytesPerRow: n === 0 ? undefined : size / n }
  })
}
