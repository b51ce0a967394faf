/** The sessions of vendor accounts at rest: sealed with the master key, and bound to the account and integration. */
import { type Kysely, sql } from 'kysely'
import { type MasterKeys, openValue, sealValue } from './keys.ts'
import type { Tables } from './tables.ts'
import type { Fleet } from './types.ts'

type Part = 'loadSession' | 'saveSession' | 'forgetSessions'

export const purposeOf = (name: string): string => `session ${name}`

export function sessionsOf(database: Kysely<Tables>, keys: MasterKeys): Pick<Fleet, Part> {
  const noteUse = (name: string, deviceId: number) =>
    sql`insert into vendor_session_devices (device_id, name)
      select id, ${name} from devices where id = ${deviceId}
      on conflict (device_id) do update set name = excluded.name
      where vendor_session_devices.name <> excluded.name`.execute(database)

  return {
    async loadSession(name, deviceId) {
      await noteUse(name, deviceId)
      const row = await database
        .selectFrom('vendor_sessions')
        .select(['sealed', 'key_id'])
        .where('name', '=', name)
        .executeTakeFirst()
      return row && openValue(keys, purposeOf(name), row)
    },

    async saveSession(name, session, deviceId) {
      const sealed = sealValue(keys, purposeOf(name), session)
      await database
        .insertInto('vendor_sessions')
        .values({ name, ...sealed })
        .onConflict((c) => c.column('name').doUpdateSet({ ...sealed, saved_at: new Date() }))
        .execute()
      if (deviceId !== undefined) await noteUse(name, deviceId)
    },

    async forgetSessions() {
      await sql`delete from vendor_sessions s where saved_at < now() - interval '1 day'
        and not exists (select from vendor_session_devices d where d.name = s.name)`.execute(database)
    },
  }
}
