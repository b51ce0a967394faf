import type { IncomingMessage } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { device, openStage, type Stage, until } from './fixtures/stage.ts'
import { json, room, startVendor, type Vendor } from './fixtures/vendor.ts'
import { type KeptSession, makeSessions, type SessionUser } from './sessions.ts'

const password = 'p4ssw0rd-of-the-owner'
let vendor: Vendor
let stages: Stage[] = []
/** What the vendor knows, and what it was told. */
let logIns: Record<string, string>[]
let good: Set<string>
let renewals: 'allowed' | 'refused'
let short: boolean
let tokens: number

const formOf = async (request: IncomingMessage) => {
  let text = ''
  for await (const part of request) text += String(part)
  return Object.fromEntries(new URLSearchParams(text))
}

beforeEach(async () => {
  vendor = await startVendor()
  logIns = []
  good = new Set()
  renewals = 'allowed'
  short = false
  tokens = 0
  vendor.answer = async (request, response) => {
    if (request.url === '/v2/login') {
      const form = await formOf(request)
      logIns.push(form)
      const isGood =
        form.renew === undefined ? form.password === password : renewals === 'allowed' && good.has(form.renew)
      if (!isGood) return response.writeHead(401).end()
      const token = `session-token-${++tokens}`
      good.add(token)
      const cookies = [`sid="${token}"; Path=/; HttpOnly`, ...(short ? ['short=1'] : []), 'old=x; Max-Age=0']
      return response.writeHead(302, { location: '/home', 'set-cookie': cookies }).end()
    }
    const token = request.headers.authorization?.replace('Bearer ', '') ?? ''
    return good.has(token) ? json(response, 200, room()) : json(response, 401, {})
  }
})
afterEach(async () => {
  for (const stage of stages) await stage.close()
  stages = []
  await vendor.close()
})

const open = async (devices: Stage['devices'], before?: Stage) => {
  const stage = await openStage(devices, vendor.base, {}, before)
  stages.push(stage)
  return stage
}
const member = (more = {}) => device('signing', { user: 'kari', password, ...more })
const stateOf = (stage: Stage, id: number) => stage.statuses.get(id)?.state
const allRun = (stage: Stage) => stage.devices.every(({ id }) => stateOf(stage, id) === 'running')
const tokenIn = (stage: Stage) => {
  const [kept] = stage.sessions.values() as Iterable<KeptSession>
  return (kept?.session as { token?: string } | undefined)?.token
}
const bearers = () =>
  vendor.requests.filter(({ url }) => url.includes('/rooms')).map(({ headers }) => headers.authorization)

test('all devices of an account share one log-in; another account has its own', async () => {
  const stage = await open([member(), member(), member(), device('signing', { user: 'ola', password })])
  await until('all run', () => allRun(stage))
  expect(logIns).toHaveLength(2)
  expect(new Set(bearers()).size).toBe(2)
  expect(logIns[0]).toEqual({ user: expect.any(String), password })
  expect([...stage.sessions.keys()]).toEqual([
    expect.stringMatching(/^signing\/[0-9a-f]{32}\/signing$/),
    expect.stringMatching(/^signing\/[0-9a-f]{32}\/signing$/),
  ])
})

test('a session survives the restart of the connector without a log-in', async () => {
  const before = await open([member(), member()])
  await until('both run', () => allRun(before))
  await before.close()
  stages = []
  const after = await open(before.devices, before)
  const asked = vendor.requests.length
  await until('both are asked again and run', () => vendor.requests.length > asked + 2 && allRun(after))
  expect(logIns).toHaveLength(1)
  expect(new Set(bearers())).toEqual(new Set(['Bearer session-token-1']))
})

test('a session that is over is renewed once for all, and the calls are repeated', async () => {
  const stage = await open([member(), member()])
  await until('both run', () => allRun(stage))
  await until('it is kept', () => stage.sessions.size === 1)
  good.clear()
  good.add('')
  renewals = 'refused'
  await until('there is another', () => tokens === 2)
  await until('both use it', () => bearers().filter((bearer) => bearer === 'Bearer session-token-2').length >= 4)
  // The renewal was refused, so it signed in from the start.
  expect(logIns.slice(1)).toEqual([{ renew: 'session-token-1' }, { user: 'kari', password }])
  expect(stage.history.filter(({ state }) => state === 'refused')).toEqual([])
  await until('it is kept', () => {
    return tokenIn(stage) === 'session-token-2'
  })
})

test('an old session is renewed before a call is made with it', async () => {
  short = true
  const stage = await open([member()])
  await until('it was renewed twice', () => tokens >= 3)
  expect(logIns.slice(1, 3)).toEqual([{ renew: 'session-token-1' }, { renew: 'session-token-2' }])
  await until('it runs', () => allRun(stage))
})

