/** What an answer over the wire comes to: its JSON, or the failure it stands for. */
import { VendorFailure } from '@nabolag/core'
import type { HttpOptions } from '@nabolag/integrations/define'
import { pauseOf, retryAfterOf } from './http-cache.ts'
import type { Wire } from './wire.ts'

/** The parsed answer. The vendor's own words for a failure come first, as the integration reads them; then the status. */
export function read(wire: Wire, url: URL, said: HttpOptions['failureOf']): unknown {
  const failure = said?.({ status: wire.status, body: jsonOrText(wire.body) })
  if (failure) throw dated(failure, wire)
  if (wire.status < 200 || wire.status >= 300) throw failureOf(wire.status, wire.headers, wire.body, url.host)
  return parse(wire.body)
}

/** With the vendor's `Retry-After` where the integration found no time in its words. */
export const dated = ({ kind, message, until }: VendorFailure, { headers }: Wire) =>
  new VendorFailure(kind, message, pauseOf(until, Date.now()) ?? retryAfterOf(headers, Date.now()))

/** The failure an HTTP status stands for. */
export function failureOf(status: number, headers: Wire['headers'], body: string, host: string): VendorFailure {
  const until = retryAfterOf(headers, Date.now())
  const words = wordsOf(body)
  const message = `${host} answered ${status}${words === '' ? '' : ` (${words})`}`
  if (status === 401 || status === 403) return new VendorFailure('refused', message)
  if (status === 429 || status === 428) return new VendorFailure('throttled', message, until)
  if (status >= 500 || status === 408 || status === 425) return new VendorFailure('unreachable', message, until)
  return new VendorFailure('changed', message)
}

/** What the vendor itself says, when it says it shortly. */
function wordsOf(body: string): string {
  let text: unknown = body
  try {
    const parsed = JSON.parse(body) as { message?: unknown; reason?: unknown; error?: unknown; errors?: unknown[] }
    const [first] = Array.isArray(parsed?.errors) ? parsed.errors : []
    text = parsed?.message ?? parsed?.reason ?? parsed?.error ?? (first as { message?: unknown } | undefined)?.message
  } catch {
    if (/^\s*</.test(body)) return ''
  }
  return typeof text === 'string'
    ? text
        .replace(/[\p{Cc}\s]+/gu, ' ')
        .trim()
        .slice(0, 120)
    : ''
}

export const jsonOrText = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

export function parse(body: string): unknown {
  if (body === '') return undefined
  try {
    return JSON.parse(body)
  } catch {
    throw new VendorFailure(
      'changed',
      /^\s*</.test(body) ? 'The vendor answers with a web page' : 'The answer is not JSON',
    )
  }
}
