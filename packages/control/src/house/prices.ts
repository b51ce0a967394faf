/**
 * The prices of a house at a moment, for its controls and for people: the household's own price of each interval, what
 * a sold kWh gives, and where the month stands with the grid company. Pure: the same for a turn, a replay and the API.
 */
import { addDays, localDateOf, localDay } from '@nabolag/core'
import type { PriceStep } from '../controls/view.ts'
import { type CapacityOutlook, type CapacityTariff, capacityOutlook, dayMaxima, type Use } from '../prices/capacity.ts'
import { inForce } from '../prices/dated.ts'
import { householdPrice, type PricedInterval, tariffsOf } from '../prices/household-price.ts'
import type { PriceSettings } from '../prices/settings.ts'
import { fillUnknown, gapsOf, type SpotEntry, tidySpot } from '../prices/spot.ts'
import { priceAreaOf } from './price-area.ts'
import type { HouseSeen, HouseSetup } from './types.ts'

/** An interval with both directions of the meter. */
export type HousePriceInterval = PricedInterval & {
  /** What a kWh delivered in it gives, NOK/kWh: the house's own export price, or the spot price without VAT. */
  readonly sell: number
}

export type OutlookStep = Required<PriceStep> & { readonly sell: number; readonly estimated: boolean }

export type HouseCapacity = CapacityOutlook & {
  /** The local month, `2026-01`. */
  readonly month: string
  readonly tariff: CapacityTariff
}

export type HousePrices = {
  readonly settings: PriceSettings
  /** Nobody has said the settings: they were guessed from the house's place. */
  readonly assumed: boolean
  /**
   * What is published, in order, for the law and everything that must not take a guess for a price: `spot` is the spot
   * price as it is billed and `grid` the grid company's energy component, both without VAT, taxes and support, as
   * equation 5.1 of the thesis has them; `marginal` is what one more kWh costs this household, everything included.
   */
  readonly steps: readonly PriceStep[]
  /** The same and what comes after: hours that are not published yet are filled in, and say so by `estimated`. */
  readonly intervals: readonly HousePriceInterval[]
  /** `intervals` from now on, as steps: what a plan is made with. */
  readonly outlook: readonly OutlookStep[]
  /** Where no price is known, not even a guess, ms. */
  readonly missing: readonly { readonly start: number; readonly end: number }[]
  /** Absent where no capacity tariff is known. */
  readonly capacity?: HouseCapacity
  /** What was assumed, in sentences for the owner. */
  readonly notes: readonly string[]
}

/** How far ahead prices are filled in, h: further than any plan looks. */
const hoursAhead = 60
const hour = 3_600_000

/** What a house is taken to have said of its prices while nobody has: its area, and everything else as usual. */
export const assumedPrices = (place: {
  /** As its own spot prices are tagged. */
  readonly area?: string
  readonly latitude?: number
  readonly longitude?: number
}): PriceSettings => ({ area: place.area ?? priceAreaOf(place.latitude, place.longitude) ?? 'NO1' })

/**
 * The prices that a turn goes by. Reads nothing that is later than `now` but published prices.
 *
 * @param now ms since 1970, UTC
 */
export function pricesOf(
  setup: Pick<HouseSetup, 'prices' | 'timezone' | 'latitude' | 'longitude' | 'exportPrice'>,
  seen: Pick<HouseSeen, 'spot' | 'use' | 'priceArea'>,
  now: number,
): HousePrices {
  const { latitude, longitude, timezone, exportPrice } = setup
  const settings = setup.prices ?? assumedPrices({ area: seen.priceArea, latitude, longitude })
  const begin = seen.spot.reduce((least, { start }) => Math.min(least, start), now)
  const to = Math.ceil(now / hour + hoursAhead) * hour
  const priced = priceSpan({ ...{ settings, timezone, exportPrice }, spot: seen.spot, use: seen.use, from: begin, to })
  const capacity = capacityNow(settings, seen.use, timezone, now)
  return {
    ...{ settings, assumed: setup.prices === undefined },
    ...{ intervals: priced.intervals, missing: priced.missing },
    steps: priced.intervals.filter(({ estimated }) => !estimated).map(stepOfInterval),
    outlook: priced.intervals
      .filter(({ end }) => end > now)
      .map((interval) => ({ ...stepOfInterval(interval), sell: interval.sell, estimated: interval.estimated })),
    ...(capacity && { capacity }),
    notes: setup.prices ? priced.notes : [assumedNote(settings), ...priced.notes],
  }
}

