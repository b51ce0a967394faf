/** Systemair's GraphQL addresses, and what their failures mean. */
import { type FailureKind, VendorFailure } from '@nabolag/core'
import type { Duration, Exchange, Http } from '../define.ts'

/**
 * What a failure is about: the whole account, one unit, the items that were asked for (one unknown id spoils a batch),
 * something that went wrong at Systemair (which may be the items, too), the number of items, or the moment.
 */
export type About = 'account' | 'unit' | 'items' | 'server' | 'size' | 'busy'

export class CloudFailure extends VendorFailure {
  readonly about: About
  constructor(kind: FailureKind, about: About, message: string, until?: number) {
    super(kind, message.slice(0, 240), until)
    this.about = about
  }
}

export const gatewayPath = '/gateway/api'
export const remotePath = '/gateway/remote-api'

export type Question = {
  readonly path: typeof gatewayPath | typeof remotePath
  readonly token: string
  readonly unit?: { readonly identifier: string; readonly type: string }
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>>
  /** The field of `data` that is wanted. */
  readonly field: string
  readonly after?: Duration
}

/** Asks one operation; resolves with the wanted field, which may be null. Throws `CloudFailure`. */
export async function ask(
  http: Http,
  { path, token, unit, query, variables, field, after }: Question,
): Promise<unknown> {
  const answer = await http.exchange('POST', path, {
    headers: {
      'x-access-token': token,
      ...(unit ? { 'device-id': unit.identifier, 'device-type': unit.type } : {}),
    },
    body: variables === undefined ? { query } : { query, variables },
    ...(after === undefined ? {} : { after }),
  })
  return readAnswer(answer, field)
}

/** The wanted field of a good answer; throws what a bad one means. */
export function readAnswer(answer: Pick<Exchange, 'status' | 'text' | 'json' | 'retryAfter'>, field: string): unknown {
  const failure = failureOf(answer, field)
  if (failure) throw failure
  const data = recordOf(recordOf(answer.json).data)
  if (!Object.hasOwn(data, field))
    throw new CloudFailure('changed', 'account', `Systemair's answer has no ${field} any more`)
  return data[field]
}

/** What an answer's status and words mean, or `undefined` when it can be used. Never throws. */
export function failureOf(
  { status, text, json, retryAfter }: Pick<Exchange, 'status' | 'text' | 'json' | 'retryAfter'>,
  field: string,
): CloudFailure | undefined {
  const body = recordOf(json)
  if (status === 401 || status === 403 || /^\s*"?Unauthorized(Error)?"?\s*$/.test(text))
    return new CloudFailure('refused', 'account', 'Systemair does not let this session in (any more)')
  if (status === 429)
    return new CloudFailure(
      'throttled',
      'account',
      'Systemair was asked too often; it is asked again later',
      retryAfter,
    )
  const device = deviceFailure(body.name, body)
  if (device) return device
  if (Array.isArray(body.errors) && body.errors.length > 0) return failureOfErrors(body.errors, body.data, field)
  if (status === 404) return new CloudFailure('unreachable', 'unit', 'Systemair does not know this unit (any more)')
  if (status >= 500)
    return new CloudFailure(
      'unreachable',
      json === undefined ? 'account' : 'server',
      `Systemair answered ${status}; it is asked again later`,
    )
  if (status !== 200) return new CloudFailure('changed', 'items', `Systemair answered ${status}`)
  if (json === undefined) return new CloudFailure('changed', 'account', "Systemair's answer is not JSON")
  return undefined
}

function failureOfErrors(errors: readonly unknown[], data: unknown, field: string): CloudFailure | undefined {
  const read = errors.map((error) => {
    const { message, extensions, path } = recordOf(error)
    const inner = recordOf(recordOf(extensions).error)
    const words = [inner.msg, recordOf(inner.ui).msg, inner.ui, message].find((text) => typeof text === 'string')
    const all = [message, inner.name, inner.msg].filter((text) => typeof text === 'string').join(' ')
    const named = deviceFailure(/\bDevice\w+Error\b/.exec(all)?.[0], inner)
    return {
      all,
      named,
      words: String(words ?? 'an error without words'),
      placed: Array.isArray(path) && path.length > 0,
    }
  })
  if (read.some(({ all }) => /\bunauthori[sz]ed/i.test(all)))
    return new CloudFailure('refused', 'account', 'Systemair does not let this session in (any more)')
  const busy = read.find(({ all }) => all.includes('SERVER_BUSY'))
  if (busy) return new CloudFailure('unreachable', 'busy', 'Systemair was too busy; try again in a minute')
  // An error that names no place spoils the whole answer; any other leaves what stands beside it.
  const given = recordOf(data)[field]
  if (given !== null && given !== undefined && read.every(({ placed }) => placed)) return undefined
  const named = read.find((error) => error.named)?.named
  if (named) return named
  const { words, all } = read[0]!
  const changed = /cannot query field|syntax error|unknown (argument|type)/i.test(all)
  return new CloudFailure(changed ? 'changed' : 'unreachable', 'items', `Systemair says: ${words}`)
}

/** Trouble between the cloud and the unit has a name of its own. */
function deviceFailure(name: unknown, { msg, ui }: Record<string, unknown>): CloudFailure | undefined {
  if (typeof name !== 'string' || !/^Device\w+Error$/.test(name)) return undefined
  const { msg: shown, hint } = recordOf(ui)
  const words = [shown ?? msg ?? name, hint].filter((text) => typeof text === 'string').join(' ')
  const about = name === 'DeviceRequestPayloadSizeExceededError' ? 'size' : 'unit'
  return new CloudFailure('unreachable', about, `Systemair says: ${words}`)
}

export const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
