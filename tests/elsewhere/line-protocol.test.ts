/** InfluxDB's line protocol over HTTP: with InfluxDB's own client, and by hand where the client would not do it. */
import { gzipSync } from 'node:zlib'
import { HttpError, InfluxDB, Point, setLogger } from '@influxdata/influxdb-client'
import { formatTime, microsFromMillis, readSettings } from '@nabolag/core'
import { type Datalogger, startDatalogger } from '@nabolag/datalogger'
import type { Newest } from '@nabolag/timeseries'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../stack.ts'
import { makeStand, makeToken, type Stand } from '../thesis/stand.ts'

let stand: Stand
let datalogger: Datalogger
let house: number
let olasHouse: number
let kari: string

const newHouse = async (token: string) => {
  const made = await stand.ask('POST', '/api/houses/new', { token, json: {} })
  return ((await made.json()) as { id: number }).id
}
type Sent = { token?: string; query?: string; headers?: Record<string, string>; path?: string }
/** As Telegraf sends it. */
const post = async (
  body: string | Uint8Array<ArrayBuffer>,
  { token = kari, query, headers, path = '/api/v2/write' }: Sent = {},
) => {
  const answer = await fetch(`${stand.url}${path}?${query ?? `bucket=house-${house}&org=telegraf&precision=ns`}`, {
    method: 'POST',
    headers: { authorization: `Token ${token}`, 'content-type': 'text/plain; charset=utf-8', ...headers },
    body,
  })
  const text = await answer.text()
  return {
    status: answer.status,
    headers: answer.headers,
    body: text === '' ? undefined : (JSON.parse(text) as { code?: string; message?: string; error?: string }),
  }
}
const newest = async (device: string, houseId = house): Promise<readonly Newest[]> =>
  stand.timeseries.newest({ houseId, device })
const shown = async (device: string) =>
  (await newest(device)).map(({ group, field, location, tags, count, value }) => ({
    group,
    field,
    location,
    tags,
    count,
    value,
  }))
const arrives = (device: string, fields: number) =>
  until(`${fields} fields of ${device}`, async () => (await newest(device)).length >= fields)
const nanos = (millis: number) => `${millis}000000`
const noon = Date.parse('2026-05-08T12:00:00Z')

beforeAll(async () => {
  setLogger({ error() {}, warn() {} })
  stand = await makeStand()
  kari = await makeToken(stand, 'kari')
  house = await newHouse(kari)
  olasHouse = await newHouse(await makeToken(stand, 'ola'))
  datalogger = await startDatalogger(readSettings({ ...stand.addresses, NABOLAG_LOG_LEVEL: 'error' }))
}, 180_000)
afterAll(async () => {
  await datalogger?.close()
  await stand?.close()
}, 180_000)

test.each([
  ['as it is', 100_000_000],
  ['as gzip', 100],
])("InfluxDB's own client writes every type, sent %s", async (how, gzipThreshold) => {
  const device = how === 'as gzip' ? 'client-gzip' : 'client'
  const client = new InfluxDB({ url: stand.url, token: kari, transportOptions: { proxyUrl: undefined } })
  const api = client.getWriteApi('any-org', `house-${house}`, 'us', { gzipThreshold, maxRetries: 0 })
  api.useDefaultTags({ device_name: device, location: 'Kjøkken, 2. etasje' })
  api.writePoint(
    new Point('airSensor')
      .floatField('temperature', 19.75)
      .intField('tvoc', 120)
      .uintField('eco2', 450)
      .timestamp(BigInt(noon * 1000 + 1).toString()),
  )
  api.writePoint(
    new Point('heatPumpController')
      .booleanField('on', true)
      .stringField('mode', 'heat')
      .tag('remark', 'a=b c\\d')
      .timestamp(String(noon * 1000)),
  )
  api.writePoint(
    new Point('some_group').stringField('said', 'he "said": \\ , = \n and left').timestamp(String(noon * 1000)),
  )
  await api.close()
  await arrives(device, 6)
  const common = { location: 'Kjøkken, 2. etasje', tags: {}, count: 0 }
  expect((await shown(device)).sort((a, b) => (a.field < b.field ? -1 : 1))).toEqual([
    { ...common, group: 'airSensor', field: 'eco2', value: 450 },
    { ...common, group: 'heatPumpController', field: 'mode', tags: { remark: 'a=b c\\d' }, value: 'heat' },
    { ...common, group: 'heatPumpController', field: 'on', tags: { remark: 'a=b c\\d' }, value: true },
    { ...common, group: 'some_group', field: 'said', value: 'he "said": \\ , = \n and left' },
    { ...common, group: 'airSensor', field: 'temperature', value: 19.75 },
    { ...common, group: 'airSensor', field: 'tvoc', value: 120 },
  ])
  const [temperature] = (await newest(device)).filter(({ field }) => field === 'temperature')
  expect(temperature?.time).toBe(noon * 1000 + 1)
})

