import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type AnyIntegration, integrations } from '@nabolag/integrations'
import { demoHouses, type Fault, type FaultOptions, startSimulators, type VendorName } from '@nabolag/simulators'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readIfThere, removeFolder, type Stack, startStack, stayWithinTheHour, until } from '../stack.ts'

/**
 * Every integration beside every other, in two houses of one running system, while all vendors fail at the same time. One
 * vendor's failures in every detail are in vendors.test.ts; each integration's, fault by fault, in the conformance run.
 */
type Simulators = Awaited<ReturnType<typeof startSimulators>>
type Device = { readonly house: number; readonly name: string; readonly vendor: VendorName; readonly at: string }
type Told = { state: string; reason: string | null; last_sample: string | null }
type Series = { group: string; field: string; device: string; count: number; location: string }

let stack: Stack
let simulators: Simulators
const houses: number[] = []
const devices: Device[] = []
const texts: string[] = []
const vendors = [...new Set(integrations.map(({ vendor }) => vendor as VendorName))]

/** A second household, with accounts of its own. */
const others: Readonly<Record<string, Record<string, string | number>>> = {
  met: { latitude: 60.1, longitude: 10.2 },
  'tibber-realtime': { 'api-key': 'sim-tibber-several-homes' },
  'tibber-hourly': { 'api-key': 'sim-tibber-several-homes' },
  'sensibo-sky': { 'api-key': 'sim-sensibo-house-5' },
  'mill-sense': { username: 'house-5@mill.example', password: 'sim-mill-house-5' },
  'mill-heater': { username: 'house-5@mill.example', password: 'sim-mill-house-5' },
  'systemair-vsr500': { username: 'house-5@example.org', password: 'sim-systemair-house-5' },
  'verisure-smoke-detector': { username: 'house-5@example.org', password: 'sim-verisure-house-5' },
  solcast: { 'api-key': 'sim-solcast-house-4', latitude: 63.4, longitude: 10.4 },
  victron: { 'portal-id': 'bench-80117', email: 'bench-80117@example.org', 'access-token': 'gx-token-80117' },
  'spot-price': { area: 'NO1' },
}
const households = [
  (name: string) =>
    demoHouses.flatMap(({ devices }) => devices).find(({ integration }) => integration === name)!.credentials,
  (name: string) => others[name]!,
]
const isSecret = ([field]: [string, unknown]) => /key|password|token/.test(field)
const secrets = new Set(
  integrations
    .flatMap(({ name }) => households.map((of) => of(name)))
    .flatMap((credentials) =>
      Object.entries(credentials)
        .filter(isSecret)
        .map(([, value]) => String(value)),
    ),
)
/** What simulators hand out at a log-in begins so. */
const sessions = ['sim-access-', 'sim-refresh-', 'sim-a-', 'sim-r-']

beforeAll(async () => {
  simulators = await startSimulators()
  const urls = Object.entries(simulators.urls).map(([vendor, url]) => `${vendor}=${url}`)
  stack = await startStack({ environment: { NABOLAG_VENDOR_URLS: urls.join(',') }, json: true, timeout: 180_000 })
  for (const credentialsOf of households) {
    const made = await stack.ask('/api/houses/new', { method: 'POST', body: { name: `House ${houses.length}` } })
    const house = (made.body as { id: number }).id
    houses.push(house)
    for (const { name, vendor } of integrations) {
      const at = `/api/houses/${house}/devices/${name}/count/0`
      const body = credentialsOf(name)
      const added = await stack.ask(`/api/houses/${house}/devices/${name}/new`, { method: 'POST', body })
      expect([name, added.status], JSON.stringify(added.body)).toEqual([name, 200])
      texts.push(JSON.stringify(added.body))
      devices.push({ house, name, vendor: vendor as VendorName, at })
    }
  }
}, 240_000)

afterAll(async () => {
  await stack?.stop()
  await simulators?.close()
  if (stack) removeFolder(stack.folder)
})

const look = async ({ at }: Device): Promise<Told> => {
  const { body } = await stack.ask(at)
  texts.push(JSON.stringify(body))
  return body
}
const restart = ({ at }: Device) => stack.ask(`${at}/restart`, { method: 'POST' })
const change = ({ at }: Device, credentials: object) => stack.ask(at, { method: 'PATCH', body: { credentials } })

/** Switches a fault over HTTP, as somebody at a running simulator does. */
async function switchFault(vendor: VendorName, fault: Fault, on: boolean, options: FaultOptions = {}): Promise<void> {
  const { url, faultsUrl = `${url}/_faults` } = simulators.started.get(vendor)!
  const answer = await fetch(faultsUrl, { method: 'POST', body: JSON.stringify({ fault, on, ...options }) })
  expect([vendor, answer.status]).toEqual([vendor, 200])
}

