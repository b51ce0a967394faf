/**
 * HTTP as integrations are given it: time-outs, limits, caching, budgets, and every failure named by its kind. One
 * `HttpHost` serves a thread; each run of a device makes its own `Http` from it.
 */
import { createHash } from 'node:crypto'
import { VendorFailure } from '@nabolag/core'
import { type Http, type HttpOptions, millis } from '@nabolag/integrations/define'
import { type Addresses, addressOf } from './addresses.ts'
import { dated, jsonOrText, parse, read } from './answer.ts'
import { toExchange } from './exchange.ts'
import { expiryOf, type HttpCache, headerOf, isFresh, type Kept } from './http-cache.ts'
import type { Shelf } from './shelf.ts'
import { explain, hasSecret, type Method, send, type WireCaller, type WireHost } from './wire.ts'

export type HttpHost = WireHost & {
  readonly cache: HttpCache
  /** What outlives the thread; absent where nothing needs to. */
  readonly shelf?: Shelf
  /** Equal questions that are on their way: they share the answer. */
  readonly asking: Map<string, { readonly answer: Promise<Answer>; readonly signal: AbortSignal }>
  /** Failures of questions that are the same for everybody (`share`), and until when they stand for an answer, ms. */
  readonly failed?: Map<string, { readonly failure: VendorFailure; readonly until: number }>
  readonly userAgent: string
  /** The vendor's addresses, or what stands in for them. */
  readonly addresses: Addresses
}

