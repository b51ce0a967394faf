import { Check } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import type { Link, MqttConnection, MqttMessage } from '../define.ts'
import victron from './index.ts'
import { listen, readPayload } from './listen.ts'
import { brokerOf } from './topics.ts'
import { write } from './write.ts'

const account = { 'portal-id': ' C0FFEE00AA11 ', email: ' Kari@Example.org ', 'access-token': 'abc123' }
const site = 'c0ffee00aa11'
const start = Date.UTC(2025, 5, 1, 10)
const news = (path: string, value: unknown, more: object = {}): MqttMessage => ({
  topic: `N/${site}/${path}`,
  payload: JSON.stringify({ ...more, value }),
})

/** A broker whose batches are written down, each with its second; it keeps what it was told. */
function scripted(script: readonly (readonly [second: number, ...messages: MqttMessage[]])[]) {
  const said: MqttMessage[] = []
  const seen: { connection?: MqttConnection; closed: number } = { closed: 0 }
  const link = {
    mqtt: async (connection: MqttConnection) => {
      seen.connection = connection
      return {
        batches: (async function* () {
          for (const [second, ...messages] of script)
            yield { at: new Date(start + 1000 * second).toISOString(), messages }
        })(),
        publish: async (message: MqttMessage) => void said.push(message),
        close: async () => {
          seen.closed++
        },
      }
    },
  } as unknown as Link
  return { link, said, seen }
}
const hear = async (script: Parameters<typeof scripted>[0]) => {
  const broker = scripted(script)
  const heard: unknown[] = []
  await listen(
    { link: broker.link, credentials: account },
    (answer) => heard.push(answer),
    new AbortController().signal,
  )
  const good = heard.filter((answer) => Check(victron.status, answer)) as Parameters<typeof victron.samples>[0][]
  return { ...broker, heard, readings: good.map((one) => victron.samples(one, account)[0]) }
}
const soc = (value: unknown) => news('system/0/Dc/Battery/Soc', value)
const grid = (phase: number, value: unknown) => news(`system/0/Ac/Grid/L${phase}/Power`, value)
const full = news('full_publish_completed', 1)
const beat = news('heartbeat', 1)

describe('listening', () => {
  test('where it connects, what it subscribes to, and how it keeps the site awake', async () => {
    const { seen } = await hear([])
    const { url, username, password, subscribe, hello, beat: beating } = seen.connection!
    expect(url).toBe(brokerOf('c0ffee00aa11'))
    expect([username, password]).toEqual(['Kari@Example.org', 'Token abc123'])
    expect(subscribe.length).toBeGreaterThan(15)
    for (const filter of subscribe) expect(filter.startsWith(`N/${site}/`) && !filter.includes('#')).toBe(true)
    expect(hello).toEqual([{ topic: `R/${site}/keepalive`, payload: '' }])
    expect(beating).toEqual({
      every: '30 s',
      messages: [{ topic: `R/${site}/keepalive`, payload: '{"keepalive-options":["suppress-republish"]}' }],
    })
    expect(seen.closed).toBe(1)
  })

  test('nothing is said before the site has told everything; then each batch, the quiet ones too', async () => {
    const { readings } = await hear([
      [1, soc(50), grid(1, 100)],
      [2, grid(2, 200), full],
      [7, soc(51)],
      [12, beat],
    ])
    expect(readings.map((reading) => [reading!.time.slice(17, 19), reading!.fields.batteryCharge])).toEqual([
      ['02', 50],
      ['07', 51],
      ['12', 51],
    ])
    expect(readings[0]!.fields.gridPower).toBe(300)
  })

  test('one that does not say when it is done is asked again, and believed in the end', async () => {
    const { readings, said } = await hear([
      [0, soc(50)],
      [11, beat],
      [16, beat],
      [21, beat],
    ])
    expect(said).toEqual([{ topic: `R/${site}/keepalive`, payload: '' }])
    expect(readings.map((reading) => reading!.fields.batteryCharge)).toEqual([50])
  })

  test('null and an empty payload are missing, not zero and not as before', async () => {
    const { readings } = await hear([
      [0, soc(50), grid(1, 100), news('system/0/Dc/Pv/Power', 900), full],
      [5, soc(null), { topic: `N/${site}/system/0/Dc/Pv/Power`, payload: '' }],
    ])
    expect(readings[0]!.fields).toMatchObject({ batteryCharge: 50, solarPower: 900, gridPower: 100 })
    expect(readings[1]!.fields).toMatchObject({ gridPower: 100 })
    expect(readings[1]!.fields.batteryCharge).toBeUndefined()
    expect(readings[1]!.fields.solarPower).toBeUndefined()
  })

  test('what cannot be read is told as such, and the rest goes on', async () => {
    const { heard, readings } = await hear([
      [0, soc(50), grid(1, 100), full],
      [5, { topic: `N/${site}/system/0/Dc/Battery/Soc`, payload: '{"value":' }, grid(1, 120)],
      [10, news('system/0/Ac/Grid/L1/Power', 'much')],
      [15, { topic: `N/${site}/system/0/Ac/Grid/L1/Power`, payload: '[12]' }, soc(52)],
      [20, grid(1, 130)],
    ])
    expect(heard.length - readings.length).toBe(3)
    expect(readings.map((reading) => [reading!.fields.batteryCharge, reading!.fields.gridPower])).toEqual([
      [50, 100],
      [undefined, 120],
      [52, undefined],
      [52, 130],
    ])
  })

  test('other topics, other sites and other members are passed by', async () => {
    const { heard, readings } = await hear([
      [0, soc(50), news('battery/512/Soc', 'x'), { topic: 'N/other/system/0/Dc/Battery/Soc', payload: '{"value":9}' }],
      [1, news('system/0/Dc/Battery/Power', 5, { min: 'a', valid: true }), full],
    ])
    expect(heard.length).toBe(1)
    expect(readings[0]!.fields).toMatchObject({ batteryCharge: 50, batteryPower: 5 })
  })

  test('everything is asked for anew every quarter of an hour: a lost message must not freeze a value', async () => {
    const { said } = await hear([
      [0, soc(50), full],
      [600, beat],
      [901, beat],
      [902, beat],
      [1803, beat],
    ])
    expect(said.length).toBe(2)
  })

  test('bounds come from what stands beside a setting', async () => {
    const path = 'settings/0/Settings/CGwacs'
    const { heard } = await hear([
      [
        0,
        news('system/0/SystemType', 'ESS'),
        news(`${path}/AcPowerSetPoint`, 0, { min: -5000, max: 5000 }),
        news(`${path}/MaxChargePower`, -1, { min: 0, max: 0 }),
        news(`${path}/MaxDischargePower`, -1, { min: -1, max: 8000 }),
        news(`${path}/BatteryLife/MinimumSocLimit`, 10, { min: 0, max: 100 }),
        full,
      ],
    ])
    expect(victron.actuators!(heard[0] as never, account)).toEqual([
      {
        capability: 'battery',
        verbs: {
          setGridSetpoint: { power: { minimum: -5000, maximum: 5000 } },
          setChargeLimit: { power: { minimum: 0 } },
          setDischargeLimit: { power: { minimum: 0, maximum: 8000 } },
          setMinimumCharge: { charge: { minimum: 0, maximum: 100, step: 5 } },
        },
      },
    ])
    const inverter = { at: 'x', values: { 'system/0/SystemType': 'PV Inverter' } }
    expect(victron.actuators!(inverter as never, account)).toEqual([])
  })
})

