/** What people wish for in a room, hour by hour, and for a while: the settings endpoint of the thesis (section 5.3). */
import { Problem } from '@nabolag/core'
import type { App } from '../app.ts'
import { comfortOf, mergedComfort, withException } from '../rooms.ts'
import { Empty, refusals } from '../schemas.ts'
import { Comfort, ExceptionPath, GivenComfort, GivenException, KeptException, RoomPath } from '../schemas-rooms.ts'

export const comfort = async (app: App) => {
  const tags = ['rooms']
  const change = { needs: 'house:control' } as const
  const path = '/houses/:houseId/rooms/:roomId/comfort'

  app.get(
    path,
    {
      config: { needs: 'house:follow' },
      schema: {
        summary:
          'What is wished for in a room: temperature, deviation and fan for each hour of a weekday and of a weekend day',
        tags,
        params: RoomPath,
        response: { 200: Comfort, ...refusals(403, 404, 503) },
      },
    },
    async ({ tenant, params: { houseId, roomId } }) => comfortOf(await tenant.room(houseId, roomId)),
  )

  app.put(
    path,
    {
      config: change,
      schema: {
        summary: 'Set what is wished for in a room',
        description:
          'By the clock on the wall of the house: 24 entries for a weekday and 24 for a weekend day. It holds from the next turn of ' +
          'control, which is made at once. `exceptions` and `restDays` stay as they are when they are left out.',
        tags,
        params: RoomPath,
        body: GivenComfort,
        response: { 200: Comfort, ...refusals(400, 403, 404, 503) },
      },
    },
    async ({ tenant, params: { houseId, roomId }, body }) => {
      const room = await tenant.changeRoom(houseId, roomId, (before) => ({
        comfort: mergedComfort(comfortOf(before), body),
      }))
      return comfortOf(room)
    },
  )

  app.post(
    `${path}/exceptions`,
    {
      config: change,
      schema: {
        summary: 'Away, guests, or a boost for a while',
        description:
          'Until `to`, or for so many `hours`; from now when `from` is absent. Without a `temperature` of its own: away is at most ' +
          '16 °C, guests get the warmest wish of the day, a boost is 1.5 K more.',
        tags,
        params: RoomPath,
        body: GivenException,
        response: { 201: KeptException, ...refusals(400, 403, 404, 503) },
      },
    },
    async ({ tenant, params: { houseId, roomId }, body }, reply) => {
      const room = await tenant.changeRoom(houseId, roomId, (before) => ({
        comfort: withException(comfortOf(before), body, Date.now()),
      }))
      const after = comfortOf(room)
      const id = after.exceptions.length - 1
      return reply
        .code(201)
        .header('location', `/api/houses/${houseId}/rooms/${roomId}/comfort/exceptions/${id}`)
        .send({ id, ...after.exceptions[id]! })
    },
  )

  app.delete(
    `${path}/exceptions/:exceptionId`,
    {
      config: change,
      schema: {
        summary: 'Take an exception away',
        description: 'By its number in the list of `GET …/comfort`, from 0.',
        tags,
        params: ExceptionPath,
        response: { 204: Empty, ...refusals(403, 404, 503) },
      },
    },
    async ({ tenant, params: { houseId, roomId, exceptionId } }, reply) => {
      await tenant.changeRoom(houseId, roomId, (room) => {
        const before = comfortOf(room)
        if (!before.exceptions[exceptionId]) throw Problem('not-found', `There is no exception ${exceptionId}`)
        return { comfort: { ...before, exceptions: before.exceptions.toSpliced(exceptionId, 1) } }
      })
      return reply.code(204).send(null)
    },
  )
}
