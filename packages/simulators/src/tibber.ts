/** Tibber's GraphQL interface, simulated: queries over HTTP, the live stream over WebSocket. */
import { type DocumentNode, execute, GraphQLError, parse, validate } from 'graphql'
import { type Faults, shownTime } from './faults.ts'
import {
  isBench,
  type ListenOptions,
  makeAllowance,
  type Question,
  type Reply,
  type Simulator,
  startVendor,
  type Vendor,
} from './server.ts'
import { homeResolvers, homesOf, severalHomes } from './tibber-home.ts'
import { schema } from './tibber-schema.ts'
import { makeStream } from './tibber-stream.ts'
import type { World } from './world/world.ts'

const streamPath = '/v1-beta/gql/subscriptions'

export const startTibber = (world: World, options: ListenOptions = {}): Promise<Simulator> =>
  startVendor((faults, url) => makeTibber(world, faults, url), options)

const unauthenticated: Reply = {
  status: 200,
  body: {
    errors: [
      {
        message: 'invalid token',
        locations: [{ line: 1, column: 2 }],
        path: ['viewer'],
        extensions: { code: 'UNAUTHENTICATED' },
      },
    ],
    data: null,
  },
}
const tooMany: Reply = {
  status: 429,
  body: { errors: [{ message: 'Too many requests', extensions: { code: 'TOO_MANY_REQUESTS' } }] },
}
const broken = (errors: readonly GraphQLError[], code: string): Reply => ({
  status: 400,
  body: { errors: errors.map(({ message, locations }) => ({ message, locations, extensions: { code } })) },
})

function makeTibber(world: World, faults: Faults, url: () => string): Vendor {
  const stream = makeStream(world, faults, streamPath)
  // The real one counts by address; here every house has its own, as homes have.
  const allowance = makeAllowance(100, 300)
  const documents = new Map<string, DocumentNode | Reply>()

  /** Parsed and checked once; a thousand homes ask the same. */
  function read(query: string): DocumentNode | Reply {
    const known = documents.get(query)
    if (known) return known
    if (documents.size > 200) documents.clear()
    const outcome = parseQuery(query)
    documents.set(query, outcome)
    return outcome
  }

  const account = ({ headers }: Question) => /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]

  return {
    account,
    accounts: [
      ...world.houses.flatMap(({ house: { tibber, name } }) => (tibber ? [[tibber.token, name] as const] : [])),
      [severalHomes, world.houses.map(({ house }) => house.name).join(', ')] as const,
    ].flatMap(([token, holds]) =>
      ['tibber-realtime', 'tibber-hourly'].map((integration) => ({
        integration,
        credentials: { 'api-key': token },
        holds,
      })),
    ),
    refused: unauthenticated,
    throttled: tooMany,
    answer: async (question) => {
      const { method, path, body } = question
      if (method !== 'POST' || path !== '/v1-beta/gql') return { status: 404, body: 'Not found\n' }
      const token = account(question)
      const homes = homesOf(world, token)
      if (!homes) return unauthenticated
      if (!isBench(token) && allowance(token!)) return tooMany
      const { query, variables } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
      if (typeof query !== 'string') return broken([new GraphQLError('Must provide query string.')], 'BAD_REQUEST')
      const document = read(query)
      if ('status' in document) return document
      const shown = { ...world, now: () => shownTime(faults, token, world.now()) }
      const late = faults.strike('late', token)
      const behind = 2 * 3_600_000 + (late ? 1000 * (late.seconds ?? 600) : 0)
      const home = ({ id }: { id: string }) => {
        const found = homes.find((one) => one.id === id)
        if (found) return homeResolvers(shown, found, behind)
        throw new GraphQLError('home not found', { extensions: { code: 'HOME_NOT_FOUND' } })
      }
      const result = await execute({
        schema,
        document,
        variableValues: (variables ?? {}) as Record<string, unknown>,
        rootValue: {
          viewer: {
            login: 'simulated@example.org',
            userId: 'simulated',
            name: 'Kari Nordmann',
            accountType: ['tibber', 'customer'],
            websocketSubscriptionUrl: `${url().replace(/^http/, 'ws')}${streamPath}`,
            homes: () => homes.map((one) => homeResolvers(shown, one, behind)),
            home,
          },
          sendPushNotification: { successful: true, pushedToNumberOfDevices: 1 },
        },
      })
      return { status: 200, body: result }
    },
    spoil: (body, token) => (faults.strike('duplicate', token) ? repeatNodes(body) : body),
    upgrade: stream.upgrade,
    close: stream.close,
  }
}

function parseQuery(query: string): DocumentNode | Reply {
  try {
    const document = parse(query)
    const errors = validate(schema, document)
    return errors.length > 0 ? broken(errors, 'GRAPHQL_VALIDATION_FAILED') : document
  } catch (error) {
    return broken([error instanceof GraphQLError ? error : new GraphQLError('Syntax Error')], 'GRAPHQL_PARSE_FAILED')
  }
}

/** Every hour and every price twice. */
function repeatNodes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(repeatNodes)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === 'nodes' && Array.isArray(inner) ? inner.flatMap((node) => [node, node]) : repeatNodes(inner),
    ]),
  )
}