export const assumedNote = ({ area }: PriceSettings): string =>
  `Nobody has said what this house pays: price area ${area} is assumed, with strømstøtte and without a grid tariff`

/** An interval as the controls of heating take it. */
export const stepOfInterval = ({ start, end, law, marginal }: PricedInterval): Required<PriceStep> => ({
  ...{ from: start, to: end },
  ...{ spot: law.spot, grid: law.gridTariff, marginal },
})

/**
 * Prices from one moment to another, ms; unknown hours are filled in from the days around them.
 *
 * @param spot from eight days before `from`, so that there is something to fill from
 * @param use what the meter drew in the months of the span, from their first days on: for the cap of the support
 * @param reach h: further from anything published than this nothing is filled in, but missing
 */
export function priceSpan(asked: {
  readonly settings: PriceSettings
  readonly timezone: string
  readonly spot: readonly SpotEntry[]
  readonly use: readonly Use[]
  readonly from: number
  readonly to: number
  readonly minutes?: 15 | 60
  readonly exportPrice?: number
  readonly reach?: number
}): Pick<HousePrices, 'intervals' | 'missing' | 'notes'> {
  const { settings, timezone, use, from, to, minutes, exportPrice, reach = Number.POSITIVE_INFINITY } = asked
  const isNear = nearTo(asked.spot, reach * hour)
  const spot = fillUnknown(asked.spot, from, to, timezone).flatMap((entry) => {
    const [start, end] = [Math.max(entry.start, from), Math.min(entry.end, to)]
    return end > start && (!entry.estimated || isNear(start)) ? [{ ...entry, start, end }] : []
  })
  // What was drawn while no price is known yet counts towards the cap as well.
  const first = spot[0]?.start ?? from
  const usedBefore: Record<string, number> = {}
  for (const { start, end, energy } of use) {
    if (end > first || !(energy > 0)) continue
    const month = localDateOf(start, timezone).slice(0, 7)
    usedBefore[month] = (usedBefore[month] ?? 0) + energy
  }
  const within = use.filter(({ end }) => end > first)
  const { intervals, notes } = householdPrice({ spot, settings, timezone, minutes, usedBefore, use: within })
  const guessed = intervals.filter(({ estimated }) => estimated)
  return {
    intervals: intervals.map((interval) => ({ ...interval, sell: exportPrice ?? interval.parts.spot.withoutVat })),
    missing: gapsOf(intervals, from, to),
    notes: [
      ...notes,
      ...(guessed.length > 0 ? [`${guessed.length} of ${intervals.length} prices are not published: filled in`] : []),
      ...(use.length === 0 ? ['What the meter drew is not known: support is reckoned as below its monthly cap'] : []),
    ],
  }
}

/** Whether anything is published so near to a moment, ms; for moments that only move on. */
function nearTo(spot: readonly SpotEntry[], reach: number): (moment: number) => boolean {
  const known = tidySpot(spot)
  let next = 0
  return (moment) => {
    while (next < known.length && known[next]!.start < moment) next++
    const [before, after] = [known[next - 1], known[next]]
    return (
      (before !== undefined && moment - before.end < reach) || (after !== undefined && after.start - moment <= reach)
    )
  }
}

/**
 * Where the month stands, and what today may draw; days to come are expected to be like those that were, and on a month's
 * first day like it so far.
 */
export function capacityNow(
  settings: PriceSettings,
  use: readonly Use[],
  timezone: string,
  now: number,
): HouseCapacity | undefined {
  const today = localDateOf(now, timezone)
  const month = today.slice(0, 7)
  const tariff = inForce(tariffsOf(settings).capacity, `${month}-01`)?.entry
  if (!tariff) return undefined
  const begin = localDay(`${month}-01`, timezone)[0]
  const days = dayMaxima(
    use.filter(({ start, end }) => start >= begin && end > start && start < now),
    timezone,
  )
  const others = days.filter(({ date }) => date !== today)
  const like = others.length > 0 ? others : days
  const usual = like.length > 0 ? like.reduce((sum, { power }) => sum + power, 0) / like.length : undefined
  const left = daysLeft(today)
  const outlook = capacityOutlook({
    ...{ tariff, days, today },
    byHand: settings.capacityByHand,
    ...(usual !== undefined && { toCome: { power: usual, days: left } }),
  })
  return { ...outlook, month, tariff }
}

/** Days of the month after a date. */
function daysLeft(date: string): number {
  let days = 0
  while (addDays(date, days + 1).slice(0, 7) === date.slice(0, 7)) days++
  return days
}
