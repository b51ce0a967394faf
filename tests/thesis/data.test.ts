/** Reading data in every format, and what stands beside it: publishers, rejected messages, erasing, an engine that is away. */
import { tableFromIPC } from 'apache-arrow'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeStand, makeToken, type Stand, signIn } from './stand.ts'

const begin = Date.UTC(2023, 3, 20, 10)
const minutes = 240
let stand: Stand
let token: string
let house: number

beforeAll(async () => {
  stand = await makeStand()
  token = await makeToken(stand, 'kari')
  house = ((await (await stand.ask('POST', '/api/houses/new', { token })).json()) as { id: number }).id
  const sample = (houseId: number, minute: number, temperature: number) => ({
    houseId,
    group: 'airSensor',
    device: 'mill-sense',
    count: 0,
    location: 'Soverom',
    tags: {},
    time: (begin + minute * 60_000) * 1000,
    issued: undefined,
    fields: { temperature, humidity: 40 },
  })
  const range = Array.from({ length: minutes }, (_, minute) => minute)
  await stand.timeseries.write(
    range.flatMap((minute) => [sample(house, minute, minute / 10), sample(house + 1, minute, 1000)]),
    Date.now(),
  )
  const issue = (hour: number, temperature: number) => ({
    ...sample(house, 600, temperature),
    group: 'weatherForecast',
    device: 'met',
    issued: (begin + hour * 3_600_000) * 1000,
  })
  await stand.timeseries.write([issue(0, 5), issue(2, 7)], Date.now())
}, 180_000)
afterAll(async () => {
  await stand?.close()
})

const question = { group: 'airSensor', field: 'temperature', start: '2023-04-20T10:00', end: '2023-04-20T14:00' }
const read = (json: object, accept?: string) =>
  stand.ask('POST', `/api/houses/${house}/data`, { token, json, ...(accept ? { headers: { accept } } : {}) })

type Answer = { unit: string; resolution: number | null; series: { times: string[]; values: (number | null)[] }[] }

test('JSON gives columns of times and values, of this house only', async () => {
  const answer = await read({ ...question, resolution: 'raw' })
  expect(answer.headers.get('content-type')).toMatch('application/json')
  const { series, ...rest } = (await answer.json()) as Answer
  expect(rest).toMatchObject({ house_id: house, group: 'airSensor', field: 'temperature', unit: '°C' })
  expect(series).toHaveLength(1)
  expect(series[0]).toMatchObject({ device: 'mill-sense', count: 0, location: 'Soverom' })
  expect(series[0]?.values).toEqual(Array.from({ length: minutes }, (_, minute) => minute / 10))
  expect(Date.parse(series[0]?.times[1] ?? '')).toBe(begin + 60_000)
})

test.each([
  ['text/csv', (text: string) => text.trim().split('\n').length - 1],
  [
    'application/x-ndjson',
    (text: string) =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)).length,
  ],
])('%s has a row for each sample', async (type, count) => {
  const answer = await read({ ...question, resolution: 'raw' }, type)
  expect(answer.headers.get('content-type')).toMatch(type)
  expect(count(await answer.text())).toBe(minutes)
})

test('Arrow and Parquet have a row for each sample', async () => {
  const arrow = await read({ ...question, resolution: 'raw' }, 'application/vnd.apache.arrow.stream')
  expect(arrow.headers.get('content-type')).toBe('application/vnd.apache.arrow.stream')
  expect(tableFromIPC(new Uint8Array(await arrow.arrayBuffer())).numRows).toBe(minutes)
  const parquet = await read({ ...question, resolution: 'raw' }, 'application/vnd.apache.parquet')
  const bytes = Buffer.from(await parquet.arrayBuffer())
  expect([bytes.subarray(0, 4).toString(), bytes.subarray(-4).toString()]).toEqual(['PAR1', 'PAR1'])
})

test('what cannot be given in the format asked for is refused', async () => {
  expect((await read(question, 'image/png')).status).toBe(406)
  expect((await read(question, 'image/png, */*;q=0.1')).status).toBe(200)
})

test('the best loved format wins, and the query may name one for a browser', async () => {
  const csv = await read(question, 'application/json;q=0.5, text/csv')
  expect(csv.headers.get('content-type')).toMatch('text/csv')
  const query = new URLSearchParams({ ...question, format: 'csv', resolution: '1h', aggregate: 'max' })
  const got = await stand.ask('GET', `/api/houses/${house}/data/?${query}`, { token, headers: { accept: 'text/html' } })
  expect(got.headers.get('content-disposition')).toMatch(/attachment; filename="house-\d+-temperature\.csv"/)
  expect((await got.text()).trim().split('\n')).toHaveLength(5)
})

