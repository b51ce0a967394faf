/**
 * What a house will use, from what it used: the mean of the same local hour on days of the same kind in the last four
 * weeks, the newer ones weighing more; heating by the outdoor temperature apart, where the days show it; and what the last
 * hours were off, as far as such differences have lasted in this house. Power in kW, temperatures in °C, lengths in h.
 */
import { localTime } from '../comfort/local-time.ts'
import type { Use } from '../prices/capacity.ts'
import { isPublicHoliday } from '../prices/holidays.ts'
import { firstFrom } from './first-from.ts'

const hour = 3_600_000
const day = 24 * hour

export type LoadQuestion = {
  /** What was used, in hours or parts of them; what ends after `now` or is no number is left out. */
  readonly used: readonly Use[]
  /** °C outdoors in the past, at any times, in order; without it heating is not told apart. */
  readonly outdoor?: readonly { readonly at: number; readonly value: number }[]
  /** °C in each step to come. */
  readonly outdoorAhead?: readonly number[]
  readonly now: number
  /** Lengths from `now` on, h. */
  readonly steps: readonly number[]
  readonly timezone: string
}

export type LoadForecast = {
  /** Mean of each step. */
  readonly mean: readonly number[]
  /** Standard deviation of an hour about it, in each step. */
  readonly spread: readonly number[]
  /** What is used more for each kelvin colder below `heatingBelow`, kW/K; absent where the days do not show it. */
  readonly perKelvin?: number
  /** Days it was learnt from. */
  readonly days: number
}

/** Of the daily mean outdoors, °C. */
export const heatingBelow = 16

/**
 * A heated home plans for so many deviations more than the mean where a capacity step is held: heat is moved for little. A
 * battery alone does not: kept full for what may come it earns less than the step costs.
 */
export const wary = 0.5

const daysBack = 28
/** After so many days an hour weighs half. */
const halfLife = 5
/** What an hour of the other kind of day weighs, and one an hour earlier or later. */
const otherKind = 0.2
const beside = 0.05
/** Below a day of hours nothing is said. */
const leastHours = 24

type Hour = {
  readonly at: number
  readonly power: number
  readonly slot: number
  readonly free: boolean
  readonly cold: number
}

/** @returns `unknown` where less than a day is known of the last four weeks */
export function forecastLoad(asked: LoadQuestion): LoadForecast | 'unknown' {
  const { used, outdoor = [], outdoorAhead, now, steps, timezone } = asked
  const coldOf = coldnessOf(hourly(outdoor))
  const kinds = new Map<number, { slot: number; free: boolean }>()
  const kindOf = (at: number) => {
    const start = Math.floor(at / hour) * hour
    const known = kinds.get(start)
    if (known) return known
    const { date, weekday, hour: slot } = localTime(start, timezone)
    const kind = { slot, free: weekday > 5 || isPublicHoliday(date) }
    kinds.set(start, kind)
    return kind
  }
  const hours = hoursOf(used, now).map(
    ({ at, power }): Hour => ({ at, power, ...kindOf(at), cold: coldOf(at + hour / 2) }),
  )
  if (hours.length < leastHours) return 'unknown'
  const perKelvin = outdoorAhead ? slopeOf(hours) : undefined
  const heatingAt = (cold: number) => (perKelvin === undefined || !Number.isFinite(cold) ? 0 : perKelvin * cold)
  const rest = hours.map((one) => ({ ...one, power: one.power - heatingAt(one.cold) }))
  const usual = profileOf(rest, now)
  const errors = rest.map(({ at, power, slot, free }) => ({ at, slot, error: power - usual(slot, free).mean }))
  const lasting = persistenceOf(errors)
  const level = levelOf(errors, now)

  const mean: number[] = []
  const spread: number[] = []
  let begin = now
  const aheadCold = coldAhead(asked)
  for (const [k, length] of steps.entries()) {
    const end = begin + length * hour
    let sum = 0
    let variance = 0
    // A step may lie across hours of the clock.
    for (let at = begin; at < end - 1; ) {
      const next = Math.min(end, (Math.floor(at / hour) + 1) * hour)
      const share = (next - at) / (end - begin)
      const { slot, free } = kindOf(at)
      const { mean: most, variance: scatter } = usual(slot, free)
      const lead = ((at + next) / 2 - now) / hour
      sum += share * (most + level * lasting(lead))
      variance += share * scatter
      at = next
    }
    mean.push(Math.max(0, sum + heatingAt(aheadCold[k] ?? Number.NaN)))
    spread.push(Math.sqrt(variance))
    begin = end
  }
  return {
    ...{ mean, spread },
    ...(perKelvin !== undefined && { perKelvin }),
    days: new Set(hours.map(({ at }) => Math.floor(at / day))).size,
  }
}

