/** Houses and the people in them. */
import { Type } from 'typebox'
import type { App } from '../app.ts'
import { House, HouseChange, HousePath, NewHouse, refusals } from '../schemas.ts'
import { tellConnectors } from '../tell.ts'
import { houseView } from '../views.ts'

const Member = Type.Object({ username: Type.String(), role: Type.String() })
const MemberPath = Type.Object({ ...HousePath.properties, username: Type.String({ minLength: 1, maxLength: 254 }) })
const members = { 200: Type.Array(Member), ...refusals(400, 403, 404, 503) }
const memberView = ({ username, role }: { username: string; role: string }) => ({ username, role })

export const houses = async (app: App) => {
  app.get(
    '/houses/',
    {
      config: { needs: 'signed-in' },
      schema: {
        summary: 'My houses; all houses for an admin',
        tags: ['houses'],
        response: { 200: Type.Array(House), ...refusals(403, 503) },
      },
    },
    async ({ tenant }) => (await tenant.houses()).map(houseView),
  )

  app.post(
    '/houses/new',
    {
      config: { needs: 'house:create', turnsAwayWith: 401 },
      schema: {
        summary: 'A new house',
        tags: ['houses'],
        body: NewHouse,
        response: { 200: House, ...refusals(400, 401, 403, 503) },
      },
    },
    async ({ tenant, body }) => houseView(await tenant.createHouse(body)),
  )

  app.get(
    '/houses/:houseId',
    {
      config: { needs: 'house:read' },
      schema: {
        summary: 'One house',
        tags: ['houses'],
        params: HousePath,
        response: { 200: House, ...refusals(403, 503) },
      },
    },
    async ({ house, tenant, params }) => houseView(house ?? (await tenant.house(params.houseId))),
  )

  app.patch(
    '/houses/:houseId',
    {
      config: { needs: 'house:write' },
      schema: {
        summary: 'Change the name or place of a house',
        tags: ['houses'],
        params: HousePath,
        body: HouseChange,
        response: { 200: House, ...refusals(400, 403, 503) },
      },
    },
    async ({ tenant, params, body }) => houseView(await tenant.changeHouse(params.houseId, body)),
  )

  app.delete(
    '/houses/:houseId',
    {
      config: { needs: 'house:own' },
      schema: {
        summary: 'Delete a house with everything in it',
        description: 'Its devices, its publishers’ accounts and all its measurements are gone when this is answered.',
        tags: ['houses'],
        params: HousePath,
        response: { 200: House, ...refusals(403, 503) },
      },
    },
    async ({ house, tenant, params: { houseId } }) => {
      const { accounts, timeseries } = app.parts
      const view = houseView(house ?? (await tenant.house(houseId)))
      // The row goes last: what fails before it can be asked for again.
      for (const { username } of await tenant.publishers(houseId)) await accounts.removeAccount(username)
      await timeseries.erase({ houseId })
      const { devices } = await tenant.deleteHouse(houseId)
      tellConnectors(app, devices)
      await timeseries.erase({ houseId })
      return view
    },
  )

  app.get(
    '/houses/:houseId/members',
    {
      config: { needs: 'house:read' },
      schema: { summary: 'The people of a house', tags: ['houses'], params: HousePath, response: members },
    },
    async ({ tenant, params }) => (await tenant.members(params.houseId)).map(memberView),
  )

  app.put(
    '/houses/:houseId/members/:username',
    {
      config: { needs: 'house:own' },
      schema: {
        summary: 'Let somebody into a house: `resident` may change things, `reader` may read',
        tags: ['houses'],
        params: MemberPath,
        body: Type.Object({ role: Type.Enum(['resident', 'reader']) }, { additionalProperties: false }),
        response: members,
      },
    },
    async ({ tenant, params, body }) =>
      (await tenant.setMember(params.houseId, params.username, body.role)).map(memberView),
  )

  app.delete(
    '/houses/:houseId/members/:username',
    {
      config: { needs: 'house:own' },
      schema: { summary: 'Show somebody out', tags: ['houses'], params: MemberPath, response: members },
    },
    async ({ tenant, params: { houseId, username } }) => {
      await tenant.removeMember(houseId, username)
      return (await tenant.members(houseId)).map(memberView)
    },
  )
}
