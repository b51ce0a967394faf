import { VendorFailure } from '@nabolag/core'
import { sunAt } from '@nabolag/core/sun'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { demoHouses, type Fault, type FaultOptions, makeWorld, type Simulator } from './index.ts'
import { pollOnce } from './plain-client.testing.ts'
import { startSolcast } from './solcast.ts'

const house = demoHouses.find(({ solcast, roofs }) => solcast && roofs)!
const key = house.solcast!.key
const sites = house.roofs!.map(({ site }) => site)
const sunlight = { 'api-key': key, latitude: house.latitude, longitude: house.longitude }
const roofs = { ...sunlight, sites: sites.join(', ') }
const unlimited = { ...sunlight, 'api-key': 'bench-1' }

let clock = Date.UTC(2025, 5, 10, 9, 20)
let simulator: Simulator
beforeEach(async () => {
  clock = Date.UTC(2025, 5, 10, 9, 20)
  simulator = await startSolcast(makeWorld({ start: clock - 86_400_000, now: () => clock }))
})
afterEach(() => simulator.close())

const poll = (credentials: object, timeout?: number) =>
  pollOnce('solcast', simulator.url, credentials, { now: new Date(clock).toISOString(), timeout })
const outcome = (attempt: Promise<readonly unknown[]>) =>
  attempt.then(
    (readings) => readings.length,
    (error) => (error instanceof VendorFailure ? error.kind : error),
  )
const ask = async (path: string, headers: Record<string, string> = { authorization: `Bearer ${key}` }) => {
  const answer = await fetch(simulator.url + path, { headers })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: text === '' ? '' : JSON.parse(text) }
}

describe('our integration at the simulated Solcast', () => {
  test('the sunlight of a week, with the sun where it stands', async () => {
    const readings = await poll(sunlight)
    expect(readings.length).toBe(336)
    expect(readings[0]).toMatchObject({ time: '2025-06-10T09:00:00Z', issued: '2025-06-10T09:20:00.000Z' })
    for (const { time, fields } of readings) {
      const { zenith, azimuth } = sunAt(house, Date.parse(time) + 900_000)
      expect(Math.abs(Number(fields.zenith) - zenith)).toBeLessThanOrEqual(0.51)
      expect(Math.abs(Number(fields.azimuth) - azimuth)).toBeLessThanOrEqual(0.51)
      const [ghi, dhi, dni] = ['global', 'diffuse', 'direct'].map((kind) =>
        Number(fields[`${kind}${kind === 'direct' ? 'Normal' : 'Horizontal'}Irradiance`]),
      ) as [number, number, number]
      expect(ghi).toBeLessThanOrEqual(1100)
      expect(Math.abs(ghi - dhi - dni * Math.max(0, Math.cos((zenith * Math.PI) / 180)))).toBeLessThan(12)
      if (zenith > 93) expect([ghi, dhi, dni]).toEqual([0, 0, 0])
    }
    expect(Math.max(...readings.map(({ fields }) => Number(fields.globalHorizontalIrradiance)))).toBeGreaterThan(250)
  })

  test('each roof, with a cloudy and a clear case around the estimate', async () => {
    const readings = await poll(roofs)
    expect(readings.length).toBe(2 * 336)
    expect(new Set(readings.map(({ place }) => place))).toEqual(new Set(sites))
    let spread = 0
    for (const { fields } of readings) {
      const [low, middle, high] = [fields.solarPower10, fields.solarPower, fields.solarPower90].map(Number) as [
        number,
        number,
        number,
      ]
      expect(low).toBeLessThanOrEqual(middle)
      expect(middle).toBeLessThanOrEqual(high)
      expect(high).toBeLessThanOrEqual(4500)
      if (high > low) spread++
    }
    expect(spread).toBeGreaterThan(300)
  })

  test('ten calls a day, whoever makes them; midnight in UTC gives ten more', async () => {
    for (let n = 0; n < 4; n++) await poll(roofs)
    expect((await ask('/json/reply/GetUserUsageAllowance')).body).toEqual({ daily_limit: 10, daily_limit_consumed: 8 })
    await poll(roofs)
    const failure = await poll(roofs).catch((error) => error)
    expect(failure).toMatchObject({ kind: 'throttled', until: Date.UTC(2025, 5, 11, 0, 7) })
    expect((await ask('/rooftop_sites')).body.total_records).toBe(2)
    clock = Date.UTC(2025, 5, 11, 0, 7)
    expect(await outcome(poll(sunlight))).toBe(336)
  })

  test('strangers, unknown roofs and keys that may not ask are refused; none of it costs a call', async () => {
    expect(await outcome(poll({ ...sunlight, 'api-key': 'nobody' }))).toBe('refused')
    expect(await outcome(poll({ ...sunlight, sites: 'abcd-efgh' }))).toBe('refused')
    expect(await outcome(poll({ ...sunlight, 'api-key': `${key}-hobbyist` }))).toBe('refused')
    expect(await outcome(poll({ ...roofs, 'api-key': `${key}-hobbyist` }))).toBe(672)
    expect((await ask('/json/reply/GetUserUsageAllowance')).body.daily_limit_consumed).toBe(0)
  })
})

