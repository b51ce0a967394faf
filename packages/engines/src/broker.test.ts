import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { MqttClient } from 'mqtt'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  connectTo,
  control,
  makeFolder,
  password,
  publisherCommands,
  removeFolder,
  until,
  user,
} from './broker/testing.ts'
import { type Broker, type BrokerLimits, startBroker } from './broker.ts'

let folder = ''
let broker: Broker
let clients: MqttClient[] = []
const start = async (limits: Partial<BrokerLimits> = {}) => {
  broker = await startBroker({ folder, host: '127.0.0.1', port: 0, user, password, limits })
}
const sign = async (options: Parameters<typeof connectTo>[1] = {}) => {
  const client = await connectTo(broker.port, options)
  clients.push(client)
  return client
}
const hear = async (client: MqttClient, filter: string) => {
  const heard: string[] = []
  client.on('message', (topic, payload) => heard.push(`${topic} ${payload}`))
  await client.subscribeAsync(filter, { qos: 1 })
  return heard
}
const gone = (client: MqttClient) => until(() => !client.connected)
const meter = { acltype: 'publishClientSend', topic: 'sensors/meter/3/#', allow: true, priority: 0 }
const account = { username: 'h3.meter.0', password: 'secret' }

beforeEach(async () => {
  folder = await makeFolder()
  await start()
})
afterEach(async () => {
  for (const client of clients) client.end(true)
  clients = []
  await broker.close()
  await removeFolder(folder)
})

test('refuses who gives no name, a wrong name or a wrong password', async () => {
  await expect(sign({ username: undefined, password: undefined })).rejects.toThrow(/Not authorized/)
  await expect(sign({ password: 'wrong' })).rejects.toThrow(/Not authorized/)
  await expect(sign({ username: 'nobody' })).rejects.toThrow(/Not authorized/)
  expect(broker.stats().closed).toMatchObject({ anonymous: 1, 'wrong password': 2 })
})

test('after five wrong passwords in a minute the right one is refused as well', async () => {
  const admin = await sign()
  await control(admin, ...publisherCommands(account.username, [meter]))
  for (let attempt = 0; attempt < 5; attempt++) {
    await expect(sign({ ...account, password: 'wrong' })).rejects.toThrow()
  }
  await expect(sign(account)).rejects.toThrow()
  expect(broker.stats().closed['too many wrong passwords']).toBe(1)
})

test('an account made over MQTT publishes for its house, in the newer and the older form of the topic', async () => {
  const admin = await sign()
  const heard = await hear(admin, 'sensors/#')
  expect(await control(admin, ...publisherCommands(account.username, [meter]))).toEqual([
    { command: 'createRole' },
    { command: 'createClient' },
  ])
  const publisher = await sign(account)
  for (const topic of ['sensors/meter/3/0', 'sensors/meter', 'sensors/other', 'sensors/meter/roof']) {
    await publisher.publishAsync(topic, topic, { qos: 1, retain: true })
  }
  const samples = () => heard.filter((line) => line.startsWith('sensors/')).sort()
  await until(() => samples().length === 4)
  expect(samples()).toEqual([
    'sensors/meter/3 sensors/meter',
    'sensors/meter/3 sensors/other',
    'sensors/meter/3/0 sensors/meter/3/0',
    'sensors/meter/3/roof sensors/meter/roof',
  ])
  const late = await sign()
  expect(await hear(late, 'sensors/#')).toEqual([])
})

test('a publish that is not allowed is closed, counted and told to the owner', async () => {
  const admin = await sign()
  await control(admin, ...publisherCommands(account.username, [meter]))
  const heard = await hear(admin, 'refused/#')
  const publisher = await sign(account)
  publisher.publish('sensors/meter/4/0', 'forged', { qos: 1 })
  await gone(publisher)
  await until(() => heard.length === 1)
  const [topic, ...rest] = heard[0]!.split(' ')
  expect(topic).toBe('refused/3/meter')
  const said = JSON.parse(rest.join(' '))
  expect(said).toMatchObject({ username: account.username, topic: 'sensors/meter/4/0', payload: 'forged' })
  expect(broker.stats()).toMatchObject({ refused: 1, refusals: [{ topic: 'sensors/meter/4/0', count: 1 }] })
})

test('a will is allowed what a publish is allowed', async () => {
  const admin = await sign()
  await control(admin, ...publisherCommands(account.username, [meter]))
  const heard = await hear(admin, 'sensors/#')
  for (const topic of ['sensors/meter/4/0', 'sensors/meter/3/0']) {
    const client = await sign({ ...account, will: { topic, payload: Buffer.from('last'), qos: 1, retain: true } })
    client.stream.destroy()
    await gone(client)
  }
  await until(() => heard.length > 0 && broker.stats().refused === 1)
  expect(heard).toEqual(['sensors/meter/3/0 last'])
})

