/** Opens the store. */
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { accountsOf } from './accounts.ts'
import { commandsOf } from './commands.ts'
import { controlOf } from './control.ts'
import { devicesOf } from './devices.ts'
import { guarded } from './faults.ts'
import { makeFleet } from './fleet.ts'
import { housesOf } from './houses.ts'
import { integrationsOf } from './integrations.ts'
import { derive, readMasterKeys } from './keys.ts'
import { migrate } from './migrations.ts'
import { makePeople } from './people.ts'
import type { Tables } from './tables.ts'
import { trialsOf } from './trials.ts'
import type { Store, StoreOptions } from './types.ts'
import { vendorsOf } from './vendors.ts'

const connectMillis = 10_000
const queryMillis = 60_000

/**
 * Opens the store on a PostgreSQL; connects when first used.
 *
 * @throws ProblemError `bad-request` for a master key that is none
 */
export function openStore({ url, masterKey, baseUrl, log, connections = 5 }: StoreOptions): Store {
  const keys = readMasterKeys(masterKey)
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: connectMillis,
    query_timeout: queryMillis,
    application_name: 'nabolag',
  })
  // An idle connection that breaks is replaced when the next one is asked for.
  const broke = (error: Error) => log?.warn({ error: error.message }, 'A connection to PostgreSQL broke')
  pool.on('error', broke)
  // One that breaks between two queries of a transaction tells nobody else, and would end the process.
  pool.on('connect', (client) => client.on('error', broke))
  const database = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  const people = guarded(makePeople(database, pool, { secret: derive(keys, 'nabolag sessions'), baseUrl }))
  return {
    ...guarded({
      migrate: () => migrate(database),
      close: () => database.destroy(),
      ping: async () => {
        await sql`select 1`.execute(database)
      },
    }),
    people,
    fleet: guarded(makeFleet(database, keys)),
    as: (asker) => ({
      asker,
      ...guarded({
        ...housesOf(database, asker),
        ...devicesOf(database, asker, keys),
        ...integrationsOf(database, asker),
        ...accountsOf(database, asker, people),
        ...commandsOf(database, asker),
        ...controlOf(database, asker),
        ...trialsOf(database, asker, keys),
        ...vendorsOf(database, asker),
      }),
    }),
  }
}
