/** The least of a host that keeps a session, for tests: opens, renews when old or refused, repeats once, commands. */
import { VendorFailure } from '@nabolag/core'
import {
  type AnyIntegration,
  type FoundActuator,
  integrationOf,
  millis,
  type Opened,
  type Reading,
} from '@nabolag/integrations'
import { Check } from 'typebox/value'
import { readingsOf } from './plain-client.testing.ts'
import { plainHttp } from './plain-http.testing.ts'

export type SessionHost = {
  poll(): Promise<readonly Reading[]>
  command(verb: string, args: object, place?: string): Promise<'applied' | 'sent'>
  actuators(): readonly FoundActuator[]
  askCode(channel: 'sms' | 'email'): Promise<void>
  answerCode(code: string): Promise<void>
  session: unknown
  /** Calls over HTTP so far, as `METHOD path`. */
  readonly calls: string[]
}

export function sessionHost(
  name: string,
  addresses: string,
  credentials: object,
  now: () => number = Date.now,
  timeout?: number,
): SessionHost {
  const integration = integrationOf(name) as AnyIntegration
  const signIn = integration.signIn!
  const calls: string[] = []
  const plain = plainHttp(integration, addresses, timeout)
  const http = {
    ...plain,
    exchange: (method: 'GET', path: string, options: object) => {
      calls.push(`${method} ${path.replace(/^https?:\/\/[^/]+/, '')}`)
      return plain.exchange(method, path, options)
    },
  }
  let openedAt = 0
  let lasts: number | undefined
  let status: unknown
  let asked: unknown
  const host: SessionHost = {
    session: undefined,
    calls,
    poll: async () => {
      status = await use((given) => integration.fetch!(given as never))
      return readingsOf(integration, status, credentials)
    },
    command: (verb, args, place) => {
      const [capability] = Object.values(integration.commands ?? {})
      return use((given) => capability![verb]!({ ...given, status, place } as never, args as never))
    },
    actuators: () => integration.actuators!(status as never, credentials as never),
    askCode: async (channel) => {
      asked = await signIn.code!.ask({ ...base(), channel } as never)
    },
    answerCode: async (code) => {
      // What is kept between the two steps is JSON.
      take(await signIn.code!.answer({ ...base(), asked: JSON.parse(JSON.stringify(asked)), code } as never))
    },
  }
  const base = () => ({ http, credentials, now: new Date(now()).toISOString() })
  const take = (opened: Opened<unknown>) => {
    expectFit(opened.session)
    host.session = JSON.parse(JSON.stringify(opened.session))
    openedAt = now()
    lasts = opened.lasts === undefined ? undefined : millis(opened.lasts)
  }
  const expectFit = (session: unknown) => {
    if (!Check(signIn.session, session)) throw new Error('The session does not fit')
  }
  const open = async () => {
    const worn = host.session
    const opened = signIn.open({ ...base(), worn } as never)
    take(
      await opened.catch((error: unknown) => {
        if (worn === undefined || !(error instanceof VendorFailure) || error.kind !== 'refused') throw error
        return signIn.open({ ...base(), worn: undefined } as never)
      }),
    )
  }
  const call = <T>(carryOut: (given: object) => Promise<T>) =>
    carryOut({
      ...base(),
      session: host.session,
      keep: (session: unknown) => {
        expectFit(session)
        host.session = JSON.parse(JSON.stringify(session))
      },
    })
  const use = async <T>(carryOut: (given: object) => Promise<T>): Promise<T> => {
    if (host.session === undefined || (lasts !== undefined && now() >= openedAt + lasts)) await open()
    try {
      return await call(carryOut)
    } catch (error) {
      if (!(error instanceof VendorFailure) || error.kind !== 'refused') throw error
      await open()
      return call(carryOut)
    }
  }
  return host
}
