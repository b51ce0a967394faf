import { VendorFailure } from '@nabolag/core'
import { type AnyIntegration, integrationOf, type Reading } from '@nabolag/integrations'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { command, confirms, outcomeOf, type Wish } from './command.testing.ts'
import { type Fault, type FaultOptions, faults, makeWorld } from './index.ts'
import { startMill } from './mill.ts'
import { givenTo, pollOnce } from './plain-client.testing.ts'
import { plainHttp } from './plain-http.testing.ts'
import type { Simulator } from './server.ts'
import { loginAt } from './world/logins.ts'

const started = Date.UTC(2026, 0, 5)
const minute = 60_000
const hour = 60 * minute
let clock = started + 30 * hour
const world = makeWorld({ start: started, now: () => clock })
/** House 3 as it would be if nobody had touched it. */
const twin = makeWorld({ start: started, now: () => clock }).houses[0]!
let mill: Simulator
beforeAll(async () => {
  mill = await startMill(world)
})
afterAll(() => mill.close())
const quirk = (body: object) => fetch(`${mill.url}/_quirks`, { method: 'POST', body: JSON.stringify(body) })
beforeEach(async () => {
  mill.faults.clear()
  await fetch(`${mill.url}/_quirks`, { method: 'DELETE' })
  // A new hour of Mill's limit.
  clock += hour
})

const house3 = loginAt('mill', 3)
const poll = (name: string, credentials: object = house3, timeout?: number) =>
  pollOnce(name, mill.url, credentials, { timeout, now: new Date(clock).toISOString() })
const at = (readings: readonly Reading[], location: string) =>
  readings.find((reading) => reading.location === location)!
const heaters = () => poll('mill-heater')
const run = (wish: Wish) => outcomeOf(command('mill-heater', mill.url, house3, wish))
const wish = (verb: string, args: Wish['args'], { place = '' }: Reading): Wish => ({
  capability: 'heater',
  verb,
  args,
  place,
})

describe('sensors', () => {
  test('in a room and without one, with a time of at most two minutes ago', async () => {
    const readings = await poll('mill-sense')
    expect(readings.map(({ location }) => location)).toEqual(['living area', 'studio Sense'])
    expect(new Set(readings.map(({ place }) => place)).size).toBe(2)
    for (const { time, fields } of readings) {
      expect(clock - Date.parse(time)).toBeLessThanOrEqual(2 * minute)
      expect(Object.keys(fields).filter((name) => fields[name] !== undefined)).toEqual([
        'temperature',
        'humidity',
        'tvoc',
        'eco2',
        'battery',
      ])
    }
  })

  test('of houses that are shared as well as the own', async () => {
    const family = mill.accounts!.find(({ credentials }) => String(credentials.username).startsWith('family'))!
    const [own, both] = [await poll('mill-sense'), await poll('mill-sense', family.credentials)]
    expect(both.length).toBe(own.length + 2)
    expect(both.map(({ location }) => location)).toContain('Stue')
  })

  test('one that charges tells the charge of its battery only', async () => {
    await quirk({ quirk: 'charging' })
    const readings = await poll('mill-sense')
    expect(readings.length).toBe(2)
    for (const { fields } of readings) expect(fields).toEqual({ battery: expect.any(Number) })
  })

  test('milliseconds and seconds are the same time', async () => {
    const usual = await poll('mill-sense')
    await quirk({ quirk: 'milliseconds' })
    const other = await poll('mill-sense')
    expect(other.map(({ time }) => Math.floor(Date.parse(time) / 1000))).toEqual(
      usual.map(({ time }) => Math.floor(Date.parse(time) / 1000)),
    )
  })

  test.each([
    ['offline', {}],
    ['silent', { as: 'null' }],
    ['silent', { as: 'empty' }],
    ['silent', { as: 'missing' }],
  ])('nothing is made up: %s %j', async (name, options) => {
    await quirk({ quirk: name, ...options })
    expect([await poll('mill-sense'), await poll('mill-heater')]).toEqual([[], []])
  })
})

