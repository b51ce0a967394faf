/** A link as a host gives it, the least of it, for tests. */
import { VendorFailure } from '@nabolag/core'
import { type GraphqlNews, type Http, type Link, type MqttMessage, millis } from '@nabolag/integrations'
import { connect, type MqttClient } from 'mqtt'
import { WebSocket } from 'ws'
import { parse } from './plain-http.testing.ts'

/** `mqttUrl` stands in for whatever MQTT address is asked for. */
export const plainLink = (http: Http, signal: AbortSignal, mqttUrl?: string): Link => ({
  http,
  graphql: async function* ({ url, init, query, variables }) {
    for await (const { data, failure } of together({ url, init, subscriptions: [{ query, variables }] }, signal)) {
      if (failure) throw failure
      yield data
    }
  },
  graphqlTogether: (connection) => together(connection, signal),
  mqtt: async ({ url, username, password, subscribe, hello = [], beat, gather = '1 s' }) => {
    const client = await connected(connect(mqttUrl ?? url, { username, password, reconnectPeriod: 0 })).catch(
      (error) => {
        throw new VendorFailure(
          /not authori[sz]ed|bad user/i.test(String(error)) ? 'refused' : 'unreachable',
          String(error),
        )
      },
    )
    let waiting: MqttMessage[] = []
    let over = false
    client.on('message', (topic, payload) => waiting.push({ topic, payload: payload.toString() }))
    client.on('close', () => {
      over = true
    })
    const close = async () => {
      clearInterval(timer)
      over = true
      await client.endAsync(true)
    }
    let timer: NodeJS.Timeout | undefined
    const say = (messages: readonly MqttMessage[]) =>
      Promise.all(messages.map(({ topic, payload }) => client.publishAsync(topic, payload)))
    if (subscribe.length > 0) await client.subscribeAsync([...subscribe])
    await say(hello)
    if (beat) timer = setInterval(() => void say(beat.messages).catch(() => {}), millis(beat.every))
    const batches = async function* () {
      while (!over && !signal.aborted) {
        await new Promise((resolve) => setTimeout(resolve, Math.min(50, millis(gather))))
        if (waiting.length === 0) continue
        const messages = waiting
        waiting = []
        yield { at: new Date().toISOString(), messages }
      }
      clearInterval(timer)
      client.end(true)
      if (!signal.aborted) throw new VendorFailure('unreachable', 'The connection broke')
    }
    return {
      batches: batches(),
      publish: async ({ topic, payload }) => {
        await client.publishAsync(topic, payload)
      },
      close,
    }
  },
})

/** Fails too when the connection is cut before the broker has answered. */
const connected = (client: MqttClient) =>
  new Promise<MqttClient>((resolve, reject) => {
    client.once('connect', () => resolve(client))
    client.once('error', reject)
    client.once('close', () => reject(new Error('The connection was cut')))
  })

type Frame = {
  readonly id?: string
  readonly type: string
  readonly payload?: { readonly data?: unknown; readonly errors?: unknown }
}

async function* together(
  { url, init, subscriptions }: Parameters<Link['graphqlTogether']>[0],
  signal: AbortSignal,
): AsyncGenerator<GraphqlNews> {
  const socket = new WebSocket(url, 'graphql-transport-ws', { headers: { 'user-agent': 'nabolag-test/1' } })
  const frames: Frame[] = []
  let wake = () => {}
  let over: VendorFailure | undefined
  const stop = () => wake()
  signal.addEventListener('abort', stop)
  const end = (why: string, kind: 'unreachable' | 'refused' | 'throttled' | 'changed') => {
    over ??= new VendorFailure(kind, why)
    wake()
  }
  const left = new Set(subscriptions.map((_, nth) => nth))
  socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: init })))
  socket.on('error', (error) => end(error.message, 'unreachable'))
  socket.on('close', (code, reason) =>
    end(`${code} ${reason}`, code === 4403 ? 'refused' : code === 4429 ? 'throttled' : 'unreachable'),
  )
  socket.on('message', (data) => {
    const frame = parse(String(data)) as Frame | undefined
    if (!frame) return end('half a frame', 'changed')
    if (frame.type === 'connection_ack')
      subscriptions.forEach((payload, nth) => {
        socket.send(JSON.stringify({ id: String(nth + 1), type: 'subscribe', payload }))
      })
    else frames.push(frame)
    wake()
  })
  try {
    while (!signal.aborted) {
      const frame = frames.shift()
      const nth = Number(frame?.id ?? 1) - 1
      const lose = (failure: VendorFailure): GraphqlNews => {
        left.delete(nth)
        if (left.size === 0) throw failure
        return { nth, failure }
      }
      if (frame?.type === 'next' && frame.payload?.errors)
        yield lose(new VendorFailure('unreachable', 'errors in a next'))
      else if (frame?.type === 'next') yield { nth, data: frame.payload?.data }
      else if (frame?.type === 'complete' && left.has(nth))
        yield lose(new VendorFailure('unreachable', 'it was completed'))
      else if (frame?.type === 'error') yield lose(new VendorFailure('changed', JSON.stringify(frame.payload)))
      else if (!frame && over) throw over
      else if (!frame)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  } finally {
    signal.removeEventListener('abort', stop)
    socket.terminate()
  }
}
