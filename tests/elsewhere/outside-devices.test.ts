/** Devices whose samples come from programs elsewhere, with the container of `templates/container` as one of them. */
import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type Connector, startConnector } from '@nabolag/connector'
import { readSettings } from '@nabolag/core'
import { type Datalogger, startDatalogger } from '@nabolag/datalogger'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../stack.ts'
import { type Asked, makeStand, makeToken, type Stand } from '../thesis/stand.ts'

const template = join(import.meta.dirname, '../../templates/container/main.py')
/** Debian's package is for Debian's Python, which may not be the first in the path. */
const python = ['python3', '/usr/bin/python3'].find(
  (command) => spawnSync(command, ['-c', 'import paho.mqtt.client']).status === 0,
)

type Publishing = { url: string; username: string; password: string; topic: string }
type Added = { count: number; state: string; publishing: Publishing }
type Status = { state: string; reason: string | null; last_sample: string | null; uptime_30d: number | null }

let stand: Stand
let datalogger: Datalogger
let connectors: Connector[] = []
let house: number
let kari: string

const ask = async (method: string, path: string, json?: unknown, options: Asked = {}) => {
  const answer = await stand.ask(method, path, { token: kari, json, ...options })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? undefined : (JSON.parse(text) as never) }
}
const device = async (name: string, count = 0): Promise<Status> =>
  (await ask('GET', `/api/houses/${house}/devices/${name}/count/${count}`)).body as unknown as Status
const add = async (name: string): Promise<Added> => {
  const { status, body } = await ask('POST', `/api/houses/${house}/devices/${name}/new`, {})
  expect(status).toBe(200)
  return body as unknown as Added
}
/** Port of the broker, whatever address people are told. */
const port = () => Number(new URL(stand.brokerUrl).port)
const signIn = ({ username, password }: Publishing) =>
  connectAsync(`mqtt://127.0.0.1:${port()}`, { username, password, reconnectPeriod: 0 })
const sample = (more: object = {}) =>
  JSON.stringify({
    measurement: 'airSensor',
    tags: { house_id: String(house) },
    fields: { temperature: 20 },
    time: new Date().toISOString(),
    ...more,
  })

beforeAll(async () => {
  stand = await makeStand()
  kari = await makeToken(stand, 'kari')
  house = ((await ask('POST', '/api/houses/new', {})).body as unknown as { id: number }).id
  const settings = readSettings({ ...stand.addresses, NABOLAG_LOG_LEVEL: 'error' })
  datalogger = await startDatalogger(settings)
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  connectors = await Promise.all([startConnector(settings, { log }), startConnector(settings, { log })])
  const admin = { username: 'admin' }
  const { token } = await stand.store
    .as(await stand.store.people.askerNamed(admin.username))
    .createToken({ name: 'admin', scopes: ['read', 'write', 'admin'] })
  for (const [name, seconds] of [
    ['stove', 3],
    ['gateway', 600],
  ] as const) {
    const kind = { name, required_fields: [], database_group_name: 'airSensor', sampling_seconds: seconds }
    const made = await ask('POST', '/api/devices/', { ...kind, allow_multiple: true }, { token })
    expect(made).toMatchObject({ status: 200, body: { kind: 'outside', docker_hub_image: null } })
  }
}, 180_000)
afterAll(async () => {
  for (const connector of connectors) await connector.close()
  await datalogger?.close()
  await stand?.close()
}, 180_000)

test('adding one gives its account once; it runs, goes stale, comes back, and has uptime', async () => {
  const { publishing, state } = await add('stove')
  expect(state).toBe('starting')
  expect(publishing).toMatchObject({ topic: `sensors/stove/${house}/0`, username: `h${house}.stove.0` })
  const again = await ask('GET', `/api/houses/${house}/devices/stove/count/0`)
  expect(again.body).not.toHaveProperty('publishing')
  const client = await signIn(publishing)
  /** It measures until that is seen: what came once is stale ten seconds later, whoever looked meanwhile. */
  const measures = async (what: string, so: () => Promise<boolean>) => {
    const measure = () => client.publish(publishing.topic, sample(), { qos: 1 })
    measure()
    const measuring = setInterval(measure, 1000)
    await until(what, so).finally(() => clearInterval(measuring))
  }
  await measures('it runs', async () => (await device('stove')).state === 'running')
  await until('it is stale', async () => (await device('stove')).state === 'stale', 60_000)
  expect((await device('stove')).reason).toMatch(/^Nothing has come since 20/)
  await measures('it runs again, and has uptime', async () => {
    const { state, uptime_30d: uptime } = await device('stove')
    return state === 'running' && (uptime ?? 0) > 0
  })
  const log = (await ask('GET', `/api/houses/${house}/devices/stove/count/0/log`)).body as unknown as {
    message: string
  }[]
  expect(log.map(({ message }) => message)).toEqual([
    'Added: it waits for the first sample',
    'First sample',
    expect.stringMatching(/^Nothing has come since/),
    'It runs again',
  ])
  await client.endAsync()
}, 180_000)

