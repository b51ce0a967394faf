/** The api on real engines of its own, with two people and their houses: what the tests in this folder stand on. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeLog, startApi } from '@nabolag/api'
import { type Bus, connectBus } from '@nabolag/bus'
import { readSettings } from '@nabolag/core'
import { startBroker } from '@nabolag/engines/broker'
import { startClickHouse } from '@nabolag/engines/clickhouse'
import { startPostgres } from '@nabolag/engines/postgres'
import { integrations, millis, requiredFields } from '@nabolag/integrations'
import { openStore, operator, type Store } from '@nabolag/store'
import { openTimeSeries, type TimeSeries } from '@nabolag/timeseries'

export const password = 'a long enough password'

export type Stand = {
  readonly url: string
  readonly brokerUrl: string
  /** What another role needs to join in. */
  readonly addresses: Readonly<Record<'DATABASE_URL' | 'CLICKHOUSE_URL' | 'MQTT_URL' | 'NABOLAG_MASTER_KEY', string>>
  readonly store: Store
  readonly timeseries: TimeSeries
  readonly bus: Bus
  /** Asks with a token, a cookie, or nothing. */
  ask(method: string, path: string, options?: Asked): Promise<Response>
  close(): Promise<void>
}
export type Asked = {
  readonly token?: string
  readonly cookie?: string
  readonly json?: unknown
  readonly form?: Record<string, string>
  readonly headers?: Record<string, string>
}

export async function makeStand(): Promise<Stand> {
  const folder = await mkdtemp(join(tmpdir(), 'nabolag-api-'))
  const closing: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  const close = async () => {
    for (const one of closing.reverse().splice(0)) await one()
  }
  try {
    const secret = randomBytes(12).toString('hex')
    const postgres = await startPostgres({ folder: join(folder, 'pg'), socketFolder: join(folder, 's') })
    closing.push(() => postgres.close())
    const clickhouse = await startClickHouse({ folder: join(folder, 'ch'), user: 'nabolag', password: secret })
    closing.push(() => clickhouse.close())
    const broker = await startBroker({
      folder: join(folder, 'broker'),
      host: '127.0.0.1',
      port: 0,
      user: 'system',
      password: secret,
    })
    closing.push(() => broker.close())
    const brokerUrl = `mqtt://system:${secret}@127.0.0.1:${broker.port}`
    const addresses = {
      DATABASE_URL: postgres.url,
      CLICKHOUSE_URL: `${clickhouse.url.replace(/\/$/, '')}/nabolag`,
      MQTT_URL: brokerUrl,
      NABOLAG_MASTER_KEY: randomBytes(32).toString('base64'),
    }
    const store = openStore({ url: postgres.url, masterKey: addresses.NABOLAG_MASTER_KEY })
    closing.push(() => store.close())
    await store.migrate()
    await store.fleet.syncIntegrations(builtIn())
    const timeseries = openTimeSeries(addresses.CLICKHOUSE_URL)
    closing.push(() => timeseries.close())
    await timeseries.migrate()
    const bus = await connectBus({ url: brokerUrl })
    closing.push(() => bus.close())
    const api = await startApi(readSettings({ NABOLAG_HTTP_PORT: '0' }), {
      log: makeLog('error'),
      store,
      timeseries,
      bus,
      requestsPerMinute: 1_000_000,
    })
    closing.push(() => api.close())
    const ask = asker(api.url)
    // The first admin comes in as people do: with the link of the first start.
    const { token } = await store.people.makeSetupLink()
    const made = await ask('POST', '/api/setup', { json: { token, username: 'admin', password, email: 'a@x.no' } })
    if (made.status !== 201) throw new Error(`set-up: ${made.status} ${await made.text()}`)
    for (const username of ['kari', 'ola'])
      await store.people.createUser({ username, password, email: `${username}@x.no`, role: 'user' }, operator)
    return { url: api.url, brokerUrl, addresses, store, timeseries, bus, ask, close }
  } catch (error) {
    await close()
    throw error
  }
}

const builtIn = () =>
  integrations.map((one) => ({
    name: one.name,
    label: one.label,
    vendor: one.vendor,
    group: one.group,
    requiredFields: requiredFields(one),
    credentialsSchema: one.credentials,
    samplingSeconds: millis(one.sampling.every) / 1000,
    allowMultiple: one.several ?? false,
  }))

export const asker =
  (url: string): Stand['ask'] =>
  (method, path, { token, cookie, json, form, headers = {} } = {}) =>
    fetch(url + path, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(cookie === undefined ? {} : { cookie }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: json === undefined ? (form === undefined ? null : new URLSearchParams(form)) : JSON.stringify(json),
    })

/** Signs in with a form and gives the cookie. */
export async function signIn({ ask }: Stand, username: string): Promise<string> {
  const answer = await ask('POST', '/api/auth/login/', { form: { username, password } })
  if (answer.status !== 200) throw new Error(`log-in of ${username}: ${answer.status} ${await answer.text()}`)
  return answer.headers.getSetCookie()[0]!.split(';')[0]!
}

/** A token with every scope but `admin`. */
export async function makeToken(stand: Stand, username: string): Promise<string> {
  const asker = await stand.store.people.askerNamed(username)
  const { token } = await stand.store.as(asker).createToken({ name: 'test', scopes: ['read', 'write', 'control'] })
  return token
}
