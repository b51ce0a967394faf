/**
 * How much more a house draws for each kelvin indoors. The slope against the outdoor temperature is not that where a heat
 * pump heats: when it gets colder outdoors, the pump also gives less for each kWh, and the slope holds both. So the
 * difference between indoors and outdoors is weighted by how hard the pump works at that temperature.
 */
import type { Interval } from '../estimate/identify.ts'
import { cop, type HeatPump } from '../thermal/heat-pump.ts'
import type { HouseDay } from './days.ts'
import { type Lacking, lacking } from './house-insights.ts'
import { regress } from './regress.ts'
import { serialReach, withMemory } from './serial.ts'

/** What heats: a pump as its type has it, or electric heaters. */
export type HeatedBy = HeatPump | 'resistance'

/** Electricity for a kWh of heat at an outdoor temperature, against that at 0 °C. */
export const strainOf = (outdoor: number, by: HeatedBy): number =>
  by === 'resistance' ? 1 : cop(by, 0) / cop(by, outdoor)

/** Warmer days are no days of heating, °C. */
export const warmest = 12
const leastDays = 14
const leastSpan = 6

/**
 * What follows the weather and is no heat of the rooms (light, hot water, engine heaters), and heat of theirs that does not
 * reach them: a kelvin indoors is worth what one outdoors is to about a tenth.
 */
export const slopeDoubt = 0.08

type Heated = HouseDay & { readonly outdoor: number; readonly indoor: number }

export const isHeated = (day: HouseDay): day is Heated =>
  day.outdoor !== undefined && day.indoor !== undefined && day.outdoor <= warmest && Number.isFinite(day.energy)

/** Rooms further than this from what is usual are those of a house that stands empty, or of a cabin that is visited, K. */
const mostApart = 3

/**
 * The days without those of heating on which the rooms were far from usual: then nobody bathes and cooks there either, and
 * what is drawn less for that would be laid to the heat.
 */
export function livedIn<T extends { readonly indoor?: number; readonly outdoor?: number }>(days: readonly T[]): T[] {
  const sorted = days.flatMap(({ indoor }) => indoor ?? []).toSorted((a, b) => a - b)
  const usual = sorted[sorted.length >> 1]
  return days.filter(
    ({ indoor, outdoor = warmest }) =>
      usual === undefined || indoor === undefined || outdoor > warmest || Math.abs(indoor - usual) <= mostApart,
  )
}

export type IndoorSlope =
  | {
      readonly outcome: 'found'
      /** kWh a day for each kelvin, at 0 °C outdoors. */
      readonly perKelvin: Interval
      readonly heated: readonly Heated[]
    }
  | Lacking

export function indoorSlope(days: readonly HouseDay[], by: HeatedBy): IndoorSlope {
  const heated = livedIn(withMemory(days, ({ energy }) => energy).filter(isHeated))
  if (heated.length < leastDays)
    return lacking(
      `Not enough data: ${heated.length} days of heating with use, price and temperatures known, ${leastDays} are needed`,
      heated.length,
    )
  const outdoors = heated.map(({ outdoor }) => outdoor)
  const span = Math.max(...outdoors) - Math.min(...outdoors)
  if (span < leastSpan)
    return lacking(
      `Not enough data: the days differ by ${span.toFixed(1)} K outdoors, ${leastSpan} K are needed`,
      heated.length,
    )
  const rowsFor = (pump: HeatedBy) => heated.map((day) => [(day.indoor - day.outdoor) * strainOf(day.outdoor, pump), 1])
  const slopeFor = (pump: HeatedBy) => {
    const fit = regress(
      rowsFor(pump),
      heated.map(({ energy }) => energy),
    )
    return fit && { value: fit.at[0]!, left: fit.left }
  }
  const found = slopeFor(by)
  if (!found) return lacking('Not enough data: the temperatures went together', heated.length)
  // The pump's fall with the cold is known of its type only: half of it and half as much again are possible.
  const others = variantsOf(by).map((pump) => slopeFor(pump)?.value ?? found.value)
  const doubt = others.length > 0 ? (Math.max(...others) - Math.min(...others)) / 2 : 0
  const dates = heated.map(({ date }) => date)
  const chance = serialReach({ rows: rowsFor(by), left: found.left, dates })?.[0] ?? Number.POSITIVE_INFINITY
  const error = Math.hypot(chance, doubt, slopeDoubt * found.value)
  const perKelvin = { value: found.value, low: found.value - error, high: found.value + error }
  if (perKelvin.low <= 0)
    return lacking('Not enough data: what is drawn does not clearly follow the temperatures', heated.length)
  return { outcome: 'found', perKelvin, heated }
}

/** Pumps of the same kind whose efficiency falls half as fast with the cold, and half as fast again. */
export const variantsOf = (by: HeatedBy): HeatPump[] =>
  by === 'resistance' ? [] : [0.5, 1.5].map((share) => ({ ...by, c1: by.c1 * share }))
