import { parseTime, type Sample } from '@nabolag/core'
import { type AnyIntegration, integrationOf, integrations, type Reading } from '@nabolag/integrations'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoHouses, history, makeWorld, type Simulators, startSimulators, type VendorName } from '../index.ts'
import { listenFor, pollOnce } from '../plain-client.testing.ts'

/** Where the made past of a device ends and its live samples begin, nobody must see a seam. */
const hour = 3_600_000
/** The clock stands for vendors that are asked, and goes on for those that speak by themselves. */
let stopped: number | undefined
const now = () => stopped ?? Date.now()
const world = makeWorld({ start: Math.floor(Date.now() / hour) * hour - 4 * 24 * hour, now })
let simulators: Simulators
beforeAll(async () => {
  simulators = await startSimulators({ world })
})
afterAll(() => simulators?.close())

const devices = demoHouses.flatMap((house) => house.devices.map((device) => ({ house, device })))

/** What the live device says. */
function readLive(name: string, credentials: object): Promise<readonly Reading[]> {
  const { vendor, listen } = integrationOf(name) as AnyIntegration
  const { url } = simulators.started.get(vendor as VendorName)!
  if (listen) return listenFor(name, url, credentials, 2, { mqttUrl: url })
  stopped = Date.now()
  return pollOnce(name, url, credentials, { now: new Date(stopped).toISOString() })
}

test('every integration is in the demo', () => {
  expect(new Set(devices.map(({ device }) => device.integration))).toEqual(
    new Set(integrations.map(({ name }) => name)),
  )
})

test.each(devices.map(({ house, device }) => ({ name: `${house.name} ${device.integration}`, house, device })))(
  'the past of $name goes on in its live samples',
  async ({ house, device }) => {
    const { integration: name, credentials } = device
    const { group: usual } = integrationOf(name) as AnyIntegration
    const live = await readLive(name, credentials)
    const to = now() + 1
    stopped = undefined
    expect(live.length).toBeGreaterThan(0)
    const often = { tibberEvery: 0.5, victronEvery: 0.5, metEveryHours: 2, solcastEveryHours: 2 }
    const options = { from: to - 1 - 50 * hour, to, houseId: house.number, ...often }
    const living = world.houses.find((one) => one.house === house)!
    const past = new Map<string, Sample>()
    const last = new Map<string, Sample>()
    for (const sample of history(world, living, device, options)) {
      past.set(keyOf(sample.location, sample.time, sample.issued), sample)
      last.set(sample.location, sample)
    }
    expect(new Set(live.map(({ location = '' }) => location))).toEqual(new Set(last.keys()))
    let same = 0
    for (const { location = '', group = usual, tags = {}, fields, ...reading } of live) {
      const time = parseTime(reading.time) ?? 0
      const issued = reading.issued === undefined ? undefined : parseTime(reading.issued)
      const twin = past.get(keyOf(location, time, issued))
      const known = twin ?? last.get(location)!
      expect([known.group, known.tags]).toEqual([group, tags])
      for (const [field, value] of Object.entries(known.fields)) {
        if (twin && typeof value === 'number') expect(fields[field], `${field} ${reading.time}`).toBeCloseTo(value, 1)
        else if (twin) expect(fields[field], field).toBe(value)
        // An hour that the grid company still owes, a price of tomorrow, a moment later.
        else if (name !== 'tibber-hourly') expect(fields[field], field).toBeTypeOf(typeof value)
        if (!twin && steady.test(field)) expect(Math.abs(Number(fields[field]) - Number(value)), field).toBeLessThan(1)
      }
      if (twin) same++
    }
    if (!timely.has(name)) expect(same).toBeGreaterThan(0)
    console.log(`${name}: ${live.length} live, ${past.size} past, ${same} the same`)
  },
)

/** Their samples have the time at which somebody looked. */
const timely = new Set(['systemair-vsr500', 'victron'])
const steady = /Charge$|Setpoint$|Air(Fan)?Speed$|AirTemperature$|outdoorTemperature/
const keyOf = (location: string, time: number, issued: number | undefined) => `${location} ${time} ${issued}`
