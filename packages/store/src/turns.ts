/** Turns of controllers: a house is claimed for a moment, and what came of its turn is saved in one piece or not at all. */
import { longestValidity, recheckCommand } from '@nabolag/core'
import { type Kysely, sql } from 'kysely'
import { addCommand, addRefused, commandableOf, commandOf, readCommands, selectCommands } from './command-rows.ts'
import type { Command } from './command-types.ts'
import { idOrNone, momentOf, readControl, readMemory } from './control-rows.ts'
import type { Claim, ControlFleet, TurnResult } from './control-types.ts'
import { fitsOf } from './fits.ts'
import { readable } from './fleet-commands.ts'
import { jsonText } from './plain-json.ts'
import { holdShare, readShare } from './shared-caps.ts'
import type { Database, Tables } from './tables.ts'

/** Characters; a house with twenty rooms needs a hundredth of it. */
const mostOfReceipt = 64_000
const mostOfMemory = 4_000_000
const mostCommands = 2000
const receiptsAtOnce = 500
/** Whatever a controller's clock says, the next turn is no farther off than this, s. */
const longestWait = 86_400
/** Where the next turn's time is none at all, ms. */
const oddWait = 60_000

export const turnsOf = (database: Kysely<Tables>): ControlFleet => ({
  ...fitsOf(database),

  async claimTurns({ id, address }, limit, seconds, farthest = longestWait) {
    await sql`insert into controllers (id, beat, address) values (${id}, clock_timestamp(), ${address ?? null})
      on conflict (id) do update set beat = excluded.beat, address = excluded.address`.execute(database)
    // One whose claim ran out waits behind those whose turn came meanwhile: it may be the one that ends its controllers.
    // What was set by a clock that has gone back since is not waited for.
    const far = sql`clock_timestamp() + make_interval(secs => ${farthest}::double precision)`
    const { rows } = await sql<{ house_id: number; fence: string; due: number }>`
      with ready as (
        select c.house_id from house_control c
        where (c.due is null or c.due <= clock_timestamp() or c.due > ${far})
          and (c.holder is null or c.until <= clock_timestamp() or c.until > ${far})
          and exists (select from loops l where l.house_id = c.house_id)
        order by greatest(c.due, c.until) nulls first, c.house_id
        limit ${Math.max(0, Math.trunc(limit))} for update skip locked
      )
      update house_control h set holder = ${id}, fence = h.fence + 1, changed = false,
        until = clock_timestamp() + make_interval(secs => ${seconds}::double precision)
      from ready where ready.house_id = h.house_id
      returning h.house_id, h.fence,
        (extract(epoch from least(h.due, clock_timestamp())) * 1000)::double precision as due`.execute(database)
    return rows
      .map((row) => ({ houseId: row.house_id, fence: Number(row.fence), due: Math.round(row.due) }))
      .sort((a, b) => a.due - b.due)
  },

  claimedHouse: (claim) =>
    database
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(async (transaction) => {
        if (!(await holds(transaction, claim))) return undefined
        const house = await readHouse(transaction, claim.houseId)
        if (!house) return undefined
        const shared = await readShare(transaction, claim.houseId)
        const commands = await selectCommands(transaction)
          .where('c.house_id', '=', claim.houseId)
          .where('c.asked_over', '=', 'controller')
          .where(
            sql<boolean>`c.created_at between clock_timestamp() - interval '1 day' and clock_timestamp() + interval '1 day'`,
          )
          .orderBy('c.seq', 'desc')
          .limit(mostCommands)
          .execute()
        return {
          ...house,
          ...(shared && { shared }),
          memory: await readMemory(transaction, claim.houseId),
          commands: commands.map(commandOf),
        }
      }),

  controlledHouse: (houseId) =>
    database
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute((transaction) => readHouse(transaction, houseId)),

  saveTurn: (claim, result) =>
    database.transaction().execute(async (transaction) => {
      if (result.plan && result.within !== undefined) await holdShare(transaction, claim.houseId, result.within)
      // Before the house's own row, as everybody who changes or deletes it does.
      await sql`select from houses where id = ${claim.houseId} for key share`.execute(transaction)
      if (!(await holds(transaction, claim, true))) return undefined
      const kept = await keepReceipts(transaction, claim.houseId, result.receipts)
      const memory = jsonText(result.memory, mostOfMemory)
      const plan = result.plan && jsonText(result.plan.plan, mostOfMemory)
      if (result.plan && plan !== undefined) {
        // What was made by a clock that has gone back since would be the newest for ever.
        await sql`delete from plans where house_id = ${claim.houseId}
          and made_at > clock_timestamp() + interval '1 hour'`.execute(transaction)
        await sql`insert into plans (house_id, made_at, plan)
          values (${claim.houseId}, ${momentOf(result.plan.madeAt) ?? new Date()}, ${plan}::jsonb)
          on conflict (house_id, made_at) do update set plan = excluded.plan`.execute(transaction)
      }
      if (memory !== undefined) {
        await sql`update house_control set memory = ${memory}::jsonb, memory_at = clock_timestamp()
          where house_id = ${claim.houseId}`.execute(transaction)
      }
      await handBack(transaction, claim, result.next)
      return kept
    }),

  async addReceipts(houseId, receipts) {
    for (let n = 0; n < receipts.length; n += receiptsAtOnce) {
      const some = receipts.slice(n, n + receiptsAtOnce)
      await sql`insert into receipts (house_id, loop_id, at, receipt, command_ids)
        select l.house_id, l.id, g.at, g.receipt, '{}'
        from unnest(${some.map(({ loop }) => loop)}::int[], ${some.map(({ at }) => new Date(at).toISOString())}::timestamptz[],
          ${some.map(receiptText)}::jsonb[]) as g (loop, at, receipt)
        join loops l on l.id = g.loop and l.house_id = ${houseId} order by g.at`.execute(database)
    }
  },

  async releaseTurn(claim, next) {
    await handBack(database, claim, next)
  },
})

