import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import * as fc from 'fast-check'
import { generate } from 'mqtt-packet'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  type BrokerProcess,
  connectTo,
  makeFolder,
  password,
  removeFolder,
  startBrokerProcess,
  until,
  user,
} from './testing.ts'

const seconds = process.env.NABOLAG_LONG ? 60 : 10
const mostResident = 300 * 1_048_576
let folder = ''
let broker: BrokerProcess
beforeEach(async () => {
  folder = await makeFolder()
  broker = await startBrokerProcess({ folder })
})
afterEach(async () => {
  await broker.kill()
  await removeFolder(folder)
})

test(
  `two connections that flood with QoS 0 for ${seconds} s leave the broker small and others served`,
  async () => {
    const packet = generate({
      cmd: 'publish',
      topic: 'sensors/meter/1/0',
      payload: 'x'.repeat(20),
      qos: 0,
      retain: false,
      dup: false,
    })
    const block = Buffer.concat(Array.from({ length: 2_000 }, () => packet))
    const end = Date.now() + seconds * 1_000
    let sent = 0
    const flood = async (clientId: string) => {
      const socket = connect(broker.port, '127.0.0.1').on('error', () => {})
      socket.write(
        generate({
          cmd: 'connect',
          protocolId: 'MQTT',
          protocolVersion: 4,
          clean: true,
          clientId,
          keepalive: 60,
          username: user,
          password: Buffer.from(password),
        }),
      )
      await new Promise((resolve) => socket.once('data', resolve))
      while (Date.now() < end && !socket.destroyed) {
        sent += 2_000
        if (!socket.write(block))
          await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), wait(500)])
      }
      socket.destroy()
    }
    const other = await connectTo(broker.port, { clientId: 'datalogger', clean: false })
    const heard = new Set<string>()
    other.on('message', (_topic, payload) => heard.add(payload.toString()))
    await other.subscribeAsync('sensors/polite/#', { qos: 1 })
    const floods = Promise.all([flood('one'), flood('two')])
    let most = 0
    let trips = 0
    while (Date.now() < end) {
      const text = `trip ${trips}`
      await other.publishAsync('sensors/polite/1', text, { qos: 1 })
      await until(() => heard.has(text))
      trips += 1
      most = Math.max(most, (await broker.ask()).memory.rss)
      await wait(100)
    }
    await floods
    const { stats } = await broker.ask()
    console.log(
      `${sent} sent, ${stats.messagesIn} taken, ${stats.droppedTooFast} dropped, ${trips} round trips, ${Math.round(most / 1_048_576)} MiB`,
    )
    expect(most).toBeLessThan(mostResident)
    expect(trips).toBeGreaterThan(5)
    expect(stats.droppedTooFast).toBeGreaterThan(0)
    await other.endAsync(true)
  },
  seconds * 1_000 + 30_000,
)

test('no bytes on the socket bring the broker down', async () => {
  const signOn = generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    clientId: 'odd',
    keepalive: 60,
    username: user,
    password: Buffer.from(password),
  })
  const send = (bytes: Uint8Array) =>
    new Promise<void>((resolve) => {
      const socket = connect(broker.port, '127.0.0.1', () => socket.end(bytes))
      socket
        .on('error', () => {})
        .on('close', () => resolve())
        .resume()
      setTimeout(() => socket.destroy(), 200)
    })
  const packet = fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 120 }))
    .map(([head, body]) => [head, body.length, ...body])
  const packets = fc.array(packet, { maxLength: 20 }).map((all) => Uint8Array.from(all.flat()))
  let tries = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(packets, fc.uint8Array({ maxLength: 400 })), { minLength: 20, maxLength: 20 }),
      async (all) => {
        await Promise.all(all.map((bytes, at) => send(at % 2 === 0 ? bytes : Buffer.concat([signOn, bytes]))))
        tries += all.length
        expect(broker.child.exitCode).toBeNull()
      },
    ),
    { numRuns: 25 },
  )
  const after = await connectTo(broker.port)
  await after.publishAsync('sensors/meter/1/0', 'still here', { qos: 1 })
  await after.endAsync(true)
  expect(tries).toBe(500)
}, 180_000)
