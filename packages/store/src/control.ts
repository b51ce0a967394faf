/** The control of a house, as its people see and set it. */
import { localDateOf, Problem } from '@nabolag/core'
import { type Kysely, sql } from 'kysely'
import { note } from './audit.ts'
import { readCommands } from './command-rows.ts'
import { idOrNone, makeDue, modelColumns, modelOf, readControl, readMemory, readRoom } from './control-rows.ts'
import type { ControlledDay, ControlTenant, StoredReceipt } from './control-types.ts'
import { loopsOf, momentOr } from './loops.ts'
import { jsonOr } from './plain-json.ts'
import { requireHouse } from './rights.ts'
import { roomsOf } from './rooms.ts'
import { sharedCapsOf } from './shared-caps.ts'
import type { Tables } from './tables.ts'
import type { Asker } from './types.ts'

const mostListed = 1000

export const controlOf = (database: Kysely<Tables>, asker: Asker): ControlTenant => ({
  ...roomsOf(database, asker),
  ...loopsOf(database, asker),
  ...sharedCapsOf(database, asker),

  async control(houseId) {
    await requireHouse(database, asker, houseId, 'look')
    return database
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute((transaction) => readControl(transaction, houseId))
  },

  async setHouseFacts(houseId, facts) {
    await requireHouse(database, asker, houseId, 'change')
    const text = jsonOr('What is said of the house', facts)
    return database.transaction().execute(async (transaction) => {
      await makeDue(transaction, houseId)
      await transaction.updateTable('house_control').set({ facts: text }).where('house_id', '=', houseId).execute()
      const kept = JSON.parse(text)
      await note(transaction, asker, 'set house facts', houseId, { facts: kept })
      return kept
    })
  },

  async setPriceSettings(houseId, settings) {
    await requireHouse(database, asker, houseId, 'change')
    const text = jsonOr('The settings of the price', settings)
    await database.transaction().execute(async (transaction) => {
      await makeDue(transaction, houseId)
      await transaction.updateTable('house_control').set({ prices: text }).where('house_id', '=', houseId).execute()
      await note(transaction, asker, 'set prices', houseId, { changed: Object.keys(JSON.parse(text)) })
    })
  },

  async receipts(houseId, { loop, from, to, sent, limit = 100, before } = {}) {
    await requireHouse(database, asker, houseId, 'look')
    if (![limit, before ?? 0].every(Number.isFinite)) throw Problem('bad-request', 'limit and before are numbers')
    const rows = await database
      .selectFrom('receipts as r')
      .select(['r.id', 'r.loop_id', 'r.at', 'r.receipt', 'r.command_ids'])
      .where('r.house_id', '=', houseId)
      .$if(loop !== undefined, (q) => q.where('r.loop_id', '=', idOrNone(loop!)))
      .$if(from !== undefined, (q) => q.where('r.at', '>=', momentOr(from!)!))
      .$if(to !== undefined, (q) => q.where('r.at', '<', momentOr(to!)!))
      .$if(sent === true, (q) => q.where(sql<boolean>`r.command_ids <> '{}'`))
      .$if(before !== undefined, (q) =>
        q.where(sql<boolean>`(r.at, r.id) < (
          select at, id from receipts where id = ${Math.trunc(before!)}::numeric and house_id = ${houseId})`),
      )
      .orderBy('r.at', 'desc')
      .orderBy('r.id', 'desc')
      .limit(Math.min(Math.max(1, Math.trunc(limit)), mostListed))
      .execute()
    const commands = await readCommands(
      database,
      rows.flatMap((row) => row.command_ids),
    )
    const byId = new Map(commands.map((command) => [command.id, command]))
    return rows.map(
      (row): StoredReceipt => ({
        id: Number(row.id),
        loop: row.loop_id,
        at: row.at.getTime(),
        receipt: row.receipt as StoredReceipt['receipt'],
        commands: row.command_ids
          .flatMap((id) => byId.get(id) ?? [])
          .map(({ id, verb, state, reason }) => ({ id, verb, state, reason })),
      }),
    )
  },

  async controlledDays(houseId, from, to) {
    await requireHouse(database, asker, houseId, 'look')
    const hour = sql<Date>`date_trunc('hour', r.at)`
    const word = (name: 'mode' | 'control') => sql<string>`coalesce(r.receipt->>${sql.lit(name)}, '')`
    const rows = await database
      .selectFrom('loops as l')
      .innerJoin('houses as h', 'h.id', 'l.house_id')
      .innerJoin('receipts as r', 'r.loop_id', 'l.id')
      .select(({ fn }) => [
        ...(['r.loop_id', 'h.timezone'] as const),
        hour.as('hour'),
        word('mode').as('mode'),
        word('control').as('control'),
        fn.countAll<string>().as('turns'),
        sql<string>`count(*) filter (where r.command_ids <> '{}')`.as('sent'),
      ])
      .where('l.house_id', '=', houseId)
      .where('r.at', '>=', momentOr(from)!)
      .where('r.at', '<', momentOr(to)!)
      .groupBy(['r.loop_id', 'h.timezone', hour, word('mode'), word('control')])
      .execute()
    const days = new Map<string, ControlledDay>()
    for (const { loop_id: loop, timezone, hour: at, mode, control, turns, sent } of rows) {
      const date = localDateOf(at.getTime(), timezone)
      const key = JSON.stringify([date, loop, mode, control])
      const before = days.get(key) ?? { date, loop, mode, control, turns: 0, sent: 0 }
      days.set(key, { ...before, turns: before.turns + Number(turns), sent: before.sent + Number(sent) })
    }
    return [...days.values()].sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : a.loop - b.loop))
  },

  async plan(houseId, at) {
    await requireHouse(database, asker, houseId, 'look')
    const row = await database
      .selectFrom('plans')
      .select(['made_at', 'plan'])
      .where('house_id', '=', houseId)
      .$if(at !== undefined, (q) => q.where('made_at', '<=', momentOr(at!)!))
      .orderBy('made_at', 'desc')
      .limit(1)
      .executeTakeFirst()
    return row && { madeAt: row.made_at.getTime(), plan: row.plan as Record<string, unknown> }
  },

  async models(houseId, room) {
    await requireHouse(database, asker, houseId, 'look')
    const only = room === undefined ? undefined : await readRoom(database, houseId, room)
    const rows = await database
      .selectFrom('room_models as m')
      .innerJoin('rooms as r', 'r.id', 'm.room_id')
      .select(modelColumns)
      .where('r.house_id', '=', houseId)
      .$if(only !== undefined, (q) => q.where('r.id', '=', only!.id))
      .orderBy('m.made_at', 'desc')
      .orderBy('m.id', 'desc')
      .limit(mostListed)
      .execute()
    return rows.map(modelOf)
  },

  async controlMemory(houseId) {
    await requireHouse(database, asker, houseId, 'look')
    const found = await readMemory(database, houseId)
    if (!found) return undefined
    const row = await database
      .selectFrom('house_control')
      .select('due')
      .where('house_id', '=', houseId)
      .executeTakeFirst()
    return { ...found, next: row?.due?.getTime() }
  },
})
