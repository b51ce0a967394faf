import type { IncomingMessage } from 'node:http'
import { VendorFailure } from '@nabolag/core'
import type { Http } from '@nabolag/integrations/define'
import fc from 'fast-check'
import { Agent } from 'undici'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { addressOf, readAddresses } from './addresses.ts'
import { cookiesOf } from './exchange.ts'
import { json, startVendor, type Vendor } from './fixtures/vendor.ts'
import { type Caller, type HttpHost, makeHttp } from './http.ts'
import { makeHttpCache } from './http-cache.ts'
import { makeRedactor } from './redact.ts'

test.each([
  { name: 'plain', header: 'a=1', cookies: { a: '1' } },
  { name: 'with attributes', header: 'sid="x=y"; Path=/; HttpOnly', cookies: { sid: 'x=y' } },
  { name: 'several, the last of a name counts', header: ['a=1', 'b=2', 'a=3'], cookies: { a: '3', b: '2' } },
  { name: 'deleted by age', header: ['a=x; Max-Age=0', 'b=x; max-age=60'], cookies: { a: '', b: 'x' } },
  {
    name: 'deleted by date, unless the age says otherwise',
    header: ['a=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'b=x; Max-Age=9; Expires=Thu, 01 Jan 1970 00:00:00 GMT'],
    cookies: { a: '', b: 'x' },
  },
  { name: 'none', header: undefined, cookies: {} },
  { name: 'not one', header: ['nonsense', '=x', ';'], cookies: {} },
])('cookies: $name', ({ header, cookies }) => {
  expect(cookiesOf(header)).toEqual(cookies)
})

test('whatever a vendor sets, reading it does no harm', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (lines) => {
      for (const [name, value] of Object.entries(cookiesOf([...lines, '__proto__=1']))) {
        expect(name).not.toBe('')
        expect(typeof value).toBe('string')
      }
    }),
  )
  expect(({} as { a?: unknown }).a).toBeUndefined()
})

const base = 'https://api.vendor.example/v1'
const also = ['https://login.vendor.example', 'https://web.vendor.example']
test.each([
  { override: undefined, path: '/x', url: 'https://api.vendor.example/v1/x' },
  { override: undefined, path: 'https://login.vendor.example/a?b=1', url: 'https://login.vendor.example/a?b=1' },
  { override: 'http://s:1', path: '/x', url: 'http://s:1/v1/x' },
  { override: 'http://s:1', path: 'https://login.vendor.example/a?b=1', url: 'http://s:1/a?b=1' },
  { override: 'http://s:1|http://s:2', path: '/x', url: 'http://s:1/v1/x' },
  { override: 'http://s:1|http://s:2', path: 'https://login.vendor.example/a', url: 'http://s:2/a' },
  { override: 'http://s:1|http://s:2', path: 'https://web.vendor.example/', url: 'http://s:2/' },
  { override: 'http://s:1|http://s:2|http://s:3', path: 'https://web.vendor.example/c', url: 'http://s:3/c' },
  { override: 'http://s:1|http://s:2/login', path: 'https://login.vendor.example/a', url: 'http://s:2/login/a' },
  { override: 'http://s:1', path: 'https://api.vendor.example/v1/y', url: 'http://s:1/v1/y' },
  { override: 'http://s:1', path: 'http://s:1/from/a/redirect', url: 'http://s:1/from/a/redirect' },
  { override: 'mqtt://s:9|http://s:1', path: '/x', url: 'http://s:1/v1/x' },
])('$path with $override is asked at $url', ({ override, path, url }) => {
  expect(addressOf(readAddresses(base, also, override), path).href).toBe(url)
})

test('nobody else is asked', () => {
  const addresses = readAddresses(base, also)
  for (const path of ['https://evil.example/', 'http://api.vendor.example/v1', 'ftp://api.vendor.example/', 'https://'])
    expect(() => addressOf(addresses, path)).toThrow(VendorFailure)
  // An override that names a broker only leads nobody to the real vendor.
  expect(addressOf(readAddresses(base, also, 'mqtt://s:9'), '/x').hostname).toBe('127.0.0.1')
  expect(readAddresses(base, also, 'mqtt://s:9').mqtt).toBe('mqtt://s:9')
  expect(readAddresses('mqtts://b.vendor.example:8883', [], 'mqtt://s:9').base).toBe('mqtt://s:9')
})

