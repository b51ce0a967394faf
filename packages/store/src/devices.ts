/** The devices of a house. */
import { Problem } from '@nabolag/core'
import { type Kysely, sql } from 'kysely'
import { note } from './audit.ts'
import { findIntegration } from './integrations.ts'
import { type MasterKeys, sealCredentials } from './keys.ts'
import { placesOf } from './places.ts'
import { holdHouse, requireAdmin, requireHouse, requireScope, seen } from './rights.ts'
import { shardOf } from './shards.ts'
import { statusOf } from './status.ts'
import type { Database, Tables } from './tables.ts'
import type { Asker, Credentials, Device, IntegrationInfo, IntegrationRef, Tenant } from './types.ts'
import { incidentSentence, ownTrouble } from './vendors.ts'

type Part =
  | 'devices'
  | 'devicesOf'
  | 'device'
  | 'addDevice'
  | 'removeDevice'
  | 'replaceCredentials'
  | 'changeDevice'
  | 'setDesired'
  | 'log'
  | 'places'
  | 'devicesOfIntegration'
  | 'restartDevicesOf'

export function devicesOf(database: Kysely<Tables>, asker: Asker, keys: MasterKeys): Pick<Tenant, Part> {
  /** The device, when the asker may do that to it. */
  const find = async (within: Database, houseId: number, ref: IntegrationRef, count: number) => {
    const integration = await findIntegration(within, ref)
    const [device] =
      Number.isInteger(count) && count >= 0 && count < 2 ** 31
        ? await selectDevices(within, asker, { houseId, integrationId: integration.id, count })
        : []
    if (!device) throw Problem('no-such-device')
    return device
  }

  return {
    async devices(houseId) {
      await requireHouse(database, asker, houseId, 'look')
      return selectDevices(database, asker, { houseId })
    },

    async devicesOf(houseId, ref) {
      await requireHouse(database, asker, houseId, 'look')
      const integration = await findIntegration(database, ref)
      return selectDevices(database, asker, { houseId, integrationId: integration.id })
    },

    async device(houseId, ref, count) {
      await requireHouse(database, asker, houseId, 'look')
      return find(database, houseId, ref, count)
    },

    async addDevice(houseId, ref, { credentials, label, accountHash }) {
      await requireHouse(database, asker, houseId, 'change')
      return database.transaction().execute(async (transaction) => {
        // Whoever else adds to this house waits here, so that counts stay unique and without gaps.
        await transaction.selectFrom('houses').select('id').where('id', '=', houseId).forUpdate().execute()
        const integration = await findIntegration(transaction, ref)
        requireFields(integration, credentials)
        const there = await transaction
          .selectFrom('devices')
          .select(['count', 'account_hash'])
          .where('house_id', '=', houseId)
          .where('integration_id', '=', integration.id)
          .execute()
        if (there.length > 0 && !integration.allowMultiple) {
          throw Problem('conflict', `This house has a ${integration.label} already, and it may have only one`)
        }
        if (accountHash !== undefined && there.some((d) => d.account_hash === accountHash)) {
          throw Problem('conflict', 'This house has a device of that account already')
        }
        const counts = new Set(there.map((d) => d.count))
        let count = 0
        while (counts.has(count)) count++
        const next = await sql<{ id: number }>`select nextval('device_ids')::int as id`.execute(transaction)
        const id = next.rows[0]!.id
        await transaction
          .insertInto('devices')
          .values({
            id,
            house_id: houseId,
            integration_id: integration.id,
            count,
            label: label?.trim() || null,
            desired: 'running',
            generation: 1,
            ...sealCredentials(keys, { deviceId: id, houseId, integrationId: integration.id }, credentials),
            account_hash: accountHash ?? null,
            shard: shardOf(id, accountHash),
          })
          .execute()
        await note(transaction, asker, 'add device', houseId, { integration: integration.name, count })
        return find(transaction, houseId, integration.id, count)
      })
    },

    async removeDevice(houseId, ref, count) {
      await requireHouse(database, asker, houseId, 'change')
      return database.transaction().execute(async (transaction) => {
        await holdHouse(transaction, houseId)
        const device = await find(transaction, houseId, ref, count)
        await transaction
          .updateTable('publishers')
          .set({ revoked_at: new Date() })
          .where('device_id', '=', device.id)
          .where('revoked_at', 'is', null)
          .execute()
        await transaction.deleteFrom('devices').where('id', '=', device.id).execute()
        await note(transaction, asker, 'remove device', houseId, { integration: device.integration, count })
        return { houseId, integration: device.integration, group: device.group, count }
      })
    },

    async replaceCredentials(houseId, ref, count, { credentials, accountHash }) {
      await requireHouse(database, asker, houseId, 'change')
      return database.transaction().execute(async (transaction) => {
        await transaction.selectFrom('houses').select('id').where('id', '=', houseId).forUpdate().execute()
        const device = await find(transaction, houseId, ref, count)
        requireFields(await findIntegration(transaction, device.integrationId), credentials)
        if (accountHash !== undefined) {
          const other = await transaction
            .selectFrom('devices')
            .select('id')
            .where('house_id', '=', houseId)
            .where('integration_id', '=', device.integrationId)
            .where('account_hash', '=', accountHash)
            .where('id', '<>', device.id)
            .executeTakeFirst()
          if (other) throw Problem('conflict', 'This house has a device of that account already')
        }
        const identity = { deviceId: device.id, houseId, integrationId: device.integrationId }
        const before = await transaction
          .selectFrom('devices')
          .select('account_hash')
          .where('id', '=', device.id)
          .executeTakeFirst()
        await transaction
          .updateTable('devices')
          .set({
            ...sealCredentials(keys, identity, credentials),
            account_hash: accountHash ?? null,
            shard: shardOf(device.id, accountHash),
            generation: sql`generation + 1`,
            desired: 'running',
          })
          .where('id', '=', device.id)
          .execute()
        // Of another account: its session is nobody's any more. Of the same one, the session knows its credentials.
        await sql`with freed as (
            delete from vendor_session_devices where device_id = ${device.id} and ${accountHash ?? null}::text is distinct from ${before?.account_hash ?? null}::text
            returning name
          ) delete from vendor_sessions s where s.name in (select name from freed) and not exists (
            select from vendor_session_devices d where d.name = s.name and d.device_id <> ${device.id})`.execute(
          transaction,
        )
        await note(transaction, asker, 'replace credentials', houseId, { integration: device.integration, count })
        return find(transaction, houseId, device.integrationId, count)
      })
    },

    async changeDevice(houseId, ref, count, { label }) {
      await requireHouse(database, asker, houseId, 'change')
      return database.transaction().execute(async (transaction) => {
        const device = await find(transaction, houseId, ref, count)
        await transaction
          .updateTable('devices')
          .set({ label: label?.trim() || null })
          .where('id', '=', device.id)
          .execute()
        await note(transaction, asker, 'change device', houseId, { integration: device.integration, count, label })
        return find(transaction, houseId, device.integrationId, count)
      })
    },

    async setDesired(houseId, ref, count, desired) {
      await requireHouse(database, asker, houseId, 'change')
      return database.transaction().execute(async (transaction) => {
        const device = await find(transaction, houseId, ref, count)
        await transaction
          .updateTable('devices')
          .set(desired === 'restart' ? { desired: 'running', generation: sql<number>`generation + 1` } : { desired })
          .where('id', '=', device.id)
          .execute()
        const action = { running: 'start device', stopped: 'stop device', restart: 'restart device' }[desired]
        await note(transaction, asker, action, houseId, { integration: device.integration, count })
        return find(transaction, houseId, device.integrationId, count)
      })
    },

    async log(houseId, ref, count) {
      await requireHouse(database, asker, houseId, 'look')
      const device = await find(database, houseId, ref, count)
      const rows = await database
        .selectFrom('device_log')
        .select(['run', 'time', 'level', 'message'])
        .where('device_id', '=', device.id)
        .orderBy('run')
        .orderBy('id')
        .execute()
      return rows.map((row) => ({ run: row.run, time: row.time.getTime(), level: row.level, message: row.message }))
    },

    async places(houseId, ref, count) {
      await requireHouse(database, asker, houseId, 'look')
      return placesOf(database, (await find(database, houseId, ref, count)).id)
    },

    async devicesOfIntegration(ref) {
      requireScope(asker, 'read', 'write')
      const integration = await findIntegration(database, ref)
      return selectDevices(database, asker, { integrationId: integration.id })
    },

    async restartDevicesOf(ref) {
      requireAdmin(asker)
      return database.transaction().execute(async (transaction) => {
        const integration = await findIntegration(transaction, ref)
        const devices = await selectDevices(transaction, asker, { integrationId: integration.id })
        const running = devices.filter((d) => d.desired === 'running')
        if (running.length === 0) return []
        await transaction
          .updateTable('devices')
          .set({ generation: sql<number>`generation + 1` })
          .where(sql<boolean>`id = any(${running.map((d) => d.id)}::int[])`)
          .execute()
        await note(transaction, asker, 'restart devices', null, {
          integration: integration.name,
          devices: running.length,
        })
        return running.map((d) => ({ ...d, generation: d.generation + 1 }))
      })
    },
  }
}

