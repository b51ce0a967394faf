/** Two web servers on the same engines: what one changes, the other knows at once, though both remember. */
import { randomUUID } from 'node:crypto'
import { makeLog, startApi } from '@nabolag/api'
import { connectBus } from '@nabolag/bus'
import { formatTime, readSettings, type Sample, storedTopic } from '@nabolag/core'
import { startDatalogger } from '@nabolag/datalogger'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Asked, asker, makeStand, makeToken, password, type Stand, signIn } from './stand.ts'

type Server = { ask: Stand['ask']; close(): Promise<void> }
let stand: Stand
let servers: [Server, Server]
let token: string
let house: number
beforeAll(async () => {
  stand = await makeStand()
  const start = async (): Promise<Server> => {
    const settings = readSettings({ NABOLAG_HTTP_PORT: '0', ...stand.addresses })
    const api = await startApi(settings, { log: makeLog('error'), requestsPerMinute: 1_000_000 })
    return { ask: asker(api.url), close: api.close }
  }
  servers = [await start(), await start()]
  token = await makeToken(stand, 'kari')
  const made = await stand.ask('POST', '/api/houses/new', { token, json: { name: 'Hot' } })
  house = ((await made.json()) as { id: number }).id
})
afterAll(async () => {
  for (const server of servers ?? []) await server.close()
  await stand?.close()
})

const T0 = Date.UTC(2024, 4, 1) * 1000
const second = 1_000_000
const statusOf = async (server: Server, path: string, asked: Asked) => (await server.ask('GET', path, asked)).status

async function valuesOf(server: Server): Promise<number[] | undefined> {
  const question = {
    group: 'powerConsumption',
    field: 'power',
    start: formatTime(T0),
    end: formatTime(T0 + 60 * second),
  }
  const answer = await server.ask('POST', `/api/houses/${house}/data`, {
    token,
    json: { ...question, resolution: 'raw' },
  })
  const { series } = (await answer.json()) as { series: { values: number[] }[] }
  return series[0]?.values
}

test('a token that is revoked at one server ends at both', async () => {
  const mine = await makeToken(stand, 'kari')
  const path = `/api/houses/${house}`
  for (const server of servers) expect(await statusOf(server, path, { token: mine })).toBe(200)
  const cookie = await signIn(stand, 'kari')
  const all = (await (await servers[0].ask('GET', '/api/tokens', { cookie })).json()) as { id: number }[]
  const newest = Math.max(...all.map(({ id }) => id))
  expect((await servers[0].ask('DELETE', `/api/tokens/${newest}`, { cookie })).status).toBe(204)
  expect(await statusOf(servers[0], path, { token: mine })).toBe(403)
  await expect.poll(() => statusOf(servers[1], path, { token: mine }), { timeout: 2000 }).toBe(403)
})

test('who signs out, or gets a new password, is out at both servers', async () => {
  const leaving = await signIn(stand, 'kari')
  for (const server of servers) expect(await statusOf(server, '/api/auth/me', { cookie: leaving })).toBe(200)
  expect((await servers[0].ask('POST', '/api/auth/logout/', { cookie: leaving })).status).toBe(200)
  expect(await statusOf(servers[0], '/api/auth/me', { cookie: leaving })).toBe(403)
  await expect.poll(() => statusOf(servers[1], '/api/auth/me', { cookie: leaving }), { timeout: 2000 }).toBe(403)

  const changing = await signIn(stand, 'kari')
  for (const server of servers) expect(await statusOf(server, '/api/auth/me', { cookie: changing })).toBe(200)
  const json = { password, current_password: password }
  expect((await servers[1].ask('PUT', '/api/users/kari/password', { cookie: changing, json })).status).toBe(204)
  expect(await statusOf(servers[1], '/api/auth/me', { cookie: changing })).toBe(403)
  await expect.poll(() => statusOf(servers[0], '/api/auth/me', { cookie: changing }), { timeout: 2000 }).toBe(403)
})

test('a member who is shown out, or may only read from now on, may no more at both servers', async () => {
  const guest = await makeToken(stand, 'ola')
  const path = `/api/houses/${house}`
  const member = `${path}/members/ola`
  const rename = (server: Server) => server.ask('PATCH', path, { token: guest, json: { name: randomUUID() } })
  expect((await servers[0].ask('PUT', member, { token, json: { role: 'resident' } })).status).toBe(200)
  for (const server of servers) expect((await rename(server)).status).toBe(200)
  for (const server of servers) expect(await statusOf(server, path, { token: guest })).toBe(200)
  expect((await servers[0].ask('PUT', member, { token, json: { role: 'reader' } })).status).toBe(200)
  expect((await rename(servers[0])).status).toBe(403)
  await expect.poll(async () => (await rename(servers[1])).status, { timeout: 2000 }).toBe(403)
  expect(await statusOf(servers[1], path, { token: guest })).toBe(200)
  expect((await servers[0].ask('DELETE', member, { token })).status).toBe(200)
  expect(await statusOf(servers[0], path, { token: guest })).toBe(403)
  await expect.poll(() => statusOf(servers[1], path, { token: guest }), { timeout: 2000 }).toBe(403)
})

test('what a datalogger stores is read at both servers, however often the hour was read before', async () => {
  const datalogger = await startDatalogger(readSettings({ ...stand.addresses, NABOLAG_LOG_LEVEL: 'error' }))
  const bus = await connectBus({ url: stand.brokerUrl })
  try {
    for (const server of servers) expect(await valuesOf(server)).toBeUndefined()
    const expected: number[] = []
    for (let count = 0; count < 10; count++) {
      const message = {
        measurement: 'powerConsumption',
        tags: { house_id: house, device_name: 'meter', count: 0 },
        fields: { power: count },
        time: formatTime(T0 + count * second),
      }
      await bus.publish(`sensors/meter/${house}/0`, message)
      expected.push(count)
      for (const server of servers)
        await expect.poll(() => valuesOf(server), { timeout: 5000, interval: 20 }).toEqual(expected)
    }
  } finally {
    await bus.close()
    await datalogger.close()
  }
})

test('what is erased at one server is gone at both', async () => {
  const before = await valuesOf(servers[0])
  expect(before?.length).toBeGreaterThan(5)
  expect(await valuesOf(servers[1])).toEqual(before)
  const end = formatTime(T0 + 5 * second)
  const erased = await servers[0].ask('DELETE', `/api/houses/${house}/data?end=${encodeURIComponent(end)}`, { token })
  expect(erased.status).toBe(200)
  expect(await valuesOf(servers[0])).toEqual(before?.slice(5))
  await expect.poll(() => valuesOf(servers[1]), { timeout: 2000 }).toEqual(before?.slice(5))
})

test('hot hours are served from memory, and an event that cannot be read empties it', async () => {
  let power = 100
  const last = async () => (await valuesOf(servers[0]))?.at(-1)
  // The stand's own time series tells nobody: what is answered after it can only come from memory.
  const isFromMemory = async () => {
    const before = await last()
    await stand.timeseries.write([sampleOf(9, ++power)], Date.now())
    return (await last()) === before
  }
  await expect.poll(isFromMemory, { timeout: 10_000 }).toBe(true)
  await stand.bus.publish(storedTopic, 'who knows what')
  await expect.poll(last, { timeout: 2000 }).toBe(power)
})

const sampleOf = (n: number, power: number): Sample => ({
  houseId: house,
  group: 'powerConsumption',
  device: 'meter',
  count: 0,
  location: '',
  tags: {},
  time: T0 + n * second,
  issued: undefined,
  fields: { power },
})
