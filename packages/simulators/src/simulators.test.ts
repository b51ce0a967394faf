import { fork } from 'node:child_process'
import { VendorFailure } from '@nabolag/core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import {
  demoHouses,
  type Fault,
  type FaultOptions,
  faults,
  makeWorld,
  type Simulators,
  startSimulators,
  vendorNames,
} from './index.ts'
import { listenFor, pollOnce } from './plain-client.testing.ts'

let simulators: Simulators
const hour = 3_600_000
beforeAll(async () => {
  // Hours are counted here since a whole one: none may begin meanwhile.
  const left = hour - (Date.now() % hour)
  if (left < 60_000) await new Promise((resolve) => setTimeout(resolve, left))
  simulators = await startSimulators({
    world: makeWorld({ start: Math.floor(Date.now() / hour) * hour - 72 * hour }),
  })
})
afterAll(() => simulators.close())
afterEach(() => {
  for (const name of vendorNames) simulators.faults[name].clear()
})

const house3 = demoHouses[0]!
const credentialsOf = (name: string) => house3.devices.find(({ integration }) => integration === name)!.credentials
const poll = (
  name: 'met' | 'tibber-hourly' | 'sensibo-sky',
  timeout?: number,
  credentials: object = credentialsOf(name),
) => pollOnce(name, simulators.urls[vendorOf(name)], credentials, { timeout })
const vendorOf = (name: string) => name.split('-')[0] as 'met' | 'tibber' | 'sensibo'
const outcome = (attempt: Promise<unknown>) =>
  attempt.then(
    (readings) => (readings as unknown[]).length,
    (error) => (error instanceof VendorFailure ? error.kind : error),
  )

describe('our integrations at the simulated vendors', () => {
  test('MET gives nine days, hourly at first', async () => {
    const readings = await poll('met')
    expect(readings.length).toBeGreaterThan(80)
    expect(readings[0]!.fields).toMatchObject({
      temperature: expect.any(Number),
      precipitationAmount: expect.any(Number),
    })
    expect(readings.at(-1)!.fields.precipitationAmount).toBeUndefined()
    expect(Date.parse(readings[0]!.issued!)).toBeLessThan(Date.now())
  })

  test('Tibber gives the hours of the week, the last ones without values', async () => {
    const readings = await poll('tibber-hourly')
    expect(readings.length).toBe(70)
    expect(readings[0]).toMatchObject({ location: 'House 3', fields: { hourlyPower: expect.any(Number) } })
  })

  test('Sensibo gives the four heat pumps of house 3', async () => {
    const readings = await poll('sensibo-sky')
    expect(readings.map(({ location }) => location)).toEqual([
      'living area',
      'lower living area',
      'main room',
      'studio',
    ])
    expect(readings[0]!.fields).toMatchObject({ mode: 'heat', on: true, temperature: expect.any(Number) })
    expect(Date.now() - Date.parse(readings[0]!.time)).toBeLessThan(95_000)
  })

  test('the live meter speaks, and goes on', async () => {
    const readings = await listenFor('tibber-realtime', simulators.urls.tibber, credentialsOf('tibber-realtime'), 2)
    expect(readings.length).toBe(2)
    expect(readings[0]).toMatchObject({ location: 'House 3', fields: { power: expect.any(Number) } })
    expect(Date.parse(readings[1]!.time) - Date.parse(readings[0]!.time)).toBe(2500)
  })

  test('strangers are refused everywhere', async () => {
    const stranger = { 'api-key': 'nobody' }
    expect(await outcome(poll('tibber-hourly', undefined, stranger))).toBe('refused')
    expect(await outcome(poll('sensibo-sky', undefined, stranger))).toBe('refused')
    expect(await outcome(listenFor('tibber-realtime', simulators.urls.tibber, stranger, 1))).toBe('refused')
  })

  test('bench accounts are good at once', async () => {
    const bench = { 'api-key': 'bench-4711' }
    expect(await outcome(poll('sensibo-sky', undefined, bench))).toBe(1)
    expect(await outcome(poll('tibber-hourly', undefined, bench))).toBeGreaterThan(50)
    expect(await outcome(listenFor('tibber-realtime', simulators.urls.tibber, bench, 1))).toBe(1)
  })
})

