/** Solcast's forecasts, simulated: rooftop sites, sunlight, and a quota that begins anew at midnight UTC. */
import { type Faults, shownTime } from './faults.ts'
import {
  isBench,
  type ListenOptions,
  type Question,
  type Reply,
  type Simulator,
  startVendor,
  type Vendor,
} from './server.ts'
import type { DemoHouse } from './world/houses.ts'
import { clamp, round } from './world/noise.ts'
import { type Roof, roofPower, roofsMean, type SolarForecast, solarForecastAt } from './world/solar.ts'
import type { Place } from './world/weather.ts'
import type { World } from './world/world.ts'

export const startSolcast = (world: World, options: ListenOptions = {}): Promise<Simulator> =>
  startVendor((faults) => makeSolcast(world, faults), options)

const minute = 60_000
const day = 24 * 60 * minute
/** Of a free account. */
const dailyLimit = 10
const computedEvery = 10 * minute

const failed = (status: number, code: string, message: string, fields: readonly string[] = []): Reply => ({
  status,
  body: {
    response_status: {
      error_code: code,
      message,
      errors: fields.map((name) => ({ error_code: code, field_name: name, message })),
    },
  },
})
const badKey = failed(401, 'InvalidApiKey', 'The API key is invalid.')
const quotaGone = failed(429, 'TooManyRequests', 'You have exceeded your free daily limit.')
const unknownSite = failed(404, 'NotFound', 'The rooftop site does not exist')
const invalid = (name: string) => failed(400, 'ValidationError', `'${name}' is missing or not valid.`, [name])

type Account = { readonly roofs: readonly Roof[]; readonly place: Place; readonly mayAskData: boolean }

function makeSolcast(world: World, faults: Faults): Vendor {
  const owned = world.houses.map(({ house }) => house).filter(({ solcast }) => solcast !== undefined)
  const used = new Map<string, { readonly today: number; calls: number }>()

  const accountOf = (key: string): Account | undefined => {
    const isUnlimited: boolean = isBench(key)
    if (isUnlimited) return { roofs: [benchRoof], place: { latitude: 63.43, longitude: 10.4 }, mayAskData: true }
    // A free key: its rooftop sites, and nothing else.
    const [whole = '', isFree] = key.endsWith('-hobbyist') ? [key.slice(0, -9), true] : [key, false]
    const house = owned.find(({ solcast }) => solcast!.key === whole)
    return house && { roofs: house.roofs ?? [], place: house, mayAskData: !isFree }
  }
  const usageOf = (key: string, now: number) => {
    const today = Math.floor(now / day)
    const known = used.get(key)
    if (known?.today === today) return known
    const fresh = { today, calls: 0 }
    used.set(key, fresh)
    return fresh
  }

  return {
    account: keyOf,
    refused: badKey,
    // A busy server says nothing at all.
    throttled: { status: 429, body: '' },
    accounts: [unlimited, ...owned.map(shown)],
    answer: (question) => {
      const key = keyOf(question)
      const account = key === undefined ? undefined : accountOf(key)
      if (key === undefined || !account) return badKey
      if (question.method !== 'GET') return failed(405, 'MethodNotAllowed', 'Method Not Allowed')
      const now = shownTime(faults, key, world.now())
      const usage = usageOf(key, now)
      const reset = String((usage.today + 1) * (day / 1000))
      if (question.path === '/rooftop_sites') return listSites(account)
      if (question.path === '/json/reply/GetUserUsageAllowance')
        return { status: 200, body: { daily_limit: dailyLimit, daily_limit_consumed: usage.calls } }
      if (!isBench(key) && usage.calls >= dailyLimit) return quotaGone
      const late = faults.strike('late', key)
      const reply = forecast(world.seed, question, account, late ? now - 1000 * (late.seconds ?? 600) : now)
      if (reply.status !== 200) return reply
      usage.calls++
      const left = String(Math.max(0, dailyLimit - usage.calls))
      const headers = {
        'x-rate-limit-limit': String(dailyLimit),
        'x-rate-limit-remaining': left,
        'x-rate-limit-reset': reset,
      }
      return { ...reply, headers }
    },
    spoil: (body, key) => {
      const { forecasts } = body as { forecasts?: unknown }
      return Array.isArray(forecasts) && faults.strike('duplicate', key)
        ? { forecasts: forecasts.flatMap((row) => [row, row]) }
        : body
    },
  }
}

const benchRoof: Roof = {
  site: 'benc-h000-0000-0000',
  name: 'Bench',
  peak: 5000,
  inverter: 5000,
  tilt: 30,
  azimuth: 180,
}

/** As a bearer, in the address, or as the user of HTTP Basic. */
function keyOf({ query, headers }: Question): string | undefined {
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
  const basic = /^Basic (.+)$/i.exec(headers.authorization ?? '')?.[1]
  const user = basic && Buffer.from(basic, 'base64').toString('utf8').split(':')[0]
  return bearer ?? query.get('api_key') ?? (user || undefined)
}

const listSites = ({ roofs, place }: Account): Reply => ({
  status: 200,
  body: {
    sites: roofs.map(({ site, name, peak, inverter, tilt, azimuth }) => ({
      name,
      resource_id: site,
      capacity: inverter / 1000,
      capacity_dc: peak / 1000,
      longitude: place.longitude,
      latitude: place.latitude,
      azimuth,
      tilt,
      install_date: '2022-05-01T00:00:00.0000000Z',
      loss_factor: 0.92,
      tags: [],
    })),
    page_count: 1,
    current_page: 1,
    total_records: roofs.length,
  },
})

