/** HTTP as a host gives it, the least of it, for tests: no cache, no sharing, no budget, no second try. */
import { VendorFailure } from '@nabolag/core'
import { type AnyIntegration, type Exchange, type Http, type HttpOptions, resolveBase } from '@nabolag/integrations'

/** `addresses` as in `NABOLAG_VENDOR_URLS`: one for `base` and each of `also`, joined by `|`; the last serves the rest. */
export function plainHttp(
  { base, also = [] }: Pick<AnyIntegration, 'base' | 'also'>,
  addresses: string,
  timeout = 5000,
): Http {
  const given = addresses.split('|')
  const origins = [base, ...also].map((usual, nth) => [usual, resolveBase(usual, given[nth] ?? given.at(-1))] as const)
  const addressOf = (path: string) => {
    if (!/^https?:/.test(path)) return origins[0]![1] + path
    const found = origins.find(([usual]) => path.startsWith(usual))
    if (!found) throw new VendorFailure('changed', `${path} is not of this vendor`)
    return found[1] + path.slice(found[0].length)
  }

  const send = async (method: string, path: string, { query = {}, bearer, headers, body, form }: HttpOptions) => {
    const url = new URL(addressOf(path))
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value))
    const content = form ? new URLSearchParams(form).toString() : typeof body === 'string' ? body : JSON.stringify(body)
    const type = form ? 'application/x-www-form-urlencoded' : 'application/json'
    const answer = await fetch(url, {
      method,
      redirect: 'manual',
      headers: {
        'user-agent': 'nabolag-test/1 test@example.org',
        'accept-encoding': 'gzip',
        ...(content === undefined ? {} : { 'content-type': type }),
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...headers,
      },
      body: content,
      signal: AbortSignal.timeout(timeout),
    }).catch((error: Error) => {
      throw new VendorFailure('unreachable', error.message)
    })
    const text = await answer.text().catch((error: Error) => {
      throw new VendorFailure('unreachable', error.message)
    })
    const after = answer.headers.get('retry-after')
    return { answer, text, json: parse(text), retryAfter: after ? Date.now() + 1000 * Number(after) : undefined, url }
  }

  const call =
    (method: string) =>
    async (path: string, options: HttpOptions = {}): Promise<unknown> => {
      const { answer, text, json, retryAfter } = await send(method, path, options)
      const failure = options.failureOf?.({ status: answer.status, body: json ?? text })
      if (failure) throw failure
      if (answer.status === 429) throw new VendorFailure('throttled', text, retryAfter)
      if (answer.status === 401 || answer.status === 403) throw new VendorFailure('refused', text)
      if (answer.status >= 500) throw new VendorFailure('unreachable', text)
      if (!answer.ok || (json === undefined && text !== '')) throw new VendorFailure('changed', text.slice(0, 80))
      return json
    }

  const exchange: Http['exchange'] = async (method, path, options = {}): Promise<Exchange> => {
    const { answer, text, json, retryAfter, url } = await send(method, path, options)
    const failure = options.failureOf?.({ status: answer.status, body: json ?? text })
    if (failure) throw failure
    const location = answer.headers.get('location')
    const cookies = answer.headers.getSetCookie().map((cookie) => /^([^=]+)=([^;]*)/.exec(cookie))
    return {
      status: answer.status,
      location: location === null ? undefined : new URL(location, url).href,
      cookies: Object.fromEntries(cookies.flatMap((found) => (found ? [[found[1]!.trim(), found[2]!.trim()]] : []))),
      retryAfter,
      headers: Object.fromEntries(answer.headers),
      text,
      json,
    }
  }
  return {
    get: call('GET'),
    post: call('POST'),
    put: call('PUT'),
    patch: call('PATCH'),
    delete: call('DELETE'),
    exchange,
  }
}

export const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