/** A bench account has no limit, so that the faults can follow one another. */
const unlimited = { 'api-key': 'bench-1' }
const polled = ['met', 'tibber-hourly', 'sensibo-sky'] as const
const rows: readonly [Fault, FaultOptions, string | number | Record<string, string | number>][] = [
  ['refused', {}, 'refused'],
  ['throttled', {}, 'throttled'],
  ['reset', {}, 'unreachable'],
  ['outage', {}, 'unreachable'],
  ['outage', { status: 500 }, 'unreachable'],
  ['html', {}, 'unreachable'],
  ['half', {}, 'changed'],
  ['changed', {}, 'changed'],
  ['mute', {}, 'unreachable'],
  ['nulls', {}, { 'sensibo-sky': 1, 'tibber-hourly': 0, met: 60 }],
  ['missing', {}, { 'sensibo-sky': 1, 'tibber-hourly': 0, met: 60 }],
  ['duplicate', {}, { 'sensibo-sky': 1, 'tibber-hourly': 70, met: 80 }],
  ['late', { seconds: 3600 }, { 'sensibo-sky': 0, 'tibber-hourly': 69, met: 80 }],
  ['dst', {}, { 'sensibo-sky': 1, 'tibber-hourly': 46, met: 80 }],
]

describe(`${rows.length} faults at ${polled.length} polled devices`, () => {
  test.each(rows)('%s %j ends as %j', async (fault, options, expected) => {
    for (const name of polled) {
      const vendor = simulators.faults[vendorOf(name)]
      const before = vendor.struck[fault]
      vendor.set(fault, options)
      const who = name === 'sensibo-sky' ? unlimited : credentialsOf(name)
      const seen = await outcome(poll(name, fault === 'mute' ? 300 : undefined, who))
      vendor.clear()
      const wanted = typeof expected === 'object' ? expected[name]! : expected
      if (name === 'met' && typeof wanted === 'number') expect(seen).toBeGreaterThanOrEqual(wanted)
      else expect([name, seen]).toEqual([name, wanted])
      expect(vendor.struck[fault]).toBe(before + 1)
    }
  })

  test('every fault of the menu is tried here, but for that of commands', () => {
    expect(new Set([...rows.map(([fault]) => fault), 'rejected'])).toEqual(new Set(Object.keys(faults)))
  })

  test('throttling says until when, if it is told to', async () => {
    simulators.faults.sensibo.set('throttled', { retryAfter: 120 })
    const asked = Date.now()
    const failure = await poll('sensibo-sky').catch((error) => error)
    expect(failure).toMatchObject({ kind: 'throttled' })
    expect(failure.until).toBeGreaterThanOrEqual(asked + 120_000)
  })

  test('one account suffers, its neighbour does not', async () => {
    simulators.faults.sensibo.set('refused', { account: 'bench-1' })
    expect(await outcome(poll('sensibo-sky', undefined, { 'api-key': 'bench-1' }))).toBe('refused')
    expect(await outcome(poll('sensibo-sky', undefined, { 'api-key': 'bench-2' }))).toBe(1)
  })
})