/** Who is asking. */
export type Caller = WireCaller & {
  readonly redact: (text: string) => string
  /**
   * Resolves when the account may make one more call; throws `throttled` while the vendor wants to be left alone.
   * `patience`: how long that call may take, ms.
   */
  readonly permit: (patience: number) => Promise<void>
  /** Waits for what somebody else was permitted to do; that wait does not count as the caller's time. */
  readonly patiently: <T>(answer: Promise<T>) => Promise<T>
  /** Called right before the integration goes on with an answer. */
  readonly resume: () => void
  /** Told until when the vendor wants no further question. */
  readonly notBefore: (time: number) => void
  /** Told under which key an answer is kept, where it may be kept. */
  readonly asked: (key: string) => void
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
  return {
    get: call('GET'),
    post: call('POST'),
    put: call('PUT'),
    patch: call('PATCH'),
    delete: call('DELETE'),
    exchange: (method, path, options = {}) => handOver(exchange(host, caller, method, path, options), caller),
  }
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
  const url = addressOf(host.addresses, path, options.query)
  const { headers, body } = questionOf(host, options)
  await wait(options, caller)
  if (method !== 'GET') {
    const patient = patientFor(host, options)
    await caller.permit(patient.timeout)
    const wire = await send(patient, caller, method, url, headers, body)
    return { value: read(wire, url, options.failureOf), expires: undefined }
  }
  const key = keyOf(url, options)
  caller.asked(key)
  const share = options.share === undefined ? 0 : millis(options.share)
  for (;;) {
    const kept = host.cache.get(key)
    if (kept && isFresh(kept, Date.now())) {
      caller.notBefore(kept.expires)
      return answerOf(kept)
    }
    if (kept && isYoung(kept, share)) return answerOf(kept)
    const failed = share > 0 ? host.failed?.get(key) : undefined
    if (failed && failed.until > Date.now()) throw failed.failure
    let asking = host.asking.get(key)
    const mine = !asking
    if (!asking) {
      const answer = fetchFresh(patientFor(host, options), caller, url, headers, key, share, options.failureOf).finally(
        () => host.asking.delete(key),
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
      if (!mine && asking.signal.aborted && !caller.signal.aborted) continue
      if (mine && share > 0 && !caller.signal.aborted) shareFailure(host, key, share, error)
      throw error
    }
  }
}

const failureHolds = 2000

/** A failure of what everybody asks stands for a few seconds, so that they do not all run into it at once, or for as long as the vendor wants to be left alone. */
function shareFailure({ failed }: HttpHost, key: string, share: number, failure: unknown): void {
  if (!failed || !(failure instanceof VendorFailure)) return
  const now = Date.now()
  for (const [old, { until }] of failed) if (until <= now) failed.delete(old)
  failed.set(key, { failure, until: Math.max(now + Math.min(share, failureHolds), failure.until ?? 0) })
}

const isYoung = ({ at }: Kept, share: number): boolean => at !== undefined && Math.abs(Date.now() - at) < share

const longestPatience = 5 * 60_000
const longestAfter = 10_000

const patientFor = (host: HttpHost, { patience }: HttpOptions): HttpHost =>
  patience === undefined
    ? host
    : { ...host, timeout: Math.max(host.timeout, Math.min(longestPatience, millis(patience))) }

/** Until the call is due; at once when its caller is stopped. */
const wait = ({ after }: HttpOptions, { signal }: Caller): Promise<void> =>
  new Promise((resolve) => {
    if (after === undefined || signal.aborted) return resolve()
    const timer = setTimeout(
      () => {
        signal.removeEventListener('abort', stop)
        resolve()
      },
      Math.min(longestAfter, millis(after)),
    )
    const stop = () => {
      clearTimeout(timer)
      resolve()
    }
    signal.addEventListener('abort', stop, { once: true })
  })

/** What goes out besides the address. */
function questionOf(host: HttpHost, { headers: given = {}, bearer, body: json, form }: HttpOptions) {
  const headers: Record<string, string> = {
    accept: 'application/json',
    'accept-encoding': 'gzip',
    'user-agent': host.userAgent,
    ...lowerCase(given),
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
  }
  const plain = json === undefined || typeof json === 'string' ? json : JSON.stringify(json)
  const body = form === undefined ? plain : new URLSearchParams({ ...form }).toString()
  if (body !== undefined)
    headers['content-type'] ??= form === undefined ? 'application/json' : 'application/x-www-form-urlencoded'
  return { headers, body }
}

/** One call whose answer is for the integration to judge. */
async function exchange(host: HttpHost, caller: Caller, method: Method, path: string, options: HttpOptions) {
  const url = addressOf(host.addresses, path, options.query)
  const { headers, body } = questionOf(host, { ...options, headers: { accept: '*/*', ...options.headers } })
  await wait(options, caller)
  const patient = patientFor(host, options)
  await caller.permit(patient.timeout)
  const wire = await send(patient, caller, method, url, headers, method === 'GET' ? undefined : body, 'stay')
  const failure = options.failureOf?.({ status: wire.status, body: jsonOrText(wire.body) })
  if (failure) throw dated(failure, wire)
  return toExchange(wire, url)
}

/** Asks the vendor, on the condition of what is kept of its last answer. */
async function fetchFresh(
  host: HttpHost,
  caller: Caller,
  url: URL,
  headers: Record<string, string>,
  key: string,
  share: number,
  said: HttpOptions['failureOf'],
): Promise<Answer> {
  // What took a secret to get belongs to its owner: it is not put where it outlives them.
  const shelf = hasSecret(caller.secrets, url, headers, undefined) ? undefined : host.shelf
  const shelved = await shelf?.load(key)
  const cached = host.cache.get(key)
  const isBetter = (shelf: Kept) =>
    shelf.expires > (cached?.expires ?? 0) || (share > 0 && (shelf.at ?? 0) > (cached?.at ?? 0))
  if (shelved && isBetter(shelved)) host.cache.set(key, shelved)
  const kept = host.cache.get(key)
  if (kept && isFresh(kept, Date.now())) return answerOf(kept)
  if (kept && isYoung(kept, share)) return answerOf(kept)
  await caller.permit(host.timeout)
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
    keep({ ...kept, expires: expires ?? now, at: now })
    return { value: parse(kept.body), expires }
  }
  const value = read(wire, url, said)
  const lastModified = headerOf(wire.headers, 'last-modified')
  const etag = headerOf(wire.headers, 'etag')
  const mayKeep = !/\bno-store\b/i.test(headerOf(wire.headers, 'cache-control') ?? '')
  if (mayKeep && (share > 0 || (expires ?? 0) > now || lastModified !== undefined || etag !== undefined)) {
    keep({ body: wire.body, expires: expires ?? 0, lastModified, etag, at: now })
  }
  return { value, expires }
}

/**
 * Answers that turned out to be of no use are asked for anew from `at` (ms) on, and without conditions, whatever the
 * vendor allowed.
 */
export function hastenAnswers({ cache, shelf }: HttpHost, keys: readonly string[], at: number): void {
  for (const key of keys) {
    const kept = cache.get(key)
    if (
      !kept ||
      (kept.expires <= at && kept.lastModified === undefined && kept.etag === undefined && kept.at === undefined)
    )
      continue
    const hastened = {
      body: kept.body,
      expires: Math.min(kept.expires, at),
      lastModified: undefined,
      etag: undefined,
    }
    cache.set(key, hastened)
    shelf?.save(key, hastened)
  }
}

const answerOf = ({ body, expires }: Kept): Answer => ({ value: parse(body), expires })

/** The same address asked with the same credentials is the same question. */
const keyOf = (url: URL, { bearer, headers }: HttpOptions) =>
  bearer === undefined && headers === undefined
    ? url.href
    : `${url.href} ${createHash('sha256')
        .update(JSON.stringify([bearer, headers]))
        .digest('base64')}`

const lowerCase = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
