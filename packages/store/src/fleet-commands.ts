/** Commands on their way to a device: taken from the bus, claimed once, settled, confirmed. */
import { type CheckedCommand, checkCommand, verbOf } from '@nabolag/core'
import { type Kysely, sql } from 'kysely'
import {
  actuatorsIn,
  actuatorsKey,
  addCommand,
  addRefused,
  commandableOf,
  commandOf,
  expireCommands,
  moveCommands,
  readCommands,
  selectCommands,
} from './command-rows.ts'
import type { BusCommand, CommandFleet, OpenCommand } from './command-types.ts'
import { commandsKeptDays } from './commands-table.ts'
import { jsonText } from './plain-json.ts'
import type { Database, Tables } from './tables.ts'

/** Accounts of the system's own roles, which the broker lets nobody else be. */
const ownAccounts = new Set(['controller'])
/** The same words without an id, so soon after, are one command that was delivered twice. */
const twiceSeconds = 30
const ended = 'Its connector ended while it was on its way; nobody knows what became of it'
const replaced = 'A newer command was sent before a reading showed this one'

export const fleetCommandsOf = (database: Kysely<Tables>): CommandFleet => ({
  takeCommand: (command) => database.transaction().execute((transaction) => take(transaction, command)),

  async openCommands(shards, flying) {
    if (shards.length === 0) return { changed: [], waiting: [] }
    const open = await selectOpen(database)
      .where(sql<boolean>`d.shard = any(${shards}::int[])`)
      .where(sql<boolean>`(c.state = 'accepted' or (c.state = 'sent' and c.done_at is null))`)
      .orderBy('c.seq')
      .execute()
    if (open.length === 0) return { changed: [], waiting: [] }
    const lost = open.filter((row) => row.state === 'sent' && !flying.includes(row.id)).map(({ id }) => id)
    const old = open.filter((row) => row.stale).map(({ id }) => id)
    const changed = [
      ...(lost.length === 0
        ? []
        : await moveCommands(
            database,
            { state: 'failed', reason: ended, sets: [sql`done_at = clock_timestamp()`] },
            sql`c.id = any(${lost}::uuid[]) and c.state = 'sent' and c.done_at is null`,
          )),
      ...(old.length === 0 ? [] : await expireCommands(database, sql`c.id = any(${old}::uuid[])`)),
    ]
    return { changed, waiting: open.filter((row) => row.state === 'accepted' && !row.stale).map(openCommandOf) }
  },

  claimCommand: (id, connector, check) =>
    database.transaction().execute(async (transaction) => {
      const row = await selectOpen(transaction).where('c.id', '=', id).forUpdate('c').executeTakeFirst()
      if (!row) return { go: false, command: undefined, changed: false }
      if (row.stale) {
        const [command] = await expireCommands(transaction, sql`c.id = ${id}`)
        return { go: false, command, changed: true }
      }
      const command = commandOf(row)
      if (row.state !== 'accepted') return { go: false, command, changed: false }
      const { actuators, bounds } = openCommandOf(row)
      const complaint = check(command, { actuators, bounds })
      const isIt = sql`c.id = ${id} and c.state = 'accepted'`
      if (complaint !== undefined) {
        const sets = [sql`done_at = clock_timestamp()`]
        const [refused] = await moveCommands(transaction, { state: 'refused', reason: complaint, sets }, isIt)
        return { go: false, command: refused, changed: true }
      }
      await sql`update commands set awaits_reading = false, reason = ${replaced} where awaits_reading
        and device_id = ${row.device_id} and capability = ${row.capability} and verb = ${row.verb}
        and location = ${row.location}`.execute(transaction)
      const sets = [sql`sent_at = clock_timestamp()`, sql`connector = ${connector}`]
      const [sent] = await moveCommands(transaction, { state: 'sent', sets }, isIt)
      const { rows } = await sql<{ left: number }>`
        select (extract(epoch from valid_until - clock_timestamp()) * 1000)::double precision as left
        from commands where id = ${id}`.execute(transaction)
      return { go: true, command: sent!, left: rows[0]!.left }
    }),

  finishCommand: (id, { state, reason }) =>
    database.transaction().execute(async (transaction) => {
      const row = await selectCommands(transaction).where('c.id', '=', id).forUpdate().executeTakeFirst()
      if (!row || row.done_at !== null || (row.state !== 'accepted' && row.state !== 'sent')) return undefined
      const awaits =
        (state === 'applied' || state === 'sent') && verbOf(row.capability, row.verb)?.confirmedBy !== undefined
      const sets = [sql`done_at = clock_timestamp()`, sql`awaits_reading = ${awaits}`]
      if (state === row.state) {
        await sql`update commands set done_at = clock_timestamp(), awaits_reading = ${awaits}, reason = ${reason ?? null},
          changed_at = clock_timestamp() where id = ${id}`.execute(transaction)
        return (await readCommands(transaction, [id]))[0]
      }
      return (await moveCommands(transaction, { state, reason, sets }, sql`c.id = ${id}`))[0]
    }),

  async confirmCommand(id) {
    const sets = [sql`awaits_reading = false`]
    const where = sql`c.id = ${id} and c.awaits_reading and c.state in ('applied', 'sent')`
    return (await moveCommands(database, { state: 'confirmed', sets }, where))[0]
  },

  async giveUpCommand(id, reason) {
    const { rows } = await sql<{ id: string }>`update commands set awaits_reading = false, reason = ${reason}
      where id = ${id} and awaits_reading returning id`.execute(database)
    return rows[0] && (await readCommands(database, [id]))[0]
  },

  async awaitingCommands(deviceIds) {
    if (deviceIds.length === 0) return []
    const rows = await selectOpen(database)
      .where(sql<boolean>`c.device_id = any(${deviceIds}::int[])`)
      .where('c.awaits_reading', '=', true)
      .orderBy('c.seq')
      .execute()
    return rows.map(openCommandOf)
  },

  async forgetCommands() {
    await sql`delete from commands where created_at < now() - make_interval(days => ${commandsKeptDays})`.execute(
      database,
    )
  },
})

