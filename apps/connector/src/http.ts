/**
 * HTTP as integrations are given it: time-outs, limits, caching, budgets, and every failure named by its kind. One
 * `HttpHost` serves a thread; each run of a device makes its own `Http` from it.
 */
import { createHash } from 'node:crypto'
import { VendorFailure } from '@nabolag/core'
import type { Http, HttpOptions } from '@nabolag/integrations/define'
import { expiryOf, type HttpCache, headerOf, type Kept, retryAfterOf } from './http-cache.ts'
import type { Shelf } from './shelf.ts'
import { explain, hasSecret, type Method, send, type Wire, type WireCaller, type WireHost } from './wire.ts'

export type HttpHost = WireHost & {
  readonly cache: HttpCache
  /** What outlives the thread; absent where nothing needs to. */
  readonly shelf?: Shelf
  /** Equal questions that are on their way: they share the answer. */
  readonly asking: Map<string, { readonly answer: Promise<Answer>; readonly signal: AbortSignal }>
  readonly userAgent: string
  /** The vendor's address, or what stands in for it. */
  readonly base: string
}

/** Who is asking. */
export type Caller = WireCaller & {
  readonly redact: (text: string) => string
  /** Resolves when the account may make one more call; throws `throttled` while the vendor wants to be left alone. */
  readonly permit: () => Promise<void>
  /** Waits for what somebody else was permitted to do; that wait does not count as the caller's time. */
  readonly patiently: <T>(answer: Promise<T>) => Promise<T>
  /** Called right before the integration goes on with an answer. */
  readonly resume: () => void
  /** Told until when the vendor wants no further question. */
  readonly notBefore: (time: number) => void
  /** Told of a part of a stream that cannot be read; the stream goes on. */
  readonly complain: (failure: VendorFailure) => void
}

type Answer = { readonly value: unknown; readonly expires: number | undefined }

/** `Http` for one run of a device. */
export function makeHttp(host: HttpHost, caller: Caller): Http {
  const call =
    (method: Method) =>
    (path: string, options: HttpOptions = {}) =>
      handOver(
        ask(host, caller, method, path, options).then(({ value }) => value),
        caller,
      )
  return { get: call('GET'), post: call('POST'), put: call('PUT'), patch: call('PATCH'), delete: call('DELETE') }
}

/**
 * Settles in a turn of the event loop of its own, so that whatever the integration does next is known to be this
 * caller's doing; and hides secrets in failures.
 */
const handOver = <T>(outcome: Promise<T>, caller: Caller): Promise<T> =>
  new Promise((resolve, reject) => {
    outcome.then(
      (value) =>
        setImmediate(() => {
          caller.resume()
          resolve(value)
        }),
      (error) => {
        const failure = error instanceof VendorFailure ? error : new VendorFailure('unreachable', explain(error))
        setImmediate(() => {
          caller.resume()
          reject(new VendorFailure(failure.kind, caller.redact(failure.message), failure.until))
        })
      },
    )
  })

async function ask(host: HttpHost, caller: Caller, method: Method, path: string, options: HttpOptions) {
  const url = addressOf(host.base, path, options.query)
  const headers: Record<string, string> = {
    accept: 'application/json',
    'accept-encoding': 'gzip',
    'user-agent': host.userAgent,
    ...lowerCase(options.headers ?? {}),
    ...(options.bearer === undefined ? {} : { authorization: `Bearer ${options.bearer}` }),
  }
  if (method !== 'GET') {
    await caller.permit()
    const body =
      options.body === undefined || typeof options.body === 'string' ? options.body : JSON.stringify(options.body)
    if (body !== undefined) headers['content-type'] ??= 'application/json'
    const wire = await send(host, caller, method, url, headers, body)
    return { value: read(wire, url, options.failureOf), expires: undefined }
  }
  const key = keyOf(url, options)
  for (;;) {
    const kept = host.cache.get(key)
    if (kept && kept.expires > Date.now()) {
      caller.notBefore(kept.expires)
      return answerOf(kept)
    }
    let asking = host.asking.get(key)
    const mine = !asking
    if (!asking) {
      const answer = fetchFresh(host, caller, url, headers, key, options.failureOf).finally(() =>
        host.asking.delete(key),
      )
      asking = { answer, signal: caller.signal }
      host.asking.set(key, asking)
    }
    try {
      const answer = await (mine ? asking.answer : caller.patiently(asking.answer))
      if (answer.expires !== undefined) caller.notBefore(answer.expires)
      return answer
    } catch (error) {
      // Whoever asked for both was stopped: then this one asks itself.
      if (mine || !asking.signal.aborted || caller.signal.aborted) throw error
    }
  }
}

