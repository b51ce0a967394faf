// Sunlight, and what panels make of it, forecast by Solcast. Quirks of the API: README.md beside this file.
import { celsius, formatTime, kW, microsFromMillis, parseTime, percent, VendorFailure } from '@nabolag/core'
import { type Static, Type } from 'typebox'
import { defineIntegration, type Reading } from '../define.ts'
import { Maybe } from '../schema.ts'
import { callsADay, nextCall } from './plan.ts'

const Credentials = Type.Object({
  'api-key': Type.String({ title: 'API key', description: 'From toolkit.solcast.com.au', secret: true, minLength: 1 }),
  latitude: Type.Number({ title: 'Latitude', description: 'Degrees north', minimum: -90, maximum: 90 }),
  longitude: Type.Number({ title: 'Longitude', description: 'Degrees east', minimum: -180, maximum: 180 }),
  sites: Type.Optional(
    Type.String({
      title: 'Rooftop sites',
      description:
        'Resource ids of your roofs at Solcast, with commas between: forecasts their power. Empty: forecasts the sunlight, for which Solcast wants a paid or evaluation account',
      pattern: '^\\s*[A-Za-z0-9-]+(\\s*,\\s*[A-Za-z0-9-]+)*\\s*$',
      maxLength: 400,
    }),
  ),
  'calls-a-day': Type.Optional(
    Type.Integer({
      title: 'Calls a day',
      description: 'Fewer where other programs use the same key',
      minimum: 1,
      maximum: callsADay,
      default: callsADay,
    }),
  ),
})

/** Very old accounts get numbers as texts. */
const Value = Maybe(
  Type.Union([Type.Number({ minimum: -1e9, maximum: 1e9 }), Type.String({ pattern: '^-?\\d{1,9}(\\.\\d{1,12})?$' })]),
)
type Value = Static<typeof Value> | undefined

const Row = Type.Object({
  period_end: Type.String(),
  period: Type.String({ pattern: '^PT(\\d{1,2}H)?(\\d{1,3}M)?$' }),
  ghi: Value,
  dni: Value,
  dhi: Value,
  zenith: Value,
  azimuth: Value,
  air_temp: Value,
  cloud_opacity: Value,
  pv_estimate: Value,
  pv_estimate10: Value,
  pv_estimate90: Value,
})

const Status = Type.Object({
  /** When it was asked for: the answer does not say when it was made. */
  issued: Type.String(),
  /** One for each site; one without `site` for the sunlight. */
  forecasts: Type.Array(
    Type.Object({
      site: Type.Optional(Type.String()),
      answer: Type.Object({ forecasts: Type.Array(Row) }),
    }),
  ),
})

const outputs = 'air_temp,azimuth,cloud_opacity,dhi,dni,ghi,zenith'
const span = { hours: 168, period: 'PT30M', format: 'json' }

export default defineIntegration({
  name: 'solcast',
  label: 'Solcast solar forecast',
  vendor: 'solcast',
  group: 'solarRadiation',
  base: 'https://api.solcast.com.au',
  credentials: Credentials,
  account: (credentials) => credentials['api-key'],
  status: Status,
  sampling: {
    every: '2 h',
    // The longest night's pause, and a day without any quota left.
    staleAfter: '48 h',
    next: ({ now, credentials }) => {
      const calls = credentials['calls-a-day'] ?? callsADay
      return nextCall(credentials, calls, sitesOf(credentials).length || 1, Date.parse(now))
    },
  },
  // The vendor counts from midnight UTC; any 24 hours is stricter, and never more.
  limits: { calls: { count: callsADay, per: '24 h' }, pause: '10 min' },

  fetch: async ({ http, credentials, now }) => {
    const asked = { bearer: credentials['api-key'], failureOf: failureAt(Date.parse(now)) }
    const sites = sitesOf(credentials)
    if (sites.length === 0) {
      const [latitude, longitude] = [credentials.latitude.toFixed(6), credentials.longitude.toFixed(6)]
      const query = { latitude, longitude, output_parameters: outputs, ...span }
      return {
        issued: now,
        forecasts: [{ answer: await http.get('/data/forecast/radiation_and_weather', { ...asked, query }) }],
      }
    }
    const forecasts = []
    for (const site of sites)
      forecasts.push({ site, answer: await http.get(`/rooftop_sites/${site}/forecasts`, { ...asked, query: span }) })
    return { issued: now, forecasts }
  },

  samples: ({ issued, forecasts }) =>
    forecasts.flatMap(({ site, answer }) => answer.forecasts.flatMap((row) => readRow(row, issued, site))),
})

