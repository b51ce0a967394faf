import { expect, test } from 'vitest'
import { ProblemError, problemBody, problems } from './problems.ts'
import { readSettings, settings } from './settings.ts'

test('without an environment every setting has its default or is absent', () => {
  const read = readSettings({})
  expect(Object.keys(read).sort()).toEqual(Object.keys(settings).sort())
  expect(read.NABOLAG_HTTP_PORT).toBe('8080')
  expect(read.MQTT_URL).toBeUndefined()
})

test('an empty setting is an absent one', () => {
  expect(readSettings({ MQTT_URL: '', NABOLAG_HOST: '' })).toEqual(readSettings({}))
})

test.each([
  ['NABOLAG_HTTP_PORT', ['0', '65535'], ['65536', '-1', 'http', '80 ']],
  ['NABOLAG_LOG_LEVEL', ['debug'], ['loud', 'INFO']],
  ['MQTT_URL', ['mqtt://a:b@host:1883', 'mqtts://host', 'ws://host', 'wss://host'], ['http://host', 'host:1883']],
  ['CLICKHOUSE_URL', ['http://u:p@h:8123/nabolag', 'https://h/n'], ['tcp://h', 'h']],
  ['DATABASE_URL', ['postgres://h/d', 'postgresql://u@h/d?host=/run'], ['mysql://h/d']],
  ['NABOLAG_URL', ['https://nabolag.example'], ['nabolag.example']],
  ['NABOLAG_VENDOR_URLS', ['met=http://127.0.0.1:9001,tibber=https://x'], ['met', 'http://x']],
] as const)('%s is checked', (name, right, wrong) => {
  for (const value of right) expect(readSettings({ [name]: value })[name]).toBe(value)
  for (const value of wrong) expect(() => readSettings({ [name]: value })).toThrow(name)
})

test('every setting that is wrong is named, and no value is shown', () => {
  try {
    readSettings({ DATABASE_URL: 'mysql://u:hush@h', NABOLAG_MQTT_PORT: 'hush' })
    expect.unreachable()
  } catch (error) {
    expect(error).toBeInstanceOf(ProblemError)
    const body = problemBody(error as ProblemError)
    expect(body).toMatchObject({ status: 400, code: 'bad-request', type: '/problems/bad-request', who: 'you' })
    expect(body.detail).toMatch(/NABOLAG_MQTT_PORT.*DATABASE_URL/)
    expect(JSON.stringify(body)).not.toContain('hush')
  }
})

test('every problem has a status, a title and someone who can mend it', () => {
  const all = Object.values(problems)
  for (const { status, title } of all) {
    expect(status).toBeGreaterThanOrEqual(400)
    expect(title).not.toBe('')
  }
  expect(all.length).toBeGreaterThanOrEqual(15)
})
