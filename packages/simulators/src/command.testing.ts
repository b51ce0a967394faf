/** Commands as a host hands them over, the least of it, for tests: one call, and what a reading must show afterwards. */
import { type CapabilityName, VendorFailure, verbOf } from '@nabolag/core'
import { type AnyIntegration, integrationOf, type Reading } from '@nabolag/integrations'
import { givenTo, type PlainOptions } from './plain-client.testing.ts'
import { plainLink } from './plain-link.testing.ts'

export type Wish = {
  readonly capability: CapabilityName
  readonly verb: string
  readonly args: Readonly<Record<string, unknown>>
  /** Of the actuator that is meant. */
  readonly place: string
}

/** Carries out one command; resolves with what the integration says of it. */
export async function command(
  name: string,
  addresses: string,
  credentials: object,
  { capability, verb, args, place }: Wish,
  options: PlainOptions = {},
): Promise<'applied' | 'sent'> {
  const integration = integrationOf(name) as AnyIntegration
  const given = await givenTo(integration, addresses, credentials, options)
  const link = plainLink(given.http, new AbortController().signal)
  const run = integration.commands?.[capability]?.[verb]
  if (!run) throw new Error(`${name} has no ${capability}.${verb}`)
  return run({ ...given, link, status: undefined, place } as never, args as never)
}

/** Whether a reading of the same place shows the effect, as the verb says that it does. */
export function confirms({ capability, verb, args, place }: Wish, readings: readonly Reading[]): boolean {
  const by = verbOf(capability, verb)?.confirmedBy
  if (!by) return false
  const wanted = by.argument === undefined ? by.equals : args[by.argument]
  return readings.some((reading) => {
    const seen = reading.place === place ? reading.fields[by.field] : undefined
    return typeof seen === 'number' && typeof wanted === 'number'
      ? Math.abs(seen - wanted) <= (by.within ?? 0)
      : seen !== undefined && seen === wanted
  })
}

/** How an attempt ended: what it gave, or the kind of its failure. */
export const outcomeOf = <T>(attempt: Promise<T>): Promise<T | string> =>
  attempt.catch((error: unknown) => {
    if (error instanceof VendorFailure) return error.kind
    throw error
  })