/** Asks the vendor, on the condition of what is kept of its last answer. */
async function fetchFresh(
  host: HttpHost,
  caller: Caller,
  url: URL,
  headers: Record<string, string>,
  key: string,
  said: HttpOptions['failureOf'],
): Promise<Answer> {
  // What took a secret to get belongs to its owner: it is not put where it outlives them.
  const shelf = hasSecret(caller.secrets, url, headers, undefined) ? undefined : host.shelf
  const shelved = await shelf?.load(key)
  if (shelved && shelved.expires > (host.cache.get(key)?.expires ?? 0)) host.cache.set(key, shelved)
  const kept = host.cache.get(key)
  if (kept && kept.expires > Date.now()) return answerOf(kept)
  await caller.permit()
  const condition = kept && {
    ...(kept.lastModified === undefined ? {} : { 'if-modified-since': kept.lastModified }),
    ...(kept.etag === undefined ? {} : { 'if-none-match': kept.etag }),
  }
  const wire = await send(host, caller, 'GET', url, { ...headers, ...condition }, undefined)
  const now = Date.now()
  const expires = expiryOf(wire.headers, now)
  const keep = (fresh: Kept) => {
    host.cache.set(key, fresh)
    shelf?.save(key, fresh)
  }
  if (wire.status === 304 && kept) {
    keep({ ...kept, expires: expires ?? now })
    return { value: parse(kept.body), expires }
  }
  const value = read(wire, url, said)
  const lastModified = headerOf(wire.headers, 'last-modified')
  const etag = headerOf(wire.headers, 'etag')
  const mayKeep = !/\bno-store\b/i.test(headerOf(wire.headers, 'cache-control') ?? '')
  if (mayKeep && ((expires ?? 0) > now || lastModified !== undefined || etag !== undefined)) {
    keep({ body: wire.body, expires: expires ?? 0, lastModified, etag })
  }
  return { value, expires }
}

const answerOf = ({ body, expires }: Kept): Answer => ({ value: parse(body), expires })

/** The same address asked with the same credentials is the same question. */
const keyOf = (url: URL, { bearer, headers }: HttpOptions) =>
  bearer === undefined && headers === undefined
    ? url.href
    : `${url.href} ${createHash('sha256')
        .update(JSON.stringify([bearer, headers]))
        .digest('base64')}`

function addressOf(base: string, path: string, query: HttpOptions['query'] = {}): URL {
  const rest = path.replace(/^\/+/, '')
  const url = /^https?:/.test(path)
    ? new URL(path)
    : new URL(base.replace(/\/+$/, '') + (rest === '' ? '' : `/${rest}`))
  if (url.origin !== new URL(base).origin)
    throw new VendorFailure('changed', `The integration asks ${url.host}, which is not its vendor`)
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value))
  return url
}

/** The parsed answer. The vendor's own words for a failure come first, as the integration reads them; then the status. */
function read(wire: Wire, url: URL, said: HttpOptions['failureOf']): unknown {
  const failure = said?.({ status: wire.status, body: jsonOrText(wire.body) })
  if (failure) {
    const { kind, message, until = retryAfterOf(wire.headers, Date.now()) } = failure
    throw new VendorFailure(kind, message, until)
  }
  if (wire.status < 200 || wire.status >= 300) throw failureOf(wire.status, wire.headers, wire.body, url.host)
  return parse(wire.body)
}

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

const jsonOrText = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

function parse(body: string): unknown {
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

const lowerCase = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
