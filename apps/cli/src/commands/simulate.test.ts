import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'

const command = fileURLToPath(new URL('../../bin/nabolag.js', import.meta.url))
let child: ChildProcess | undefined
afterEach(() => {
  child?.kill('SIGKILL')
  child = undefined
})

const nabolag = (...given: string[]) =>
  new Promise<{ code: number; out: string; err: string }>((resolve) => {
    execFile(process.execPath, [command, ...given], (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err }),
    )
  })

/** Starts it, and gives what it printed until `enough`. */
function start(enough: RegExp, ...given: string[]): Promise<string> {
  const started = spawn(process.execPath, [command, 'simulate', ...given], { stdio: ['ignore', 'pipe', 'pipe'] })
  child = started
  return new Promise((resolve, reject) => {
    let text = ''
    started.stdout.on('data', (part) => {
      text += part
      if (enough.test(text)) resolve(text)
    })
    started.once('exit', () => reject(new Error(`It ended: ${text}`)))
  })
}

test('vendors run with addresses, accounts and faults that can be switched, and end when told', async () => {
  const line = await start(/\n/, 'met', 'nordpool', '--json', '--seed', '7', '--start', '2026-01-02')
  const { NABOLAG_VENDOR_URLS, start: since, vendors } = JSON.parse(line)
  expect(since).toBe(Date.UTC(2026, 0, 2))
  expect(vendors.map(({ vendor }: { vendor: string }) => vendor)).toEqual(['met', 'nordpool'])
  const [met] = vendors
  expect(NABOLAG_VENDOR_URLS).toContain(`met=${met.url}`)
  expect(met.accounts[0]).toMatchObject({ integration: 'met', credentials: { latitude: expect.any(Number) } })
  const ask = () => fetch(`${met.url}/weatherapi/locationforecast/2.0/compact?lat=60&lon=10`)
  expect((await ask()).status).toBe(200)
  await fetch(met.faults, { method: 'POST', body: '{"fault": "outage", "status": 504}' })
  expect((await ask()).status).toBe(504)
  await fetch(met.faults, { method: 'DELETE' })
  expect((await ask()).status).toBe(200)
  const ended = new Promise((resolve) => child!.once('exit', resolve))
  child!.kill('SIGTERM')
  expect(await ended).toBe(0)
})

test('for people it prints the setting to paste and how to switch a fault', async () => {
  const text = await start(/"on": false/, 'tibber')
  expect(text).toMatch(/NABOLAG_VENDOR_URLS='tibber=http:\/\/127\.0\.0\.1:\d+' nabolag up/)
  expect(text).toMatch(/curl http:\/\/127\.0\.0\.1:\d+\/_faults -d '\{"fault": "outage"\}'/)
  expect(text).toMatch(/tibber-hourly +\{"api-key":"sim-tibber-house-3"\} +House 3/)
})

test('the menu of faults is listed, and who is not known is named', async () => {
  const menu = JSON.parse((await nabolag('simulate', '--faults', '--json')).out)
  for (const fault of [
    'refused',
    'throttled',
    'mute',
    'duplicate',
    'late',
    'nulls',
    'missing',
    'half',
    'changed',
    'dst',
  ])
    expect(menu[fault].length).toBeGreaterThan(10)
  for (const given of [['nobody'], ['met', '--port', 'nobody=9001']]) {
    const { code, err } = await nabolag('simulate', ...given)
    expect(code).toBe(1)
    expect(err).toContain('no simulated vendor nobody; there are met')
  }
  expect((await nabolag('simulate', '--port', 'met')).err).toContain('met=9001')
})