/** Waits until each device is as wanted, or says which are not. */
async function all(what: string, wanted: (told: Told, device: Device) => boolean, patience = 90_000): Promise<void> {
  let others: string[] = []
  await until(
    what,
    async () => {
      const told = await Promise.all(devices.map(async (device) => ({ device, told: await look(device) })))
      others = told
        .filter(({ device, told }) => !wanted(told, device))
        .map(({ device, told }) => `${device.house} ${device.name}: ${told.state}, ${told.reason}`)
      return others.length === 0
    },
    patience,
  ).catch((error: Error) => {
    throw new Error(`${error.message}:\n${others.join('\n')}`)
  })
}
const isRunning = ({ state }: Told) => state === 'running'

/** Answers that vendors allow to be kept would hide a fault: those are asked for another place. */
let moves = 0
let prices = 0
const areas = ['NO2', 'NO4', 'NO5', 'SE1', 'SE2', 'SE3', 'SE4', 'DK1', 'DK2']
async function askAnew(): Promise<void> {
  await Promise.all(
    devices.map((device) => {
      if (device.name === 'met') return change(device, { latitude: 58 + 0.1 * moves++, longitude: 8 })
      if (device.name === 'spot-price') return change(device, { area: areas[prices++ % areas.length] })
      return restart(device)
    }),
  )
}

const incidentsNow = async () => {
  const { body } = await stack.ask('/api/vendors')
  texts.push(JSON.stringify(body))
  return body as { vendor: string; state: string; incident: { devices: number; houses: number; kind: string } | null }[]
}

test(`${integrations.length} integrations run side by side in two houses`, async () => {
  await all('everything runs', isRunning, 120_000)
  expect(devices).toHaveLength(2 * integrations.length)
  for (const device of devices) expect((await look(device)).last_sample, device.name).not.toBeNull()
}, 150_000)

const commands = [
  ['sensibo-sky', 'thermostat', 'setTargetTemperature', { temperature: 23 }],
  ['mill-heater', 'heater', 'setTargetTemperature', { temperature: 11 }],
  ['systemair-vsr500', 'ventilation', 'setSupplySetpoint', { temperature: 20 }],
  ['victron', 'battery', 'setMinimumCharge', { charge: 35 }],
] as const

test('a command to each kind of actuator is confirmed by a reading', async () => {
  const confirmed = await Promise.all(
    commands.map(async ([name, capability, verb, given]) => {
      const { at } = devices.find((device) => device.name === name)!
      const { body: found } = await stack.ask(`${at}/actuators`)
      const { actuators } = found as { actuators: { location?: string }[] }
      const { location } = actuators[0]!
      const asked = await stack.ask(`${at}/commands`, {
        method: 'POST',
        body: { capability, verb, arguments: { ...given, ...(location && { location }) }, validFor: 120 },
      })
      expect([name, asked.status], JSON.stringify(asked.body)).toEqual([name, 202])
      const { id } = asked.body as { id: string }
      let state = ''
      await until(
        `${name} confirms`,
        async () => {
          const { body } = await stack.ask(`${at}/commands/${id}`)
          texts.push(JSON.stringify(body))
          state = (body as { state: string }).state
          return state === 'confirmed'
        },
        100_000,
      ).catch((error: Error) => {
        throw new Error(`${error.message}: it is ${state}`)
      })
      return name
    }),
  )
  expect(confirmed).toHaveLength(commands.length)
}, 120_000)

