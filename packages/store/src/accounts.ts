/** Who and what may log in: users, their tokens, the publishers of a house; and the record of what was changed. */
import { isName, Problem } from '@nabolag/core'
import type { Kysely, Selectable } from 'kysely'
import { note } from './audit.ts'
import { hashOf, makeToken, userOf } from './people.ts'
import { requireAdmin, requireHouse, requireScope } from './rights.ts'
import type { Tables } from './tables.ts'
import { type ApiToken, type Asker, type People, type Publisher, scopes, type Tenant } from './types.ts'

type Part =
  | 'publishers'
  | 'addPublisher'
  | 'renewPublisher'
  | 'revokePublisher'
  | 'letCommand'
  | 'users'
  | 'createUser'
  | 'tokens'
  | 'createToken'
  | 'revokeToken'
  | 'audit'

export const accountsOf = (database: Kysely<Tables>, asker: Asker, people: People): Pick<Tenant, Part> => ({
  async publishers(houseId) {
    await requireHouse(database, asker, houseId, 'look')
    const rows = await database
      .selectFrom('publishers')
      .selectAll()
      .where('house_id', '=', houseId)
      .orderBy('id')
      .execute()
    return rows.map(publisherOf)
  },

  async addPublisher(houseId, name, deviceId) {
    await requireHouse(database, asker, houseId, 'change')
    if (!isName(name)) throw Problem('bad-request', 'A name has lower-case letters, digits and . _ -')
    return database.transaction().execute(async (transaction) => {
      await transaction.selectFrom('houses').select('id').where('id', '=', houseId).forUpdate().execute()
      const there = await transaction.selectFrom('publishers').selectAll().where('house_id', '=', houseId).execute()
      const counts = new Set(there.filter((p) => p.name === name && p.revoked_at === null).map((p) => p.count))
      let count = 0
      while (counts.has(count)) count++
      // A revoked account's name is never given out again: what it published stays its own.
      const taken = new Set(there.map((p) => p.username))
      const plain = `h${houseId}.${name}.${count}`
      let username = plain
      for (let again = 2; taken.has(username); again++) username = `${plain}-${again}`
      const row = await transaction
        .insertInto('publishers')
        .values({
          house_id: houseId,
          name,
          count,
          username,
          created_by: asker.userId || null,
          device_id: deviceId ?? null,
        })
        .returningAll()
        .executeTakeFirstOrThrow()
      await note(transaction, asker, 'add publisher', houseId, { username })
      return publisherOf(row)
    })
  },

  async renewPublisher(houseId, publisherId) {
    await requireHouse(database, asker, houseId, 'change')
    return database.transaction().execute(async (transaction) => {
      const row = await transaction
        .selectFrom('publishers')
        .selectAll()
        .where('house_id', '=', houseId)
        .where('id', '=', idOrNone(publisherId))
        .where('revoked_at', 'is', null)
        .executeTakeFirst()
      if (!row) throw Problem('not-found', 'There is no such publisher in this house')
      await note(transaction, asker, 'renew publisher', houseId, { username: row.username })
      return publisherOf(row)
    })
  },

  async revokePublisher(houseId, publisherId) {
    await requireHouse(database, asker, houseId, 'change')
    return database.transaction().execute(async (transaction) => {
      const row = await transaction
        .updateTable('publishers')
        .set({ revoked_at: new Date() })
        .where('house_id', '=', houseId)
        .where('id', '=', idOrNone(publisherId))
        .where('revoked_at', 'is', null)
        .returningAll()
        .executeTakeFirst()
      if (!row) throw Problem('not-found', 'There is no such publisher in this house')
      await note(transaction, asker, 'revoke publisher', houseId, { username: row.username })
      return publisherOf(row)
    })
  },

  async letCommand(houseId, publisherId) {
    await requireHouse(database, asker, houseId, 'control')
    return database.transaction().execute(async (transaction) => {
      const row = await transaction
        .updateTable('publishers')
        .set({ commands: true })
        .where('house_id', '=', houseId)
        .where('id', '=', idOrNone(publisherId))
        .where('revoked_at', 'is', null)
        .returningAll()
        .executeTakeFirst()
      if (!row) throw Problem('not-found', 'There is no such publisher in this house')
      await note(transaction, asker, 'let publisher command', houseId, { username: row.username })
      return publisherOf(row)
    })
  },

  async users() {
    requireScope(asker, 'read', 'write')
    const all = asker.role === 'admin' && asker.scopes.includes('admin') && !asker.houses
    const rows = await database
      .selectFrom('user')
      .selectAll()
      .$if(!all, (q) => q.where('id', '=', asker.userId))
      .orderBy('createdAt')
      .orderBy('id')
      .execute()
    return rows.map(userOf)
  },

  createUser: (user) => people.createUser(user, asker),

  async tokens() {
    requireScope(asker, 'read', 'write')
    const rows = await database
      .selectFrom('api_tokens')
      .selectAll()
      .where('user_id', '=', asker.userId)
      .orderBy('id')
      .execute()
    return rows.map(tokenOf)
  },

  async createToken(given) {
    requireScope(asker, 'write')
    const beyond = given.scopes.find((scope) => !asker.scopes.includes(scope))
    if (given.scopes.length === 0 || given.scopes.some((scope) => !scopes.includes(scope))) {
      throw Problem('bad-request', `Scopes are some of ${scopes.join(', ')}`)
    }
    if (beyond || (given.scopes.includes('admin') && asker.role !== 'admin')) {
      throw Problem('not-allowed', `You may not hand out the scope ${beyond ?? 'admin'}`)
    }
    if (asker.userId === '') throw Problem('bad-request', 'A token belongs to a user; name one')
    const name = given.name.trim()
    if (name === '' || name.length > 200) throw Problem('bad-request', 'A token needs a name')
    if (given.expires !== undefined && !(given.expires > Date.now())) {
      throw Problem('bad-request', 'The token would have expired already')
    }
    const houses = given.houses ?? asker.houses
    for (const houseId of houses ?? []) await requireHouse(database, asker, houseId, 'look')
    const token = makeToken()
    return database.transaction().execute(async (transaction) => {
      const row = await transaction
        .insertInto('api_tokens')
        .values({
          user_id: asker.userId,
          name,
          hash: hashOf(token),
          scopes: [...new Set(given.scopes)],
          house_ids: houses ? [...new Set(houses)] : null,
          expires_at: given.expires === undefined ? null : new Date(given.expires),
        })
        .returningAll()
        .executeTakeFirstOrThrow()
      await note(transaction, asker, 'create token', null, { token: row.id, name, scopes: row.scopes, houses })
      return { ...tokenOf(row), token }
    })
  },

  async revokeToken(tokenId) {
    requireScope(asker, 'write')
    await database.transaction().execute(async (transaction) => {
      const row = await transaction
        .deleteFrom('api_tokens')
        .where('id', '=', idOrNone(tokenId))
        .where('user_id', '=', asker.userId)
        .returning(['id', 'name'])
        .executeTakeFirst()
      if (!row) throw Problem('not-found', 'You have no such token')
      await note(transaction, asker, 'revoke token', null, { token: row.id, name: row.name })
    })
  },

  async audit({ houseId, limit = 100 } = {}) {
    if (houseId === undefined) requireAdmin(asker)
    else await requireHouse(database, asker, houseId, 'look')
    const rows = await database
      .selectFrom('audit')
      .selectAll()
      .$if(houseId !== undefined, (q) => q.where('house_id', '=', houseId!))
      .orderBy('id', 'desc')
      .limit(Math.min(Math.max(1, Math.trunc(limit)), 1000))
      .execute()
    return rows.map((row) => ({
      time: row.time.getTime(),
      username: row.username,
      action: row.action,
      houseId: row.house_id ?? undefined,
      detail: row.detail,
    }))
  },
})

/** An id that no row has for what is not an id: the query then finds nothing, instead of failing. */
const idOrNone = (id: number) => (Number.isInteger(id) && id > 0 && id < 2 ** 31 ? id : -1)

const publisherOf = (row: Selectable<Tables['publishers']>): Publisher => ({
  id: row.id,
  houseId: row.house_id,
  name: row.name,
  count: row.count,
  username: row.username,
  createdAt: row.created_at.getTime(),
  revokedAt: row.revoked_at?.getTime(),
  commands: row.commands,
  deviceId: row.device_id ?? undefined,
})

const tokenOf = (row: Selectable<Tables['api_tokens']>): ApiToken => ({
  id: row.id,
  name: row.name,
  scopes: row.scopes,
  houses: row.house_ids ?? undefined,
  createdAt: row.created_at.getTime(),
  expiresAt: row.expires_at?.getTime(),
  lastUsedAt: row.last_used_at?.getTime(),
})
