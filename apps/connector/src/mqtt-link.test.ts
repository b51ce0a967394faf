import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import type { VendorFailure } from '@nabolag/core'
import type { MqttConnection, MqttLink } from '@nabolag/integrations/define'
import { Aedes, type AuthenticateError } from 'aedes'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readAddresses } from './addresses.ts'
import { until } from './fixtures/stage.ts'
import type { Caller, HttpHost } from './http.ts'
import { makeMqtt } from './mqtt-link.ts'
import { makeRedactor } from './redact.ts'

const secret = 'Token s3cr3t-of-the-account'
let aedes: Aedes
let server: Server
let sockets: Set<Socket>
let abort: AbortController
let heard: { topic: string; payload: string }[]
let permits: number
let onPermit = () => {}

beforeEach(async () => {
  aedes = await Aedes.createBroker({
    authenticate: (_client, user, password, done) => {
      const code = user === 'banned' ? 5 : String(password) === secret ? undefined : user === 'busy' ? 3 : 4
      if (code === undefined) return done(null, true)
      done(Object.assign(new Error('no'), { returnCode: code }) as AuthenticateError, null)
    },
    authorizeSubscribe: (_client, subscription, done) =>
      done(null, subscription.topic.startsWith('secret/') ? null : subscription),
  })
  heard = []
  aedes.on('publish', ({ topic, payload }, client) => {
    if (client) heard.push({ topic, payload: payload.toString() })
  })
  sockets = new Set()
  server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    aedes.handle(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  abort = new AbortController()
  permits = 0
  onPermit = () => {}
})
afterEach(async () => {
  abort.abort()
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => aedes.close(() => resolve(undefined)))
  await new Promise((resolve) => server.close(resolve))
})

const urlOf = () => `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`
const connect = (more: Partial<MqttConnection> = {}, override: string | undefined = urlOf(), timeout = 2000) => {
  const host = { addresses: readAddresses('https://api.vendor.example', [], override), timeout } as HttpHost
  const caller = {
    redact: makeRedactor([secret]),
    secrets: [secret],
    signal: abort.signal,
    permit: async () => {
      permits++
      onPermit()
    },
    resume: () => {},
  } as unknown as Caller
  return makeMqtt(
    host,
    caller,
  )({
    url: 'mqtts://broker.vendor.example:8883',
    username: 'user',
    password: secret,
    subscribe: ['n/site/#'],
    gather: '0.05 s',
    ...more,
  })
}
const say = (topic: string, payload: string) =>
  new Promise<void>((resolve, reject) => {
    aedes.publish(
      { cmd: 'publish', topic, payload: Buffer.from(payload), qos: 0, retain: false, dup: false },
      (error) => (error ? reject(error) : resolve()),
    )
  })
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: VendorFailure) => error,
  )
const firstBatch = async ({ batches }: MqttLink) => {
  for await (const batch of batches) return batch
  return undefined
}

test('greets, keeps beating, and hands messages over together and in order', async () => {
  const link = await connect({
    hello: [{ topic: 'R/site/serial', payload: '' }],
    beat: { every: '0.1 s', messages: [{ topic: 'R/site/keepalive', payload: '["x"]' }] },
  })
  for (let at = 0; at < 100; at++) await say('n/site/value', String(at))
  await say('elsewhere', 'x')
  const batches: { at: string; messages: readonly { topic: string; payload: string }[] }[] = []
  for await (const batch of link.batches) {
    batches.push(batch)
    if (batches.flatMap(({ messages }) => messages).length >= 100) break
  }
  expect(batches.flatMap(({ messages }) => messages)).toEqual(
    Array.from({ length: 100 }, (_, at) => ({ topic: 'n/site/value', payload: String(at) })),
  )
  expect(batches.length).toBeLessThan(50)
  expect(batches.every(({ at }) => /^\d{4}-\d\d-\d\dT.*Z$/.test(at))).toBe(true)
  // The loop's end closed it.
  await until('it is gone', () => sockets.size === 0)
  expect(heard[0]).toEqual({ topic: 'R/site/serial', payload: '' })
  expect(permits).toBe(1)
})