test('the client is told which line is wrong, and does not send it again; the good ones are stored', async () => {
  const told: string[] = []
  const api = new InfluxDB({ url: stand.url, token: kari }).getWriteApi('partly', `${house}`, 'ms', {
    maxRetries: 3,
    writeFailed: (error) =>
      void told.push(
        error instanceof HttpError ? `${error.statusCode} ${error.code} ${error.json.message}` : String(error),
      ),
  })
  api.writeRecords([
    `airSensor temperature=20 ${noon}`,
    'airSensor temperature=',
    `airSensor humidity=140 ${noon}`,
    `airSensor eco2=500 ${noon}`,
  ])
  await api.close().catch(() => undefined)
  expect(told).toEqual([
    '400 invalid 2 of 4 lines are refused, the others are stored: line 2: the field temperature has no value; line 3: fields.humidity is 140, above 100 %',
  ])
  await arrives('partly', 2)
})

test('the client comes again while the broker is away', async () => {
  const connected = Object.getOwnPropertyDescriptor(stand.bus, 'connected')!
  Object.defineProperty(stand.bus, 'connected', { get: () => false, configurable: true })
  try {
    const tries: number[] = []
    const api = new InfluxDB({ url: stand.url, token: kari }).getWriteApi('patient', `${house}`, 'ms', {
      maxRetries: 5,
      minRetryDelay: 50,
      maxRetryDelay: 100,
      writeFailed: (error) => {
        if (error instanceof HttpError) tries.push(error.statusCode)
        Object.defineProperty(stand.bus, 'connected', connected)
      },
    })
    api.writeRecord(`airSensor temperature=20 ${noon}`)
    await api.flush().catch(() => undefined)
    await arrives('patient', 1)
    await api.close()
    expect(tries).toEqual([503])
  } finally {
    Object.defineProperty(stand.bus, 'connected', connected)
  }
}, 180_000)

test('204 means kept: a thousand lines, then every one is read', async () => {
  const lines = Array.from(
    { length: 1000 },
    (_, at) => `airSensor,device_name=many,location=l${at % 3} eco2=${at}i ${nanos(noon + at)}`,
  )
  expect((await post(gzipSync(lines.join('\n')), { headers: { 'content-encoding': 'gzip' } })).status).toBe(204)
  await until('all are stored', async () => {
    const series = await stand.timeseries.series({ houseId: house, device: 'many' })
    return series.reduce((sum, { samples }) => sum + samples, 0) === 1000
  })
})

test('where a line belongs: tags first, then bucket and org, then the only house', async () => {
  expect((await post(`airSensor,house_id=${house},sensor_name=old-name,count=2,host=pi eco2=1`)).status).toBe(204)
  await arrives('old-name', 1)
  expect(await shown('old-name')).toEqual([
    { group: 'airSensor', field: 'eco2', location: '', tags: { host: 'pi' }, count: 2, value: 1 },
  ])
  expect((await post('airSensor eco2=2', { query: 'bucket=whatever&org=only-one' })).status).toBe(204)
  await arrives('only-one', 1)
  const [sample] = await newest('only-one')
  expect(Math.abs(sample!.time - microsFromMillis(Date.now()))).toBeLessThan(60e6)
  const forecast = `weatherForecast,device_name=sky,issued=${formatTime(microsFromMillis(noon))} temperature=4 ${nanos(noon + 3_600_000)}`
  expect((await post(forecast)).status).toBe(204)
  await until('its issue is kept', async () => (await newest('sky'))[0]?.issued === noon * 1000)
})

