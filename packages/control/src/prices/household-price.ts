/**
 * What a kilowatt-hour costs a household, part by part:
 *
 *     (spot + support + mark-up + grid energy + electricity tax + Enova fee) (1 + VAT)
 *
 * The capacity step is a price of the month, not of the kWh: `capacity.ts`.
 */
import { type LocalTime, localDay, localTimeOf } from '@nabolag/core'
import type { Use } from './capacity.ts'
import { covering, type Dated, inForce } from './dated.ts'
import { type GridCompany, gridCompanies } from './grid-companies.ts'
import { gridEnergyAt } from './grid-energy.ts'
import type { PriceSettings } from './settings.ts'
import { gapsOf, priceAt, resampleSpot, type SpotEntry, splitAtHours, tidySpot } from './spot.ts'
import { chosenOn, norgespris, type Support, stromstotte, supportOn } from './support.ts'
import { electricityTax, enovaFee, taxZoneOf, valueAddedTax } from './taxes.ts'

export const priceParts = ['spot', 'support', 'markUp', 'gridEnergy', 'electricityTax', 'enovaFee'] as const
export type PricePart = (typeof priceParts)[number]

/** NOK/kWh. */
export type Amount = { readonly withoutVat: number; readonly vat: number; readonly withVat: number }

export type PricedInterval = {
  /** ms; at most an hour long. */
  readonly start: number
  readonly end: number
  /** The spot price was not published, but filled in. */
  readonly estimated: boolean
  readonly parts: Readonly<Record<PricePart, Amount>>
  /** What the interval's kWh cost on average: where the cap of the support is reached within it, a mean. */
  readonly total: Amount
  /** What one more kWh in it costs, NOK/kWh with VAT: the price for a controller. */
  readonly marginal: number
  /** The share of its kWh that the support covers, 0 to 1. */
  readonly supported: number
  /** Which rule of the grid tariff made the price. */
  readonly gridRule: string
  /** For the published price law, which adds VAT itself: NOK/kWh without VAT, and what VAT multiplies by. */
  readonly law: {
    readonly spot: number
    /** What the house pays for the power itself: with support and mark-up. */
    readonly energy: number
    readonly gridTariff: number
    /** The grid tariff as grid companies print it, with electricity tax and Enova fee. */
    readonly gridTariffWithTaxes: number
    readonly vatFactor: number
  }
}

export type HouseholdPrice = {
  readonly area: string
  readonly timezone: string
  readonly currency: 'NOK'
  readonly intervals: readonly PricedInterval[]
  /** Between the first and the last: where no price is known. */
  readonly missing: readonly { readonly start: number; readonly end: number }[]
  /** What was assumed, in sentences for the owner. */
  readonly notes: readonly string[]
}

export type Priced = {
  readonly spot: readonly SpotEntry[]
  readonly settings: PriceSettings
  /** Of the local hours and dates: `Europe/Oslo`. */
  readonly timezone: string
  /** To which steps the spot prices are brought; as published when left out. */
  readonly minutes?: 15 | 60
  /** kWh that each local month has used before the first interval in it, by `2026-01`: for the caps of the support. */
  readonly usedBefore?: Readonly<Record<string, number>>
  /** kWh measured or expected within the intervals, in any steps. Without it the months stay where they were. */
  readonly use?: readonly Use[]
}