test('a publisher hears nothing, and no account hears or uses the control topics', async () => {
  const admin = await sign()
  await control(admin, ...publisherCommands(account.username, [meter]))
  const publisher = await sign(account)
  const filters = ['#', 'sensors/#', '$SYS/#', '$CONTROL/#', '$CONTROL/dynamic-security/v1/response', 'refused/3/meter']
  for (const filter of filters) await expect(publisher.subscribeAsync(filter)).rejects.toThrow()
  publisher.publish('$CONTROL/dynamic-security/v1', JSON.stringify({ commands: [{ command: 'listClients' }] }))
  await gone(publisher)
  expect(broker.stats().refused).toBe(1)
})

test('an account that is disabled or deleted is disconnected at once and cannot come back', async () => {
  const admin = await sign()
  await control(admin, ...publisherCommands(account.username, [meter]))
  const first = await sign(account)
  await control(admin, { command: 'disableClient', username: account.username })
  await gone(first)
  await expect(sign(account)).rejects.toThrow()
  await control(admin, { command: 'enableClient', username: account.username })
  const second = await sign(account)
  await control(admin, { command: 'deleteClient', username: account.username })
  await gone(second)
  await expect(sign(account)).rejects.toThrow()
})

test('accounts outlive the broker, in a file for its own user, without passwords', async () => {
  const admin = await sign()
  await control(admin, ...publisherCommands(account.username, [meter], 'a secret to keep'))
  const path = join(folder, 'accounts.json')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readFile(path, 'utf8')).not.toContain('a secret to keep')
  await broker.close()
  await start()
  await sign({ ...account, password: 'a secret to keep' })
})

test('a client id is taken over by the same user only', async () => {
  const admin = await sign()
  await control(admin, ...publisherCommands(account.username, [meter]), ...publisherCommands('h4.meter.0', [meter]))
  const first = await sign({ ...account, clientId: 'roof' })
  await expect(sign({ ...account, username: 'h4.meter.0', clientId: 'roof' })).rejects.toThrow(/Identifier rejected/)
  await expect(sign({ ...account, clientId: 'datalogger' })).rejects.toThrow(/Identifier rejected/)
  expect(first.connected).toBe(true)
  const second = await sign({ ...account, clientId: 'roof' })
  await gone(first)
  await second.publishAsync('sensors/meter/3/0', 'x', { qos: 1 })
})

test('only the system’s own account leaves retained messages', async () => {
  const admin = await sign()
  await admin.publishAsync('status/now', 'kept', { qos: 1, retain: true })
  const heard = await hear(await sign(), 'status/#')
  await until(() => heard.length === 1)
  expect(heard).toEqual(['status/now kept'])
})

