/** The least that a host must give an integration, for tests: no cache, no budget, no second try. */
import { VendorFailure } from '@nabolag/core'
import { type AnyIntegration, integrationOf, type Reading } from '@nabolag/integrations'
import { Check } from 'typebox/value'
import { plainHttp } from './plain-http.testing.ts'
import { plainLink } from './plain-link.testing.ts'

export type PlainOptions = {
  /** For one call, ms. */
  readonly timeout?: number
  /** ISO 8601; the present when absent. */
  readonly now?: string
  readonly since?: string
  /** Instead of the one that `signIn` opens. */
  readonly session?: unknown
}

/** Asks once, as the host does: sign in where needed, fetch, check, map. `addresses` as in `NABOLAG_VENDOR_URLS`. */
export function pollOnce(
  name: string,
  addresses: string,
  credentials: object,
  options: PlainOptions = {},
): Promise<readonly Reading[]> {
  return runPlain(integrationOf(name) as AnyIntegration, credentials, addresses, options)
}

/** The same for an integration that need not be in the list. */
export async function runPlain(
  integration: AnyIntegration,
  credentials: object,
  addresses: string,
  options: PlainOptions = {},
): Promise<readonly Reading[]> {
  const answer = await integration.fetch!((await givenTo(integration, addresses, credentials, options)) as never)
  return readingsOf(integration, answer, credentials)
}

/** What an integration is handed for one call. */
export async function givenTo(
  integration: AnyIntegration,
  addresses: string,
  credentials: object,
  { timeout, now = new Date().toISOString(), since, session }: PlainOptions = {},
) {
  const given = { http: plainHttp(integration, addresses, timeout), credentials, now, since }
  const opened =
    session === undefined && integration.signIn
      ? (await integration.signIn.open({ ...given, worn: undefined } as never)).session
      : session
  return { ...given, session: opened, keep: () => {} }
}

/** Listens until it has so many readings, or the stream fails. */
export async function listenFor(
  name: string,
  addresses: string,
  credentials: object,
  count: number,
  options: PlainOptions & { readonly mqttUrl?: string } = {},
): Promise<readonly Reading[]> {
  const integration = integrationOf(name) as AnyIntegration
  const heard: Reading[] = []
  const enough = new AbortController()
  const { http, ...given } = await givenTo(integration, addresses, credentials, options)
  const link = plainLink(http, enough.signal, options.mqttUrl)
  const hear = (answer: unknown) => {
    heard.push(...readingsOf(integration, answer, credentials))
    if (heard.length >= count) enough.abort()
  }
  await integration.listen!({ ...given, link } as never, hear, enough.signal)
  return heard
}

/** What an integration reads from an answer. @throws VendorFailure `changed` when it does not fit */
export function readingsOf(integration: AnyIntegration, answer: unknown, credentials: object): readonly Reading[] {
  if (!Check(integration.status, answer)) throw new VendorFailure('changed', 'The answer does not fit')
  return integration.samples(answer as never, credentials as never)
}
