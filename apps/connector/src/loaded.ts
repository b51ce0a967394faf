/** An integration as its thread uses it: found, its schemas compiled, its durations in ms. */
import { createHash } from 'node:crypto'
import { VendorFailure } from '@nabolag/core'
import {
  type AnyIntegration,
  type FoundActuator,
  type Http,
  type Link,
  millis,
  type Opened,
} from '@nabolag/integrations/define'
import { Compile } from 'typebox/compile'
import { type Addresses, readAddresses } from './addresses.ts'
import { leastWait, type Pace } from './course.ts'
import type { CallLimit, Credentials } from './messages.ts'
import { secretsOf } from './redact.ts'
import type { Tools } from './tools.ts'

/** What the code of an integration is handed; `session` and `keep` mean something only where it has a `signIn`. */
export type Given = {
  readonly http: Http
  readonly credentials: Credentials
  readonly session: unknown
  readonly keep: (session: unknown) => void
  readonly now: string
  readonly since: string | undefined
}

type GivenToOpen = Omit<Given, 'session' | 'keep'>
export type LoadedSignIn = {
  /** Whether something is a session as the integration describes it. */
  readonly fits: (session: unknown) => boolean
  readonly open: (given: GivenToOpen & { readonly worn: unknown }) => Promise<Opened<unknown>>
  readonly code:
    | {
        readonly channels: readonly ('sms' | 'email')[]
        readonly ask: (given: GivenToOpen & { readonly channel: 'sms' | 'email' }) => Promise<unknown>
        readonly answer: (
          given: GivenToOpen & { readonly asked: unknown; readonly code: string },
        ) => Promise<Opened<unknown>>
      }
    | undefined
}

/** A verb as it is carried out. */
export type LoadedCommand = (
  given: Tools & { readonly status: unknown; readonly place: string | undefined },
  args: Readonly<Record<string, unknown>>,
) => Promise<'applied' | 'sent'>

export type Loaded = {
  readonly name: string
  readonly vendor: string
  readonly group: string
  readonly addresses: Addresses
  readonly pace: Pace
  readonly calls: CallLimit | undefined
  readonly callsTogether: CallLimit | undefined
  readonly streams: number | undefined
  readonly fetch: ((given: Given) => Promise<unknown>) | undefined
  readonly listen:
    | ((
        given: Omit<Given, 'http'> & { readonly link: Link },
        onStatus: (answer: unknown) => void,
        signal: AbortSignal,
      ) => Promise<void>)
    | undefined
  /** When a device wants to be asked next, in the integration's own words. */
  readonly next: ((given: { now: string; credentials: Credentials; status: unknown }) => unknown) | undefined
  readonly signIn: LoadedSignIn | undefined
  readonly actuators: ((status: unknown, credentials: Credentials) => readonly FoundActuator[]) | undefined
  readonly commands:
    | Readonly<Record<string, Readonly<Record<string, LoadedCommand | undefined>> | undefined>>
    | undefined
  /** How long after a command a reading can be expected to show it, ms. */
  readonly settles: number
  /** Whether anybody asks for the newest good answer later. */
  readonly keepsStatus: boolean
  /** The readings in an answer. @throws VendorFailure `changed` when it is not of the expected form */
  readonly read: (answer: unknown, credentials: Credentials) => unknown
  readonly secretsOf: (credentials: Credentials) => string[]
  /** What budgets are kept for: the vendor's account, or the device alone. Holds no secret. */
  readonly scopeOf: (credentials: Credentials, id: number) => string
}

/**
 * Finds the integration in a module: its default export, or the one of that name in its list `integrations`.
 *
 * @throws Error when there is none
 */
export function findIntegration(module: Readonly<Record<string, unknown>>, name: string): AnyIntegration {
  const list = [module.default, ...(Array.isArray(module.integrations) ? module.integrations : [])]
  const found = list.find(
    (entry): entry is AnyIntegration =>
      typeof entry === 'object' && entry !== null && 'name' in entry && entry.name === name,
  )
  if (!found) throw new Error(`there is no integration ${name}`)
  return found
}

const limitOf = (limit: { count: number; per: Parameters<typeof millis>[0] } | undefined): CallLimit | undefined =>
  limit && { count: limit.count, per: millis(limit.per) }

const defaultSettles = 10_000
const defaultPause = 5 * 60_000

export function load(integration: AnyIntegration, override: string | undefined, tempo = 1): Loaded {
  const { name, vendor, group, sampling, limits = {} } = integration
  const every = millis(sampling.every)
  const compiled = Compile(integration.status)
  const samples = integration.samples as (status: unknown, credentials: Credentials) => unknown
  const account = integration.account as ((credentials: Credentials) => string) | undefined
  return {
    name,
    vendor,
    group,
    addresses: readAddresses(integration.base, integration.also, override),
    pace: {
      polled: integration.fetch !== undefined,
      anonymous: isAnonymous(integration),
      every,
      staleAfter: sampling.staleAfter === undefined ? 3 * every : millis(sampling.staleAfter),
      pause: limits.pause === undefined ? defaultPause : millis(limits.pause),
      reconnect: limits.reconnect && [millis(limits.reconnect[0]), millis(limits.reconnect[1])],
      least: integration.fetch ? leastWait(limitOf(limits.calls)) : 0,
      tempo,
    },
    calls: limitOf(limits.calls),
    callsTogether: limitOf(limits.callsTogether),
    streams: limits.streams,
    fetch: integration.fetch as Loaded['fetch'],
    listen: integration.listen as Loaded['listen'],
    next: sampling.next as Loaded['next'],
    signIn: loadSignIn(integration.signIn),
    actuators: integration.actuators as Loaded['actuators'],
    commands: integration.commands as Loaded['commands'],
    settles: integration.settles === undefined ? defaultSettles : millis(integration.settles),
    keepsStatus: sampling.next !== undefined || integration.commands !== undefined,
    read(answer, credentials) {
      if (!compiled.Check(answer)) {
        const [first] = compiled.Errors(answer)
        const where = first?.instancePath.slice(1).replaceAll('/', '.') ?? ''
        throw new VendorFailure(
          'changed',
          `The answer has changed: ${where === '' ? 'the whole of it' : where} ${first?.message ?? 'does not fit'}`,
        )
      }
      return samples(answer, credentials)
    },
    secretsOf: (credentials) => secretsOf(integration.credentials, credentials),
    scopeOf: (credentials, id) => (account ? `${vendor}/${digest(account(credentials))}` : `${vendor}/device-${id}`),
  }
}

function loadSignIn(signIn: AnyIntegration['signIn']): LoadedSignIn | undefined {
  if (!signIn) return undefined
  const compiled = Compile(signIn.session)
  const { open, code } = signIn as unknown as Pick<LoadedSignIn, 'open' | 'code'>
  return { fits: (session) => compiled.Check(session), open, code }
}

const isAnonymous = ({ signIn, credentials }: AnyIntegration): boolean =>
  !signIn && !Object.values(credentials.properties).some((field) => (field as { secret?: boolean }).secret)

const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32)

/** What a thrown thing means: the integration's own failures as they are, anything else is a fault of the integration. */
export function toFailure(error: unknown): VendorFailure {
  if (error instanceof VendorFailure) return error
  if (error instanceof Error)
    return new VendorFailure('changed', `The integration failed: ${error.name}: ${error.message.slice(0, 160)}`)
  return new VendorFailure('changed', 'The integration failed without saying why')
}
