import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { device, openStage, type Stage, until } from './fixtures/stage.ts'
import { json, room, startVendor, type Vendor } from './fixtures/vendor.ts'

let vendor: Vendor
let stage: Stage
beforeEach(async () => {
  vendor = await startVendor()
})
afterEach(async () => {
  await stage?.close()
  await vendor.close()
})

const secret = 's3cr3t-&-token/öå'
const stateOf = (id: number) => stage.statuses.get(id)?.state
const reasonOf = (id: number) => stage.statuses.get(id)?.reason ?? ''
const open = async (behave?: Vendor['answer'], options = {}) => {
  if (behave) vendor.answer = behave
  const one = device('polite', { token: secret })
  stage = await openStage([one], vendor.base, options)
  return one.id
}
const samples = () => stage.published.filter(({ topic }) => topic.startsWith('sensors/'))

test('logs from the first minute, on its topic, in the form of the bus', async () => {
  const id = await open()
  await until('it runs', () => stateOf(id) === 'running')
  const [first] = samples()
  expect(first?.topic).toBe(`sensors/polite/${id}/0`)
  expect(JSON.parse(first?.payload ?? '')).toMatchObject([
    {
      measurement: 'airSensor',
      tags: { house_id: String(id), device_name: 'polite', location: 'Stue' },
      fields: { temperature: 20 },
    },
  ])
  expect(vendor.requests[0]?.url).toBe('/v1/rooms?apiKey=s3cr3t-%26-token%2F%C3%B6%C3%A5')
  expect(vendor.requests[0]?.headers['user-agent']).toMatch(/^nabolag\/\d.* test@example\.org$/)
  expect(stage.lines.map(({ message }) => message)).toEqual(['Started', 'First sample of this run'])
  expect(stage.published.some(({ topic }) => topic === `devices/${id}/polite/0`)).toBe(true)
})

const half = (response: ServerResponse) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
  response.write('{"time":"20')
  setTimeout(() => response.destroy(), 20)
}

const rows: { name: string; answer: Vendor['answer']; state: string; reason: RegExp }[] = [
  {
    name: '401',
    answer: (_, r) => json(r, 401, { message: 'bad key' }),
    state: 'refused',
    reason: /401 \(bad key\).*new credentials/,
  },
  { name: '403', answer: (_, r) => json(r, 403, {}), state: 'refused', reason: /answered 403/ },
  {
    name: '429 without Retry-After',
    answer: (_, r) => json(r, 429, {}),
    state: 'throttled',
    reason: /429.*goes on by itself/,
  },
  {
    name: '429 with seconds',
    answer: (_, r) => json(r, 429, {}, { 'retry-after': '2' }),
    state: 'throttled',
    reason: /429/,
  },
  {
    name: '429 with a date',
    answer: (_, r) => json(r, 429, {}, { 'retry-after': new Date(Date.now() + 3000).toUTCString() }),
    state: 'throttled',
    reason: /429/,
  },
  { name: '500', answer: (_, r) => json(r, 500, {}), state: 'backing-off', reason: /500; it is tried again by itself/ },
  {
    name: '502 with a web page',
    answer: (_, r) => r.writeHead(502).end('<html>'),
    state: 'backing-off',
    reason: /502/,
  },
  { name: 'no answer', answer: () => {}, state: 'backing-off', reason: /did not answer within 1 s/ },
  {
    name: 'a broken connection',
    answer: (_, r) => void r.destroy(),
    state: 'backing-off',
    reason: /the connection broke/,
  },
  { name: 'half a JSON', answer: (_, r) => half(r), state: 'backing-off', reason: /broke|terminated|closed/ },
  {
    name: 'a cut JSON',
    answer: (_, r) => r.writeHead(200).end('{"time":'),
    state: 'backing-off',
    reason: /not JSON.*developers/,
  },
  { name: 'a web page', answer: (_, r) => r.writeHead(200).end('<html>'), state: 'backing-off', reason: /web page/ },
  {
    name: 'null',
    answer: (_, r) => json(r, 200, null),
    state: 'backing-off',
    reason: /The answer has changed: the whole of it/,
  },
  {
    name: 'a changed shape',
    answer: (_, r) => json(r, 200, { time: 'x', rooms: [{ name: 1 }] }),
    state: 'backing-off',
    reason: /has changed: rooms\.0/,
  },
  {
    name: 'a time that is none',
    answer: (_, r) => json(r, 200, { ...room(), time: 'soon' }),
    state: 'backing-off',
    reason: /not an ISO 8601 time/,
  },
  {
    name: 'its own secret',
    answer: (_, r) => json(r, 400, { message: `no such key ${secret}` }),
    state: 'backing-off',
    reason: /no such key ███/,
  },
  {
    name: 'a way to another host',
    answer: (_, r) => r.writeHead(302, { location: 'http://localhost:1/' }).end(),
    state: 'backing-off',
    reason: /sends us on to localhost:1/,
  },
]

