/**
 * A persistent consumer with acknowledgement by hand: many messages may be open at once, and each is acknowledged to
 * the broker only when its taker says that it is safe. The `mqtt` library hands out one message at a time and
 * acknowledges before the next, which would mean an insert per message; so this speaks MQTT 3.1.1 itself.
 */
import type { Duplex } from 'node:stream'
import { Problem } from '@nabolag/core'
import { generate, type IPublishPacket, type Packet, parser } from 'mqtt-packet'
import { openStream, parseAddress, reconnectDelay } from './address.ts'
import { type Log, silent } from './log.ts'

/** One message, to be acknowledged once it is safe; QoS 0 messages too, so that they count as waiting until then. */
export type Delivery = {
  readonly topic: string
  readonly payload: Buffer
  readonly qos: 0 | 1 | 2
  /** When it arrived, ms since the epoch. */
  readonly received: number
}

export type ConsumerSettings = {
  readonly url: string
  /** Stable over restarts: the broker keeps what was not acknowledged under this name. */
  readonly clientId: string
  readonly filters: readonly string[]
  /**
   * Name of a group whose members share the messages (`$share/<group>/…`), on brokers that have it. Without it, every
   * consumer gets every message.
   */
  readonly group?: string
  readonly onMessage: (delivery: Delivery) => void
  readonly log?: Log
  /** Reading from the broker pauses while more messages, or more bytes of payload, than this are not acknowledged. */
  readonly mostMessages?: number
  readonly mostBytes?: number
  /** s between signs of life */
  readonly keepalive?: number
}

export type Consumer = {
  /** Resolves at the first subscription; rejects with Problem `not-allowed` when the broker refuses, or at close. */
  readonly ready: Promise<void>
  /**
   * Tells the broker that these are safe, in the given order. Those that came over a connection since lost are left
   * out: the broker sends them again.
   */
  acknowledge(deliveries: readonly Delivery[]): void
  /** What is with us and not acknowledged yet. */
  readonly waiting: { readonly messages: number; readonly bytes: number }
  readonly connected: boolean
  /** Disconnects at once. What is not acknowledged stays with the broker. */
  close(): Promise<void>
}

type Held = { readonly connection: Connection; readonly messageId: number | undefined }

type Connection = { readonly stream: Duplex; lastHeard: number; paused: boolean }

