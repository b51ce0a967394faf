/**
 * One integration alone, once: to try credentials or an address, or to sign in with a code, without store or bus. What
 * is handed back as `session` can be stored under `sessionName(scopeOf(…), integration.name)`, and the device goes on
 * with it.
 */
import { VendorFailure } from '@nabolag/core'
import { type AnyIntegration, readCredentials } from '@nabolag/integrations'
import { Agent } from 'undici'
import { type Caller, type HttpHost, makeHttp } from './http.ts'
import { makeHttpCache } from './http-cache.ts'
import { type Loaded, type LoadedSignIn, load, toFailure } from './loaded.ts'
import type { Credentials } from './messages.ts'
import { locate, type Places } from './places.ts'
import { type CheckedReading, checkReadings } from './readings.ts'
import { fingerprintOf, type KeptSession, makeSessions, sessionName, toKept } from './sessions.ts'
import { type Tools, withTools } from './tools.ts'
import { userAgent } from './user-agent.ts'
import { makeVault } from './vault.ts'

export type TryGiven = {
  readonly integration: AnyIntegration
  /** As typed: checked against the integration's schema. */
  readonly credentials: unknown
  /** As `NABOLAG_VENDOR_URLS` has it for the vendor: one address, or several with `|`. */
  readonly baseUrl?: string
  readonly contact: string
  /** For everything, ms. */
  readonly timeout?: number
  /** As a former try handed it back, or as it is stored; opened anew when it is absent or does not fit. */
  readonly session?: unknown
  /**
   * Asked before every call of the vendor (and every MQTT connection); throws `throttled` where none may be made. Without
   * it nothing limits them.
   */
  readonly permit?: (signal: AbortSignal) => Promise<void>
  /** Ends it early. */
  readonly signal?: AbortSignal
}

export type Tried = {
  /** Of the first answer that held any; of the only one for an integration that is polled. */
  readonly samples: readonly CheckedReading[]
  /** To be stored; `undefined` when the integration has no sessions. Never show it to anybody. */
  readonly session: KeptSession | undefined
}

/**
 * Fetches once, or listens until the first answer that holds a reading; signs in before where the integration wants it.
 *
 * @throws VendorFailure `refused` when the credentials do not fit the schema (naming the fields), and whatever the
 * vendor's answer stands for; no message holds a secret
 */
export const runOnce = (given: TryGiven): Promise<Tried> =>
  attempt(given, async (trying) => {
    const { samples } = await hear(trying, new Map())
    return { samples, session: trying.kept() }
  })

export type Heard = { readonly answer: unknown; readonly samples: readonly CheckedReading[] }

/**
 * The first answer that holds a reading and is wanted; for an integration that is polled, the only one.
 *
 * @param places which are known, and learnt of here
 */
export function hear(
  { loaded, credentials, withTools: call, signal }: Attempt,
  places: Places,
  isWanted: (samples: readonly CheckedReading[]) => boolean = () => true,
): Promise<Heard> {
  const read = (answer: unknown): Heard => {
    const readings = checkReadings(loaded.read(answer, credentials))
    return { answer, samples: locate(places, readings, Date.now(), Number.POSITIVE_INFINITY).readings }
  }
  return call(async ({ http, link, ...tools }) => {
    if (loaded.fetch) return read(await loaded.fetch({ http, ...tools }))
    const abort = new AbortController()
    try {
      return await new Promise<Heard>((resolve, reject) => {
        const onStatus = (answer: unknown) => {
          try {
            const heard = read(answer)
            if (heard.samples.length > 0 && isWanted(heard.samples)) resolve(heard)
          } catch (error) {
            reject(error)
          }
        }
        loaded
          .listen?.({ link, ...tools }, onStatus, AbortSignal.any([signal, abort.signal]))
          .then(() => reject(new VendorFailure('unreachable', 'The vendor ended the connection')), reject)
      })
    } finally {
      abort.abort()
    }
  })
}

/**
 * Makes the vendor send a code. What comes back is for `answerCode` (plain JSON, may hold secrets).
 *
 * @throws VendorFailure as `runOnce`; `rejected` when the integration needs no code or not over that channel
 */
export const askCode = ({ channel, ...given }: TryGiven & { readonly channel: 'sms' | 'email' }): Promise<unknown> =>
  attempt(given, async ({ loaded, http, credentials, now }) => {
    const { channels, ask } = codeOf(loaded)
    if (!channels.includes(channel))
      throw new VendorFailure('rejected', `The vendor sends codes by ${channels.join(' or ')} only`)
    return ask({ http, credentials, now, since: undefined, channel })
  })

