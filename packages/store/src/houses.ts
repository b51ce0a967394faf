/** Houses and who may come in. */
import { Problem } from '@nabolag/core'
import { type Kysely, sql } from 'kysely'
import { note } from './audit.ts'
import { memberRole, requireHouse, requireScope, roleOf, seen } from './rights.ts'
import type { Database, Tables } from './tables.ts'
import type { Asker, House, HouseChange, Member, Tenant } from './types.ts'

type Part =
  | 'houses'
  | 'house'
  | 'createHouse'
  | 'changeHouse'
  | 'deleteHouse'
  | 'members'
  | 'setMember'
  | 'removeMember'

export const housesOf = (database: Kysely<Tables>, asker: Asker): Pick<Tenant, Part> => ({
  async houses() {
    requireScope(asker, 'read', 'write')
    return selectHouses(database, asker)
  },

  house: (houseId) => oneHouse(database, asker, houseId),

  async createHouse(house = {}) {
    requireScope(asker, 'write')
    if (asker.houses) throw Problem('not-allowed', 'This token is limited to some houses and cannot make another')
    if (house.owner !== undefined && asker.role !== 'admin') {
      throw Problem('not-allowed', 'Only an admin makes a house for somebody else')
    }
    checkPlace(house)
    return database.transaction().execute(async (transaction) => {
      const owner = house.owner === undefined ? asker.userId || null : (await userNamed(transaction, house.owner)).id
      const row = await transaction
        .insertInto('houses')
        .values({
          name: house.name?.trim() || 'House',
          owner_id: owner,
          ...(house.timezone === undefined ? {} : { timezone: house.timezone }),
          latitude: house.latitude ?? null,
          longitude: house.longitude ?? null,
        })
        .returning('id')
        .executeTakeFirstOrThrow()
      if (owner !== null) {
        await transaction
          .insertInto('house_members')
          .values({ house_id: row.id, user_id: owner, role: 'owner' })
          .execute()
      }
      await note(transaction, asker, 'create house', row.id)
      return oneHouse(transaction, asker, row.id)
    })
  },

  async changeHouse(houseId, change) {
    await requireHouse(database, asker, houseId, 'change')
    checkPlace(change)
    return database.transaction().execute(async (transaction) => {
      const set = {
        ...(change.name === undefined ? {} : { name: change.name.trim() || 'House' }),
        ...(change.timezone === undefined ? {} : { timezone: change.timezone }),
        ...(change.latitude === undefined ? {} : { latitude: change.latitude }),
        ...(change.longitude === undefined ? {} : { longitude: change.longitude }),
      }
      if (Object.keys(set).length > 0) {
        await transaction.updateTable('houses').set(set).where('id', '=', houseId).execute()
        await note(transaction, asker, 'change house', houseId, set)
      }
      return oneHouse(transaction, asker, houseId)
    })
  },

  async deleteHouse(houseId) {
    await requireHouse(database, asker, houseId, 'own')
    return database.transaction().execute(async (transaction) => {
      const devices = await transaction
        .selectFrom('devices as d')
        .innerJoin('integrations as i', 'i.id', 'd.integration_id')
        .select(['i.name', 'i.group_name', 'd.count'])
        .where('d.house_id', '=', houseId)
        .execute()
      const publishers = await transaction
        .selectFrom('publishers')
        .select('username')
        .where('house_id', '=', houseId)
        .where('revoked_at', 'is', null)
        .execute()
      await transaction.deleteFrom('houses').where('id', '=', houseId).execute()
      await note(transaction, asker, 'delete house', houseId, { devices: devices.length })
      return {
        houseId,
        devices: devices.map((d) => ({ houseId, integration: d.name, group: d.group_name, count: d.count })),
        publishers: publishers.map((p) => p.username),
      }
    })
  },

  async members(houseId) {
    await requireHouse(database, asker, houseId, 'look')
    return membersOf(database, houseId)
  },

  async setMember(houseId, username, role) {
    await requireHouse(database, asker, houseId, 'own')
    return database.transaction().execute(async (transaction) => {
      const user = await userNamed(transaction, username)
      const house = await transaction
        .selectFrom('houses')
        .select('owner_id')
        .where('id', '=', houseId)
        .executeTakeFirstOrThrow()
      if (house.owner_id === user.id) throw Problem('conflict', 'The owner of a house stays its owner')
      await transaction
        .insertInto('house_members')
        .values({ house_id: houseId, user_id: user.id, role })
        .onConflict((c) => c.columns(['house_id', 'user_id']).doUpdateSet({ role }))
        .execute()
      await note(transaction, asker, 'set member', houseId, { username: user.username, role })
      return membersOf(transaction, houseId)
    })
  },

  async removeMember(houseId, username) {
    const own = username.trim().toLowerCase() === asker.username
    await requireHouse(database, asker, houseId, own ? 'look' : 'own')
    if (own) requireScope(asker, 'write')
    await database.transaction().execute(async (transaction) => {
      const user = await userNamed(transaction, username)
      const { numDeletedRows } = await transaction
        .deleteFrom('house_members')
        .where('house_id', '=', houseId)
        .where('user_id', '=', user.id)
        .where('role', '<>', 'owner')
        .executeTakeFirst()
      if (numDeletedRows === 0n) throw Problem('no-such-user', 'That user is no resident or reader of this house')
      await note(transaction, asker, 'remove member', houseId, { username: user.username })
    })
  },
})

