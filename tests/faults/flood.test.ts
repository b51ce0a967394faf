import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import * as fc from 'fast-check'
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Login, startPublisher, storedNumbers } from '../publisher.ts'
import { type Ask, removeFolder, type Stack, signIn, startStack, until } from '../stack.ts'

/** One house's account turns hostile; the other house and the server must not feel it. */
const seconds = process.env.NABOLAG_LONG ? 60 : 10
const hostileMessages = process.env.NABOLAG_LONG ? 20_000 : 3_000
/** MiB of resident memory that broker and datalogger may each have at most. */
const bound = 500
/** ms: what "within seconds" is allowed to be on a busy machine. */
const soon = 30_000
const password = 'another long password'

type House = { id: number; ask: Ask; name: string; login: Login }
let stack: Stack
let hostile: House
let polite: House

async function makeHouse(owner: string, name: string): Promise<House> {
  const body = { username: owner, password, email: `${owner}@example.org` }
  expect((await stack.ask('/api/users/new', { method: 'POST', body })).status).toBe(201)
  const ask = await signIn(stack.http, owner, password)
  const made = await ask('/api/houses/new', { method: 'POST', body: { name: `The house of ${owner}` } })
  const { id } = made.body as { id: number }
  const { status, body: login } = await ask(`/api/houses/${id}/publishers`, { method: 'POST', body: { name } })
  expect(status).toBe(201)
  return { id, ask, name, login }
}

beforeAll(async () => {
  stack = await startStack({ timeout: 180_000 })
  hostile = await makeHouse('kari', 'mill-sense')
  polite = await makeHouse('ola', 'attic-sense')
}, 240_000)

afterAll(async () => {
  await stack?.stop()
  if (stack) removeFolder(stack.folder)
})

const url = () => `mqtt://127.0.0.1:${stack.mqttPort}`
const signOn = (login: Partial<Login>, options: IClientOptions = {}): Promise<MqttClient> =>
  connectAsync(url(), { ...login, reconnectPeriod: 0, connectTimeout: soon, ...options }, false)

const pidOf = (name: string) => {
  const child = stack.children().find((one) => one.name === name)
  if (!child) throw new Error(`there is no ${name}`)
  return child.pid
}
const residentMiB = (pid: number) =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

/** MQTT by hand: a library would be the brake. */
const field = (content: string) => {
  const bytes = Buffer.from(content)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])
}
const packetOf = (head: number, ...parts: Buffer[]) => {
  const body = Buffer.concat(parts)
  const length = body.length < 128 ? [body.length] : [(body.length & 127) | 128, body.length >> 7]
  return Buffer.concat([Buffer.from([head, ...length]), body])
}

/** Goes on as long as `work`, and sees to it that the polite house is stored and the server stays small. */
async function watchMeanwhile(work: Promise<unknown>) {
  const watched = ['broker', 'datalogger', 'clickhouse', 'api'] as const
  const pids = new Map(watched.map((name) => [name, pidOf(name)]))
  const most = { broker: 0, datalogger: 0 }
  const publisher = await startPublisher({
    mqttPort: stack.mqttPort,
    house: polite.id,
    name: polite.name,
    login: polite.login,
    every: 20,
  })
  let ended = false
  const end = work.finally(() => {
    ended = true
  })
  end.catch(() => {})
  let slowest = 0
  let looks = 0
  while (!ended || looks === 0) {
    const before = Math.max(0, ...publisher.acknowledged)
    const took = await until(
      'a new sample of the other house is acknowledged and readable',
      async () => Math.max(0, ...(await storedNumbers(polite.ask, polite.id, polite.name))) > before,
      soon,
    )
    slowest = Math.max(slowest, took)
    looks++
    for (const name of watched) expect(pidOf(name), `${name} has not ended`).toBe(pids.get(name))
    for (const name of ['broker', 'datalogger'] as const)
      most[name] = Math.max(most[name], Math.round(residentMiB(pids.get(name) ?? 0)))
    await sleep(200)
  }
  await end
  await publisher.stop()
  await until(
    'all of the other house is stored',
    async () => {
      const there = new Set(await storedNumbers(polite.ask, polite.id, polite.name))
      return [...publisher.acknowledged].every((index) => there.has(index))
    },
    soon,
  )
  const values = await storedNumbers(polite.ask, polite.id, polite.name)
  expect(new Set(values).size).toBe(values.length)
  expect(most.broker).toBeLessThan(bound)
  expect(most.datalogger).toBeLessThan(bound)
  return `the other house: ${publisher.acknowledged.size} acknowledged and stored, ${looks} looks, slowest ${slowest} ms; most memory: broker ${most.broker} MiB, datalogger ${most.datalogger} MiB (bound ${bound})`
}

