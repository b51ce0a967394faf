import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { VendorFailure } from '@nabolag/core'
import type { AnyIntegration } from '@nabolag/integrations'
import { defineIntegration } from '@nabolag/integrations/define'
import { Aedes, type AuthenticateError } from 'aedes'
import { Type } from 'typebox'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { signing } from './fixtures/list.ts'
import { until } from './fixtures/stage.ts'
import { json, room, startVendor, type Vendor } from './fixtures/vendor.ts'
import { runOnce, sessionNameOf } from './try.ts'

/** Signs in over HTTP, and listens to a broker with what it got. */
const brokered = defineIntegration({
  name: 'brokered',
  label: 'For tests',
  vendor: 'brokered',
  group: 'airSensor',
  base: 'https://api.brokered.example/v1',
  credentials: Type.Object({ token: Type.String({ secret: true }) }),
  account: ({ token }) => token,
  status: Type.Object({ time: Type.String(), temperature: Type.Number() }),
  sampling: { every: '1 s', staleAfter: '10 s' },
  signIn: {
    session: Type.Object({ password: Type.String() }),
    open: async ({ http, worn }) => {
      const { password } = (await http.post('/sign-in', { body: { worn: worn ?? null } })) as { password: string }
      return { session: { password } }
    },
  },
  listen: async ({ link, session }, onStatus) => {
    const { batches } = await link.mqtt({
      url: 'mqtts://mqtt.brokered.example:8883',
      username: 'x',
      password: session.password,
      subscribe: ['values'],
      hello: [{ topic: 'begin', payload: '' }],
      gather: '0.02 s',
    })
    for await (const { at, messages } of batches)
      for (const { payload } of messages) onStatus({ time: at, temperature: Number(payload) })
  },
  samples: ({ time, temperature }) => [{ time, place: 'p', location: 'Stue', fields: { temperature } }],
}) as unknown as AnyIntegration

let vendor: Vendor
let aedes: Aedes
let server: Server
const sockets = new Set<Socket>()
let logIns: number
beforeEach(async () => {
  vendor = await startVendor()
  logIns = 0
  aedes = await Aedes.createBroker({
    authenticate: (_client, _user, password, done) =>
      String(password) === 'password-2'
        ? done(null, true)
        : done(Object.assign(new Error('no'), { returnCode: 5 }) as AuthenticateError, null),
  })
  aedes.on('publish', ({ topic }) => {
    if (topic === 'begin')
      aedes.publish(
        { cmd: 'publish', topic: 'values', payload: Buffer.from('21'), qos: 0, retain: false, dup: false },
        () => {},
      )
  })
  server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    aedes.handle(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => aedes.close(() => resolve(undefined)))
  await new Promise((resolve) => server.close(resolve))
  await vendor.close()
})

test('a stream that is refused is opened once more with a renewed session, and everything is closed at the end', async () => {
  vendor.answer = (_, response) => json(response, 200, { password: `password-${++logIns}` })
  const given = {
    integration: brokered,
    credentials: { token: 't' },
    baseUrl: `${vendor.base}|mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    contact: 'test@example.org',
    timeout: 5000,
  }
  const { samples, session } = await runOnce(given)
  expect(samples).toMatchObject([{ location: 'Stue', fields: { temperature: 21 } }])
  expect(session?.session).toEqual({ password: 'password-2' })
  expect(logIns).toBe(2)
  await until('it hung up', () => sockets.size === 0)
  // Goes on with what was handed back.
  await runOnce({ ...given, session: JSON.parse(JSON.stringify(session)) })
  expect(logIns).toBe(2)
})

const given = () => ({
  integration: signing as unknown as AnyIntegration,
  credentials: { user: 'kari', password: 'p4ssw0rd' },
  baseUrl: vendor.base,
  contact: 'test@example.org',
  timeout: 3000,
})

test('signs in, hands the session back, and asks before each call', async () => {
  vendor.answer = (request, response) => {
    if (request.url !== '/v2/login') return json(response, 200, room())
    logIns++
    response.writeHead(302, { location: '/', 'set-cookie': 'sid=token-of-kari' }).end()
  }
  let permits = 0
  const permit = async () => void permits++
  const { samples, session } = await runOnce({ ...given(), permit })
  expect(samples).toHaveLength(1)
  expect(session).toMatchObject({ session: { token: 'token-of-kari' }, lasts: 3_600_000 })
  expect([logIns, permits]).toEqual([1, 2])
  expect(sessionNameOf(given().integration, given().credentials)).toMatch(/^signing\/[0-9a-f]{32}\/signing$/)
  const refused = new VendorFailure('throttled', 'the account is to wait', Date.now() + 1000)
  await expect(runOnce({ ...given(), permit: () => Promise.reject(refused) })).rejects.toMatchObject({
    kind: 'throttled',
    until: refused.until,
  })
  expect(logIns).toBe(1)
})

test('says why it went wrong without a secret, and in time', async () => {
  vendor.answer = (_, response) => response.writeHead(401).end()
  await expect(runOnce(given())).rejects.toMatchObject({ kind: 'refused', message: 'not signed in as kari with ███' })
  vendor.answer = () => {}
  await expect(runOnce({ ...given(), timeout: 200 })).rejects.toMatchObject({ kind: 'unreachable' })
  const abort = new AbortController()
  const running = runOnce({ ...given(), signal: abort.signal })
  abort.abort()
  await expect(running).rejects.toMatchObject({ kind: 'unreachable' })
})
