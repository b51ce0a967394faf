/** The rooms of a house: what measures them, and how warm they should be. */
import { Problem } from '@nabolag/core'
import { type Kysely, sql } from 'kysely'
import { note } from './audit.ts'
import { deviceAt, idOrNone, makeDue, readRoom, readRooms } from './control-rows.ts'
import type { ControlTenant, RoomChange } from './control-types.ts'
import { jsonOr } from './plain-json.ts'
import { requireHouse } from './rights.ts'
import type { Database, Tables } from './tables.ts'
import type { Asker } from './types.ts'

type Part = 'rooms' | 'room' | 'addRoom' | 'changeRoom' | 'removeRoom'

const longestName = 100
const mostSensors = 20

export const roomsOf = (database: Kysely<Tables>, asker: Asker): Pick<ControlTenant, Part> => ({
  async rooms(houseId) {
    await requireHouse(database, asker, houseId, 'look')
    return readRooms(database, houseId)
  },

  async room(houseId, roomId) {
    await requireHouse(database, asker, houseId, 'look')
    return readRoom(database, houseId, roomId)
  },

  async addRoom(houseId, room) {
    await requireHouse(database, asker, houseId, 'control')
    return database.transaction().execute(async (transaction) => {
      await makeDue(transaction, houseId)
      const name = await freeName(transaction, houseId, room.name)
      const { id } = await transaction
        .insertInto('rooms')
        .values({
          house_id: houseId,
          name,
          area: areaOr(room.area),
          comfort: jsonOr('The comfort', room.comfort),
          heating: room.heating ? jsonOr('What heats the room', room.heating) : null,
        })
        .returning('id')
        .executeTakeFirstOrThrow()
      await setSensors(transaction, houseId, id, room.sensors ?? [])
      await note(transaction, asker, 'add room', houseId, { room: id, name })
      return readRoom(transaction, houseId, id)
    })
  },

  async changeRoom(houseId, roomId, given) {
    await requireHouse(database, asker, houseId, 'control')
    return database.transaction().execute(async (transaction) => {
      await makeDue(transaction, houseId)
      const before = await readRoom(transaction, houseId, roomId)
      const { id } = before
      const change = typeof given === 'function' ? given(before) : given
      const set = {
        ...(change.name === undefined ? {} : { name: await freeName(transaction, houseId, change.name, id) }),
        ...(change.area === undefined ? {} : { area: areaOr(change.area) }),
        ...(change.comfort === undefined ? {} : { comfort: jsonOr('The comfort', change.comfort) }),
        ...(change.heating === undefined
          ? {}
          : { heating: change.heating && jsonOr('What heats the room', change.heating) }),
      }
      if (Object.keys(set).length > 0) await transaction.updateTable('rooms').set(set).where('id', '=', id).execute()
      if (change.sensors) await setSensors(transaction, houseId, id, change.sensors)
      const room = await readRoom(transaction, houseId, id)
      await note(transaction, asker, 'change room', houseId, {
        room: id,
        name: room.name,
        changed: Object.keys(change).filter((key) => change[key as keyof RoomChange] !== undefined),
      })
      return room
    })
  },

  async removeRoom(houseId, roomId) {
    await requireHouse(database, asker, houseId, 'control')
    await database.transaction().execute(async (transaction) => {
      await makeDue(transaction, houseId)
      const { id, name } = await readRoom(transaction, houseId, roomId)
      await transaction.deleteFrom('rooms').where('id', '=', id).execute()
      await note(transaction, asker, 'remove room', houseId, { room: id, name })
    })
  },
})

/** @throws ProblemError `bad-request` for what is no name; `conflict` for that of another room */
async function freeName(transaction: Database, houseId: number, given: string, own?: number): Promise<string> {
  const name = given.replaceAll('\0', '').toWellFormed().trim()
  if (name === '') throw Problem('bad-request', 'A room needs a name')
  if (name.length > longestName) throw Problem('bad-request', 'That name is too long')
  const other = await transaction
    .selectFrom('rooms')
    .select('id')
    .where('house_id', '=', houseId)
    .where('name', '=', name)
    .where('id', '<>', idOrNone(own ?? -1))
    .executeTakeFirst()
  if (other) throw Problem('conflict', `This house has a room named ${name} already`)
  return name
}

function areaOr(area: number | null | undefined): number | null {
  if (area === undefined || area === null) return null
  if (!(area > 0 && area <= 10_000)) throw Problem('bad-request', 'The area of a room is in m², above 0')
  return area
}

async function setSensors(
  transaction: Database,
  houseId: number,
  roomId: number,
  sensors: NonNullable<RoomChange['sensors']>,
): Promise<void> {
  if (sensors.length > mostSensors) throw Problem('bad-request', `A room has ${mostSensors} sensors at most`)
  // Devices before their sensors, in the order in which who removes one goes.
  const devices: Awaited<ReturnType<typeof deviceAt>>[] = []
  for (const sensor of sensors) devices.push(await deviceAt(transaction, houseId, sensor))
  await transaction.deleteFrom('room_sensors').where('room_id', '=', roomId).execute()
  for (const [position, sensor] of sensors.entries()) {
    const device = devices[position]!
    const location = sensor.location.replaceAll('\0', '').toWellFormed()
    const taken = await transaction
      .selectFrom('room_sensors as s')
      .innerJoin('rooms as r', 'r.id', 's.room_id')
      .select(['r.id', 'r.name'])
      .where('s.device_id', '=', device.id)
      .where('s.location', '=', location)
      .executeTakeFirst()
    const what = `${sensor.device} ${sensor.count}${location === '' ? '' : ` at ${location}`}`
    if (taken) {
      throw Problem(
        'bad-request',
        taken.id === roomId ? `${what} is given twice` : `${what} is in ${taken.name} already`,
      )
    }
    await sql`insert into room_sensors (room_id, position, device_id, location, group_name)
      values (${roomId}, ${position}, ${device.id}, ${location}, ${sensor.group?.replaceAll('\0', '') ?? null})`.execute(
      transaction,
    )
  }
}
