/**
 * Publishing and events over MQTT 3.1.1. A publish is done when the broker has taken the message over (QoS 1); at most
 * `window` are on their way at once, and who wants to publish more waits.
 */
import { randomUUID } from 'node:crypto'
import { Problem, type ProblemError } from '@nabolag/core'
import { connect, ErrorWithReasonCode, type MqttClient } from 'mqtt'
import { parseAddress, reconnectDelay } from './address.ts'
import { matches } from './filter.ts'
import { type Log, silent } from './log.ts'

export type Handler = (topic: string, payload: Buffer) => void

export type BusSettings = {
  readonly url: string
  /** Must differ between connections; made up when absent. */
  readonly clientId?: string
  readonly log?: Log
  /** Messages that may be on their way without an answer from the broker. */
  readonly window?: number
  /** How long the first connection may take, ms. */
  readonly patience?: number
}

export type Bus = {
  /**
   * Publishes with QoS 1 and resolves when the broker has acknowledged. Waits for room in the window, and through a loss
   * of the connection. An object is sent as JSON.
   *
   * @throws ProblemError `engine-down` when the bus was closed before the broker answered
   */
  publish(topic: string, message: string | Uint8Array | object): Promise<void>
  /**
   * Hands every message that fits the filter to the handler, as long as it is connected: what is published while the
   * connection is lost does not come later, so read the store again in `onReconnect`. Resolves when the broker has agreed;
   * the answer ends it.
   */
  subscribe(filter: string, handler: Handler): Promise<() => Promise<void>>
  /** Called each time the connection stands again after a loss. */
  onReconnect(handler: () => void): void
  readonly connected: boolean
  /** Waits for what is on its way (at most 2 s), then disconnects. */
  close(): Promise<void>
}

/**
 * Connects to the broker and stays connected, trying again with growing, jittered waits.
 *
 * @throws ProblemError `engine-down` when the broker does not answer in time, `not-allowed` when it refuses the account
 */
export async function connectBus(settings: BusSettings): Promise<Bus> {
  const { url, log = silent, window = 1000, patience = 30_000 } = settings
  const { shown, username, password } = parseAddress(url)
  const client = connect(url, {
    clientId: settings.clientId ?? `nabolag-${randomUUID().slice(0, 18)}`,
    username,
    password,
    clean: true,
    keepalive: 30,
    reconnectPeriod: reconnectDelay(0),
    connectTimeout: 10_000,
    reconnectOnConnackError: true,
  })
  const handlers: { filter: string; handler: Handler }[] = []
  const onReconnect: (() => void)[] = []
  let attempt = 0
  let before = false
  let closed = false
  client.on('connect', () => {
    attempt = 0
    client.options.reconnectPeriod = reconnectDelay(0)
    if (before) {
      log.info({ broker: shown }, 'connected to the broker again')
      for (const handler of onReconnect) handler()
    }
    before = true
  })
  client.on('close', () => {
    if (closed) return
    if (attempt === 0 && before) log.warn({ broker: shown }, 'lost the broker; trying again')
    client.options.reconnectPeriod = reconnectDelay(++attempt)
  })
  client.on('error', (error) => log.debug({ broker: shown, error: error.message }, 'broker connection failed'))
  client.on('message', (topic, payload) => {
    for (const { filter, handler } of [...handlers]) if (matches(filter, topic)) handler(topic, payload)
  })

  await firstConnection(client, shown, patience).catch(async (problem) => {
    closed = true
    await client.endAsync(true)
    throw problem
  })

  const gone = () => Problem('engine-down', 'The connection to the broker was closed')
  const slots = makeSlots(window)
  const pending = new Set<(problem: ProblemError) => void>()

  return {
    async publish(topic, message) {
      await slots.take()
      try {
        if (closed) throw gone()
        const payload = typeof message === 'string' || message instanceof Uint8Array ? message : JSON.stringify(message)
        await new Promise<void>((resolve, reject) => {
          pending.add(reject)
          client.publish(topic, payload as string | Buffer, { qos: 1 }, (error) => {
            pending.delete(reject)
            if (error) reject(closed ? gone() : Problem('engine-down', `The broker did not take it: ${error.message}`))
            else resolve()
          })
        })
      } finally {
        slots.give()
      }
    },
    async subscribe(filter, handler) {
      const entry = { filter, handler }
      handlers.push(entry)
      const granted = await client.subscribeAsync(filter, { qos: 1 }).catch(() => [])
      if (granted.length === 0 || granted.some(({ qos }) => (qos as number) >= 128)) {
        handlers.splice(handlers.indexOf(entry), 1)
        throw Problem('not-allowed', `The broker did not let us listen to ${filter}`)
      }
      return async () => {
        handlers.splice(handlers.indexOf(entry), 1)
        if (!closed && !handlers.some((other) => other.filter === filter)) await client.unsubscribeAsync(filter)
      }
    },
    onReconnect: (handler) => void onReconnect.push(handler),
    get connected() {
      return client.connected
    },
    async close() {
      if (closed) return
      const deadline = Date.now() + 2000
      while (client.connected && pending.size > 0 && Date.now() < deadline)
        await new Promise((resolve) => setTimeout(resolve, 20))
      closed = true
      await client.endAsync(true)
      for (const reject of pending) reject(gone())
    },
  }
}

function firstConnection(client: MqttClient, shown: string, patience: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(Problem('engine-down', `The broker at ${shown} did not answer within ${patience / 1000} s`)),
      patience,
    )
    client.once('connect', () => {
      clearTimeout(timer)
      resolve()
    })
    client.on('error', (error) => {
      // Return codes of CONNACK: 4 is a wrong password, 5 not authorised.
      if (!(error instanceof ErrorWithReasonCode) || ![4, 5].includes(error.code)) return
      clearTimeout(timer)
      reject(Problem('not-allowed', `The broker at ${shown} refuses the account in the address`))
    })
  })
}

/** A counting lock; waiters are served in order. */
function makeSlots(count: number) {
  let free = count
  const waiting: (() => void)[] = []
  return {
    take: () =>
      free > 0 ? Promise.resolve(void free--) : new Promise<void>((resolve) => void waiting.push(() => resolve())),
    give: () => {
      const next = waiting.shift()
      if (next) next()
      else free++
    },
  }
}
