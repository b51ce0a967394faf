/** Changing the master key: every data key is wrapped anew; the credentials themselves are not touched. */
import { type Kysely, sql } from 'kysely'
import { note } from './audit.ts'
import { isProblem } from './faults.ts'
import { type MasterKeys, rewrap } from './keys.ts'
import { operator } from './rights.ts'
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
  const counted = await sql<{ n: number }>`select count(*)::int as n from devices where key_id <> ${newest}`.execute(
    database,
  )
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
  await note(database, operator, 'rotate master key', null, { to: newest, rewrapped, failed })
  return { total, rewrapped, failed }
}
