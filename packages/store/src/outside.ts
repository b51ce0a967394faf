/**
 * Devices whose samples come from an outside publisher (a container, a script, a gateway in the home). Nothing here runs
 * them; each has a publisher of its own, an account at the broker.
 */
import { type Kysely, sql } from 'kysely'
import { statusOf } from './status.ts'
import type { Tables } from './tables.ts'
import type { Fleet, OutsideDevice } from './types.ts'

/** A publisher that belongs to a device goes with it; the row stays, for the name of the account is never given out again. */
export const publishersOfDevices = `
alter table publishers add column device_id integer references devices on delete set null;
create unique index publishers_device on publishers (device_id) where revoked_at is null;
`

export const outsideOf = (database: Kysely<Tables>): Pick<Fleet, 'outsideDevices'> => ({
  async outsideDevices(which) {
    const rows = await database
      .selectFrom('devices as d')
      .innerJoin('integrations as i', 'i.id', 'd.integration_id')
      .leftJoin('device_status as s', 's.device_id', 'd.id')
      .select(['d.id', 'd.house_id', 'd.count', 'd.shard', 'd.desired', 'd.generation', 'd.created_at'])
      .select(['i.name', 'i.sampling_seconds'])
      .select(['s.state', 's.reason', 's.since', 's.restarts', 's.last_sample_at', 's.next_try_at', 's.run'])
      .where('i.kind', '<>', 'built-in')
      .$if('shards' in which, (q) =>
        q.where(sql<boolean>`d.shard = any(${'shards' in which ? [...which.shards] : []}::int[])`),
      )
      .$if(!('shards' in which), (q) => {
        const { houseId, integration, count } = which as Exclude<typeof which, { readonly shards: readonly number[] }>
        return q.where('d.house_id', '=', houseId).where('i.name', '=', integration).where('d.count', '=', count)
      })
      .orderBy('d.id')
      .execute()
    return rows.map(
      (row): OutsideDevice => ({
        id: row.id,
        houseId: row.house_id,
        integration: row.name,
        count: row.count,
        shard: row.shard,
        desired: row.desired,
        generation: row.generation,
        samplingSeconds: row.sampling_seconds,
        createdAt: row.created_at.getTime(),
        status: statusOf(row),
      }),
    )
  },
})
