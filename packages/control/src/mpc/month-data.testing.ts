/** Months of real prices, weather and a household's load, put together for tests and benches. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { localDateOf, localTimeOf } from '@nabolag/core'
import { rowsOf, sharedData } from './winters.testing.ts'

const hour = 3_600_000
export const zone = 'Europe/Oslo'

export type Load = ReadonlyMap<number, number>

/** kWh of each hour of a household in France, 2024; a gap is filled from a day or a week before or after. */
export function readLoad(folder = sharedData): Load | undefined {
  const path = join(folder, 'household_load_pv_france_2024_2025/load_pv_30min.csv')
  if (!existsSync(path)) return undefined
  const sums = new Map<number, { sum: number; count: number }>()
  let last = 0
  for (const [time, watts] of rowsOf(path)) {
    const at = Math.floor(Date.parse(time!) / hour) * hour
    last = at
    if (!watts) continue
    const so = sums.get(at) ?? { sum: 0, count: 0 }
    sums.set(at, { sum: so.sum + Number(watts) / 1000, count: so.count + 1 })
  }
  const load = new Map([...sums].map(([at, { sum, count }]) => [at, sum / count]))
  const first = Math.min(...load.keys())
  for (let at = first; at <= last; at += hour) {
    if (load.has(at)) continue
    const near = [24, -24, 168, -168, 336, -336, 1, -1, 2].map((h) => load.get(at + h * hour))
    load.set(at, near.find((kwh) => kwh !== undefined) ?? 0.4)
  }
  return load
}

export type MonthCase = {
  /** `2023-10` */
  readonly month: string
  /** The load of so many days later is taken; whole weeks keep the weekday. */
  readonly loadDaysLater: number
  readonly battery?: { readonly capacity: number; readonly power: number }
  readonly heated?: boolean
}

export type MonthData = {
  /** Begin of each hour, from a fortnight before the month to three days after it. */
  readonly time: readonly number[]
  readonly price: readonly number[]
  readonly outdoor: readonly number[]
  readonly load: readonly number[]
  /** First hour of the month, and the one after it. */
  readonly from: number
  readonly to: number
}

/** Spot of SE3 at 11.5 NOK/EUR with the grid tariff of Tensio TS and the taxes of 2026, VAT included. */
export function readMonth({ month, loadDaysLater }: MonthCase, load: Load, folder = sharedData): MonthData | undefined {
  const prices = join(folder, 'prices_se3_se4_2023_2024/prices_hourly.csv')
  const weather = join(folder, 'weather_stockholm_malmo_2023_2024/stockholm_hourly.csv')
  if (!existsSync(prices) || !existsSync(weather)) return undefined
  const outdoorAt = new Map(rowsOf(weather).map(([time, outdoor]) => [Date.parse(time!), Number(outdoor)]))
  const all = rowsOf(prices).map(([time, euro]) => ({ at: Date.parse(time!), spot: (Number(euro) * 11.5) / 1000 }))
  const inside = all.findIndex(({ at }) => localDateOf(at, zone).startsWith(month))
  const end = all.findLastIndex(({ at }) => localDateOf(at, zone).startsWith(month)) + 1
  const begin = Math.max(0, inside - 14 * 24)
  const rows = all.slice(begin, end + 72)
  return {
    time: rows.map(({ at }) => at),
    price: rows.map(({ at, spot }) => {
      const local = localTimeOf(at, zone).hour
      return 1.25 * (spot + (local >= 6 && local < 22 ? 0.221 : 0.109) + 0.0713 + 0.01)
    }),
    outdoor: rows.map(({ at }) => outdoorAt.get(at) ?? 0),
    load: rows.map(({ at }) => {
      const source = at + loadDaysLater * 24 * hour
      // Before the record begins, the days a fortnight later stand in.
      return load.get(source) ?? load.get(source + 14 * 24 * hour) ?? load.get(source + 28 * 24 * hour) ?? 0.4
    }),
    from: inside - begin,
    to: end - begin,
  }
}
