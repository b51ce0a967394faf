/** GraphQL over WebSocket (`graphql-transport-ws`): one subscription or several over a socket, as an iterable of answers. */
import type { ClientRequest, IncomingMessage } from 'node:http'
import { VendorFailure } from '@nabolag/core'
import type { GraphqlNews, Link } from '@nabolag/integrations/define'
import { WebSocket } from 'ws'
import { failureOf } from './answer.ts'
import type { Caller, HttpHost } from './http.ts'
import { explain } from './wire.ts'

type Frame = { readonly type?: string; readonly id?: unknown; readonly payload?: unknown }
type Together = Parameters<Link['graphqlTogether']>[0]
type GraphqlError = { readonly message?: unknown; readonly extensions?: { readonly code?: unknown } | null }

const mostWaiting = 1000
const frameLimit = 4 * 2 ** 20
const protocol = 'graphql-transport-ws'

/** Makes `link.graphql` for one run. Each subscription has a socket of its own, closed when the run ends. */
export const makeGraphql =
  (host: HttpHost, caller: Caller): Link['graphql'] =>
  ({ url, init, query, variables }) => ({
    [Symbol.asyncIterator]() {
      const together = { url, init, subscriptions: [{ query, ...(variables === undefined ? {} : { variables }) }] }
      const news = subscribe(host, caller, together, true)
      const dataOf = ({ value }: IteratorResult<GraphqlNews>): IteratorResult<unknown> => ({
        done: false,
        value: value.data,
      })
      return {
        next: () => news.next().then((result) => (result.done ? result : dataOf(result))),
        return: () => news.return!(),
      }
    },
  })

/** Makes `link.graphqlTogether` for one run: all its subscriptions share one socket, closed when the run ends. */
export const makeGraphqlTogether =
  (host: HttpHost, caller: Caller): Link['graphqlTogether'] =>
  (together) => ({
    [Symbol.asyncIterator]: () => subscribe(host, caller, together, false),
  })

/** `alone`: what ends the one subscription ends the iteration. */
function subscribe(
  host: HttpHost,
  caller: Caller,
  { url, init, subscriptions }: Together,
  alone: boolean,
): AsyncIterator<GraphqlNews> {
  const waiting: GraphqlNews[] = []
  const open = new Set(subscriptions.keys())
  let wanted: { resolve(result: IteratorResult<GraphqlNews>): void; reject(error: VendorFailure): void } | undefined
  let ended: { failure?: VendorFailure } | undefined
  let socket: WebSocket | undefined
  let patience: NodeJS.Timeout | undefined

  const hide = ({ kind, message, until }: VendorFailure) => new VendorFailure(kind, caller.redact(message), until)
  const end = (failure?: VendorFailure) => {
    if (ended) return
    ended = { failure: failure && hide(failure) }
    clearTimeout(patience)
    caller.signal.removeEventListener('abort', stop)
    closeSocket(socket, subscriptions.length)
    caller.resume()
    if (ended.failure) wanted?.reject(ended.failure)
    else wanted?.resolve({ done: true, value: undefined })
    wanted = undefined
  }
  const stop = () => end()
  const give = (value: GraphqlNews) => {
    if (wanted) {
      const { resolve } = wanted
      wanted = undefined
      caller.resume()
      resolve({ done: false, value })
    } else if (waiting.length < mostWaiting) waiting.push(value)
    else end(new VendorFailure('changed', `More than ${mostWaiting} answers came faster than they could be read`))
  }
  /** One subscription is over; with the last one it all is. */
  const endOne = (nth: number, failure: VendorFailure | undefined, tell: boolean) => {
    if (alone) return end(failure)
    if (!open.delete(nth)) return
    if (tell) socket?.send(JSON.stringify({ id: String(nth + 1), type: 'complete' }))
    const why = failure ?? new VendorFailure('unreachable', 'The vendor completed the subscription')
    give({ nth, failure: hide(why) })
    if (open.size === 0) end(why)
  }
  const onFrame = ({ type, id, payload }: Frame) => {
    const nth = alone ? 0 : Number(id) - 1
    if (type === 'ping') socket?.send('{"type":"pong"}')
    else if (type === 'connection_ack') {
      clearTimeout(patience)
      for (const [at, { query, variables }] of subscriptions.entries())
        socket?.send(JSON.stringify({ id: String(at + 1), type: 'subscribe', payload: { query, variables } }))
    } else if (!open.has(nth)) return
    else if (type === 'next') {
      const { data, errors } = (payload ?? {}) as { data?: unknown; errors?: unknown }
      const failure = Array.isArray(errors) && errors.length > 0 ? failureOfErrors(errors) : undefined
      const isAnswer = typeof data === 'object' && data !== null
      if (failure && (!isAnswer || failure.kind === 'refused' || failure.kind === 'throttled'))
        endOne(nth, failure, true)
      else if (isAnswer) give({ nth, data })
      else caller.complain(new VendorFailure('changed', 'The vendor sent an answer without data'))
    } else if (type === 'error') endOne(nth, failureOfErrors(Array.isArray(payload) ? payload : []), false)
    else if (type === 'complete') endOne(nth, undefined, false)
  }
  const dial = () => {
    if (caller.signal.aborted) return end()
    caller.signal.addEventListener('abort', stop, { once: true })
    const refusal = complainAbout(url, host.addresses.base)
    if (refusal) return end(refusal)
    const { host: name } = new URL(url)
    socket = new WebSocket(url, protocol, {
      headers: { 'user-agent': host.userAgent },
      perMessageDeflate: false,
      handshakeTimeout: 10_000,
      maxPayload: frameLimit,
    })
    patience = setTimeout(
      () =>
        end(new VendorFailure('unreachable', `${name} did not take up the connection within ${host.timeout / 1000} s`)),
      host.timeout,
    )
    socket.on('open', () => socket?.send(JSON.stringify({ type: 'connection_init', payload: init })))
    socket.on('message', (bytes: Buffer) => {
      if (ended) return
      let frame: unknown
      try {
        frame = JSON.parse(bytes.toString())
      } catch {
        return caller.complain(new VendorFailure('changed', `${name} sent what is not JSON`))
      }
      if (typeof frame !== 'object' || frame === null)
        return caller.complain(new VendorFailure('changed', `${name} sent what is not a frame of ${protocol}`))
      onFrame(frame)
    })
    socket.on('unexpected-response', (request: ClientRequest, answer: IncomingMessage) => {
      answer.resume()
      request.destroy()
      end(failureOf(answer.statusCode ?? 500, answer.headers, '', name))
    })
    socket.on('error', (error) => end(new VendorFailure('unreachable', `${name}: ${explain(error)}`)))
    socket.on('close', (code, reason) => end(failureOfClose(code, reason.toString(), name)))
  }

  dial()
  return {
    next() {
      if (waiting.length > 0) {
        caller.resume()
        return Promise.resolve({ done: false, value: waiting.shift()! })
      }
      if (ended?.failure) return Promise.reject(ended.failure)
      if (ended) return Promise.resolve({ done: true, value: undefined })
      return new Promise((resolve, reject) => {
        wanted = { resolve, reject }
      })
    },
    return() {
      end()
      return Promise.resolve({ done: true, value: undefined })
    },
  }
}

