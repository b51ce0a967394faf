/**
 * HTTP as integrations are given it: time-outs, limits, caching, budgets, and every failure named by its kind. One
 * `HttpHost` serves a thread; each run of a device makes its own `Http` from it.
 */
import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { VendorFailure } from '@nabolag/core'
import type { Http, HttpOptions } from '@nabolag/integrations/define'
import { type Agent, request } from 'undici'
import { expiryOf, type HttpCache, headerOf, retryAfterOf } from './http-cache.ts'

export type HttpHost = {
  readonly agent: Agent
  readonly cache: HttpCache
  /** Equal questions that are on their way: they share the answer. */
  readonly asking: Map<string, Promise<Answer>>
  readonly userAgent: string
  /** The vendor's address, or what stands in for it. */
  readonly base: string
  /** For the whole of one call, ms. */
  readonly timeout: number
  /** Bytes of one body, unpacked. */
  readonly bodyLimit: number
}

/** Who is asking. */
export type Caller = {
  readonly redact: (text: string) => string
  readonly secrets: readonly string[]
  readonly signal: AbortSignal
  /** Resolves when the account may make one more call; throws `throttled` while the vendor wants to be left alone. */
  readonly permit: () => Promise<void>
  /** Called right before the integration goes on with an answer. */
  readonly resume: () => void
  /** Told until when the vendor wants no further question. */
  readonly notBefore: (time: number) => void
}

type Answer = { readonly value: unknown; readonly expires: number | undefined }
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
type Wire = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

const mostRedirects = 3

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
    const wire = await send(host, caller, method, url, headers, body, 0)
    return { value: read(wire, url, options.failureOf), expires: undefined }
  }
  const key = keyOf(url, options)
  const kept = host.cache.get(key)
  if (kept && kept.expires > Date.now()) {
    caller.notBefore(kept.expires)
    return { value: parse(kept.body), expires: kept.expires }
  }
  let asking = host.asking.get(key)
  if (!asking) {
    asking = fetchFresh(host, caller, url, headers, key, options.failureOf).finally(() => host.asking.delete(key))
    host.asking.set(key, asking)
  }
  const answer = await asking
  if (answer.expires !== undefined) caller.notBefore(answer.expires)
  return answer
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
  await caller.permit()
  const kept = host.cache.get(key)
  const condition = kept && {
    ...(kept.lastModified === undefined ? {} : { 'if-modified-since': kept.lastModified }),
    ...(kept.etag === undefined ? {} : { 'if-none-match': kept.etag }),
  }
  const wire = await send(host, caller, 'GET', url, { ...headers, ...condition }, undefined, 0)
  const now = Date.now()
  const expires = expiryOf(wire.headers, now)
  if (wire.status === 304 && kept) {
    host.cache.set(key, { ...kept, expires: expires ?? now })
    return { value: parse(kept.body), expires }
  }
  const value = read(wire, url, said)
  const lastModified = headerOf(wire.headers, 'last-modified')
  const etag = headerOf(wire.headers, 'etag')
  const mayKeep = !/\bno-store\b/i.test(headerOf(wire.headers, 'cache-control') ?? '')
  if (mayKeep && ((expires ?? 0) > now || lastModified !== undefined || etag !== undefined)) {
    host.cache.set(key, { body: wire.body, expires: expires ?? 0, lastModified, etag })
  }
  return { value, expires }
}

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

async function send(
  host: HttpHost,
  caller: Caller,
  method: Method,
  url: URL,
  headers: Record<string, string>,
  body: string | undefined,
  redirects: number,
): Promise<Wire> {
  const abort = new AbortController()
  const stop = () => abort.abort(caller.signal.reason)
  if (caller.signal.aborted) stop()
  caller.signal.addEventListener('abort', stop, { once: true })
  const timer = setTimeout(
    () => abort.abort(new VendorFailure('unreachable', `${url.host} did not answer within ${host.timeout / 1000} s`)),
    host.timeout,
  )
  try {
    const answer = await request(url, { dispatcher: host.agent, method, headers, body, signal: abort.signal })
    const bytes = await readAll(answer.body, host.bodyLimit, url)
    const packed = /\bgzip\b/i.test(headerOf(answer.headers, 'content-encoding') ?? '') && bytes.length > 0
    const wire = {
      status: answer.statusCode,
      headers: answer.headers,
      body: (packed ? unpack(bytes, host.bodyLimit, url) : bytes).toString('utf8'),
    }
    const target = redirectOf(wire, url)
    if (!target) return wire
    const carries = headers.authorization !== undefined || hasSecret(caller.secrets, url, headers, body)
    if (redirects >= mostRedirects || (target.origin !== url.origin && (carries || target.protocol !== url.protocol)))
      throw new VendorFailure('changed', `${url.host} sends us on to ${target.host}, which we do not follow`)
    const again = wire.status === 307 || wire.status === 308 ? method : 'GET'
    return await send(host, caller, again, target, headers, again === method ? body : undefined, redirects + 1)
  } catch (error) {
    if (abort.signal.aborted && abort.signal.reason instanceof VendorFailure) throw abort.signal.reason
    throw error instanceof VendorFailure ? error : new VendorFailure('unreachable', `${url.host}: ${explain(error)}`)
  } finally {
    clearTimeout(timer)
    caller.signal.removeEventListener('abort', stop)
  }
}

const hasSecret = (secrets: readonly string[], url: URL, headers: Record<string, string>, body: string | undefined) => {
  const text = `${url.href} ${[...url.searchParams.values()].join(' ')} ${Object.values(headers).join(' ')} ${body ?? ''}`
  return secrets.some((secret) => secret !== '' && text.includes(secret))
}

function redirectOf({ status, headers }: Wire, from: URL): URL | undefined {
  const location = headerOf(headers, 'location')
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined
  return URL.canParse(location, from.href) ? new URL(location, from.href) : undefined
}

async function readAll(body: AsyncIterable<Buffer>, limit: number, url: URL): Promise<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of body) {
    size += part.length
    if (size > limit) throw tooLarge(url, limit)
    parts.push(part)
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}

function unpack(bytes: Buffer, limit: number, url: URL): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: limit })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(url, limit)
    throw new VendorFailure('unreachable', `The answer of ${url.host} arrived damaged`)
  }
}

const tooLarge = (url: URL, limit: number) =>
  new VendorFailure('changed', `The answer of ${url.host} is larger than ${Math.round(limit / 2 ** 20)} MiB`)

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

const known: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody answers there',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name cannot be looked up now',
  ECONNRESET: 'the connection broke',
  UND_ERR_SOCKET: 'the connection broke',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped half-way',
}

/** What went wrong with a connection, in a few words. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return 'the connection failed'
  const { code } = error as NodeJS.ErrnoException
  return (code && known[code]) ?? error.message.slice(0, 120)
}
