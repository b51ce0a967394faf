/** Houses whose truth is known: what they drew, hour by hour, and what control did to it. */
import { addDays } from '@nabolag/core'
import type { TimedValue } from '../estimate/samples.ts'
import type { Use } from '../prices/capacity.ts'
import { householdPrice } from '../prices/household-price.ts'
import type { PriceSettings } from '../prices/settings.ts'
import type { SpotEntry } from '../prices/spot.ts'
import { cop, usualHeatPump } from '../thermal/heat-pump.ts'
import { houseDays, priceUse } from './days.ts'
import type { SavingsDay } from './savings.ts'

export const zone = 'Europe/Oslo'
const hour = 3_600_000

/** Repeatable numbers between 0 and 1 (mulberry32), and normal ones. */
export function chance(seed: number) {
  let state = (seed * 0x9e3779b9) | 0
  const even = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const normal = () => Math.sqrt(-2 * Math.log(1 - even())) * Math.cos(2 * Math.PI * even())
  return { even, normal }
}

export type Told = {
  readonly seed: number
  readonly days: number
  /** Whether a day, by its number, is under control. */
  readonly controlled: (day: number) => boolean
  /** Share of the heating that control moves from the dear half of the day to the cheap one. */
  readonly shifted: number
  /** How much colder it keeps the rooms, K. */
  readonly colder: number
  /** kW/K. */
  readonly loss?: number
}

export type History = {
  readonly days: readonly SavingsDay[]
  readonly use: readonly Use[]
  readonly spot: readonly SpotEntry[]
  readonly outdoor: readonly TimedValue[]
  readonly indoor: readonly TimedValue[]
  /** NOK that control saved over its days, and what of it is not for colder rooms. */
  readonly truth: { readonly raw: number; readonly equal: number }
}

/** Of winter time all through, so that every day has 24 hours. */
export const firstDay = '2025-11-03'
const vat = 1.25
/** Of the kWh of a day in each hour, without control. */
const usual = Array.from({ length: 24 }, (_, h) => (h > 16 && h < 22 ? 2.4 : 1.6) / (24 * 1.6 + 5 * 0.8))

/** Winter days of a house with a heat pump; the weather, the prices and the people change from day to day. */
export function makeHistory({ seed, days, controlled, shifted, colder, loss = 0.15 }: Told): History {
  const random = chance(seed)
  const use: Use[] = []
  const spot: SpotEntry[] = []
  const outdoor: TimedValue[] = []
  const indoor: TimedValue[] = []
  const truth = { raw: 0, equal: 0 }
  const made: SavingsDay[] = []
  let [weather, level, people] = [0, 0, 0]
  for (let n = 0; n < days; n++) {
    const date = addDays(firstDay, n)
    const begin = Date.parse(date) - hour
    weather = 0.7 * weather + 2.5 * random.normal()
    level = 0.8 * level + 0.1 * random.normal()
    people = 0.4 * people + random.normal()
    const isControlled = controlled(n)
    const wish = 21 + 0.15 * random.normal()
    const room = isControlled ? wish - colder : wish
    const sums = { energy: 0, cost: 0, price: 0, outdoor: 0, indoor: 0 }
    let usualPrice = 0
    for (let h = 0; h < 24; h++) {
      const start = begin + h * hour
      const out = weather - 3 + 3 * Math.sin(((h - 9) / 12) * Math.PI)
      const dear = h >= 7 && h < 19
      const bare = Math.max(0.05, 0.6 + level + (dear ? 0.25 : -0.25) * (1 + 0.3 * random.normal()))
      const efficiency = cop(usualHeatPump, out)
      const heatFor = (at: number) => Math.max(0, loss * (at - out) - 0.4) / efficiency
      const other = Math.max(0.1, 0.6 + 0.06 * people + 0.1 * random.normal() + (h > 16 && h < 22 ? 0.8 : 0))
      const heat = heatFor(room)
      const energy = other + (isControlled ? heat * (dear ? 1 - shifted : 1 + shifted) : heat)
      const felt = room + 0.03 * random.normal()
      spot.push({ start, end: start + hour, price: bare })
      use.push({ start, end: start + hour, energy })
      outdoor.push({ time: start, value: out })
      indoor.push({ time: start, value: felt })
      const price = bare * vat
      sums.energy += energy
      sums.cost += energy * price
      sums.price += price / 24
      usualPrice += price * usual[h]!
      sums.outdoor += out / 24
      sums.indoor += felt / 24
      if (isControlled) {
        truth.raw += (other + heatFor(wish) - energy) * price
        truth.equal += (other + heat - energy) * price
      }
    }
    const weekend = [0, 6].includes(new Date(date).getUTCDay())
    made.push({ ...{ date, weekend, controlled: isControlled }, ...sums, usualPrice })
  }
  return { days: made, use, spot, outdoor, indoor, truth }
}

/** The prices that these houses pay: spot and VAT. */
export const pricesOfHistory: PriceSettings = {
  ...{ area: 'NO1', support: [{ from: '2000-01-01', scheme: 'none' }] },
  electricityTax: [{ from: '2000-01-01', value: 0 }],
  enovaFee: [{ from: '2000-01-01', value: 0 }],
}

/** The same days, made as for a real house: from its use, its prices and its thermometers. */
export function daysOfHistory({ use, spot, outdoor, indoor, days }: History): SavingsDay[] {
  const { intervals } = householdPrice({ spot, settings: pricesOfHistory, timezone: zone })
  const priced = priceUse(use, intervals)
  const house = houseDays({ priced, timezone: zone, outdoor, indoor, usual: { weekday: usual, weekend: usual } })
  return house.map((day, n) => ({ ...day, controlled: days[n]!.controlled }))
}
