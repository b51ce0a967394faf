/** The rooms of a house: what measures them, what heats them, and what is wished for. */
import { proposalOf } from '@nabolag/house-data'
import type { House, Room as StoredRoom, Tenant } from '@nabolag/store'
import { Type } from 'typebox'
import type { App } from '../app.ts'
import { takeBack } from '../loops.ts'
import { namesOf, proposalView, rememberContradictions } from '../mapping.ts'
import { newestTemperatures } from '../places.ts'
import { addRoom, changeRoom } from '../rooms.ts'
import { Empty, HousePath, refusals } from '../schemas.ts'
import { NewRoom, Proposal, Room, RoomChange, RoomPath } from '../schemas-rooms.ts'
import { roomView } from '../views-control.ts'

const Days = Type.Object(
  { days: Type.Optional(Type.Integer({ minimum: 3, maximum: 60, default: 14, description: 'Of data to look at' })) },
  { additionalProperties: false },
)

export const rooms = async (app: App) => {
  const tags = ['rooms']
  const follow = { needs: 'house:follow' } as const
  const change = { needs: 'house:control' } as const
  const { timeseries } = app.parts

  const contradictionsOf = rememberContradictions(timeseries)

  const shown = async (tenant: Tenant, house: House, wanted: readonly StoredRoom[]) => {
    const now = Date.now()
    const [control, devices, newest] = await Promise.all([
      tenant.control(house.id),
      tenant.devices(house.id),
      newestTemperatures(timeseries, house.id),
    ])
    const contradictions = await contradictionsOf(house, control, devices, now)
    const around = { zone: house.timezone, now, loops: control.loops, newest, contradictions }
    return wanted.map((room) => roomView(room, around))
  }
  const one = async (tenant: Tenant, house: House, room: StoredRoom) => (await shown(tenant, house, [room]))[0]!

  app.get(
    '/houses/:houseId/rooms',
    {
      config: follow,
      schema: {
        summary: 'The rooms of a house',
        description:
          'With what is wished for now, the newest temperature of each sensor, and what the data say against the mapping.',
        tags,
        params: HousePath,
        response: { 200: Type.Array(Room), ...refusals(403, 503) },
      },
    },
    async ({ tenant, house, params: { houseId } }) => shown(tenant, house!, await tenant.rooms(houseId)),
  )

  app.post(
    '/houses/:houseId/rooms',
    {
      config: change,
      schema: {
        summary: 'A new room',
        description:
          'Without `comfort` it wants 21 °C by day and 19 °C from 22 to 6, a kelvin off allowed. With `actuator` (a heat pump or heater) it ' +
          'gets a control loop that only observes, with the controller `schedule`.',
        tags,
        params: HousePath,
        body: NewRoom,
        response: { 201: Room, ...refusals(400, 403, 404, 409, 503) },
      },
    },
    async ({ tenant, house, params: { houseId }, body }, reply) => {
      const room = await addRoom({ tenant, timeseries }, houseId, body)
      return reply
        .code(201)
        .header('location', `/api/houses/${houseId}/rooms/${room.id}`)
        .send(await one(tenant, house!, room))
    },
  )

  app.get(
    '/houses/:houseId/rooms/proposal',
    {
      config: follow,
      schema: {
        summary: 'Which thermometer follows which heat pump, by the data of the last days: rooms to begin with',
        tags,
        params: HousePath,
        querystring: Days,
        response: { 200: Proposal, ...refusals(400, 403, 503) },
      },
    },
    async ({ tenant, params: { houseId }, query: { days = 14 } }) => {
      const devices = await tenant.devices(houseId)
      return proposalView(await proposalOf(timeseries, houseId, { to: Date.now(), days }, namesOf(devices)))
    },
  )

  app.get(
    '/houses/:houseId/rooms/:roomId',
    {
      config: follow,
      schema: {
        summary: 'One room',
        tags,
        params: RoomPath,
        response: { 200: Room, ...refusals(403, 404, 503) },
      },
    },
    async ({ tenant, house, params: { houseId, roomId } }) => one(tenant, house!, await tenant.room(houseId, roomId)),
  )

  app.patch(
    '/houses/:houseId/rooms/:roomId',
    {
      config: change,
      schema: {
        summary: 'Change a room',
        description:
          'Another `actuator` gets a loop of its own in place of the one before: with its controller and settings, and in the mode ' +
          '`observe`. null takes the actuator, the area or the heating away.',
        tags,
        params: RoomPath,
        body: RoomChange,
        response: { 200: Room, ...refusals(400, 403, 404, 409, 503) },
      },
    },
    async ({ tenant, house, params: { houseId, roomId }, body }) =>
      one(tenant, house!, await changeRoom({ tenant, timeseries }, houseId, roomId, body)),
  )

  app.delete(
    '/houses/:houseId/rooms/:roomId',
    {
      config: change,
      schema: {
        summary: 'Take a room away, with its control loop',
        description: 'What its sensors measured stays.',
        tags,
        params: RoomPath,
        response: { 204: Empty, ...refusals(403, 404, 503) },
      },
    },
    async ({ tenant, params: { houseId, roomId } }, reply) => {
      await takeBack(tenant, houseId, (await tenant.room(houseId, roomId)).loop)
      await tenant.removeRoom(houseId, roomId)
      return reply.code(204).send(null)
    },
  )
}
