import { VendorFailure } from '@nabolag/core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Fault, makeWorld, type Simulator } from './index.ts'
import { type SessionHost, sessionHost } from './session-host.testing.ts'
import { startVerisure } from './verisure.ts'

const minute = 60_000
let clock = Date.parse('2024-02-14T12:00:00Z')
const plain = { username: 'house-3@example.org', password: 'sim-verisure-house-3' }
const withCode = { ...plain, username: 'house-3-code@example.org' }
let one: Simulator
let two: Simulator
let host: SessionHost

const control = (url: string, path: string, method: string, body?: object) =>
  fetch(url + path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  }).then((answer) => answer.json() as Promise<{ sent: unknown[]; logIns: Record<string, number> }>)
const quirk = (name: string, options: object = {}, url = one.url) =>
  control(url, '/_quirks', 'POST', { quirk: name, ...options })
const calm = () => Promise.all([one, two].map(({ url }) => control(url, '/_quirks', 'DELETE')))
const hostOf = (credentials: object, addresses = one.url, timeout?: number) =>
  sessionHost('verisure-smoke-detector', addresses, credentials, () => clock, timeout)
const kind = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'good',
    (error) => (error instanceof VendorFailure ? error.kind : error),
  )
const failureOf = (attempt: Promise<unknown>): Promise<VendorFailure> =>
  attempt.then(
    () => expect.fail('It did not fail'),
    (error) => error,
  )

beforeAll(async () => {
  const world = makeWorld({ start: clock - 24 * 60 * minute, now: () => clock })
  one = await startVerisure(world)
  two = await startVerisure(world)
})
afterAll(() => Promise.all([one.close(), two.close()]))
beforeEach(() => {
  host = hostOf(plain)
})
afterEach(async () => {
  one.faults.clear()
  await calm()
  // The simulated allowance is by the hour.
  clock += 61 * minute
})

describe('readings', () => {
  test('every detector, with the time it measured, and no humidity where it has no sensor', async () => {
    const readings = await host.poll()
    expect(readings.map(({ location }) => location)).toEqual([
      'living area',
      'lower living area',
      'main room',
      'studio',
      'Hall',
    ])
    expect(new Set(readings.map(({ place }) => place)).size).toBe(5)
    expect(readings[0]!.fields).toEqual({ temperature: expect.any(Number), humidity: expect.any(Number) })
    expect(readings[4]!.fields.humidity).toBeUndefined()
    for (const { time } of readings) expect(clock - Date.parse(time)).toBeLessThan(61 * minute)
  })

  test('a round is one request once the installations are known, and one renewal each ten minutes', async () => {
    await host.poll()
    expect(host.calls).toEqual(['POST /auth/login', 'POST /graphql', 'POST /graphql'])
    host.calls.length = 0
    clock += 10 * minute
    await host.poll()
    expect(host.calls).toEqual(['GET /auth/token', 'POST /graphql'])
  })

  test('the same hour gives the same points', async () => {
    const before = await host.poll()
    clock += 1 * minute
    const after = await host.poll()
    const shared = after.filter(({ time }) => before.some((reading) => reading.time === time))
    expect(shared.length).toBeGreaterThan(2)
    for (const reading of shared) expect(before).toContainEqual(reading)
  })

  test('a second installation is seen when it comes, and its failure costs the first nothing', async () => {
    expect((await host.poll()).length).toBe(5)
    await quirk('second-installation')
    expect((await host.poll()).map(({ location }) => location).at(-1)).toBe('Stue')
    await quirk('second-fails')
    expect((await host.poll()).length).toBe(5)
  })

  test('a user without an installation gives nothing, and a detector without a room its label', async () => {
    await quirk('no-installation')
    expect(await host.poll()).toEqual([])
    await calm()
    await quirk('no-area')
    for (const { location, place } of await host.poll()) expect(location).toBe(place)
  })
})

