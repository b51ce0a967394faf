import { Problem } from '@nabolag/core'
import { Connection } from './client.ts'
import type { TimeSeriesLog } from './open.ts'
import { migrations } from './schema.ts'

/**
 * Makes the database if it is not there, and brings its tables up to this version. Running it twice, or from two
 * processes, does no harm.
 *
 * @throws ProblemError `conflict` when a newer version made the tables; they are untouched
 */
export async function migrate(url: string, connection: Connection, log?: TimeSeriesLog): Promise<void> {
  const { database } = connection
  // A connection to a database that is not there is refused, so this one names none.
  const anywhere = new Connection(url, 'default')
  try {
    const found = await anywhere.rows('SELECT name FROM system.databases WHERE name = {database:String}', { database })
    if (found.length === 0) await anywhere.command('CREATE DATABASE IF NOT EXISTS {database:Identifier}', { database })
  } finally {
    await anywhere.close()
  }
  const tables = await connection.rows(
    "SELECT name FROM system.tables WHERE database = {database:String} AND name = 'schema_migrations'",
    { database },
  )
  const version = tables.length === 0 ? 0 : await schemaVersion(connection)
  if (version > migrations.length)
    throw Problem(
      'conflict',
      `The time series are of version ${version}; this program knows ${migrations.length}. Use the newer program.`,
    )
  if (tables.length === 0)
    await connection.command(
      'CREATE TABLE IF NOT EXISTS schema_migrations (version UInt32, at DateTime DEFAULT now()) ENGINE = MergeTree ORDER BY version',
    )
  for (const [index, steps] of migrations.entries()) {
    if (index < version) continue
    for (const step of steps) await connection.command(step)
    await connection.insert('schema_migrations', ['version'], `${index + 1}\n`)
    log?.info(`Time series: tables of version ${index + 1} made`)
  }
}

async function schemaVersion(connection: Connection): Promise<number> {
  const [row] = await connection.rows<{ version: number }>('SELECT max(version) AS version FROM schema_migrations')
  return row?.version ?? 0
}