const rows: readonly [Fault, FaultOptions, string | number][] = [
  ['refused', {}, 'refused'],
  ['throttled', {}, 'throttled'],
  ['reset', {}, 'unreachable'],
  ['outage', {}, 'unreachable'],
  ['outage', { status: 500 }, 'unreachable'],
  ['html', {}, 'unreachable'],
  ['mute', {}, 'unreachable'],
  // A text instead of a forecast is what comes in an outage.
  ['half', {}, 'unreachable'],
  ['changed', {}, 'changed'],
  ['nulls', {}, 0],
  ['missing', {}, 0],
  ['duplicate', {}, 672],
  ['late', { seconds: 7200 }, 336],
  ['dst', {}, 336],
]

describe(`${rows.length} faults`, () => {
  test.each(rows)('%s %j ends as %j', async (fault, options, expected) => {
    simulator.faults.set(fault, options)
    expect(await outcome(poll(unlimited, fault === 'mute' ? 300 : undefined))).toBe(expected)
    expect(simulator.faults.struck[fault]).toBeGreaterThan(0)
    simulator.faults.clear()
    expect(await outcome(poll(unlimited))).toBe(336)
  })
})

test('what Solcast is particular about', async () => {
  const data = '/data/forecast/radiation_and_weather'
  const at = `latitude=${house.latitude}&longitude=${house.longitude}`
  expect((await ask(`${data}?longitude=10`)).body.response_status.errors[0].field_name).toBe('latitude')
  expect((await ask(`${data}?${at}&hours=400`)).status).toBe(400)
  expect((await ask(`${data}?${at}&output_parameters=nonsense`)).status).toBe(400)
  const hourly = await ask(`${data}?${at}&hours=24&period=PT60M`)
  expect(hourly.body.forecasts.length).toBe(24)
  expect(hourly.body.forecasts[0]).toMatchObject({ period_end: '2025-06-10T10:00:00.0000000Z', period: 'PT60M' })
  expect(hourly.headers.get('x-rate-limit-remaining')).toBe('9')
  const basic = { authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` }
  expect((await ask('/rooftop_sites', basic)).status).toBe(200)
  expect((await ask(`/rooftop_sites?api_key=${key}`, {})).status).toBe(200)
  expect((await ask('/rooftop_sites', {})).body.response_status.error_code).toBe('InvalidApiKey')
  const { estimated_actuals: actuals } = (await ask(`/rooftop_sites/${sites[0]}/estimated_actuals?hours=24`)).body
  expect(actuals.length).toBe(48)
  expect(Date.parse(actuals[0].period_end)).toBeGreaterThan(Date.parse(actuals[1].period_end))
})
