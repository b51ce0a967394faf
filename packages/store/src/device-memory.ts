/** What is remembered of a device beside its status, by key: the connector keeps it, others read it here. */
import type { Database } from './tables.ts'

/** As it was kept last; `undefined` where nothing was. */
export async function deviceMemory(database: Database, deviceId: number, key: string): Promise<unknown> {
  const row = await database
    .selectFrom('device_memory')
    .select('value')
    .where('device_id', '=', deviceId)
    .where('key', '=', key)
    .executeTakeFirst()
  return row?.value
}
