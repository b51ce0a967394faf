import { type AnyIntegration, integrationOf, type Reading } from '@nabolag/integrations'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { command, confirms, outcomeOf, type Wish } from './command.testing.ts'
import { makeWorld } from './index.ts'
import { givenTo, pollOnce } from './plain-client.testing.ts'
import { startSensibo } from './sensibo.ts'
import type { Simulator } from './server.ts'
import { localIso } from './world/local-time.ts'

const started = Date.UTC(2026, 0, 5)
const hour = 3_600_000
let clock = started + 30 * hour
const world = makeWorld({ start: started, now: () => clock })
let sensibo: Simulator
beforeAll(async () => {
  sensibo = await startSensibo(world)
})
afterAll(() => sensibo.close())
const quirk = (body: object) => fetch(`${sensibo.url}/_quirks`, { method: 'POST', body: JSON.stringify(body) })
beforeEach(async () => {
  sensibo.faults.clear()
  await fetch(`${sensibo.url}/_quirks`, { method: 'DELETE' })
})

const house5 = { 'api-key': 'sim-sensibo-house-5' }
const place = 'SIMSTU51'
const integration = integrationOf('sensibo-sky') as AnyIntegration
/** The allowance is ten calls in ten seconds. */
const later = (ms = 10_000) => {
  clock += ms
}
const poll = () => {
  later()
  return pollOnce('sensibo-sky', sensibo.url, house5)
}
const wish = (verb: string, args: Wish['args'], where = place): Wish => ({
  capability: 'thermostat',
  verb,
  args,
  place: where,
})
const run = (one: Wish) => {
  later()
  return command('sensibo-sky', sensibo.url, house5, one).then(
    (said) => said as string,
    ({ kind, message }) => `${kind}: ${message}`,
  )
}
const stateOf = (readings: readonly Reading[]) => readings.find((reading) => reading.place === place)!.fields
const ask = async (method: string, path: string, body?: object) => {
  later()
  const answer = await fetch(`${sensibo.url}/api/${path}?apiKey=${house5['api-key']}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  })
  return (await answer.json()) as { status: string; result: Record<string, unknown>[] }
}
const actuators = async () => {
  later()
  const given = await givenTo(integration, sensibo.url, house5)
  return integration.actuators!((await integration.fetch!(given as never)) as never, house5 as never)
}

describe('commands', () => {
  test.each([
    wish('setTargetTemperature', { temperature: 24 }),
    wish('setFanLevel', { fanLevel: 'quiet' }),
    wish('setMode', { mode: 'cool' }),
    wish('setMode', { mode: 'fan' }),
    wish('setMode', { mode: 'dry' }),
    wish('setMode', { mode: 'heat' }),
    wish('setOn', { on: false }),
    wish('setOn', { on: true }),
  ])('%j is applied and the next reading confirms it', async (one) => {
    expect(confirms(one, await poll())).toBe(false)
    expect(await run(one)).toBe('applied')
    expect(confirms(one, await poll())).toBe(true)
  })

  test('the heat pump follows: a warmer room some hours later', async () => {
    await run(wish('setTargetTemperature', { temperature: 19 }))
    later(6 * hour)
    const before = stateOf(await poll()).temperature
    expect(await run(wish('setTargetTemperature', { temperature: 25 }))).toBe('applied')
    later(4 * hour)
    expect(Number(stateOf(await poll()).temperature)).toBeGreaterThan(Number(before) + 1)
  })

  test('what the remote does not know is rejected before anything is sent', async () => {
    const before = sensibo.calls!()
    for (const [one, why] of [
      [wish('setTargetTemperature', { temperature: 8 }), /no setting for 8 °C; the nearest is 16 °C/],
      [wish('setTargetTemperature', { temperature: 21.5 }), /no setting for 21.5 °C/],
      [wish('setMode', { mode: 'party' }), /does not know the mode party/],
      [wish('setFanLevel', { fanLevel: 'hurricane' }), /does not know the fan level/],
      [wish('setOn', { on: true }, 'NOBODY'), /does not know that pod/],
    ] as const)
      expect(await run(one)).toMatch(new RegExp(`^rejected: .*${why.source}`))
    // Only the pods were read, once each.
    expect(sensibo.calls!() - before).toBe(5)
  })

  test('in fan mode there is no temperature to set', async () => {
    await quirk({ quirk: 'fan' })
    expect(await run(wish('setTargetTemperature', { temperature: 21 }))).toMatch(/^rejected: In the mode fan/)
    const [first] = await actuators()
    expect(Object.keys(first!.verbs).sort()).toEqual(['setFallback', 'setFanLevel', 'setMode', 'setOn'])
    expect(first!.verbs.setFanLevel).toEqual({ fanLevel: { values: ['quiet', 'low', 'medium', 'high'] } })
  })

  test('a new mode takes along what it does not know', async () => {
    await run(wish('setMode', { mode: 'heat' }))
    await run(wish('setFanLevel', { fanLevel: 'auto' }))
    expect(await run(wish('setMode', { mode: 'fan' }))).toBe('applied')
    expect(stateOf(await poll())).toMatchObject({ mode: 'fan', fanLevel: 'quiet' })
    expect(await run(wish('setMode', { mode: 'heat' }))).toBe('applied')
  })

  test('Fahrenheit is a matter between us and the heat pump', async () => {
    await quirk({ quirk: 'fahrenheit' })
    const values = (await actuators())[0]!.verbs.setTargetTemperature!.temperature!.values as number[]
    expect([values[0], values.at(-1), values.length]).toEqual([15.6, 30, 27])
    const warmer = wish('setTargetTemperature', { temperature: 21.1 })
    expect(await run(warmer)).toBe('applied')
    expect(confirms(warmer, await poll())).toBe(true)
    expect((await ask('GET', 'v2/pods/SIMSTU51/acStates')).result[0]).toMatchObject({
      acState: { targetTemperature: 70, temperatureUnit: 'F' },
    })
    expect(await run(wish('setTargetTemperature', { temperature: 21 }))).toBe('applied')
    expect(await run(wish('setMode', { mode: 'cool' }))).toBe('applied')
    expect(await run(wish('setMode', { mode: 'heat' }))).toBe('applied')
  })

  test.each([
    ['infrared', /^rejected: The pod could not send it: The device did not answer/],
    ['pending', /^sent$/],
    ['offline', /^rejected: The pod has no connection/],
    ['react', /^applied$/],
  ])('%s: the command ends as %s', async (name, said) => {
    const before = stateOf(await poll()).targetTemperature
    await quirk({ quirk: name })
    expect(await run(wish('setTargetTemperature', { temperature: before === 20 ? 23 : 20 }))).toMatch(said)
    await fetch(`${sensibo.url}/_quirks`, { method: 'DELETE' })
    expect(stateOf(await poll()).targetTemperature === before).toBe(name !== 'react')
    const { result } = await ask('GET', 'v2/pods/SIMSTU51/acStates')
    const shown = { infrared: 'Failed', pending: 'Pending', offline: expect.any(String), react: 'Success' }[name]
    expect(result[0]!.status).toEqual(shown)
  })

  test.each([
    ['rejected', {}, /^rejected: Sensibo says: NoSuchRemoteCommand/],
    ['refused', {}, /^refused: Sensibo says: NotAuthorized, Invalid API key/],
    ['throttled', {}, /^throttled/],
    ['outage', {}, /^unreachable/],
  ] as const)('the fault %s %j ends as %s', async (fault, options, said) => {
    sensibo.faults.set(fault, options)
    expect(await run(wish('setOn', { on: true }))).toMatch(said)
  })
})

describe('the fallback', () => {
  const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
  const list = async () => (await ask('GET', `v1/pods/${place}/schedules/`)).result
  const times = async () => (await list()).map(({ targetTimeLocal }) => targetTimeLocal).sort()
  const fallback = (schedule: readonly { at: string; temperature: number }[], timezone = 'Europe/Oslo') =>
    run(wish('setFallback', { schedule, timezone }))
  const dayAndNight = [
    { at: '06:00', temperature: 21 },
    { at: '22:30', temperature: 18 },
  ]

  test("replaces ours as a whole, leaves the owner's, and an empty one ends it", async () => {
    const acState = { on: true, mode: 'fan', fanLevel: 'low', extra: { scheduler: {} } }
    await ask('POST', `v1/pods/${place}/schedules/`, {
      name: 'Lufting',
      targetTimeLocal: '12:00',
      timezone: 'Europe/Oslo',
      recurOnDaysOfWeek: days,
      acState,
    })
    expect(await fallback(dayAndNight)).toBe('applied')
    expect(await times()).toEqual(['06:00', '12:00', '22:30'])
    const kept = (await list()).find(({ targetTimeLocal }) => targetTimeLocal === '06:00')
    expect(kept).toMatchObject({ name: 'Nabolag 06:00', acState: { on: true, mode: 'heat', targetTemperature: 21 } })
    expect(await fallback([dayAndNight[0]!, { at: '23:00', temperature: 17 }])).toBe('applied')
    expect(await times()).toEqual(['06:00', '12:00', '23:00'])
    expect((await list()).find(({ targetTimeLocal }) => targetTimeLocal === '06:00')!.id).toBe(kept!.id)
    expect(await fallback([])).toBe('applied')
    expect(await times()).toEqual(['12:00'])
    const [lufting] = await list()
    await ask('DELETE', `v1/pods/${place}/schedules/${lufting!.id}/`)
    expect(await times()).toEqual([])
  })

  test('ours are known again where Sensibo keeps no names', async () => {
    await quirk({ quirk: 'nameless' })
    expect(await fallback(dayAndNight)).toBe('applied')
    expect((await list()).map(({ name }) => name)).toEqual([null, null])
    expect(await fallback([{ at: '07:00', temperature: 20 }])).toBe('applied')
    expect(await times()).toEqual(['07:00'])
    expect(await fallback([])).toBe('applied')
    expect(await times()).toEqual([])
  })

  test('goes on without us: the heat pump is set at its local time', async () => {
    expect(await fallback([{ at: '05:15', temperature: 24 }])).toBe('applied')
    await run(wish('setTargetTemperature', { temperature: 17 }))
    while (localIso(clock).slice(11, 16) !== '05:10') later(60_000 - (clock % 60_000))
    expect(stateOf(await poll()).targetTemperature).toBe(17)
    later(6 * 60_000)
    expect(stateOf(await poll()).targetTemperature).toBe(24)
    expect((await ask('GET', 'v2/pods/SIMSTU51/acStates')).result[0]).toMatchObject({ reason: 'ScheduledCommand' })
    await fallback([])
  })

  test('what cannot be kept is rejected, and a plan that is not paid for is no bad key', async () => {
    expect(await fallback([{ at: '06:00', temperature: 8 }])).toMatch(/^rejected: The remote has no setting/)
    expect(await fallback([dayAndNight[0]!, dayAndNight[0]!])).toMatch(/^rejected: .*two temperatures for one time/)
    expect(await fallback(dayAndNight, 'Europe/Atlantis')).toMatch(/^rejected: There is no time zone/)
    await quirk({ quirk: 'plus' })
    expect(await fallback(dayAndNight)).toMatch(/^rejected: Sensibo says: NotAuthorized, .*Plus/)
    expect(await poll()).toHaveLength(2)
  })
})

describe('pods come, go and change their names', () => {
  test('a renamed room keeps its place, one that is gone is gone', async () => {
    const before = await poll()
    await quirk({ quirk: 'renamed', name: 'Peisestue' })
    const after = await poll()
    expect(after.map(({ location }) => location)).toEqual(['Peisestue', 'Soverom'])
    expect(after.map((reading) => reading.place)).toEqual(before.map((reading) => reading.place))
    await quirk({ quirk: 'vanished' })
    expect((await poll()).map(({ location }) => location)).toEqual(['Soverom'])
  })

  test('an air monitor is no heat pump: another group, and nothing to command', async () => {
    await quirk({ quirk: 'monitor' })
    const [air, ...others] = (await poll()).toReversed()
    expect(air).toMatchObject({ place: 'SIMSTU51AQ', location: 'Stue', group: 'airSensor' })
    expect(air!.fields).toMatchObject({ tvoc: expect.any(Number), eco2: expect.any(Number) })
    expect(others.map(({ group }) => group)).toEqual([undefined, undefined])
    expect((await actuators()).map((one) => one.place)).toEqual(['SIMSTU51', 'SIMSOV52'])
    expect(await run(wish('setOn', { on: true }, 'SIMSTU51AQ'))).toMatch(/^rejected: Sensibo does not know that pod/)
  })

  test('quiet pods give no readings', async () => {
    await quirk({ quirk: 'offline' })
    expect(await outcomeOf(poll())).toEqual([])
  })

  test('the clocks may change', async () => {
    sensibo.faults.set('dst')
    const times = (await poll()).map(({ time }) => time)
    expect(times).toHaveLength(2)
    for (const time of times) expect(time).toMatch(/^2025-10-26T00:/)
  })
})
