import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const command = fileURLToPath(new URL('../../bin/nabolag.js', import.meta.url))
let folder: string
let server: Server | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'try-'))
})
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  server = undefined
  rmSync(folder, { recursive: true, force: true })
})

async function serve(answer: RequestListener): Promise<string> {
  server = createServer(answer)
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

type Result = { code: number; out: string; err: string }

function nabolag(...given: string[]): Promise<Result> {
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...given], (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err }),
    )
  })
}

function tryMet(baseUrl: string, credentials: unknown = { latitude: 60.1, longitude: 11.2 }): Promise<Result> {
  const file = join(folder, 'credentials.json')
  writeFileSync(file, typeof credentials === 'string' ? credentials : JSON.stringify(credentials))
  return nabolag('integrations', 'try', 'met', '--credentials', file, '--base-url', baseUrl, '--once', '--timeout', '5')
}

const step = { time: '2027-01-02T03:00:00Z', data: { instant: { details: { air_temperature: -7.5 } } } }
const forecast = { properties: { meta: { updated_at: '2027-01-02T02:40:00Z' }, timeseries: [step] } }

test('prints the samples as JSON lines and ends with 0', async () => {
  const { code, out } = await tryMet(await serve((_request, response) => response.end(JSON.stringify(forecast))))
  expect(code).toBe(0)
  expect(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    expect.objectContaining({
      measurement: 'weatherForecast',
      tags: expect.objectContaining({ device_name: 'met' }),
      fields: expect.objectContaining({ temperature: -7.5 }),
      time: '2027-01-02T03:00:00Z',
    }),
  ])
})

test.each<{ name: string; answer: RequestListener; kind: string; exit: number }>([
  { name: 'a server error', answer: (_, r) => r.writeHead(500).end(), kind: 'unreachable', exit: 10 },
  { name: 'a broken connection', answer: (request) => request.destroy(), kind: 'unreachable', exit: 10 },
  {
    name: 'a request to wait',
    answer: (_, r) => r.writeHead(429, { 'retry-after': '60' }).end(),
    kind: 'throttled',
    exit: 11,
  },
  { name: 'refused credentials', answer: (_, r) => r.writeHead(401).end(), kind: 'refused', exit: 12 },
  { name: 'half a JSON', answer: (_, r) => r.end('{"properties": {"me'), kind: 'changed', exit: 13 },
  { name: 'another shape', answer: (_, r) => r.end('{"forecast": []}'), kind: 'changed', exit: 13 },
])(
  '$name ends with $exit, the kind on standard error and nothing on standard output',
  async ({ answer, kind, exit }) => {
    const { code, out, err } = await tryMet(await serve(answer))
    expect({ code, out }).toEqual({ code: exit, out: '' })
    expect(err).toMatch(new RegExp(`^${kind}: `))
  },
)

test('an answer without a measurement ends with 0, and standard error says so', async () => {
  const empty = { properties: { ...forecast.properties, timeseries: [] } }
  const { code, out, err } = await tryMet(await serve((_request, response) => response.end(JSON.stringify(empty))))
  expect({ code, out }).toEqual({ code: 0, out: '' })
  expect(err).toMatch(/nothing measured/)
})

const heatPump = {
  id: 'p1',
  room: { name: 'Stue' },
  connectionStatus: { isAlive: true },
  acState: { on: true, mode: 'heat', targetTemperature: 19, temperatureUnit: 'C' },
  remoteCapabilities: { modes: { heat: { temperatures: { C: { isNative: true, values: [19, 20, 21] } } } } },
}

function trySensibo(baseUrl: string, ...more: string[]): Promise<Result> {
  const file = join(folder, 'key.json')
  writeFileSync(file, '{"api-key": "geheim"}')
  return nabolag('integrations', 'try', 'sensibo-sky', '--credentials', file, '--base-url', baseUrl, ...more)
}

test('a command is carried out, and told with the reading that shows it; two addresses are taken for one vendor', async () => {
  let target = 19
  const url = await serve(async (request, response) => {
    let text = ''
    for await (const part of request) text += String(part)
    if (request.method === 'PATCH') target = JSON.parse(text).newValue
    const acState = { ...heatPump.acState, targetTemperature: target }
    const pod = { ...heatPump, acState, measurements: { time: { time: new Date().toISOString(), secondsAgo: 1 } } }
    const result = request.method === 'PATCH' ? { status: 'Success' } : [pod]
    response.end(JSON.stringify({ status: 'success', result }))
  })
  const set = ['--command', 'thermostat.setTargetTemperature', '--timeout', '20']
  const { code, out } = await trySensibo(`${url}|${url}`, ...set, 'temperature=21')
  expect(code).toBe(0)
  expect(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([
    { capability: 'thermostat', verb: 'setTargetTemperature', location: 'Stue', state: 'confirmed' },
    { measurement: 'heatPumpController', fields: { targetTemperature: 21 } },
  ])
  expect(await trySensibo(url, ...set, 'temperature=22')).toMatchObject({
    code: 14,
    out: '',
    err: expect.stringMatching(/^rejected: temperature is 22 °C; allowed is 19, 20, 21/),
  })
})

test('a code is asked for only where the vendor sends any', async () => {
  const { code, err } = await trySensibo('http://127.0.0.1:9', '--code-by', 'sms')
  expect({ code, err }).toEqual({ code: 14, err: expect.stringMatching(/needs no code/) })
})

test('nobody at the address is unreachable', async () => {
  const url = await serve(() => {})
  server?.close()
  expect(await tryMet(url)).toMatchObject({ code: 10, out: '' })
})

test.each([
  { name: 'a field that is missing is named', credentials: { latitude: 60 }, says: /longitude/ },
  {
    name: 'a value that cannot be is named by its field',
    credentials: { latitude: 600, longitude: 1 },
    says: /latitude/,
  },
  {
    name: 'what is no JSON is said to be so, without a quotation',
    credentials: '{"token": "geheim',
    says: /is not JSON/,
  },
])('credentials of the wrong form end with 1: $name', async ({ credentials, says }) => {
  const { code, err } = await tryMet('http://127.0.0.1:9', credentials)
  expect(code).toBe(1)
  expect(err).toMatch(says)
  expect(err).not.toContain('geheim')
})

test.each([
  { name: 'an unknown integration', given: ['integrations', 'try', 'nosuch', '--credentials', '/dev/null'] },
  { name: 'no credentials', given: ['integrations', 'try', 'met'] },
  {
    name: 'an address that is none among several',
    given: ['integrations', 'try', 'met', '--credentials', '/dev/null', '--base-url', 'http://127.0.0.1:9|ftp://x'],
  },
  {
    name: 'an argument without a command',
    given: ['integrations', 'try', 'met', 'temperature=1', '--credentials', '/dev/null'],
  },
  { name: 'an unknown option', given: ['integrations', 'try', 'met', '--nosuch'] },
])('$name ends with 1', async ({ given }) => {
  expect(await nabolag(...given)).toMatchObject({ code: 1, out: '' })
})
