/**
 * Day-ahead prices, simulated: Nord Pool's data portal (`/api/DayAheadPrices`) and hvakosterstrommen.no
 * (`/api/v1/prices/…`) at one address. Tomorrow is published at 13:03 local time, preliminary for ten minutes. Days
 * before 2025-10-01 have hours, later ones quarters. `duplicate` repeats entries; `late` publishes `seconds` later.
 */
import type { Faults } from './faults.ts'
import { shownTime } from './faults.ts'
import { type ListenOptions, type Question, type Reply, type Simulator, startVendor, type Vendor } from './server.ts'
import { localIso, midnightBefore } from './world/local-time.ts'
import { round } from './world/noise.ts'
import { areas, eurPriceAt, rateOf } from './world/prices.ts'
import type { World } from './world/world.ts'

export const startNordpool = (world: World, options: ListenOptions = {}): Promise<Simulator> =>
  startVendor((faults) => makeNordpool(world, faults), options)

const hour = 3_600_000
const quarter = hour / 4
const publishedAt = 13 * hour + 3 * 60_000
const finalAfter = 10 * 60_000
/** The first delivery day of quarter-hours. */
const quartersSince = Date.UTC(2025, 8, 30, 22)
const openFor = 75 * 24 * hour

const currencies = ['NOK', 'SEK', 'DKK', 'EUR', 'PLN', 'RON', 'BGN'] as const
type Currency = (typeof currencies)[number]
const isCurrency = (text: string | null): text is Currency => (currencies as readonly (string | null)[]).includes(text)

const forbidden: Reply = {
  status: 403,
  headers: { 'content-type': 'text/html' },
  body: '<html><body><h1>403 Forbidden</h1></body></html>',
}

function makeNordpool(world: World, faults: Faults): Vendor {
  // Two services at one address: a fault can be limited to one of them by its name as the account.
  const account = ({ path }: Question) => (path.startsWith('/api/v1/prices') ? 'hvakosterstrommen' : 'nordpool')
  return {
    account,
    accounts: [
      { integration: 'spot-price', credentials: { area: 'NO3' }, holds: 'no log-in: any area' },
      { integration: 'spot-price', credentials: { area: 'SE3', currency: 'EUR' } },
    ],
    refused: forbidden,
    throttled: {
      status: 429,
      headers: { 'content-type': 'text/html' },
      body: '<html><body><h1>429</h1></body></html>',
    },
    answer: (question) => {
      const who = account(question)
      const real = world.now()
      const now = shownTime(faults, who, real)
      const late = faults.strike('late', who)
      const published = publishedAt + (late ? 1000 * (late.seconds ?? 600) : 0)
      // With `dst` the days asked for move along with the clock.
      const shift = Math.round((midnightBefore(now) - midnightBefore(real)) / (24 * hour))
      const given = { world, now, shift, published }
      return who === 'nordpool' ? dayAheadPrices(given, question) : hvakosterstrommen(given, question)
    },
    spoil: (body, who) => (faults.strike('duplicate', who) ? repeat(body) : body),
  }
}

type Asked = { readonly world: World; readonly now: number; readonly shift: number; readonly published: number }

/** The delivery day of a date: its first and last moment and the length of its entries, ms. */
function deliveryDay(date: string, shift = 0) {
  const noon = Date.parse(`${date}T12:00:00Z`) + shift * 24 * hour
  const from = midnightBefore(noon)
  const to = midnightBefore(from + 30 * hour)
  return { from, to, step: from >= quartersSince ? quarter : hour }
}

const problem = (field: string): Reply => ({
  status: 400,
  headers: { 'content-type': 'application/problem+json; charset=utf-8' },
  body: {
    type: 'https://tools.ietf.org/html/rfc9110#section-15.5.1',
    title: 'One or more validation errors occurred.',
    status: 400,
    errors: { [field]: [`The ${field} field is required.`] },
  },
})

