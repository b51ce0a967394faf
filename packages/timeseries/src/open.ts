import { type Change, changeOf, TouchedHours } from './changes.ts'
import { Connection } from './client.ts'
import { erase } from './erase.ts'
import { HotBlocks, type HotOptions } from './hot-blocks.ts'
import { migrate } from './migrate.ts'
import { read } from './read.ts'
import { readPoints } from './read-points.ts'
import { rejected, rejectedCounts } from './rejected.ts'
import { refreshRollups } from './rollup.ts'
import { tables } from './schema.ts'
import { listSeries, newest } from './series.ts'
import type { TableSize, TimeSeries } from './types.ts'
import { uptime } from './uptime.ts'
import { write, writeRejected } from './write.ts'

/** What is told of: `pino` fits. */
export type TimeSeriesLog = { info(message: string): void }

export type TimeSeriesOptions = {
  readonly log?: TimeSeriesLog
  /** Keeps samples that were read lately in memory. Without it every read asks ClickHouse. */
  readonly hot?: HotOptions
  /**
   * Told of every write and erasure before it is done; it publishes them for the hot blocks of other processes. What it
   * throws, `write` and `erase` throw: do the same again.
   */
  readonly onChange?: (changes: readonly Change[]) => Promise<void>
}

/**
 * Opens the time series of a ClickHouse. Nothing is asked of it yet.
 *
 * @param url `http://user:password@host:port/database`
 */
export function openTimeSeries(url: string, { log, hot: options, onChange }: TimeSeriesOptions = {}): TimeSeries {
  const connection = new Connection(url)
  const hot = options && new HotBlocks(options)
  /** What failed may be done in part: it is told all the same. */
  const telling = async (changes: () => readonly Change[], act: () => Promise<void>): Promise<void> => {
    try {
      await act()
    } catch (error) {
      hot?.heed(changes())
      void onChange?.(changes()).catch(() => undefined)
      throw error
    }
    hot?.heed(changes())
    await onChange?.(changes())
  }
  return {
    migrate: () => migrate(url, connection, log),
    ping: () => connection.ping(),
    close: () => connection.close(),
    write: (samples, receivedMillis) => {
      const touched = new TouchedHours()
      return telling(
        () => touched.changes(),
        () => write(connection, samples, receivedMillis, touched),
      )
    },
    writeRejected: (rows) => writeRejected(connection, rows),
    series: async (filter) =>
      (await listSeries(connection, filter)).map(({ forecast: _, tagsText: __, ...series }) => series),
    newest: (filter) => newest(connection, filter, Date.now()),
    read: (request, format) => read(connection, hot, request, format),
    points: (houseId, parts, asOf) => readPoints(connection, houseId, parts, asOf),
    rejected: (filter) => rejected(connection, filter),
    rejectedCounts: (filter) => rejectedCounts(connection, filter?.houseId),
    uptime: (request) => uptime(connection, request),
    erase: (erasure) =>
      telling(
        () => [changeOf(erasure)],
        () => erase(connection, erasure),
      ),
    heed: (changes) => hot?.heed(changes),
    forget: () => hot?.forget(),
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
