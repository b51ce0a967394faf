/** Making and changing rooms as a person asks for them. What is refused leaves nothing behind. */
import { Comfort, type Exception, evenComfort, usualComfort } from '@nabolag/control'
import { Problem } from '@nabolag/core'
import type { Loop, Room, Tenant, RoomChange as Wanted } from '@nabolag/store'
import type { TimeSeries } from '@nabolag/timeseries'
import type { Static } from 'typebox'
import { Check } from 'typebox/value'
import { wrongBody } from './complaints.ts'
import { optionalMillis } from './data-request.ts'
import { removeLoop } from './loops.ts'
import { findActuator, findSensors, newestTemperatures } from './places.ts'
import type { GivenActuator, GivenComfort, GivenException, NewRoom, RoomChange } from './schemas-rooms.ts'

type Parts = { readonly tenant: Tenant; readonly timeseries: TimeSeries }

/**
 * Makes a room; without a comfort it has the usual one. An actuator gets a loop that only observes.
 *
 * @throws ProblemError `bad-request`, `no-such-device`, `conflict`
 */
export async function addRoom(parts: Parts, houseId: number, given: NewRoom): Promise<Room> {
  const { tenant } = parts
  const wanted = await wantedOf(parts, houseId, given)
  const actuator = given.actuator ? await findActuator(tenant, houseId, 'heating', given.actuator) : undefined
  if (actuator) await refuseTaken(tenant, houseId, actuator)
  const comfort = given.comfort ? mergedComfort(usualComfort(), given.comfort, '/comfort') : usualComfort()
  const room = await tenant.addRoom(houseId, { ...wanted, name: given.name, comfort })
  if (!actuator) return room
  try {
    await tenant.addLoop(houseId, { kind: 'heating', room: room.id, actuator, controller: 'schedule' })
  } catch (error) {
    await tenant.removeRoom(houseId, room.id)
    throw error
  }
  return tenant.room(houseId, room.id)
}

/**
 * Changes what is given. Another actuator gets a new loop with the controller, settings and limits of the one before; it
 * only observes until somebody lets it do more.
 *
 * @throws ProblemError `no-such-room`, `bad-request`, `no-such-device`, `conflict`
 */
export async function changeRoom(parts: Parts, houseId: number, roomId: number, given: RoomChange): Promise<Room> {
  const { tenant } = parts
  const before = await tenant.room(houseId, roomId)
  const wanted = await wantedOf(parts, houseId, given)
  const move = given.actuator === undefined ? undefined : await plannedMove(tenant, houseId, before, given.actuator)
  const { comfort } = given
  if (Object.keys(wanted).length > 0 || comfort)
    await tenant.changeRoom(houseId, roomId, (room) => ({
      ...wanted,
      ...(comfort && { comfort: mergedComfort(comfortOf(room), comfort, '/comfort') }),
    }))
  if (move?.from) await removeLoop(tenant, houseId, move.from.id)
  if (move?.to) {
    const { controller, settings, limits } = move.from ?? { controller: 'schedule', settings: {}, limits: {} }
    const loop = { kind: 'heating', room: roomId, actuator: move.to, controller, settings, limits } as const
    await tenant.addLoop(houseId, loop)
  }
  return tenant.room(houseId, roomId)
}

/** All but the comfort, which rests on what is there when it changes. */
async function wantedOf({ tenant, timeseries }: Parts, houseId: number, given: RoomChange) {
  const { name, area, heating, sensors } = given
  const newest = sensors && sensors.length > 0 ? await newestTemperatures(timeseries, houseId) : []
  return {
    ...(name !== undefined && { name }),
    ...(area !== undefined && { area }),
    ...(heating !== undefined && { heating }),
    ...(sensors !== undefined && { sensors: await findSensors(tenant, houseId, sensors, newest) }),
  } satisfies Wanted
}

/** From which loop to which actuator; `undefined` when all stays as it is. */
async function plannedMove(tenant: Tenant, houseId: number, room: Room, given: Static<typeof GivenActuator> | null) {
  const { loops } = await tenant.control(houseId)
  const from = loops.find(({ id }) => id === room.loop)
  if (given === null) return { from, to: undefined }
  const to = await findActuator(tenant, houseId, 'heating', given)
  if (from && isSame(from.actuator, to)) return undefined
  await refuseTaken(tenant, houseId, to)
  return { from, to }
}

const isSame = (a: Omit<Loop['actuator'], 'verbs'>, b: Omit<Loop['actuator'], 'verbs'>) =>
  a.device === b.device && a.count === b.count && a.location === b.location && a.capability === b.capability

async function refuseTaken(tenant: Tenant, houseId: number, actuator: Omit<Loop['actuator'], 'verbs'>) {
  const { loops, rooms } = await tenant.control(houseId)
  const taken = loops.find((loop) => isSame(loop.actuator, actuator))
  if (!taken) return
  const room = rooms.find(({ id }) => id === taken.room)
  throw Problem('conflict', `That actuator is under control already${room ? `, in ${room.name}` : ''}`)
}

/** As it was stored; where that cannot be read any more, what control takes in its place. */
export const comfortOf = ({ comfort }: Room): Comfort => (Check(Comfort, comfort) ? comfort : evenComfort(20, 1))

/** @throws ProblemError `bad-request` for times that make no sense */
export function mergedComfort(before: Comfort, given: Static<typeof GivenComfort>, at = ''): Comfort {
  const { weekday, weekend, exceptions = before.exceptions, restDays = before.restDays } = given
  for (const [i, { from, to }] of exceptions.entries())
    if (Date.parse(to) <= Date.parse(from))
      throw wrongBody({ path: `${at}/exceptions/${i}/to`, expected: 'must be after from' })
  const odd = restDays?.findIndex((date) => !isDate(date)) ?? -1
  if (odd >= 0) throw wrongBody({ path: `${at}/restDays/${odd}`, expected: 'must be a date such as 2026-12-25' })
  return { weekday, weekend, exceptions, ...(restDays && { restDays }) }
}

/** `2026-01-31`, of a day that there is. */
export const isDate = (text: string) => {
  const time = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}

const mostExceptions = 100
const day = 86_400_000

/**
 * The comfort with one more exception; those that ended more than a day ago are dropped.
 *
 * @param now ms
 * @throws ProblemError `bad-request`
 */
export function withException(before: Comfort, given: Static<typeof GivenException>, now: number): Comfort {
  const { hours, ...rest } = given
  const from = optionalMillis('from', given.from) ?? now
  if ((given.to === undefined) === (hours === undefined))
    throw wrongBody({ path: '/to', expected: 'or hours is needed, and not both' })
  const to = optionalMillis('to', given.to) ?? from + (hours ?? 0) * 3_600_000
  if (to <= from) throw wrongBody({ path: '/to', expected: 'must be after from' })
  if (to <= now) throw wrongBody({ path: '/to', expected: 'must not be past' })
  if (to - from > 400 * day) throw wrongBody({ path: '/to', expected: 'must be within 400 days of from' })
  const present = before.exceptions.filter((one) => !(Date.parse(one.to) < now - day))
  if (present.length >= mostExceptions) throw Problem('bad-request', `A room has at most ${mostExceptions} exceptions`)
  const added: Exception = { ...rest, from: new Date(from).toISOString(), to: new Date(to).toISOString() }
  return { ...before, exceptions: [...present, added] }
}