/** Starts to consume, and goes on through every loss of the connection until it is closed. */
export function consume(settings: ConsumerSettings): Consumer {
  const { url, clientId, filters, group, onMessage, log = silent } = settings
  const { mostMessages = 65_000, mostBytes = 64 * 1024 * 1024, keepalive = 30 } = settings
  const address = parseAddress(url)
  const topics = group === undefined ? filters : filters.map((filter) => `$share/${group}/${filter}`)
  const ready = Promise.withResolvers<void>()
  ready.promise.catch(() => {})
  const held = new WeakMap<Delivery, Held>()
  let current: Connection | undefined
  let subscribed = false
  let everSubscribed = false
  let closed = false
  let attempt = 0
  let retry: NodeJS.Timeout | undefined
  // Over all connections: what came over a lost one is still with us until it is stored.
  let messages = 0
  let bytes = 0

  const open = () => {
    // Whoever has too much already does not ask for more, however often the connection is lost meanwhile.
    if (messages >= mostMessages || bytes >= mostBytes) {
      retry = setTimeout(open, reconnectDelay(0))
      return
    }
    const stream = openStream(url)
    const connection: Connection = { stream, lastHeard: Date.now(), paused: false }
    const packets = parser({ protocolVersion: 4 })
    current = connection
    const send = (packet: Packet) => void stream.write(generate(packet))
    let complaint = 'the connection was closed'
    const drop = (reason: string) => {
      complaint = reason
      stream.destroy()
    }
    const pulse = setInterval(() => {
      // While we do not read, the broker's signs of life wait unread in the socket.
      if (!connection.paused && Date.now() - connection.lastHeard > keepalive * 1500)
        drop(`the broker was silent for ${keepalive * 1.5} s`)
      else if (subscribed) send({ cmd: 'pingreq' })
      else if (Date.now() - connection.lastHeard > 10_000 && !connection.paused) drop('the broker did not answer')
    }, keepalive * 500)

    packets.on('packet', (packet) => {
      if (current !== connection) return
      if (packet.cmd === 'connack') {
        if (packet.returnCode === 0) {
          send({
            cmd: 'subscribe',
            messageId: 1,
            subscriptions: topics.map((topic) => ({ topic, qos: 1, nl: false, rap: false, rh: 0 })),
          })
          return
        }
        const refused = packet.returnCode === 4 || packet.returnCode === 5
        if (refused) ready.reject(Problem('not-allowed', `The broker at ${address.shown} refuses the account`))
        drop(refused ? 'the broker refuses the account' : `the broker refuses the connection (${packet.returnCode})`)
      } else if (packet.cmd === 'suback') {
        if (packet.granted.some((code) => code === 128)) {
          ready.reject(Problem('not-allowed', `The broker does not let us listen to ${topics.join(', ')}`))
          drop('the broker refuses the subscription')
          return
        }
        log.info({ broker: address.shown, clientId }, everSubscribed ? 'listening again' : 'listening to the broker')
        subscribed = everSubscribed = true
        attempt = 0
        ready.resolve()
      } else if (packet.cmd === 'publish') receive(connection, packet)
    })
    packets.on('error', (error) => drop(`the broker sent what is not MQTT: ${error.message}`))
    stream.on('connect', () => {
      connection.lastHeard = Date.now()
    })
    stream.on('data', (chunk: Buffer) => {
      connection.lastHeard = Date.now()
      packets.parse(chunk)
    })
    stream.on('error', (error) => {
      complaint = error.message
    })
    stream.on('close', () => {
      clearInterval(pulse)
      if (current !== connection) return
      current = undefined
      subscribed = false
      if (closed) return
      if (attempt === 0) log.warn({ broker: address.shown, reason: complaint }, 'lost the broker; trying again')
      retry = setTimeout(open, reconnectDelay(attempt++))
    })
    send({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clientId,
      clean: false,
      keepalive,
      ...(address.username === undefined ? {} : { username: address.username }),
      ...(address.password === undefined ? {} : { password: Buffer.from(address.password) }),
    })
  }

  const receive = (connection: Connection, packet: IPublishPacket) => {
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload
    const delivery: Delivery = { topic: packet.topic, payload, qos: packet.qos, received: Date.now() }
    held.set(delivery, { connection, messageId: packet.qos === 0 ? undefined : packet.messageId })
    messages++
    bytes += payload.length
    if (!connection.paused && (messages >= mostMessages || bytes >= mostBytes)) {
      connection.paused = true
      connection.stream.pause()
    }
    onMessage(delivery)
  }

  const acknowledge = (deliveries: readonly Delivery[]) => {
    const ids: number[] = []
    for (const delivery of deliveries) {
      const origin = held.get(delivery)
      if (!origin) continue
      held.delete(delivery)
      messages--
      bytes -= delivery.payload.length
      // An old connection's message number may stand for another message by now.
      if (origin.messageId !== undefined && origin.connection === current) ids.push(origin.messageId)
    }
    if (!current) return
    if (ids.length > 0) current.stream.write(pubacks(ids))
    if (current.paused && messages <= mostMessages / 2 && bytes <= mostBytes / 2) {
      current.paused = false
      current.lastHeard = Date.now()
      current.stream.resume()
    }
  }

  open()
  return {
    ready: ready.promise,
    acknowledge,
    get waiting() {
      return { messages, bytes }
    },
    get connected() {
      return subscribed
    },
    async close() {
      if (closed) return
      closed = true
      clearTimeout(retry)
      ready.reject(Problem('engine-down', 'The consumer was closed'))
      const stream = current?.stream
      if (!stream || stream.destroyed) return
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => stream.destroy(), 1000)
        stream.once('close', () => {
          clearTimeout(timer)
          resolve()
        })
        stream.resume()
        stream.end(generate({ cmd: 'disconnect' }))
      })
    },
  }
}

/** Acknowledgements one after the other: 4 bytes each. */
function pubacks(ids: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(ids.length * 4)
  ids.forEach((id, index) => {
    bytes.writeUInt16BE(0x4002, index * 4)
    bytes.writeUInt16BE(id, index * 4 + 2)
  })
  return bytes
}
