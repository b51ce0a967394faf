/**
 * Changing the master key: every data key is wrapped anew, the credentials themselves are not touched; the sessions of
 * vendor accounts are sealed anew.
 */
import { type Kysely, sql } from 'kysely'
import { note } from './audit.ts'
import { isProblem } from './faults.ts'
import { type MasterKeys, openValue, rewrap, sealValue } from './keys.ts'
import { operator } from './rights.ts'
import { purposeOf } from './sessions.ts'
import type { Tables } from './tables.ts'
import type { Rotation } from './types.ts'

const batchSize = 200

/** Safe to run beside everything else, to break off, and to run again. */
export async function rotate(
  database: Kysely<Tables>,
  keys: MasterKeys,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<Rotation> {
  const newest = keys[0].id
  const counted = await sql<{ n: number }>`select (select count(*) from devices where key_id <> ${newest})::int
    + (select count(*) from vendor_sessions where key_id <> ${newest})::int as n`.execute(database)
  const total = counted.rows[0]!.n
  let rewrapped = 0
  let failed = 0
  let after = 0
  onProgress(0, total)
  for (;;) {
    const rows = await database.transaction().execute(async (transaction) => {
      const batch = await transaction
        .selectFrom('devices')
        .select(['id', 'house_id', 'integration_id', 'credentials', 'data_key', 'key_id'])
        .where('key_id', '<>', newest)
        .where('id', '>', after)
        .orderBy('id')
        .limit(batchSize)
        .forUpdate()
        .execute()
      for (const row of batch) {
        const identity = { deviceId: row.id, houseId: row.house_id, integrationId: row.integration_id }
        try {
          const wrapped = rewrap(keys, identity, row)
          await transaction.updateTable('devices').set(wrapped).where('id', '=', row.id).execute()
          rewrapped++
        } catch (error) {
          if (!isProblem(error)) throw error
          failed++
        }
      }
      return batch
    })
    const last = rows.at(-1)
    if (!last) break
    after = last.id
    onProgress(rewrapped + failed, total)
  }
  const sessions = await sealSessions(database, keys, (done, lost) =>
    onProgress(rewrapped + failed + done + lost, total),
  )
  rewrapped += sessions.done
  failed += sessions.lost
  await note(database, operator, 'rotate master key', null, { to: newest, rewrapped, failed })
  return { total, rewrapped, failed }
}

async function sealSessions(
  database: Kysely<Tables>,
  keys: MasterKeys,
  onProgress: (done: number, lost: number) => void,
): Promise<{ done: number; lost: number }> {
  let done = 0
  let lost = 0
  let after = ''
  for (;;) {
    const rows = await database.transaction().execute(async (transaction) => {
      const batch = await transaction
        .selectFrom('vendor_sessions')
        .select(['name', 'sealed', 'key_id'])
        .where('key_id', '<>', keys[0].id)
        .where('name', '>', after)
        .orderBy('name')
        .limit(batchSize)
        .forUpdate()
        .execute()
      for (const row of batch) {
        const session = openValue(keys, purposeOf(row.name), row)
        if (session === undefined) lost++
        else {
          const sealed = sealValue(keys, purposeOf(row.name), session)
          await transaction.updateTable('vendor_sessions').set(sealed).where('name', '=', row.name).execute()
          done++
        }
      }
      return batch
    })
    const last = rows.at(-1)
    if (!last) return { done, lost }
    after = last.name
    onProgress(done, lost)
  }
}