test(`a QoS 0 flood of ${seconds} s over 4 connections of one account: memory holds and the other house is stored`, {
  timeout: seconds * 1000 + 180_000,
}, async () => {
  const topic = `sensors/${hostile.name}/${hostile.id}`
  const payload = JSON.stringify({
    measurement: 'airSensor',
    tags: { house_id: String(hostile.id), device_name: hostile.name },
    fields: { temperature: 20 },
  })
  const packet = packetOf(0x30, field(topic), Buffer.from(payload))
  const block = Buffer.concat(Array.from({ length: 1000 }, () => packet))
  const end = Date.now() + seconds * 1000
  let sent = 0
  const flood = async (number: number) => {
    const socket = connect(stack.mqttPort, '127.0.0.1').on('error', () => {})
    const { username, password } = hostile.login
    const level4AndClean = Buffer.from([4, 0xc2, 0, 60])
    socket.write(packetOf(0x10, field('MQTT'), level4AndClean, ...[`flood-${number}`, username, password].map(field)))
    await new Promise((resolve) => socket.once('data', resolve))
    while (Date.now() < end && !socket.destroyed) {
      sent += 1000
      if (!socket.write(block)) await once(socket, 'drain', { signal: AbortSignal.timeout(500) }).catch(() => {})
    }
    socket.destroy()
  }
  const report = await watchMeanwhile(Promise.all([0, 1, 2, 3].map(flood)))
  expect(sent).toBeGreaterThan(10_000)
  console.log(`${sent} QoS 0 messages sent; ${report}`)
})

// Before the hostile flood: of one house no more than a thousand refused messages an hour are kept.
test('a foreign house or device is refused, in the payload and in the topic, and the owner reads why', {
  timeout: 240_000,
}, async () => {
  const own = `sensors/${hostile.name}/${hostile.id}`
  const forged = (house: number, device: string) =>
    JSON.stringify({
      measurement: 'airSensor',
      tags: { house_id: String(house), device_name: device },
      fields: { eco2: 1_000_000 },
      time: '2026-01-01T00:00:00Z',
    })
  const rows = [
    { topic: own, payload: forged(polite.id, hostile.name), why: new RegExp(`house_id is ${polite.id}`) },
    { topic: own, payload: forged(hostile.id, polite.name), why: /device_name is attic-sense/ },
    { topic: `sensors/${hostile.name}`, payload: forged(polite.id, hostile.name), why: /house_id/ },
    { topic: `sensors/${polite.name}`, payload: forged(polite.id, polite.name), why: /house_id|device_name/ },
    ...[
      `sensors/${polite.name}/${polite.id}`,
      `sensors/${hostile.name}/${polite.id}`,
      `sensors/${polite.name}/${hostile.id}`,
      `commands/${polite.id}/sensibo-sky/0`,
      `desired/${polite.id}/sensibo-sky/0`,
      `devices/${polite.id}/sensibo-sky/0`,
      `refused/${polite.id}/${polite.name}`,
      '$CONTROL/dynamic-security/v1',
      '$SYS/broker/uptime',
    ].map((topic) => ({ topic, payload: forged(polite.id, polite.name), why: /may not publish|broker’s own/ })),
  ]
  const before = await storedNumbers(polite.ask, polite.id, polite.name)
  let shown = 0
  for (const { topic, payload, why } of rows) {
    const since = new Date(Date.now() - 1).toISOString()
    const client = await signOn(hostile.login)
    client.on('error', () => {})
    // The broker may answer a topic that is refused by ending the connection.
    const ended = new Promise<void>((resolve) => client.once('close', () => resolve()))
    await Promise.race([client.publishAsync(topic, payload, { qos: 1 }).catch(() => {}), ended])
    await client.endAsync(true)
    await until(
      `the owner reads why ${topic} was refused`,
      async () => {
        const { body } = await stack.ask(`/api/rejected?limit=1000&start=${since}`)
        const found = (body as { rejected: { reason: string; house_id: number }[] }).rejected
        return found.some(({ reason, house_id }) => why.test(reason) && house_id === hostile.id)
      },
      soon,
    )
    shown++
    // What the broker says of one account's refusals it says once a second.
    await sleep(1100)
  }
  expect(shown).toBe(13)
  expect(await storedNumbers(polite.ask, polite.id, polite.name)).toEqual(before)
  const { body } = await polite.ask(`/api/houses/${polite.id}/rejected`)
  expect(body).toMatchObject({ rejected: [] })
})