type Which = { readonly houseId?: number; readonly integrationId?: number; readonly count?: number }

/** Devices of houses the asker may see, whatever else is asked for. */
async function selectDevices(database: Database, asker: Asker, which: Which): Promise<Device[]> {
  const rows = await database
    .selectFrom('devices as d')
    .innerJoin('integrations as i', 'i.id', 'd.integration_id')
    .innerJoin('houses', 'houses.id', 'd.house_id')
    .leftJoin('device_status as s', 's.device_id', 'd.id')
    .leftJoin('vendor_incidents as v', (join) =>
      join
        .onRef('v.vendor', '=', 'i.vendor')
        .on('v.until', 'is', null)
        .on(
          sql<boolean>`s.kind in ('unreachable', 'throttled', 'changed') and s.failing_since > v.since - ${ownTrouble}`,
        ),
    )
    .select(['d.id', 'd.house_id', 'd.integration_id', 'd.count', 'd.label', 'd.desired', 'd.generation'])
    .select(['d.created_at', 'i.name', 'i.label as integration_label', 'i.vendor', 'i.kind', 'i.group_name'])
    .select(['s.state', 's.reason', 's.since', 's.restarts', 's.last_sample_at', 's.next_try_at', 's.run'])
    .select(['s.connector', 'houses.timezone', 'v.since as trouble_since', 'v.devices as hit'])
    .select('v.houses as hit_houses')
    .where((e) => seen(asker)(e as never))
    .$if(which.houseId !== undefined, (q) => q.where('d.house_id', '=', which.houseId!))
    .$if(which.integrationId !== undefined, (q) => q.where('d.integration_id', '=', which.integrationId!))
    .$if(which.count !== undefined, (q) => q.where('d.count', '=', which.count!))
    .orderBy('d.house_id')
    .orderBy('i.name')
    .orderBy('d.count')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    houseId: row.house_id,
    integrationId: row.integration_id,
    integration: row.name,
    integrationLabel: row.integration_label,
    vendor: row.vendor,
    group: row.group_name,
    kind: row.kind,
    count: row.count,
    label: row.label ?? undefined,
    desired: row.desired,
    generation: row.generation,
    createdAt: row.created_at.getTime(),
    status: troubled(row, statusOf(row)) ?? neverRan(row.desired, row.created_at.getTime()),
    connector: row.connector ?? undefined,
  }))
}