test('a second one is a device of its own: its topic says which', async () => {
  const { count, publishing } = await add('stove')
  expect([count, publishing.topic]).toEqual([1, `sensors/stove/${house}/1`])
  const client = await signIn(publishing)
  await client.publishAsync(publishing.topic, sample({ fields: { temperature: 7 } }), { qos: 1 })
  await until('it runs', async () => (await device('stove', 1)).state === 'running')
  await until('it is stored under its number', async () => {
    const newest = await stand.timeseries.newest({ houseId: house, device: 'stove', count: 1 })
    return newest[0]?.value === 7
  })
  await client.endAsync()
})

test('a renewed password ends the old one; a removed device has no account left', async () => {
  const { publishing } = await add('gateway')
  const old = await signIn(publishing)
  const gone = new Promise<void>((resolve) => old.once('close', () => resolve()))
  const renewed = await ask('POST', `/api/houses/${house}/devices/gateway/count/0/publishing`)
  expect(renewed.status).toBe(200)
  const now = renewed.body as unknown as Publishing
  expect({ ...now, password: '' }).toEqual({ ...publishing, password: '' })
  await gone
  await expect(signIn(publishing)).rejects.toThrow(/not authorized|bad user/i)
  const client = await signIn(now)
  await client.publishAsync(now.topic, sample(), { qos: 1 })
  await until('it runs', async () => (await device('gateway')).state === 'running')
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
  expect((await ask('DELETE', `/api/houses/${house}/devices/gateway/count/0`)).status).toBe(204)
  await closed
  await expect(signIn(now)).rejects.toThrow(/not authorized|bad user/i)
  expect(await ask('POST', `/api/houses/${house}/devices/gateway/count/0/publishing`)).toMatchObject({ status: 404 })
})

test('only who may change the house gets an account, and only for a device that publishes by itself', async () => {
  const ola = await makeToken(stand, 'ola')
  const path = `/api/houses/${house}/devices/stove/count/0/publishing`
  expect((await ask('POST', path, undefined, { token: ola })).status).toBe(403)
  await ask('POST', `/api/houses/${house}/devices/met/new`, { latitude: 63.43, longitude: 10.39 })
  const built = await ask('POST', `/api/houses/${house}/devices/met/count/0/publishing`)
  expect(built).toMatchObject({ status: 400, body: { code: 'bad-request' } })
})

const reason = python ? '' : ' (left out: python3-paho-mqtt is not installed)'
test.skipIf(!python)(
  `the container's program logs in a house${reason}`,
  async () => {
    const { publishing, count } = await add('gateway')
    const environment = {
      PATH: process.env.PATH,
      HOUSE_ID: String(house),
      SAMPLING_TIME: '0.2',
      MQTT_URL: `mqtt://127.0.0.1:${port()}`,
      MQTT_USERNAME: publishing.username,
      MQTT_PASSWORD: publishing.password,
      MQTT_TOPIC: publishing.topic,
    }
    const run = (changes: NodeJS.ProcessEnv = {}) => {
      const child = spawn(python ?? 'python3', [template], {
        env: { ...environment, ...changes },
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      let said = ''
      child.stderr.on('data', (chunk) => (said += chunk))
      const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
      return { child, ended, said: () => said }
    }
    const stored = async () => {
      const filter = {
        houseId: house,
        group: 'airSensor',
        field: 'temperature',
        device: 'gateway',
        count,
        location: 'Kitchen',
      }
      const series = await stand.timeseries.series(filter)
      return series[0]?.samples ?? 0
    }
    const program = run()
    try {
      await until('five samples are stored', async () => (await stored()) >= 5, 30_000)
      await until('it runs', async () => (await device('gateway', count)).state === 'running')
      program.child.kill('SIGTERM')
      expect([await program.ended, program.said()]).toEqual([0, expect.stringContaining('everything is acknowledged')])
      const wrong = run({ MQTT_PASSWORD: 'wrong' })
      expect([await wrong.ended, wrong.said()]).toEqual([3, expect.stringContaining('refuses MQTT_USERNAME')])
      const bare = run({ MQTT_TOPIC: '', HOUSE_ID: '' })
      expect([await bare.ended, bare.said()]).toEqual([2, 'Not set: HOUSE_ID, MQTT_TOPIC\n'])
    } finally {
      program.child.kill('SIGKILL')
    }
  },
  180_000,
)
