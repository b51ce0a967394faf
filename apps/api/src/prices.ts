/** What power costs a household, as it is answered to those who ask, by the API and at the command line. */
import type { HouseCapacity, HousePriceInterval } from '@nabolag/control'
import { addDays, localDateOf, momentOfLocal, Problem } from '@nabolag/core'
import { householdPrices } from '@nabolag/house-data'
import type { House, Tenant } from '@nabolag/store'
import type { TimeSeries } from '@nabolag/timeseries'
import type { Static } from 'typebox'
import { optionalTime } from './data-request.ts'
import type { PriceQuery, Prices } from './schemas-prices.ts'
import { isoTime } from './views.ts'

const day = 86_400_000
const mostDays = 400
/** Beyond it quarters make an answer of tens of megabytes. */
const mostDaysOfQuarters = 100

/** The house with what its owner has said of prices. */
export async function pricedHouse(tenant: Tenant, { id, timezone, latitude, longitude }: House) {
  const { prices, facts } = await tenant.control(id)
  const { exportPrice } = facts
  const sold = typeof exportPrice === 'number' && Number.isFinite(exportPrice) ? { exportPrice } : {}
  return { id, timezone, latitude, longitude, prices, ...sold }
}

/**
 * What a kilowatt-hour costs, part by part; today and tomorrow when no span is given.
 *
 * @throws ProblemError `bad-request` for a span that is none or is too long, `no-such-house`
 */
export async function pricesOf(
  { tenant, timeseries }: { readonly tenant: Tenant; readonly timeseries: TimeSeries },
  houseId: number,
  { minutes, asOf, ...span }: Static<typeof PriceQuery>,
): Promise<Static<typeof Prices>> {
  const house = await tenant.house(houseId)
  const now = Date.now()
  const known = momentOf('asOf', asOf, house.timezone)
  const { from, to } = spanOf(span, house.timezone, known ?? now)
  const days = (to - from) / day
  if (days > mostDays) throw wrong('to', `must be at most ${mostDays} days after from`)
  if (days > mostDaysOfQuarters && minutes !== 60)
    throw wrong('minutes', `must be 60 for more than ${mostDaysOfQuarters} days`)
  const question = { from, to, now, minutes, ...(known !== undefined && { asOf: known }) }
  const answer = await householdPrices(timeseries, await pricedHouse(tenant, house), question)
  const { settings, assumed, timezone, currency, intervals, missing, capacity, notes } = answer
  return {
    ...{ area: settings.area, timezone, currency, assumed },
    intervals: intervals.map(intervalView),
    missing: missing.map(({ start, end }) => ({ start: isoTime(start), end: isoTime(end) })),
    notes: [...notes],
    ...(capacity && { capacity: capacityView(capacity) }),
  }
}

const wrong = (path: string, expected: string) =>
  Problem('bad-request', `query: /${path} ${expected}`, { errors: [{ path: `/${path}`, expected }] })

/** ms. A date alone is its local midnight. */
function momentOf(name: string, text: string | undefined, timezone: string): number | undefined {
  if (text === undefined) return undefined
  const micros = optionalTime(name, text)
  if (micros === undefined || !/^\d{4}-\d\d-\d\d$/.test(text)) return micros && Math.floor(micros / 1000)
  return momentOfLocal(text, 0, timezone)
}

/** @throws ProblemError `bad-request` */
function spanOf(given: { from?: string; to?: string }, timezone: string, now: number) {
  const from = momentOf('from', given.from, timezone) ?? momentOfLocal(localDateOf(now, timezone), 0, timezone)
  const to = momentOf('to', given.to, timezone) ?? momentOfLocal(addDays(localDateOf(from, timezone), 2), 0, timezone)
  if (to <= from) throw wrong('to', 'must be after from')
  return { from, to }
}

/** No more digits than mean something. */
const rounded = (value: number) => Math.round(value * 1e6) / 1e6 + 0

type Amount = HousePriceInterval['total']
const amountView = ({ withoutVat, vat, withVat }: Amount) => ({
  withoutVat: rounded(withoutVat),
  vat: rounded(vat),
  withVat: rounded(withVat),
})

const intervalView = ({ start, end, estimated, parts, total, ...one }: HousePriceInterval) => ({
  ...{ start: isoTime(start), end: isoTime(end), estimated },
  parts: {
    spot: amountView(parts.spot),
    support: amountView(parts.support),
    markUp: amountView(parts.markUp),
    gridEnergy: amountView(parts.gridEnergy),
    electricityTax: amountView(parts.electricityTax),
    enovaFee: amountView(parts.enovaFee),
  },
  total: amountView(total),
  ...{ marginal: rounded(one.marginal), sell: rounded(one.sell), supported: rounded(one.supported) },
  gridRule: one.gridRule,
})

const capacityView = ({ tariff: _, cap, next, ...one }: HouseCapacity) => ({
  ...{ month: one.month, power: rounded(one.power), step: one.step, cost: rounded(one.cost) },
  ...(next && { next: { above: next.above, more: rounded(next.more) } }),
  today: rounded(one.today),
  cap: cap === undefined ? null : Number.isFinite(cap) ? rounded(cap) : ('none' as const),
  nextKilowatt: rounded(one.nextKilowatt),
})