/** Prices for each interval of the spot prices. Fill unknown ones first (`fillUnknown`): here they are left out. */
export function householdPrice({
  spot,
  settings,
  timezone,
  minutes,
  usedBefore = {},
  use = [],
}: Priced): HouseholdPrice {
  const published = minutes ? resampleSpot(spot, minutes) : tidySpot(spot)
  const intervals = splitAtHours(published, timezone)
  const hours = resampleSpot(spot, 60)
  const notes = new Set<string>()
  const rates = ratesOf(settings, notes)
  const energyOf = energyWithin(use)
  const meanOf = meanWithin(tidySpot(spot))
  const used = new Map(Object.entries(usedBefore))
  const isByHour = settings.settledBy === 'hour' || settings.supportSettledBy === 'hour'

  const priced = intervals.map(({ start, end, price, estimated = false }, i): PricedInterval => {
    const time = localTimeOf(start, timezone)
    const month = time.date.slice(0, 7)
    const rate = rates(time)
    const byHour = priceAt(hours, start) ?? price
    const billed = settings.settledBy === 'hour' ? byHour : price
    // The mean of the quarters' support is not the support of their mean price.
    const support = isByHour ? rate.support.amount(byHour) : meanOf(start, end, rate.support.amount)
    const last = intervals[i - 1]?.end ?? start
    if (last < start) {
      // What was drawn while no price was known counts towards the cap as well.
      const since = Math.max(last, localDay(`${month}-01`, timezone)[0])
      used.set(month, (used.get(month) ?? 0) + energyOf(since, start))
    }

    const before = used.get(month) ?? 0
    const energy = energyOf(start, end)
    used.set(month, before + energy)
    const left = rate.support.cap - before
    const supported = energy > 0 ? Math.min(1, Math.max(0, left / energy)) : left > 0 ? 1 : 0

    const { vat } = rate
    const withoutVat: Record<PricePart, number> = { ...rate.parts, spot: billed, support: support * supported }
    const sum = priceParts.reduce((so, part) => so + withoutVat[part], 0)
    const moreIsSupported = left > energy
    const taxes = rate.parts.electricityTax + rate.parts.enovaFee
    return {
      ...{ start, end, estimated, supported, gridRule: rate.gridRule },
      parts: {
        spot: amount(withoutVat.spot, vat),
        support: amount(withoutVat.support, vat),
        markUp: amount(withoutVat.markUp, vat),
        gridEnergy: amount(withoutVat.gridEnergy, vat),
        electricityTax: amount(withoutVat.electricityTax, vat),
        enovaFee: amount(withoutVat.enovaFee, vat),
      },
      total: amount(sum, vat),
      marginal: (sum - withoutVat.support + (moreIsSupported ? support : 0)) * (1 + vat),
      law: {
        spot: billed,
        energy: billed + (moreIsSupported ? support : 0) + rate.parts.markUp,
        gridTariff: rate.parts.gridEnergy,
        gridTariffWithTaxes: rate.parts.gridEnergy + taxes,
        vatFactor: 1 + vat,
      },
    }
  })
  const missing = priced.length === 0 ? [] : gapsOf(intervals, priced[0]!.start, priced.at(-1)!.end)
  return { area: settings.area, timezone, currency: 'NOK', intervals: priced, missing, notes: [...notes] }
}

const amount = (withoutVat: number, vat: number): Amount => ({
  // Plus zero: no support is 0 and not -0.
  withoutVat: withoutVat + 0,
  vat: withoutVat * vat + 0,
  withVat: withoutVat * (1 + vat) + 0,
})

type Rates = {
  readonly vat: number
  readonly support: Support
  readonly gridRule: string
  readonly parts: Readonly<Record<Exclude<PricePart, 'spot' | 'support'>, number>>
}
type DayRates = Omit<Rates, 'gridRule' | 'parts'> & {
  readonly grid: Parameters<typeof gridEnergyAt>[0] | undefined
  readonly markUp: number
  readonly tax: number
  readonly enova: number
}

/** The grid tariffs of a house: its own, or those of its company. */
export function tariffsOf(settings: PriceSettings): Pick<GridCompany, 'energy' | 'capacity'> {
  const company: GridCompany | undefined = settings.gridCompany && gridCompanies[settings.gridCompany]
  return {
    energy: settings.gridEnergy ?? company?.energy ?? [],
    capacity: settings.capacity ?? company?.capacity ?? [],
  }
}

/** VAT of a house on a date, as a share. */
export const vatOn = (settings: PriceSettings, date: string): number =>
  rateOn(settings.valueAddedTax, valueAddedTax[settings.taxZone ?? taxZoneOf(settings.area)], date)?.entry.value ?? 0

