/**
 * Limits failed log-ins per address and per account. The counts live in PostgreSQL, so that several api processes
 * share them. An attempt is counted before the password is checked: a burst gets no more tries than a trickle.
 */
import { createHash, randomUUID } from 'node:crypto'
import { isIPv6 } from 'node:net'
import { Problem } from '@nabolag/core'
import { sql } from 'kysely'
import type { Database } from './tables.ts'

const windowMillis = 15 * 60_000
/** Several people may sit behind one address. */
const limits = { account: 10, address: 20 } as const

/** A key of fixed length, whatever was typed; an IPv6 caller owns the whole of a /64. */
function keysOf(username: string, ip: string): { key: string; limit: number }[] {
  const address = isIPv6(ip) && !ip.includes('.') ? network(ip) : ip.replace(/^::ffff:/i, '')
  const account = createHash('sha256').update(username).digest('base64url')
  return [
    { key: `sign-in/account/${account}`, limit: limits.account },
    { key: `sign-in/address/${address.slice(0, 64)}`, limit: limits.address },
  ]
}

function network(ip: string): string {
  const [head = '', tail = ''] = ip.toLowerCase().split('%')[0]!.split('::')
  const left = head.split(':').filter(Boolean)
  const right = tail.split(':').filter(Boolean)
  const all = ip.includes('::') ? [...left, ...Array(8 - left.length - right.length).fill('0'), ...right] : left
  return `${all
    .slice(0, 4)
    .map((part) => Number.parseInt(part, 16).toString(16))
    .join(':')}::/64`
}

/**
 * Counts an attempt, unless there were too many.
 *
 * @throws ProblemError `too-many-requests`, with `retry_after` in seconds
 */
export async function countAttempt(database: Database, username: string, ip: string, now = Date.now()): Promise<void> {
  for (const { key, limit } of keysOf(username, ip)) {
    const { rows } = await sql<{ count: number; lastRequest: string }>`
      insert into "rateLimit" as r ("id", "key", "count", "lastRequest") values (${randomUUID()}, ${key}, 1, ${now})
      on conflict ("key") do update set
        "count" = case when r."lastRequest" <= ${now - windowMillis}::bigint then 1 else least(r."count" + 1, ${limit + 1}::int) end,
        "lastRequest" = case when r."lastRequest" <= ${now - windowMillis}::bigint then ${now}::bigint else r."lastRequest" end
      returning "count", "lastRequest"`.execute(database)
    const row = rows[0]!
    if (row.count > limit) {
      const seconds = Math.max(1, Math.ceil((Number(row.lastRequest) + windowMillis - now) / 1000))
      throw Problem('too-many-requests', `Too many failed log-ins; try again in ${Math.ceil(seconds / 60)} min`, {
        retry_after: seconds,
      })
    }
  }
}

/** Takes back what `countAttempt` counted: the password was right. Also sweeps what has run out. */
export async function forgiveAttempts(database: Database, username: string, ip: string): Promise<void> {
  const [account, address] = keysOf(username, ip)
  await sql`update "rateLimit" set "count" = greatest("count" - 1, 0) where "key" = ${address!.key}`.execute(database)
  await sql`delete from "rateLimit" where "key" = ${account!.key} or "lastRequest" <= ${Date.now() - windowMillis}`.execute(
    database,
  )
}
