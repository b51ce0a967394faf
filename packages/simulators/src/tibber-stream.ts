/**
 * Tibber's live stream: GraphQL over WebSocket, with its habits of closing. A fault whose account is the id of a home
 * strikes that home alone: `outage` as Tibber fails to start one stream, `mute` as it forgets one.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { execute, GraphQLError, parse, subscribe, validate } from 'graphql'
import { handleProtocols, makeServer } from 'graphql-ws'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Faults, shownTime, spoil } from './faults.ts'
import { homesOf } from './tibber-home.ts'
import { schema } from './tibber-schema.ts'
import { localIso } from './world/local-time.ts'
import type { World } from './world/world.ts'

type Extra = { readonly socket: WebSocket; token?: string; readonly done: AbortController }

export type Stream = { upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void; close(): void }

export function makeStream(world: World, faults: Faults, path: string): Stream {
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => handleProtocols(offered),
    perMessageDeflate: false,
  })
  const open = new Map<string, number>()
  const listeners = new Set<Extra>()
  const server = makeServer<Record<string, unknown>, Extra>({
    schema,
    // The same copy of the library that made the schema: a test runner may load two.
    parse,
    validate,
    execute,
    subscribe,
    connectionInitWaitTimeout: 10_000,
    context: ({ extra }) => extra,
    roots: { subscription: { liveMeasurement: live, testMeasurement: live } },
    onConnect: ({ connectionParams, extra }) => {
      const given = connectionParams?.token
      const token = typeof given === 'string' ? given : undefined
      if (connectionParams === undefined || Object.keys(connectionParams).length === 0)
        return close(extra, 4500, 'Internal server error')
      if (!homesOf(world, token) || faults.strike('refused', token)) return close(extra, 4403, 'Invalid token')
      if (faults.strike('throttled', token) || (open.get(token!) ?? 0) >= 2)
        return close(extra, 4429, 'Too many open connections on this server: 2')
      extra.token = token!
      open.set(token!, (open.get(token!) ?? 0) + 1)
      return true
    },
    onNext: ({ extra }, _id, _payload, _args, result) => ({
      ...result,
      // Tibber leaves the data out beside errors.
      data: result.errors ? undefined : (spoil(faults, extra.token, result.data) as never),
    }),
  })

  /** Measurements at the moments of the meter; the first is the one before. */
  async function* live({ homeId }: { homeId?: string }, { token, done }: Extra) {
    const homes = homesOf(world, token) ?? []
    const home = homeId === undefined ? homes[0] : homes.find(({ id }) => id === homeId)
    if (!home) throw new GraphQLError('home not found', { extensions: { code: 'HOME_NOT_FOUND' } })
    if (faults.strike('outage', home.id)) {
      const error = new GraphQLError(`unable to start stream api:0123456789abcdef for device ${home.id}`)
      yield { liveMeasurement: error, testMeasurement: error }
      return
    }
    let last = 0
    while (!done.signal.aborted) {
      const { every, offset } = home
      const at = Math.floor((world.now() - offset) / every) * every + offset
      if (at > last && faults.strike('mute', home.id)) last = at
      else if (at > last) {
        last = at
        const late = faults.strike('late', token)
        const shown = shownTime(faults, token, at)
        const measured = home.live(shown)
        const point = late ? { ...measured, timestamp: localIso(shown - 1000 * (late.seconds ?? 600)) } : measured
        yield { liveMeasurement: point, testMeasurement: point }
        if (faults.strike('duplicate', token)) yield { liveMeasurement: point, testMeasurement: point }
      }
      await sleep(Math.max(20, last + every - world.now()), undefined, { signal: done.signal }).catch(() => {})
    }
  }

  faults.onSet((fault) => {
    if (fault !== 'outage' && fault !== 'reset') return
    for (const { socket, token } of listeners) {
      if (!faults.active(fault, token)) continue
      if (fault === 'outage') socket.close(1001, 'Going away')
      else socket.terminate()
    }
  })

  sockets.on('connection', (socket: WebSocket) => {
    const extra: Extra = { socket, done: new AbortController() }
    listeners.add(extra)
    const closed = server.opened(
      {
        protocol: socket.protocol,
        send: (text) => {
          if (faults.strike('mute', extra.token)) return
          socket.send(faults.strike('half', extra.token) ? text.slice(0, text.length / 2) : text)
        },
        close: (code, reason) => socket.close(code, reason),
        onMessage: (listener) => {
          socket.on('message', (data) => {
            if (faults.active('mute', extra.token)) return
            listener(String(data)).catch(() => socket.close(4500, 'Internal server error'))
          })
        },
      },
      extra,
    )
    socket.on('error', () => socket.terminate())
    socket.once('close', (code, reason) => {
      extra.done.abort()
      listeners.delete(extra)
      if (extra.token !== undefined) {
        const left = (open.get(extra.token) ?? 1) - 1
        if (left > 0) open.set(extra.token, left)
        else open.delete(extra.token)
      }
      closed(code, String(reason)).catch(() => {})
    })
  })

  return {
    upgrade: (request, socket, head) => {
      if (new URL(request.url ?? '/', 'http://here').pathname !== path) {
        socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n')
        return
      }
      sockets.handleUpgrade(request, socket, head, (accepted) => sockets.emit('connection', accepted, request))
    },
    close: () => {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
    },
  }
}

function close({ socket }: Extra, code: number, reason: string): false {
  socket.close(code, reason)
  return false
}