test.each(['1h', 'PT1H', 3600, '3600', '60m'])('resolution %j gives hourly means', async (resolution) => {
  const { series, resolution: seconds } = (await (await read({ ...question, resolution })).json()) as Answer
  expect(seconds).toBe(3600)
  expect(series[0]?.values.map((value) => Math.round((value ?? 0) * 100) / 100)).toEqual([2.95, 8.95, 14.95, 20.95])
})

test('asOf answers what was known then', async () => {
  const forecast = {
    group: 'weatherForecast',
    field: 'temperature',
    start: '2023-04-20T10:00',
    end: '2023-04-21T10:00',
  }
  const values = async (json: object) => ((await (await read(json)).json()) as Answer).series[0]?.values
  expect(await values(forecast)).toEqual([7])
  expect(await values({ ...forecast, asOf: '2023-04-20T11:00' })).toEqual([5])
})

test('newest values and the list of series are those of the house', async () => {
  const newest = await stand.ask('GET', `/api/houses/${house}/newest/?group=airSensor`, { token })
  const { newest: values } = (await newest.json()) as { newest: { field: string; value: number }[] }
  expect(Object.fromEntries(values.map(({ field, value }) => [field, value]))).toEqual({
    temperature: 23.9,
    humidity: 40,
  })
  const series = await stand.ask('GET', `/api/houses/${house}/series`, { token })
  expect(((await series.json()) as { series: unknown[] }).series).toHaveLength(4)
})

test('a publisher gets its password once, may sign in at the broker, and no longer after its account is closed', async () => {
  const made = await stand.ask('POST', `/api/houses/${house}/publishers/`, { token, json: { name: 'mill-sense' } })
  expect(made.status).toBe(201)
  const { id, username, password } = (await made.json()) as { id: number; username: string; password: string }
  const { host } = new URL(stand.brokerUrl)
  const client: MqttClient = await connectAsync(`mqtt://${host}`, { username, password, reconnectPeriod: 0 })
  await client.publishAsync('sensors/mill-sense', '{}', { qos: 1 })
  await client.endAsync()
  const listed = await (await stand.ask('GET', `/api/houses/${house}/publishers`, { token })).text()
  expect(JSON.parse(listed)).toHaveLength(1)
  expect(listed).not.toContain(password)
  expect((await stand.ask('DELETE', `/api/houses/${house}/publishers/${id}`, { token })).status).toBe(204)
  await expect(connectAsync(`mqtt://${host}`, { username, password, reconnectPeriod: 0 }, false)).rejects.toThrow()
})

test('rejected messages are shown to the house they name, and all of them to the admin', async () => {
  const row = { received: Date.now(), topic: 'sensors/x', device: 'x', reason: 'not JSON', payload: '{' }
  await stand.timeseries.writeRejected([
    { ...row, houseId: house },
    { ...row, houseId: house + 1 },
  ])
  const mine = await stand.ask('GET', `/api/houses/${house}/rejected`, { token })
  expect(await mine.json()).toMatchObject({
    rejected: [{ house_id: house, reason: 'not JSON' }],
    counts: [{ count: 1 }],
  })
  expect((await stand.ask('GET', '/api/rejected', { token })).status).toBe(403)
  const all = await stand.ask('GET', '/api/rejected', { cookie: await signIn(stand, 'admin') })
  expect(((await all.json()) as { rejected: unknown[] }).rejected).toHaveLength(2)
})

test('live events tell that a device of the house changed, and of no other house', async () => {
  const abort = new AbortController()
  const answer = await fetch(`${stand.url}/api/houses/${house}/events`, {
    headers: { authorization: `Bearer ${token}` },
    signal: abort.signal,
  })
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
  expect((await reader.read()).value).toContain('event: ready')
  await stand.bus.publish(`devices/${house + 1}/met/0`, '{}')
  await stand.bus.publish(`devices/${house}/met/0`, '{}')
  expect((await reader.read()).value).toBe(`event: device\ndata: {"house":${house},"name":"met","count":0}\n\n`)
  abort.abort()
})

test('erased data is gone, a range first, then the house with all it measured', async () => {
  const erase = (query: string) => stand.ask('DELETE', `/api/houses/${house}/data?${query}`, { token })
  const count = async () => {
    const { series } = (await (await read({ ...question, resolution: 'raw' })).json()) as Answer
    return series[0]?.values.length ?? 0
  }
  expect((await erase('')).status).toBe(400)
  expect((await erase('group=airSensor&start=2023-04-20T10:00&end=2023-04-20T11:00')).status).toBe(200)
  expect(await count()).toBe(minutes - 60)
  expect((await stand.ask('DELETE', `/api/houses/${house}/`, { token })).status).toBe(200)
  expect(await stand.timeseries.series({ houseId: house })).toEqual([])
  expect(await stand.timeseries.series({ houseId: house + 1 })).not.toEqual([])
  expect((await read(question)).status).toBe(403)
}, 120_000)
