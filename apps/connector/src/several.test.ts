import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSettings } from '@nabolag/core'
import { startPostgres } from '@nabolag/engines/postgres'
import { type Fleet, openStore, operator, type Store } from '@nabolag/store'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connector, startConnector } from './connector.ts'
import { silentLog, until } from './fixtures/stage.ts'
import { json, room, startVendor, type Vendor } from './fixtures/vendor.ts'

const count = 40
let folder: string
let postgres: Awaited<ReturnType<typeof startPostgres>>
let store: Store
let vendor: Vendor
let house: number
const connectors: Connector[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nabolag-several-'))
  postgres = await startPostgres({ folder: join(folder, 'pg') })
  store = openStore({ url: postgres.url, masterKey: randomBytes(32).toString('base64'), connections: 8 })
  await store.migrate()
  vendor = await startVendor()
  vendor.answer = (_, response) => json(response, 200, room())
  const row = { label: 'x', vendor: 'polite', group: 'airSensor', requiredFields: [], credentialsSchema: {} }
  await store.fleet.syncIntegrations([{ ...row, name: 'polite', samplingSeconds: 1, allowMultiple: true }])
  await store.people.createUser({ username: 'owner', password: 'long enough for all', role: 'admin' }, operator)
  const tenant = store.as(await store.people.askerNamed('owner'))
  house = (await tenant.createHouse({ name: 'One' })).id
  for (let i = 0; i < count; i++) {
    const credentials = { token: `token-${i}`, path: `/${i}` }
    await tenant.addDevice(house, 'polite', { credentials, accountHash: `account-${i}` })
  }
})
afterAll(async () => {
  for (const connector of connectors) await connector.close()
  await vendor?.close()
  await store?.close()
  await postgres?.close()
  await rm(folder, { recursive: true, force: true })
})

/** A connector with a way to the store that can be cut, and a name that the vendor sees. */
const start = async (name: string) => {
  const unanswered: ((error: Error) => void)[] = []
  const line = {
    cut: false,
    mend() {
      line.cut = false
      for (const fail of unanswered) fail(new Error('the connection broke'))
    },
  }
  const fleet = new Proxy(store.fleet, {
    get: (target, key) => {
      const known = target[key as keyof Fleet] as (...given: unknown[]) => unknown
      // Cut off, a question has no answer for now, not even a refusal.
      return (...given: unknown[]) =>
        line.cut ? new Promise((_, fail) => void unanswered.push(fail)) : known.apply(target, given)
    },
  })
  const connector = await startConnector(
    readSettings({ NABOLAG_VENDOR_URLS: `polite=${vendor.base}`, NABOLAG_CONTACT: name }),
    {
      log: silentLog,
      fleet,
      bus: {
        connected: true,
        publish: async () => {},
        subscribe: async () => async () => {},
        onReconnect: () => {},
        close: async () => {},
      },
      integrations: [{ name: 'polite', module: new URL('./fixtures/list.ts', import.meta.url).href }],
      tempo: 0.02,
      rereadEvery: 2000,
    },
  )
  connectors.push(connector)
  const running = () => Object.values(connector.stats().devices).reduce((sum, n) => sum + n, 0)
  return { name, connector, line, running }
}
type Started = Awaited<ReturnType<typeof start>>

/** Who asks for which device; the vendor knows it from the User-Agent. */
const asked = (from: number, to = Number.POSITIVE_INFINITY) => {
  const by = new Map<string, Set<string>>()
  for (const { url, headers, at } of vendor.requests) {
    if (at < from || at > to) continue
    const path = new URL(url, vendor.base).pathname
    const who = String(headers['user-agent']).split(' ').at(-1)!
    by.set(path, (by.get(path) ?? new Set()).add(who))
  }
  return by
}
const everyDeviceIsAskedBy = (from: number, who: readonly Started[]) => {
  const by = asked(from)
  const names = new Set([...by.values()].flatMap((set) => [...set]))
  return by.size === count && names.size === who.length && who.every(({ name }) => names.has(name))
}

test('two connectors share the devices, each runs in one at a time, and what one leaves the other takes over', async () => {
  const a = await start('a@example.org')
  await until('one runs all', () => a.running() === count)
  const b = await start('b@example.org')
  await until('they share', () => a.running() + b.running() === count && b.running() > count / 5, 30_000)
  // What was on its way when a shard changed hands has come by now.
  await new Promise((resolve) => setTimeout(resolve, 1500))
  const shared = Date.now()
  await until('all are asked', () => everyDeviceIsAskedBy(shared, [a, b]))
  expect([...asked(shared).values()].filter((who) => who.size > 1)).toEqual([])

  await a.connector.close()
  connectors.splice(connectors.indexOf(a.connector), 1)
  const left = Date.now()
  await until('the other has them all', () => b.running() === count, 30_000)
  await until('it asks for all', () => everyDeviceIsAskedBy(left, [b]))

  // Cut off from the store, it gives up its devices before its lease is over; another takes them.
  const c = await start('c@example.org')
  await until('they share again', () => b.running() + c.running() === count && c.running() > count / 5, 30_000)
  b.line.cut = true
  await until('the one that is cut off stops', () => b.running() === 0, 30_000)
  const stopped = Date.now()
  await until('the other has them all again', () => c.running() === count, 40_000)
  await until('it asks for all', () => everyDeviceIsAskedBy(stopped + 500, [c]))
  const last = asked(stopped + 500)
  expect([...last.values()].every((who) => who.size === 1 && who.has(c.name))).toBe(true)

  b.line.mend()
  await until('they share once more', () => b.running() + c.running() === count && b.running() > count / 5, 40_000)
}, 240_000)
