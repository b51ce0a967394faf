import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Simulators, startSimulators } from '@nabolag/simulators'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Ask, removeFolder, type Stack, signIn, startStack, until } from './stack.ts'

/** Accounts at vendors through the whole system: trying credentials, signing in with a code, one incident of many houses. */
let stack: Stack
let simulators: Simulators
let folder: string
let stranger: Ask
const password = 'sim-verisure-house-3'
// Tibber's simulator names a home after such a key: those are not searched for.
const secrets = ['bench-770011', 'bench-770099', 'unknown-key-5521', password, 'vs-trust']
const seen: string[] = []

beforeAll(async () => {
  simulators = await startSimulators()
  const urls = Object.entries(simulators.urls).map(([vendor, url]) => `${vendor}=${url}`)
  stack = await startStack({ environment: { NABOLAG_VENDOR_URLS: urls.join(',') }, json: true, timeout: 180_000 })
  folder = mkdtempSync(join(tmpdir(), 'nabolag-accounts-'))
  await stack.ask('/api/users/new', {
    method: 'POST',
    body: { username: 'kari', password: 'long enough for all', email: 'kari@example.org' },
  })
  stranger = await signIn(stack.http, 'kari', 'long enough for all')
}, 240_000)
afterAll(async () => {
  await stack?.stop()
  await simulators?.close()
  if (folder) removeFolder(folder)
  if (stack) removeFolder(stack.folder)
})

type Answer = Record<string, never> & { ok: boolean; id: number }
const post = async (path: string, body: unknown = {}): Promise<{ status: number; body: Answer }> => {
  const answer = await stack.ask(path, { method: 'POST', body })
  seen.push(JSON.stringify(answer.body))
  return answer as { status: number; body: Answer }
}
const get = async (path: string) => {
  const { body } = await stack.ask(path)
  seen.push(JSON.stringify(body))
  return body as never as Record<string, never>
}
const newHouse = async () => (await post('/api/houses/new', { name: 'One' })).body.id

test('credentials are tried before they are saved, and nothing is', async () => {
  const house = await newHouse()
  const at = `/api/houses/${house}/devices`
  const good = await post(`${at}/sensibo-sky/test`, { credentials: { 'api-key': 'bench-770011' } })
  expect([good.status, good.body]).toMatchObject([200, { ok: true, samples: expect.any(Number) }])
  expect(good.body.fields).toContain('temperature')
  expect((good.body.places as never as string[]).length).toBeGreaterThan(0)
  // As a form has it: the fields themselves.
  expect((await post(`${at}/met/test`, { latitude: '63.4', longitude: '10.4' })).body).toMatchObject({ ok: true })
  expect((await post(`${at}/tibber-realtime/test`, { 'api-key': 'bench-770012' })).body).toMatchObject({ ok: true })

  const refused = await post(`${at}/sensibo-sky/test`, { 'api-key': 'unknown-key-5521' })
  expect(refused.body).toMatchObject({ ok: false, kind: 'refused', who: 'you', do: expect.any(String) })
  const account = 'bench-770099'
  const { sensibo } = simulators.faults
  for (const [fault, kind, who] of [
    ['outage', 'unreachable', 'vendor'],
    ['changed', 'changed', 'developer'],
    ['throttled', 'throttled', 'vendor'],
  ] as const) {
    sensibo.set(fault, { account, retryAfter: 30 })
    const { status, body } = await post(`${at}/sensibo-sky/test`, { 'api-key': account })
    sensibo.unset(fault)
    expect([status, body]).toMatchObject([200, { ok: false, kind, who }])
  }
  expect((await post(`${at}/sensibo-sky/test`, {})).status).toBe(400)
  expect((await post(`${at}/sensibo-sky/test`, { 'api-key': 'x', colour: 'red' })).status).toBe(400)
  expect((await post(`${at}/met/test`, { latitude: 600, longitude: 1 })).status).toBe(400)
  expect((await post(`${at}/nosuch/test`, {})).status).toBe(404)
  expect((await post(`${at}/met/count/0/test`)).status).toBe(404)
  expect((await stranger(`${at}/met/test`, { method: 'POST', body: { latitude: 1, longitude: 1 } })).status).toBe(403)
  expect(await get(at)).toEqual([])

  await post(`${at}/sensibo-sky/new`, { 'api-key': 'bench-770011' })
  expect((await post(`${at}/sensibo-sky/count/0/test`)).body).toMatchObject({ ok: true })
  const again = await post(`${at}/sensibo-sky/new`, { 'api-key': 'bench-770011' })
  expect(again.status).toBe(409)
}, 120_000)

