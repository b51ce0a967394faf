/** Signing in and out, and the first admin. */
import type { SessionCookie } from '@nabolag/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { App } from '../app.ts'
import { NewUser, refusals, User } from '../schemas.ts'
import { userView } from '../views.ts'

const Login = Type.Object(
  { username: Type.String({ minLength: 1, maxLength: 254 }), password: Type.String({ minLength: 1, maxLength: 256 }) },
  { additionalProperties: false },
)
const { username, password, email } = NewUser.properties
const Setup = Type.Object(
  { token: Type.String({ minLength: 1, maxLength: 200 }), username, password, email: Type.Optional(email) },
  { additionalProperties: false },
)
const Me = Type.Object({
  username: Type.String(),
  role: Type.String(),
  scopes: Type.Array(Type.String()),
})

export const auth = async (app: App) => {
  const { people } = app.parts.store

  const setCookie = (request: FastifyRequest, reply: FastifyReply, { name, value, maxAge }: SessionCookie) =>
    reply.setCookie(name, value, {
      path: '/',
      httpOnly: true,
      sameSite: 'lax',
      secure: request.protocol === 'https' || (app.ownUrl?.startsWith('https:') ?? false),
      maxAge,
    })

  app.post(
    '/auth/login/',
    {
      config: { needs: 'nothing' },
      schema: {
        summary: 'Sign in',
        description: 'JSON or form. Go on with the cookie of the answer.',
        tags: ['auth'],
        body: Login,
        response: { 200: User, ...refusals(400, 429, 503) },
      },
    },
    async (request, reply) => {
      const { username, password } = request.body
      const { cookie, user } = await people.signIn(username, password, { ip: request.ip })
      setCookie(request, reply, cookie)
      return userView(user)
    },
  )

  app.post(
    '/auth/logout/',
    {
      config: { needs: 'nothing' },
      schema: {
        summary: 'Sign out',
        tags: ['auth'],
        response: { 200: Type.Object({ signed_out: Type.Boolean() }), ...refusals(503) },
      },
    },
    async (request, reply) => {
      const cookie = request.cookies[people.cookieName]
      if (cookie !== undefined) await people.signOut(cookie)
      reply.clearCookie(people.cookieName, { path: '/' })
      return { signed_out: true }
    },
  )

  app.get(
    '/auth/me',
    {
      config: { needs: 'signed-in' },
      schema: { summary: 'Who I am', tags: ['auth'], response: { 200: Me, ...refusals(403, 503) } },
    },
    async ({ tenant: { asker } }) => ({ username: asker.username, role: asker.role, scopes: [...asker.scopes] }),
  )

  app.get(
    '/setup',
    {
      config: { needs: 'nothing' },
      schema: {
        summary: 'Whether this server still needs its first admin',
        tags: ['operation'],
        response: { 200: Type.Object({ needed: Type.Boolean() }), ...refusals(503) },
      },
    },
    async () => ({ needed: !(await people.hasAdmin()) }),
  )

  app.post(
    '/setup',
    {
      config: { needs: 'nothing', rateLimit: { max: 20, timeWindow: '1 minute' } },
      schema: {
        summary: 'Make the first admin, with the one-time link that the first start prints; signs in',
        tags: ['operation'],
        body: Setup,
        response: { 201: User, ...refusals(400, 403, 409, 429, 503) },
      },
    },
    async (request, reply) => {
      const { token, ...given } = request.body
      await people.useSetupLink(token, given)
      const { cookie, user } = await people.signIn(given.username, given.password, { ip: request.ip })
      setCookie(request, reply, cookie)
      return reply.code(201).send(userView(user))
    },
  )
}
