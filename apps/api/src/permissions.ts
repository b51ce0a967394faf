/**
 * What each route needs, said where the route is declared, and checked here before anything of the request is read.
 * Whether a house is the asker's to see is the store's to say.
 */
import { Problem, ProblemError } from '@nabolag/core'
import type { Asker, House, Scope, Tenant } from '@nabolag/store'
import type { FastifyRequest } from 'fastify'
import type { App } from './app.ts'
import { refuseCrossSite } from './cross-site.ts'

type Rule = {
  readonly scope?: Scope
  /** One of these. */
  readonly anyScope?: readonly Scope[]
  readonly admin?: true
  /** Which of the house's people may: anyone, those who live there, its owner. */
  readonly house?: 'anyone' | 'resident' | 'owner'
  readonly session?: true
}

/** Everything a route can need. The key is what the route says. */
const rules = {
  nothing: {},
  'signed-in': { scope: 'read' },
  /** Signed in with a password: a token may not do it. */
  session: { session: true },
  /** Writes for houses that the body names; the route asks the store for each. */
  writing: { scope: 'write' },
  'house:create': { scope: 'write' },
  'house:read': { house: 'anyone', scope: 'read' },
  'house:write': { house: 'resident', scope: 'write' },
  'house:control': { house: 'resident', scope: 'control' },
  /** To see what can be commanded and what became of it. */
  'house:follow': { house: 'anyone', anyScope: ['read', 'control'] },
  'house:own': { house: 'owner', scope: 'write' },
  admin: { admin: true, scope: 'admin' },
  /** An admin, or a program on this very machine. */
  operator: {},
} as const satisfies Record<string, Rule>

type Need = keyof typeof rules

declare module 'fastify' {
  interface FastifyContextConfig {
    needs?: Need
    /** The thesis's API turns some away with 401 where it else says 403. */
    turnsAwayWith?: 401
  }
  interface FastifyRequest {
    /** Who asks; `undefined` for a visitor. */
    asker: Asker | undefined
    /** The store as the asker may see it. Throws `not-signed-in` for a visitor. */
    readonly tenant: Tenant
    /** The house of the address, once it is known to be the asker's to see. */
    house: House | undefined
  }
}

const isHouseId = /^\d{1,9}$/

/** Adds the check to every route of the app's scope; a route without `needs` stops the app from starting. */
export function checkPermissions(app: App): void {
  app.decorateRequest('asker', undefined)
  app.decorateRequest('house', undefined)
  app.decorateRequest('tenant', {
    getter(this: FastifyRequest) {
      if (!this.asker) throw Problem('not-signed-in')
      return app.parts.store.as(this.asker)
    },
  })
  app.addHook('onRoute', ({ config, method, url }) => {
    const needs = (config as { needs?: string } | undefined)?.needs
    if (needs === undefined || !Object.hasOwn(rules, needs))
      throw new Error(`The route ${String(method)} ${url} does not say what it needs`)
  })
  app.addHook('onRequest', async (request) => {
    const bearer = bearerOf(request)
    if (bearer === undefined) refuseCrossSite(request, app.ownUrl)
    const needs = request.routeOptions.config.needs ?? 'admin'
    const rule: Rule = rules[needs]
    request.asker = await findAsker(app, request)
    if (needs === 'nothing') return
    if (needs === 'operator') {
      if (isLocal(request) || isAdmin(request.asker)) return
      throw Problem(request.asker ? 'not-allowed' : 'not-signed-in')
    }
    const asker = request.asker
    if (!asker)
      throw Problem('not-signed-in', bearer === undefined ? undefined : 'The token is not, or no longer, valid')
    if (rule.session && bearer !== undefined)
      throw Problem('not-allowed', 'A token may not do this; sign in with the password')
    if (rule.scope && !asker.scopes.includes(rule.scope))
      throw Problem(
        'not-allowed',
        rule.admin ? 'This is for administrators' : `This token does not have the scope ${rule.scope}`,
      )
    if (rule.anyScope && !rule.anyScope.some((scope) => asker.scopes.includes(scope)))
      throw Problem('not-allowed', `This token does not have the scope ${rule.anyScope.join(' or ')}`)
    if (rule.admin && asker.role !== 'admin') throw Problem('not-allowed', 'This is for administrators')
    if (rule.admin && asker.houses) throw Problem('not-allowed', 'This token is limited to some houses')
    if (rule.house) await checkHouse(request, rule.house)
  })
}

async function findAsker(app: App, request: FastifyRequest): Promise<Asker | undefined> {
  const { people } = app.parts.store
  const bearer = bearerOf(request)
  if (bearer !== undefined) return people.askerOf({ bearer })
  const cookie = request.cookies[people.cookieName]
  return cookie === undefined ? undefined : people.askerOf({ cookie })
}

/** Whether who asked may still see the house, for answers that go on; while the store is away nothing has changed. */
export async function maySeeStill(app: App, request: FastifyRequest, houseId: number): Promise<boolean> {
  try {
    const asker = await findAsker(app, request)
    if (asker) await app.parts.store.as(asker).house(houseId)
    return asker !== undefined
  } catch (error) {
    return !(error instanceof ProblemError && error.code === 'no-such-house')
  }
}

/** A house that is missing, foreign or no number: the same answer. */
async function checkHouse(request: FastifyRequest, who: NonNullable<Rule['house']>): Promise<void> {
  const { houseId } = request.params as { houseId?: string }
  if (houseId === undefined || !isHouseId.test(houseId)) throw Problem('no-such-house')
  const house = await request.tenant.house(Number(houseId))
  if (who === 'owner' && house.role !== 'owner' && house.role !== 'admin')
    throw Problem('not-allowed', "Only the house's owner may do this")
  if (who === 'resident' && house.role === 'reader')
    throw Problem('not-allowed', 'You may read this house, but not change it')
  request.house = house
}

function bearerOf({ headers }: FastifyRequest): string | undefined {
  const { authorization } = headers
  if (authorization === undefined) return undefined
  const [scheme = '', token = ''] = authorization.split(' ')
  switch (scheme.toLowerCase()) {
    case 'bearer':
    // As InfluxDB's clients say it.
    case 'token':
      return token
    // The password is the token, for programs that know nothing else.
    case 'basic':
      return Buffer.from(token, 'base64').toString().split(':').slice(1).join(':')
    default:
      return ''
  }
}

const isAdmin = (asker: Asker | undefined) => asker?.role === 'admin' && asker.scopes.includes('admin') && !asker.houses

/** Not through a proxy on this machine: a proxy says for whom it asks. */
const isLocal = ({ socket, headers }: FastifyRequest) =>
  headers['x-forwarded-for'] === undefined &&
  headers.forwarded === undefined &&
  /^(::ffff:)?127\.|^::1$/.test(socket.remoteAddress ?? '')