test('beats until it is closed', async () => {
  const link = await connect({ beat: { every: '0.05 s', messages: [{ topic: 'R/site/keepalive', payload: '' }] } })
  await until('it beat thrice', () => heard.length >= 3)
  await link.publish({ topic: 'w/site/x', payload: '{"value":1}' })
  expect(heard.at(-1)?.topic.startsWith('w/') || heard.some(({ topic }) => topic === 'w/site/x')).toBe(true)
  await link.close()
  await until('it is gone', () => sockets.size === 0)
  expect(await failureOf(link.publish({ topic: 'w/site/x', payload: '' }))).toMatchObject({ kind: 'unreachable' })
  expect(await firstBatch(link)).toBeUndefined()
})

test.each([
  { name: 'a wrong password', more: { password: 'wrong' }, kind: 'refused', says: /CONNACK 4/ },
  { name: 'no rights', more: { username: 'banned' }, kind: 'refused', says: /CONNACK 5/ },
  { name: 'a busy server', more: { username: 'busy', password: 'x' }, kind: 'unreachable', says: /CONNACK 3/ },
  {
    name: 'one topic of several',
    more: { subscribe: ['n/site/#', 'secret/other'] },
    kind: 'refused',
    says: /secret\/other/,
  },
])('refused for $name: $kind', async ({ more, kind, says }) => {
  const failure = await failureOf(connect(more))
  expect(failure).toMatchObject({ kind })
  expect(failure?.message).toMatch(says)
  expect(failure?.message).not.toContain(secret)
  await until('it is gone', () => sockets.size === 0)
})

test('a broken connection ends the iteration, after what had come', async () => {
  const link = await connect({ gather: '60 s' })
  await say('n/site/value', 'last')
  const came: string[] = []
  const listening = (async () => {
    for await (const { messages } of link.batches) came.push(...messages.map(({ payload }) => payload))
  })()
  await new Promise((resolve) => setTimeout(resolve, 100))
  for (const socket of sockets) socket.destroy()
  expect(await failureOf(listening)).toMatchObject({
    kind: 'unreachable',
    message: expect.stringContaining('127.0.0.1'),
  })
  expect(came).toEqual(['last'])
})

test('nobody there, nobody answering, no address', async () => {
  expect(await failureOf(connect({}, 'mqtt://127.0.0.1:1'))).toMatchObject({ kind: 'unreachable' })
  const mute = createServer(() => {})
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
  const muteUrl = `mqtt://127.0.0.1:${(mute.address() as AddressInfo).port}`
  expect(await failureOf(connect({}, muteUrl, 300))).toMatchObject({ kind: 'unreachable' })
  mute.close()
  expect(await failureOf(connect({}, 'http://127.0.0.1:1'))).toMatchObject({
    kind: 'unreachable',
    message: expect.stringMatching(/no mqtt:\/\/ one/),
  })
  expect(await failureOf(connect({ url: 'mqtt://open.vendor.example' }, ''))).toMatchObject({ kind: 'changed' })
  expect(await failureOf(connect({ url: 'nonsense' }))).toMatchObject({ kind: 'changed' })
})

test('the end of the run ends it', async () => {
  const link = await connect()
  const batch = firstBatch(link)
  abort.abort()
  expect(await batch).toBeUndefined()
  await until('it is gone', () => sockets.size === 0)
  expect(await failureOf(connect())).toMatchObject({ kind: 'unreachable' })
})

test('a run that ends right before it connects leaves no connection behind', async () => {
  onPermit = () => abort.abort()
  await expect(connect()).rejects.toMatchObject({ kind: 'unreachable', message: 'It was ended meanwhile' })
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(sockets.size).toBe(0)
})
