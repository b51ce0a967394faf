/** Control loops as the people of a house set them up. */
import { type CapabilityName, Problem } from '@nabolag/core'
import { type Kysely, sql } from 'kysely'
import { note } from './audit.ts'
import { actuatorsIn, actuatorsKey } from './command-rows.ts'
import { actuatorAt, deviceAt, makeDue, momentOf, readLoop, readLoops, readRoom } from './control-rows.ts'
import type { ControlTenant, Loop, LoopChange, NewLoop } from './control-types.ts'
import { deviceMemory } from './device-memory.ts'
import { jsonOr } from './plain-json.ts'
import { requireHouse } from './rights.ts'
import type { Database, Tables } from './tables.ts'
import type { Asker } from './types.ts'

type Part = 'addLoop' | 'changeLoop' | 'removeLoop' | 'pauseControl'

const capabilitiesFor: Readonly<Record<Loop['kind'], readonly CapabilityName[]>> = {
  heating: ['thermostat', 'heater'],
  ventilation: ['ventilation'],
  battery: ['battery'],
}

export const loopsOf = (database: Kysely<Tables>, asker: Asker): Pick<ControlTenant, Part> => ({
  async addLoop(houseId, loop) {
    await requireHouse(database, asker, houseId, 'control')
    return database.transaction().execute(async (transaction) => {
      await makeDue(transaction, houseId)
      const place = { ...loop.actuator, location: loop.actuator.location.replaceAll('\0', '').toWellFormed() }
      const device = await deviceAt(transaction, houseId, place)
      const mode = loop.mode ?? 'observe'
      const controller = nameOr(loop.controller)
      requireKind(loop)
      if (mode === 'control') await requireActuator(transaction, device, place)
      await requireFree(transaction, houseId, loop, { ...place, id: device.id })
      const { id } = await transaction
        .insertInto('loops')
        .values({
          house_id: houseId,
          kind: loop.kind,
          room_id: loop.room ?? null,
          device_id: device.id,
          location: place.location,
          capability: place.capability,
          mode,
          controller,
          settings: jsonOr('The settings', loop.settings ?? {}),
          limits: jsonOr('The limits', loop.limits ?? {}),
        })
        .returning('id')
        .executeTakeFirstOrThrow()
      const added = await readLoop(transaction, houseId, id)
      await note(transaction, asker, 'add loop', houseId, { ...inWords(added), mode, controller })
      return added
    })
  },

  async changeLoop(houseId, loopId, given) {
    await requireHouse(database, asker, houseId, 'control')
    return database.transaction().execute(async (transaction) => {
      await makeDue(transaction, houseId)
      const before = await readLoop(transaction, houseId, loopId)
      const { id, actuator } = before
      const change = typeof given === 'function' ? given(before) : given
      if (change.mode === 'control') {
        await requireActuator(transaction, await deviceAt(transaction, houseId, actuator), actuator)
      }
      const set = {
        ...(change.mode === undefined ? {} : { mode: change.mode }),
        ...(change.pausedUntil === undefined ? {} : { paused_until: momentOr(change.pausedUntil) }),
        ...(change.controller === undefined ? {} : { controller: nameOr(change.controller) }),
        ...(change.settings === undefined
          ? {}
          : { settings: sql<string>`settings || ${jsonOr('The settings', change.settings)}::jsonb` }),
        ...(change.limits === undefined ? {} : { limits: jsonOr('The limits', change.limits) }),
      }
      if (Object.keys(set).length > 0) await transaction.updateTable('loops').set(set).where('id', '=', id).execute()
      const loop = await readLoop(transaction, houseId, id)
      await note(transaction, asker, 'change loop', houseId, { ...inWords(loop), ...shortly(change) })
      return loop
    })
  },

  async removeLoop(houseId, loopId) {
    await requireHouse(database, asker, houseId, 'control')
    await database.transaction().execute(async (transaction) => {
      await makeDue(transaction, houseId)
      const loop = await readLoop(transaction, houseId, loopId)
      await transaction.deleteFrom('loops').where('id', '=', loop.id).execute()
      await note(transaction, asker, 'remove loop', houseId, inWords(loop))
    })
  },

  async pauseControl(houseId, until) {
    await requireHouse(database, asker, houseId, 'control')
    return database.transaction().execute(async (transaction) => {
      await makeDue(transaction, houseId)
      const moment = momentOr(until)
      // Devices before their loops, in the order in which who removes one goes.
      await sql`select from devices where house_id = ${houseId} for key share`.execute(transaction)
      await transaction.updateTable('loops').set({ paused_until: moment }).where('house_id', '=', houseId).execute()
      await note(transaction, asker, 'pause control', houseId, { until: moment?.toISOString() ?? null })
      return readLoops(transaction, houseId)
    })
  },
})

