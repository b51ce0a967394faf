import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { VendorFailure } from '@nabolag/core'
import { integrationOf } from '@nabolag/integrations'
import { Agent } from 'undici'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readAddresses } from './addresses.ts'
import { type Caller, type HttpHost, makeHttp } from './http.ts'
import { makeHttpCache } from './http-cache.ts'
import { makeShelf } from './shelf.ts'

const spotPrice = integrationOf('spot-price')!
const now = new Date().toISOString().replace(/T.*/, 'T12:30:00Z')
const houses = 100

let server: Server
let url = ''
let asked: string[] = []
let answer: (path: string) => { status: number; body?: unknown; headers?: Record<string, string> }
let shelved: Map<string, unknown>
const agents: Agent[] = []

beforeEach(async () => {
  asked = []
  shelved = new Map()
  server = createServer((request, response) => {
    asked.push(request.url!)
    const { status, body, headers } = answer(request.url!)
    response.writeHead(status, headers).end(body === undefined ? undefined : JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.close()))
  await new Promise((resolve) => server.close(resolve))
})

function makeHost(): HttpHost {
  const agent = new Agent()
  agents.push(agent)
  return {
    agent,
    cache: makeHttpCache(),
    shelf: makeShelf({
      load: async (name) => shelved.get(name),
      save: (name, kept) => {
        shelved.set(name, JSON.parse(JSON.stringify(kept)))
      },
    }),
    asking: new Map(),
    failed: new Map(),
    userAgent: 'nabolag-test/1 test@example.org',
    addresses: readAddresses(spotPrice.base, spotPrice.also, url),
    timeout: 5000,
    bodyLimit: 2 ** 20,
  }
}

const caller = (): Caller => ({
  secrets: [],
  signal: new AbortController().signal,
  redact: (text) => text,
  permit: async () => {},
  patiently: (waiting) => waiting,
  resume: () => {},
  notBefore: () => {},
  asked: () => {},
  complain: () => {},
})

/** Asked one after the other, as houses whose polls come at different moments. */
async function poll(host: HttpHost, count: number, area = 'NO3') {
  const outcomes: unknown[] = []
  for (let nth = 0; nth < count; nth++)
    outcomes.push(
      await spotPrice.fetch!({ http: makeHttp(host, caller()), credentials: { area }, now } as never).catch(
        (error: unknown) => error,
      ),
    )
  return outcomes
}

const day = { updatedAt: now, multiAreaEntries: [{ deliveryStart: now, entryPerArea: { NO3: 1, SE3: 2 } }] }

test(`${houses} houses of an area make one call per day of prices, over a restart too`, async () => {
  answer = () => ({ status: 200, body: day })
  const host = makeHost()
  expect((await poll(host, houses)).filter((one) => one instanceof Error)).toEqual([])
  expect(asked.length).toBe(2)
  await Promise.all(Array.from({ length: houses }, () => poll(host, 1)))
  await poll(makeHost(), houses)
  expect(asked.length).toBe(2)
  await poll(host, 1, 'SE3')
  expect(asked.length).toBe(4)
})

test('so they do while it is not published, and when both sources fail', async () => {
  answer = (path) => (path.includes('DayAhead') ? { status: 204 } : { status: 404 })
  await poll(makeHost(), houses)
  expect(asked.length).toBeLessThan(houses / 2)
  answer = () => ({ status: 503 })
  const host = makeHost()
  shelved.clear()
  asked = []
  const outcomes = await poll(host, houses)
  expect(outcomes.every((one) => one instanceof VendorFailure && one.kind === 'unreachable')).toBe(true)
  // Four of each two seconds that it takes.
  expect(asked.length).toBeLessThan(houses / 2)
})

test('a failure that names a time stands until then, any other for two seconds at most', async () => {
  answer = () => ({ status: 429, headers: { 'retry-after': '900' } })
  const host = makeHost()
  await poll(host, 2)
  answer = () => ({ status: 500 })
  await poll(host, 2, 'SE3')
  const left = [...host.failed!.values()].map(
    ({ failure, until }) => [failure.kind, (until - Date.now()) / 1000] as const,
  )
  expect(left.length).toBe(4)
  for (const [kind, seconds] of left) {
    expect(seconds).toBeGreaterThan(kind === 'throttled' ? 890 : -10)
    expect(seconds).toBeLessThanOrEqual(kind === 'throttled' ? 900 : 2)
  }
})
