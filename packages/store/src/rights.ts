/** Who may do what. Every query of a tenant goes through `seen` or `requireHouse`; there is no other way to a house. */
import { Problem } from '@nabolag/core'
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import type { Database, Tables } from './tables.ts'
import { type Asker, type HouseRole, type Scope, scopes } from './types.ts'

/** The one who runs the server, at its own command line: an admin who is nobody in particular. */
export const operator: Asker = { userId: '', username: 'operator', role: 'admin', scopes }

/** Limits a query on `houses` to those the asker may see. */
export const seen =
  (asker: Asker) =>
  (e: ExpressionBuilder<Tables, 'houses'>): Expression<SqlBool> => {
    const limits: Expression<SqlBool>[] = []
    if (asker.houses) limits.push(sql<boolean>`houses.id = any(${asker.houses}::int[])`)
    if (asker.role !== 'admin') {
      limits.push(
        e.or([
          e('houses.owner_id', '=', asker.userId),
          sql<boolean>`exists (select from house_members m where m.house_id = houses.id and m.user_id = ${asker.userId})`,
        ]),
      )
    }
    return e.and(limits)
  }

/** What the asker wants of a house: `look`, `control` its devices, `change` what is in it, or `own` it (delete it, say who may come in). */
type Intent = 'look' | 'control' | 'change' | 'own'

const scopesFor: Readonly<Record<Intent, readonly Scope[]>> = {
  look: ['read', 'write', 'control'],
  control: ['control'],
  change: ['write'],
  own: ['write'],
}

export const roleOf = (asker: Asker, house: { owner_id: string | null; member: HouseRole | null }) => {
  if (house.owner_id !== null && house.owner_id === asker.userId) return 'owner' as const
  return house.member ?? (asker.role === 'admin' ? ('admin' as const) : undefined)
}

/**
 * Lets through who may do that in the house.
 *
 * @throws ProblemError `no-such-house`, the same for a missing one as for somebody else's; `not-allowed`
 */
export async function requireHouse(database: Database, asker: Asker, houseId: number, intent: Intent): Promise<void> {
  requireScope(asker, ...scopesFor.look)
  const house = Number.isSafeInteger(houseId)
    ? await database
        .selectFrom('houses')
        .select(['houses.owner_id'])
        .select(memberRole(asker))
        .where(sql<boolean>`houses.id = ${houseId}::bigint`)
        .where(seen(asker))
        .executeTakeFirst()
    : undefined
  const role = house && roleOf(asker, house)
  if (!role) throw Problem('no-such-house')
  requireScope(asker, ...scopesFor[intent])
  if (asker.role === 'admin') return
  if (intent !== 'look' && role === 'reader') throw Problem('not-allowed', 'You may read this house, not change it')
  if (intent === 'own' && role !== 'owner') throw Problem('not-allowed', 'Only the owner of the house may do this')
}

/**
 * Keeps the house from being deleted until the transaction is over. First where rows of a house are locked: who deletes
 * it locks it first, too, so that nobody waits for one who waits for them.
 *
 * @throws ProblemError `no-such-house` when it was deleted since it was looked at
 */
export async function holdHouse(transaction: Database, houseId: number): Promise<void> {
  const { rows } = await sql`select id from houses where id = ${houseId} for key share`.execute(transaction)
  if (rows.length === 0) throw Problem('no-such-house')
}

/** The asker's row among the members of the house at hand. */
export const memberRole = (asker: Asker) =>
  sql<HouseRole | null>`(select m.role from house_members m where m.house_id = houses.id and m.user_id = ${asker.userId})`.as(
    'member',
  )

/** @throws ProblemError `not-allowed` unless the asker has one of the scopes */
export function requireScope(asker: Asker, ...anyOf: readonly Scope[]): void {
  if (anyOf.some((scope) => asker.scopes.includes(scope))) return
  throw Problem('not-allowed', `This token lacks the scope ${anyOf[0]}`)
}

/** @throws ProblemError `not-allowed` unless the asker is an admin, and a token one for it and for all houses */
export function requireAdmin(asker: Asker): void {
  if (asker.role !== 'admin') throw Problem('not-allowed', 'Only an admin may do this')
  requireScope(asker, 'admin')
  if (asker.houses) throw Problem('not-allowed', 'This token is limited to some houses')
}
