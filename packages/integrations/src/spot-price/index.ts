// Day-ahead prices: Nord Pool's data portal, or hvakosterstrommen.no where that fails. Quirks: README.md beside this file.
import { textForms, VendorFailure } from '@nabolag/core'
import { type Static, type TSchema, Type } from 'typebox'
import { Check, Errors } from 'typebox/value'
import { type Duration, defineIntegration, type Http, type Reading } from '../define.ts'
import { addDays, dateOf, momentOf } from './delivery-day.ts'
import { HvaKosterStrommen, readHvaKosterStrommen } from './hvakosterstrommen.ts'
import { DayAhead, isPreliminary, isPublished, readDayAhead } from './nord-pool.ts'

const areas = [
  ...['NO1', 'NO2', 'NO3', 'NO4', 'NO5', 'SE1', 'SE2', 'SE3', 'SE4', 'DK1', 'DK2', 'FI', 'EE', 'LV', 'LT'],
  ...['AT', 'BE', 'FR', 'GER', 'NL', 'PL', 'BG', 'TEL', 'SYS'],
] as const
const currencies = ['NOK', 'SEK', 'DKK', 'EUR', 'PLN', 'RON', 'BGN'] as const

const Credentials = Type.Object({
  area: Type.Enum([...areas], {
    title: 'Price area',
    description: 'NO1 Oslo, NO2 Kristiansand, NO3 Trondheim, NO4 Tromsø, NO5 Bergen',
  }),
  currency: Type.Optional(
    Type.Enum([...currencies], { title: 'Currency', description: 'That of the country when left out' }),
  ),
})

const DeliveryDate = Type.String({ pattern: textForms.date.pattern })

/** What `fetch` puts together: each delivery day from one source. */
const Status = Type.Object({
  area: Type.String(),
  currency: Type.String(),
  nordPool: Type.Array(Type.Object({ date: DeliveryDate, answer: DayAhead })),
  hvaKosterStrommen: Type.Array(Type.Object({ date: DeliveryDate, answer: HvaKosterStrommen })),
})
type Status = Static<typeof Status>

/** Minutes since midnight, local time. The auction closes at 12:00; results come from about 12:45 on. */
const firstResults = 12 * 60 + 45
const usual = 12 * 60 + 55
/** What is not there by then is late: the other source is asked too. */
const late = 15 * 60
const veryLate = 18 * 60
const minute = 60_000

export default defineIntegration({
  name: 'spot-price',
  label: 'Day-ahead electricity price',
  vendor: 'nordpool',
  group: 'spotPrice',
  base: 'https://dataportal-api.nordpoolgroup.com/api',
  also: ['https://www.hvakosterstrommen.no/api/v1/prices'],
  credentials: Credentials,
  account: ({ area, currency }) => `${area}|${currency ?? currencyOf(area)}`,
  status: Status,
  sampling: { every: '6 h', staleAfter: '36 h', next: ({ now, status }) => nextLook(Date.parse(now), status) },
  limits: { callsTogether: { count: 30, per: '1 min' }, pause: '15 min' },
  several: true,

  fetch: async ({ http, credentials, now }) => {
    const { area, currency = currencyOf(area) } = credentials
    const ms = Date.parse(now)
    const today = dateOf(ms)
    const tomorrow = addDays(today, 1)
    const asked = { http, area, currency }
    const isTime = ms >= momentOf(today, firstResults)
    const [day, next] = await Promise.allSettled([
      readDay({ ...asked, date: today, due: true, old: '3 h' }),
      isTime ? readDay({ ...asked, date: tomorrow, due: ms >= momentOf(today, late), old: '6 min' }) : {},
    ])
    if (day.status === 'rejected') throw day.reason
    // Trouble with tomorrow, which may not be out yet, is no reason to lose today; it is asked for again soon.
    if (next.status === 'rejected' && (isThrottled(next.reason) || Object.keys(day.value).length === 0))
      throw next.reason
    const days: Day[] = next.status === 'rejected' ? [day.value] : [day.value, next.value]
    return {
      area,
      currency,
      nordPool: days.flatMap(({ nordPool }) => (nordPool === undefined ? [] : [nordPool])),
      hvaKosterStrommen: days.flatMap(({ hvaKosterStrommen }) =>
        hvaKosterStrommen === undefined ? [] : [hvaKosterStrommen],
      ),
    }
  },

  samples: ({ area, currency, nordPool, hvaKosterStrommen }): Reading[] => [
    ...nordPool.flatMap(({ date, answer }) => readDayAhead(answer, area, currency, issueOf(date))),
    ...hvaKosterStrommen.flatMap(({ date, answer }) =>
      readHvaKosterStrommen(answer, date, area, currency, issueOf(date)),
    ),
  ],
})

/** What an area is usually priced in. */
export function currencyOf(area: string): (typeof currencies)[number] {
  const country = { NO: 'NOK', SE: 'SEK', DK: 'DKK' } as const
  return country[area.slice(0, 2) as keyof typeof country] ?? 'EUR'
}

/** The earliest that a day's prices can have been known: stands in where a source does not say when it was. */
const issueOf = (date: string): string => new Date(momentOf(addDays(date, -1), firstResults)).toISOString()