/** What the house says counts before what the program knows, for the dates it speaks of. */
const rateOn = <T extends Dated>(own: readonly T[] | undefined, known: readonly T[], date: string) => {
  const said = own && covering(own, date)
  return said ? { entry: said } : inForce(known, date)
}

/** The rates of each local time, looked up once for each day. */
function ratesOf(settings: PriceSettings, notes: Set<string>): (time: LocalTime) => Rates {
  let date = ''
  let day: DayRates | undefined
  return (time) => {
    if (!day || time.date !== date) {
      date = time.date
      day = ratesOn(date, settings, notes)
    }
    const { grid, markUp, tax, enova, ...rest } = day
    const { price, rule } = grid ? gridEnergyAt(grid, time) : { price: 0, rule: 'none' }
    return { ...rest, gridRule: rule, parts: { markUp, gridEnergy: price, electricityTax: tax, enovaFee: enova } }
  }
}

function ratesOn(date: string, settings: PriceSettings, notes: Set<string>): DayRates {
  const zone = settings.taxZone ?? taxZoneOf(settings.area)
  const grid = inForce(tariffsOf(settings).energy, date)
  if (!grid) notes.add('No grid tariff is set: its price per kWh is taken as 0')
  else if (grid.assumed === 'before') {
    notes.add(`The grid tariff before ${grid.entry.from} is not known; the one from that day is assumed`)
  } else if (grid.assumed === 'after') {
    notes.add(`The grid tariff from ${grid.entry.to} on is not known; the one until then is assumed`)
  }
  const tax = rateOn(settings.electricityTax, electricityTax, date)
  if (tax && 'assumed' in tax && tax.assumed && zone !== 'action-zone') {
    notes.add(`Electricity tax is not known for ${date.slice(0, 4)}; ${tax.entry.value} NOK/kWh is assumed`)
  }
  const scheme = chosenOn(settings.support, date)
  const support = supportOn(date, scheme, settings.home ?? 'home', {
    stromstotte: tableFor(settings.stromstotte, stromstotte, date),
    norgespris: tableFor(settings.norgespris, norgespris, date),
  })
  if (support.note) notes.add(support.note)
  return {
    support,
    vat: vatOn(settings, date),
    grid: grid?.entry,
    markUp: covering(settings.markUp ?? [], date)?.perKwh ?? 0,
    tax: zone === 'action-zone' && !covering(settings.electricityTax ?? [], date) ? 0 : (tax?.entry.value ?? 0),
    enova: rateOn(settings.enovaFee, enovaFee, date)?.entry.value ?? 0,
  }
}

const tableFor = <T extends Dated>(own: readonly T[] | undefined, known: readonly T[], date: string): readonly T[] =>
  own && covering(own, date) ? own : known

/** The mean by time of what a function makes of the prices between two moments that only move on. */
function meanWithin(
  entries: readonly { readonly start: number; readonly end: number; readonly price: number }[],
): (start: number, end: number, of: (price: number) => number) => number {
  let first = 0
  return (start, end, of) => {
    while (first < entries.length && entries[first]!.end <= start) first++
    let [sum, time, count] = [0, 0, 0]
    for (let i = first; i < entries.length && entries[i]!.start < end; i++) {
      const { start: from, end: to, price } = entries[i]!
      const overlap = Math.min(to, end) - Math.max(from, start)
      sum += of(price) * overlap
      time += overlap
      count++
    }
    return count === 1 ? of(entries[first]!.price) : sum / time
  }
}

/** kWh between two moments that only move on, from use in any steps. */
function energyWithin(use: readonly Use[]): (start: number, end: number) => number {
  const sorted = use.filter(({ energy, start, end }) => energy > 0 && end > start).sort((a, b) => a.start - b.start)
  let first = 0
  return (start, end) => {
    while (first < sorted.length && sorted[first]!.end <= start) first++
    let energy = 0
    for (let i = first; i < sorted.length && sorted[i]!.start < end; i++) {
      const { start: from, end: to, energy: whole } = sorted[i]!
      const overlap = Math.min(to, end) - Math.max(from, start)
      if (overlap > 0) energy += (whole * overlap) / (to - from)
    }
    return energy
  }
}
