/** Rows of the table of commands: read, added, and moved from one state to the next. */
import type { Actuator, CheckedCommand, Commandable, CommandState, OwnBounds } from '@nabolag/core'
import { type RawBuilder, sql } from 'kysely'
import type { AddedCommand, Command, Validity } from './command-types.ts'
import type { Database } from './tables.ts'

/** Where a device's memory holds what can be commanded. */
export const actuatorsKey = 'actuators'

const tooOld = 'It was too old before its device could be reached'
const outrun = 'A newer command took its place'

const columns = [
  'c.id',
  'c.house_id',
  'c.device_id',
  'c.integration',
  'c.count',
  'c.capability',
  'c.verb',
  'c.location',
  'c.arguments',
  'c.state',
  'c.reason',
  'c.asked_by',
  'c.asked_over',
  'c.request_id',
  'c.created_at',
  'c.valid_until',
  'c.sent_at',
  'c.done_at',
  'c.changed_at',
  'c.history',
] as const

/** One that is past its time and that no connector has looked at since is shown as what it is. */
const isStale = sql<boolean>`(c.state = 'accepted' and c.valid_until <= clock_timestamp())`

export const selectCommands = (database: Database) =>
  database.selectFrom('commands as c').select(columns).select(isStale.as('stale'))

export type CommandRow = Awaited<ReturnType<ReturnType<typeof selectCommands>['execute']>>[number]

export const commandOf = (row: CommandRow): Command => ({
  id: row.id,
  houseId: row.house_id,
  integration: row.integration,
  count: row.count,
  capability: row.capability,
  verb: row.verb,
  location: row.location,
  arguments: row.arguments,
  state: row.stale ? 'expired' : row.state,
  reason: row.stale ? tooOld : (row.reason ?? undefined),
  askedBy: row.asked_by,
  askedOver: row.asked_over,
  requestId: row.request_id ?? undefined,
  createdAt: row.created_at.getTime(),
  validUntil: row.valid_until.getTime(),
  sentAt: row.sent_at?.getTime(),
  doneAt: row.done_at?.getTime(),
  changedAt: row.changed_at.getTime(),
  history: row.stale
    ? [...row.history, { state: 'expired', time: row.valid_until.getTime(), reason: tooOld }]
    : row.history,
})

export async function commandableOf(
  database: Database,
  device: { readonly id: number; readonly bounds: OwnBounds },
): Promise<Commandable> {
  const row = await database
    .selectFrom('device_memory')
    .select('value')
    .where('device_id', '=', device.id)
    .where('key', '=', actuatorsKey)
    .executeTakeFirst()
  return { actuators: row ? actuatorsIn(row.value) : undefined, bounds: device.bounds }
}

export const actuatorsIn = (value: unknown): readonly Actuator[] | undefined =>
  Array.isArray(value) ? (value as Actuator[]) : undefined

/** One more entry of a command's history, as ms since the epoch. */
const step = (state: CommandState, reason: string | RawBuilder<string> | null) =>
  sql`jsonb_build_array(jsonb_build_object('state', ${state}::text, 'time', (extract(epoch from clock_timestamp()) * 1000)::bigint,
    'reason', ${reason}::text))`

type Change = {
  readonly state: CommandState
  readonly reason?: string
  /** Further columns. */
  readonly sets?: readonly RawBuilder<unknown>[]
}

/** Moves the rows that `where` finds into a state, and hands them back as they are then. */
export async function moveCommands(database: Database, change: Change, where: RawBuilder<unknown>): Promise<Command[]> {
  const reason = change.reason ?? null
  const more = (change.sets ?? []).map((one) => sql`, ${one}`)
  const { rows } = await sql<{ id: string }>`
    update commands c set state = ${change.state}, reason = ${reason}, changed_at = clock_timestamp(),
      history = c.history || ${step(change.state, reason)} ${sql.join(more, sql``)}
    where ${where} returning c.id`.execute(database)
  return readCommands(
    database,
    rows.map(({ id }) => id),
  )
}

/** In the order in which they were asked for. */
export async function readCommands(database: Database, ids: readonly string[]): Promise<Command[]> {
  if (ids.length === 0) return []
  const rows = await selectCommands(database).where(sql<boolean>`c.id = any(${ids}::uuid[])`).orderBy('c.seq').execute()
  return rows.map(commandOf)
}

/** Those past their time become `expired`. */
export const expireCommands = (database: Database, where: RawBuilder<unknown>): Promise<Command[]> =>
  moveCommands(
    database,
    { state: 'expired', reason: tooOld },
    sql`c.state = 'accepted' and c.valid_until <= clock_timestamp() and ${where}`,
  )

export type Where = {
  readonly deviceId: number
  readonly houseId: number
  readonly integration: string
  readonly count: number
}
export type From = {
  readonly askedBy: string
  readonly askedOver: Command['askedOver']
  readonly validity: Validity
  readonly requestId?: string
  readonly digest?: string
}

const validUntil = (validity: Validity) =>
  'seconds' in validity
    ? sql`clock_timestamp() + make_interval(secs => ${validity.seconds}::double precision)`
    : sql`to_timestamp(${validity.until}::double precision / 1000)`

/** Keeps a command that was checked, and takes their place from those that wait to do the same. The device is locked. */
export async function addCommand(
  transaction: Database,
  where: Where,
  command: CheckedCommand,
  from: From,
): Promise<AddedCommand> {
  const same = sql`c.device_id = ${where.deviceId} and c.capability = ${command.capability} and c.verb = ${command.verb}
    and c.location = ${command.location}`
  const old = await expireCommands(transaction, same)
  const outdone = await moveCommands(
    transaction,
    { state: 'expired', reason: outrun },
    sql`c.state = 'accepted' and ${same}`,
  )
  const id = await insert(transaction, where, command, from, { state: 'accepted' })
  const [kept] = await readCommands(transaction, [id])
  const { reason } = { reason: `${outrun} (${id})` }
  if (outdone.length > 0)
    await sql`update commands set reason = ${reason},
      history = jsonb_set(history, array[(jsonb_array_length(history) - 1)::text, 'reason'], to_jsonb(${reason}::text))
      where id = any(${outdone.map((one) => one.id)}::uuid[])`.execute(transaction)
  const superseded = await readCommands(
    transaction,
    outdone.map((one) => one.id),
  )
  return { command: kept!, superseded: [...old, ...superseded] }
}

/** Keeps a command that is refused at once. */
export async function addRefused(
  transaction: Database,
  where: Where,
  command: Omit<CheckedCommand, 'capability'> & { readonly capability: string },
  from: From,
  reason: string,
): Promise<Command> {
  const id = await insert(transaction, where, command, from, { state: 'refused', reason })
  return (await readCommands(transaction, [id]))[0]!
}

async function insert(
  transaction: Database,
  where: Where,
  command: Omit<CheckedCommand, 'capability'> & { readonly capability: string },
  from: From,
  { state, reason }: { readonly state: CommandState; readonly reason?: string },
): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    insert into commands (house_id, device_id, integration, count, capability, verb, location, arguments, state, reason,
      asked_by, asked_over, request_id, digest, valid_until, history)
    values (${where.houseId}, ${where.deviceId}, ${where.integration}, ${where.count}, ${command.capability},
      ${command.verb}, ${command.location}, ${JSON.stringify(command.arguments)}::jsonb, ${state}, ${reason ?? null},
      ${from.askedBy}, ${from.askedOver}, ${from.requestId ?? null}, ${from.digest ?? null},
      ${validUntil(from.validity)}, ${step(state, reason ?? null)})
    returning id`.execute(transaction)
  return rows[0]!.id
}