test('a refused log-in is tried once for all devices of the account, and shows no secret', async () => {
  const stage = await open([member({ password: 'wrong-password' }), member({ password: 'wrong-password' })])
  await until('both are refused', () => stage.devices.every(({ id }) => stateOf(stage, id) === 'refused'))
  await new Promise((resolve) => setTimeout(resolve, 1000))
  expect(logIns).toHaveLength(1)
  expect(stage.statuses.get(stage.devices[0]!.id)?.reason).toMatch(/not signed in as kari with ███/)
})

test('the values of a session are secrets, and who knows only the user name gets nothing of it', async () => {
  const stage = await open([member()])
  await until('it runs', () => allRun(stage))
  const { answer } = vendor
  vendor.answer = (request, response) =>
    request.url === '/v2/login' ? response.writeHead(401).end() : answer(request, response)
  good.clear()
  await until('it is refused', () => stateOf(stage, stage.devices[0]!.id) === 'refused')
  const told = JSON.stringify([stage.history, stage.lines])
  expect(told).not.toContain('session-token')
  expect(told).not.toContain(password)
  good.add('session-token-1')
  const thief = member({ password: 'anything' })
  stage.devices.push(thief)
  stage.desire(thief)
  await until('the stranger is refused', () => stateOf(stage, thief.id) === 'refused')
})

test('what a call keeps replaces the session', async () => {
  const { answer } = vendor
  let rotated = 0
  vendor.answer = (request, response) => {
    if (request.url === '/v2/login') return answer(request, response)
    good.add(`rotated-token-${++rotated}`)
    json(response, 200, room(), { 'x-rotated': `rotated-token-${rotated}` })
  }
  const stage = await open([member()])
  await until('it rotated often', () => rotated >= 4)
  expect(bearers().slice(0, 3)).toEqual(['Bearer session-token-1', 'Bearer rotated-token-1', 'Bearer rotated-token-2'])
  expect(logIns).toHaveLength(1)
  await stage.close()
  stages = []
  expect(tokenIn(stage)).toMatch(/^rotated-token-/)
})

test('a stored session of another form is opened anew', async () => {
  const before = await open([member()])
  await until('it runs, and its session is kept', () => allRun(before) && before.sessions.size === 1)
  await before.close()
  stages = []
  const [[name, kept] = []] = [...before.sessions]
  before.sessions.set(name!, { ...(kept as object), session: { cookie: 'of an older version' } })
  await open(before.devices, before)
  await until('it signed in', () => tokens === 2)
  expect(logIns[1]).toEqual({ user: 'kari', password })
})

test('while the store cannot say whether there is a session, nobody signs in', async () => {
  const stage = await open([])
  stage.store.away = true
  const one = member()
  stage.devices.push(one)
  stage.desire(one)
  await until('it says so', () => stateOf(stage, one.id) === 'backing-off')
  expect(stage.statuses.get(one.id)?.reason).toMatch(/Whether there is a session is not known/)
  expect(logIns).toEqual([])
  stage.store.away = false
  await until('it runs', () => allRun(stage))
  expect(logIns).toHaveLength(1)
})

test('a log-in that never ends is over with the run it was for, and the next one of the account signs in', async () => {
  const account = { kept: undefined as KeptSession | undefined, opened: 0 }
  const sessions = makeSessions({
    signIn: { fits: () => true, open: undefined as never, code: undefined },
    load: async () => account.kept,
    save: async (_scope, _device, kept) => {
      account.kept = kept
    },
  })
  const user = (open: SessionUser['open'], abort = new AbortController()) => ({
    ...{ scope: 'v/a', of: 'x', device: 1, open, signal: abort.signal },
    onSession: () => {},
    resume: () => {},
    patiently: <T>(answer: Promise<T>) => answer,
  })
  let end: (opened: { session: unknown }) => void = () => {}
  const never = () => new Promise<{ session: unknown }>((resolve) => (end = resolve))
  const first = new AbortController()
  const hanging = sessions.use(user(never, first), async (session) => session)
  const waiting = sessions.use(
    user(async () => ({ session: 'second' })),
    async (session) => session,
  )
  first.abort()
  await expect(hanging).rejects.toMatchObject({ kind: 'unreachable' })
  expect(await waiting).toBe('second')
  // What comes of it after all does not take the place of what is newer.
  end({ session: 'first' })
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await sessions.use(user(never), async (session) => session)).toBe('second')
  expect(account.kept?.session).toBe('second')
})
