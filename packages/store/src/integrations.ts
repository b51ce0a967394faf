/** The kinds of devices there are. Everybody may look; only an admin changes them. */
import { isName, Problem } from '@nabolag/core'
import type { Kysely, Selectable } from 'kysely'
import { note } from './audit.ts'
import { requireAdmin, requireScope } from './rights.ts'
import type { Database, Tables } from './tables.ts'
import type { Asker, BuiltInIntegration, IntegrationInfo, IntegrationRef, NewIntegration, Tenant } from './types.ts'

type Part = 'integrations' | 'integration' | 'addIntegration' | 'changeIntegration' | 'removeIntegration'

/** How often a device of somebody's own image is expected to send, where nobody said. */
const defaultSamplingSeconds = 60

export const integrationsOf = (database: Kysely<Tables>, asker: Asker): Pick<Tenant, Part> => ({
  async integrations() {
    requireScope(asker, 'read', 'write')
    const rows = await database.selectFrom('integrations').selectAll().orderBy('id').execute()
    return rows.map(infoOf)
  },

  async integration(ref) {
    requireScope(asker, 'read', 'write')
    return findIntegration(database, ref)
  },

  async addIntegration(given) {
    requireAdmin(asker)
    check(given)
    return database.transaction().execute(async (transaction) => {
      const kind = given.kind ?? (given.dockerHubImage ? 'container' : 'outside')
      const row = await transaction
        .insertInto('integrations')
        .values({
          name: given.name,
          label: given.label ?? given.name,
          vendor: given.vendor ?? given.name,
          kind,
          group_name: given.group,
          required_fields: JSON.stringify(given.requiredFields ?? []),
          credentials_schema: 'null',
          docker_hub_image: given.dockerHubImage ?? null,
          sampling_seconds: given.samplingSeconds ?? defaultSamplingSeconds,
          allow_multiple: given.allowMultiple ?? false,
        })
        .onConflict((c) => c.column('name').doNothing())
        .returningAll()
        .executeTakeFirst()
      if (!row) throw Problem('conflict', 'There is an integration of that name')
      await note(transaction, asker, 'add integration', null, { name: row.name, kind })
      return infoOf(row)
    })
  },

  async changeIntegration(ref, change) {
    requireAdmin(asker)
    check(change)
    return database.transaction().execute(async (transaction) => {
      const { id, kind, name } = await findIntegration(transaction, ref)
      if (kind === 'built-in') throw Problem('conflict', `${name} is built in; it is changed in the program`)
      if (change.name !== undefined && change.name !== name) {
        const taken = await transaction
          .selectFrom('integrations')
          .select('id')
          .where('name', '=', change.name)
          .executeTakeFirst()
        if (taken) throw Problem('conflict', 'There is an integration of that name')
      }
      const set = {
        ...(change.name === undefined ? {} : { name: change.name }),
        ...(change.label === undefined ? {} : { label: change.label }),
        ...(change.vendor === undefined ? {} : { vendor: change.vendor }),
        ...(change.group === undefined ? {} : { group_name: change.group }),
        ...(change.requiredFields === undefined ? {} : { required_fields: JSON.stringify(change.requiredFields) }),
        ...(change.dockerHubImage === undefined ? {} : { docker_hub_image: change.dockerHubImage }),
        ...(change.samplingSeconds === undefined ? {} : { sampling_seconds: change.samplingSeconds }),
        ...(change.allowMultiple === undefined ? {} : { allow_multiple: change.allowMultiple }),
      }
      if (Object.keys(set).length === 0) throw Problem('bad-request', 'Nothing to change was given')
      const row = await transaction
        .updateTable('integrations')
        .set(set)
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirstOrThrow()
      await note(transaction, asker, 'change integration', null, { name, ...change })
      return infoOf(row)
    })
  },

  async removeIntegration(ref) {
    requireAdmin(asker)
    await database.transaction().execute(async (transaction) => {
      const { id, kind, name } = await findIntegration(transaction, ref)
      if (kind === 'built-in') throw Problem('conflict', `${name} is built in and cannot be removed`)
      const used = await transaction
        .selectFrom('devices')
        .select('house_id')
        .where('integration_id', '=', id)
        .limit(1)
        .executeTakeFirst()
      if (used) throw Problem('conflict', 'Houses still have such a device; remove those first')
      await transaction.deleteFrom('integrations').where('id', '=', id).execute()
      await note(transaction, asker, 'remove integration', null, { name })
    })
  },
})

/** @throws ProblemError `no-such-integration` */
export async function findIntegration(database: Database, ref: IntegrationRef): Promise<IntegrationInfo> {
  const id = typeof ref === 'number' ? ref : /^\d{1,9}$/.test(ref) ? Number(ref) : undefined
  if (id !== undefined && !(Number.isInteger(id) && id > 0 && id < 2 ** 31)) throw Problem('no-such-integration')
  const row = await database
    .selectFrom('integrations')
    .selectAll()
    .where((e) => (id === undefined ? e('name', '=', String(ref)) : e('id', '=', id)))
    .executeTakeFirst()
  if (!row) throw Problem('no-such-integration')
  return infoOf(row)
}

/** Makes or updates the built-in ones by name. One that somebody else's row has the name of is left alone. */
export async function syncIntegrations(database: Kysely<Tables>, rows: readonly BuiltInIntegration[]): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    for (const row of rows) {
      const set = {
        label: row.label,
        vendor: row.vendor,
        group_name: row.group,
        required_fields: JSON.stringify(row.requiredFields),
        credentials_schema: JSON.stringify(row.credentialsSchema ?? null),
        sampling_seconds: row.samplingSeconds,
        allow_multiple: row.allowMultiple,
      }
      const { numUpdatedRows } = await transaction
        .updateTable('integrations')
        .set(set)
        .where('name', '=', row.name)
        .where('kind', '=', 'built-in')
        .executeTakeFirst()
      if (numUpdatedRows > 0n) continue
      await transaction
        .insertInto('integrations')
        .values({ ...set, name: row.name, kind: 'built-in', docker_hub_image: null })
        .onConflict((c) => c.column('name').doNothing())
        .execute()
    }
  })
}

const infoOf = (row: Selectable<Tables['integrations']>): IntegrationInfo => ({
  id: row.id,
  name: row.name,
  label: row.label,
  vendor: row.vendor,
  kind: row.kind,
  group: row.group_name,
  requiredFields: row.required_fields,
  credentialsSchema: row.credentials_schema ?? undefined,
  dockerHubImage: row.docker_hub_image ?? undefined,
  samplingSeconds: row.sampling_seconds,
  allowMultiple: row.allow_multiple,
  createdAt: row.created_at.getTime(),
})

function check(given: Partial<NewIntegration>): void {
  const { name, group, requiredFields, samplingSeconds } = given
  if (name !== undefined && (!isName(name) || /^\d+$/.test(name))) {
    throw Problem('bad-request', 'A name has lower-case letters, digits and . _ -, and not only digits')
  }
  if (group !== undefined && !/^[A-Za-z][A-Za-z0-9_]{0,62}$/.test(group)) {
    throw Problem('bad-request', 'A group is named like airSensor')
  }
  if (requiredFields?.some((field) => typeof field !== 'string' || field === '' || field.length > 100)) {
    throw Problem('bad-request', 'Required fields are names')
  }
  if (samplingSeconds !== undefined && !(samplingSeconds > 0 && samplingSeconds < 1e7)) {
    throw Problem('bad-request', 'The sampling interval is a number of seconds')
  }
}
