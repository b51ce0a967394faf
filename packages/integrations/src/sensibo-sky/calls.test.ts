// What is sent to Sensibo, call by call.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Answers, command, here, read, sent } from '../calls.testing.ts'
import { actuatorOf, inCelsius, nearestTo } from './remote.ts'

const typed = { integration: 'sensibo-sky', credentials: { 'api-key': 'k' } }

const list = (...values: number[]) => ({ isNative: true, values })
const pod = (more: object = {}) => ({
  id: 'P1',
  room: { name: 'Stue' },
  connectionStatus: { isAlive: true },
  acState: { on: true, mode: 'heat', targetTemperature: 21, temperatureUnit: 'C', fanLevel: 'Auto' },
  remoteCapabilities: {
    modes: {
      heat: { temperatures: { C: list(10, 16, 20, 21, 22) }, fanLevels: ['Low', 'Auto'] },
      cool: { temperatures: { C: list(22, 23) }, fanLevels: ['Low', 'High'] },
      fan: { temperatures: {}, fanLevels: ['Low'] },
      dry: { temperatures: { C: list(20, 21) } },
    },
  },
  ...more,
})
const account =
  (one: object, changed: object = { status: 'Success' }): Answers =>
  ({ method }) => ({ status: 'success', result: method === 'GET' ? [one] : changed })
const thermostat = (verb: string, args: object, one: object = pod(), changed?: object) =>
  command(typed, account(one, changed), ['thermostat', verb], args, 'P1')

describe('sensibo', () => {
  test.each([
    ['setTargetTemperature', { temperature: 22 }, 'PATCH', '/targetTemperature', { newValue: 22 }],
    ['setTargetTemperature', { temperature: 21.8 }, 'PATCH', '/targetTemperature', { newValue: 22 }],
    ['setFanLevel', { fanLevel: 'low' }, 'PATCH', '/fanLevel', { newValue: 'Low' }],
    ['setOn', { on: false }, 'PATCH', '/on', { newValue: false }],
    ['setMode', { mode: 'dry' }, 'PATCH', '/mode', { newValue: 'dry' }],
    ['setMode', { mode: 'fan' }, 'POST', '', { acState: { mode: 'fan', fanLevel: 'Low' } }],
    ['setMode', { mode: 'cool' }, 'POST', '', { acState: { mode: 'cool', targetTemperature: 22, fanLevel: 'Low' } }],
  ])('%s %j is %s …/acStates%s %j', async (verb, args, method, path, body) => {
    const done = await thermostat(verb, args)
    expect(done.said).toBe('applied')
    expect(sent(done)).toEqual([{ method, path: `/pods/P1/acStates${path}`, body }])
  })

  test('a heat pump that counts in Fahrenheit, shown in Celsius, is told the unit as well', async () => {
    const modes = { heat: { temperatures: { F: list(66, 68, 70), C: { isNative: false, values: [19, 20, 21] } } } }
    const done = await thermostat('setTargetTemperature', { temperature: 20 }, pod({ remoteCapabilities: { modes } }))
    expect(sent(done)[0]!.body).toEqual({ acState: { targetTemperature: 68, temperatureUnit: 'F' } })
  })

  test.each([
    [{ status: 'Pending' }, 'sent'],
    [{ status: 'Failed', failureReason: 'Timeout' }, 'rejected: The pod could not send it: Timeout'],
    [{}, 'sent'],
    [{ status: 'success' }, 'applied'],
  ])('the answer %j is %s', async (changed, said) => {
    expect((await thermostat('setOn', { on: true }, pod(), changed)).said).toBe(said)
  })

  test.each([
    ['dead', { connectionStatus: { isAlive: false } }],
    ['gone quiet', { measurements: { time: { time: '2025-01-01T00:00:00Z', secondsAgo: 5000 } } }],
    ['without a remote', { remoteCapabilities: { modes: {} } }],
    ['no heat pump', { productModel: 'pure', remoteCapabilities: { modes: { fan: { fanLevels: ['low'] } } } }],
  ])('nothing is sent to a pod that is %s', async (_, more) => {
    const done = await thermostat('setOn', { on: true }, pod(more))
    expect([done.said.split(':')[0], sent(done)]).toEqual(['rejected', []])
  })

  test('actuators: the bounds of the present mode, those of a mode described anew left out', () => {
    const [found] = actuatorOf(
      pod({ remoteCapabilities: { modes: { ...pod().remoteCapabilities.modes, auto: 'all' } } }) as never,
    )
    expect(found).toEqual({
      place: 'P1',
      location: 'Stue',
      capability: 'thermostat',
      verbs: {
        setOn: { on: {} },
        setMode: { mode: { values: ['heat', 'cool', 'fan', 'dry'] } },
        setTargetTemperature: { temperature: { values: [10, 16, 20, 21, 22] } },
        setFanLevel: { fanLevel: { values: ['Low', 'Auto'] } },
        setFallback: {},
      },
    })
  })

  test('whatever a remote knows, each of its own temperatures finds itself again', () => {
    let checked = 0
    fc.assert(
      fc.property(
        fc.constantFrom('C' as const, 'F' as const),
        fc.uniqueArray(fc.integer({ min: 5, max: 95 }), { minLength: 1 }),
        (unit, values) => {
          for (const value of values) {
            expect(nearestTo({ unit, values }, inCelsius(value, unit))).toBe(value)
            checked++
          }
        },
      ),
    )
    expect(checked).toBeGreaterThan(100)
  })

  test.skipIf(!here)('the documented answers to a command, and schedules that are not ours', async () => {
    const pods = read('sensibo/samples/pods_fields_all_airq_skyplus.json')
    const schedules = read('sensibo/samples/schedules_v1_list_rewrapped.json')
    for (const [file, of] of [
      ['acstates_post_success', (whole: unknown) => whole],
      ['acstates_patch_target_temperature_constructed', (whole: { body: unknown }) => whole.body],
    ] as const) {
      const changed = of(read(`sensibo/samples/${file}.json`))
      const answers: Answers = ({ method }) => (method === 'GET' ? pods : changed)
      const done = await command(
        typed,
        answers,
        ['thermostat', 'setTargetTemperature'],
        { temperature: 22 },
        'SKYP0002',
      )
      expect(done.said).toBe('applied')
      expect(sent(done)).toEqual([
        { method: 'PATCH', path: '/pods/SKYP0002/acStates/targetTemperature', body: { newValue: 22 } },
      ])
    }
    const answers: Answers = ({ path }) => (path.includes('/schedules/') ? schedules : pods)
    const empty = { schedule: [], timezone: 'Europe/Oslo' }
    const done = await command(typed, answers, ['thermostat', 'setFallback'], empty, 'SKYP0002')
    expect([done.said, sent(done)]).toEqual(['applied', []])
    expect(done.calls.map(({ path }) => path)).toEqual([
      '/users/me/pods',
      'https://home.sensibo.com/api/v1/pods/SKYP0002/schedules/',
    ])
  })
})
