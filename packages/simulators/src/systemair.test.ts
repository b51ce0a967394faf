import { VendorFailure } from '@nabolag/core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Fault, makeWorld, type Simulators, startSimulators } from './index.ts'
import { type SessionHost, sessionHost } from './session-host.testing.ts'

const credentials = { username: 'house-3@example.org', password: 'sim-systemair-house-3' }
const minute = 60_000
let clock = Date.parse('2024-02-14T12:00:00Z')
let simulators: Simulators
let host: SessionHost

const control = (path: string, method: string, body?: object) =>
  fetch(simulators.urls.systemair + path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
const quirk = async (name: string, options: object = {}) => {
  const answer = await control('/_quirks', 'POST', { quirk: name, ...options })
  expect(answer.status).toBe(200)
}
const kind = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'good',
    (error) => (error instanceof VendorFailure ? error.kind : error),
  )
const fresh = () => sessionHost('systemair-vsr500', simulators.urls.systemair, credentials, () => clock)

beforeAll(async () => {
  simulators = await startSimulators({
    vendors: ['systemair'],
    world: makeWorld({ start: clock - 24 * 60 * minute, now: () => clock }),
  })
})
afterAll(() => simulators.close())
beforeEach(() => {
  host = fresh()
})
afterEach(async () => {
  simulators.faults.systemair.clear()
  await control('/_quirks', 'DELETE')
  // Past every timed mode, and back to what is usual.
  clock += 300 * minute
  await host.command('setFanLevel', { fanLevel: 'auto' }).catch(() => {})
})

describe('readings', () => {
  test('a unit gives every field of its group', async () => {
    const [reading, ...none] = await host.poll()
    expect(none).toEqual([])
    expect(reading).toMatchObject({
      time: new Date(clock).toISOString(),
      place: expect.stringMatching(/^IAM_[0-9A-F]{12}$/),
      location: 'Ventilation',
      fields: { mode: 'auto', fanLevel: 'auto', boostMinutes: 0, alarm: false, temperatureSetpoint: 18 },
    })
    const numbers = Object.entries(reading!.fields).filter(([, value]) => typeof value === 'number')
    expect(numbers.length).toBe(12)
    const { outdoorTemperature, supplyAirTemperature, extractAirTemperature, supplyAirFanSpeed } = reading!.fields
    expect(Number(outdoorTemperature)).toBeLessThan(Number(supplyAirTemperature))
    expect(Number(supplyAirTemperature)).toBeLessThan(Number(extractAirTemperature))
    expect(supplyAirFanSpeed).toBe(50)
  })

  test('the table of ids is learnt once, then a round is two calls', async () => {
    await host.poll()
    expect(host.calls.length).toBe(3 + 4)
    host.calls.length = 0
    await host.poll()
    expect(host.calls).toEqual(['POST /gateway/api', 'POST /gateway/remote-api'])
  })

  test('a unit that numbers its items otherwise is read and commanded all the same', async () => {
    await quirk('other-ids')
    const [reading] = await host.poll()
    expect(reading!.fields.temperatureSetpoint).toBe(18)
    expect(await host.command('setSupplySetpoint', { temperature: 19.5 })).toBe('applied')
    expect((await host.poll())[0]!.fields.temperatureSetpoint).toBe(19.5)
    await host.command('setSupplySetpoint', { temperature: 18 })
  })

  test('ids that the unit does not know cost the other values nothing, and are asked for once', async () => {
    await quirk('no-output')
    const [reading] = await host.poll()
    expect(reading!.fields).toMatchObject({ supplyAirFanSpeed: undefined, supplyAirFanRotation: expect.any(Number) })
    expect(reading!.fields.co2).toBeGreaterThan(300)
    expect(host.calls.length).toBeLessThan(25)
    host.calls.length = 0
    await host.poll()
    expect(host.calls.length).toBe(2)
  })

  test('a unit that answers only a few items at once is asked in parts', async () => {
    await quirk('small')
    const [reading] = await host.poll()
    expect(Object.values(reading!.fields).filter((value) => value !== undefined).length).toBe(15)
  })

  test.each(['text', 'unsigned', 'fahrenheit'])('the same values come out of the form "%s"', async (form) => {
    const [usual] = await host.poll()
    await quirk(form)
    const [other] = await host.poll()
    for (const [name, value] of Object.entries(usual!.fields))
      if (typeof value === 'number') expect(Math.abs(Number(other!.fields[name]) - value), name).toBeLessThan(0.11)
      else expect(other!.fields[name]).toBe(value)
  })

  test('one unit without connection does not stop the other; all of them are unreachable, with words', async () => {
    await quirk('second-unit')
    const both = await host.poll()
    expect(both.map(({ location }) => location)).toEqual(['Ventilation', 'Cellar'])
    for (const name of ['offline', 'offline-unsaid']) {
      await quirk(name, { unit: both[1]!.place })
      expect((await host.poll()).map(({ location }) => location)).toEqual(['Ventilation'])
      await quirk(name)
      await expect(host.poll()).rejects.toThrow(/Ventilation: .*connection.*Cellar: /s)
      await control('/_quirks', 'DELETE')
      await quirk('second-unit')
    }
    expect((await host.poll()).length).toBe(2)
  })

  test.each(['null-items', 'timeout'])('%s is unreachable', async (name) => {
    await quirk(name)
    expect(await kind(host.poll())).toBe('unreachable')
  })
})

