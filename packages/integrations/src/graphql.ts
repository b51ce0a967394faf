/** GraphQL over HTTP as Tibber speaks it: failures come inside a 200, and data may stand beside them. */
import { VendorFailure } from '@nabolag/core'
import type { Http } from './define.ts'

type GraphqlError = { readonly message: string; readonly code: string | undefined }

/** Asks one query. Throws what `graphqlFailure` says; else resolves with the whole answer, `data` and all. */
export const ask = (
  http: Http,
  bearer: string,
  query: string,
  variables?: Readonly<Record<string, unknown>>,
): Promise<unknown> =>
  http.post('', {
    bearer,
    body: variables === undefined ? { query } : { query, variables },
    failureOf: ({ status, body }) => (status === 429 || status === 428 ? undefined : graphqlFailure(body)),
  })

/**
 * What the errors of a GraphQL answer mean, or `undefined` when it can be used: it has no errors, or it has data beside
 * errors that are not about who asks. Never throws, whatever the answer is.
 */
export function graphqlFailure(answer: unknown): VendorFailure | undefined {
  const errors = errorsOf(answer)
  if (errors.length === 0) return undefined
  const worst = errors.map(failureOfError).sort((a, b) => rank[a.kind] - rank[b.kind])[0]!
  if (worst.kind === 'refused' || worst.kind === 'throttled') return worst
  return hasData(answer) ? undefined : worst
}

/** The failure that an answer's errors stand for, even when there is data beside them; `undefined` without errors. */
export function firstFailure(answer: unknown): VendorFailure | undefined {
  const [first] = errorsOf(answer)
  return first && failureOfError(first)
}

const rank = { refused: 0, throttled: 1, changed: 2, unreachable: 3, rejected: 4 } as const

function failureOfError({ message, code }: GraphqlError): VendorFailure {
  const said = `Tibber says: ${message}`
  if (code === 'UNAUTHENTICATED' || code === 'FORBIDDEN') return new VendorFailure('refused', said)
  if (code === 'HOME_NOT_FOUND') return new VendorFailure('refused', said)
  if (code === 'TOO_MANY_REQUESTS' || code === 'RATE_LIMITED') return new VendorFailure('throttled', said)
  if (code?.startsWith('GRAPHQL_') || /^syntax error|cannot query field|unknown argument/i.test(message))
    return new VendorFailure('changed', said)
  if (code === undefined && /invalid token|unauthenticated|not authenticated/i.test(message))
    return new VendorFailure('refused', said)
  if (code === undefined && /too many (requests|open)/i.test(message)) return new VendorFailure('throttled', said)
  return new VendorFailure('unreachable', said)
}

function errorsOf(answer: unknown): GraphqlError[] {
  const errors = isRecord(answer) ? answer.errors : undefined
  if (!Array.isArray(errors)) return []
  return errors.map((error: unknown) => {
    const { message, extensions } = isRecord(error) ? error : {}
    const code = isRecord(extensions) ? extensions.code : undefined
    return {
      message: typeof message === 'string' && message !== '' ? message.slice(0, 200) : 'an error without words',
      code: typeof code === 'string' ? code : undefined,
    }
  })
}

/** A null inside a non-null field climbs up, so that `{viewer: null}` is no data either. */
const hasData = (answer: unknown): boolean =>
  isRecord(answer) && isRecord(answer.data) && Object.values(answer.data).some((value) => value !== null)

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
