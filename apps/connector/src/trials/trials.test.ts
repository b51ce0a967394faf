/** Trials through a real store and broker: what a connector makes of them, and what it keeps. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bus, connectBus } from '@nabolag/bus'
import { readSettings, trialTopic } from '@nabolag/core'
import { startBroker } from '@nabolag/engines/broker'
import { startPostgres } from '@nabolag/engines/postgres'
import { openStore, operator, type Store, type Tenant, type TrialOutcome, type TrialRequest } from '@nabolag/store'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Connector, startConnector } from '../connector.ts'
import { until } from '../fixtures/stage.ts'
import { json, room, startVendor, type Vendor } from '../fixtures/vendor.ts'

const password = 'hemmelig&ord 77'
const secrets = [password, encodeURIComponent(password), 'step-4471', 'token-9913', '123456']
const ends: (() => Promise<unknown>)[] = []
const logged: string[] = []
let store: Store
let tenant: Tenant
let bus: Bus
let vendor: Vendor
let connector: Connector
let house: number

const body = (request: Parameters<Vendor['answer']>[0]) =>
  new Promise<Record<string, string>>((resolve) => {
    let text = ''
    request.on('data', (part) => {
      text += part
    })
    request.on('end', () => resolve(JSON.parse(text || '{}')))
  })

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nabolag-trials-'))
  ends.push(() => rm(folder, { recursive: true, force: true }))
  const postgres = await startPostgres({ folder: join(folder, 'pg') })
  ends.push(() => postgres.close())
  const broker = await startBroker({ folder: join(folder, 'mq'), host: '127.0.0.1', port: 0, user: 'u', password: 'p' })
  ends.push(() => broker.close())
  vendor = await startVendor()
  ends.push(() => vendor.close())
  const masterKey = randomBytes(32).toString('base64')
  store = openStore({ url: postgres.url, masterKey })
  ends.push(() => store.close())
  await store.migrate()
  const row = { group: 'airSensor', requiredFields: [], credentialsSchema: {}, samplingSeconds: 1, allowMultiple: true }
  await store.fleet.syncIntegrations(
    ['coded', 'rough', 'gone'].map((name) => ({ ...row, name, label: name, vendor: name })),
  )
  await store.people.createUser({ username: 'owner', password: 'long enough for all', role: 'admin' }, operator)
  tenant = store.as(await store.people.askerNamed('owner'))
  bus = await connectBus({ url: broker.url })
  ends.push(() => bus.close())
  const module = new URL('../fixtures/coded.ts', import.meta.url).href
  const write = (facts: object, message: string) => void logged.push(JSON.stringify({ ...facts, message }))
  connector = await startConnector(
    readSettings({
      DATABASE_URL: postgres.url,
      MQTT_URL: broker.url,
      NABOLAG_MASTER_KEY: masterKey,
      NABOLAG_VENDOR_URLS: `coded=${vendor.base},rough=${vendor.base}`,
    }),
    {
      log: { debug: write, info: write, warn: write, error: write },
      integrations: ['coded', 'rough'].map((name) => ({ name, module })),
      callTimeout: 2000,
      // On a busy machine it takes seconds to fill a memory.
      runTimeout: 9000,
      heapLimit: 64,
      externalLimit: 96,
    },
  )
  ends.push(() => connector.close())
})
afterAll(async () => {
  for (const end of ends.reverse()) await end()
})
beforeEach(async () => {
  house = (await tenant.createHouse()).id
  vendor.requests.length = 0
  vendor.answer = async (request, response) => {
    const asked = await body(request)
    if (request.url?.endsWith('/ask'))
      return asked.password === password
        ? json(response, 200, { step: 'step-4471' })
        : json(response, 401, { no: asked })
    if (request.url?.endsWith('/answer'))
      return asked.code === '123456' && asked.step === 'step-4471'
        ? json(response, 200, { token: 'token-9913' })
        : json(response, 401, { no: asked })
    const { authorization } = request.headers
    const known = authorization === 'Bearer token-9913' || authorization === `Bearer ${password}`
    return known ? json(response, 200, room()) : json(response, 401, { message: `no ${authorization}` })
  }
})

async function carryOut(request: TrialRequest): Promise<TrialOutcome> {
  const { id } = await tenant.beginTrial(request)
  await bus.publish(trialTopic(id), '{}')
  let outcome: TrialOutcome | undefined
  let asking = false
  await until('the trial is done', () => {
    if (!asking) {
      asking = true
      void tenant.trialOutcome(id).then((now) => {
        asking = false
        if (typeof now === 'object') outcome ??= now
      })
    }
    return outcome !== undefined
  })
  expect(secrets.filter((secret) => JSON.stringify(outcome).includes(secret))).toEqual([])
  return outcome!
}

const credentials = (user: string, behave?: string) => ({ user, password, ...(behave ? { behave } : {}) })
let accounts = 0
const fresh = () => `user${accounts++}@example.org`

test('a person signs in with a code, and the device goes on with that session', async () => {
  const user = fresh()
  const subject = { houseId: house, integration: 'coded', credentials: credentials(user), accountHash: user } as const
  expect(await carryOut({ ...subject, kind: 'test' })).toMatchObject({ ok: false, kind: 'refused' })
  const wrong = { ...subject, credentials: { user, password: 'wrong' }, accountHash: `${user} wrong` }
  expect(await carryOut({ ...wrong, kind: 'ask', channel: 'sms' })).toMatchObject({ ok: false, kind: 'refused' })
  expect(await tenant.pendingSignIn(house, 'coded')).toBeUndefined()
  expect(await carryOut({ ...subject, kind: 'ask', channel: 'sms' })).toMatchObject({ ok: true, channel: 'sms' })
  const answer = { kind: 'answer', houseId: house, integration: 'coded' } as const
  expect(await carryOut({ ...answer, code: '000000' })).toMatchObject({ ok: false, kind: 'refused' })
  expect(await tenant.pendingSignIn(house, 'coded')).toMatchObject({ channel: 'sms' })
  expect(await carryOut({ ...answer, code: '123456' })).toMatchObject({ ok: true })
  expect(await tenant.pendingSignIn(house, 'coded')).toBeUndefined()
  expect(await carryOut({ ...subject, kind: 'test' })).toEqual({
    ok: true,
    samples: 1,
    fields: ['temperature'],
    places: ['Stue'],
  })
  const device = await tenant.addDevice(house, 'coded', { credentials: credentials(user), accountHash: user })
  await bus.publish(`desired/${house}/coded/${device.count}`, '{}')
  await until('it runs', () => connector.stats().devices.running === 1)
  const stored = { kind: 'test', houseId: house, integration: 'coded', count: 0 } as const
  expect(await carryOut(stored)).toMatchObject({ ok: true, samples: 1 })

  const other = (await tenant.createHouse()).id
  const thief = { ...subject, houseId: other, credentials: { user, password: 'guessed' } }
  expect(await carryOut({ ...thief, kind: 'test' })).toMatchObject({ ok: false, kind: 'refused' })
}, 180_000)

test('a device that lost its trust gets it back with a code', async () => {
  const user = fresh()
  const device = await tenant.addDevice(house, 'coded', { credentials: credentials(user), accountHash: user })
  await bus.publish(`desired/${house}/coded/${device.count}`, '{}')
  const state = async () => (await tenant.device(house, 'coded', 0)).status.state
  await expect.poll(state, { timeout: 20_000 }).toBe('refused')
  const place = { houseId: house, integration: 'coded', count: 0 }
  expect(await carryOut({ ...place, kind: 'ask', channel: 'email' })).toMatchObject({ ok: true, channel: 'email' })
  expect(await carryOut({ ...place, kind: 'answer', code: '123456' })).toMatchObject({ ok: true })
  await tenant.setDesired(house, 'coded', 0, 'restart')
  await bus.publish(`desired/${house}/coded/0`, '{}')
  await expect.poll(state, { timeout: 20_000 }).toBe('running')
}, 180_000)

describe('an integration that misbehaves ends its own trial, and nothing else', () => {
  test.each([
    { behave: 'loops', kind: 'unreachable', says: /did not finish within 9 s/ },
    { behave: 'fills', kind: 'changed', says: /memory/ },
    { behave: 'buffers', kind: 'changed', says: /MiB of memory/ },
    { behave: 'hangs', kind: 'unreachable', says: /No answer within 2 s/ },
    { behave: 'exits', kind: 'changed', says: /exit code 3/ },
    { behave: 'throws', kind: 'changed', says: /TypeError/ },
  ])(
    '$behave',
    async ({ behave, kind, says }) => {
      const user = fresh()
      const given = { integration: 'rough', credentials: credentials(user, behave), accountHash: user, houseId: house }
      const outcome = await carryOut({ ...given, kind: 'test' })
      expect(outcome).toMatchObject({ ok: false, kind, message: expect.stringMatching(says) })
      const good = fresh()
      const next = { ...given, credentials: credentials(good), accountHash: good }
      expect(await carryOut({ ...next, kind: 'test' })).toMatchObject({ ok: true, samples: 0 })
    },
    180_000,
  )
})

test("the account's budget is asked before the vendor, and a pause is kept", async () => {
  const user = fresh()
  const given = { integration: 'rough', credentials: credentials(user), accountHash: user, houseId: house } as const
  const tries = []
  for (let attempt = 0; attempt < 3; attempt++) tries.push(await carryOut({ ...given, kind: 'test' }))
  expect(tries.map(({ ok }) => ok)).toEqual([true, true, false])
  expect(tries[2]).toMatchObject({ kind: 'throttled', until: expect.any(Number) })
  expect(vendor.requests).toHaveLength(2)

  const another = fresh()
  const throttled = { ...given, credentials: credentials(another), accountHash: another }
  vendor.answer = (_request, response) => response.writeHead(429, { 'retry-after': '50' }).end()
  expect(await carryOut({ ...throttled, kind: 'test' })).toMatchObject({ ok: false, kind: 'throttled' })
  expect(await carryOut({ ...throttled, kind: 'test' })).toMatchObject({ ok: false, kind: 'throttled' })
  expect(vendor.requests).toHaveLength(3)
}, 180_000)

test.each([
  { name: 'a vendor that is down', answer: (_: unknown, r: never) => json(r, 503, {}), kind: 'unreachable' },
  { name: 'another shape', answer: (_: unknown, r: never) => json(r, 200, { rooms: 'none' }), kind: 'changed' },
  { name: 'half an answer', answer: (_: unknown, r: { end(text: string): void }) => r.end('{"ro'), kind: 'changed' },
])('$name is $kind', async ({ answer, kind }) => {
  vendor.answer = answer as Vendor['answer']
  const user = fresh()
  const given = { integration: 'rough', credentials: credentials(user), accountHash: user, houseId: house } as const
  expect(await carryOut({ ...given, kind: 'test' })).toMatchObject({ ok: false, kind })
})

test('an integration that the connector does not have says so', async () => {
  expect(
    await carryOut({ kind: 'test', houseId: house, integration: 'gone', credentials: credentials('x') }),
  ).toMatchObject({ ok: false, kind: 'changed', message: expect.stringContaining('gone') })
})

test('no secret was logged', async () => {
  const text = logged.join('\n')
  expect(text).toContain('"tried"')
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([])
  expect((await tenant.audit()).filter((entry) => secrets.some((one) => JSON.stringify(entry).includes(one)))).toEqual(
    [],
  )
})