describe('commands', () => {
  const path = 'settings/0/Settings/CGwacs/AcPowerSetPoint'
  const question = { topic: `R/${site}/${path}`, payload: '' }
  const order = { topic: `W/${site}/${path}`, payload: '{"value":500}' }
  const run = async (script: Parameters<typeof scripted>[0], values?: object) => {
    const broker = scripted(script)
    const status = values && { values }
    const outcome = await write({ link: broker.link, credentials: account, status }, 'gridSetpoint', 500).catch(
      ({ kind, message }) => `${kind}: ${message}`,
    )
    return { ...broker, outcome }
  }

  test('written once, and applied when the site shows it', async () => {
    const { outcome, said, seen } = await run([
      [1, news(path, 0)],
      [2, beat],
      [3, news(path, 500)],
    ])
    expect(outcome).toBe('applied')
    expect(said).toEqual([order])
    expect(seen.connection).toMatchObject({
      subscribe: [`N/${site}/${path}`, `N/${site}/heartbeat`],
      hello: [{ topic: `R/${site}/keepalive`, payload: '' }, question],
      beat: { messages: [question] },
    })
    expect(seen.closed).toBe(1)
  })

  test('what is so already is not written: as the status has it, or as the site shows it', async () => {
    const known = await run([], { [path]: 500, 'system/0/SystemType': 'ESS' })
    expect([known.outcome, known.seen.connection]).toEqual(['applied', undefined])
    const shown = await run([[1, news(path, 500.0)]])
    expect([shown.outcome, shown.said]).toEqual(['applied', []])
  })

  test.each([
    [
      'a site that keeps its value',
      [
        [1, beat],
        [4, news(path, 0)],
        [14, news(path, 0)],
      ],
      /^rejected: .*full control/,
      1,
    ],
    [
      'a site that lives but never tells',
      [
        [1, beat],
        [4, beat],
        [14, beat],
      ],
      /^sent$/,
      1,
    ],
    ['a connection that breaks', [[1, beat]], /^unreachable: /, 1],
    ['a site that is silent', [], /^unreachable: /, 0],
  ] as const)('%s', async (_, script, expected, written) => {
    const { outcome, said } = await run(script as unknown as Parameters<typeof scripted>[0])
    expect(outcome).toMatch(expected)
    expect(said.length).toBe(written)
  })

  test('a system without storage does not obey, and is not asked to', async () => {
    const { outcome, seen } = await run([], { 'system/0/SystemType': 'PV Inverter', [path]: 0 })
    expect(outcome).toMatch(/^rejected: .*no ESS/)
    expect(seen.connection).toBeUndefined()
    const old = await run([[1, news(path, 500)]], { 'system/0/SystemType': null, 'system/0/Hub': 4 })
    expect(old.outcome).toBe('applied')
  })
})

test('the broker follows from the portal id, however it is typed', () => {
  // By hand: the sum of the character codes, modulo 128.
  expect(brokerOf('000000000000')).toBe(`mqtts://mqtt${(12 * 48) % 128}.victronenergy.com:8883`)
  expect(brokerOf(' ABCDEF000000 ')).toBe(brokerOf('abcdef000000'))
  expect(brokerOf('abcdef000000')).toBe('mqtts://mqtt117.victronenergy.com:8883')
})

test.each([
  ['', { value: null }],
  ['{"value":null}', { value: null }],
  ['{"value":3,"min":0,"max":5}', { value: 3, min: 0, max: 5 }],
  ['{"max":0,"min":0,"value":3}', { value: 3 }],
  ['{"extra":[1],"value":"ESS"}', { value: 'ESS' }],
  ['{}', { value: undefined }],
  ['null', { value: undefined }],
  ['12', { value: undefined }],
  ['nonsense', { value: undefined }],
])('%j is read as %j', (payload, expected) => {
  expect(readPayload(payload)).toEqual(expected)
})
