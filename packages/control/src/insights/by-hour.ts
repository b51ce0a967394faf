/** When the house uses power, and what it pays for it, by the hours of the clock. */
import { localTimeOf } from '@nabolag/core'
import type { PricedUse } from './days.ts'

export type HourOfDay = {
  /** Mean kWh in that hour; mean price of one more kWh, NOK/kWh. */
  readonly energy: number
  readonly price: number
  /** Mean cost of that hour, NOK, and its share of the day's, 0 to 1. */
  readonly cost: number
  readonly share: number
  /** Hours that the means are of. */
  readonly count: number
}

export type ByHour = {
  readonly days: number
  readonly all: readonly HourOfDay[]
  readonly weekday: readonly HourOfDay[]
  readonly weekend: readonly HourOfDay[]
  /** What a kWh costs on average, and would cost spread evenly, NOK/kWh. */
  readonly paid: number
  readonly even: number
  readonly sentence: string
}

/** 24 rows each, from 00. Nothing known gives nothing. */
export function byHour(priced: readonly PricedUse[], timezone: string): ByHour | undefined {
  const sums = { weekday: empty(), weekend: empty() }
  const dates = new Set<string>()
  for (const part of priced) {
    const { date, hour, weekday } = localTimeOf(part.start, timezone)
    dates.add(date)
    const sum = sums[weekday === 0 || weekday === 6 ? 'weekend' : 'weekday'][hour]!
    const hours = (part.end - part.start) / 3_600_000
    sum.energy += part.energy
    sum.cost += part.energy * part.total
    sum.price += part.marginal * hours
    sum.even += part.total * hours
    sum.hours += hours
  }
  const all = sums.weekday.map((sum, hour) => added(sum, sums.weekend[hour]!))
  const total = all.reduce(added)
  if (dates.size === 0 || total.energy <= 0) return undefined
  const paid = total.cost / total.energy
  const even = total.even / total.hours
  const dearest = rowsOf(all).reduce((best, row, hour, rows) => (row.cost > rows[best]!.cost ? hour : best), 0)
  const apart = Math.abs(paid - even)
  // A share of next to nothing, or of less than nothing, says nothing.
  const isShare = even > 0.05
  const difference = isShare ? `${((100 * apart) / even).toFixed(0)} %` : `${apart.toFixed(2)} NOK`
  const against =
    apart < (isShare ? 0.01 * even : 0.005)
      ? 'as much as if it were spread evenly over the day'
      : `${difference} ${paid > even ? 'more' : 'less'} than if it were spread evenly over the day`
  return {
    days: dates.size,
    all: rowsOf(all),
    weekday: rowsOf(sums.weekday),
    weekend: rowsOf(sums.weekend),
    ...{ paid, even },
    sentence: `Over ${dates.size} days a kWh cost ${paid.toFixed(2).replace('-0.00', '0.00')} NOK on average, ${against}; the dearest hour is from ${String(dearest).padStart(2, '0')} to ${String((dearest + 1) % 24).padStart(2, '0')}`,
  }
}

type Sum = { energy: number; cost: number; price: number; even: number; hours: number }
const empty = (): Sum[] => Array.from({ length: 24 }, () => ({ energy: 0, cost: 0, price: 0, even: 0, hours: 0 }))
const added = (a: Sum, b: Sum): Sum => ({
  energy: a.energy + b.energy,
  cost: a.cost + b.cost,
  price: a.price + b.price,
  even: a.even + b.even,
  hours: a.hours + b.hours,
})

function rowsOf(sums: readonly Sum[]): HourOfDay[] {
  const costs = sums.map(({ cost, hours }) => (hours > 0 ? cost / hours : 0))
  const whole = costs.reduce((sum, cost) => sum + cost, 0)
  return sums.map(({ energy, price, hours }, n) => ({
    energy: hours > 0 ? energy / hours : 0,
    price: hours > 0 ? price / hours : 0,
    cost: costs[n]!,
    share: whole > 0 ? costs[n]! / whole : 0,
    count: Math.round(hours),
  }))
}
