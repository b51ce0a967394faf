/** Rooms and loops as they are read, for their people and for the controllers alike. */
import { type Actuator, describeActuators, Problem } from '@nabolag/core'
import { sql } from 'kysely'
import { actuatorsIn, actuatorsKey } from './command-rows.ts'
import type { ControlPlace, HouseControl, Loop, Room, RoomModel } from './control-types.ts'
import { holdHouse } from './rights.ts'
import type { Database } from './tables.ts'

/** Numbers that no row can have find nothing, instead of an error of the database. */
export const idOrNone = (id: number): number => (Number.isSafeInteger(id) && id > 0 && id < 2 ** 31 ? id : -1)

/** The farthest moment that both sides know how to write, ms. */
const farthest = Date.UTC(9999, 11, 31)

/** `undefined` for what is no moment in ms. */
export const momentOf = (millis: number): Date | undefined =>
  millis >= 0 && millis <= farthest ? new Date(millis) : undefined

/**
 * Says that something of the house's control is about to change: it is due for a turn now, and so it stays when a turn
 * on its way, which may not have seen the change, is saved later. First in every such transaction: a turn that is being
 * saved locks the same rows in the same order.
 */
export async function makeDue(transaction: Database, houseId: number): Promise<void> {
  await holdHouse(transaction, houseId)
  await sql`insert into house_control as h (house_id, due) values (${houseId}, clock_timestamp())
    on conflict (house_id) do update set due = clock_timestamp(), changed = true`.execute(transaction)
}

/** The device, which stays until the transaction is over. @throws ProblemError `no-such-device` */
export async function deviceAt(database: Database, houseId: number, { device, count }: Omit<ControlPlace, 'location'>) {
  const row = await database
    .selectFrom('devices as d')
    .innerJoin('integrations as i', 'i.id', 'd.integration_id')
    .select(['d.id', 'd.bounds', 'i.kind', 'i.label'])
    .where('d.house_id', '=', houseId)
    .where('i.name', '=', device.replaceAll('\0', ''))
    .where('d.count', '=', Number.isInteger(count) && count >= 0 && count < 2 ** 31 ? count : -1)
    .forKeyShare('d')
    .executeTakeFirst()
  if (!row) throw Problem('no-such-device', `This house has no device ${device} ${count}`)
  return row
}

export async function readRooms(database: Database, houseId: number, roomId?: number): Promise<Room[]> {
  const rows = await database
    .selectFrom('rooms as r')
    .leftJoin('loops as l', 'l.room_id', 'r.id')
    .select(['r.id', 'r.house_id', 'r.name', 'r.area', 'r.comfort', 'r.heating', 'l.id as loop'])
    .where('r.house_id', '=', houseId)
    .$if(roomId !== undefined, (q) => q.where('r.id', '=', idOrNone(roomId!)))
    .orderBy('r.id')
    .execute()
  if (rows.length === 0) return []
  const sensors = await database
    .selectFrom('room_sensors as s')
    .innerJoin('devices as d', 'd.id', 's.device_id')
    .innerJoin('integrations as i', 'i.id', 'd.integration_id')
    .select(['s.room_id', 'i.name', 'd.count', 's.location'])
    .select(sql<string>`coalesce(s.group_name, i.group_name)`.as('group'))
    .where(sql<boolean>`s.room_id = any(${rows.map(({ id }) => id)}::int[])`)
    .orderBy('s.room_id')
    .orderBy('s.position')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    houseId: row.house_id,
    name: row.name,
    area: row.area ?? undefined,
    comfort: row.comfort as Room['comfort'],
    heating: (row.heating ?? undefined) as Room['heating'],
    sensors: sensors
      .filter((sensor) => sensor.room_id === row.id)
      .map(({ name, count, location, group }) => ({ device: name, count, location, group })),
    loop: row.loop ?? undefined,
  }))
}

/** @throws ProblemError `no-such-room` */
export async function readRoom(database: Database, houseId: number, roomId: number): Promise<Room> {
  const [room] = await readRooms(database, houseId, roomId)
  if (!room) throw Problem('no-such-room')
  return room
}