type Trouble = {
  readonly vendor: string
  readonly timezone: string
  readonly trouble_since: Date | null
  readonly hit: number | null
  readonly hit_houses: number | null
}

/** A failure that is the vendor's says so first. */
function troubled(row: Trouble, status: Device['status'] | undefined): Device['status'] | undefined {
  const { vendor, timezone, trouble_since: since, hit, hit_houses: houses } = row
  if (!status || since === null) return status
  const whole = incidentSentence({ vendor, since: since.getTime(), devices: hit ?? 0, houses: houses ?? 0 }, timezone)
  return { ...status, reason: status.reason === undefined ? whole : `${whole} ${status.reason}` }
}

const neverRan = (desired: Device['desired'], since: number): Device['status'] => ({
  state: desired === 'running' ? 'starting' : 'stopped',
  reason: undefined,
  since,
  restarts: 0,
  lastSampleAt: undefined,
  nextTryAt: undefined,
  run: 0,
})

/** Somebody else's image says what it needs by names; a built-in one was checked against its schema by the caller. */
function requireFields(integration: IntegrationInfo, credentials: Credentials): void {
  if (typeof credentials !== 'object' || credentials === null || Array.isArray(credentials)) {
    throw Problem('bad-request', 'Credentials are an object of named fields')
  }
  if (integration.kind === 'built-in') return
  const missing = integration.requiredFields.filter(
    (field) => !Object.hasOwn(credentials, field) || credentials[field] === null || credentials[field] === '',
  )
  if (missing.length > 0) throw Problem('bad-request', `Missing: ${missing.join(', ')}`, { missing })
}