/** The resource ids that were typed. */
export const sitesOf = ({ sites = '' }: Static<typeof Credentials>): string[] => [
  ...new Set(
    sites
      .split(',')
      .map((site) => site.trim())
      .filter((site) => site !== ''),
  ),
]

function readRow(row: Static<typeof Row>, issued: string, site: string | undefined): Reading[] {
  const end = parseTime(row.period_end)
  const period = periodOf(row.period)
  if (end === undefined || period === 0) return []
  const fields = {
    azimuth: known(row.azimuth),
    zenith: known(row.zenith),
    diffuseHorizontalIrradiance: known(row.dhi),
    directNormalIrradiance: known(row.dni),
    globalHorizontalIrradiance: known(row.ghi),
    temperature: known(row.air_temp, celsius),
    cloudOpacity: known(row.cloud_opacity, percent),
    solarPower: known(row.pv_estimate, kW),
    solarPower10: known(row.pv_estimate10, kW),
    solarPower90: known(row.pv_estimate90, kW),
  }
  if (Object.values(fields).every((value) => value === undefined)) return []
  // The vendor names the end of the period; every forecast here names its beginning.
  const time = formatTime(end - microsFromMillis(period))
  return [{ time, issued, ...(site === undefined ? {} : { place: site, location: site }), fields }]
}

/** `PT30M`, `PT1H` … in ms; 0 for an empty one. */
export function periodOf(text: string): number {
  const [, hours = '0', minutes = '0'] = /^PT(?:(\d+)H)?(?:(\d+)M)?$/.exec(text) ?? []
  return (60 * Number(hours) + Number(minutes)) * 60_000
}

const known = (value: Value, unit: (value: number) => number = Number): number | undefined =>
  value === null || value === undefined ? undefined : unit(Number(value))

const minute = 60_000
const day = 24 * 60 * minute

/**
 * What Solcast's answers mean, for a question asked at `now` (ms). A used-up quota comes back at midnight UTC; everything
 * else waits long, as every further try may cost one of the day's few calls. Never throws.
 */
export const failureAt =
  (now: number) =>
  ({ status, body }: { readonly status: number; readonly body: unknown }): VendorFailure | undefined => {
    const { error_code: code, message } = responseStatus(body)
    const said = [code, message].filter((word) => typeof word === 'string').join(': ')
    const words = `Solcast says ${status}${said && ` ${said}`}`.slice(0, 200)
    // Not on the stroke of midnight, when everybody comes back.
    const tomorrow = (Math.floor(now / day) + 1) * day + 7 * minute
    if (status === 402 || (status === 429 && code === 'TooManyRequests'))
      return new VendorFailure('throttled', `${words}; the day's quota is used up`, tomorrow)
    // A busy server says nothing; then the host's own growing pause is right.
    if (status === 429) return new VendorFailure('throttled', words, said ? now + 120 * minute : undefined)
    if (status === 401 || status === 403) return new VendorFailure('refused', words)
    if (status === 404) return new VendorFailure('refused', `${words}; the key or the id of a rooftop site is wrong`)
    const isEmpty = status === 204 || (status === 200 && (typeof body !== 'object' || body === null))
    if (isEmpty || status === 420 || status >= 500)
      return new VendorFailure('unreachable', isEmpty ? `${words} without a forecast` : words, now + 30 * minute)
    return undefined
  }

function responseStatus(body: unknown): Record<string, unknown> {
  const { response_status: status } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  return (typeof status === 'object' && status !== null ? status : {}) as Record<string, unknown>
}
