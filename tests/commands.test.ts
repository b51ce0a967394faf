/** Commands all the way: asked over the API or the bus, sent to a vendor, seen in a reading. On real engines. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Bus, connectBus, onCommandResult, publishCommand } from '@nabolag/bus'
import { type Connector, startConnector } from '@nabolag/connector'
import { type CommandResult, desiredTopic, readSettings } from '@nabolag/core'
import * as fc from 'fast-check'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { program } from './stack.ts'
import { makeStand, makeToken, type Stand } from './thesis/stand.ts'

type Pod = { id: string; name: string; target: number; mode: string; on: boolean; lowest: number; highest: number }
type Sent = {
  readonly method: string
  readonly path: string
  readonly body: Record<string, unknown>
  readonly at: number
}

const pod = (id: string, name: string): Pod => ({
  id,
  name,
  target: 20,
  mode: 'heat',
  on: true,
  lowest: 16,
  highest: 30,
})

/** A vendor whose pods obey. */
async function startVendor() {
  const vendor = {
    base: '',
    pods: [pod('p1', 'Stue')],
    /** What reached it and changes something. */
    sent: [] as Sent[],
    /** Answers in the vendor's place when it returns a status. */
    meet: (_sent: Sent): number | undefined => undefined,
    /** ms before it answers a change. */
    slow: 0,
    deaf: false,
    readable: true,
  }
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    void bodyOf(request).then(async (body) => {
      const path = request.url ?? ''
      const one = vendor.pods.find(({ id }) => path.startsWith(`/v1/pods/${id}`))
      if (request.method === 'GET') {
        if (!vendor.readable) return answer(401, { message: 'not you' })
        return answer(200, one ?? { time: new Date().toISOString(), pods: vendor.pods })
      }
      const sent = { method: request.method ?? '', path, body, at: Date.now() }
      vendor.sent.push(sent)
      if (vendor.slow > 0) await new Promise((resolve) => setTimeout(resolve, vendor.slow))
      const status = vendor.meet(sent)
      if (status !== undefined) return answer(status, { message: 'no, with top-secret' })
      if (one && !vendor.deaf) Object.assign(one, body)
      answer(200, {})
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  vendor.base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  return Object.assign(vendor, { close })
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ''
  for await (const part of request) text += part
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const module = new URL('../apps/connector/src/fixtures/list.ts', import.meta.url).href
const ends: (() => Promise<unknown>)[] = []
let stand: Stand
let token: string
let house: number
let vendor: Awaited<ReturnType<typeof startVendor>>
const connectors: Connector[] = []

beforeAll(async () => {
  stand = await makeStand()
  ends.push(() => stand.close())
  vendor = await startVendor()
  ends.push(() => vendor.close())
  token = await makeToken(stand, 'kari')
  const row = { group: 'heatPumpController', requiredFields: ['token'], credentialsSchema: {}, allowMultiple: true }
  await stand.store.fleet.syncIntegrations(
    ['obedient', 'rationed'].map((name) => ({ ...row, name, label: name, vendor: name, samplingSeconds: 1 })),
  )
  const kari = stand.store.as(await stand.store.people.askerNamed('kari'))
  house = (await kari.createHouse({ name: 'One' })).id
}, 60_000)
afterEach(async () => {
  Object.assign(vendor, {
    pods: [pod('p1', 'Stue')],
    sent: [],
    meet: () => undefined,
    slow: 0,
    deaf: false,
    readable: true,
  })
})
afterAll(async () => {
  await start(0)
  for (const end of ends.reverse()) await end()
})

const ask = (method: string, path: string, json?: unknown, as = token) => stand.ask(method, path, { token: as, json })

/** Makes it so that so many connectors run. */
async function start(wanted = 1): Promise<void> {
  while (connectors.length > wanted) await connectors.pop()?.close()
  while (connectors.length < wanted) connectors.push(await startOne())
}

function settingsFor() {
  const urls = ['obedient', 'rationed'].map((name) => `${name}=${vendor.base}`).join(',')
  return { ...stand.addresses, NABOLAG_VENDOR_URLS: urls, NABOLAG_CONTACT: 'a@example.org' }
}

async function startOne(): Promise<Connector> {
  return startConnector(readSettings(settingsFor()), {
    log: silent,
    tempo: 0.02,
    rereadEvery: 500,
    runTimeout: 2000,
    integrations: ['obedient', 'rationed'].map((name) => ({ name, module })),
  })
}

type Shown = {
  id: string
  state: string
  reason: string | null
  location: string
  history: { state: string }[]
  asked_by: string
}
let tokens = 0

/** A device of its own for each test; `actuators` waits until they are known. */
async function add(integration = 'obedient') {
  const { store } = stand
  const tenant = store.as(await store.people.askerNamed('kari'))
  const device = await tenant.addDevice(house, integration, { credentials: { token: `top-secret-${++tokens}` } })
  await stand.bus.publish(desiredTopic(house, integration, device.count), '{}')
  const path = `/api/houses/${house}/devices/${integration}/count/${device.count}`
  const known = async () => ((await (await ask('GET', `${path}/actuators`)).json()) as { known: boolean }).known
  const command = async (body: unknown) => {
    const answer = await ask('POST', `${path}/commands`, body)
    return { status: answer.status, location: answer.headers.get('location'), body: (await answer.json()) as Shown }
  }
  const warm = (temperature: unknown, more: object = {}) =>
    command({ capability: 'thermostat', verb: 'setTargetTemperature', arguments: { temperature }, ...more })
  const read = async (id: string) => (await (await ask('GET', `${path}/commands/${id}`)).json()) as Shown
  const becomes = async (id: string, state: string) => {
    await until(
      `command is ${state}`,
      async () => (await read(id)).state === state,
      async () => JSON.stringify(await read(id)),
    )
    return read(id)
  }
  const remove = () => ask('DELETE', path)
  return { path, count: device.count, known, command, warm, read, becomes, remove, tenant, id: device.id }
}

async function until(
  what: string,
  so: () => boolean | Promise<boolean>,
  instead: () => Promise<string> = async () => 'nothing',
  patience = 40_000,
): Promise<void> {
  const deadline = Date.now() + patience
  while (!(await so())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}; it is ${await instead()}`)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}

const states = ({ history }: Shown) => history.map(({ state }) => state)

test('asked over the API, sent once, done by the vendor, and confirmed by a reading', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  const actuators = (await (await ask('GET', `${device.path}/actuators`)).json()) as Record<string, unknown>
  expect(actuators).toMatchObject({
    actuators: [
      {
        location: 'Stue',
        capability: 'thermostat',
        verbs: { setTargetTemperature: { temperature: { minimum: 16, maximum: 30, step: 0.5 } } },
      },
    ],
  })
  const events = await listen()
  const { status, location, body } = await device.warm(22.5)
  expect([status, body.state, body.location, body.asked_by]).toEqual([202, 'accepted', 'Stue', 'kari'])
  expect(location).toBe(`${device.path}/commands/${body.id}`)
  const done = await device.becomes(body.id, 'confirmed')
  expect(states(done)).toEqual(['accepted', 'sent', 'applied', 'confirmed'])
  expect(vendor.sent).toMatchObject([{ method: 'PATCH', path: '/v1/pods/p1', body: { target: 22.5 } }])
  await until('all was told', () => events.filter(({ id }) => id === body.id).length >= 4)
  expect(events.filter(({ id }) => id === body.id).map(({ state }) => state)).toEqual(states(done))
  await until('its log tells', async () =>
    (await device.tenant.log(house, 'obedient', device.count)).some(({ message }) => /by kari: applied/.test(message)),
  )
  await device.remove()
}, 60_000)

/** The events of the house as they come. */
async function listen(): Promise<{ id: string; state: string }[]> {
  const heard: { id: string; state: string }[] = []
  const abort = new AbortController()
  ends.push(async () => abort.abort())
  const answer = await fetch(`${stand.url}/api/houses/${house}/events`, {
    headers: { authorization: `Bearer ${token}` },
    signal: abort.signal,
  })
  void (async () => {
    let text = ''
    for await (const part of answer.body!) {
      text += Buffer.from(part).toString()
      const all = text.split('\n\n')
      text = all.pop()!
      for (const event of all)
        if (event.startsWith('event: command\n')) heard.push(JSON.parse(event.slice(event.indexOf('data: ') + 6)))
    }
  })().catch(() => {})
  return heard
}

test('what is out of bounds is 400 with its name, value and what is allowed, and never reaches the vendor', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  const bounds = { thermostat: { setTargetTemperature: { temperature: { maximum: 24 } } } }
  expect((await ask('PATCH', device.path, { bounds })).status).toBe(200)
  expect((await ask('PATCH', device.path, { bounds: { kettle: {} } })).status).toBe(400)
  const hot = await device.warm(25)
  expect([hot.status, hot.body]).toMatchObject([
    400,
    { code: 'out-of-bounds', argument: 'temperature', value: 25, allowed: '16 to 24 °C in steps of 0.5' },
  ])
  for (const wrong of ['21', null, Number.POSITIVE_INFINITY, [21]]) expect((await device.warm(wrong)).status).toBe(400)
  expect((await device.warm(20, { validFor: 0.5 })).status).toBe(400)
  expect((await device.warm(20, { validFor: 3601 })).status).toBe(400)
  expect((await device.warm(20, { soon: true })).status).toBe(400)
  vendor.pods.push(pod('p2', 'Soverom'))
  await until('the second one is known', async () => (await device.warm(20)).status === 400)
  expect((await device.warm(20)).body).toMatchObject({ detail: expect.stringContaining('Stue, Soverom') })
  const arguments_ = { temperature: 19, location: 'Soverom' }
  const named = await device.command({ capability: 'thermostat', verb: 'setTargetTemperature', arguments: arguments_ })
  await device.becomes(named.body.id, 'confirmed')
  expect(vendor.sent.at(-1)).toMatchObject({ path: '/v1/pods/p2', body: { target: 19 } })
  expect(vendor.sent.every(({ body }) => Number(body.target) <= 24)).toBe(true)
  await device.remove()
}, 60_000)

test('whatever is asked for, nothing outside of any bound reaches the vendor', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  const bounds = { thermostat: { setTargetTemperature: { temperature: { minimum: 18, maximum: 24 } } } }
  await ask('PATCH', device.path, { bounds })
  const temperature = fc.oneof(
    fc.integer({ min: 10, max: 40 }).map((half) => half / 2 + 8),
    fc.double(),
    fc.string(),
  )
  // Some are within bounds whatever chance picks.
  const fine = [18, 18.5, 20, 21, 23.5, 24].flatMap((value) => [[value, false] as const, [value, true] as const])
  const asked = [...fc.sample(fc.tuple(temperature, fc.boolean()), 80), ...fine]
  let taken = 0
  for (const [value, inSchedule] of asked) {
    const answer = inSchedule
      ? await device.command({
          capability: 'thermostat',
          verb: 'setFallback',
          arguments: { timezone: 'Europe/Oslo', schedule: [{ at: '06:00', temperature: value }] },
        })
      : await device.warm(value)
    if (answer.status === 202) taken++
    else expect(answer.status).toBe(400)
  }
  expect(taken).toBeGreaterThanOrEqual(fine.length)
  await until('all are settled', async () => {
    const list = (await (await ask('GET', `${device.path}/commands?limit=${taken}`)).json()) as Shown[]
    return list.every(({ state }) => ['applied', 'confirmed', 'expired'].includes(state))
  })
  const reached = vendor.sent.flatMap(({ body }) =>
    'target' in body ? [body.target] : (body.schedule as { temperature: unknown }[]).map((entry) => entry.temperature),
  )
  expect(reached.length).toBeGreaterThan(0)
  for (const value of reached) expect(typeof value === 'number' && value >= 18 && value <= 24).toBe(true)
  await device.remove()
}, 120_000)

test.each([
  { name: 'the vendor says no', status: 422, state: 'refused', says: /The vendor says/ },
  { name: 'the vendor breaks', status: 500, state: 'failed', says: /nobody knows/ },
  { name: 'the vendor does not let us', status: 403, state: 'refused', says: /does not let us/ },
])(
  '$name: $state, and not sent again',
  async ({ status, state, says }) => {
    await start()
    const device = await add()
    await until('it is known what can be commanded', device.known)
    vendor.meet = () => status
    const { body } = await device.warm(22)
    const done = await device.becomes(body.id, state)
    expect(done.reason).toMatch(says)
    expect(done.reason).not.toContain('top-secret-')
    await new Promise((resolve) => setTimeout(resolve, 2500))
    expect(vendor.sent).toHaveLength(1)
    await device.remove()
  },
  60_000,
)

test('the vendor has had enough for a moment: it is asked again, and does it once', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  vendor.meet = () => (vendor.sent.length < 3 ? 429 : undefined)
  const { body } = await device.warm(22)
  const done = await device.becomes(body.id, 'confirmed')
  expect(states(done)).toEqual(['accepted', 'sent', 'applied', 'confirmed'])
  expect(vendor.sent).toHaveLength(3)
  expect(vendor.pods[0]?.target).toBe(22)
  await device.remove()
}, 60_000)

test('the vendor has had enough for as long as the command is good: failed, and nothing comes after', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  vendor.meet = () => 429
  const { body } = await device.warm(22, { validFor: 2 })
  const done = await device.becomes(body.id, 'failed')
  expect(done.reason).toMatch(/429.*nothing was changed/)
  expect(done.reason).not.toContain('top-secret-')
  const asked = vendor.sent.length
  expect(asked).toBeGreaterThan(1)
  await new Promise((resolve) => setTimeout(resolve, 2500))
  expect(vendor.sent).toHaveLength(asked)
  expect(vendor.pods[0]?.target).toBe(20)
  await device.remove()
}, 60_000)

test('a device that obeys in words only: applied, and a reason that says no reading has shown it', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  vendor.deaf = true
  const { body } = await device.warm(22)
  await device.becomes(body.id, 'applied')
  await until('it is given up', async () => /No reading has shown it/.test((await device.read(body.id)).reason ?? ''))
  expect((await device.read(body.id)).state).toBe('applied')
  await device.remove()
}, 60_000)

test('code that never ends is ended, and counts as not done', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  const { body } = await device.command({
    capability: 'thermostat',
    verb: 'setOn',
    arguments: { on: false },
    validFor: 8,
  })
  await device.becomes(body.id, 'expired')
  expect(vendor.sent).toEqual([])
  const { body: next } = await device.warm(21)
  await device.becomes(next.id, 'confirmed')
  await device.remove()
}, 60_000)

test('while nothing runs a command waits; only the newest goes out, and none that is too old', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  await connectors.pop()?.close()
  const first = await device.warm(18)
  const second = await device.warm(19)
  const old = await device.command({
    capability: 'thermostat',
    verb: 'setMode',
    arguments: { mode: 'cool' },
    validFor: 1,
  })
  expect(await device.read(first.body.id)).toMatchObject({
    state: 'expired',
    reason: expect.stringContaining(second.body.id),
  })
  await device.becomes(old.body.id, 'expired')
  await start()
  await device.becomes(second.body.id, 'confirmed')
  expect(vendor.sent.map(({ body }) => body)).toEqual([{ target: 19 }])
  await device.remove()
}, 60_000)

test('a stopped device is not commanded until it is started again', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  await ask('POST', `${device.path}/stop`)
  const stateOf = async () => ((await (await ask('GET', device.path)).json()) as { state: string }).state
  await until('it is stopped', async () => (await stateOf()) === 'stopped')
  const { body } = await device.warm(23)
  await new Promise((resolve) => setTimeout(resolve, 2500))
  expect([vendor.sent.length, (await device.read(body.id)).state]).toEqual([0, 'accepted'])
  await ask('POST', `${device.path}/start`)
  await device.becomes(body.id, 'confirmed')
  await device.remove()
}, 60_000)

test('a connector killed while a command is on its way: nobody sends it again, and the next one goes on', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  await start(0)
  const child = spawn(process.execPath, [join(import.meta.dirname, 'connector-child.ts')], {
    env: { PATH: process.env.PATH, ...settingsFor() },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  ends.push(async () => void child.kill('SIGKILL'))
  vendor.slow = 60_000
  const { body } = await device.warm(23, { validFor: 300 })
  await until('it is on its way', () => vendor.sent.length === 1)
  expect((await device.read(body.id)).state).toBe('sent')
  child.kill('SIGKILL')
  await once(child, 'exit')
  vendor.slow = 0
  const { body: next } = await device.command({
    capability: 'thermostat',
    verb: 'setMode',
    arguments: { mode: 'cool' },
    validFor: 300,
  })
  await start()
  await device.becomes(next.id, 'confirmed')
  expect(await device.read(body.id)).toMatchObject({ state: 'failed', reason: expect.stringMatching(/nobody knows/) })
  expect(vendor.sent.map(({ method }) => method)).toEqual(['PATCH', 'POST'])
  await device.remove()
}, 120_000)

test('two connectors, many askers at once: each command is sent once at most, one at a time, the newest last', async () => {
  await start(2)
  const devices = await Promise.all([add(), add(), add()])
  for (const device of devices) await until('it is known what can be commanded', device.known, undefined, 40_000)
  vendor.slow = 150
  let last = ''
  for (let round = 0; round < 5; round++) {
    const all = await Promise.all(
      devices.flatMap((device) => [17, 18, 19, 20, 21].map((low) => device.warm(low + round))),
    )
    expect(all.every(({ status }) => status === 202)).toBe(true)
    last = all.at(-1)!.body.id
  }
  const settled = ['applied', 'confirmed', 'expired']
  for (const device of devices) {
    const list = async () => (await (await ask('GET', `${device.path}/commands?limit=25`)).json()) as Shown[]
    await until(
      'all are settled',
      async () => (await list()).every(({ state }) => settled.includes(state)),
      async () => JSON.stringify((await list()).map(({ state, reason }) => [state, reason])),
    )
    const shown = await list()
    expect(shown).toHaveLength(25)
    expect(settled.slice(0, 2)).toContain(shown[0]!.state)
    for (const one of shown) expect(states(one).filter((state) => state === 'sent').length).toBeLessThanOrEqual(1)
  }
  const sentStates = (
    await Promise.all(
      devices.map(async ({ path }) => (await (await ask('GET', `${path}/commands?limit=25`)).json()) as Shown[]),
    )
  ).flat()
  expect(vendor.sent).toHaveLength(sentStates.filter((one) => states(one).includes('sent')).length)
  expect(last).not.toBe('')
  for (const device of devices) await device.remove()
}, 120_000)

test('the vendor’s limits hold, a command goes before polls, and one that waits too long is not sent', async () => {
  await start()
  const device = await add('rationed')
  await until('it is known what can be commanded', device.known)
  const sent = await Promise.all(
    [0, 1, 2, 3].map(async (at) => {
      await new Promise((resolve) => setTimeout(resolve, at * 120))
      return device.warm(18 + at)
    }),
  )
  await until('the newest is done', async () =>
    ['applied', 'confirmed'].includes((await device.read(sent[3]!.body.id)).state),
  )
  const times = vendor.sent.map(({ at }) => at)
  for (let at = 2; at < times.length; at++) expect(times[at]! - times[at - 2]!).toBeGreaterThan(2800)
  const { body } = await device.warm(25, { validFor: 1 })
  const { body: other } = await device.warm(26, { validFor: 1 })
  await until(
    'they are settled',
    async () => ['applied', 'confirmed', 'expired'].includes((await device.read(other.id)).state),
    async () => JSON.stringify(await device.read(other.id)),
  )
  for (const [target, { id }] of [
    [25, body],
    [26, other],
  ] as const)
    expect(vendor.sent.some((one) => one.body.target === target)).toBe((await device.read(id)).state !== 'expired')
  await device.remove()
}, 60_000)

test('a program with an account commands over the bus; its id answers, and what is bad is answered too', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  const made = await ask('POST', `/api/houses/${house}/publishers`, { name: 'brain', commands: true })
  const login = (await made.json()) as { username: string; password: string; commands: boolean }
  expect([made.status, login.commands]).toEqual([201, true])
  const brain = await signInAs(login)
  const results: CommandResult[] = []
  await onCommandResult(brain, { houseId: house }, (_place, result) => results.push(result))
  const topic = `commands/${house}/obedient/${device.count}`
  const command = {
    id: 'mine-1',
    capability: 'thermostat',
    verb: 'setTargetTemperature',
    arguments: { temperature: 21.5 },
  }
  await brain.publish(topic, command)
  await brain.publish(`${topic}/${login.username}`, command)
  await until('it is confirmed', () => results.some(({ id, state }) => id === 'mine-1' && state === 'confirmed'))
  expect(vendor.sent).toHaveLength(1)
  expect(results.find(({ state }) => state === 'sent')).toMatchObject({ asked_by: login.username, location: 'Stue' })

  const bad = [
    { ...command, id: 'hot', arguments: { temperature: 99 } },
    { ...command, id: 'odd', soon: 1 },
    { ...command, id: 'long', validFor: 1e9 },
    { ...command, id: 'late', validUntil: '2001-01-01T00:00:00Z' },
  ]
  for (const one of bad) await brain.publish(topic, one)
  await brain.publish(topic, 'no json')
  await brain.publish(`commands/${house}/obedient/9999`, { ...command, id: 'nowhere' })
  const stateOf = (id: string) => results.find((one) => one.id === id && one.state !== 'accepted')
  await until('all are answered', () => ['hot', 'odd', 'long', 'late', 'nowhere'].every((id) => stateOf(id)))
  expect(['hot', 'odd', 'long', 'late', 'nowhere'].map((id) => stateOf(id)?.state)).toEqual([
    'refused',
    'refused',
    'refused',
    'expired',
    'refused',
  ])
  expect(stateOf('hot')?.reason).toContain('99')
  const kept = (await (await ask('GET', `${device.path}/commands`)).json()) as Shown[]
  // One of them was no JSON, and had no id to be answered with.
  const own = kept.filter(({ asked_by }) => asked_by === login.username)
  expect(own.map(({ state }) => state).sort()).toEqual([
    'confirmed',
    'expired',
    'refused',
    'refused',
    'refused',
    'refused',
  ])

  // An own role, and a house that is not the account's.
  await publishCommand(stand.bus, { houseId: house, integration: 'obedient', count: device.count }, 'controller', {
    ...command,
    id: 'own',
    arguments: { temperature: 20.5 },
  })
  await until('the role is answered', () => results.some(({ id, state }) => id === 'own' && state === 'confirmed'))
  // The broker ends the connection of one that reaches for somebody else's house.
  void (await signInAs(login)).publish(`commands/${house + 1}/obedient/0`, command).catch(() => {})
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(vendor.sent).toHaveLength(2)
  const reader = await stand.store
    .as(await stand.store.people.askerNamed('kari'))
    .createToken({ name: 'r', scopes: ['read', 'write'] })
  expect(
    (await ask('POST', `/api/houses/${house}/publishers`, { name: 'b', commands: true }, reader.token)).status,
  ).toBe(403)
  await device.remove()
}, 60_000)

async function signInAs({ username, password }: { username: string; password: string }): Promise<Bus> {
  const url = new URL(stand.brokerUrl)
  url.username = username
  url.password = password
  const bus = await connectBus({ url: url.href })
  ends.push(() => bus.close())
  return bus
}

test('at the command line: asked, waited for, and listed', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  const run = async (...args: string[]) => {
    const child = spawn(process.execPath, [program, ...args], {
      env: { PATH: process.env.PATH, ...settingsFor() },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += part))
    const [exit] = await once(child, 'close')
    return { exit, output }
  }
  const what = [`${house}`, `obedient/${device.count}`, 'thermostat', 'setTargetTemperature']
  expect(await run('command', ...what, 'temperature=22.5', 'location=Stue')).toMatchObject({
    exit: 0,
    output: expect.stringMatching(/^(applied|confirmed)/),
  })
  expect(vendor.sent.map(({ body }) => body)).toEqual([{ target: 22.5 }])
  expect(await run('command', ...what, 'temperature=99')).toMatchObject({
    exit: 1,
    output: expect.stringContaining('allowed is 5 to 35 °C'),
  })
  vendor.meet = () => 422
  expect(await run('command', ...what, 'temperature=20')).toMatchObject({
    exit: 2,
    output: expect.stringContaining('refused: The vendor says'),
  })
  const listed = await run('commands', `${house}`, '--device', `obedient/${device.count}`, '--limit', '2')
  expect(listed.output).toMatch(/setTargetTemperature location=Stue temperature=20 +operator +refused/)
  await device.remove()
}, 60_000)

test('a foreign house, a reader and a token without the scope are refused; a token with it may', async () => {
  const device = await add()
  const { store } = stand
  const kari = store.as(await store.people.askerNamed('kari'))
  const body = { capability: 'thermostat', verb: 'setTargetTemperature', arguments: { temperature: 20 } }
  const asked = async (as: string) => {
    const answer = await ask('POST', `${device.path}/commands`, body, as)
    return [answer.status, ((await answer.json()) as { code?: string }).code]
  }
  expect(await asked(await makeToken(stand, 'ola'))).toEqual([403, 'no-such-house'])
  await kari.setMember(house, 'ola', 'reader')
  expect(await asked(await makeToken(stand, 'ola'))).toEqual([403, 'not-allowed'])
  expect(await asked((await kari.createToken({ name: 'r', scopes: ['read', 'write'] })).token)).toEqual([
    403,
    'not-allowed',
  ])
  const only = (await kari.createToken({ name: 'c', scopes: ['control'] })).token
  expect(await asked(only)).toEqual([202, undefined])
  expect((await ask('GET', `${device.path}/commands`, undefined, only)).status).toBe(200)
  expect((await ask('GET', `/api/houses/${house}/commands?limit=1`)).status).toBe(200)
  expect((await ask('GET', `${device.path}/commands/none`)).status).toBe(404)
  await device.remove()
})