test('a vendor that sends a code: asked for, typed, and the device goes on', async () => {
  const house = await newHouse()
  const at = `/api/houses/${house}/devices/verisure-smoke-detector`
  const credentials = { username: 'house-3-code@example.org', password }
  const tried = await post(`${at}/test`, { credentials })
  expect(tried.body).toMatchObject({ ok: false, kind: 'refused', sign_in: { channels: ['sms', 'email'] } })
  expect((await post(`${at}/sign-in`, { code: '123456' })).status).toBe(400)
  expect((await post(`${at}/sign-in`, { credentials, channel: 'pigeon' })).status).toBe(400)
  const asked = await post(`${at}/sign-in`, { credentials, channel: 'email' })
  expect(asked.body).toMatchObject({ ok: true, waiting_for: 'code', channel: 'email', expires: expect.any(String) })
  const tooSoon = await post(`${at}/sign-in`, { credentials })
  expect([tooSoon.status, tooSoon.body]).toMatchObject([
    429,
    { code: 'too-many-requests', retry_after: expect.any(Number) },
  ])
  const wrong = await post(`${at}/sign-in`, { code: '999999' })
  expect(wrong.body).toMatchObject({ ok: false, kind: 'refused', who: 'you', waiting_for: 'code' })
  expect((await post(`${at}/sign-in`, { code: '123456' })).body).toMatchObject({ ok: true, waiting_for: null })
  expect((await post(`${at}/test`, { credentials })).body).toMatchObject({ ok: true })
  const added = await post(`${at}/new`, credentials)
  expect(added.status).toBe(200)
  await until('it runs', async () => (await get(`${at}/count/0`)).state === 'running', 60_000)
  const twice = await post(`${at}/new`, { ...credentials, username: ' House-3-CODE@example.org ' })
  expect(twice.status).toBe(409)

  // Somebody who knows the address only gets nothing of the session.
  const other = await newHouse()
  const guess = { credentials: { ...credentials, password: 'guessed' } }
  const thief = await post(`/api/houses/${other}/devices/verisure-smoke-detector/test`, guess)
  expect(thief.body).toMatchObject({ ok: false, kind: 'refused' })
}, 120_000)

test('the same at the command line, for a device that says that it needs it', async () => {
  const house = await newHouse()
  const at = `/api/houses/${house}/devices/verisure-smoke-detector`
  const credentials = { username: 'house-4-code@example.org', password: 'sim-verisure-house-4' }
  secrets.push(credentials.password)
  await post(`${at}/new`, credentials)
  await until('it is refused', async () => (await get(`${at}/count/0`)).state === 'refused', 60_000)
  expect((await get(`${at}/count/0`)).sign_in).toEqual({ needed: true, channels: ['sms', 'email'] })
  const nabolag = async (...args: string[]) => {
    const ended = await stack.run(...args)
    seen.push(ended.output, ended.errors)
    return ended
  }
  const device = 'verisure-smoke-detector/0'
  expect(await nabolag('test', String(house), device)).toMatchObject({
    code: 12,
    errors: expect.stringMatching(/^refused: /),
  })
  const asked = await nabolag('sign-in', String(house), device, '--by', 'sms')
  expect(asked).toMatchObject({ code: 0, output: expect.stringContaining('--code CODE') })
  expect((await nabolag('sign-in', String(house), device, '--code', '000000')).code).toBe(12)
  expect(await nabolag('sign-in', String(house), device, '--code', '123456')).toMatchObject({ code: 0 })
  await until('it runs', async () => (await get(`${at}/count/0`)).state === 'running', 60_000)
  expect((await get(`${at}/count/0`)).sign_in).toBeUndefined()
  const file = join(folder, 'met.json')
  writeFileSync(file, '{"latitude": 60.1, "longitude": 11.2}')
  const met = await nabolag('test', String(house), 'met', '--credentials', file, '--json')
  expect(met.code).toBe(0)
  expect(JSON.parse(met.output)).toMatchObject({ ok: true })
  expect((await nabolag('sign-in', String(house), 'met/0')).code).toBe(1)
  expect((await nabolag('vendors')).output).toMatch(/verisure +\d+ +\d+ +working/)
}, 180_000)

