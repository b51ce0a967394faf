/** Tokens with which programs ask instead of a person. */
import { Problem } from '@nabolag/core'
import type { Scope } from '@nabolag/store'
import { Type } from 'typebox'
import type { App } from '../app.ts'
import { optionalTime } from '../data-request.ts'
import { Empty, NewToken, refusals, Token } from '../schemas.ts'
import { tokenView } from '../views.ts'

const reading: Scope[] = ['read']

export const tokens = async (app: App) => {
  const tags = ['tokens']
  const config = { needs: 'session' } as const

  app.get(
    '/tokens',
    { config, schema: { summary: 'My tokens', tags, response: { 200: Type.Array(Token), ...refusals(403, 503) } } },
    async ({ tenant }) => (await tenant.tokens()).map(tokenView),
  )

  app.post(
    '/tokens',
    {
      config,
      schema: {
        summary: 'A new token',
        description: 'It is shown this once. Send it as `Authorization: Bearer nbl_…`.',
        tags,
        body: NewToken,
        response: {
          201: Type.Object({ ...Token.properties, token: Type.String() }),
          ...refusals(400, 403, 503),
        },
      },
    },
    async ({ tenant, body: { name, scopes = reading, houses, expires } }, reply) => {
      const until = optionalTime('expires', expires)
      if (until !== undefined && until / 1000 <= Date.now()) throw Problem('bad-request', 'body: /expires is past')
      const made = await tenant.createToken({
        name,
        scopes,
        houses,
        expires: until === undefined ? undefined : until / 1000,
      })
      return reply.code(201).send({ ...tokenView(made), token: made.token })
    },
  )

  app.delete(
    '/tokens/:tokenId',
    {
      config,
      schema: {
        summary: 'Withdraw a token',
        tags,
        params: Type.Object({ tokenId: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }) }),
        response: { 204: Empty, ...refusals(403, 404, 503) },
      },
    },
    async ({ tenant, params }, reply) => {
      await tenant.revokeToken(params.tokenId)
      return reply.code(204).send(null)
    },
  )
}