async function readHouse(transaction: Database, houseId: number) {
  const house = await transaction
    .selectFrom('houses')
    .select(['id', 'name', 'timezone', 'latitude', 'longitude'])
    .where('id', '=', idOrNone(houseId))
    .executeTakeFirst()
  return (
    house && {
      ...house,
      latitude: house.latitude ?? undefined,
      longitude: house.longitude ?? undefined,
      control: await readControl(transaction, houseId),
    }
  )
}

/** Whether the house is still the claim's; with `lock` nobody else can have it before the transaction is over. */
async function holds(transaction: Database, { houseId, fence }: Claim, lock = false): Promise<boolean> {
  const row = await transaction
    .selectFrom('house_control')
    .select('house_id')
    .where('house_id', '=', houseId)
    .where(sql<boolean>`fence = ${fence}::bigint`)
    .where('holder', 'is not', null)
    .where(sql<boolean>`until > clock_timestamp()`)
    .$if(lock, (q) => q.forUpdate())
    .executeTakeFirst()
  return row !== undefined
}

/** What changed since the claim was perhaps not seen by this turn: then the next one is due at once. */
const handBack = (database: Database, { houseId, fence }: Claim, next: number) =>
  sql`update house_control set holder = null, until = null, changed = false,
      due = case when changed then clock_timestamp()
        else least(${momentOf(next) ?? new Date(Date.now() + oddWait)}, clock_timestamp() + make_interval(secs => ${longestWait})) end
    where house_id = ${houseId} and fence = ${fence}::bigint and holder is not null`.execute(database)

type Kept = { readonly commands: readonly Command[]; readonly superseded: readonly Command[] }

/** Receipts of loops that are gone by now are left out, with their commands. */
async function keepReceipts(transaction: Database, houseId: number, receipts: TurnResult['receipts']): Promise<Kept> {
  if (receipts.length === 0) return { commands: [], superseded: [] }
  const loops = await lockLoops(
    transaction,
    houseId,
    receipts.map(({ loop }) => loop),
  )
  const ids: string[] = []
  const superseded: Command[] = []
  for (const one of receipts) {
    const loop = loops.get(one.loop)
    if (!loop) continue
    const own: string[] = []
    for (const command of one.commands) {
      const added = await keepCommand(transaction, houseId, loop, one, command)
      own.push(added.command.id)
      superseded.push(...added.superseded)
    }
    ids.push(...own)
    await sql`insert into receipts (house_id, loop_id, at, receipt, command_ids)
      values (${houseId}, ${loop.id}, ${momentOf(one.at) ?? new Date()}, ${receiptText(one)}::jsonb, ${own}::uuid[])`.execute(
      transaction,
    )
  }
  return { commands: await readCommands(transaction, ids), superseded }
}