describe('log-ins', () => {
  const integration = integrationOf('mill-sense') as AnyIntegration
  type Pair = { idToken: string; refreshToken: string }
  const open = (worn?: Pair, credentials: object = house3) =>
    integration.signIn!.open({
      http: plainHttp(integration, mill.url),
      credentials,
      now: '',
      worn,
    } as never) as Promise<{
      session: Pair
      lasts: string
    }>
  const pollWith = (session: Pair) => outcomeOf(pollOnce('mill-sense', mill.url, house3, { session }))

  test('end after ten minutes, and are renewed by the newest refresh token only', async () => {
    const { session: first, lasts } = await open()
    expect(lasts).toBe('9 min')
    clock += 9 * minute
    expect(await pollWith(first)).toHaveLength(2)
    clock += 2 * minute
    expect(await pollWith(first)).toBe('refused')
    const { session: second } = await open(first)
    expect(second).not.toEqual(first)
    expect(await pollWith(second)).toHaveLength(2)
    expect(await outcomeOf(open(first))).toBe('refused')
    const { session: third } = await open(second)
    expect(await pollWith(third)).toHaveLength(2)
    expect(await outcomeOf(open({ ...third, refreshToken: third.idToken }))).toBe('refused')
    expect(await pollWith((await open()).session)).toHaveLength(2)
  })

  test('a wrong password and a stranger are refused in the words of Mill', async () => {
    for (const credentials of [
      { ...house3, password: 'x' },
      { username: 'a@b.example', password: 'x' },
    ])
      await expect(open(undefined, credentials)).rejects.toMatchObject({
        kind: 'refused',
        message: 'Mill says: LogInError, Incorrect login or password',
      })
  })

  test('a storm of 401 is refused at every call, while log-ins go on; errors inside a 200 are seen', async () => {
    await quirk({ quirk: 'storm' })
    const { session } = await open()
    expect(await pollWith(session)).toBe('refused')
    await quirk({ quirk: 'storm', on: false })
    expect(await pollWith(session)).toHaveLength(2)
    await quirk({ quirk: 'inside' })
    expect(await outcomeOf(open(undefined, { ...house3, password: 'x' }))).toBe('refused')
    expect(await pollWith({ idToken: 'x', refreshToken: 'y' })).toBe('refused')
  })

  test('2500 calls an hour are the most, and the 429 says no time', async () => {
    const { session } = await open(undefined, loginAt('mill', 5))
    const ask = () => fetch(`${mill.url}/houses`, { headers: { authorization: `Bearer ${session.idToken}` } })
    let good = 0
    while ((await ask()).status === 200) good++
    expect(good).toBe(2499)
    const { http } = await givenTo(integration, mill.url, loginAt('mill', 5), { session })
    const failure = await http
      .get('/houses', { bearer: session.idToken })
      .catch((error: unknown) => error as VendorFailure)
    expect(failure).toBeInstanceOf(VendorFailure)
    expect(failure).toMatchObject({ kind: 'throttled', until: undefined })
  })
})

describe('heaters', () => {
  test('say what the room has and what they are set to', async () => {
    const readings = await heaters()
    expect(readings.map(({ location }) => location).sort()).toEqual(['living area ovn', 'lower living area', 'studio'])
    for (const { fields } of readings)
      expect(fields).toMatchObject({
        temperature: expect.any(Number),
        on: true,
        openWindow: false,
        humidity: undefined,
      })
    expect(at(readings, 'living area ovn').fields.targetTemperature).toBe(16)
  })

  test.each(['living area ovn', 'lower living area', 'studio'])('%s obeys, and warms its room', async (location) => {
    const before = at(await heaters(), location)
    const warmer = wish('setTargetTemperature', { temperature: 25.5 }, before)
    expect(await run(warmer)).toBe('sent')
    expect(confirms(warmer, await heaters())).toBe(false)
    clock += 10_000
    expect(confirms(warmer, await heaters())).toBe(true)
    clock += 3 * hour
    const after = at(await heaters(), location).fields
    const room = twin.house.rooms.findIndex(({ name }) => location.startsWith(name))
    expect(Number(after.temperature)).toBeGreaterThan(twin.climateAt(room, clock).temperature + 0.2)
    expect(Number(after.power)).toBeGreaterThan(0)
    expect(Number(after.energyToday)).toBeGreaterThan(0.3)

    const off = wish('setOn', { on: false }, before)
    expect(await run(off)).toBe('sent')
    clock += 10_000
    expect(confirms(off, await heaters())).toBe(true)
    expect(await run(warmer)).toBe('rejected')
    clock += hour
    expect(at(await heaters(), location).fields.power).toBe(0)

    const on = wish('setOn', { on: true }, before)
    expect([await run(on), await run(warmer)]).toEqual(['sent', 'sent'])
    clock += 10_000
    const shown = await heaters()
    expect([confirms(on, shown), confirms(warmer, shown)]).toEqual([true, true])
    await run(wish('setTargetTemperature', { temperature: 5 }, before))
  })

  test('in its programme, one that is switched on keeps to it', async () => {
    const credentials = loginAt('mill', 5)
    const soverom = at(await pollOnce('mill-heater', mill.url, credentials), 'Soverom')
    const on = wish('setOn', { on: true }, soverom)
    expect(await command('mill-heater', mill.url, credentials, on)).toBe('sent')
    const given = await givenTo(integrationOf('mill-heater') as AnyIntegration, mill.url, credentials)
    const device = await given.http.get(`/devices/${soverom.place}/data`, {
      bearer: (given.session as { idToken: string }).idToken,
    })
    expect(device).toMatchObject({ deviceSettings: { desired: { operation_mode: 'weekly_program' } } })
  })

  test('actuators are named as the readings are', async () => {
    const integration = integrationOf('mill-heater') as AnyIntegration
    const given = await givenTo(integration, mill.url, house3)
    const actuators = integration.actuators!((await integration.fetch!(given as never)) as never, house3 as never)
    const named = (list: readonly { place?: string; location?: string }[]) =>
      list.map(({ place, location }) => [place, location])
    expect(named(actuators)).toEqual(named(await heaters()))
    expect(actuators[0]!.verbs.setTargetTemperature).toEqual({ temperature: { minimum: 5, maximum: 35, step: 0.5 } })
  })

  test('what would be undone or come too late is rejected with its reason', async () => {
    const one = at(await heaters(), 'studio')
    const warmer = wish('setTargetTemperature', { temperature: 21 }, one)
    const why = (attempt: Wish) =>
      command('mill-heater', mill.url, house3, attempt).then(String, ({ kind, message }) => `${kind}: ${message}`)
    await quirk({ quirk: 'offline' })
    expect(await why(warmer)).toBe('rejected: The heater has no connection to Mill')
    await quirk({ quirk: 'offline', on: false })
    await quirk({ quirk: 'tibber' })
    expect(await why(warmer)).toMatch(/^rejected: Tibber steers this heater/)
    await quirk({ quirk: 'tibber', on: false })
    expect(await why({ ...warmer, place: 'nobody' })).toMatch(/^rejected: Mill does not know/)
    expect(await why(wish('setTargetTemperature', { temperature: 99 }, one))).toBe(
      'rejected: Mill says: DeviceSettingsError, The temperature is out of range',
    )
    await quirk({ quirk: 'deaf' })
    expect(await why(warmer)).toBe('sent')
    clock += 10 * minute
    expect(confirms(warmer, await heaters())).toBe(false)
  })
})