describe('log-in', () => {
  test('a wrong password is refused, and is tried once', async () => {
    const wrong = sessionHost(
      'systemair-vsr500',
      simulators.urls.systemair,
      { ...credentials, password: 'no' },
      () => clock,
    )
    await expect(wrong.poll()).rejects.toMatchObject({ kind: 'refused', message: expect.stringContaining('password') })
    expect(wrong.calls).toEqual([
      'GET /auth/realms/iot/protocol/openid-connect/auth',
      expect.stringContaining('POST /auth/realms/iot/login-actions/authenticate'),
    ])
  })

  test.each(['hops', 'signed-in'])('it goes through when it is "%s"', async (name) => {
    await quirk(name)
    expect((await host.poll()).length).toBe(1)
  })

  test('an account that is denied, and one that must accept terms, are refused in words', async () => {
    await quirk('denied')
    await expect(host.poll()).rejects.toThrow('Account disabled')
    await control('/_quirks', 'DELETE')
    await quirk('terms')
    await expect(host.poll()).rejects.toThrow('Sign in once')
  })

  test('tokens rotate for a day of renewals without a second log-in', async () => {
    await host.poll()
    const first = JSON.stringify(host.session)
    host.calls.length = 0
    for (let n = 0; n < 50; n++) {
      clock += 5 * minute
      await host.poll()
    }
    expect(JSON.stringify(host.session)).not.toBe(first)
    expect(host.calls.filter((call) => call.includes('/token')).length).toBe(50)
    expect(host.calls.filter((call) => call.includes('/auth/realms') && !call.includes('/token'))).toEqual([])
  })

  test('a token that dies early is renewed; a dead refresh token leads to a new log-in', async () => {
    await host.poll()
    await control('/_sessions', 'DELETE')
    expect((await host.poll()).length).toBe(1)
    await control('/_sessions?refresh=too', 'DELETE')
    host.calls.length = 0
    expect((await host.poll()).length).toBe(1)
    expect(host.calls.filter((call) => call.includes('login-actions')).length).toBe(1)
  })

  test('"Unauthorized" in a 200 is refused', async () => {
    await host.poll()
    await quirk('unauthorized')
    expect(await kind(host.poll())).toBe('refused')
  })
})

