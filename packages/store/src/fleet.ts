/** What the connectors read and write: devices with their credentials, statuses, logs, budgets, memory. */

import type { DeviceState } from '@nabolag/core'
import { type Kysely, sql } from 'kysely'
import { isProblem } from './faults.ts'
import { fleetCommandsOf } from './fleet-commands.ts'
import { syncIntegrations } from './integrations.ts'
import { type MasterKeys, openCredentials } from './keys.ts'
import { leasesOf } from './leases.ts'
import { outsideOf } from './outside.ts'
import { placesKey } from './places.ts'
import { plainJson } from './plain-json.ts'
import { rotate } from './rotation.ts'
import { sessionsOf } from './sessions.ts'
import { statusOf } from './status.ts'
import type { Tables } from './tables.ts'
import { trialsOfFleet } from './trials.ts'
import { turnsOf } from './turns.ts'
import type { Fleet, FleetDevice } from './types.ts'
import { vendorsOfFleet } from './vendors.ts'

/** Lines kept of one run. */
const logLines = 500
/** Where a device's memory holds what one connector hands over to the next. */
const resumeKey = 'resume'

export const makeFleet = (database: Kysely<Tables>, keys: MasterKeys): Fleet => ({
  ...leasesOf(database),
  ...fleetCommandsOf(database),
  ...turnsOf(database),
  ...sessionsOf(database, keys),
  ...trialsOfFleet(database, keys),
  ...vendorsOfFleet(database),
  ...outsideOf(database),

  syncIntegrations: (rows) => syncIntegrations(database, rows),

  async devicesOfShards(shards) {
    const rows = await selectFleet(database)
      .where(sql<boolean>`d.shard = any(${shards}::int[])`)
      .where('i.kind', '=', 'built-in')
      .execute()
    return rows.map((row) => fleetDevice(keys, row))
  },

  async device(houseId, integration, count) {
    const row = await selectFleet(database)
      .where('d.house_id', '=', houseId)
      .where('i.name', '=', integration)
      .where('d.count', '=', count)
      .executeTakeFirst()
    return row && fleetDevice(keys, row)
  },

  async saveStatuses(batch) {
    // One statement may not touch a row twice; the last word counts.
    const rows = [...new Map(batch.map((row) => [row.deviceId, row])).values()]
    if (rows.length === 0) return
    const time = (millis: number | undefined) => (millis === undefined ? null : new Date(millis).toISOString())
    const json = rows.map((r) => ({
      device_id: r.deviceId,
      state: r.state,
      reason: r.reason ?? null,
      since: time(r.since),
      restarts: r.restarts,
      last_sample_at: time(r.lastSampleAt),
      next_try_at: time(r.nextTryAt),
      run: r.run,
      connector: r.connector,
      kind: r.kind ?? null,
    }))
    await sql`
      insert into device_status as s (device_id, state, reason, since, restarts, last_sample_at, next_try_at, run, connector, kind,
        failing_since)
      select r.*, case when r.kind is not null then now() end from jsonb_to_recordset(${plainJson(json)}::jsonb) as r (device_id int, state text, reason text,
        since timestamptz, restarts int, last_sample_at timestamptz, next_try_at timestamptz, run int, connector text,
        kind text)
      join devices d on d.id = r.device_id
      order by r.device_id
      on conflict (device_id) do update set state = excluded.state, reason = excluded.reason, since = excluded.since,
        restarts = excluded.restarts, last_sample_at = greatest(excluded.last_sample_at, s.last_sample_at),
        next_try_at = excluded.next_try_at, run = excluded.run, connector = excluded.connector, kind = excluded.kind,
        failing_since = case when excluded.kind is not null then coalesce(s.failing_since, excluded.failing_since) end,
        updated_at = now()
    `.execute(database)
    const memories = rows.flatMap(({ deviceId, resume, places }) => [
      ...(resume === undefined ? [] : [{ deviceId, key: resumeKey, value: resume }]),
      ...(places === undefined ? [] : [{ deviceId, key: placesKey, value: places }]),
    ])
    if (memories.length === 0) return
    await sql`
      insert into device_memory (device_id, key, value)
      select r."deviceId", r.key, r.value
      from jsonb_to_recordset(${plainJson(memories)}::jsonb) as r ("deviceId" int, key text, value jsonb)
      join devices d on d.id = r."deviceId" order by r."deviceId", r.key
      on conflict (device_id, key) do update set value = excluded.value`.execute(database)
  },

  async appendLog(batch) {
    if (batch.length === 0) return
    const json = batch.map((r) => ({
      device_id: r.deviceId,
      run: r.run,
      time: new Date(r.time).toISOString(),
      level: r.level,
      message: r.message.slice(0, 2000),
    }))
    const devices = [...new Set(batch.map((r) => r.deviceId))]
    await database.transaction().execute(async (transaction) => {
      await sql`
        insert into device_log (device_id, run, time, level, message)
        select r.device_id, r.run, r.time, r.level, r.message
        from rows from (jsonb_to_recordset(${plainJson(json)}::jsonb)
          as (device_id int, run int, time timestamptz, level text, message text))
          with ordinality as r (device_id, run, time, level, message, place)
        join devices d on d.id = r.device_id order by r.place`.execute(transaction)
      await sql`
        delete from device_log l using (
          select id, run, dense_rank() over (partition by device_id order by run desc) as age,
            row_number() over (partition by device_id, run order by id desc) as line
          from device_log where device_id = any(${devices}::int[])
        ) old where l.id = old.id and (old.age > 2 or old.line > ${logLines})`.execute(transaction)
    })
  },

  async loadBudget(scope) {
    const row = await database
      .selectFrom('vendor_budgets')
      .select('state')
      .where('scope', '=', scope)
      .executeTakeFirst()
    return row?.state
  },

  async saveBudget(scope, state) {
    const value = { state: plainJson(state), updated_at: new Date() }
    await database
      .insertInto('vendor_budgets')
      .values({ scope, state: value.state })
      .onConflict((c) => c.column('scope').doUpdateSet(value))
      .execute()
  },

  async forgetBudgets() {
    await sql`delete from vendor_budgets where updated_at < now() - interval '8 days'`.execute(database)
  },

  async memory(deviceId) {
    const rows = await database
      .selectFrom('device_memory')
      .select(['key', 'value'])
      .where('device_id', '=', deviceId)
      .execute()
    return Object.fromEntries(rows.map((row) => [row.key, row.value]))
  },

  async remember(deviceId, key, value) {
    if (value === undefined) {
      await database.deleteFrom('device_memory').where('device_id', '=', deviceId).where('key', '=', key).execute()
      return
    }
    await sql`insert into device_memory (device_id, key, value)
      select id, ${key}, ${plainJson(value)}::jsonb from devices where id = ${deviceId}
      on conflict (device_id, key) do update set value = excluded.value`.execute(database)
  },

  async counts() {
    const { rows } = await sql<{ state: DeviceState; n: number }>`
      select coalesce(s.state, case d.desired when 'running' then 'starting' else 'stopped' end) as state, count(*)::int as n
      from devices d left join device_status s on s.device_id = d.id group by 1 order by 1`.execute(database)
    return Object.fromEntries(rows.map((row) => [row.state, row.n]))
  },

  async keysInUse() {
    const { rows } = await sql<{ keyId: string; devices: number; sessions: number }>`
      select key_id as "keyId", sum(devices)::int as devices, sum(sessions)::int as sessions from (
        select key_id, 1 as devices, 0 as sessions from devices
        union all select key_id, 0, 1 from vendor_sessions) as used
      group by 1 order by 1`.execute(database)
    return rows.map((row) => ({ ...row, known: keys.some((k) => k.id === row.keyId) }))
  },

  rotateMasterKey: (onProgress) => rotate(database, keys, onProgress),
})

