import type { AddressInfo } from 'node:net'
import type { VendorFailure } from '@nabolag/core'
import type { GraphqlNews } from '@nabolag/integrations/define'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { readAddresses } from './addresses.ts'
import { until } from './fixtures/stage.ts'
import { makeGraphqlTogether } from './graphql.ts'
import type { Caller, HttpHost } from './http.ts'
import { makeRedactor } from './redact.ts'

let server: WebSocketServer
let sockets: WebSocket[]
let frames: { type: string; id?: string; payload?: { query?: string } }[]
let abort: AbortController
let complaints: VendorFailure[]
beforeEach(async () => {
  sockets = []
  frames = []
  complaints = []
  abort = new AbortController()
  server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'graphql-transport-ws' })
  server.on('connection', (socket) => {
    sockets.push(socket)
    socket.on('message', (bytes: Buffer) => {
      const frame = JSON.parse(bytes.toString()) as (typeof frames)[number]
      frames.push(frame)
      if (frame.type === 'connection_init') socket.send('{"type":"connection_ack"}')
    })
  })
  await new Promise((resolve) => server.once('listening', resolve))
})
afterEach(async () => {
  abort.abort()
  for (const client of server.clients) client.terminate()
  await new Promise((resolve) => server.close(resolve))
})

const subscribed = () => frames.filter(({ type }) => type === 'subscribe')
const say = (frame: object) => sockets[0]!.send(JSON.stringify(frame))

/** Listens to so many subscriptions; what is heard stands in the list, and the end in `end`. */
const listen = async (queries: readonly string[]) => {
  const heard: GraphqlNews[] = []
  const host = {
    addresses: readAddresses('http://127.0.0.1:1', [], ''),
    timeout: 2000,
    userAgent: 'nabolag/test',
  } as HttpHost
  const caller = {
    redact: makeRedactor(['s3cret-token']),
    signal: abort.signal,
    resume: () => {},
    complain: (failure: VendorFailure) => void complaints.push(failure),
  } as unknown as Caller
  const news = makeGraphqlTogether(
    host,
    caller,
  )({
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    init: { token: 's3cret-token' },
    subscriptions: queries.map((query) => ({ query })),
  })
  const end = (async () => {
    for await (const one of news) heard.push(one)
  })().then(
    () => undefined,
    (error: VendorFailure) => error,
  )
  await until('all are subscribed', () => subscribed().length === queries.length)
  return { heard, end }
}

test('several subscriptions share one socket, and each answer says whose it is', async () => {
  const { heard } = await listen(['a', 'b', 'c'])
  expect(subscribed().map(({ id, payload }) => [id, payload?.query])).toEqual([
    ['1', 'a'],
    ['2', 'b'],
    ['3', 'c'],
  ])
  for (const id of ['3', '1', '2', '3']) say({ type: 'next', id, payload: { data: { of: id } } })
  await until('all are heard', () => heard.length === 4)
  expect(heard).toEqual([
    { nth: 2, data: { of: '3' } },
    { nth: 0, data: { of: '1' } },
    { nth: 1, data: { of: '2' } },
    { nth: 2, data: { of: '3' } },
  ])
  expect(sockets).toHaveLength(1)
})

test('what ends one leaves the others, and with the last one it throws', async () => {
  const { heard, end } = await listen(['a', 'b', 'c'])
  const error = { message: 'no live meter for s3cret-token', extensions: { code: 'UNAUTHENTICATED' } }
  say({ type: 'next', id: '1', payload: { data: null, errors: [error] } })
  say({ type: 'next', id: '1', payload: { data: { late: true } } })
  say({ type: 'complete', id: '2' })
  say({ type: 'next', id: '3', payload: { data: { still: 'here' } } })
  await until('three are heard', () => heard.length === 3)
  expect(heard.map(({ nth }) => nth)).toEqual([0, 1, 2])
  expect(heard[0]?.failure).toMatchObject({
    kind: 'refused',
    message: expect.stringContaining('no live meter for ███'),
  })
  expect(heard[1]?.failure).toMatchObject({ kind: 'unreachable' })
  expect(heard[2]?.data).toEqual({ still: 'here' })
  await until('the vendor is told', () => frames.some(({ type, id }) => type === 'complete' && id === '1'))
  say({ type: 'error', id: '3', payload: [{ message: 'slow down', extensions: { code: 'TOO_MANY_REQUESTS' } }] })
  expect(await end).toMatchObject({ kind: 'throttled' })
  expect(heard[3]?.failure).toMatchObject({ kind: 'throttled' })
})

test('the close of the socket ends them all, with what its code stands for', async () => {
  const { end } = await listen(['a', 'b'])
  sockets[0]!.close(4403, 'as the test wants')
  expect(await end).toMatchObject({ kind: 'refused', message: expect.stringContaining('4403') })
})

test('what belongs to no subscription is left out, what holds nothing is told', async () => {
  const { heard } = await listen(['a', 'b'])
  say({ type: 'next', id: '9', payload: { data: { x: 1 } } })
  say({ type: 'next', payload: { data: { x: 1 } } })
  say({ type: 'next', id: '2', payload: {} })
  say({ type: 'next', id: '2', payload: { data: { x: 2 } } })
  await until('it is heard', () => heard.length > 0)
  expect(heard).toEqual([{ nth: 1, data: { x: 2 } }])
  expect(complaints.map(({ kind }) => kind)).toEqual(['changed'])
})

test('the end of the run ends it, and says goodbye for each', async () => {
  const { end } = await listen(['a', 'b'])
  abort.abort()
  expect(await end).toBeUndefined()
  await until('both are completed', () => frames.filter(({ type }) => type === 'complete').length === 2)
})
