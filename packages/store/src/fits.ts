/** What controllers do besides turns: they learn what rooms are like, say that they are there, and forget what is old. */
import { type Kysely, sql } from 'kysely'
import { momentOf } from './control-rows.ts'
import { keptDays } from './control-schema.ts'
import type { ControlFleet } from './control-types.ts'
import { jsonText } from './plain-json.ts'
import type { Tables } from './tables.ts'

type Part = 'claimFits' | 'saveModel' | 'controllers' | 'databaseTime' | 'forgetControl'

/** How long a controller that no longer beats stays in the list, s. */
const forgetAfterSeconds = 86_400
const mostOfModel = 1_000_000

export const fitsOf = (database: Kysely<Tables>): Pick<ControlFleet, Part> => ({
  async claimFits(_, before, limit, seconds) {
    // One whose claim ran out waits behind the others, as houses do. What a clock left that has gone back is not waited for.
    const ahead = sql`clock_timestamp() + make_interval(secs => ${seconds + 3600}::double precision)`
    const { rows } = await sql<{ house_id: number; id: number; fence: string }>`
      with ready as (
        select r.id from rooms r
        where (r.fit_at is null or r.fit_at < ${momentOf(before) ?? new Date()} or r.fit_at > ${ahead})
          and (r.fit_until is null or r.fit_until <= clock_timestamp() or r.fit_until > ${ahead})
          and exists (select from loops l where l.room_id = r.id)
          and exists (select from room_sensors s where s.room_id = r.id)
        order by greatest(r.fit_at, r.fit_until) nulls first, r.id
        limit ${Math.max(0, Math.trunc(limit))} for update skip locked
      )
      update rooms r set fit_fence = r.fit_fence + 1,
        fit_until = clock_timestamp() + make_interval(secs => ${seconds}::double precision)
      from ready where ready.id = r.id
      returning r.house_id, r.id, r.fit_fence as fence`.execute(database)
    return rows.map((row) => ({ houseId: row.house_id, room: row.id, fence: Number(row.fence) }))
  },

  saveModel: ({ houseId, room, fence }, { madeAt, outcome, because, model }) =>
    database.transaction().execute(async (transaction) => {
      const at = momentOf(madeAt) ?? new Date()
      const { numUpdatedRows } = await transaction
        .updateTable('rooms')
        .set({ fit_at: at, fit_until: null })
        .where('id', '=', room)
        .where('house_id', '=', houseId)
        .where(sql<boolean>`fit_fence = ${fence}::bigint and fit_until > clock_timestamp()`)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) return false
      const text = model === undefined ? undefined : jsonText(model, mostOfModel)
      await sql`update room_models set made_at = clock_timestamp() - interval '1 hour'
        where room_id = ${room} and made_at > clock_timestamp() + interval '1 hour'`.execute(transaction)
      await transaction
        .insertInto('room_models')
        .values({
          room_id: room,
          made_at: at,
          ...(model !== undefined && text === undefined
            ? { outcome: 'rejected', because: 'The model was too long to keep' }
            : { outcome, because: because.replaceAll('\0', '').toWellFormed().slice(0, 2000) }),
          model: text ?? null,
        })
        .execute()
      return true
    }),

  async controllers() {
    const { rows } = await sql<{ id: string; address: string | null; beat: Date; houses: number }>`
      select c.id, c.address, c.beat, count(h.house_id)::int as houses from controllers c
      left join house_control h on h.holder = c.id and h.until > clock_timestamp()
      group by c.id order by c.id`.execute(database)
    return rows.map((row) => ({ ...row, address: row.address ?? undefined, beat: row.beat.getTime() }))
  },

  async databaseTime() {
    const { rows } = await sql<{ now: number }>`
      select (extract(epoch from clock_timestamp()) * 1000)::double precision as now`.execute(database)
    return Math.floor(rows[0]!.now)
  },

  async forgetControl() {
    const older = (column: string, days: number) => sql`${sql.ref(column)} < now() - make_interval(days => ${days})`
    await sql`delete from receipts where (${older('at', keptDays.idle)} and command_ids = '{}')
      or ${older('at', keptDays.receipts)}`.execute(database)
    await sql`delete from plans where ${older('made_at', keptDays.plans)}`.execute(database)
    await sql`delete from room_models where outcome <> 'accepted' and ${older('made_at', keptDays.models)}`.execute(
      database,
    )
    await sql`delete from controllers where beat < now() - make_interval(secs => ${forgetAfterSeconds})`.execute(
      database,
    )
  },
})
