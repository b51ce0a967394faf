import { randomInt } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Fault, type FaultOptions, type Simulators, startSimulators, type VendorName } from '@nabolag/simulators'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readIfThere, removeFolder, type Stack, startStack, until } from '../stack.ts'

/**
 * Vendors fail while the system runs, each at an account of its own and all at once. What is not tried here for want of
 * time (the pauses of minutes and hours, redirects, floods of an answer, times that are none) is in apps/connector.
 */
const patience = 240_000

type Case = {
  readonly what: string
  readonly integration: 'sensibo-sky' | 'met' | 'tibber-hourly' | 'tibber-realtime'
  readonly fault: Fault
  readonly options?: FaultOptions
  readonly state: string
  readonly reason: RegExp
  /** What gets it going again after the fault has ended: nobody, or its owner. */
  readonly mend: 'itself' | 'restart' | 'new credentials'
  /** Whether the fault is met without asking anew: the stream is open. */
  readonly live?: true
}

const cases: readonly Case[] = [
  {
    what: '403',
    integration: 'sensibo-sky',
    fault: 'refused',
    state: 'refused',
    reason: /Sensibo says: NotAuthorized, Invalid API key; enter new credentials/,
    mend: 'new credentials',
  },
  {
    what: '403, lifted by the vendor',
    integration: 'sensibo-sky',
    fault: 'refused',
    state: 'refused',
    reason: /or restart the device once the account works again/,
    mend: 'restart',
  },
  {
    what: 'a refusal inside a 200',
    integration: 'tibber-hourly',
    fault: 'refused',
    state: 'refused',
    reason: /Tibber says: invalid token; enter new credentials/,
    mend: 'new credentials',
  },
  {
    what: '403 with a web page',
    integration: 'met',
    fault: 'refused',
    state: 'refused',
    reason: /answered 403; /,
    mend: 'restart',
  },
  {
    what: '429 with Retry-After',
    integration: 'sensibo-sky',
    fault: 'throttled',
    options: { retryAfter: 3 },
    state: 'throttled',
    reason: /API Limit exceeded.*it goes on by itself at 20/,
    mend: 'itself',
  },
  {
    what: '429 without Retry-After',
    integration: 'tibber-hourly',
    fault: 'throttled',
    state: 'throttled',
    reason: /Too many requests\)?; it goes on by itself at 20/,
    mend: 'new credentials',
  },
  {
    what: '500',
    integration: 'sensibo-sky',
    fault: 'outage',
    options: { status: 500 },
    state: 'backing-off',
    reason: /answered 500 \(service unavailable\); it is tried again by itself/,
    mend: 'itself',
  },
  {
    what: '503',
    integration: 'met',
    fault: 'outage',
    state: 'backing-off',
    reason: /answered 503.*tried again by itself/,
    mend: 'itself',
  },
  {
    what: '502 with a web page',
    integration: 'sensibo-sky',
    fault: 'html',
    state: 'backing-off',
    reason: /answered 502; it is tried again by itself/,
    mend: 'itself',
  },
  {
    what: 'a connection that breaks',
    integration: 'sensibo-sky',
    fault: 'reset',
    state: 'backing-off',
    reason: /the connection broke; it is tried again by itself/,
    mend: 'itself',
  },
  {
    what: 'no answer at all',
    integration: 'sensibo-sky',
    fault: 'mute',
    state: 'backing-off',
    reason: /did not answer within 30 s; it is tried again by itself/,
    mend: 'itself',
  },
  {
    what: 'half a JSON',
    integration: 'sensibo-sky',
    fault: 'half',
    state: 'backing-off',
    reason: /The answer is not JSON; it is tried again by itself/,
    mend: 'itself',
  },
  {
    what: 'a changed shape',
    integration: 'sensibo-sky',
    fault: 'changed',
    state: 'backing-off',
    reason: /The answer has changed: .*developers must mend what stays wrong/,
    mend: 'itself',
  },
  {
    what: 'half a forecast',
    integration: 'met',
    fault: 'half',
    state: 'backing-off',
    reason: /The answer is not JSON; it is tried again by itself/,
    mend: 'itself',
  },
  {
    what: 'a stream that goes mute',
    integration: 'tibber-realtime',
    fault: 'mute',
    state: 'stale',
    reason: /Nothing came over the connection for 90 s; it is opened again by itself/,
    mend: 'itself',
    live: true,
  },
  {
    what: 'a stream of nothing but nulls',
    integration: 'tibber-realtime',
    fault: 'nulls',
    state: 'stale',
    reason: /by itself|has measured nothing new/,
    mend: 'itself',
    live: true,
  },
  {
    what: 'half a frame on a stream',
    integration: 'tibber-realtime',
    fault: 'half',
    state: 'backing-off',
    reason: /sent what is not JSON; it is tried again by itself/,
    mend: 'itself',
    live: true,
  },
  {
    what: 'a changed stream',
    integration: 'tibber-realtime',
    fault: 'changed',
    state: 'backing-off',
    reason: /The answer has changed: .*developers must mend/,
    mend: 'itself',
    live: true,
  },
  {
    what: 'a stream that refuses its token',
    integration: 'tibber-realtime',
    fault: 'refused',
    state: 'refused',
    reason: /Tibber says: invalid token; enter new credentials/,
    mend: 'new credentials',
  },
]

const vendorOf: Record<Case['integration'], VendorName> = {
  'sensibo-sky': 'sensibo',
  met: 'met',
  'tibber-hourly': 'tibber',
  'tibber-realtime': 'tibber',
}

let stack: Stack
let simulators: Simulators
const secrets = new Set<string>()