describe('two hosts', () => {
  const both = () => hostOf(plain, `${one.url}|${two.url}`)

  test.each([{}, { in: 200 }])(
    'the other one is asked where this one is not active (%j), and remembered',
    async (options) => {
      const host = both()
      await quirk('wrong-host', options)
      expect((await host.poll()).length).toBe(5)
      expect(host.session).toMatchObject({ host: 1 })
      host.calls.length = 0
      await host.poll()
      expect(host.calls).toEqual(['POST /graphql'])
    },
  )

  test('when they swap in the middle of a session the session begins anew at the other one', async () => {
    const host = both()
    await host.poll()
    await quirk('wrong-host')
    // The two simulators do not share sessions: the other one refuses, and is logged in to.
    expect((await host.poll()).length).toBe(5)
    expect(host.session).toMatchObject({ host: 1 })
  })

  test('maintenance of both is unreachable, never a matter of the password', async () => {
    const host = both()
    await host.poll()
    await Promise.all([quirk('maintenance'), quirk('maintenance', {}, two.url)])
    for (let n = 0; n < 3; n++) {
      clock += 10 * minute
      await expect(host.poll()).rejects.toMatchObject({
        kind: 'unreachable',
        message: expect.stringMatching(/maintenance/),
      })
    }
    await calm()
    expect((await host.poll()).length).toBe(5)
  })

  test('a refusal is not taken to the other host', async () => {
    const host = hostOf({ ...plain, password: 'no' }, `${one.url}|${two.url}`)
    expect(await kind(host.poll())).toBe('refused')
    expect(host.calls).toEqual(['POST /auth/login'])
  })
})

describe('the code', () => {
  const logIns = async (): Promise<number> => (await control(one.url, '/_codes', 'GET')).logIns[withCode.username] ?? 0

  test('without one the log-in is refused in words that say what to do', async () => {
    const host = hostOf(withCode)
    const failure = await failureOf(host.poll())
    expect([failure.kind, failure.message]).toEqual(['refused', expect.stringMatching(/code.*SMS or e-mail/)])
  })

  test.each(['sms', 'email'] as const)(
    'asked for by %s and typed once, it opens the door for months',
    async (channel) => {
      const host = hostOf(withCode)
      const before = await logIns()
      await host.askCode(channel)
      const { sent } = await control(one.url, '/_codes', 'GET')
      expect(sent).toContainEqual(
        expect.objectContaining({
          user: withCode.username,
          channel: channel === 'sms' ? 'phone' : 'email',
          code: '123456',
        }),
      )
      await host.answerCode(' 123 456 ')
      expect(await logIns()).toBe(before + 1)
      expect((await host.poll()).length).toBe(5)
      // Even when the session and its refresh token are dead, the trusted client needs no person.
      clock += 90 * 24 * 60 * minute
      await control(one.url, '/_sessions?refresh=too', 'DELETE')
      host.calls.length = 0
      expect((await host.poll()).length).toBe(5)
      expect(host.calls).toEqual(['GET /auth/token', 'POST /auth/login', 'POST /graphql'])
    },
  )

  test('a wrong one is refused, and a new one can be asked for', async () => {
    const host = hostOf(withCode)
    await host.askCode('sms')
    await expect(host.answerCode('000000')).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('new one'),
    })
    await host.askCode('sms')
    await host.answerCode('123456')
    expect((await host.poll()).length).toBe(5)
  })

  test('too many of them mean an hour of rest', async () => {
    const host = hostOf(withCode)
    await quirk('too-many-codes')
    const failure = await failureOf(host.askCode('sms'))
    expect([failure.kind, failure.until]).toEqual(['throttled', clock + 60 * minute])
  })

  test('when the trust is gone one log-in finds out, and the owner is asked', async () => {
    const host = hostOf(withCode)
    await host.askCode('sms')
    await host.answerCode('123456')
    await host.poll()
    await quirk('trust-revoked')
    await control(one.url, '/_sessions?refresh=too', 'DELETE')
    const before = await logIns()
    const failure = await failureOf(host.poll())
    expect([failure.kind, failure.message]).toEqual(['refused', expect.stringContaining('code')])
    expect(await logIns()).toBe(before + 1)
    await host.askCode('email')
    await host.answerCode('123456')
    expect((await host.poll()).length).toBe(5)
  })

  test('a user without two-factor log-in who is asked all the same is simply signed in', async () => {
    await host.askCode('sms')
    await host.answerCode('whatever')
    expect((await host.poll()).length).toBe(5)
  })
})

