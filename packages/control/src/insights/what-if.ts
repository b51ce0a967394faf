/** What the own history would have cost with other prices, or with another comfort. */
import { localDateOf } from '@nabolag/core'
import type { Interval } from '../estimate/identify.ts'
import { capacityBills, type Use } from '../prices/capacity.ts'
import { covering } from '../prices/dated.ts'
import { type GridCompanyName, gridCompanies } from '../prices/grid-companies.ts'
import { householdPrice, type PricedInterval, tariffsOf, vatOn } from '../prices/household-price.ts'
import type { PriceSettings } from '../prices/settings.ts'
import type { SpotEntry } from '../prices/spot.ts'
import type { SupportScheme } from '../prices/support.ts'
import { type HouseDay, priceUse } from './days.ts'
import type { Told } from './house-insights.ts'
import { type HeatedBy, indoorSlope, strainOf } from './indoor-slope.ts'

export type OtherPrices = {
  readonly support?: SupportScheme
  readonly gridCompany?: GridCompanyName
  /** A price that never changes in place of spot and mark-up, NOK/kWh without VAT. */
  readonly fixed?: number
}

export type Bill = {
  /** NOK with VAT: by the kWh (support included), the grid company's by the highest hours, monthly fees. */
  readonly energy: number
  readonly capacity: number
  readonly fees: number
  readonly total: number
  /** What the support paid, NOK with VAT. */
  readonly support: number
}

export type Bills = {
  /** kWh that have a price, and the share of what was measured. */
  readonly kilowattHours: number
  readonly priced: number
  readonly days: number
  readonly bill: Bill
  readonly notes: readonly string[]
}

/**
 * What was drawn, by the prices of a house. A part of a month pays its part of the capacity step and the fees.
 *
 * @param use in hours or less
 * @param before what its first month had used until then: it counts towards the caps of the support and the capacity step
 * @param fixed a price of power that never changes, in place of spot and mark-up, NOK/kWh without VAT
 */
export function billOf(asked: {
  readonly use: readonly Use[]
  readonly before?: readonly Use[]
  readonly spot: readonly SpotEntry[]
  readonly settings: PriceSettings
  readonly timezone: string
  readonly fixed?: number
}): Bills {
  const { use, before = [], spot, settings, timezone, fixed } = asked
  const usedBefore: Record<string, number> = {}
  for (const { start, energy } of before) {
    const month = localDateOf(start, timezone).slice(0, 7)
    usedBefore[month] = (usedBefore[month] ?? 0) + Math.max(0, energy)
  }
  const { intervals, notes } = householdPrice({ spot, settings, timezone, usedBefore, use })
  const priced = priceUse(use, fixed === undefined ? intervals : intervals.map((one) => atFixed(one, fixed)))
  const within = sumOf(priced, (part) => part.energy)
  const whole = sumOf(use, ({ energy }) => Math.max(0, energy))
  const dates = new Set(priced.map(({ start }) => localDateOf(start, timezone)))
  const daysIn = Map.groupBy(dates, (date) => date.slice(0, 7))
  /** What a month's price without VAT comes to for the days of it that are known. */
  const partOf = (month: string, price: number) =>
    ((price * (daysIn.get(month)?.length ?? 0)) / lengthOf(month)) * (1 + vatOn(settings, `${month}-01`))
  const bills = capacityBills([...before, ...use], tariffsOf(settings).capacity, timezone, settings.capacityByHand)
  const energy = sumOf(priced, (part) => part.energy * part.total)
  const capacity = sumOf(bills, ({ month, cost }) => partOf(month, cost))
  const fees = sumOf([...daysIn.keys()], (month) =>
    partOf(month, covering(settings.markUp ?? [], `${month}-01`)?.perMonth ?? 0),
  )
  const support = sumOf(priced, (part) => part.energy * part.support)
  return {
    ...{ kilowattHours: within, priced: whole > 0 ? within / whole : 0, days: dates.size, notes },
    bill: { energy, capacity, fees, total: energy + capacity + fees, support },
  }
}

const sumOf = <T>(all: readonly T[], of: (one: T) => number): number => all.reduce((sum, one) => sum + of(one), 0)

/** Days of a month, `2026-02`. */
const lengthOf = (month: string): number =>
  new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 0)).getUTCDate()

function atFixed(interval: PricedInterval, fixed: number): PricedInterval {
  const { parts, total, marginal, law } = interval
  const change = fixed * law.vatFactor - parts.spot.withVat - parts.markUp.withVat
  return { ...interval, total: { ...total, withVat: total.withVat + change }, marginal: marginal + change }
}

