/** What stands around the routes, on parts that do nothing: no engine is needed to see it. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { Problem } from '@nabolag/core'
import Fastify from 'fastify'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type App, buildApp, type Parts } from './app.ts'
import { checkPermissions } from './permissions.ts'

const away = async () => {
  throw Problem('engine-down')
}
const parts = {
  store: { ping: away, people: { cookieName: 'c', askerOf: away } },
  timeseries: { ping: async () => undefined },
  bus: { connected: true, subscribe: async () => async () => undefined },
  accounts: {},
} as unknown as Parts

let folder: string
let app: App
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nabolag-web-'))
  await mkdir(join(folder, 'assets'))
  await writeFile(join(folder, 'index.html'), '<title>page</title>')
  await writeFile(join(folder, 'assets', 'a-1.js'), '1')
  app = await buildApp(parts, {
    log: pino({ level: 'silent' }),
    webFolder: folder,
    dataFolder: folder,
    requestsPerMinute: 100,
  })
})
afterAll(async () => {
  await app?.close()
  await rm(folder, { recursive: true, force: true })
})
const html = { accept: 'text/html' }

test('a route that does not say what it needs stops the app from starting', () => {
  const bare = Fastify() as unknown as App
  checkPermissions(bare)
  expect(() => bare.get('/open', () => 'anything')).toThrow('does not say what it needs')
  expect(() => bare.get('/odd', { config: { needs: 'luck' as never } }, () => 'anything')).toThrow('does not say')
})

test('the page is served at every address that is not the API, with a strict policy', async () => {
  for (const url of ['/', '/houses/3']) {
    const answer = await app.inject({ url, headers: html })
    expect(answer.body).toContain('page')
    expect(answer.headers['content-security-policy']).toMatch(/default-src 'none'; script-src 'self'/)
  }
  const script = await app.inject({ url: '/assets/a-1.js' })
  expect(script.headers['cache-control']).toContain('immutable')
  expect((await app.inject({ url: '/assets/gone.js', headers: html })).statusCode).toBe(404)
  expect((await app.inject({ url: '/api/gone', headers: html })).json()).toMatchObject({ code: 'not-found' })
  expect((await app.inject({ url: '/houses/3', method: 'POST' })).statusCode).toBe(404)
})

test('a page that was built anew is served at once, and nothing beside it', async () => {
  await writeFile(join(folder, 'index.html'), '<title>newer page</title>')
  await writeFile(join(folder, 'assets', 'a-2.js'), '2')
  for (const url of ['/', '/houses/3']) {
    const answer = await app.inject({ url, headers: html })
    expect([answer.statusCode, answer.body]).toEqual([200, '<title>newer page</title>'])
    expect(answer.headers['cache-control']).toBe('no-cache')
  }
  const script = await app.inject({ url: '/assets/a-2.js' })
  expect([script.statusCode, script.body]).toEqual([200, '2'])
  expect(script.headers['cache-control']).toContain('immutable')
  for (const url of ['/../package.json', '/assets/../../secret.txt', '/%2e%2e/package.json', '/assets/'])
    expect((await app.inject({ url })).statusCode).toBeGreaterThanOrEqual(400)
})

test('an engine that is away is 503, and health says which', async () => {
  const houses = await app.inject({ url: '/api/houses', headers: { authorization: 'Bearer nbl_x' } })
  expect([houses.statusCode, houses.json().code]).toEqual([503, 'engine-down'])
  const health = await app.inject({ url: '/api/health' })
  expect(health.statusCode).toBe(503)
  expect(health.json().engines).toEqual({ postgresql: { ok: false }, clickhouse: { ok: true }, mqtt: { ok: true } })
  expect(health.json().disk).toMatchObject({ ok: true, free: expect.any(Number) })
})

test('the page to try the API takes everything from here', async () => {
  const page = await app.inject({ url: '/api/docs' })
  expect(page.statusCode).toBe(200)
  expect(page.body.match(/(?:src|href)="https?:/g)).toBeNull()
  expect(page.headers['content-security-policy']).toContain("script-src 'self'")
})

test('figures are for this machine, not for whom a proxy asks', async () => {
  expect((await app.inject({ url: '/metrics' })).body).toContain('nabolag_api_request_seconds')
  expect((await app.inject({ url: '/metrics', headers: { 'x-forwarded-for': '203.0.113.9' } })).statusCode).toBe(403)
})

test('a reader who goes away ends the query', async () => {
  const endless = new Readable({
    read() {
      this.push('x'.repeat(10_000))
    },
  })
  const house = { id: 1, role: 'owner' }
  const busy = await buildApp(
    {
      ...parts,
      store: {
        people: { cookieName: 'c', askerOf: async () => ({ scopes: ['read'] }) },
        as: () => ({ house: async () => house }),
      },
      timeseries: { read: async () => ({ contentType: 'text/csv', stream: endless }) },
    } as unknown as Parts,
    { log: pino({ level: 'silent' }) },
  )
  const url = await busy.listen({ port: 0, host: '127.0.0.1' })
  const abort = new AbortController()
  const headers = { authorization: 'Bearer nbl_x' }
  const query = 'group=a&field=b&start=2023-04-20T10:00'
  const answer = await fetch(`${url}/api/houses/1/data?${query}`, { headers, signal: abort.signal })
  await answer.body?.getReader().read()
  abort.abort()
  await expect.poll(() => endless.destroyed).toBe(true)
  await busy.close()
})

/** The app over a store that does what the test says. */
const appOver = (askerOf: () => Promise<unknown>, house: () => Promise<unknown>, more: object = {}) =>
  buildApp(
    { ...parts, store: { people: { cookieName: 'c', askerOf }, as: () => ({ house }) }, ...more } as unknown as Parts,
    { log: pino({ level: 'silent' }) },
  )