function forecast(seed: number, question: Question, { roofs, place, mayAskData }: Account, now: number): Reply {
  const { path, query } = question
  const hours = Number(query.get('hours') ?? 48)
  if (!Number.isInteger(hours) || hours < 1 || hours > 336) return invalid('hours')
  const period = periods[query.get('period') ?? 'PT30M']
  if (period === undefined) return invalid('period')
  const issued = Math.floor(now / computedEvery) * computedEvery
  const first = (Math.floor(now / period) + 1) * period
  const ends = Array.from({ length: Math.ceil((hours * 60 * minute) / period) }, (_, n) => first + n * period)
  const rowsOf = (from: Place, fields: (step: SolarForecast, middle: number) => object) =>
    ends.map((end) => ({
      ...fields(solarForecastAt(seed, from, issued, end - period / 2), end - period / 2),
      period_end: isoOf(end),
      period: query.get('period') ?? 'PT30M',
    }))

  const [, site, what] = /^\/rooftop_sites\/([^/]+)\/(forecasts|estimated_actuals)$/.exec(path) ?? []
  if (site !== undefined) {
    const roof = roofs.find((one) => one.site === site)
    if (!roof) return unknownSite
    if (what === 'estimated_actuals')
      return { status: 200, body: { estimated_actuals: actuals(seed, roof, place, first, hours) } }
    return {
      status: 200,
      body: {
        forecasts: rowsOf(place, (step) => {
          const [pv_estimate, pv_estimate10, pv_estimate90] = kilowattsOf(roof, step)
          return { pv_estimate, pv_estimate10, pv_estimate90 }
        }),
      },
    }
  }
  if (path !== '/data/forecast/radiation_and_weather' && path !== '/world_radiation/forecasts')
    return failed(404, 'NotFound', 'Not found')
  if (!mayAskData) return failed(403, 'Forbidden', 'The request cannot be made using this API key.')
  const asked: Record<string, number> = {}
  for (const [name, limit] of [
    ['latitude', 90],
    ['longitude', 180],
  ] as const) {
    const value = Number(query.get(name) ?? Number.NaN)
    if (!Number.isFinite(value) || Math.abs(value) > limit) return invalid(name)
    asked[name] = value
  }
  const wanted = (query.get('output_parameters') ?? (path.startsWith('/data') ? 'air_temp,dni,ghi' : everything)).split(
    ',',
  )
  const unknown = wanted.find((name) => !Object.hasOwn(outputs, name))
  if (unknown !== undefined) return invalid('output_parameters')
  const from = { latitude: asked.latitude!, longitude: asked.longitude! }
  return {
    status: 200,
    body: {
      forecasts: rowsOf(from, (step) => Object.fromEntries(wanted.map((name) => [name, outputOf[name]!(step)]))),
    },
  }
}

const periods: Readonly<Record<string, number>> = {
  PT5M: 5 * minute,
  PT10M: 10 * minute,
  PT15M: 15 * minute,
  PT20M: 20 * minute,
  PT30M: 30 * minute,
  PT60M: 60 * minute,
}

/** kW of a roof in a step: the middle, and what is exceeded nine times in ten and once in ten. */
export function kilowattsOf(roof: Roof, step: SolarForecast): readonly [number, number, number] {
  const of = (which: 'low' | 'middle' | 'high') => round(roofPower(roof, step[which], step.temperature) / 1000, 4)
  const middle = of('middle')
  return [middle, Math.min(of('low'), middle), Math.max(of('high'), middle)]
}

/** Whole numbers, as the real ones are. */
export const outputs = {
  air_temp: ({ temperature }: SolarForecast) => round(temperature, 0),
  azimuth: ({ middle }: SolarForecast) => round(middle.azimuth, 0),
  zenith: ({ middle }: SolarForecast) => round(middle.zenith, 0),
  cloud_opacity: ({ cloud }: SolarForecast) => round(clamp(75 * (cloud / 100) ** 3.4, 0, 100), 0),
  ghi: ({ middle }: SolarForecast) => round(middle.ghi, 0),
  ghi10: ({ low, middle }: SolarForecast) => round(Math.min(low.ghi, middle.ghi), 0),
  ghi90: ({ high, middle }: SolarForecast) => round(Math.max(high.ghi, middle.ghi), 0),
  dni: ({ middle }: SolarForecast) => round(middle.dni, 0),
  dhi: ({ middle }: SolarForecast) => round(middle.dhi, 0),
}
const outputOf: Readonly<Record<string, (step: SolarForecast) => number>> = outputs
const everything = Object.keys(outputs).join(',')

/** Newest first. */
const actuals = (seed: number, roof: Roof, place: Place, first: number, hours: number) =>
  Array.from({ length: Math.min(336, hours * 2) }, (_, n) => first - (n + 1) * 30 * minute).map((end) => ({
    pv_estimate: round(roofsMean([roof], seed, place, end - 30 * minute, 30 * minute) / 1000, 4),
    period_end: isoOf(end),
    period: 'PT30M',
  }))

/** With seven digits of a second. */
const isoOf = (ms: number): string => new Date(ms).toISOString().replace('Z', '0000Z')

/** For trying things out: ten calls are soon gone. */
const unlimited = {
  integration: 'solcast',
  credentials: { 'api-key': 'bench-1', latitude: 63.43, longitude: 10.4 },
  holds: 'the sunlight of Trondheim, without a daily limit',
}

function shown({ name, latitude, longitude, roofs = [], solcast }: DemoHouse) {
  const sites = roofs.map(({ site }) => site).join(',')
  const credentials = { 'api-key': solcast!.key, latitude, longitude, ...(sites === '' ? {} : { sites }) }
  return { integration: 'solcast', credentials, holds: `the roofs of ${name}; without \`sites\`, its sunlight` }
}