/** A receipt that cannot be kept as it is leaves its sentence. */
function receiptText({ receipt }: Pick<TurnResult['receipts'][number], 'receipt'>): string {
  const text = jsonText(receipt, mostOfReceipt)
  if (text !== undefined) return text
  const { sentence } = receipt
  const short = typeof sentence === 'string' ? sentence.slice(0, 2000) : ''
  return jsonText({ sentence: short, cut: 'The receipt was too long to keep' }, mostOfReceipt) ?? '{}'
}

type LockedLoop = Awaited<ReturnType<typeof selectLoops>>[number]

/** Devices before loops: whoever removes a device locks it first, too. Whoever else commands one waits until the end. */
async function lockLoops(transaction: Database, houseId: number, ids: readonly number[]) {
  const known = ids.filter((id) => Number.isSafeInteger(id) && id > 0 && id < 2 ** 31)
  await sql`select d.id from devices d
    where d.id in (select l.device_id from loops l where l.house_id = ${houseId} and l.id = any(${known}::int[]))
    order by d.id for no key update of d`.execute(transaction)
  const rows = await selectLoops(transaction, houseId, known)
  return new Map(rows.map((row) => [row.id, row]))
}

const selectLoops = (transaction: Database, houseId: number, ids: readonly number[]) =>
  transaction
    .selectFrom('loops as l')
    .innerJoin('devices as d', 'd.id', 'l.device_id')
    .innerJoin('integrations as i', 'i.id', 'd.integration_id')
    .select(['l.id', 'l.device_id', 'l.location', 'l.capability', 'l.mode'])
    .select(sql<boolean>`coalesce(l.paused_until > clock_timestamp(), false)`.as('paused'))
    .select(['i.name', 'i.kind', 'd.count', 'd.bounds'])
    .where('l.house_id', '=', houseId)
    .where(sql<boolean>`l.id = any(${ids}::int[])`)
    .forKeyShare('l')
    .execute()

async function keepCommand(
  transaction: Database,
  houseId: number,
  loop: LockedLoop,
  of: TurnResult['receipts'][number],
  command: TurnResult['receipts'][number]['commands'][number],
) {
  const where = { deviceId: loop.device_id, houseId, integration: loop.name, count: loop.count }
  const seconds = Math.min(Math.max(1, command.validSeconds || 1), longestValidity)
  const from = { askedBy: 'controller', askedOver: 'controller' as const, validity: { seconds } }
  const { location: _, ...given } = readable(command).arguments
  const asked = { capability: command.capability, verb: command.verb, location: loop.location, arguments: given }
  const refuse = async (reason: string) => ({
    command: await addRefused(transaction, where, { ...readable(asked), location: loop.location }, from, reason),
    superseded: [],
  })
  if (command.capability !== loop.capability) return refuse(`This loop commands ${loop.capability} and nothing else`)
  // What is left with the vendor ends when control ends, and rests on nothing that was decided.
  const isLeft = command.verb === 'setFallback'
  if (loop.mode !== 'control' && !isLeft) return refuse(`The loop was set to ${loop.mode} while this was being decided`)
  if (loop.paused && !isLeft && of.receipt.outcome !== 'safety')
    return refuse('The loop was paused while this was being decided')
  if (loop.kind !== 'built-in') return refuse('This kind of device takes no commands: nothing here runs it')
  const checked = recheckCommand(asked, await commandableOf(transaction, { id: loop.device_id, bounds: loop.bounds }))
  if ('complaint' in checked) return refuse(checked.complaint.message)
  return addCommand(transaction, where, checked.command, from)
}
