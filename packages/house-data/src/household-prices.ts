/** What power costs a household, from what its devices have logged and its owner has said. */
import {
  assumedNote,
  assumedPrices,
  capacityNow,
  checkPriceSettings,
  type HouseCapacity,
  type HousePriceInterval,
  type PriceSettings,
  priceSpan,
} from '@nabolag/control'
import { localDateOf, localDay, ProblemError } from '@nabolag/core'
import type { TimeSeries } from '@nabolag/timeseries'
import { type HouseSpot, readSpot } from './spot.ts'
import { readUse } from './use.ts'

export type PricedHouse = {
  readonly id: number
  readonly timezone: string
  readonly latitude?: number
  readonly longitude?: number
  /** As the store keeps them; `undefined` while nobody has said them. */
  readonly prices?: unknown
  /** NOK/kWh sold; spot without VAT when absent. */
  readonly exportPrice?: number
}

export type PriceQuestion = {
  /** ms; `from` is part of it, `to` is not. */
  readonly from: number
  readonly to: number
  /** ms; the present of whoever asks. */
  readonly now: number
  /** As published when absent. */
  readonly minutes?: 15 | 60
  /** What was known at that time, ms. */
  readonly asOf?: number
}

export type HouseholdPrices = {
  readonly settings: PriceSettings
  /** Nobody has said them, or they cannot be read: guessed from the spot prices that are logged, or the place. */
  readonly assumed: boolean
  readonly timezone: string
  readonly currency: 'NOK'
  readonly intervals: readonly HousePriceInterval[]
  readonly missing: readonly { readonly start: number; readonly end: number }[]
  /** As the month stands now, or stood at the end of a span of the past. */
  readonly capacity?: HouseCapacity
  readonly notes: readonly string[]
}

const hour = 3_600_000
/** What is filled in lies at most so far from a published price, h. */
const reach = 72
const back = 8 * 24 * hour

/**
 * The prices of a span, with everything that they rest on.
 *
 * @throws ProblemError as `TimeSeries.read`
 */
export async function householdPrices(
  timeseries: TimeSeries,
  house: PricedHouse,
  { from, to, now, minutes, asOf }: PriceQuestion,
): Promise<HouseholdPrices> {
  const { id, timezone, exportPrice } = house
  const said = readPriceSettings(house.prices)
  const known = asOf ?? now
  const at = Math.min(known, to - 1)
  const usedFrom = beginOfMonth(Math.min(from, at), timezone)
  const [spot, use] = await Promise.all([
    readSpot(timeseries, id, { from: from - back, to: Math.ceil(to / hour) * hour, asOf, area: said.settings?.area }),
    readUse(timeseries, house, { from: usedFrom, to: Math.max(at, usedFrom) }),
  ])
  const settings = said.settings ?? assumedPrices({ ...house, area: spot.area })
  // Whole hours: half of one would have another mean, and another part of its use.
  const [begin, end] = [Math.floor(from / hour) * hour, Math.ceil(to / hour) * hour]
  const entries = spot.entries
  const priced = priceSpan({
    ...{ settings, timezone, spot: entries, use, from: begin, to: end },
    minutes,
    exportPrice,
    reach,
  })
  const capacity = capacityNow(settings, use, timezone, at)
  return {
    ...{ settings, assumed: said.settings === undefined, timezone, currency: 'NOK' },
    intervals: within(priced.intervals, from, to, minutes === undefined),
    missing: within(priced.missing, from, to, true),
    ...(capacity && { capacity }),
    notes: [
      ...said.notes,
      ...(said.settings ? [] : [assumedNote(settings)]),
      ...noteOfArea(spot, settings),
      ...spot.notes,
      ...priced.notes,
    ],
  }
}

/** What the owner has said, or what is assumed while nobody has. @throws ProblemError as `TimeSeries.points` */
export async function priceSettingsOf(
  timeseries: TimeSeries,
  house: PricedHouse,
  now: number,
): Promise<{ readonly settings: PriceSettings; readonly assumed: boolean }> {
  const { settings } = readPriceSettings(house.prices)
  if (settings) return { settings, assumed: false }
  const { area } = await readSpot(timeseries, house.id, { from: now - back, to: now + back })
  return { settings: assumedPrices({ ...house, area }), assumed: true }
}

function readPriceSettings(given: unknown): {
  readonly settings: PriceSettings | undefined
  readonly notes: readonly string[]
} {
  if (given === undefined || given === null) return { settings: undefined, notes: [] }
  try {
    return { settings: checkPriceSettings(given), notes: [] }
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    return { settings: undefined, notes: [`The price settings cannot be read any more: ${error.message}`] }
  }
}

const noteOfArea = ({ entries, area }: HouseSpot, settings: PriceSettings): string[] =>
  entries.length === 0
    ? [`No spot prices are logged for this house: connect the integration spot-price, area ${area ?? settings.area}`]
    : []

/** The spans that lie between two moments, cut where they reach over. */
const within = <T extends { readonly start: number; readonly end: number }>(
  spans: readonly T[],
  from: number,
  to: number,
  isCut: boolean,
): T[] =>
  spans
    .filter(({ start, end }) => end > from && start < to)
    .map((span) => (isCut ? { ...span, start: Math.max(span.start, from), end: Math.min(span.end, to) } : span))

const beginOfMonth = (moment: number, timezone: string): number =>
  localDay(`${localDateOf(moment, timezone).slice(0, 7)}-01`, timezone)[0]