/** Hours of the clock that are known for at least half, each with its mean power; the last weeks only. */
function hoursOf(used: readonly Use[], now: number): { at: number; power: number }[] {
  const sums = new Map<number, { energy: number; length: number }>()
  for (const { start, end, energy } of used) {
    if (!(end > start) || !(end <= now) || start < now - daysBack * day || !(energy >= 0) || energy > 1e6) continue
    for (let at = Math.floor(start / hour) * hour; at < end; at += hour) {
      const length = Math.min(end, at + hour) - Math.max(start, at)
      const so = sums.get(at) ?? { energy: 0, length: 0 }
      sums.set(at, { energy: so.energy + (energy * length) / (end - start), length: so.length + length / hour })
    }
  }
  return [...sums]
    .filter(([, { length }]) => length >= 0.5)
    .map(([at, { energy, length }]) => ({ at, power: energy / length }))
    .sort((a, b) => a.at - b.at)
}

/** Kelvin below `heatingBelow` of the mean of the 24 hours before a time: a house feels the weather late. */
function coldnessOf(outdoor: NonNullable<LoadQuestion['outdoor']>): (at: number) => number {
  const known = outdoor
    .filter(({ at, value }) => Number.isFinite(at) && value >= -60 && value <= 50)
    .toSorted((a, b) => a.at - b.at)
  const sums = [0]
  for (const { value } of known) sums.push(sums.at(-1)! + value)
  return (at) => {
    const [from, to] = [firstFrom(known, at - day), firstFrom(known, at)]
    return to - from < 4 ? Number.NaN : Math.max(0, heatingBelow - (sums[to]! - sums[from]!) / (to - from))
  }
}

/** The same in the middle of each step to come: the past 24 hours give way to the forecast. */
function coldAhead({ outdoor = [], outdoorAhead, now, steps }: LoadQuestion): number[] {
  if (!outdoorAhead) return []
  const coming: { at: number; value: number }[] = []
  let begin = now
  let nextHour = now
  const middles = steps.map((length, k) => {
    const end = begin + length * hour
    // One point for each hour, so that short steps weigh no more than long ones.
    for (; nextHour < end; nextHour += hour) coming.push({ at: nextHour, value: outdoorAhead[k] ?? Number.NaN })
    const middle = (begin + end) / 2
    begin = end
    return middle
  })
  const coldOf = coldnessOf([...hourly(outdoor.filter(({ at }) => at < now && at >= now - day)), ...coming])
  // With too little of the past the forecast alone says how cold it is.
  const alone = coldnessOf([...coming.map(({ at, value }) => ({ at: at - day, value })), ...coming])
  return middles.map((at) => {
    const cold = coldOf(at)
    return Number.isFinite(cold) ? cold : alone(at)
  })
}

const hourly = (points: NonNullable<LoadQuestion['outdoor']>) =>
  [...Map.groupBy(points, ({ at }) => Math.floor(at / hour))].map(([number, some]) => ({
    at: number * hour,
    value: some.reduce((sum, { value }) => sum + value, 0) / some.length,
  }))