function dayAheadPrices({ world, now, shift, published }: Asked, { method, path, query }: Question): Reply {
  if (method !== 'GET' || path !== '/api/DayAheadPrices') return { status: 404, body: 'Not found\n' }
  const date = query.get('date') ?? ''
  if (!/^\d{4}-\d\d-\d\d$/.test(date)) return problem('date')
  const asked = (query.get('deliveryArea') ?? '').split(',').filter((area) => area !== '')
  if (asked.length === 0) return problem('deliveryArea')
  if (query.get('market') !== 'DayAhead') return problem('market')
  const currency = query.get('currency')
  if (!isCurrency(currency)) return problem('currency')
  const { from, to, step } = deliveryDay(date, shift)
  if (from < now - openFor) return { status: 401, body: '' }
  const out = midnightBefore(from - hour) + published
  if (now < out) return { status: 204, body: undefined }
  const known = asked.filter((area) => areas.includes(area))
  const final = now >= out + finalAfter
  const issued = final ? out + finalAfter : out
  const rate = rateOf(currency)
  // The rate is settled last: until then the prices in other currencies are a little off.
  const factor = final || currency === 'EUR' ? rate : rate * 1.0004
  const priceAt = (area: string, ms: number, length: number) => megawattHourAt(world.seed, area, ms, length, factor)
  const starts = Array.from({ length: Math.round((to - from) / step) }, (_, n) => from + n * step)
  const ofAreas = (ms: number, length: number) =>
    Object.fromEntries(known.map((area) => [area, priceAt(area, ms, length)]))
  return {
    status: 200,
    headers: { 'set-cookie': 'ARRAffinity=simulated; Path=/; HttpOnly' },
    body: {
      deliveryDateCET: localIso(from).slice(0, 10),
      version: final ? 3 : 2,
      updatedAt: `${new Date(issued).toISOString().slice(0, -1)}4249Z`,
      deliveryAreas: known,
      market: 'DayAhead',
      multiAreaEntries: starts.map((ms) => ({
        deliveryStart: utc(ms),
        deliveryEnd: utc(ms + step),
        entryPerArea: ofAreas(ms, step),
      })),
      blockPriceAggregates: [],
      currency,
      exchangeRate: currency === 'EUR' ? 1 : round(factor, 5),
      areaStates: [{ state: final ? 'Final' : 'Preliminary', areas: known }],
      areaAverages: known.map((areaCode) => ({
        areaCode,
        price: round(starts.reduce((sum, ms) => sum + priceAt(areaCode, ms, step), 0) / starts.length, 2),
      })),
    },
  }
}

const megawattHourAt = (seed: number, area: string, ms: number, length: number, rate: number) =>
  round(1000 * rate * eurPriceAt(seed, area, ms, length), 2)

/** A delivery day (YYYY-MM-DD) of a Norwegian area in NOK/kWh, as it is final. */
export function dayAheadOf(seed: number, area: string, date: string) {
  const { from, to, step } = deliveryDay(date)
  const starts = Array.from({ length: Math.round((to - from) / step) }, (_, n) => from + n * step)
  return {
    published: midnightBefore(from - hour) + publishedAt + finalAfter,
    currency: 'NOK',
    prices: starts.map((time) => ({
      time,
      minutes: step / 60_000,
      price: Number((megawattHourAt(seed, area, time, step, rateOf('NOK')) / 1000).toPrecision(12)),
    })),
  }
}

const notFound: Reply = {
  status: 404,
  headers: { 'content-type': 'text/html' },
  body: '<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>',
}

/** Hours only, in local time; on the day that clocks go back with the wrong labels it was seen with. */
function hvakosterstrommen({ world, now, shift, published }: Asked, { method, path }: Question): Reply {
  const match = /^\/api\/v1\/prices\/(\d{4})\/(\d\d)-(\d\d)_(NO[1-5])\.json$/.exec(path)
  if (method !== 'GET' || !match) return notFound
  const [, year, month, day, area] = match as unknown as [string, string, string, string, string]
  const { from, to } = deliveryDay(`${year}-${month}-${day}`, shift)
  if (now < midnightBefore(from - hour) + published) return notFound
  const starts = Array.from({ length: Math.round((to - from) / hour) }, (_, n) => from + n * hour)
  const EXR = round(rateOf('NOK') * 0.997, 4)
  const label = (ms: number, nth: number) => localIso(starts.length === 25 && nth > 2 ? ms + hour : ms)
  return {
    status: 200,
    body: starts.map((ms, nth) => {
      const eur = round(eurPriceAt(world.seed, area, ms, hour), 5)
      return {
        NOK_per_kWh: eur * EXR,
        EUR_per_kWh: eur,
        EXR,
        time_start: withoutMillis(label(ms, nth)),
        time_end: withoutMillis(label(ms + hour, nth)),
      }
    }),
  }
}

const utc = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`
const withoutMillis = (local: string) => local.replace('.000', '')

function repeat(body: unknown): unknown {
  if (Array.isArray(body)) return body.flatMap((one) => [one, one])
  const { multiAreaEntries = [] } = body as { multiAreaEntries?: readonly unknown[] }
  return { ...(body as object), multiAreaEntries: multiAreaEntries.flatMap((one) => [one, one]) }
}