/** Commands with their device as it is now. */
const selectOpen = (database: Database) =>
  selectCommands(database)
    .innerJoin('devices as d', 'd.id', 'c.device_id')
    .leftJoin('device_memory as m', (join) => join.onRef('m.device_id', '=', 'd.id').on('m.key', '=', actuatorsKey))
    .select(['d.id as device', 'd.shard', 'd.bounds', 'm.value as actuators'])

type OpenRow = Awaited<ReturnType<ReturnType<typeof selectOpen>['execute']>>[number]

const openCommandOf = (row: OpenRow): OpenCommand => ({
  ...commandOf(row),
  deviceId: row.device,
  shard: row.shard,
  actuators: actuatorsIn(row.actuators),
  bounds: row.bounds,
})

const nowhere = (message: string) => ({
  outcome: 'nowhere' as const,
  complaint: { code: 'bad-request' as const, message },
})

async function take(transaction: Database, command: BusCommand): ReturnType<CommandFleet['takeCommand']> {
  const { houseId, integration, count, account, requestId, digest, given, validity } = command
  if (!ownAccounts.has(account)) {
    const publisher = await transaction
      .selectFrom('publishers')
      .select('id')
      .where('username', '=', account)
      .where('house_id', '=', houseId)
      .where('commands', '=', true)
      .where('revoked_at', 'is', null)
      .executeTakeFirst()
    if (!publisher) return nowhere(`The account ${account} may not command house ${houseId}`)
  }
  // Before the device, as whoever deletes the house does.
  await sql`select from houses where id = ${houseId} for key share`.execute(transaction)
  const device = await transaction
    .selectFrom('devices as d')
    .innerJoin('integrations as i', 'i.id', 'd.integration_id')
    .select(['d.id', 'd.bounds', 'i.kind'])
    .where('d.house_id', '=', houseId)
    .where('i.name', '=', integration)
    .where('d.count', '=', count)
    .forNoKeyUpdate('d')
    .executeTakeFirst()
  if (!device) return nowhere(`House ${houseId} has no device ${integration} ${count}`)

  const before = await selectCommands(transaction)
    .where('c.house_id', '=', houseId)
    .where('c.asked_by', '=', account)
    .where('c.asked_over', '=', 'bus')
    .where(
      requestId === undefined
        ? sql<boolean>`c.device_id = ${device.id} and c.request_id is null and c.digest = ${digest}
            and c.created_at > clock_timestamp() - make_interval(secs => ${twiceSeconds})`
        : sql<boolean>`c.request_id = ${requestId}`,
    )
    .orderBy('c.seq', 'desc')
    .executeTakeFirst()
  if (before) return { outcome: 'again', command: commandOf(before), superseded: [] }

  const where = { deviceId: device.id, houseId, integration, count }
  const from = { askedBy: account, askedOver: 'bus' as const, validity, requestId, digest }
  const refuse = async (reason: string) => ({
    outcome: 'new' as const,
    command: await addRefused(transaction, where, readable(given), from, reason),
    superseded: [],
  })
  if (command.malformed !== undefined) return refuse(command.malformed)
  if (device.kind !== 'built-in') return refuse('This kind of device takes no commands: nothing here runs it')
  const checked = checkCommand(given, await commandableOf(transaction, device))
  if ('complaint' in checked) return refuse(checked.complaint.message)
  return { outcome: 'new', ...(await addCommand(transaction, where, checked.command, from)) }
}

const mostText = 100
const mostArguments = 2000

/** What was asked for, as far as it can be kept. */
export function readable({ capability, verb, arguments: given }: BusCommand['given']): Omit<
  CheckedCommand,
  'capability'
> & {
  readonly capability: string
} {
  const text = (value: unknown) => (typeof value === 'string' ? value.replaceAll('\0', '').slice(0, mostText) : '')
  const isKept = typeof given === 'object' && given !== null && !Array.isArray(given)
  const { location, ...values } = JSON.parse((isKept && jsonText(given, mostArguments)) || '{}')
  return { capability: text(capability), verb: text(verb), location: text(location), arguments: values }
}
