/** The description of the API (OpenAPI 3.1), made from the very schemas that check it, and a page to try it. */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { App } from './app.ts'

const tags = [
  { name: 'auth', description: 'Signing in and out' },
  { name: 'houses', description: 'Houses' },
  { name: 'house devices', description: 'The devices of a house: add, start, stop, look after' },
  { name: 'commands', description: 'Moving actuators: what can be commanded, asking, and what came of it' },
  { name: 'rooms', description: 'Rooms: what measures them, what heats them, and what is wished for in them' },
  { name: 'control', description: 'Control: modes, controllers and their settings, receipts and plans' },
  { name: 'prices', description: 'What a kilowatt-hour costs the household, and the forecast that control goes by' },
  { name: 'data', description: 'Reading, exporting and erasing measurements' },
  { name: 'devices', description: 'The kinds of device there are (integrations)' },
  { name: 'publishers', description: 'Accounts of own programs that publish measurements over MQTT' },
  { name: 'users', description: 'People' },
  { name: 'tokens', description: 'Tokens for programs' },
  { name: 'operation', description: 'For the one who runs the server' },
]

/** Must come before the routes. */
export async function describeApi(app: App, cookieName: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Nabolag',
        version: '1',
        description:
          'Every path is answered with and without a closing slash. Sign in with `POST /api/auth/login/` (JSON or form) ' +
          'and go on with the cookie, or send `Authorization: Bearer nbl_…`. Errors are `application/problem+json`. ' +
          'Where a path has `{deviceId}`, the number of the kind of device and its name are the same to us.',
      },
      tags,
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          cookie: { type: 'apiKey', in: 'cookie', name: cookieName },
          token: { type: 'http', scheme: 'bearer' },
        },
      },
    },
    transform: ({ schema, url, route }) => {
      const needs = route.config?.needs
      const security: Record<string, string[]>[] =
        needs === 'nothing' || needs === 'operator' ? [] : [{ cookie: [] }, { token: [] }]
      const consumes = schema?.body ? ['application/json', 'application/x-www-form-urlencoded'] : undefined
      return { schema: { ...schema, security, consumes }, url }
    },
  })
}

/** `/api/openapi.json` and `/api/docs`; works without the internet. */
export async function showApi(app: App): Promise<void> {
  app.get('/api/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  await app.register(swaggerUi, {
    routePrefix: '/api/docs',
    uiConfig: { docExpansion: 'list', deepLinking: true, tryItOutEnabled: true, validatorUrl: null },
    theme: { title: 'Nabolag: the API' },
    staticCSP:
      "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
      "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  })
}