/** kW/K by the means of the days; only where it stands clear of the days' scatter. */
function slopeOf(hours: readonly Hour[]): number | undefined {
  const days = new Map<number, { power: number; cold: number; count: number }>()
  const last = hours.at(-1)!.at
  for (const { at, power, cold } of hours) {
    if (!Number.isFinite(cold)) continue
    const number = Math.floor((last - at) / day)
    const so = days.get(number) ?? { power: 0, cold: 0, count: 0 }
    days.set(number, { power: so.power + power, cold: so.cold + cold, count: so.count + 1 })
  }
  const known = [...days.values()]
    .filter(({ count }) => count >= 20)
    .map(({ power, cold, count }) => ({ x: cold / count, y: power / count }))
  if (known.length < 7) return undefined
  const mx = known.reduce((sum, { x }) => sum + x, 0) / known.length
  const my = known.reduce((sum, { y }) => sum + y, 0) / known.length
  const sxx = known.reduce((sum, { x }) => sum + (x - mx) ** 2, 0)
  if (sxx < known.length) return undefined
  const slope = known.reduce((sum, { x, y }) => sum + (x - mx) * (y - my), 0) / sxx
  const left = known.reduce((sum, { x, y }) => sum + (y - my - slope * (x - mx)) ** 2, 0)
  const error = Math.sqrt(left / (known.length - 2) / sxx)
  return slope > 3 * error ? slope : undefined
}

/** Mean and variance of an hour of the day, by kind of day. */
function profileOf(hours: readonly Hour[], now: number) {
  const known = new Map<string, { mean: number; variance: number }>()
  return (slot: number, free: boolean) => {
    const name = `${slot} ${free}`
    const so = known.get(name)
    if (so) return so
    let weights = 0
    let sum = 0
    let squares = 0
    for (const one of hours) {
      const away = Math.min((one.slot - slot + 24) % 24, (slot - one.slot + 24) % 24)
      if (away > 1) continue
      const weight =
        2 ** (-(now - one.at) / (halfLife * day)) * (one.free === free ? 1 : otherKind) * (away === 0 ? 1 : beside)
      weights += weight
      sum += weight * one.power
      squares += weight * one.power ** 2
    }
    if (weights === 0)
      for (const { power } of hours) {
        weights++
        sum += power
        squares += power ** 2
      }
    const mean = sum / weights
    const found = { mean, variance: Math.max(0, squares / weights - mean ** 2) }
    known.set(name, found)
    return found
  }
}

type Miss = { readonly at: number; readonly error: number }

/** What the last hours were off, kW: the newest weighing most. */
function levelOf(errors: readonly Miss[], now: number): number {
  let weights = 0
  let sum = 0
  for (const { at, error } of errors) {
    const age = (now - at) / hour
    if (age > 6.5) continue
    const weight = 0.6 ** age
    weights += weight
    sum += weight * error
  }
  return weights > 0 ? sum / weights : 0
}

/** How much of what the last hours were off is left some hours later, from how it was in this house. */
function persistenceOf(errors: readonly Miss[]): (lead: number) => number {
  const at = new Map(errors.map((one) => [one.at, one.error]))
  const share = (hours: number) => {
    let both = 0
    let squares = 0
    for (const { at: time } of errors) {
      const levels = [1, 2, 3].map((n) => at.get(time - n * hour)).filter((one) => one !== undefined)
      const then = at.get(time + (hours - 1) * hour)
      if (levels.length < 3 || then === undefined) continue
      const level = (0.6 * levels[0]! + 0.36 * levels[1]! + 0.216 * levels[2]!) / 1.176
      both += level * then
      squares += level * level
    }
    return squares > 0 ? Math.min(1, Math.max(0, both / squares)) : 0
  }
  const known = [1, 2, 3, 6, 12, 24].map((lead) => ({ lead, share: share(lead) }))
  for (let n = 1; n < known.length; n++) known[n]!.share = Math.min(known[n]!.share, known[n - 1]!.share)
  return (lead) => {
    const next = known.findIndex((one) => one.lead >= lead)
    if (next === 0) return known[0]!.share
    if (next < 0) return known.at(-1)!.share * Math.exp(-(lead - 24) / 12)
    const [a, b] = [known[next - 1]!, known[next]!]
    return a.share + ((b.share - a.share) * (lead - a.lead)) / (b.lead - a.lead)
  }
}
