/** The commands of a house, as its people see them: asked for, looked at, and kept within bounds of their own. */
import { checkCommand, checkOwnBounds, type GivenCommand, Problem } from '@nabolag/core'
import { type Kysely, sql } from 'kysely'
import { note } from './audit.ts'
import { addCommand, commandableOf, commandOf, selectCommands } from './command-rows.ts'
import type { CommandTenant } from './command-types.ts'
import { findIntegration } from './integrations.ts'
import { holdHouse, requireHouse } from './rights.ts'
import type { Database, Tables } from './tables.ts'
import type { Asker, IntegrationRef } from './types.ts'

const mostListed = 1000

export function commandsOf(database: Kysely<Tables>, asker: Asker): CommandTenant {
  /** The device of a house that the asker may already enter. */
  const find = async (within: Database, houseId: number, ref: IntegrationRef, count: number, lock = false) => {
    const integration = await findIntegration(within, ref)
    const device = await within
      .selectFrom('devices')
      .select(['id', 'bounds'])
      .where('house_id', '=', houseId)
      .where('integration_id', '=', integration.id)
      .where('count', '=', Number.isInteger(count) && count >= 0 && count < 2 ** 31 ? count : -1)
      .$if(lock, (q) => q.forNoKeyUpdate())
      .executeTakeFirst()
    if (!device) throw Problem('no-such-device')
    return { ...device, integration }
  }

  return {
    async commandable(houseId, ref, count) {
      await requireHouse(database, asker, houseId, 'look')
      return commandableOf(database, await find(database, houseId, ref, count))
    },

    async setBounds(houseId, ref, count, given) {
      await requireHouse(database, asker, houseId, 'change')
      const checked = checkOwnBounds(given)
      if ('complaint' in checked) throw Problem('bad-request', checked.complaint)
      return database.transaction().execute(async (transaction) => {
        const { id, integration } = await find(transaction, houseId, ref, count)
        await transaction
          .updateTable('devices')
          .set({ bounds: JSON.stringify(checked.bounds) })
          .where('id', '=', id)
          .execute()
        await note(transaction, asker, 'set bounds', houseId, {
          integration: integration.name,
          count,
          bounds: checked.bounds,
        })
        return checked.bounds
      })
    },

    async addCommand(houseId, ref, count, given, validity) {
      await requireHouse(database, asker, houseId, 'control')
      return database.transaction().execute(async (transaction) => {
        await holdHouse(transaction, houseId)
        // Whoever else commands this device waits here, so that the newest is the last to be kept.
        const device = await find(transaction, houseId, ref, count, true)
        const checked = checkOr(device.integration.kind, given, await commandableOf(transaction, device))
        const added = await addCommand(
          transaction,
          { deviceId: device.id, houseId, integration: device.integration.name, count },
          checked,
          { askedBy: asker.username, askedOver: 'api', validity },
        )
        const { id, capability, verb, location, arguments: args } = added.command
        await note(transaction, asker, 'command', houseId, {
          integration: device.integration.name,
          count,
          command: id,
          capability,
          verb,
          location,
          arguments: args,
        })
        return added
      })
    },

    async commands(houseId, { integration: ref, count, limit = 100, before } = {}) {
      await requireHouse(database, asker, houseId, 'look')
      const integration = ref === undefined ? undefined : await findIntegration(database, ref)
      if (integration && count !== undefined) await find(database, houseId, integration.id, count)
      const rows = await selectCommands(database)
        .where('c.house_id', '=', houseId)
        .$if(integration !== undefined, (q) => q.where('c.integration', '=', integration!.name))
        .$if(count !== undefined, (q) => q.where('c.count', '=', count!))
        .$if(before !== undefined, (q) =>
          q.where(
            sql<boolean>`c.seq < (select b.seq from commands b where b.id = ${uuidOrNone(before!)}::uuid and b.house_id = ${houseId})`,
          ),
        )
        .orderBy('c.seq', 'desc')
        .limit(Math.min(Math.max(1, Math.trunc(limit)), mostListed))
        .execute()
      return rows.map(commandOf)
    },

    async command(houseId, ref, count, id) {
      await requireHouse(database, asker, houseId, 'look')
      const integration = await findIntegration(database, ref)
      const row = await selectCommands(database)
        .where('c.id', '=', uuidOrNone(id))
        .where('c.house_id', '=', houseId)
        .where('c.integration', '=', integration.name)
        .where('c.count', '=', count)
        .executeTakeFirst()
      if (!row) throw Problem('no-such-command')
      return commandOf(row)
    },
  }
}

/** @throws ProblemError `bad-request`, `out-of-bounds` */
function checkOr(kind: string, given: GivenCommand, commandable: Parameters<typeof checkCommand>[1]) {
  if (kind !== 'built-in') throw Problem('bad-request', 'This kind of device takes no commands: nothing here runs it')
  const checked = checkCommand(given, commandable)
  if ('command' in checked) return checked.command
  const { code, message, ...more } = checked.complaint
  throw Problem(code, message, more)
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
/** An id that no row has for what is not an id. */
const uuidOrNone = (id: string) => (uuid.test(id) ? id : '00000000-0000-0000-0000-000000000000')
