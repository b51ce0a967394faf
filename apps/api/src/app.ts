/** The web server: what stands around every route. The routes themselves are in `routes/`. */
import { randomUUID } from 'node:crypto'
import cookies from '@fastify/cookie'
import rateLimit from '@fastify/rate-limit'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { Accounts, Bus } from '@nabolag/bus'
import { Problem } from '@nabolag/core'
import type { Store } from '@nabolag/store'
import type { TimeSeries } from '@nabolag/timeseries'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  LogController,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from 'fastify'
import { compileCheck, readBodies } from './bodies.ts'
import { answerErrors } from './errors.ts'
import { type Meters, makeMeters } from './meters.ts'
import { describeApi, showApi } from './openapi.ts'
import { checkPermissions } from './permissions.ts'
import { routes } from './routes/index.ts'
import { lineProtocol } from './routes/line-protocol.ts'
import { metrics } from './routes/operation.ts'
import { secureHeaders } from './secure-headers.ts'
import { serveWebPage } from './web-page.ts'

/** What the routes work with. */
export type Parts = {
  readonly store: Store
  readonly timeseries: TimeSeries
  readonly bus: Bus
  readonly accounts: Accounts
}

export type AppOptions = {
  readonly log: FastifyBaseLogger
  /** Where embedded engines keep their data; its disk is part of the health. */
  readonly dataFolder?: string
  /** Address people reach this server at. */
  readonly ownUrl?: string
  /** Address programs outside reach the broker at. */
  readonly brokerUrl?: string
  /** The built web page; nothing is served at `/` without it. */
  readonly webFolder?: string
  /** Requests a minute from one address; 6,000 when absent. */
  readonly requestsPerMinute?: number
}

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

declare module 'fastify' {
  interface FastifyInstance {
    parts: Parts
    meters: Meters
    ownUrl: string | undefined
    dataFolder: string | undefined
    brokerUrl: string
  }
}

const megabyte = 1024 * 1024

/** Builds the app, ready to listen. Throws when a route does not say what it needs. */
export async function buildApp(parts: Parts, options: AppOptions): Promise<App> {
  const app = Fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: megabyte,
    trustProxy: 'loopback',
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 200 },
    frameworkErrors: (error, request, reply) => void app.errorHandler(error, request as never, reply as never),
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.setValidatorCompiler(compileCheck)
  app.decorate('parts', parts)
  app.decorate('ownUrl', options.ownUrl)
  app.decorate('dataFolder', options.dataFolder)
  app.decorate('brokerUrl', options.brokerUrl ?? 'mqtt://127.0.0.1:1883')
  app.decorate('meters', makeMeters())
  answerErrors(app)
  secureHeaders(app)
  countAndLog(app)
  await app.register(cookies)
  await app.register(rateLimit, {
    global: false,
    max: options.requestsPerMinute ?? 6000,
    timeWindow: '1 minute',
    errorResponseBuilder: (_request, { ttl }) =>
      Problem('too-many-requests', 'Too many requests from your address', { retry_after: Math.ceil(ttl / 1000) }),
  })
  // A hook of the app, not of each route: it must come before the check of who asks.
  app.addHook('onRequest', app.rateLimit())
  await readBodies(app)
  await describeApi(app, parts.store.people.cookieName)
  await app.register(async (api) => {
    checkPermissions(api)
    for (const routesOfOneSubject of routes) await api.register(routesOfOneSubject, { prefix: '/api' })
    await api.register(metrics)
    await api.register(lineProtocol)
  })
  await showApi(app)
  await serveWebPage(app, options.webFolder)
  await app.ready()
  return app
}

/** One line per request; never a body, a query or a header. */
function countAndLog(app: App): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown'
    app.meters.requests.observe(
      { method: request.method, route, status: String(reply.statusCode) },
      reply.elapsedTime / 1000,
    )
    request.log.debug(
      { method: request.method, path: request.url.split('?')[0], status: reply.statusCode, ms: reply.elapsedTime },
      'answered',
    )
  })
}