const inWords = ({ id, kind, room, actuator: { device, count, location, capability } }: Loop) => ({
  loop: id,
  kind,
  ...(room === undefined ? {} : { room }),
  actuator: `${device} ${count} ${location} ${capability}`.replace(/ +/g, ' '),
})

/** What was changed: settings by the name of their control only, for they may be long. */
const shortly = ({ mode, pausedUntil, controller, settings, limits }: LoopChange) => ({
  mode,
  ...(pausedUntil === undefined ? {} : { pausedUntil: momentOr(pausedUntil)?.toISOString() ?? null }),
  controller: controller === undefined ? undefined : nameOr(controller),
  ...(settings === undefined ? {} : { settings: JSON.parse(jsonOr('The settings', Object.keys(settings))) }),
  ...(limits === undefined ? {} : { limits: JSON.parse(jsonOr('The limits', limits)) }),
})

function nameOr(controller: string): string {
  if (!/^[a-z][a-z0-9-]{0,59}$/.test(controller)) throw Problem('bad-request', 'That is no name of a control')
  return controller
}

/** @throws ProblemError `bad-request` for what is no moment in ms */
export function momentOr(millis: number | null): Date | null {
  if (millis === null) return null
  const moment = momentOf(millis)
  if (!moment) throw Problem('bad-request', 'That is no moment in time')
  return moment
}

/** @throws ProblemError `bad-request` */
function requireKind({ kind, room, actuator: { capability } }: NewLoop): void {
  if (!capabilitiesFor[kind].includes(capability)) {
    throw Problem('bad-request', `A ${kind} loop needs an actuator of ${capabilitiesFor[kind].join(' or ')}`)
  }
  if (kind === 'heating' && room === undefined) throw Problem('bad-request', 'A heating loop belongs to a room')
  if (kind !== 'heating' && room !== undefined) {
    throw Problem('bad-request', `A ${kind} loop belongs to the whole house, not to a room`)
  }
}

/** Commands can be sent to it, as far as its vendor has answered. @throws ProblemError `bad-request` */
async function requireActuator(
  transaction: Database,
  device: Awaited<ReturnType<typeof deviceAt>>,
  place: { readonly location: string; readonly capability: CapabilityName },
): Promise<void> {
  if (device.kind !== 'built-in') {
    throw Problem('bad-request', 'This kind of device takes no commands: nothing here runs it; it can be observed only')
  }
  const actuators = await actuatorsOf(transaction, device.id)
  if (actuators === undefined || actuatorAt(actuators, place)) return
  const there = actuators.map(({ location, capability }) => `${capability}${location === '' ? '' : ` at ${location}`}`)
  throw Problem(
    'bad-request',
    `${device.label} has no ${place.capability}${place.location === '' ? '' : ` at ${place.location}`} that can be commanded; it has ${there.join(', ') || 'none'}`,
  )
}

const actuatorsOf = async (transaction: Database, deviceId: number) =>
  actuatorsIn(await deviceMemory(transaction, deviceId, actuatorsKey))

/** One loop for each actuator, and one for each room. @throws ProblemError `conflict`, `no-such-room` */
async function requireFree(
  transaction: Database,
  houseId: number,
  { room }: NewLoop,
  place: { readonly id: number; readonly location: string; readonly capability: CapabilityName },
): Promise<void> {
  if (room !== undefined && (await readRoom(transaction, houseId, room)).loop !== undefined) {
    throw Problem('conflict', 'That room has a control loop already; change or remove that one')
  }
  const others = await transaction
    .selectFrom('loops')
    .select('location')
    .where('device_id', '=', place.id)
    .where('capability', '=', place.capability)
    .execute()
  const actuators = (await actuatorsOf(transaction, place.id)) ?? []
  // The only one there is may be named, or not.
  const meant = ({ location }: { readonly location: string }) =>
    actuatorAt(actuators, { location, capability: place.capability })?.location ?? location
  if (others.some((other) => meant(other) === meant(place)))
    throw Problem('conflict', 'That actuator has a control loop already; change or remove that one')
}