type Asked = {
  readonly http: Http
  readonly area: string
  readonly currency: string
  readonly date: string
  /** Whether it should be published by now. */
  readonly due: boolean
  /** How old an answer will do. */
  readonly old: Duration
}
type Day = { readonly nordPool?: unknown; readonly hvaKosterStrommen?: unknown }

const isThrottled = (error: unknown) => error instanceof VendorFailure && error.kind === 'throttled'

/** One delivery day, from Nord Pool; from the other source where Nord Pool fails, or lacks what should be there. */
async function readDay(asked: Asked): Promise<Day> {
  const { area, currency, date, due } = asked
  let failed: VendorFailure | undefined
  try {
    const answer =
      (await askNordPool(asked)) ??
      (due && asked.old !== '6 min' ? await askNordPool({ ...asked, old: '6 min' }) : undefined)
    if (answer !== undefined) return { nordPool: { date, answer } }
  } catch (error) {
    // Told to wait, we wait: the other source is no way around that.
    if (!(error instanceof VendorFailure) || isThrottled(error)) throw error
    failed = error
  }
  if (/^NO[1-5]$/.test(area) && (currency === 'NOK' || currency === 'EUR') && (failed || due)) {
    const answer = await askHvaKosterStrommen(asked).catch((error: unknown) => {
      throw failed ?? error
    })
    if (answer !== undefined) return { hvaKosterStrommen: { date, answer } }
  }
  if (failed) throw failed
  return {}
}

/** `undefined`: not published. That is a 204, a version 0, or a day without this area. */
async function askNordPool({ http, area, currency, date, old }: Asked) {
  const answer = await http.get('/DayAheadPrices', {
    query: { date, market: 'DayAhead', deliveryArea: area, currency },
    share: old,
    failureOf: webPage,
  })
  if (answer === undefined || answer === null) return undefined
  return isPublished(fitting(DayAhead, answer, 'Nord Pool'), area) ? answer : undefined
}

const notPublished = 'hvakosterstrommen.no has not published this day'

/** `undefined`: not published, which is a 404. */
async function askHvaKosterStrommen({ http, area, date }: Asked) {
  const [year, month, day] = date.split('-')
  try {
    const path = `https://www.hvakosterstrommen.no/api/v1/prices/${year}/${month}-${day}_${area}.json`
    const answer = await http.get(path, {
      share: '6 min',
      failureOf: (given) => (given.status === 404 ? new VendorFailure('changed', notPublished) : webPage(given)),
    })
    return fitting(HvaKosterStrommen, answer, 'hvakosterstrommen.no')
  } catch (error) {
    if (error instanceof VendorFailure && error.message === notPublished) return undefined
    throw error
  }
}

/** The servers in front of them answer with a page when they are in trouble, at times with status 200. */
const webPage = ({ status, body }: { readonly status: number; readonly body: unknown }): VendorFailure | undefined =>
  status === 200 && typeof body === 'string' && /^\s*</.test(body)
    ? new VendorFailure('unreachable', 'The prices’ server answers with a web page')
    : undefined

/** Checked here and not by the host alone, as there is another source to turn to. */
function fitting<T extends TSchema>(schema: T, answer: unknown, whose: string): Static<T> {
  if (Check(schema, answer)) return answer
  const [first] = Errors(schema, answer)
  const where = first?.instancePath.slice(1).replaceAll('/', '.') ?? ''
  throw new VendorFailure(
    'changed',
    `The answer of ${whose} has changed: ${where === '' ? 'the whole of it' : where} ${first?.message ?? 'does not fit'}`,
  )
}

/**
 * When to look next: every few minutes from 12:55 until tomorrow is there (seldomer in the evening of a late day),
 * again while it is preliminary, then once after midnight. Spread by the second at which it is asked, as this function
 * knows no chance.
 */
export function nextLook(now: number, status: Status | undefined): string {
  const spread = (now % minute) / minute
  const at = (ms: number) => new Date(Math.round(ms)).toISOString()
  const inMinutes = (least: number, more: number) => at(now + (least + more * spread) * minute)
  const today = dateOf(now)
  const tomorrow = addDays(today, 1)
  const isLate = now >= momentOf(today, veryLate)
  if (!has(status, today)) return isLate ? inMinutes(30, 10) : inMinutes(6.1, 2)
  if (now < momentOf(today, usual)) return at(momentOf(today, usual) + 10 * spread * minute)
  if (!has(status, tomorrow)) return isLate ? inMinutes(30, 10) : inMinutes(6.1, 2)
  const changing = status?.nordPool.some(({ date, answer }) => date === tomorrow && isPreliminary(answer, status.area))
  return changing && !isLate ? inMinutes(15, 10) : at(momentOf(tomorrow, 6) + 20 * spread * minute)
}

const has = (status: Status | undefined, date: string): boolean =>
  status !== undefined &&
  (status.nordPool.some((day) => day.date === date && isPublished(day.answer, status.area)) ||
    status.hvaKosterStrommen.some((day) => day.date === date && day.answer.length > 0))
