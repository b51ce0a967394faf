/** A vendor's HTTP server: its own answers, and the faults between them and the world. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { type Faults, isFault, makeFaults, spoil } from './faults.ts'

export type Question = {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  /** Parsed JSON; `undefined` when there is none or it is broken. */
  readonly body: unknown
}

export type Reply = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** A text goes out as it is; anything else as JSON. */
  readonly body: unknown
}

export type Vendor = {
  /** Who asks, for faults of one account. */
  account(question: Question): string | undefined
  answer(question: Question): Reply | Promise<Reply>
  readonly refused: Reply
  readonly throttled: Reply
  /** Carries out `duplicate` and `late` on a good answer, where that means something. */
  spoil?(body: unknown, account: string | undefined): unknown
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void
  close?(): void
}

export type Simulator = { readonly url: string; readonly faults: Faults; close(): Promise<void> }

export type ListenOptions = { readonly port?: number; readonly host?: string }

/** Starts one vendor. `make` gets its faults and the address it will have. */
export async function startVendor(
  make: (faults: Faults, url: () => string) => Vendor,
  { port = 0, host = '127.0.0.1' }: ListenOptions,
): Promise<Simulator> {
  const faults = makeFaults()
  let url = ''
  const vendor = make(faults, () => url)
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    handle(vendor, faults, request, response).catch((error: Error) => {
      if (!response.headersSent) send(request, response, { status: 500, body: { message: error.message } })
    })
  })
  server.keepAliveTimeout = 60_000
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  })
  server.on('upgrade', (request, socket, head) => {
    if (faults.strike('reset', undefined) || !vendor.upgrade) socket.destroy()
    else if (faults.strike('mute', undefined)) return
    else if (faults.strike('outage', undefined))
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n')
    else vendor.upgrade(request, socket, head)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  url = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`
  return {
    url,
    faults,
    close: async () => {
      vendor.close?.()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

async function handle(vendor: Vendor, faults: Faults, request: IncomingMessage, response: ServerResponse) {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://here')
  const question: Question = {
    method: request.method ?? 'GET',
    path: pathname.replace(/\/+$/, ''),
    query: searchParams,
    headers: request.headers,
    body: await readJson(request),
  }
  if (question.path === '/_faults') return send(request, response, admin(faults, question))
  const account = vendor.account(question)
  if (faults.strike('reset', account)) return request.socket.destroy()
  if (faults.strike('mute', account)) return
  const outage = faults.strike('outage', account)
  if (outage) return send(request, response, { status: outage.status ?? 503, body: 'service unavailable\n' })
  if (faults.strike('html', account))
    return send(request, response, {
      status: 502,
      headers: { 'content-type': 'text/html' },
      body: '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>',
    })
  const throttled = faults.strike('throttled', account)
  if (throttled) {
    const wait = throttled.retryAfter
    const headers = { ...vendor.throttled.headers, ...(wait === undefined ? {} : { 'retry-after': String(wait) }) }
    return send(request, response, { ...vendor.throttled, headers })
  }
  if (faults.strike('refused', account)) return send(request, response, vendor.refused)
  const reply = await vendor.answer(question)
  if (reply.status !== 200 || typeof reply.body === 'string') return send(request, response, reply)
  const body = spoil(faults, account, vendor.spoil ? vendor.spoil(reply.body, account) : reply.body)
  send(request, response, { ...reply, body }, faults.strike('half', account) !== undefined)
}

/** `GET` lists; `POST {fault, on, retryAfter?, status?, seconds?, account?}` switches; `DELETE` ends all. */
function admin(faults: Faults, { method, body }: Question): Reply {
  if (method === 'DELETE') faults.clear()
  if (method === 'POST') {
    const { fault, on, ...options } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
    if (!isFault(fault)) return { status: 400, body: { message: 'There is no such fault' } }
    if (on === false) faults.unset(fault)
    else faults.set(fault, options)
  }
  return { status: 200, body: { on: faults.on, struck: faults.struck } }
}

function send(request: IncomingMessage, response: ServerResponse, reply: Reply, half = false) {
  const { status, headers = {}, body } = reply
  const whole = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body)
  const bytes = Buffer.from(half ? whole.slice(0, whole.length / 2) : whole)
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json'
  const pack = bytes.length > 1000 && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  const out = pack ? gzipSync(bytes, { level: 1 }) : bytes
  response.writeHead(status, {
    ...(status === 304 ? {} : { 'content-type': type, 'content-length': String(out.length) }),
    vary: 'Accept, Accept-Encoding',
    ...(pack ? { 'content-encoding': 'gzip' } : {}),
    ...headers,
  })
  response.end(status === 304 ? undefined : out)
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  if (parts.length === 0) return undefined
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'))
  } catch {
    return undefined
  }
}

/** Counts per account how often it asked within a window; too often is `true`. */
export function makeAllowance(count: number, perSeconds: number, now: () => number = Date.now) {
  const asked = new Map<string, number[]>()
  return (account: string): boolean => {
    const since = now() - perSeconds * 1000
    const times = (asked.get(account) ?? []).filter((time) => time > since)
    asked.set(account, times)
    if (times.length >= count) return true
    times.push(now())
    return false
  }
}

/** Accounts of the density bench: `bench-1`, `bench-2` …; all are good and cost next to nothing. */
export const isBench = (account: string | undefined): account is string => /^bench-\d+$/.test(account ?? '')
