/** MQTT at a vendor, as `link.mqtt` gives it: one connection that is never opened again by itself. */
import { randomBytes } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import { VendorFailure } from '@nabolag/core'
import { type Link, type MqttConnection, type MqttLink, type MqttMessage, millis } from '@nabolag/integrations/define'
import type { MqttClient } from 'mqtt'
import type { Caller, HttpHost } from './http.ts'
import { explain } from './wire.ts'

/** What may wait for an integration that is slower than its vendor. */
const mostWaiting = 20_000
const mostCharacters = 8 * 2 ** 20
const keepAliveSeconds = 30

/** Makes `link.mqtt` for one run. Each connection is closed when the run ends. */
export const makeMqtt =
  (host: HttpHost, caller: Caller): Link['mqtt'] =>
  async (connection) => {
    const link = await open(host, caller, connection)
    caller.resume()
    return link
  }

async function open(host: HttpHost, caller: Caller, connection: MqttConnection): Promise<MqttLink> {
  const { url, name } = addressOf(host, connection.url)
  if (caller.signal.aborted) throw new VendorFailure('unreachable', 'It was ended meanwhile')
  await caller.permit(host.timeout)
  // Only the threads that speak MQTT pay for the library.
  const { connect } = await import('mqtt')
  if (caller.signal.aborted) throw new VendorFailure('unreachable', 'It was ended meanwhile')
  const client = connect(url, {
    username: connection.username,
    password: connection.password,
    clientId: `nabolag_${randomBytes(8).toString('hex')}`,
    protocolVersion: 4,
    clean: true,
    keepalive: keepAliveSeconds,
    connectTimeout: Math.min(10_000, host.timeout),
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    ...(connection.ca === undefined ? {} : { ca: [...rootCertificates, connection.ca] }),
  })
  const inbox = makeInbox(caller, connection.gather === undefined ? 1000 : millis(connection.gather))
  let beating: NodeJS.Timeout | undefined
  let over: VendorFailure | undefined
  let onOver: (failure: VendorFailure) => void = () => {}
  const fallen = new Promise<never>((_, reject) => {
    onOver = reject
  })
  fallen.catch(() => {})
  const hangUp = () => {
    clearInterval(beating)
    caller.signal.removeEventListener('abort', stop)
    client.end(true)
  }
  /** Ends it for good: with a failure everyone who waits is told. */
  const end = (failure: VendorFailure, quiet = false) => {
    if (over) return
    over = new VendorFailure(failure.kind, caller.redact(failure.message), failure.until)
    hangUp()
    inbox.end(quiet ? undefined : over)
    onOver(over)
  }
  const stop = () => end(new VendorFailure('unreachable', 'It was ended meanwhile'), true)
  caller.signal.addEventListener('abort', stop, { once: true })
  client.on('error', (error) => end(failureOf(error, name)))
  client.on('close', () => end(new VendorFailure('unreachable', `${name} ended the connection`)))
  client.on('message', (topic, payload) => {
    if (!inbox.put({ topic, payload: payload.toString('utf8') }))
      end(new VendorFailure('changed', `More messages came from ${name} than could be read`))
  })
  const inTime = <T>(what: string, work: Promise<T>): Promise<T> => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const patience = () =>
        reject(new VendorFailure('unreachable', `${name} did not ${what} within ${host.timeout / 1000} s`))
      timer = setTimeout(patience, host.timeout)
    })
    return Promise.race([work, fallen, late]).finally(() => clearTimeout(timer))
  }
  const sendAll = async (messages: readonly MqttMessage[]) => {
    for (const { topic, payload } of messages) await publish(client, topic, payload, 0, name)
  }
  try {
    await inTime('take up the connection', new Promise<void>((resolve) => client.once('connect', () => resolve())))
    for (const topic of connection.subscribe) await inTime('grant a subscription', subscribe(client, topic, name))
    await inTime('take a message', sendAll(connection.hello ?? []))
  } catch (error) {
    end(error instanceof VendorFailure ? error : new VendorFailure('unreachable', `${name}: ${explain(error)}`))
    throw over ?? error
  }
  const { beat } = connection
  if (beat && !over)
    beating = setInterval(() => {
      sendAll(beat.messages).catch((error: unknown) => end(failureOf(error, name)))
    }, millis(beat.every))
  return {
    batches: {
      [Symbol.asyncIterator]: () => inbox.iterator(() => end(new VendorFailure('unreachable', 'It was closed'), true)),
    },
    async publish({ topic, payload }) {
      if (over) throw over
      await inTime('confirm a message', publish(client, topic, payload, 1, name)).finally(caller.resume)
    },
    async close() {
      end(new VendorFailure('unreachable', 'It was closed'), true)
    },
  }
}

