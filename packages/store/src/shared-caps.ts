/** Houses under one power cap: who belongs to it, and what the others of a house have planned. */
import { Problem } from '@nabolag/core'
import { type Kysely, sql } from 'kysely'
import { note } from './audit.ts'
import { idOrNone, makeDue } from './control-rows.ts'
import type { SharedCap, SharedCaps, SharedShare } from './control-types.ts'
import { requireAdmin } from './rights.ts'
import type { Database, Tables } from './tables.ts'
import type { Asker } from './types.ts'

export const sharedCapsStep = `
create table shared_caps (
  id integer generated always as identity (start with 1) primary key,
  name text not null unique,
  cap double precision not null check (cap > 0)
);
alter table houses add column shared_cap_id integer references shared_caps on delete set null;
create index houses_shared_cap on houses (shared_cap_id) where shared_cap_id is not null;
`

/** Only an operator sets them: they bind houses of several owners. */
export const sharedCapsOf = (database: Kysely<Tables>, asker: Asker): SharedCaps => ({
  async sharedCaps() {
    requireAdmin(asker)
    return readCaps(database)
  },

  async setSharedCap(name, change) {
    requireAdmin(asker)
    const { cap, houses } = change
    if (!(Number.isFinite(cap) && cap > 0)) throw Problem('bad-request', 'cap is a power above 0, in kW')
    return database.transaction().execute(async (transaction) => {
      const { rows } = await sql<{ id: number }>`insert into shared_caps (name, cap) values (${name}, ${cap})
        on conflict (name) do update set cap = excluded.cap returning id`.execute(transaction)
      const { id } = rows[0]!
      const wanted = [...new Set(houses.map(idOrNone))]
      const before = await memberIds(transaction, id)
      const there = await transaction
        .selectFrom('houses')
        .select('id')
        .where(sql<boolean>`id = any(${wanted}::int[])`)
        .execute()
      if (there.length < wanted.length) throw Problem('no-such-house')
      // In order, so that two such changes never wait for each other.
      for (const house of [...new Set([...before, ...wanted])].sort((a, b) => a - b)) {
        await makeDue(transaction, house)
        await sql`update houses set shared_cap_id = ${wanted.includes(house) ? id : null} where id = ${house}`.execute(
          transaction,
        )
      }
      await note(transaction, asker, 'set shared cap', null, { name, cap, houses: wanted })
      return { name, cap, houses: wanted.sort((a, b) => a - b) }
    })
  },

  async removeSharedCap(name) {
    requireAdmin(asker)
    await database.transaction().execute(async (transaction) => {
      const { rows } = await sql<{ id: number }>`select id from shared_caps where name = ${name}`.execute(transaction)
      const id = rows[0]?.id
      if (id === undefined) throw Problem('no-such-shared-cap')
      for (const house of await memberIds(transaction, id)) await makeDue(transaction, house)
      await sql`delete from shared_caps where id = ${id}`.execute(transaction)
      await note(transaction, asker, 'remove shared cap', null, { name })
    })
  },
})

const memberIds = async (database: Database, id: number): Promise<number[]> =>
  (await sql<{ id: number }>`select id from houses where shared_cap_id = ${id} order by id`.execute(database)).rows.map(
    (row) => row.id,
  )

async function readCaps(database: Database): Promise<SharedCap[]> {
  const { rows } = await sql<{ name: string; cap: number; houses: number[] }>`
    select c.name, c.cap, coalesce(array_agg(h.id order by h.id) filter (where h.id is not null), '{}') as houses
    from shared_caps c left join houses h on h.shared_cap_id = c.id group by c.id order by c.name`.execute(database)
  return rows
}

/** The cap a house is under, and the newest plan of each other house under it that has loops; `undefined` without one. */
export async function readShare(database: Database, houseId: number): Promise<SharedShare | undefined> {
  const { rows } = await sql<{
    name: string
    cap: number
    house_id: number | null
    plan: unknown
    made: string | null
  }>`
    select c.name, c.cap, o.id as house_id, p.plan, p.made_at::text as made
    from houses h
    join shared_caps c on c.id = h.shared_cap_id
    left join houses o on o.shared_cap_id = c.id and o.id <> h.id and exists (select from loops l where l.house_id = o.id)
    left join lateral (
      select plan, made_at from plans where house_id = o.id order by made_at desc limit 1
    ) p on true
    where h.id = ${houseId} order by o.id`.execute(database)
  const first = rows[0]
  return (
    first && {
      name: first.name,
      cap: first.cap,
      others: rows.flatMap(({ house_id: house, plan }) =>
        house === null ? [] : [{ house, ...(plan !== null && { plan: plan as Readonly<Record<string, unknown>> }) }],
      ),
      mark: JSON.stringify([first.name, first.cap, rows.map(({ house_id: house, made }) => [house, made])]),
    }
  )
}

/** Since a plan was begun, what the houses of its cap may have has changed. Nothing was kept: it is to be made anew. */
export class ShareChanged extends Error {
  override readonly name = 'ShareChanged'
}

/**
 * Lets one plan after the other be kept under a cap: until the transaction is over no other house of it keeps one. Comes
 * before every other lock of the transaction, as whoever changes a cap locks it first, too.
 *
 * @param mark of the share that the plan was made within; '' under no cap
 * @throws ShareChanged when another house's plan, or the cap, is another by now
 */
export async function holdShare(transaction: Database, houseId: number, mark: string): Promise<void> {
  await sql`select from shared_caps c where c.id = (select shared_cap_id from houses where id = ${idOrNone(houseId)})
    for no key update of c`.execute(transaction)
  const share = await readShare(transaction, houseId)
  if ((share?.mark ?? '') !== mark)
    throw new ShareChanged('What other houses under the cap have planned changed while this plan was made')
}
