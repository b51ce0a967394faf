/** Sharing the devices between connectors: who holds which shard, and for how long. */
import { type Kysely, sql } from 'kysely'
import { leaseSeconds, shardCount } from './shards.ts'
import type { Database, Tables } from './tables.ts'
import type { Fleet } from './types.ts'

type Part = 'claimShards' | 'releaseShards' | 'beat' | 'connectors'

/** How long a connector that no longer beats stays in the list. */
const forgetAfterSeconds = 86_400

/** Times are the database's own, so that clocks that differ do no harm. */
export const leasesOf = (database: Kysely<Tables>): Pick<Fleet, Part> => ({
  async claimShards({ id, address }) {
    // Before the question: the answer's lease ends a little later than we believe, never earlier.
    const asked = Date.now()
    return database.transaction().execute(async (transaction) => {
      // All claims stand in line here; a shard has one holder at any moment.
      await sql`select id from shards order by id for update`.execute(transaction)
      await beat(transaction, id, address)
      const live = await sql<{ n: number }>`select count(*)::int as n from connectors
        where beat > clock_timestamp() - make_interval(secs => ${leaseSeconds})`.execute(transaction)
      const share = Math.ceil(shardCount / Math.max(1, live.rows[0]!.n))
      await sql`update shards set until = clock_timestamp() + make_interval(secs => ${leaseSeconds})
        where holder = ${id} and until > clock_timestamp()`.execute(transaction)
      await sql`update shards set holder = ${id}, until = clock_timestamp() + make_interval(secs => ${leaseSeconds})
        where id in (
          select id from shards where holder is null or until <= clock_timestamp() order by id
          limit greatest(0, ${share}::int - (select count(*) from shards where holder = ${id} and until > clock_timestamp()))
        )`.execute(transaction)
      const held = await transaction
        .selectFrom('shards')
        .select('id')
        .where('holder', '=', id)
        .where('until', '>', sql<Date>`clock_timestamp()`)
        .orderBy('id')
        .execute()
      const ids = held.map((row) => row.id)
      const until = asked + leaseSeconds * 1000
      return { shards: ids.slice(0, share), surrender: ids.slice(share), until, connectors: live.rows[0]!.n }
    })
  },

  async releaseShards(connectorId, shards) {
    await database.transaction().execute(async (transaction) => {
      await transaction
        .updateTable('shards')
        .set({ holder: null, until: null })
        .where('holder', '=', connectorId)
        .$if(shards !== undefined, (q) => q.where(sql<boolean>`id = any(${shards}::int[])`))
        .execute()
      if (shards === undefined) await transaction.deleteFrom('connectors').where('id', '=', connectorId).execute()
    })
  },

  beat: ({ id, address }) => beat(database, id, address),

  async connectors() {
    const { rows } = await sql<{ id: string; address: string | null; beat: Date; shards: number }>`
      select c.id, c.address, c.beat, count(s.id)::int as shards from connectors c
      left join shards s on s.holder = c.id and s.until > clock_timestamp()
      group by c.id order by c.id`.execute(database)
    return rows.map((row) => ({ ...row, address: row.address ?? undefined, beat: row.beat.getTime() }))
  },
})

async function beat(database: Database, id: string, address: string | undefined): Promise<void> {
  await sql`insert into connectors (id, beat, address) values (${id}, clock_timestamp(), ${address ?? null})
    on conflict (id) do update set beat = excluded.beat, address = excluded.address`.execute(database)
  await sql`delete from connectors where beat < clock_timestamp() - make_interval(secs => ${forgetAfterSeconds})`.execute(
    database,
  )
}