/**
 * Signs in with the code that a person typed; the session is to be stored.
 *
 * @throws VendorFailure as `runOnce`, with `refused` for a wrong code
 */
export const answerCode = ({
  asked,
  code,
  ...given
}: TryGiven & { readonly asked: unknown; readonly code: string }): Promise<{ readonly session: KeptSession }> =>
  attempt(
    given,
    async ({ loaded, signIn, http, credentials, now }) => {
      const opened = await codeOf(loaded).answer({ http, credentials, now, since: undefined, asked, code })
      return { session: toKept(signIn!, fingerprintOf(credentials), opened, Date.now()) }
    },
    [code, asked],
  )

/**
 * Under which name the store keeps the session for these credentials; `undefined` when the integration has no sessions,
 * or keeps one for each device and it is not said which.
 */
export function sessionNameOf(
  integration: AnyIntegration,
  credentials: Credentials,
  device?: number,
): string | undefined {
  if (!integration.signIn || (!integration.account && device === undefined)) return undefined
  return sessionName(load(integration, undefined).scopeOf(credentials, device ?? 0), integration.name)
}

export type Attempt = {
  readonly loaded: Loaded
  readonly signIn: LoadedSignIn | undefined
  readonly credentials: Credentials
  readonly http: ReturnType<typeof makeHttp>
  readonly now: string
  readonly signal: AbortSignal
  readonly withTools: <T>(call: (tools: Tools) => Promise<T>) => Promise<T>
  readonly kept: () => KeptSession | undefined
}

/** Does it with an account of its own for everything, in time, and hides what is secret in whatever goes wrong. */
export async function attempt<T>(
  { integration, credentials, baseUrl, contact, timeout = 30_000, session, permit, signal }: TryGiven,
  work: (attempt: Attempt) => Promise<T>,
  secrets: unknown = [],
): Promise<T> {
  const loaded = load(integration, baseUrl)
  const typed = readCredentials(integration, credentials)
  if (!typed.ok) throw new VendorFailure('refused', describeWrong(typed.missing, typed.wrong))
  const vault = makeVault(loaded.secretsOf(typed.credentials))
  vault.add(secrets)
  const abort = new AbortController()
  const agent = new Agent({ connect: { timeout: Math.min(10_000, timeout) } })
  const host: HttpHost = {
    agent,
    cache: makeHttpCache(),
    asking: new Map(),
    userAgent: userAgent(contact),
    addresses: loaded.addresses,
    timeout,
    bodyLimit: 16 * 2 ** 20,
  }
  const caller: Caller = {
    redact: vault.redact,
    get secrets() {
      return vault.secrets
    },
    signal: abort.signal,
    permit: async () => permit?.(abort.signal),
    patiently: (answer) => answer,
    complain: () => {},
    resume: () => {},
    notBefore: () => {},
    asked: () => {},
  }
  let kept = session as KeptSession | undefined
  const { signIn } = loaded
  const sessions =
    signIn &&
    makeSessions({
      signIn,
      load: async () => kept,
      save: async (_scope, _device, fresh) => {
        kept = fresh
      },
    })
  const tools = {
    loaded,
    host,
    caller,
    sessions,
    credentials: typed.credentials,
    scope: '',
    device: 0,
    newest: undefined,
    onSession: vault.add,
  }
  let timer: NodeJS.Timeout | undefined
  let onAbort = () => {}
  const cut = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new VendorFailure('unreachable', `No answer within ${timeout / 1000} s`)), timeout)
    onAbort = () => reject(new VendorFailure('unreachable', 'It was ended meanwhile'))
  })
  cut.catch(() => {})
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const done = work({
      loaded,
      signIn,
      credentials: typed.credentials,
      http: makeHttp(host, caller),
      now: new Date().toISOString(),
      signal: abort.signal,
      withTools: (call) => withTools(tools, call),
      kept: () => (signIn ? kept : undefined),
    })
    done.catch(() => {})
    return await Promise.race([done, cut])
  } catch (error) {
    const { kind, message, until } = toFailure(error)
    throw new VendorFailure(kind, vault.redact(message), until)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    abort.abort()
    await agent.destroy()
  }
}

function codeOf({ signIn }: Loaded): NonNullable<LoadedSignIn['code']> {
  if (!signIn?.code) throw new VendorFailure('rejected', 'This vendor needs no code to sign in')
  return signIn.code
}

function describeWrong(missing: readonly string[], wrong: Readonly<Record<string, string>>): string {
  const parts = [
    ...(missing.length > 0 ? [`missing: ${missing.join(', ')}`] : []),
    ...Object.entries(wrong).map(([name, complaint]) => `${name} ${complaint}`),
  ]
  return `The credentials do not fit: ${parts.join('; ')}`
}