const kinds: readonly [Fault, FaultOptions, string | number][] = [
  ['refused', {}, 'refused'],
  ['throttled', {}, 'throttled'],
  ['throttled', { retryAfter: 60 }, 'throttled'],
  ['mute', {}, 'unreachable'],
  ['reset', {}, 'unreachable'],
  ['outage', {}, 'unreachable'],
  ['outage', { status: 500 }, 'unreachable'],
  ['html', {}, 'unreachable'],
  ['half', {}, 'changed'],
  ['changed', {}, 'changed'],
  ['nulls', {}, 'readings without numbers'],
  ['missing', {}, 'readings without numbers'],
  ['duplicate', {}, 'the same readings'],
  ['late', { seconds: 3600 }, 'an hour old'],
  ['dst', {}, 'last autumn'],
  ['rejected', {}, 'rejected'],
]

describe(`${kinds.length} faults`, () => {
  test.each(kinds)('%s %j ends as %s', async (fault, options, expected) => {
    const good = await heaters()
    const given = await givenTo(integrationOf('mill-heater') as AnyIntegration, mill.url, house3)
    mill.faults.set(fault, options)
    const attempt =
      fault === 'rejected'
        ? run(wish('setOn', { on: true }, good[0]!))
        : outcomeOf(
            pollOnce('mill-heater', mill.url, house3, {
              session: given.session,
              timeout: fault === 'mute' ? 300 : 5000,
            }),
          )
    const seen = await attempt
    expect(mill.faults.struck[fault]).toBeGreaterThan(0)
    if (typeof seen === 'string') return expect(seen).toBe(expected)
    const ages = seen.map(({ time }) => clock - Date.parse(time))
    if (expected === 'readings without numbers')
      for (const { fields } of seen)
        expect(Object.values(fields).filter((value) => typeof value === 'number')).toEqual([])
    else if (expected === 'the same readings') expect(seen).toEqual(good)
    else if (expected === 'an hour old') expect(ages.every((age) => age >= hour && age < hour + 3 * minute)).toBe(true)
    else if (expected === 'last autumn') expect(seen.every(({ time }) => time.startsWith('2025-10-26T00:'))).toBe(true)
    else throw new Error(`Readings came, and not: ${expected}`)
    expect(seen.length).toBe(3)
  })

  test('every fault of the menu is tried', () => {
    expect(new Set(kinds.map(([fault]) => fault))).toEqual(new Set(Object.keys(faults)))
  })
})
