/** Trials between the one who asks and the connector that carries them out. */
import { randomUUID } from 'node:crypto'
import { Problem } from '@nabolag/core'
import { type Kysely, sql } from 'kysely'
import { note } from './audit.ts'
import { isProblem } from './faults.ts'
import { findIntegration } from './integrations.ts'
import { type MasterKeys, openCredentials, openValue, sealValue } from './keys.ts'
import { plainJson } from './plain-json.ts'
import { requireHouse } from './rights.ts'
import { shardOf } from './shards.ts'
import type { Database, Tables } from './tables.ts'
import type { Channel, TrialJob, TrialKind, TrialsOfFleet, TrialsOfTenant } from './trial-types.ts'
import type { Asker, Credentials, IntegrationRef } from './types.ts'

/** Longer than anybody waits for one. */
const trialSeconds = 75
const signInMinutes = 15
const mostAttempts = 5
/** How long the connector that holds the account's shard has it to itself. */
const ownSeconds = 3

/** What lies sealed in a trial, and in a sign-in that waits for its code. */
type Given = { readonly credentials?: Credentials; readonly channel?: Channel; readonly code?: string }
type Asked = { readonly credentials: Credentials; readonly asked: unknown }

export function trialsOf(database: Kysely<Tables>, asker: Asker, keys: MasterKeys): TrialsOfTenant {
  const deviceOf = async (within: Database, houseId: number, ref: IntegrationRef, count: number | undefined) => {
    const integration = await findIntegration(within, ref)
    if (integration.kind !== 'built-in')
      throw Problem('bad-request', `${integration.label} is not asked by us: there is nothing to try`)
    if (count === undefined) return { integration, device: undefined }
    const device = await within
      .selectFrom('devices')
      .select(['id', 'account_hash', 'shard'])
      .where('house_id', '=', houseId)
      .where('integration_id', '=', integration.id)
      .where('count', '=', Number.isInteger(count) && count >= 0 && count < 2 ** 31 ? count : -1)
      .executeTakeFirst()
    if (!device) throw Problem('no-such-device')
    return { integration, device }
  }

  const waitingFor = (within: Database, houseId: number, integrationId: number, deviceId: number | undefined) =>
    within
      .selectFrom('sign_ins')
      .selectAll()
      .where('house_id', '=', houseId)
      .where('integration_id', '=', integrationId)
      .where('device_id', '=', deviceId ?? 0)
      .where('expires_at', '>', sql<Date>`clock_timestamp()`)
      .where('attempts', '<', mostAttempts)
      .executeTakeFirst()

  return {
    async beginTrial(request) {
      const { houseId, kind } = request
      await requireHouse(database, asker, houseId, 'change')
      return database.transaction().execute(async (transaction) => {
        // One after the other in a house, so that counts cannot be outrun.
        await transaction.selectFrom('houses').select('id').where('id', '=', houseId).forUpdate().execute()
        const { integration, device } = await deviceOf(transaction, houseId, request.integration, request.count)
        let account = device?.account_hash ?? undefined
        let given: Given
        if (kind === 'answer') {
          const pending = await waitingFor(transaction, houseId, integration.id, device?.id)
          if (!pending) throw Problem('bad-request', 'No code is waited for (any more); ask for one first')
          account = pending.account_hash ?? undefined
          given = { code: request.code }
        } else {
          if (!device) account = request.accountHash
          given = { credentials: request.credentials, ...(kind === 'ask' ? { channel: request.channel } : {}) }
          const whose = account === undefined ? `house-${houseId}` : account
          if (kind === 'ask') {
            const key = `ask/${integration.name}/${whose}`
            await count(transaction, key, [
              { most: 1, seconds: 60, what: 'A code was asked for less than a minute ago; it may still be on its way' },
              {
                most: 5,
                seconds: 86_400,
                what: 'Five codes were asked for within a day, and vendors block who asks for more',
              },
            ])
          } else {
            await count(transaction, `test/house-${houseId}`, [
              { most: 30, seconds: 3600, what: 'This house was tested 30 times within an hour' },
            ])
            if (account !== undefined)
              await count(transaction, `test/${account}`, [
                {
                  most: 10,
                  seconds: 3600,
                  what: 'This account was tested 10 times within an hour, and vendors block who tries more',
                },
              ])
          }
        }
        const id = randomUUID()
        await transaction
          .insertInto('trials')
          .values({
            id,
            kind,
            house_id: houseId,
            integration_id: integration.id,
            device_id: device?.id ?? null,
            account_hash: account ?? null,
            shard: device?.shard ?? shardOf(houseId, account),
            ...sealValue(keys, `trial ${id}`, given),
            expires_at: sql<Date>`clock_timestamp() + make_interval(secs => ${trialSeconds})`,
          })
          .execute()
        if (kind !== 'test') await note(transaction, asker, actions[kind], houseId, { integration: integration.name })
        return { id }
      })
    },

    async trialOutcome(id) {
      const row = await database
        .selectFrom('trials')
        .select(['house_id', 'connector', 'outcome'])
        .where('id', '=', id)
        .executeTakeFirst()
      if (!row) return 'gone'
      await requireHouse(database, asker, row.house_id, 'change')
      if (row.outcome === null) return row.connector === null ? 'waiting' : 'running'
      await database.deleteFrom('trials').where('id', '=', id).execute()
      return row.outcome
    },

    async dropTrial(id) {
      const row = await database.selectFrom('trials').select('house_id').where('id', '=', id).executeTakeFirst()
      if (!row) return
      await requireHouse(database, asker, row.house_id, 'change')
      await database.deleteFrom('trials').where('id', '=', id).execute()
    },

    async pendingSignIn(houseId, ref, count) {
      await requireHouse(database, asker, houseId, 'look')
      const { integration, device } = await deviceOf(database, houseId, ref, count)
      const row = await waitingFor(database, houseId, integration.id, device?.id)
      return row && { channel: row.channel, expires: row.expires_at.getTime() }
    },
  }
}

