/** What one turn of a device's code may speak with: HTTP and streams, on its account's budget and with its session. */
import type { Http, Link } from '@nabolag/integrations/define'
import { makeGraphql, makeGraphqlTogether } from './graphql.ts'
import { type Caller, type HttpHost, makeHttp } from './http.ts'
import type { Loaded } from './loaded.ts'
import type { Credentials } from './messages.ts'
import { makeMqtt } from './mqtt-link.ts'
import { fingerprintOf, type Sessions } from './sessions.ts'

export type Tools = {
  readonly http: Http
  readonly link: Link
  readonly credentials: Credentials
  readonly session: unknown
  readonly keep: (session: unknown) => void
  /** ISO 8601 in UTC. */
  readonly now: string
  /** Time of the newest sample that is known. */
  readonly since: string | undefined
}

export type ToolsFor = {
  readonly loaded: Loaded
  readonly host: HttpHost
  readonly caller: Caller
  readonly sessions: Sessions | undefined
  readonly credentials: Credentials
  readonly scope: string
  readonly device: number
  /** ms since the epoch. */
  readonly newest: number | undefined
  /** Told of each session before it is used. */
  readonly onSession: (session: unknown) => void
}

/**
 * Makes a call of an integration's code with all it is given. Where the integration has a `signIn`, the call gets the
 * account's session, and is repeated once with a renewed one when it was `refused`; again only after `proven`.
 */
export function withTools<T>(
  { loaded, host, caller, sessions, credentials, scope, device, newest, onSession }: ToolsFor,
  call: (tools: Tools) => Promise<T>,
  proven?: () => boolean,
): Promise<T> {
  const http = makeHttp(host, caller)
  const link: Link = {
    http,
    graphql: makeGraphql(host, caller),
    graphqlTogether: makeGraphqlTogether(host, caller),
    mqtt: makeMqtt(host, caller),
  }
  const now = () => new Date().toISOString()
  const since = newest === undefined ? undefined : new Date(newest).toISOString()
  const { signIn } = loaded
  if (!signIn || !sessions)
    return call({ http, link, credentials, session: undefined, keep: noSession, now: now(), since })
  const user = {
    scope,
    of: fingerprintOf(credentials),
    device,
    onSession,
    resume: caller.resume,
    patiently: caller.patiently,
    signal: caller.signal,
    open: async (worn: unknown) => signIn.open({ http, credentials, now: now(), since, worn }),
  }
  return sessions.use(
    user,
    async (session, keep) => call({ http, link, credentials, session, keep, now: now(), since }),
    proven,
  )
}

const noSession = () => {
  throw new Error('keep without a signIn')
}