const selectFleet = (database: Kysely<Tables>) =>
  database
    .selectFrom('devices as d')
    .innerJoin('integrations as i', 'i.id', 'd.integration_id')
    .innerJoin('houses as h', 'h.id', 'd.house_id')
    .leftJoin('device_status as s', 's.device_id', 'd.id')
    .leftJoin('device_memory as m', (join) => join.onRef('m.device_id', '=', 'd.id').on('m.key', '=', resumeKey))
    .select(['d.id', 'd.house_id', 'd.integration_id', 'd.count', 'd.shard', 'd.desired', 'd.generation'])
    .select(['d.account_hash', 'd.credentials', 'd.data_key', 'd.key_id'])
    .select(['i.name', 'i.kind', 'i.group_name', 'h.timezone', 'h.latitude', 'h.longitude'])
    .select(['s.state', 's.reason', 's.since', 's.restarts', 's.last_sample_at', 's.next_try_at', 's.run'])
    .leftJoin('device_memory as p', (join) => join.onRef('p.device_id', '=', 'd.id').on('p.key', '=', placesKey))
    .select(['m.value as resume', 'p.value as places'])
    .orderBy('d.id')

type FleetRow = Awaited<ReturnType<ReturnType<typeof selectFleet>['execute']>>[number]

function fleetDevice(keys: MasterKeys, row: FleetRow): FleetDevice {
  const identity = { deviceId: row.id, houseId: row.house_id, integrationId: row.integration_id }
  let credentials: FleetDevice['credentials']
  let error: string | undefined
  try {
    credentials = openCredentials(keys, identity, row)
  } catch (cause) {
    error = isProblem(cause) ? cause.message : 'The credentials of this device cannot be read'
  }
  return {
    id: row.id,
    houseId: row.house_id,
    integration: row.name,
    integrationId: row.integration_id,
    kind: row.kind,
    group: row.group_name,
    count: row.count,
    shard: row.shard,
    desired: row.desired,
    generation: row.generation,
    accountHash: row.account_hash ?? undefined,
    credentials,
    error,
    house: { timezone: row.timezone, latitude: row.latitude ?? undefined, longitude: row.longitude ?? undefined },
    status: statusOf(row),
    resume: row.resume ?? undefined,
    places: row.places ?? undefined,
  }
}