const actions = { ask: 'ask for a sign-in code', answer: 'hand in a sign-in code' } as const

type Limit = { readonly most: number; readonly seconds: number; readonly what: string }

/** Counts one more. @throws ProblemError `too-many-requests` with `retry_after` */
async function count(database: Database, key: string, limits: readonly Limit[]): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext(${key}))`.execute(database)
  for (const { most, seconds, what } of limits) {
    const { rows } = await sql<{ wait: number | null }>`
      select ceil(extract(epoch from min(time) + make_interval(secs => ${seconds}) - clock_timestamp()))::int as wait
      from (select time from trial_counts where key = ${key}
        and time > clock_timestamp() - make_interval(secs => ${seconds}) order by time desc limit ${most}) t
      having count(*) >= ${most}`.execute(database)
    const wait = rows[0]?.wait
    if (wait === undefined || wait === null) continue
    const retry = Math.max(1, wait)
    throw Problem('too-many-requests', `${what}; try again in ${inWords(retry)}`, { retry_after: retry })
  }
  await database.insertInto('trial_counts').values({ key }).execute()
}

const inWords = (seconds: number) =>
  seconds < 120 ? `${seconds} s` : seconds < 7200 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`

export const trialsOfFleet = (database: Kysely<Tables>, keys: MasterKeys): TrialsOfFleet => ({
  async claimTrial(connectorId) {
    const { rows } = await sql<Claimed>`
      update trials t set connector = ${connectorId} from integrations i
      where i.id = t.integration_id and t.id = (
        select w.id from trials w
        where w.connector is null and w.expires_at > clock_timestamp() and (
          w.created_at < clock_timestamp() - make_interval(secs => ${ownSeconds})
          or exists (select from shards s where s.id = w.shard and s.holder = ${connectorId})
        ) order by w.created_at limit 1 for update skip locked)
      returning t.id, t.kind, t.house_id, t.integration_id, t.device_id, t.account_hash, t.sealed, t.key_id, t.expires_at,
        i.name`.execute(database)
    const row = rows[0]
    return row && jobOf(database, keys, row)
  },

  async finishTrial({ id, kind, houseId, deviceId, accountHash, credentials }, outcome, asked) {
    await database.transaction().execute(async (transaction) => {
      const row = await transaction
        .updateTable('trials')
        .set({ outcome: plainJson(outcome), sealed: Buffer.alloc(0) })
        .where('id', '=', id)
        .returning('integration_id')
        .executeTakeFirst()
      if (!row || kind === 'test') return
      const place = { house_id: houseId, integration_id: row.integration_id, device_id: deviceId ?? 0 }
      const pending = transaction
        .deleteFrom('sign_ins')
        .where('house_id', '=', place.house_id)
        .where('integration_id', '=', place.integration_id)
        .where('device_id', '=', place.device_id)
      if (kind === 'answer') {
        if (outcome.ok) await pending.execute()
        return
      }
      if (!outcome.ok) return
      await pending.execute()
      const purpose = `sign-in ${place.house_id}/${place.integration_id}/${place.device_id}`
      await transaction
        .insertInto('sign_ins')
        .values({
          ...place,
          account_hash: accountHash ?? null,
          channel: outcome.channel ?? 'sms',
          ...sealValue(keys, purpose, { credentials, asked } satisfies Partial<Asked>),
          expires_at: sql<Date>`clock_timestamp() + make_interval(mins => ${signInMinutes})`,
        })
        .execute()
    })
  },

  async sweepTrials() {
    await sql`delete from trials where expires_at < clock_timestamp()`.execute(database)
    await sql`delete from sign_ins where expires_at < clock_timestamp()`.execute(database)
    await sql`delete from trial_counts where time < clock_timestamp() - interval '1 day'`.execute(database)
  },
})

