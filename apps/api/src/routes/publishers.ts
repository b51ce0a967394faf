/** Accounts at the broker for own programs that publish measurements of a house. */
import { namePattern, Problem } from '@nabolag/core'
import { Type } from 'typebox'
import type { App } from '../app.ts'
import { Empty, HousePath, Publisher, refusals } from '../schemas.ts'
import { publisherView } from '../views.ts'

export const publishers = async (app: App) => {
  const tags = ['publishers']

  app.get(
    '/houses/:houseId/publishers',
    {
      config: { needs: 'house:read' },
      schema: {
        summary: 'The publishers of a house',
        tags,
        params: HousePath,
        response: { 200: Type.Array(Publisher), ...refusals(403, 503) },
      },
    },
    async ({ tenant, params }) =>
      (await tenant.publishers(params.houseId)).filter(({ revokedAt }) => revokedAt === undefined).map(publisherView),
  )

  app.post(
    '/houses/:houseId/publishers',
    {
      config: { needs: 'house:write' },
      schema: {
        summary: 'Make an account that may publish measurements of this house under one name',
        description:
          'The password is shown this once. With `commands` it may command the devices of the house besides, and hears what ' +
          'they measure and what comes of commands.',
        tags,
        params: HousePath,
        body: Type.Object(
          { name: Type.String({ pattern: namePattern }), commands: Type.Optional(Type.Boolean()) },
          { additionalProperties: false },
        ),
        response: {
          201: Type.Object({ ...Publisher.properties, password: Type.String() }),
          ...refusals(400, 403, 409, 503),
        },
      },
    },
    async ({ tenant, asker, params: { houseId }, body: { name, commands = false } }, reply) => {
      if (commands && !asker?.scopes.includes('control'))
        throw Problem('not-allowed', 'This token does not have the scope control, and cannot hand it on')
      const publisher = await tenant.addPublisher(houseId, name)
      const { username } = publisher
      try {
        const made = commands ? await tenant.letCommand(houseId, publisher.id) : publisher
        const { accounts } = app.parts
        const account = { username, houseId, name }
        const { password } = await (commands
          ? accounts.addCommandAccount(account)
          : accounts.addPublisherAccount(account))
        return reply.code(201).send({ ...publisherView(made), password })
      } catch (error) {
        await tenant.revokePublisher(houseId, publisher.id)
        throw error
      }
    },
  )

  app.delete(
    '/houses/:houseId/publishers/:publisherId',
    {
      config: { needs: 'house:write' },
      schema: {
        summary: 'Close the account of a publisher; what it published stays',
        tags,
        params: Type.Object({
          ...HousePath.properties,
          publisherId: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }),
        }),
        response: { 204: Empty, ...refusals(403, 404, 503) },
      },
    },
    async ({ tenant, params: { houseId, publisherId } }, reply) => {
      const publisher = (await tenant.publishers(houseId)).find(({ id }) => id === publisherId)
      if (!publisher) throw Problem('not-found', 'This house has no such publisher')
      // The account first: a row without an account harms nobody.
      await app.parts.accounts.removeAccount(publisher.username)
      if (publisher.revokedAt === undefined) await tenant.revokePublisher(houseId, publisherId)
      return reply.code(204).send(null)
    },
  )
}
