/** The least that a host must give an integration, for tests: no cache, no budget, no second try. */
import { VendorFailure } from '@nabolag/core'
import {
  type AnyIntegration,
  type Http,
  type HttpOptions,
  integrationOf,
  type Link,
  type Reading,
  resolveBase,
} from '@nabolag/integrations'
import { Check } from 'typebox/value'
import { WebSocket } from 'ws'

export function plainHttp(base: string, timeout = 5000): Http {
  const call =
    (method: string) =>
    async (path: string, { query = {}, bearer, headers, body, failureOf }: HttpOptions = {}): Promise<unknown> => {
      const url = new URL(base + path)
      for (const [name, value] of Object.entries(query))
        if (value !== undefined) url.searchParams.set(name, String(value))
      const answer = await fetch(url, {
        method,
        headers: {
          'user-agent': 'nabolag-test/1 test@example.org',
          'accept-encoding': 'gzip',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
          ...headers,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(timeout),
      }).catch((error: Error) => {
        throw new VendorFailure('unreachable', error.message)
      })
      const text = await answer.text()
      const parsed = parse(text)
      const failure = failureOf?.({ status: answer.status, body: parsed ?? text })
      if (failure) throw failure
      const retryAfter = answer.headers.get('retry-after')
      if (answer.status === 429)
        throw new VendorFailure('throttled', text, retryAfter ? Date.now() + 1000 * Number(retryAfter) : undefined)
      if (answer.status === 401 || answer.status === 403) throw new VendorFailure('refused', text)
      if (answer.status >= 500) throw new VendorFailure('unreachable', text)
      if (!answer.ok || parsed === undefined) throw new VendorFailure('changed', text.slice(0, 80))
      return parsed
    }
  return { get: call('GET'), post: call('POST'), put: call('PUT'), patch: call('PATCH'), delete: call('DELETE') }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const plainLink = (http: Http, signal: AbortSignal): Link => ({
  http,
  graphql: async function* ({ url, init, query, variables }) {
    const socket = new WebSocket(url, 'graphql-transport-ws', { headers: { 'user-agent': 'nabolag-test/1' } })
    const frames: { type: string; payload?: { data?: unknown; errors?: unknown } }[] = []
    let wake = () => {}
    let over: VendorFailure | undefined
    signal.addEventListener('abort', () => wake())
    const end = (why: string, kind: 'unreachable' | 'refused' | 'throttled' | 'changed') => {
      over ??= new VendorFailure(kind, why)
      wake()
    }
    socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: init })))
    socket.on('error', (error) => end(error.message, 'unreachable'))
    socket.on('close', (code, reason) =>
      end(`${code} ${reason}`, code === 4403 ? 'refused' : code === 4429 ? 'throttled' : 'unreachable'),
    )
    socket.on('message', (data) => {
      const frame = parse(String(data)) as (typeof frames)[number] | undefined
      if (!frame) return end('half a frame', 'changed')
      if (frame.type === 'connection_ack')
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables } }))
      else frames.push(frame)
      wake()
    })
    try {
      while (!signal.aborted) {
        const frame = frames.shift()
        if (frame?.type === 'next' && frame.payload?.errors) throw new VendorFailure('unreachable', 'errors in a next')
        if (frame?.type === 'next') yield frame.payload?.data
        else if (frame?.type === 'complete') return
        else if (frame?.type === 'error') throw new VendorFailure('changed', JSON.stringify(frame.payload))
        else if (!frame && over) throw over
        else if (!frame)
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      }
    } finally {
      socket.terminate()
    }
  },
})

/** Asks once, as the host does: fetch, check, map. */
export async function pollOnce(
  name: string,
  origin: string,
  credentials: object,
  timeout?: number,
): Promise<readonly Reading[]> {
  const integration = integrationOf(name) as AnyIntegration
  const http = plainHttp(resolveBase(integration.base, origin), timeout)
  const answer = await integration.fetch!({ http, credentials } as never)
  return readings(integration, answer)
}

/** Listens until it has so many readings, or the stream fails. */
export async function listenFor(
  name: string,
  origin: string,
  credentials: object,
  count: number,
): Promise<readonly Reading[]> {
  const integration = integrationOf(name) as AnyIntegration
  const heard: Reading[] = []
  const enough = new AbortController()
  const link = plainLink(plainHttp(resolveBase(integration.base, origin)), enough.signal)
  const hear = (answer: unknown) => {
    heard.push(...readings(integration, answer))
    if (heard.length >= count) enough.abort()
  }
  await integration.listen!({ link, credentials } as never, hear, enough.signal)
  return heard
}

function readings(integration: AnyIntegration, answer: unknown): readonly Reading[] {
  if (!Check(integration.status, answer)) throw new VendorFailure('changed', 'The answer does not fit')
  return integration.samples(answer as never, {} as never)
}