test('when all vendors are out at once there is one incident for each, and everything comes back by itself', async () => {
  await Promise.all(vendors.map((vendor) => switchFault(vendor, 'outage', true)))
  await askAnew()
  await all('everything has stopped', ({ state }) => state === 'backing-off')
  let now = await incidentsNow()
  const of = (vendor: string) => now.find((one) => one.vendor === vendor)
  // It begins with three devices; who is heard of a moment later is counted at the next look.
  await until(
    'each vendor has its incident, of all its devices',
    async () => {
      now = await incidentsNow()
      return vendors.every((name) => {
        const its = devices.filter(({ vendor }) => vendor === name)
        return of(name)?.state === 'incident' && of(name)?.incident?.devices === its.length
      })
    },
    180_000,
  ).catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(now)}`)
  })
  for (const { vendor, incident } of now) {
    const its = devices.filter((device) => device.vendor === vendor)
    expect(incident, vendor).toMatchObject({ kind: 'unreachable', devices: its.length, houses: 2 })
  }
  await all('each owner is told', ({ reason }) => /has trouble since .*nothing for you to do/.test(reason ?? ''))
  await Promise.all(vendors.map((vendor) => switchFault(vendor, 'outage', false)))
  // Their few calls are not spent on looking whether they are back: Verisure is asked again after minutes, Solcast later.
  await Promise.all(devices.filter(({ vendor }) => vendor === 'solcast' || vendor === 'verisure').map(restart))
  await all('everything is back', isRunning, 120_000)
  await until('no incident is left', async () => (await incidentsNow()).every(({ incident }) => !incident), 30_000)
}, 300_000)

test('numbers that are null are not logged at all, least of all as zero', async () => {
  const zeroes = async (start: string) => {
    const found = new Set<string>()
    for (const house of houses) {
      const { body } = await stack.ask(`/api/houses/${house}/series`)
      const { series } = body as { series: Series[] }
      const kinds = new Set(series.map(({ group, field }) => `group=${group}&field=${field}`))
      for (const kind of kinds) {
        const range = `start=${encodeURIComponent(start)}&end=2200-01-01`
        const answer = await stack.ask(`/api/houses/${house}/data?${kind}&${range}&resolution=raw`)
        const { series: its } = answer.body as { series: { location: string; device: string; values: unknown[] }[] }
        for (const { device, location, values } of its)
          if (values.some((value) => value === 0)) found.add(`${house} ${device} ${location} ${kind}`)
      }
    }
    return found
  }
  const struck = async (vendor: VendorName) => simulators.faults[vendor].struck.nulls
  // What is zero at times (production by night) is so before it, too.
  await stayWithinTheHour(120_000)
  const usual = await zeroes(new Date(Date.now() - 40 * 86_400_000).toISOString())
  const before = new Map(await Promise.all(vendors.map(async (vendor) => [vendor, await struck(vendor)] as const)))
  const start = new Date().toISOString()
  await Promise.all(vendors.map((vendor) => switchFault(vendor, 'nulls', true)))
  await askAnew()
  for (const vendor of vendors)
    await until(`${vendor} has said null`, async () => (await struck(vendor)) > before.get(vendor)! + 1, 60_000)
  await Promise.all(vendors.map((vendor) => switchFault(vendor, 'nulls', false)))
  const zero = [...(await zeroes(start))].filter((one) => !usual.has(one))
  expect(zero).toEqual([])
  await askAnew()
  await all('everything is back', isRunning, 120_000)
}, 480_000)

/** Each vendor in a way of its own. */
const mixed: Readonly<Record<VendorName, readonly [Fault, string, RegExp]>> = {
  met: ['half', 'backing-off', /not JSON/],
  tibber: ['changed', 'backing-off', /has changed|developers/],
  sensibo: ['throttled', 'throttled', /goes on by itself at 20/],
  mill: ['refused', 'refused', /enter new credentials/],
  nordpool: ['html', 'backing-off', /tried again by itself/],
  systemair: ['reset', 'backing-off', /tried again by itself/],
  verisure: ['half', 'backing-off', /has another shape|not JSON|by itself/],
  solcast: ['changed', 'backing-off', /has changed/],
  victron: ['refused', 'refused', /enter new credentials/],
}

test('each vendor fails in a way of its own: owners are told in words, and everything comes back', async () => {
  expect(Object.keys(mixed).sort()).toEqual([...vendors].sort())
  const options = { retryAfter: 8 }
  await Promise.all(vendors.map((vendor) => switchFault(vendor, mixed[vendor][0], true, options)))
  await askAnew()
  await all('everything has stopped as it should', ({ state, reason }, { vendor }) => {
    const [, wanted, words] = mixed[vendor]
    return state === wanted && words.test(reason ?? '')
  })
  for (const device of devices) {
    const { reason } = await look(device)
    expect(reason, device.name).toMatch(/^\S.{20,500}\.$/)
    expect(reason).not.toMatch(/\.[jt]s:\d+|undefined|\[object|Error:/)
  }
  await Promise.all(vendors.map((vendor) => switchFault(vendor, mixed[vendor][0], false)))
  await askAnew()
  await all('everything is back', isRunning, 120_000)
}, 240_000)

test('no secret is anywhere but sealed', async () => {
  for (const { at } of devices) texts.push(JSON.stringify((await stack.ask(`${at}/log`)).body))
  texts.push(String((await stack.ask('/metrics')).body))
  const findLeaks = (text: string) => [...secrets, ...sessions].filter((secret) => text.includes(secret))
  expect(secrets.size).toBeGreaterThan(14)
  expect(findLeaks(texts.join('\n'))).toEqual([])
  expect(findLeaks(stack.output())).toEqual([])
  const files = readdirSync(stack.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  const searched = files.flatMap((file) => {
    const text = readIfThere(file)
    return text === undefined ? [] : [{ file, leaks: findLeaks(text) }]
  })
  expect(searched.length).toBeGreaterThan(20)
  expect(searched.filter(({ leaks }) => leaks.length > 0)).toEqual([])
  console.log(
    `${texts.length} answers and ${searched.length} of ${files.length} files searched for ${secrets.size} secrets`,
  )
}, 180_000)

test('every integration of the list took part', () => {
  const named = (list: readonly Pick<AnyIntegration, 'name'>[]) => list.map(({ name }) => name).sort()
  expect(named(devices.filter(({ house }) => house === houses[0]))).toEqual(named(integrations))
})