/** The broker to dial: the vendor's, or what stands in for it. */
function addressOf({ addresses }: HttpHost, wanted: string): { url: string; name: string } {
  const isAddress = URL.canParse(wanted) && /^mqtts?:$/.test(new URL(wanted).protocol)
  if (!isAddress) throw new VendorFailure('changed', 'The vendor gave no address for its MQTT broker')
  if (addresses.overridden && addresses.mqtt === undefined)
    throw new VendorFailure(
      'unreachable',
      'NABOLAG_VENDOR_URLS names other addresses for this vendor, but no mqtt:// one for its broker',
    )
  const url = addresses.mqtt ?? wanted
  if (addresses.mqtt === undefined && new URL(url).protocol !== 'mqtts:')
    throw new VendorFailure('changed', 'The vendor gave an address for its broker that begins mqtt://, not mqtts://')
  return { url, name: new URL(url).host }
}

const subscribe = (client: MqttClient, topic: string, name: string) =>
  new Promise<void>((resolve, reject) => {
    client.subscribe(topic, { qos: 0 }, (error, granted) => {
      const codes = granted?.map(({ qos }) => Number(qos)) ?? []
      const { packet } = (error ?? {}) as { packet?: { granted?: readonly unknown[] } }
      const isRefused = [...codes, ...(packet?.granted ?? [])].some((code) => Number(code) >= 128)
      if (isRefused) reject(new VendorFailure('refused', `${name} does not grant the subscription ${topic}`))
      else if (error) reject(failureOf(error, name))
      else resolve()
    })
  })

const publish = (client: MqttClient, topic: string, payload: string, qos: 0 | 1, name: string) =>
  new Promise<void>((resolve, reject) => {
    client.publish(topic, payload, { qos }, (error) => (error ? reject(failureOf(error, name)) : resolve()))
  })

/** 4 is a wrong user name or password, 5 is not authorized (MQTT 3.1.1, 3.2.2.3). */
function failureOf(error: unknown, name: string): VendorFailure {
  if (error instanceof VendorFailure) return error
  const { code } = (error ?? {}) as { code?: unknown }
  if (code === 4 || code === 5) return new VendorFailure('refused', `${name} refuses the credentials (CONNACK ${code})`)
  if (typeof code === 'number' && code > 0 && code < 4)
    return new VendorFailure('unreachable', `${name} does not let us in now (CONNACK ${code})`)
  return new VendorFailure('unreachable', `${name}: ${explain(error)}`)
}

/** Gathers messages and hands them over together; a turn of the integration costs one batch, not one message. */
function makeInbox(caller: Caller, gather: number) {
  type Batch = { readonly at: string; readonly messages: readonly MqttMessage[] }
  type Wanted = { resolve(result: IteratorResult<Batch>): void; reject(error: VendorFailure): void }
  let messages: MqttMessage[] = []
  let characters = 0
  let ripe = false
  let timer: NodeJS.Timeout | undefined
  let wanted: Wanted | undefined
  let ended: { readonly failure: VendorFailure | undefined } | undefined

  const take = (): Batch => {
    const batch = { at: new Date().toISOString(), messages }
    messages = []
    characters = 0
    ripe = false
    return batch
  }
  const give = () => {
    timer = undefined
    ripe = true
    if (!wanted) return
    const { resolve } = wanted
    wanted = undefined
    caller.resume()
    resolve({ done: false, value: take() })
  }
  return {
    /** Whether there was room. */
    put(message: MqttMessage): boolean {
      if (ended) return true
      characters += message.topic.length + message.payload.length
      messages.push(message)
      if (messages.length > mostWaiting || characters > mostCharacters) return false
      if (!ripe) timer ??= setTimeout(give, gather)
      return true
    },
    end(failure: VendorFailure | undefined) {
      if (ended) return
      ended = { failure }
      clearTimeout(timer)
      if (!wanted) return
      caller.resume()
      if (messages.length > 0) wanted.resolve({ done: false, value: take() })
      else if (failure) wanted.reject(failure)
      else wanted.resolve({ done: true, value: undefined })
      wanted = undefined
    },
    iterator: (onReturn: () => void): AsyncIterator<Batch> => ({
      next() {
        // What came before the end is handed over first.
        if (messages.length > 0 && (ripe || ended)) {
          caller.resume()
          return Promise.resolve({ done: false, value: take() })
        }
        if (ended?.failure) return Promise.reject(ended.failure)
        if (ended) return Promise.resolve({ done: true, value: undefined })
        return new Promise((resolve, reject) => {
          wanted = { resolve, reject }
        })
      },
      return() {
        onReturn()
        return Promise.resolve({ done: true, value: undefined })
      },
    }),
  }
}
