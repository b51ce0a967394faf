/** One integration alone, once: to try credentials or an address, without store or bus. */
import { VendorFailure } from '@nabolag/core'
import { type AnyIntegration, readCredentials } from '@nabolag/integrations'
import { Agent } from 'undici'
import { makeGraphql } from './graphql.ts'
import { type Caller, makeHttp } from './http.ts'
import { makeHttpCache } from './http-cache.ts'
import { load, toFailure } from './loaded.ts'
import { type CheckedReading, checkReadings } from './readings.ts'
import { makeRedactor } from './redact.ts'
import { userAgent } from './user-agent.ts'

export type TryGiven = {
  readonly integration: AnyIntegration
  /** As typed: checked against the integration's schema. */
  readonly credentials: unknown
  readonly baseUrl?: string
  readonly contact: string
  /** For everything, ms. */
  readonly timeout?: number
}

/**
 * Fetches once, or listens until the first answer that holds a reading.
 *
 * @throws VendorFailure `refused` when the credentials do not fit the schema (naming the fields), and whatever the
 * vendor's answer stands for; no message holds a secret
 */
export async function runOnce({ integration, credentials, baseUrl, contact, timeout = 30_000 }: TryGiven): Promise<{
  samples: readonly CheckedReading[]
}> {
  const loaded = load(integration, baseUrl)
  const typed = readCredentials(integration, credentials)
  if (!typed.ok) throw new VendorFailure('refused', describeWrong(typed.missing, typed.wrong))
  const secrets = loaded.secretsOf(typed.credentials)
  const redact = makeRedactor(secrets)
  const abort = new AbortController()
  const agent = new Agent({ connect: { timeout: Math.min(10_000, timeout) } })
  const host = {
    agent,
    cache: makeHttpCache(),
    asking: new Map(),
    userAgent: userAgent(contact),
    base: loaded.base,
    timeout,
    bodyLimit: 16 * 2 ** 20,
  }
  const caller: Caller = {
    redact,
    secrets,
    signal: abort.signal,
    permit: async () => {},
    patiently: (answer) => answer,
    complain: () => {},
    resume: () => {},
    notBefore: () => {},
  }
  const http = makeHttp(host, caller)
  const read = (answer: unknown) => checkReadings(loaded.read(answer, typed.credentials))
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new VendorFailure('unreachable', `No answer within ${timeout / 1000} s`)), timeout)
  })
  try {
    const once = loaded.fetch
      ? loaded.fetch({ http, credentials: typed.credentials }).then(read)
      : new Promise<CheckedReading[]>((resolve, reject) => {
          const onStatus = (answer: unknown) => {
            try {
              const readings = read(answer)
              if (readings.length > 0) resolve(readings)
            } catch (error) {
              reject(error)
            }
          }
          loaded
            .listen?.(
              { link: { http, graphql: makeGraphql(host, caller) }, credentials: typed.credentials },
              onStatus,
              abort.signal,
            )
            .then(() => reject(new VendorFailure('unreachable', 'The vendor ended the connection')), reject)
        })
    return { samples: await Promise.race([once, late]) }
  } catch (error) {
    const { kind, message, until } = toFailure(error)
    throw new VendorFailure(kind, redact(message), until)
  } finally {
    clearTimeout(timer)
    abort.abort()
    await agent.destroy()
  }
}

function describeWrong(missing: readonly string[], wrong: Readonly<Record<string, string>>): string {
  const parts = [
    ...(missing.length > 0 ? [`missing: ${missing.join(', ')}`] : []),
    ...Object.entries(wrong).map(([name, complaint]) => `${name} ${complaint}`),
  ]
  return `The credentials do not fit: ${parts.join('; ')}`
}