/** Messages of every degree of malice; each is refused or harmless. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom('__proto__', '\u0000', '../..', "'; DROP TABLE samples; --", '\\N'),
)
const almost = fc.record(
  {
    measurement: fc.oneof(fc.constant('airSensor'), text),
    tags: fc.oneof(
      fc.dictionary(text, fc.oneof(text, fc.double(), fc.constant(null))),
      fc.record({ house_id: fc.oneof(fc.nat(), text), device_name: text }),
    ),
    fields: fc.oneof(
      fc.dictionary(text, fc.anything({ maxDepth: 2 })),
      fc.record({ temperature: fc.oneof(fc.double(), fc.constantFrom(1e308, -300, '20', null)) }),
    ),
    time: fc.oneof(fc.constantFrom('0000-00-00T00:00:00Z', '9999-12-31T23:59:59Z', 'now', 1e20), text),
  },
  { requiredKeys: [] },
)
const toText = (value: unknown) => {
  try {
    return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner)) ?? 'undefined'
  } catch {
    return '{'
  }
}
const hostilePayload: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
  fc.json({ maxDepth: 6 }).map((json) => Buffer.from(json)),
  almost.map((value) => Buffer.from(toText(value))),
  fc.array(almost, { maxLength: 20 }).map((value) => Buffer.from(toText(value))),
  fc.integer({ min: 1, max: 20_000 }).map((depth) => Buffer.from('['.repeat(depth) + ']'.repeat(depth))),
  fc.integer({ min: 1, max: 20_000 }).map((length) => Buffer.from(`[${'{},'.repeat(length)}{}]`)),
)

test(`${hostileMessages} malformed and hostile messages at QoS 1: all answered, none in the other house, which is stored`, {
  timeout: 600_000,
}, async () => {
  const topic = `sensors/${hostile.name}/${hostile.id}`
  const payloads = fc.sample(hostilePayload, { numRuns: hostileMessages, seed: Math.trunc(Math.random() * 1e9) })
  let answered = 0
  const send = async (part: readonly Buffer[], number: number) => {
    const client = await signOn(hostile.login, { clientId: `hostile-${number}` })
    client.on('error', () => {})
    for (let from = 0; from < part.length; from += 50) {
      const some = part.slice(from, from + 50)
      await Promise.all(some.map((payload) => client.publishAsync(topic, payload, { qos: 1 })))
      answered += some.length
    }
    await client.endAsync()
  }
  const each = Math.ceil(payloads.length / 3)
  const report = await watchMeanwhile(
    Promise.all([0, 1, 2].map((number) => send(payloads.slice(number * each, (number + 1) * each), number))),
  )
  expect(answered).toBe(hostileMessages)
  type Rejected = { rejected: { reason: string; house_id: number }[]; counts: { count: number; house_id: number }[] }
  let seen: Rejected = { rejected: [], counts: [] }
  await until(
    'the owner sees what was refused',
    async () => {
      const { body } = await hostile.ask(`/api/houses/${hostile.id}/rejected?limit=1000`)
      seen = body as Rejected
      return seen.rejected.length >= 500
    },
    soon,
  )
  expect(seen.rejected.every(({ house_id, reason }) => house_id === hostile.id && reason.length > 5)).toBe(true)
  expect(seen.counts.every(({ house_id }) => house_id === hostile.id)).toBe(true)
  const others = await polite.ask(`/api/houses/${polite.id}/rejected`)
  expect(others).toMatchObject({ status: 200, body: { rejected: [], counts: [] } })
  expect((await polite.ask(`/api/houses/${hostile.id}/rejected`)).status).toBe(403)
  const { body } = await polite.ask(`/api/houses/${polite.id}/series`)
  expect((body as { series: { device: string }[] }).series.map(({ device }) => device)).toEqual([polite.name])
  console.log(
    `${answered} hostile messages answered, ${seen.rejected.length} shown to the owner for ${seen.counts.length} reasons; ${report}`,
  )
})

test('nobody listens to others, and nobody comes in without the right password', { timeout: 120_000 }, async () => {
  const client = await signOn(hostile.login)
  const filters = [
    '#',
    'sensors/#',
    `sensors/${polite.name}/#`,
    'commands/#',
    'refused/#',
    '$share/a/sensors/#',
    '$SYS/#',
  ]
  const answers = await Promise.all(
    filters.map((filter) =>
      client.subscribeAsync(filter, { qos: 1 }).then(
        (granted) => granted[0]?.qos ?? 128,
        () => 128,
      ),
    ),
  )
  expect(answers).toEqual(filters.map(() => 128))
  await client.endAsync()
  const strangers: Partial<Login>[] = [
    {},
    { username: hostile.login.username },
    { username: hostile.login.username, password: 'wrong' },
    { username: hostile.login.username, password: polite.login.password },
    { username: 'nabolag', password: 'nabolag' },
    { username: 'admin', password: 'correct horse battery' },
    { username: '', password: '' },
  ]
  const refused = await Promise.allSettled(strangers.map((login) => signOn(login)))
  expect(refused.map(({ status }) => status)).toEqual(strangers.map(() => 'rejected'))
  // The right one is still let in after that.
  await (await signOn(polite.login)).endAsync()
})