const reader = async () => ({ scopes: ['read'] })
const headers = { authorization: 'Bearer nbl_x' }

test('who hangs up before the first live event is not counted among those who listen', async () => {
  let asked = 0
  let open = () => {}
  const held = new Promise<void>((resolve) => {
    open = resolve
  })
  const busy = await appOver(reader, async () => {
    asked++
    await held
    return { id: 1, role: 'owner' }
  })
  const url = await busy.listen({ port: 0, host: '127.0.0.1' })
  const gone = Array.from({ length: 1000 }, () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.write('GET /api/houses/1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer nbl_x\r\n\r\n')
    return socket
  })
  await expect.poll(() => asked, { timeout: 20_000 }).toBe(1000)
  for (const socket of gone) socket.destroy()
  await expect
    .poll(() => new Promise((resolve) => busy.server.getConnections((_, count) => resolve(count))), { timeout: 20_000 })
    .toBe(0)
  open()
  const answer = await fetch(`${url}/api/houses/1/events`, { headers })
  expect(answer.status).toBe(200)
  await answer.body?.cancel()
  await busy.close()
}, 60_000)

test.each([
  ['the house is no longer theirs to see', 'no-such-house'],
  ['the token was withdrawn', undefined],
] as const)('live events end when %s, and not while the store is away', async (_name, code) => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  let state: 'in' | 'away' | 'out' = 'in'
  const busy = await appOver(
    async () => (state === 'out' && code === undefined ? undefined : reader()),
    async () => {
      if (state === 'away') throw Problem('engine-down')
      if (state === 'out') throw Problem('no-such-house')
      return { id: 1, role: 'reader' }
    },
  )
  try {
    const url = await busy.listen({ port: 0, host: '127.0.0.1' })
    const stream = (await fetch(`${url}/api/houses/1/events`, { headers })).body!.getReader()
    const read = async () => new TextDecoder().decode((await stream.read()).value)
    expect(await read()).toContain('ready')
    state = 'away'
    vi.advanceTimersByTime(25_000)
    expect(await read()).toContain('here')
    state = 'out'
    vi.advanceTimersByTime(25_000)
    await expect(read().then(read)).rejects.toThrow('terminated')
  } finally {
    vi.useRealTimers()
    await busy.close()
  }
})

test.each(['λ', 'a"b', 'a\nb', '../..', '🌡'])('a field named %j makes a file of a plain name', async (field) => {
  const read = async () => ({ contentType: 'text/csv', stream: Readable.from(['time,value\n']) })
  const busy = await appOver(reader, async () => ({ id: 1, role: 'owner' }), { timeseries: { read } })
  const query = `group=a&format=csv&start=2023-04-20T10:00&field=${encodeURIComponent(field)}`
  const answer = await busy.inject({ url: `/api/houses/1/data?${query}`, headers })
  expect(answer.statusCode).toBe(200)
  expect(answer.headers['content-disposition']).toMatch(/^attachment; filename="house-1-[\w.-]+\.csv"$/)
  await busy.close()
})

test('an admin’s token for one house does nothing that is about all of them', async () => {
  const admin = { role: 'admin', scopes: ['read', 'write', 'control', 'admin'], houses: [1] }
  const limited = await appOver(
    async () => admin,
    async () => ({ id: 1, role: 'admin' }),
  )
  for (const url of ['/api/shared-caps', '/api/rejected', '/metrics']) {
    const answer = await limited.inject({ url, headers, remoteAddress: '203.0.113.7' })
    expect([url, answer.statusCode]).toEqual([url, 403])
  }
  await limited.close()
})

test('who asks too often is told when to come again', async () => {
  const from = { remoteAddress: '203.0.113.7', url: '/api/health' }
  for (let asked = 0; asked < 100; asked++) await app.inject(from)
  const answer = await app.inject(from)
  expect([answer.statusCode, answer.json().code]).toEqual([429, 'too-many-requests'])
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
})