test.each(rows)('$name: says so, and comes back by itself', async ({ answer, state, reason }) => {
  const good = vendor.answer
  const id = await open(answer)
  await until(`it is ${state}`, () => stateOf(id) === state)
  expect(reasonOf(id)).toMatch(reason)
  vendor.answer = good
  if (state === 'refused') {
    const asked = vendor.requests.length
    const before = stage.devices[0]!
    await new Promise((resolve) => setTimeout(resolve, 1000))
    expect(vendor.requests.length).toBe(asked)
    stage.devices[0] = { ...before, generation: 2 }
    stage.desire(stage.devices[0])
  }
  await until('it runs again', () => stateOf(id) === 'running')
  const all = JSON.stringify([stage.history, stage.lines])
  for (const form of [secret, encodeURIComponent(secret)]) expect(all).not.toContain(form)
})

test('a measurement that is null is not zero', async () => {
  const id = await open((_, response) => json(response, 200, room(null)))
  await until('it was asked twice', () => vendor.requests.length >= 2)
  await until('its state is told', () => /no measurement of it yet/.test(reasonOf(id)))
  expect(samples()).toEqual([])
  expect(stateOf(id)).toBe('starting')
})

test('the same measurement is sent once, a corrected one again', async () => {
  const answer = room(20)
  await open((_, response) => json(response, 200, answer))
  await until('it was asked often', () => vendor.requests.length >= 5)
  expect(samples()).toHaveLength(1)
  answer.rooms[0]!.temperature = 21
  await until('the correction is out', () => samples().length === 2)
})

test('a device that measures nothing new is stale, and runs again when it does', async () => {
  const answer = room()
  const id = await open((_, response) => json(response, 200, answer))
  await until('it is stale', () => stateOf(id) === 'stale')
  expect(reasonOf(id)).toMatch(/measured nothing new for .* power and network/)
  answer.time = new Date().toISOString()
  await until('it runs', () => stateOf(id) === 'running')
})

test('devices that share a question share the answer until it expires, and ask on the condition of the last', async () => {
  const stamp = 'Mon, 02 Jan 2023 03:04:05 GMT'
  vendor.answer = (request, response) =>
    request.headers['if-modified-since'] === stamp
      ? response.writeHead(304, { expires: new Date(Date.now() + 1500).toUTCString() }).end()
      : json(response, 200, room(), { 'last-modified': stamp, expires: new Date(Date.now() + 8000).toUTCString() })
  const devices = Array.from({ length: 5 }, () => device('polite', { token: 'same' }))
  stage = await openStage(devices, vendor.base)
  await until('all run', () => devices.every(({ id }) => stateOf(id) === 'running'))
  expect(vendor.requests).toHaveLength(1)
  await until('it was asked again', () => vendor.requests.length >= 2)
  expect(vendor.requests[1]?.headers['if-modified-since']).toBe(stamp)
  expect(vendor.requests[1]!.at - vendor.requests[0]!.at).toBeGreaterThanOrEqual(6900)
  expect(new Set(samples().map(({ topic }) => topic)).size).toBe(5)
})

test('while the broker is away samples wait, and go out when it is back', async () => {
  const id = await open()
  await until('it runs', () => stateOf(id) === 'running')
  stage.bus.connected = false
  const before = samples().length
  await until('samples wait', () => stage.connector.stats().outbox.waiting > 3)
  stage.bus.connected = true
  await until('they are out', () => samples().length > before + 3)
  expect(stage.connector.stats().outbox.dropped).toBe(0)
})