/** The vendor tells the address itself: it must be one, and must not be less guarded than the vendor's own. */
function complainAbout(url: string, base: string): VendorFailure | undefined {
  if (!URL.canParse(url)) return new VendorFailure('changed', 'The vendor gave no address for the stream')
  const { protocol } = new URL(url)
  if (protocol === 'wss:' || (protocol === 'ws:' && new URL(base).protocol === 'http:')) return undefined
  return new VendorFailure('changed', `The vendor gave an address for the stream that begins ${protocol}//, not wss://`)
}

/** Says goodbye, and hangs up when that is not answered. */
function closeSocket(socket: WebSocket | undefined, subscriptions: number): void {
  if (!socket) return
  socket.removeAllListeners()
  socket.on('error', () => {})
  if (socket.readyState === WebSocket.OPEN) {
    for (let id = 1; id <= subscriptions; id++) socket.send(JSON.stringify({ id: String(id), type: 'complete' }))
    socket.close(1000)
    const timer = setTimeout(() => socket.terminate(), 2000)
    timer.unref()
    socket.on('close', () => clearTimeout(timer))
  } else socket.terminate()
}

function failureOfErrors(errors: readonly GraphqlError[]): VendorFailure {
  const [first] = errors
  const code = String(first?.extensions?.code ?? '')
  const message = typeof first?.message === 'string' ? first.message.slice(0, 160) : 'no reason given'
  const text = `The vendor ended the stream: ${message}${code === '' ? '' : ` (${code})`}`
  if (/UNAUTHENTICATED|UNAUTHORIZED|FORBIDDEN/i.test(code)) return new VendorFailure('refused', text)
  if (/TOO_MANY|RATE_?LIMIT|THROTTL/i.test(code)) return new VendorFailure('throttled', text)
  if (/VALIDATION|PARSE|BAD_USER_INPUT/i.test(code) || /^(Syntax Error|Cannot query field)/.test(message))
    return new VendorFailure('changed', text)
  return new VendorFailure('unreachable', text)
}

function failureOfClose(code: number, reason: string, name: string): VendorFailure {
  const text = `${name} closed the stream (${code}${reason === '' ? '' : ` ${reason.slice(0, 120)}`})`
  if (code === 4401 || code === 4403) return new VendorFailure('refused', text)
  if (code === 4429) return new VendorFailure('throttled', text)
  if (code === 4400 || code === 4406) return new VendorFailure('changed', text)
  return new VendorFailure('unreachable', text)
}