type Claimed = {
  id: string
  kind: TrialKind
  house_id: number
  integration_id: number
  device_id: number | null
  account_hash: string | null
  sealed: Buffer
  key_id: string
  expires_at: Date
  name: string
}

async function jobOf(database: Kysely<Tables>, keys: MasterKeys, row: Claimed): Promise<TrialJob> {
  const given = openValue(keys, `trial ${row.id}`, row) as Given | undefined
  let credentials = given?.credentials
  let error: string | undefined
  let asked: unknown
  if (!given) error = 'The master key of the connector is not that of the server; ask the operator'
  else if (row.kind === 'answer') {
    // The try counts before it is made.
    const pending = await database
      .updateTable('sign_ins')
      .set({ attempts: sql<number>`attempts + 1` })
      .where('house_id', '=', row.house_id)
      .where('integration_id', '=', row.integration_id)
      .where('device_id', '=', row.device_id ?? 0)
      .where('expires_at', '>', sql<Date>`clock_timestamp()`)
      .where('attempts', '<', mostAttempts)
      .returning(['sealed', 'key_id'])
      .executeTakeFirst()
    const purpose = `sign-in ${row.house_id}/${row.integration_id}/${row.device_id ?? 0}`
    const kept = pending && (openValue(keys, purpose, pending) as Asked | undefined)
    credentials = kept?.credentials
    asked = kept?.asked
    if (!kept) error = 'No code is waited for any more; ask for one first'
  } else if (row.device_id !== null) {
    const device = await database
      .selectFrom('devices')
      .select(['credentials', 'data_key', 'key_id'])
      .where('id', '=', row.device_id)
      .executeTakeFirst()
    const identity = { deviceId: row.device_id, houseId: row.house_id, integrationId: row.integration_id }
    try {
      credentials = device && openCredentials(keys, identity, device)
    } catch (cause) {
      error = isProblem(cause) ? cause.message : 'The credentials of this device cannot be read'
    }
  }
  return {
    id: row.id,
    kind: row.kind,
    integration: row.name,
    houseId: row.house_id,
    deviceId: row.device_id ?? undefined,
    accountHash: row.account_hash ?? undefined,
    credentials,
    error,
    channel: given?.channel ?? 'sms',
    code: given?.code ?? '',
    asked,
    deadline: row.expires_at.getTime(),
  }
}