describe('sessions that end', () => {
  test('a dead one is renewed, said as 401 or in a 200', async () => {
    await host.poll()
    for (const name of [undefined, 'dead-in-200']) {
      if (name) await quirk(name)
      await control(one.url, '/_sessions', 'DELETE')
      host.calls.length = 0
      expect((await host.poll()).length).toBe(5)
      expect(host.calls).toEqual(['POST /graphql', 'GET /auth/token', 'POST /graphql'])
    }
  })

  test('the right password that is not known once is tried again later, and only then is the owner asked', async () => {
    await host.poll()
    const doubt = async () => {
      await quirk('password-doubted')
      await control(one.url, '/_sessions?refresh=too', 'DELETE')
      host.calls.length = 0
      await expect(host.poll()).rejects.toMatchObject({ kind: 'unreachable' })
      expect(host.calls.filter((call) => call.includes('login')).length).toBe(1)
      clock += 5 * minute
      expect(await kind(host.poll())).toBe('unreachable')
      expect(host.calls.filter((call) => call.includes('login')).length).toBe(1)
    }
    await doubt()
    await calm()
    clock += 5 * minute
    expect((await host.poll()).length).toBe(5)
    await doubt()
    clock += 5 * minute
    await expect(host.poll()).rejects.toMatchObject({ kind: 'refused', message: expect.stringContaining('password') })
    expect(host.calls.filter((call) => call.includes('login')).length).toBe(2)
    // A day later, or when the owner has mended it.
    await calm()
    clock += 24 * 60 * minute
    expect((await host.poll()).length).toBe(5)
  })
})

describe('asked too often', () => {
  test.each(['blocked', 'rate-words'])(
    '"%s" pauses for 5, 15, 30, 60 and 60 minutes, and is no matter of the password',
    async (name) => {
      await host.poll()
      await quirk(name)
      const pauses: number[] = []
      for (let n = 0; n < 5; n++) {
        host.calls.length = 0
        const failure = await failureOf(host.poll())
        expect(failure.kind).toBe('throttled')
        expect(host.calls.length).toBe(1)
        // The first is the host's own, five minutes.
        pauses.push(failure.until === undefined ? 5 : (failure.until - clock) / minute)
        // Within the ten minutes of the session, so that it is the question that is refused.
        clock += 1 * minute
      }
      expect(pauses).toEqual([5, 15, 30, 60, 60])
      await calm()
      await host.poll()
      expect(host.session).toMatchObject({ throttled: 0 })
    },
  )
})

const rows: readonly [Fault, string][] = [
  ['refused', 'refused'],
  ['throttled', 'throttled'],
  ['reset', 'unreachable'],
  ['mute', 'unreachable'],
  ['outage', 'unreachable'],
  ['html', 'unreachable'],
  ['half', 'changed'],
  ['changed', 'changed'],
  ['nulls', 'good'],
  ['missing', 'good'],
  ['duplicate', 'good'],
  ['late', 'good'],
]
describe(`${rows.length} faults in a session`, () => {
  test.each(rows)('%s is %s', async (fault, outcome) => {
    const host = hostOf(plain, one.url, fault === 'mute' ? 300 : 5000)
    await host.poll()
    one.faults.set(fault)
    expect(await kind(host.poll())).toBe(outcome)
    expect(one.faults.struck[fault]).toBeGreaterThan(0)
    one.faults.clear()
    clock += 11 * minute
    expect((await host.poll()).length).toBe(5)
  })
})
