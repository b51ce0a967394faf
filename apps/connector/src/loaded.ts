/** An integration as its thread uses it: found, its schemas compiled, its durations in ms. */
import { createHash } from 'node:crypto'
import { VendorFailure } from '@nabolag/core'
import { resolveBase } from '@nabolag/integrations/base'
import { type AnyIntegration, type Http, type Link, millis } from '@nabolag/integrations/define'
import { Compile } from 'typebox/compile'
import type { Pace } from './course.ts'
import type { CallLimit, Credentials } from './messages.ts'
import { secretsOf } from './redact.ts'

export type Loaded = {
  readonly name: string
  readonly vendor: string
  readonly group: string
  readonly base: string
  readonly pace: Pace
  readonly calls: CallLimit | undefined
  readonly callsTogether: CallLimit | undefined
  readonly streams: number | undefined
  readonly fetch: ((given: { http: Http; credentials: Credentials }) => Promise<unknown>) | undefined
  readonly listen:
    | ((
        given: { link: Link; credentials: Credentials },
        onStatus: (answer: unknown) => void,
        signal: AbortSignal,
      ) => Promise<void>)
    | undefined
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
    base: resolveBase(integration.base, override),
    pace: {
      polled: integration.fetch !== undefined,
      every,
      staleAfter: sampling.staleAfter === undefined ? 3 * every : millis(sampling.staleAfter),
      pause: limits.pause === undefined ? defaultPause : millis(limits.pause),
      reconnect: limits.reconnect && [millis(limits.reconnect[0]), millis(limits.reconnect[1])],
      tempo,
    },
    calls: limitOf(limits.calls),
    callsTogether: limitOf(limits.callsTogether),
    streams: limits.streams,
    fetch: integration.fetch as Loaded['fetch'],
    listen: integration.listen as Loaded['listen'],
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

const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32)

/** What a thrown thing means: the integration's own failures as they are, anything else is a fault of the integration. */
export function toFailure(error: unknown): VendorFailure {
  if (error instanceof VendorFailure) return error
  if (error instanceof Error)
    return new VendorFailure('changed', `The integration failed: ${error.name}: ${error.message.slice(0, 160)}`)
  return new VendorFailure('changed', 'The integration failed without saying why')
}