test('closes for too long a packet, too long a topic and anything before CONNECT, and counts each', async () => {
  await broker.close()
  await start({ packetBytes: 10_000 })
  const long = await sign()
  long.publish('sensors/meter/1/0', 'x'.repeat(20_000), { qos: 1 })
  await gone(long)
  const deep = await sign()
  deep.publish(`sensors/${'x'.repeat(600)}`, 'x', { qos: 1 })
  await gone(deep)
  await new Promise<void>((resolve) => {
    const socket = connect(broker.port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\n\r\n'))
    socket
      .on('error', () => {})
      .on('close', () => resolve())
      .resume()
  })
  expect(broker.stats().closed).toMatchObject({ 'packet too long': 1, 'may not publish there': 1, 'not a CONNECT': 1 })
})

test('hostile topics neither pass the account’s list nor harm the broker', async () => {
  const admin = await sign()
  await control(admin, ...publisherCommands(account.username, [meter]))
  const topics = [
    'a'.repeat(60_000),
    '/'.repeat(400),
    'sensors/../x',
    '\u0000',
    '$SYS/x',
    '$handled',
    'constructor',
    '__proto__',
    ' ',
    '\uffff',
  ]
  for (const topic of topics) {
    const publisher = await sign(account)
    publisher.publish(topic, 'x', { qos: 1 })
    await gone(publisher)
  }
  await admin.publishAsync('sensors/meter/3/0', 'still here', { qos: 1 })
  expect(topics.length).toBe(10)
})

test('more connections and more subscriptions than allowed are refused', async () => {
  await broker.close()
  await start({ clients: 3, subscriptionsPerClient: 4 })
  const [first] = [await sign(), await sign(), await sign()]
  await new Promise<void>((resolve) => {
    const socket = connect(broker.port, '127.0.0.1').on('error', () => {})
    socket.on('close', () => resolve()).resume()
  })
  expect(broker.stats().closed['too many connections']).toBe(1)
  const granted = await first.subscribeAsync(['a', 'b', 'c', 'd']).then((all) => all.length)
  expect(granted).toBe(4)
  await expect(first.subscribeAsync('e')).rejects.toThrow()
})

test('messages wait for the first datalogger, and again when it is gone without acknowledging', async () => {
  const publisher = await sign()
  for (const text of ['one', 'two']) await publisher.publishAsync('sensors/meter/3/0', text, { qos: 1 })
  const deaf = await sign({ clientId: 'datalogger', clean: false })
  let handed = 0
  deaf.handleMessage = () => {
    handed += 1
  }
  await deaf.subscribeAsync('sensors/#', { qos: 1 })
  await until(() => handed > 0)
  deaf.stream.destroy()
  await gone(deaf)
  const good = await sign({ clientId: 'datalogger', clean: false })
  const heard: string[] = []
  good.on('message', (_topic, payload) => heard.push(payload.toString()))
  await until(() => heard.length === 2)
  await publisher.publishAsync('sensors/meter/3/0', 'three', { qos: 1 })
  await until(() => heard.length === 3)
  expect(heard).toEqual(['one', 'two', 'three'])
  await until(() => broker.stats().journal.inFlight === 0)
})

test('several dataloggers share the messages, and what one leaves behind the other gets', async () => {
  const heard = new Set<string>()
  const deaf = await sign({ clientId: 'datalogger-b', clean: false })
  deaf.handleMessage = () => {}
  await deaf.subscribeAsync('sensors/#', { qos: 1 })
  const good = await sign({ clientId: 'datalogger-a', clean: false })
  good.on('message', (_topic, payload) => heard.add(payload.toString()))
  await good.subscribeAsync('sensors/#', { qos: 1 })
  const publisher = await sign()
  await Promise.all(
    Array.from({ length: 200 }, (_, number) => publisher.publishAsync('sensors/meter/3/0', `${number}`, { qos: 1 })),
  )
  await until(() => heard.size > 50)
  deaf.stream.destroy()
  await until(() => heard.size === 200)
})

test('a datalogger that reconnects in quick succession under its name misses nothing', async () => {
  const heard = new Set<string>()
  const publisher = await sign()
  const sent = Array.from({ length: 300 }, (_, number) =>
    publisher.publishAsync('sensors/meter/3/0', `${number}`, { qos: 1 }),
  )
  for (let time = 0; time < 10; time++) {
    const client = await sign({ clientId: 'datalogger', clean: false })
    client.on('message', (_topic, payload) => heard.add(payload.toString()))
    if (time < 9) client.subscribe('sensors/#', { qos: 1 }, () => {})
    else await client.subscribeAsync('sensors/#', { qos: 1 })
  }
  await Promise.all(sent)
  await until(() => heard.size === 300)
})

test('publishers wait at the journal’s limit until a datalogger takes the messages', async () => {
  await broker.close()
  await start({ journalMessages: 20 })
  const publisher = await sign()
  let acknowledged = 0
  for (let number = 0; number < 60; number++) {
    publisher.publishAsync('sensors/meter/3/0', `${number}`, { qos: 1 }).then(
      () => (acknowledged += 1),
      () => {},
    )
  }
  await until(() => broker.stats().waiting > 0)
  expect(acknowledged).toBeLessThanOrEqual(20)
  const other = await sign()
  await other.publishAsync('devices/3/meter/0', 'not journalled', { qos: 1 })
  const datalogger = await sign({ clientId: 'datalogger', clean: false })
  const heard = await hear(datalogger, 'sensors/#')
  await until(() => acknowledged === 60 && heard.length === 60)
})

test('a connector gets a command once, live or after a restart, and an old command not at all', async () => {
  const sender = await sign()
  await sender.publishAsync('commands/3/battery/0', 'before the restart', { qos: 1 })
  await broker.close()
  await start()
  const connector = await sign({ clientId: 'connector-1', clean: false })
  const heard = await hear(connector, 'commands/#')
  await (await sign()).publishAsync('commands/3/battery/0', 'live', { qos: 1 })
  await until(() => heard.length === 2)
  expect(heard).toEqual(['commands/3/battery/0 before the restart', 'commands/3/battery/0 live'])
  connector.end(true)
  await broker.close()
  await start({ commandSeconds: 0.2 })
  await (await sign()).publishAsync('commands/3/battery/0', 'too old', { qos: 1 })
  await until(() => broker.stats().journal.messages === 0)
})

const hasMosquitto = existsSync('/usr/bin/mosquitto_pub') && existsSync('/usr/bin/mosquitto_sub')
test.skipIf(!hasMosquitto)(
  'mosquitto_pub and mosquitto_sub get along with it (skipped where not installed)',
  async () => {
    const login = ['-h', '127.0.0.1', '-p', `${broker.port}`, '-u', user, '-P', password]
    const run = promisify(execFile)
    for (const qos of ['1', '2'])
      await run('mosquitto_pub', [...login, '-q', qos, '-t', 'sensors/meter/3/0', '-m', `QoS ${qos}`])
    const options = [...login, '-c', '-i', 'datalogger', '-q', '2', '-t', 'sensors/#', '-C', '2', '-W', '10']
    const { stdout } = await run('mosquitto_sub', options)
    expect(stdout.trim().split('\n')).toEqual(['QoS 1', 'QoS 2'])
  },
)

test('closes within two seconds, with clients connected', async () => {
  await Promise.all(Array.from({ length: 20 }, () => sign()))
  const before = performance.now()
  await broker.close()
  expect(performance.now() - before).toBeLessThan(2_000)
})