describe('commands', () => {
  const present = async () => (await host.poll())[0]!.fields

  test('a set-point is written, shown, and felt in the supply air', async () => {
    const before = await present()
    expect(await host.command('setSupplySetpoint', { temperature: 14.5 })).toBe('applied')
    clock += 15 * minute
    const after = await present()
    expect(after.temperatureSetpoint).toBe(14.5)
    expect(Number(after.supplyAirTemperature)).toBeLessThan(Number(before.supplyAirTemperature))
    await host.command('setSupplySetpoint', { temperature: 18 })
  })

  test('in Fahrenheit the unit is told its own degrees, within its own bounds', async () => {
    await quirk('fahrenheit')
    await host.poll()
    expect(host.actuators()[0]!.verbs.setSupplySetpoint).toEqual({ temperature: { minimum: 12.3, maximum: 30 } })
    await host.command('setSupplySetpoint', { temperature: 20 })
    expect((await present()).temperatureSetpoint).toBe(20)
    await control('/_quirks', 'DELETE')
    expect((await present()).temperatureSetpoint).toBe(20)
    await host.command('setSupplySetpoint', { temperature: 18 })
  })

  test("a set-point out of the unit's bounds is rejected without a call", async () => {
    await host.poll()
    host.calls.length = 0
    expect(await kind(host.command('setSupplySetpoint', { temperature: 11 }))).toBe('rejected')
    expect(host.calls).toEqual([])
  })

  test.each([
    ['low', 'manual', 35],
    ['normal', 'manual', 50],
    ['high', 'manual', 75],
    ['auto', 'auto', 50],
  ] as const)('the fan level %s puts the unit in mode %s at %i %%', async (fanLevel, mode, speed) => {
    expect(await host.command('setFanLevel', { fanLevel })).toBe('applied')
    expect(await present()).toMatchObject({ fanLevel, mode, supplyAirFanSpeed: speed })
  })

  test('strong airing ends by itself, or when told, and goes back to what was before', async () => {
    await host.command('setFanLevel', { fanLevel: 'low' })
    await host.poll()
    expect(await host.command('boost', { minutes: 20 })).toBe('applied')
    expect(await present()).toMatchObject({ mode: 'refresh', boostMinutes: 20, supplyAirFanSpeed: 100 })
    clock += 8 * minute
    expect((await present()).boostMinutes).toBe(12)
    clock += 12 * minute
    expect(await present()).toMatchObject({ mode: 'manual', fanLevel: 'low', boostMinutes: 0 })
    await host.command('boost', { minutes: 60 })
    expect((await present()).boostMinutes).toBe(60)
    expect(await host.command('boost', { minutes: 0 })).toBe('applied')
    expect(await present()).toMatchObject({ mode: 'manual', fanLevel: 'low', boostMinutes: 0 })
    host.calls.length = 0
    expect(await host.command('boost', { minutes: 0 })).toBe('applied')
    expect(host.calls.length).toBe(1)
  })

  test('a busy server is asked three times at most', async () => {
    await host.poll()
    for (const [times, outcome, calls] of [
      [2, 'good', 3],
      [3, 'rejected', 3],
    ] as const) {
      await quirk('busy', { times })
      host.calls.length = 0
      expect(await kind(host.command('setFanLevel', { fanLevel: 'high' }))).toBe(outcome)
      expect(host.calls.length).toBe(calls)
    }
  })

  test('what the vendor will not have is rejected; what nobody knows is not', async () => {
    await host.poll()
    simulators.faults.systemair.set('rejected')
    expect(await kind(host.command('setFanLevel', { fanLevel: 'high' }))).toBe('rejected')
    simulators.faults.systemair.clear()
    await quirk('offline-unsaid')
    expect(await kind(host.command('setFanLevel', { fanLevel: 'high' }))).toBe('rejected')
    await quirk('offline-unsaid', { on: false })
    await quirk('timeout')
    expect(await kind(host.command('setFanLevel', { fanLevel: 'high' }))).toBe('unreachable')
    expect(await kind(host.command('setFanLevel', { fanLevel: 'high' }, 'IAM_NOBODY'))).toBe('rejected')
  })

  test('of several units the one that is meant obeys, each with its own bounds', async () => {
    await quirk('second-unit')
    const places = (await host.poll()).map(({ place }) => place)
    expect(host.actuators().map(({ place, location }) => [place, location])).toEqual([
      [places[0], 'Ventilation'],
      [places[1], 'Cellar'],
    ])
    expect(await kind(host.command('setSupplySetpoint', { temperature: 22 }))).toBe('rejected')
    await host.command('setSupplySetpoint', { temperature: 22 }, places[1])
    expect((await host.poll()).map(({ fields }) => fields.temperatureSetpoint)).toEqual([18, 22])
    expect(host.actuators()[0]!.verbs).toEqual({
      setSupplySetpoint: { temperature: { minimum: 12, maximum: 30 } },
      setFanLevel: { fanLevel: { values: ['auto', 'low', 'normal', 'high'] } },
      boost: { minutes: { minimum: 0, maximum: 240 } },
    })
    await host.command('setSupplySetpoint', { temperature: 18 }, places[1])
  })

  test('a command before the first reading finds its unit itself', async () => {
    expect(await host.command('boost', { minutes: 10 })).toBe('applied')
    expect((await present()).boostMinutes).toBe(10)
  })
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
]
describe(`${rows.length} faults, before and after the log-in`, () => {
  test.each(rows)('%s is %s', async (fault, outcome) => {
    const quick = sessionHost(
      'systemair-vsr500',
      simulators.urls.systemair,
      credentials,
      () => clock,
      fault === 'mute' ? 300 : 5000,
    )
    await quick.poll()
    simulators.faults.systemair.set(fault)
    expect(await kind(quick.poll())).toBe(outcome)
    quick.session = undefined
    expect(await kind(quick.poll())).toBe(outcome)
    expect(simulators.faults.systemair.struck[fault]).toBeGreaterThan(0)
    simulators.faults.systemair.clear()
    expect((await quick.poll()).length).toBe(1)
  })
})
