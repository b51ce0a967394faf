/** One HTTP call as it is, for log-ins: what an integration is told of the answer, whatever its status. */
import type { Exchange } from '@nabolag/integrations/define'
import { headerOf, retryAfterOf } from './http-cache.ts'
import type { Wire } from './wire.ts'

const mostCookies = 100

/** Makes the answer of `http.exchange` from what came over the wire. */
export function toExchange(wire: Wire, asked: URL): Exchange {
  const location = headerOf(wire.headers, 'location')
  return {
    status: wire.status,
    location:
      location !== undefined && URL.canParse(location, asked.href) ? new URL(location, asked.href).href : undefined,
    cookies: cookiesOf(wire.headers['set-cookie']),
    retryAfter: retryAfterOf(wire.headers, Date.now()),
    headers: Object.fromEntries(
      Object.keys(wire.headers).flatMap((name) => {
        const value = headerOf(wire.headers, name)
        return value === undefined ? [] : [[name.toLowerCase(), value]]
      }),
    ),
    text: wire.body,
    json: jsonOf(wire.body),
  }
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * The cookies that `set-cookie` headers (RFC 6265) set, name to value; one that is deleted is `''`. The last one of a
 * name counts. What is no cookie is left out.
 */
export function cookiesOf(header: string | readonly string[] | undefined): Record<string, string> {
  const lines = header === undefined ? [] : typeof header === 'string' ? [header] : header
  const cookies = new Map<string, string>()
  for (const line of lines) {
    const [pair = '', ...attributes] = line.split(';')
    const at = pair.indexOf('=')
    const name = pair.slice(0, at).trim()
    if (at < 1 || name === '' || cookies.size >= mostCookies) continue
    const value = pair
      .slice(at + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1')
    cookies.set(name, isDeleted(attributes) ? '' : value)
  }
  return Object.fromEntries(cookies)
}

function isDeleted(attributes: readonly string[]): boolean {
  for (const attribute of attributes) {
    const [name = '', ...rest] = attribute.split('=')
    const value = rest.join('=').trim()
    if (/^max-age$/i.test(name.trim())) return Number(value) <= 0
    if (/^expires$/i.test(name.trim()) && Date.parse(value) <= Date.now()) return true
  }
  return false
}