beforeAll(async () => {
  simulators = await startSimulators()
  const urls = Object.entries(simulators.urls).map(([vendor, url]) => `${vendor}=${url}`)
  stack = await startStack({ environment: { NABOLAG_VENDOR_URLS: urls.join(',') }, json: true, timeout: 180_000 })
}, 240_000)

afterAll(async () => {
  await stack?.stop()
  await simulators?.close()
  if (stack) removeFolder(stack.folder)
})

type Account = { readonly credentials: Record<string, string | number>; readonly name: string }

let places = 0
function newAccount(integration: Case['integration']): Account {
  if (integration === 'met') {
    const [latitude, longitude] = [60.25 + places++, 10.5]
    return { credentials: { latitude, longitude }, name: `${latitude},${longitude}` }
  }
  // The simulated vendors let such accounts in, and nobody writes such a number by chance.
  const name = `bench-${randomInt(1e12, 9e12)}`
  secrets.add(name)
  return { credentials: { 'api-key': name }, name }
}

type Device = { state: string; reason: string | null; next_try: string | null; last_sample: string | null }
type Line = { message: string }

/** One device through its vendor's fault and back; what its owner was told. */
async function goThrough(one: Case): Promise<{ reason: string; texts: string[] }> {
  const { what, integration, fault, options = {}, state, reason, mend, live } = one
  const made = await stack.ask('/api/houses/new', { method: 'POST', body: { name: what } })
  const house = (made.body as { id: number }).id
  const at = `/api/houses/${house}/devices/${integration}/count/0`
  const account = newAccount(integration)
  const switches = simulators.faults[vendorOf[integration]]
  const texts: string[] = []
  const look = async (): Promise<Device> => {
    const { status, body } = await stack.ask(at)
    if (status !== 200) throw new Error(`${status}`)
    texts.push(JSON.stringify(body))
    return body
  }
  const becomes = (wanted: string) =>
    until(`${integration}, ${what}: ${wanted}`, async () => (await look()).state === wanted, patience).catch(
      async (error: Error) => {
        throw new Error(`${error.message}; it is ${JSON.stringify(await look())}`)
      },
    )
  // A forecast is not asked for again before it expires: its vendor fails from the beginning.
  const isCached = integration === 'met'
  if (isCached) switches.set(fault, { ...options, account: account.name })
  const added = await stack.ask(`/api/houses/${house}/devices/${integration}/new`, {
    method: 'POST',
    body: account.credentials,
  })
  expect(added.status, JSON.stringify(added.body)).toBe(200)
  texts.push(JSON.stringify(added.body))
  if (!isCached) {
    await becomes('running')
    switches.set(fault, { ...options, account: account.name })
    if (!live) await stack.ask(`${at}/restart`, { method: 'POST' })
  }
  await becomes(state)
  const told = await look()
  expect(told.reason, what).toMatch(reason)
  // For people: sentences, neither code nor a stack.
  expect(told.reason).toMatch(/^\S.{20,400}\.$/)
  expect(told.reason).not.toMatch(/\.[jt]s:\d+|undefined|\[object|Error:/)
  if (state === 'throttled') expect(Date.parse(told.next_try ?? '')).toBeGreaterThan(Date.now() - 60_000)
  const log = await stack.ask(`${at}/log`)
  texts.push(JSON.stringify(log.body))
  const lines = log.body as Line[]
  expect(lines.map(({ message }) => message).join('\n'), what).toMatch(reason)

  switches.unset(fault)
  if (mend === 'restart') await stack.ask(`${at}/restart`, { method: 'POST' })
  if (mend === 'new credentials') {
    const other = newAccount(integration)
    const changed = await stack.ask(at, { method: 'PATCH', body: { credentials: other.credentials } })
    expect(changed.status, JSON.stringify(changed.body)).toBe(200)
    texts.push(JSON.stringify(changed.body))
  }
  await becomes('running')
  const well = await look()
  expect(well.reason).toBeNull()
  expect(well.last_sample).not.toBeNull()
  texts.push(JSON.stringify((await stack.ask(`${at}/log`)).body))
  return { reason: told.reason ?? '', texts }
}

test(`${cases.length} failures of vendors: the owner is told in words, no secret gets out, and each device comes back`, {
  timeout: 600_000,
}, async () => {
  // One fault of a kind at a time at each vendor; everything else side by side.
  const lanes = new Map<string, Case[]>()
  for (const one of cases) {
    const lane = `${vendorOf[one.integration]} ${one.fault}`
    lanes.set(lane, [...(lanes.get(lane) ?? []), one])
  }
  const told: { one: Case; reason: string }[] = []
  const texts: string[] = []
  const outcomes = await Promise.allSettled(
    [...lanes.values()].map(async (lane) => {
      for (const one of lane) {
        const result = await goThrough(one)
        told.push({ one, reason: result.reason })
        texts.push(...result.texts)
      }
    }),
  )
  const failed = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => String(reason))
  expect(failed).toEqual([])
  expect(told).toHaveLength(cases.length)
  for (const { one, reason } of told) console.log(`${one.integration}, ${one.what}: ${reason}`)

  expect(secrets.size).toBeGreaterThan(15)
  const metrics = await stack.ask('/metrics')
  const findLeaks = (text: string) => [...secrets].filter((secret) => text.includes(secret))
  expect(findLeaks(texts.join('\n'))).toEqual([])
  expect(findLeaks(stack.output())).toEqual([])
  expect(findLeaks(String(metrics.body))).toEqual([])
  const files = filesOf(stack.folder)
  expect(files.flatMap((file) => findLeaks(readIfThere(file) ?? '').map(() => file))).toEqual([])
  console.log(
    `${cases.length} failures, ${texts.length} answers and ${files.length} files searched for ${secrets.size} secrets`,
  )
  expect(files.filter((file) => file.includes('/logs/')).length).toBeGreaterThanOrEqual(5)
})

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}
