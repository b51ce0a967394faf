/** One call over the wire: its time-out, the size of its answer, packing, and redirects. */
import { gunzipSync } from 'node:zlib'
import { VendorFailure } from '@nabolag/core'
import { type Agent, request } from 'undici'
import { headerOf } from './http-cache.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
export type Wire = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export type WireHost = {
  readonly agent: Agent
  /** For the whole of one call, ms. */
  readonly timeout: number
  /** Bytes of one body, unpacked. */
  readonly bodyLimit: number
}
export type WireCaller = { readonly secrets: readonly string[]; readonly signal: AbortSignal }

const mostRedirects = 3

/**
 * Sends one question and reads its whole answer, over redirects that give no secret away; `stay` follows none.
 *
 * @throws VendorFailure `unreachable` without an answer, `changed` for one that is too large or leads elsewhere
 */
export async function send(
  host: WireHost,
  caller: WireCaller,
  method: Method,
  url: URL,
  headers: Record<string, string>,
  body: string | undefined,
  redirects: number | 'stay' = 0,
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
    if (!target || redirects === 'stay') return wire
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

/** Whether a question holds one of these secrets. */
export const hasSecret = (
  secrets: readonly string[],
  url: URL,
  headers: Record<string, string>,
  body: string | undefined,
) => {
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