/** The settings of a house with some of them otherwise. */
export function otherwise(settings: PriceSettings, { support, gridCompany, fixed }: OtherPrices): PriceSettings {
  const { gridEnergy, capacity, support: own, ...rest } = settings
  const changed: PriceSettings = gridCompany
    ? { ...rest, gridCompany }
    : { ...rest, ...(gridEnergy && { gridEnergy }), ...(capacity && { capacity }) }
  const always = (scheme: SupportScheme) => [{ from: '2000-01-01', scheme }]
  if (support) return { ...changed, support: always(support) }
  // Norgespris is a price of its own: nobody has it beside a fixed one.
  const kept = own?.map((one) =>
    fixed !== undefined && one.scheme === 'norgespris' ? { ...one, scheme: 'none' as const } : one,
  )
  return { ...changed, ...(kept && { support: kept }) }
}

export type WhatIf = {
  readonly now: Bills
  readonly other: Bills
  /** NOK that the other would have cost more, and as a share of what it cost. */
  readonly more: number
  readonly share: number
  readonly sentence: string
}

/** The same use at other prices. People would use power otherwise with other prices: this does not know how. */
export function whatIfPrices(asked: Parameters<typeof billOf>[0], other: OtherPrices): WhatIf {
  const now = billOf(asked)
  const changed = billOf({ ...asked, settings: otherwise(asked.settings, other), fixed: other.fixed })
  const more = changed.bill.total - now.bill.total
  const share = now.bill.total > 0 ? more / now.bill.total : 0
  const percent = now.bill.total > 0 ? ` (${(100 * Math.abs(share)).toFixed(1)} %)` : ''
  // A scheme that there was not then, or a tariff that is not known for it.
  const assumed = changed.notes.filter((note) => !now.notes.includes(note))
  const names = { none: 'no support', stromstotte: 'strømstøtte', norgespris: 'Norgespris' } as const
  const what = [
    other.support && names[other.support],
    other.gridCompany && `the tariff of ${gridCompanies[other.gridCompany].label}`,
    other.fixed !== undefined && `a fixed price of ${other.fixed.toFixed(2)} NOK/kWh without VAT`,
  ].filter((one) => typeof one === 'string')
  const sentence = `With ${what.join(' and ') || 'the same prices'} the ${now.kilowattHours.toFixed(0)} kWh of ${now.days} days would have cost ${changed.bill.total.toFixed(0)} NOK instead of ${now.bill.total.toFixed(0)}: ${Math.abs(more).toFixed(0)} NOK ${more > 0 ? 'more' : 'less'}${percent}, had they been used at the same hours${assumed.map((note) => `. ${note}`).join('')}`
  return { now, other: changed, more, share, sentence }
}

export type ComfortWhatIf = Told<{
  /** kWh and NOK that it would have cost more over the days, 95 %. */
  readonly energy: Interval
  readonly cost: Interval
  readonly share: number
}>

/**
 * What it would have cost to keep the rooms so many kelvins warmer (or cooler) all the time, by how the house's use
 * follows the difference to the outdoors.
 */
export function whatIfWarmer(days: readonly HouseDay[], kelvins: number, heatedBy: HeatedBy): ComfortWhatIf {
  const slope = indoorSlope(days, heatedBy)
  if (slope.outcome !== 'found') return slope
  const heated = slope.heated
  const known = heated.reduce((sum, day) => sum + day.cost, 0)
  const weights = {
    energy: sumOf(heated, (day) => kelvins * strainOf(day.outdoor, heatedBy)),
    cost: sumOf(heated, (day) => kelvins * day.price * strainOf(day.outdoor, heatedBy)),
  }
  const scaled = (by: number): Interval => {
    const [a, b] = [slope.perKelvin.low * by, slope.perKelvin.high * by]
    return { value: slope.perKelvin.value * by, low: Math.min(a, b), high: Math.max(a, b) }
  }
  const [energy, cost] = [scaled(weights.energy), scaled(weights.cost)]
  const way = kelvins > 0 ? 'warmer' : 'cooler'
  const money = (value: number) => Math.abs(value).toFixed(0)
  const [least, most] = [Math.abs(cost.low), Math.abs(cost.high)].toSorted((a, b) => a - b) as [number, number]
  const sentence = `${Math.abs(kelvins)} K ${way} would have cost ${money(cost.value)} NOK ${cost.value > 0 ? 'more' : 'less'} over ${heated.length} days of heating (between ${money(least)} and ${money(most)}), if nothing that is not measured, such as a wood stove, heats on cold days`
  return { outcome: 'found', days: heated.length, energy, cost, share: known > 0 ? cost.value / known : 0, sentence }
}