const secret = 'p4ssword/&?'
let vendor: Vendor
let http: Http
let permits: number
const agent = new Agent()
beforeEach(async () => {
  vendor = await startVendor()
  permits = 0
  const host: HttpHost = {
    agent,
    cache: makeHttpCache(),
    asking: new Map(),
    userAgent: 'nabolag/test',
    addresses: readAddresses(base, also, vendor.base),
    timeout: 1000,
    bodyLimit: 2 ** 20,
  }
  const caller = {
    redact: makeRedactor([secret]),
    secrets: [secret],
    signal: new AbortController().signal,
    permit: async () => void permits++,
    patiently: <T>(answer: Promise<T>) => answer,
    complain: () => {},
    resume: () => {},
    notBefore: () => {},
    asked: () => {},
  } satisfies Caller
  http = makeHttp(host, caller)
})
afterEach(() => vendor.close())

const bodyOf = async (request: IncomingMessage) => {
  let text = ''
  for await (const part of request) text += String(part)
  return text
}

test('a form goes out, and a redirect comes back as it is', async () => {
  let sent = ''
  vendor.answer = async (request, response) => {
    sent = `${request.headers['content-type']} ${await bodyOf(request)}`
    response.writeHead(302, { location: '../home?code=1', 'set-cookie': ['a=1', 'b=2'] }).end('moved')
  }
  const answer = await http.exchange('POST', 'https://login.vendor.example/in/door', { form: { p: secret, q: 'å' } })
  expect(sent).toBe('application/x-www-form-urlencoded p=p4ssword%2F%26%3F&q=%C3%A5')
  expect(answer).toMatchObject({
    status: 302,
    location: `${vendor.base}/home?code=1`,
    cookies: { a: '1', b: '2' },
    text: 'moved',
    json: undefined,
    retryAfter: undefined,
  })
  expect(vendor.requests).toHaveLength(1)
  expect(permits).toBe(1)
})

test('a call that may take longer is waited for longer, and one that shall wait is sent later', async () => {
  vendor.answer = (_, response) => void setTimeout(() => json(response, 200, { done: true }), 1300)
  await expect(http.patch('/slow', { body: {} })).rejects.toMatchObject({ kind: 'unreachable' })
  for (const answer of [
    http.patch('/slow', { body: {}, patience: '5 s' }),
    http.get('/slow', { patience: '5 s' }),
    http.exchange('POST', '/slow', { patience: '5 s' }).then(({ json: body }) => body),
  ])
    await expect(answer).resolves.toEqual({ done: true })
  vendor.answer = (_, response) => json(response, 200, {})
  const before = Date.now()
  await http.post('/later', { after: '0.3 s' })
  expect(vendor.requests.at(-1)!.at - before).toBeGreaterThanOrEqual(295)
})

test('any status is for the caller to judge, and nothing is kept', async () => {
  const before = Date.now()
  vendor.answer = (_, response) =>
    response
      .writeHead(429, {
        'retry-after': '30',
        'content-type': 'application/json',
        expires: 'Fri, 01 Jan 2100 00:00:00 GMT',
      })
      .end('{"wait":true}')
  for (let time = 0; time < 2; time++) {
    const { status, json, retryAfter, headers } = await http.exchange('GET', '/x', { query: { a: 1 } })
    expect({ status, json, type: headers['content-type'] }).toEqual({
      status: 429,
      json: { wait: true },
      type: 'application/json',
    })
    expect(retryAfter).toBeGreaterThanOrEqual(before + 30_000)
  }
  expect(vendor.requests.map(({ url }) => url)).toEqual(['/v1/x?a=1', '/v1/x?a=1'])
})

test('what failureOf says is thrown, without secrets, with the time of the answer', async () => {
  vendor.answer = (_, response) => response.writeHead(503, { 'retry-after': '60' }).end(secret)
  const failureOf = ({ body }: { body: unknown }) => new VendorFailure('throttled', `it says ${String(body)}`)
  const failure = (await http.exchange('GET', '/x', { failureOf }).catch((error: unknown) => error)) as VendorFailure
  expect(failure).toMatchObject({ kind: 'throttled', message: 'it says ███' })
  expect(failure.until).toBeGreaterThan(Date.now() + 50_000)
})

test('no answer is unreachable', async () => {
  vendor.answer = (_, response) => void response.destroy()
  await expect(http.exchange('DELETE', '/x')).rejects.toMatchObject({ kind: 'unreachable' })
})