async function selectHouses(database: Database, asker: Asker, houseId?: number): Promise<House[]> {
  const rows = await database
    .selectFrom('houses')
    .leftJoin('user', 'user.id', 'houses.owner_id')
    .selectAll('houses')
    .select('user.username as owner')
    .select(memberRole(asker))
    .where((e) => seen(asker)(e as never))
    .$if(houseId !== undefined, (q) => q.where('houses.id', '=', houseId!))
    .orderBy('houses.id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    ownerId: row.owner_id ?? undefined,
    owner: row.owner ?? undefined,
    timezone: row.timezone,
    latitude: row.latitude ?? undefined,
    longitude: row.longitude ?? undefined,
    createdAt: row.created_at.getTime(),
    role: roleOf(asker, row) ?? 'reader',
  }))
}

async function oneHouse(database: Database, asker: Asker, houseId: number): Promise<House> {
  await requireHouse(database, asker, houseId, 'look')
  const [house] = await selectHouses(database, asker, houseId)
  if (!house) throw Problem('no-such-house')
  return house
}

async function membersOf(database: Database, houseId: number): Promise<Member[]> {
  const rows = await database
    .selectFrom('house_members as m')
    .innerJoin('user as u', 'u.id', 'm.user_id')
    .select(['m.user_id', 'u.username', 'm.role'])
    .where('m.house_id', '=', houseId)
    .orderBy(sql`m.role = 'owner'`, 'desc')
    .orderBy('u.username')
    .execute()
  return rows.map((row) => ({ userId: row.user_id, username: row.username, role: row.role }))
}

async function userNamed(database: Database, username: string): Promise<{ id: string; username: string }> {
  const row = await database
    .selectFrom('user')
    .select(['id', 'username'])
    .where('username', '=', username.trim().toLowerCase())
    .executeTakeFirst()
  if (!row) throw Problem('no-such-user')
  return row
}

const within = (value: number | null | undefined, most: number) =>
  value === undefined || value === null || (Number.isFinite(value) && Math.abs(value) <= most)

function checkPlace(house: HouseChange): void {
  if (!within(house.latitude, 90)) throw Problem('bad-request', 'A latitude lies between -90 and 90')
  if (!within(house.longitude, 180)) throw Problem('bad-request', 'A longitude lies between -180 and 180')
  if (house.name !== undefined && house.name.length > 200) throw Problem('bad-request', 'That name is too long')
  if (house.timezone !== undefined && !isTimezone(house.timezone)) {
    throw Problem('bad-request', 'That is no time zone; they are written like Europe/Oslo')
  }
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