export async function readLoops(database: Database, houseId: number, loopId?: number): Promise<Loop[]> {
  const rows = await database
    .selectFrom('loops as l')
    .innerJoin('devices as d', 'd.id', 'l.device_id')
    .innerJoin('integrations as i', 'i.id', 'd.integration_id')
    .leftJoin('device_memory as m', (join) => join.onRef('m.device_id', '=', 'd.id').on('m.key', '=', actuatorsKey))
    .selectAll('l')
    .select(['i.name', 'd.count', 'd.bounds', 'm.value as actuators'])
    .where('l.house_id', '=', houseId)
    .$if(loopId !== undefined, (q) => q.where('l.id', '=', idOrNone(loopId!)))
    .orderBy('l.id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    houseId: row.house_id,
    kind: row.kind,
    room: row.room_id ?? undefined,
    actuator: {
      device: row.name,
      count: row.count,
      location: row.location,
      capability: row.capability,
      verbs: actuatorAt(describeActuators({ actuators: actuatorsIn(row.actuators), bounds: row.bounds }), row)?.verbs,
    },
    mode: row.mode,
    pausedUntil: row.paused_until?.getTime(),
    controller: row.controller,
    settings: row.settings as Loop['settings'],
    limits: row.limits as Loop['limits'],
  }))
}

/** @throws ProblemError `no-such-loop` */
export async function readLoop(database: Database, houseId: number, loopId: number): Promise<Loop> {
  const [loop] = await readLoops(database, houseId, loopId)
  if (!loop) throw Problem('no-such-loop')
  return loop
}

/** The actuator at that place; without a name, the only one there is. */
export function actuatorAt(
  actuators: readonly Actuator[],
  { location, capability }: { readonly location: string; readonly capability: string },
): Actuator | undefined {
  const able = actuators.filter((one) => one.capability === capability)
  return able.find((one) => one.location === location) ?? (location === '' && able.length === 1 ? able[0] : undefined)
}

/** Everything that is set in a house. Within a transaction that sees one moment. */
export async function readControl(transaction: Database, houseId: number): Promise<HouseControl> {
  const row = await transaction
    .selectFrom('house_control')
    .select(['facts', 'prices'])
    .where('house_id', '=', houseId)
    .executeTakeFirst()
  const newest = await transaction
    .selectFrom('room_models as m')
    .innerJoin('rooms as r', 'r.id', 'm.room_id')
    .distinctOn('m.room_id')
    .select(modelColumns)
    .where('r.house_id', '=', houseId)
    .where('m.outcome', '=', 'accepted')
    .orderBy('m.room_id')
    .orderBy('m.made_at', 'desc')
    .orderBy('m.id', 'desc')
    .execute()
  return {
    facts: (row?.facts ?? {}) as HouseControl['facts'],
    prices: (row?.prices ?? undefined) as HouseControl['prices'],
    rooms: await readRooms(transaction, houseId),
    loops: await readLoops(transaction, houseId),
    models: Object.fromEntries(newest.map((model) => [model.room_id, modelOf(model)])),
  }
}

export const modelColumns = ['m.room_id', 'm.made_at', 'm.outcome', 'm.because', 'm.model'] as const

export const modelOf = (row: {
  readonly room_id: number
  readonly made_at: Date
  readonly outcome: RoomModel['outcome']
  readonly because: string
  readonly model: unknown
}): RoomModel => ({
  room: row.room_id,
  madeAt: row.made_at.getTime(),
  outcome: row.outcome,
  because: row.because,
  model: (row.model ?? undefined) as RoomModel['model'],
})

export async function readMemory(database: Database, houseId: number) {
  const row = await database
    .selectFrom('house_control')
    .select(['memory', 'memory_at'])
    .where('house_id', '=', houseId)
    .executeTakeFirst()
  if (!row?.memory_at) return undefined
  return { at: row.memory_at.getTime(), memory: row.memory as Readonly<Record<string, unknown>> }
}