test.each([
  [
    'another house by tag',
    () => `airSensor,house_id=${olasHouse} eco2=1`,
    () => `the tag house_id is ${olasHouse}, but the bucket is of house ${house}`,
  ],
  ['a device that is no name', () => 'airSensor,device_name=Ærlig eco2=1', () => 'the tag device_name is not a name'],
  ['a group that is no name', () => 'air\\ sensor eco2=1', () => '/measurement must match|measurement must match'],
  ['a time in another unit', () => `airSensor eco2=1 ${noon}`, () => 'time is before 1990'],
])('a line is refused for %s', async (_name, line, why) => {
  const answer = await post(line())
  expect([answer.status, answer.body?.code]).toEqual([400, 'invalid'])
  expect(answer.body?.message).toMatch(new RegExp(`^1 of 1 lines is refused: line 1: .*(${why()})`))
})

test('a house that is not mine and one that is not there answer alike', async () => {
  const answers = await Promise.all(
    [olasHouse, 4711].map((id) => post('airSensor eco2=1', { query: `bucket=house-${id}&org=x` })),
  )
  expect(answers.map(({ status, body }) => [status, body?.message?.replace(/house \d+/, 'house N')])).toEqual(
    Array(2).fill([400, '1 of 1 lines is refused: line 1: there is no house N, or it is not yours']),
  )
})

test('who may not write is told so in InfluxDB’s words', async () => {
  const asker = await stand.store.people.askerNamed('kari')
  const { token } = await stand.store.as(asker).createToken({ name: 'reads', scopes: ['read'] })
  expect(await post('airSensor eco2=1', { token })).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  const wrong = await post('airSensor eco2=1', { token: 'nbl_wrong' })
  expect(wrong).toMatchObject({ status: 401, body: { code: 'unauthorized' } })
  const { status } = await fetch(`${stand.url}/api/v2/write?bucket=${house}&org=x`, { method: 'POST', body: 'a b=1' })
  expect(status).toBe(401)
})

test('bodies that cannot be read, or are too large', async () => {
  expect(await post('not gzip', { headers: { 'content-encoding': 'gzip' } })).toMatchObject({
    status: 400,
    body: { code: 'invalid' },
  })
  expect(await post(new Uint8Array([0x61, 0xff]))).toMatchObject({
    status: 400,
    body: { message: 'The body is not UTF-8' },
  })
  const bomb = gzipSync(Buffer.alloc(17 * 2 ** 20, '\n'))
  expect(await post(bomb, { headers: { 'content-encoding': 'gzip' } })).toMatchObject({
    status: 413,
    body: { code: 'request too large' },
  })
  expect((await post(Buffer.alloc(9 * 2 ** 20, '\n'))).body?.code).toBe('request too large')
  expect((await post('a b=1', { query: 'bucket=1&org=x&precision=fortnight' })).status).toBe(400)
  expect((await post('# nothing but a comment\n')).status).toBe(204)
  // As `curl --data-binary` sends it.
  expect(
    (await post('airSensor eco2=1', { headers: { 'content-type': 'application/x-www-form-urlencoded' } })).status,
  ).toBe(204)
})

test('the way of version 1, and what clients ask before they write', async () => {
  const authorization = `Basic ${Buffer.from(`telegraf:${kari}`).toString('base64')}`
  const query = `db=house-${house}&rp=version-one&precision=ms`
  const good = await post(`airSensor eco2=3 ${noon}`, { path: '/write', query, headers: { authorization } })
  expect(good.status).toBe(204)
  await arrives('version-one', 1)
  const bad = await post('airSensor', { path: '/write', query, headers: { authorization } })
  expect([bad.status, bad.body?.error]).toEqual([400, '1 of 1 lines is refused: line 1: the fields are missing'])
  for (const method of ['GET', 'HEAD']) expect((await fetch(`${stand.url}/ping`, { method })).status).toBe(204)
  expect(await (await fetch(`${stand.url}/health`)).json()).toMatchObject({ status: 'pass' })
})
