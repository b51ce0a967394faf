import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { consume } from '@nabolag/bus'
import { desiredTopic, readMessage, readSettings, type Sample } from '@nabolag/core'
import { startBroker } from '@nabolag/engines/broker'
import { startPostgres } from '@nabolag/engines/postgres'
import { integrations as builtIn } from '@nabolag/integrations'
import { startSimulators } from '@nabolag/simulators'
import { openStore, operator } from '@nabolag/store'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startConnector } from './connector.ts'
import { silentLog, until } from './fixtures/stage.ts'
import { runOnce } from './try.ts'

const ends: (() => Promise<unknown>)[] = []
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nabolag-connector-'))
})
afterAll(async () => {
  for (const end of ends.reverse()) await end()
  await rm(folder, { recursive: true, force: true })
})

test('devices of a house log from their vendors to the bus, and their states to the store', async () => {
  const postgres = await startPostgres({ folder: join(folder, 'pg') })
  ends.push(() => postgres.close())
  const broker = await startBroker({ folder: join(folder, 'mq'), host: '127.0.0.1', port: 0, user: 'u', password: 'p' })
  ends.push(() => broker.close())
  const simulators = await startSimulators()
  ends.push(() => simulators.close())
  const masterKey = randomBytes(32).toString('base64')
  const store = openStore({ url: postgres.url, masterKey })
  ends.push(() => store.close())
  await store.migrate()
  await store.fleet.syncIntegrations(
    builtIn.map(({ name, label, vendor, group, several }) => ({
      name,
      label,
      vendor,
      group,
      requiredFields: [],
      credentialsSchema: {},
      samplingSeconds: 60,
      allowMultiple: several ?? false,
    })),
  )
  await store.people.createUser({ username: 'owner', password: 'long enough for all', role: 'admin' }, operator)
  const tenant = store.as(await store.people.askerNamed('owner'))
  const { id } = await tenant.createHouse({ name: 'One' })
  const given: Record<string, Record<string, unknown>> = {
    met: { latitude: 63.4, longitude: 10.4 },
    'tibber-hourly': { 'api-key': 'bench-1' },
    'tibber-realtime': { 'api-key': 'bench-1' },
    'sensibo-sky': { 'api-key': 'bench-1' },
  }
  for (const [name, credentials] of Object.entries(given)) await tenant.addDevice(id, name, { credentials })

  const samples: Sample[] = []
  const refusals: string[] = []
  const consumer = consume({
    url: broker.url,
    clientId: 'datalogger-test',
    filters: ['sensors/#'],
    onMessage: (delivery) => {
      const checked = readMessage(delivery.topic, delivery.payload)
      samples.push(...checked.samples)
      refusals.push(...checked.refusals.map(({ reason }) => reason))
      consumer.acknowledge([delivery])
    },
  })
  ends.push(() => consumer.close())
  await consumer.ready

  const vendorUrls = Object.entries(simulators.urls)
    .map(([name, url]) => `${name}=${url}`)
    .join(',')
  const connector = await startConnector(
    readSettings({
      DATABASE_URL: postgres.url,
      MQTT_URL: broker.url,
      NABOLAG_MASTER_KEY: masterKey,
      NABOLAG_VENDOR_URLS: vendorUrls,
    }),
    { log: silentLog },
  )
  ends.push(() => connector.close())

  await until('all four run', () => connector.stats().devices.running === 4, 60_000)
  await until('all four are heard', () => new Set(samples.map(({ device }) => device)).size === 4)
  expect(refusals).toEqual([])
  const kept = async () => (await tenant.devices(id)).map(({ status }) => status)
  await expect
    .poll(async () => (await kept()).map(({ state }) => state))
    .toEqual(['running', 'running', 'running', 'running'])
  expect((await kept()).every(({ lastSampleAt }) => lastSampleAt !== undefined)).toBe(true)
  await expect
    .poll(async () => (await tenant.log(id, 'met', 0)).map(({ message }) => message))
    .toEqual(['Started', 'First sample of this run'])

  await tenant.setDesired(id, 'met', 0, 'stopped')
  const { connectBus } = await import('@nabolag/bus')
  const bus = await connectBus({ url: broker.url })
  ends.push(() => bus.close())
  await bus.publish(desiredTopic(id, 'met', 0), '{}')
  await until('it is stopped', () => connector.stats().devices.running === 3)

  const { samples: tried } = await runOnce({
    integration: builtIn.find(({ name }) => name === 'tibber-realtime')!,
    credentials: { 'api-key': 'bench-2' },
    baseUrl: simulators.urls.tibber,
    contact: 'test@example.org',
  })
  expect(tried.length).toBeGreaterThan(0)
  const wrong = {
    integration: builtIn.find(({ name }) => name === 'sensibo-sky')!,
    contact: 'x',
    baseUrl: simulators.urls.sensibo,
  }
  await expect(runOnce({ ...wrong, credentials: {} })).rejects.toMatchObject({
    kind: 'refused',
    message: expect.stringContaining('api-key'),
  })
  await expect(runOnce({ ...wrong, credentials: { 'api-key': 'nobody-knows-me' } })).rejects.toMatchObject({
    kind: 'refused',
  })
}, 120_000)
