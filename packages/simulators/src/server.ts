/**
 * A vendor's HTTP server: its own answers, and the faults between them and the world. A new vendor is a `Vendor` handed
 * to `startVendor` and a line in `starters` (index.ts); what the fault menu asks of it stands in `faults.ts`.
 */
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
  /** The body as it came: forms are read from it with `URLSearchParams`. */
  readonly text: string
}

export type Reply = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** A text goes out as it is; anything else as JSON. */
  readonly body: unknown
}

/** An account that the simulated vendor knows: the credentials as an owner would type them. */
export type Account = {
  readonly integration: string
  readonly credentials: Readonly<Record<string, string | number>>
  /** What is behind it, in a few words. */
  readonly holds?: string
}

export type Vendor = {
  /** Who asks, for faults of one account. */
  account(question: Question): string | undefined
  answer(question: Question): Reply | Promise<Reply>
  readonly refused: Reply
  readonly throttled: Reply
  /** Carries out `duplicate` and `late` on a good answer, where that means something. */
  spoil?(body: unknown, account: string | undefined): unknown
  /** The answer to a command that the vendor will not have, for the fault `rejected`; `undefined` for what is no command. */
  reject?(question: Question): Reply | undefined
  /** Answers what whoever runs the simulator asks of it besides `/_faults`; no fault stands in the way. */
  own?(question: Question): Reply | undefined
  /** Shown to whoever runs the simulator by hand. */
  readonly accounts?: readonly Account[]
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void
  close?(): void
}

export type Simulator = {
  /** What goes into `NABOLAG_VENDOR_URLS`; of several origins joined by `|`. */
  readonly url: string
  readonly faults: Faults
  /** Where faults are switched over HTTP, when that is not `<url>/_faults`. */
  readonly faultsUrl?: string
  readonly accounts?: readonly Account[]
  /** Calls so far, whatever came of them; `undefined` where the vendor is not asked over HTTP. */
  readonly calls?: () => number
  close(): Promise<void>
}

export type ListenOptions = { readonly port?: number; readonly host?: string }

/** Starts one vendor. `make` gets its faults and the address it will have. */
export async function startVendor(
  make: (faults: Faults, url: () => string) => Vendor,
  { port = 0, host = '127.0.0.1' }: ListenOptions,
  faults: Faults = makeFaults(),
): Promise<Simulator> {
  let url = ''
  let calls = 0
  const vendor = make(faults, () => url)
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    if (!request.url?.startsWith('/_faults')) calls++
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
    accounts: vendor.accounts,
    calls: () => calls,
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
  const text = await readText(request)
  const question: Question = {
    method: request.method ?? 'GET',
    path: pathname.replace(/\/+$/, ''),
    query: searchParams,
    headers: request.headers,
    body: parse(text),
    text,
  }
  if (question.path === '/_faults') return send(request, response, admin(faults, question))
  const own = vendor.own?.(question)
  if (own) return send(request, response, own)
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
  const rejected = faults.active('rejected', account) && vendor.reject?.(question)
  if (rejected && faults.strike('rejected', account)) return send(request, response, rejected)
  const reply = await vendor.answer(question)
  if (reply.status >= 300 || reply.body === undefined || typeof reply.body === 'string')
    return send(request, response, reply)
  const body = spoil(faults, account, vendor.spoil ? vendor.spoil(reply.body, account) : reply.body)
  send(request, response, { ...reply, body }, faults.strike('half', account) !== undefined)
}

/** A server that only switches faults, for vendors that do not speak HTTP: its address is `faultsUrl`. */
export async function startFaultSwitch(faults: Faults, options: ListenOptions = {}) {
  const nobody: Reply = { status: 404, body: 'Not found\n' }
  const { url, close } = await startVendor(
    () => ({ account: () => undefined, answer: () => nobody, refused: nobody, throttled: nobody }),
    options,
    faults,
  )
  return { faultsUrl: `${url}/_faults`, close }
}

/** `GET` lists; `POST {fault, on, retryAfter?, status?, seconds?, season?, account?}` switches; `DELETE` ends all. */
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
  const bodyless = status === 304 || status === 204
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json'
  const pack = bytes.length > 1000 && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  const out = pack ? gzipSync(bytes, { level: 1 }) : bytes
  response.writeHead(status, {
    ...(bodyless ? {} : { 'content-type': type, 'content-length': String(out.length) }),
    vary: 'Accept, Accept-Encoding',
    ...(pack ? { 'content-encoding': 'gzip' } : {}),
    ...(headers as Record<string, string | string[]>),
  })
  response.end(bodyless ? undefined : out)
}

async function readText(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
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
