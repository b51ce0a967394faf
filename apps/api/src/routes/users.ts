/** People. */
import { Problem } from '@nabolag/core'
import { Type } from 'typebox'
import type { App } from '../app.ts'
import { Empty, NewUser, refusals, User } from '../schemas.ts'
import { userView } from '../views.ts'

const Password = Type.Object(
  {
    password: NewUser.properties.password,
    current_password: Type.Optional(Type.String({ maxLength: 256, description: 'Needed for your own' })),
  },
  { additionalProperties: false },
)

export const users = async (app: App) => {
  const tags = ['users']

  app.get(
    '/users/',
    {
      config: { needs: 'signed-in' },
      schema: {
        summary: 'Me; everybody for an admin',
        tags,
        response: { 200: Type.Array(User), ...refusals(403, 503) },
      },
    },
    async ({ tenant }) => (await tenant.users()).map(userView),
  )

  app.post(
    '/users/new',
    {
      config: { needs: 'admin' },
      schema: { summary: 'A new user', tags, body: NewUser, response: { 201: User, ...refusals(400, 403, 409, 503) } },
    },
    async ({ tenant, body }, reply) => reply.code(201).send(userView(await tenant.createUser(body))),
  )

  app.put(
    '/users/:username/password',
    {
      config: { needs: 'session', rateLimit: { max: 20, timeWindow: '1 minute' } },
      schema: {
        summary: 'Set a new password: your own, or anybody’s for an admin',
        description: 'Ends that user’s sessions.',
        tags,
        params: Type.Object({ username: Type.String({ minLength: 1, maxLength: 254 }) }),
        body: Password,
        response: { 204: Empty, ...refusals(400, 403, 404, 429, 503) },
      },
    },
    async ({ tenant: { asker }, params: { username }, body, ip }, reply) => {
      const { people } = app.parts.store
      if (asker.role !== 'admin' && username.toLowerCase() !== asker.username.toLowerCase())
        throw Problem('not-allowed', 'This is for administrators')
      if (username.toLowerCase() === asker.username.toLowerCase()) {
        const { cookie } = await people.signIn(asker.username, body.current_password ?? '', { ip })
        await people.signOut(cookie.value)
      }
      await people.setPassword(username, body.password, asker)
      return reply.code(204).send(null)
    },
  )
}