describe('faults of the stream', () => {
  const listen = (count: number) =>
    listenFor('tibber-realtime', simulators.urls.tibber, credentialsOf('tibber-realtime'), count)

  test('nulls, duplicates and late points arrive as such', async () => {
    simulators.faults.tibber.set('duplicate')
    const twice = await listen(2)
    expect(twice[0]!.time).toBe(twice[1]!.time)
    simulators.faults.tibber.clear()
    simulators.faults.tibber.set('late', { seconds: 300 })
    const [late] = await listen(1)
    expect(Date.now() - Date.parse(late!.time)).toBeGreaterThan(299_000)
  })

  test('a restart closes it with 1001, a cut without words, and a mute one says nothing', async () => {
    for (const [fault, said] of [
      ['outage', /1001 Going away/],
      ['reset', /1006/],
    ] as const) {
      const heard = listen(1000)
      const failed = expect(heard).rejects.toThrow(said)
      await untilStreams(1)
      simulators.faults.tibber.set(fault)
      await failed
      simulators.faults.tibber.clear()
    }
    simulators.faults.tibber.set('mute')
    const socket = await openStream()
    const first = await Promise.race([
      new Promise((resolve) => socket.once('message', resolve)),
      new Promise((resolve) => setTimeout(resolve, 300, 'nothing')),
    ])
    expect(first).toBe('nothing')
    socket.terminate()
  })

  test('the third socket of a token is closed with 4429, a bad token with 4403, an empty greeting with 4500', async () => {
    const greet = async (payload: object) => {
      const socket = await openStream()
      const answered = new Promise<string>((resolve) => {
        socket.once('message', (data) => resolve(String(data)))
        socket.once('close', (code, reason) => resolve(`${code} ${reason}`))
      })
      socket.send(JSON.stringify({ type: 'connection_init', payload }))
      return { socket, said: await answered }
    }
    const token = { token: 'bench-99' }
    const open = [await greet(token), await greet(token)]
    expect(open.map(({ said }) => said)).toEqual(['{"type":"connection_ack"}', '{"type":"connection_ack"}'])
    expect((await greet(token)).said).toBe('4429 Too many open connections on this server: 2')
    expect((await greet({ token: 'nobody' })).said).toBe('4403 Invalid token')
    expect((await greet({})).said).toBe('4500 Internal server error')
    for (const { socket } of open) socket.terminate()
  })

  const openStream = async () => {
    const socket = new WebSocket(
      `${simulators.urls.tibber.replace('http', 'ws')}/v1-beta/gql/subscriptions`,
      'graphql-transport-ws',
    )
    // A mute server never shakes hands.
    if (simulators.faults.tibber.on.mute) socket.on('error', () => {})
    else await new Promise((resolve) => socket.once('open', resolve))
    return socket
  }

  /** Until so many measurements were asked for: the stream stands when the meter has been heard by a second listener. */
  const untilStreams = async (count: number) => {
    const heard = await listenFor('tibber-realtime', simulators.urls.tibber, credentialsOf('tibber-realtime'), count)
    expect(heard.length).toBeGreaterThanOrEqual(count)
  }
})