test('many houses that lose a vendor are one incident, in each device’s words, until it is over', async () => {
  const houses: number[] = []
  for (let number = 0; number < 4; number++) {
    const house = await newHouse()
    houses.push(house)
    const key = `bench-88${number}77${number}`
    expect((await post(`/api/houses/${house}/devices/tibber-realtime/new`, { 'api-key': key })).status).toBe(200)
  }
  const device = (house: number) => get(`/api/houses/${house}/devices/tibber-realtime/count/0`)
  const all = async (so: (device: Record<string, never>) => boolean) =>
    (await Promise.all(houses.map(device))).every(so)
  await until('all run', () => all(({ state }) => state === 'running'), 90_000)
  const tibber = async () =>
    ((await get('/api/vendors')) as never as Record<string, never>[]).find(({ vendor }) => vendor === 'tibber')!
  expect(await tibber()).toMatchObject({ state: 'working', incident: null, devices: 4, houses: 4 })

  simulators.faults.tibber.set('outage')
  await until('there is an incident', async () => (await tibber()).state === 'incident', 60_000)
  await until('every house is told', () => all(({ reason }) => /^Tibber has trouble since/.test(reason ?? '')), 60_000)
  // It begins with three; who is heard of a moment later is counted at the next look.
  const counted = async () => ((await tibber()).incident as unknown as { devices: number } | null)?.devices
  await until('all four are counted', async () => (await counted()) === 4, 60_000)
  expect((await device(houses[0]!)).reason).toMatch(
    /^Tibber has trouble since \d\d:\d\d \(4 devices in 4 houses\); nothing for you to do\. ./,
  )
  const { incident, incidents } = await tibber()
  expect(incident).toMatchObject({ kind: 'unreachable', devices: 4, houses: 4, until: null })
  expect(incidents).toEqual([])
  const outsider = (await stranger('/api/vendors')).body as never as Record<string, never>[]
  expect(outsider.find(({ vendor }) => vendor === 'tibber')).toMatchObject({ state: 'incident', devices: 0 })
  expect(JSON.stringify(outsider)).not.toContain('budgets')
  expect((await stack.run('vendors')).output).toMatch(/tibber +4 +4 +unreachable since .*4 devices in 4 houses/)

  simulators.faults.tibber.unset('outage')
  await until('it is over', async () => (await tibber()).state === 'working', 240_000)
  expect((await tibber()).incidents).toMatchObject([{ kind: 'unreachable', devices: 4, until: expect.any(String) }])
}, 480_000)

test('an admin sees what is used of what vendors allow, by a hash of the account', async () => {
  const list = (await get('/api/vendors')) as never as Record<string, never>[]
  const budgets = list.flatMap(({ budgets: its }) => its as never as Record<string, unknown>[])
  expect(budgets.length).toBeGreaterThan(0)
  for (const { account } of budgets) expect(account === null || /^[0-9a-f]{32}$/.test(String(account))).toBe(true)
})

test('no secret got out, in no answer and no log', () => {
  const text = [...seen, stack.output()].join('\n')
  expect(seen.length).toBeGreaterThan(50)
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([])
})