describe('what the vendors are particular about', () => {
  const met = (query: string, headers: Record<string, string> = { 'user-agent': 'test/1 a@example.org' }) =>
    fetch(`${simulators.urls.met}/weatherapi/locationforecast/2.0/compact?${query}`, { headers })

  test('MET: a name, four decimals, a place on earth', async () => {
    expect((await met('lat=63.43&lon=10.4', { 'user-agent': '' })).status).toBe(403)
    expect((await met('lat=63.43051&lon=10.4')).status).toBe(403)
    const outside = await met('lat=91&lon=10.4')
    expect([outside.status, await outside.text()]).toEqual([400, 'lat must be in range -90 to 90\n'])
    expect(await (await met('lon=1')).text()).toBe('Missing value for lat\n')
  })

  test('MET: unchanged is 304 with a new Expires, half an hour ahead at most', async () => {
    const first = await met('lat=63.43&lon=10.4')
    const modified = first.headers.get('last-modified')!
    const minutes = (Date.parse(first.headers.get('expires')!) - Date.now()) / 60_000
    expect(minutes).toBeGreaterThan(23)
    expect(minutes).toBeLessThanOrEqual(30)
    const again = await met('lat=63.43&lon=10.4', { 'user-agent': 'test/1', 'if-modified-since': modified })
    expect([again.status, await again.text()]).toEqual([304, ''])
    expect(again.headers.get('expires')).toBeTruthy()
  })

  test('Tibber: a broken query is 400, an unknown field too, an unknown home 200', async () => {
    const ask = async (query: string) => {
      const answer = await fetch(`${simulators.urls.tibber}/v1-beta/gql`, {
        method: 'POST',
        headers: { authorization: 'Bearer sim-tibber-house-3', 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      })
      const body = (await answer.json()) as {
        errors?: { message: string; extensions: { code: string } }[]
        data?: unknown
      }
      return { status: answer.status, code: body.errors?.[0]?.extensions.code, data: body.data }
    }
    expect(await ask('{viewer{')).toMatchObject({ status: 400, code: 'GRAPHQL_PARSE_FAILED' })
    expect(await ask('{viewer{nonsense}}')).toMatchObject({ status: 400, code: 'GRAPHQL_VALIDATION_FAILED' })
    expect(await ask('{viewer{home(id:"x"){id}}}')).toMatchObject({ status: 200, code: 'HOME_NOT_FOUND' })
    const prices = await ask(
      '{viewer{homes{currentSubscription{priceInfo(resolution:QUARTER_HOURLY){current{total startsAt} today{total energy tax level} tomorrow{total}}}}}}',
    )
    expect(prices.status).toBe(200)
    expect(JSON.stringify(prices.data).match(/"level"/g)!.length).toBeGreaterThanOrEqual(92)
  })

  test('Sensibo: a heat pump obeys, and refuses what its remote does not know', async () => {
    const call = async (path: string, method = 'GET', body?: object) => {
      const answer = await fetch(
        `${simulators.urls.sensibo}/api/v2${path}${path.includes('?') ? '&' : '?'}apiKey=sim-sensibo-house-5`,
        {
          method,
          headers: { 'content-type': 'application/json' },
          body: body && JSON.stringify(body),
        },
      )
      return (await answer.json()) as { status: string; reason?: string; result: never }
    }
    expect(await call('/pods/SIMSTU51/acStates', 'POST', { acState: { targetTemperature: 25 } })).toMatchObject({
      status: 'success',
      result: {
        status: 'Success',
        acState: { targetTemperature: 25, mode: 'heat' },
        changedProperties: ['targetTemperature'],
      },
    })
    expect(await call('/pods/SIMSTU51/acStates/on', 'PATCH', { newValue: false })).toMatchObject({
      result: { acState: { on: false } },
    })
    expect(await call('/pods/SIMSTU51/acStates/mode', 'PATCH', { newValue: 'party' })).toMatchObject({
      status: 'failed',
      reason: 'NoSuchRemoteCommand',
    })
    expect(await call('/pods/SIMSTU51/acStates?limit=1')).toMatchObject({
      result: [{ acState: { on: false, targetTemperature: 25 } }],
    })
    expect(await call('/pods/NOBODY/measurements')).toMatchObject({ status: 'failed', reason: 'NotFound' })
  })
})

test('the admin address switches faults while it runs', async () => {
  const set = (body: object) => fetch(`${simulators.urls.met}/_faults`, { method: 'POST', body: JSON.stringify(body) })
  await set({ fault: 'outage', on: true, status: 500 })
  expect(await outcome(poll('met'))).toBe('unreachable')
  const answer = (await (await set({ fault: 'outage', on: false })).json()) as { struck: { outage: number } }
  expect(answer.struck.outage).toBeGreaterThan(0)
  expect(await outcome(poll('met'))).toBeGreaterThan(80)
  expect((await set({ fault: 'nonsense' })).status).toBe(400)
})

test('a vendor runs alone as a process, and ends with its parent', async () => {
  const child = fork(new URL('./main.ts', import.meta.url), ['met', '--port', 'met=0'], { silent: true })
  try {
    const line = await new Promise<string>((resolve) => child.stdout!.once('data', (data) => resolve(String(data))))
    const { urls } = JSON.parse(line)
    expect(urls.tibber).toBe('')
    expect((await pollOnce('met', urls.met, credentialsOf('met'))).length).toBeGreaterThan(80)
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.disconnect()
    expect(await ended).toBe(0)
  } finally {
    child.kill('SIGKILL')
  }
})
