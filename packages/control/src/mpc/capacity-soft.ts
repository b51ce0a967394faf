/**
 * The capacity charge as a soft cap: which step of the grid tariff the month can and should keep, and what the planner
 * then holds against it. A plan of two days does not see the month; what it has drawn so far and what its days are to
 * look like come in here. Power in kW, energy in kWh, NOK with VAT unless said.
 */
import { localDateOf } from '@nabolag/core'
import { billedPower, type CapacityTariff, dayMaxima, perMonth, stepOf, type Use } from '../prices/capacity.ts'
import { inForce } from '../prices/dated.ts'
import type { Capacity } from './view.ts'

const hour = 3_600_000

export type CapacityQuestion = {
  /** Of the grid company, `tariffsOf(settings).capacity`; without VAT. */
  readonly tariffs: readonly CapacityTariff[]
  /** VAT as a share: `vatOn(settings, date)`. */
  readonly vat: number
  /** Of the local days and months. */
  readonly timezone: string
  readonly now: number
  /** Lengths of the plan's steps, h. */
  readonly steps: readonly number[]
  /** What the meter drew since the month began. */
  readonly use: readonly Use[]
  /** What the home would draw in each step if the charge did not matter, heating included, kW. */
  readonly expected?: readonly number[]
  /** When the first of those steps begins, where that is not `now`, ms. */
  readonly expectedFrom?: number
  /** What of it can be moved: power out of an hour, and energy in a day. What one heat pump can when left out. */
  readonly movable?: { readonly power: number; readonly energy: number }
  /** Standard deviation of an hour about what is expected, in each step, kW; 0 where all is known. */
  readonly spread?: readonly number[]
  /**
   * Share of a step's limit kept free for a day that needs more than any before; less in the month's last days. When left
   * out it follows the spread.
   */
  readonly margin?: number
  /** What it costs to move a kWh to another hour, NOK/kWh. */
  readonly moving?: number
}

export type StepChoice = {
  /** Number of the step in the tariff, and the mean of the highest days that leaves it, kW. */
  readonly step: number
  readonly limit: number
  /** What every day that is left may have as its highest hour, kW. */
  readonly perDay: number
  /** kWh to be moved in the days that are left, and whether that can be. */
  readonly moved: number
  readonly within: boolean
  /** The step's price a month and the price of moving, NOK. */
  readonly charge: number
  readonly cost: number
}

export type CapacityAim = {
  readonly chosen: StepChoice
  /** How many days of the month are billed by: three, or the single highest. */
  readonly counted: 1 | 3
  readonly choices: readonly StepChoice[]
  /** What the next step costs more a month, NOK. */
  readonly more: number
  /** By how much the month would leave the step if nothing was moved, kW. */
  readonly beyond: number
}

/** As little as this above a limit is above it. */
const watt = 0.001
/** Dearer than any step: what cannot be kept. */
const unreachable = 1e6

/** So much of a step is always kept free, so much of the forecast's greatest deviation besides, and never more than that. */
const leastMargin = 0.05
const ofSpread = 0.2
const mostMargin = 0.2
const onePump = { power: 2, energy: 6 }

/** The step to keep: that of which the charge and the moving together cost least in the days that are left. */
export function stepToKeep(asked: CapacityQuestion): CapacityAim | undefined {
  const { now, timezone, vat, use, moving = 0.25, movable = onePump } = asked
  const today = localDateOf(now, timezone)
  const tariff = inForce(asked.tariffs, `${today.slice(0, 7)}-01`)?.entry
  if (!tariff || tariff.method === 'by-hand' || tariff.steps.length === 0) return undefined
  const counted = tariff.method === 'three-days' ? 3 : 1
  const maxima = dayMaxima(sinceMonthBegan(use, today, timezone), timezone)
  const peaks = maxima.map(({ power }) => power)
  const daysLeft = daysAfter(today) + 1
  const profiles = expectedDays(asked)
  const expectedPeaks = profiles.map((hours) => Math.max(...hours)).sort((a, b) => b - a)
  const toCome = expectedPeaks.slice(0, Math.min(counted, daysLeft))
  const unmanaged = billedPower(tariff.method, [...peaks, ...toCome])

  const lowest = profiles.map((hours) => lowestPeak(hours, movable))
  // What other days than the ones in sight are taken to need: as much as most of those known.
  const alike = [...lowest, ...peaks].sort((a, b) => a - b)
  const typical = alike[Math.floor((alike.length - 1) / 2)] ?? 0

  const choices = tariff.steps.flatMap((_, step): StepChoice[] => {
    const limit = limitOf(tariff, step)
    const perDay = perDayWithin(limit, marginOf(limit, asked, daysLeft), peaks, counted, daysLeft)
    if (perDay === undefined) return []
    // A day that needs more than its share may have it where the mean of the highest still fits.
    const highest = [...peaks, ...lowest, ...Array<number>(Math.min(counted, daysLeft)).fill(typical)]
    const within = billedPower(tariff.method, highest) <= limit
    const charge = perMonth(tariff, step) * (1 + vat)
    const total = movedBelow(perDay, profiles) * daysLeft
    const cost = charge + moving * total + (within ? 0 : unreachable)
    return [{ step, limit, perDay, moved: total, within, charge, cost }]
  })
  const chosen = choices.reduce<StepChoice | undefined>((a, b) => (a && a.cost <= b.cost ? a : b), undefined)
  if (!chosen) return undefined
  const more = tariff.steps[chosen.step + 1]
    ? (perMonth(tariff, Math.max(chosen.step + 1, stepOf(tariff, unmanaged))) - perMonth(tariff, chosen.step)) *
      (1 + vat)
    : 0
  return { chosen, counted, choices, more, beyond: Math.max(0, unmanaged - chosen.limit) }
}

/**
 * What the planner holds against the charge; `undefined` where nothing hangs on it: a tariff by the fuse, or a month that
 * is in its dearest step already.
 */
export function capacityFor(asked: CapacityQuestion, aim = stepToKeep(asked)): Capacity | undefined {
  if (!aim || !Number.isFinite(aim.chosen.limit) || aim.more <= 0) return undefined
  const { now, timezone, steps } = asked
  const today = localDateOf(now, timezone)
  const use = sinceMonthBegan(asked.use, today, timezone).filter(({ start }) => start < now)
  const maxima = dayMaxima(use, timezone)
  const days = daysOf(now, steps, timezone)
  const counted = aim.counted
  const thisHour = Math.floor(now / hour) * hour
  const energy = use.reduce((sum, { start, end, energy: kwh }) => {
    const share = (Math.min(end, now) - Math.max(start, thisHour)) / (end - start)
    return share > 0 && kwh > 0 ? sum + kwh * Math.min(1, share) : sum
  }, 0)
  return {
    step: aim.chosen.limit - marginOf(aim.chosen.limit, asked, daysAfter(today) + 1),
    // Leaving the step altogether costs `more` for `beyond` kW; what is dearer than that is not worth keeping it for.
    price: aim.more / Math.max(0.5, aim.beyond),
    peaks: maxima.filter(({ date }) => date !== today).map(({ power }) => power),
    today: maxima.find(({ date }) => date === today)?.power ?? 0,
    thisHour: energy,
    toCome: Array<number>(Math.min(counted, Math.max(0, daysAfter(today) - Math.max(0, ...days)))).fill(
      aim.chosen.perDay,
    ),
    days,
    counted,
  }
}

/** At least what a meter and a plan may differ by. */
function marginOf(limit: number, { margin, spread = [] }: CapacityQuestion, daysLeft: number): number {
  if (!Number.isFinite(limit)) return 0
  const scatter = spread.reduce((most, kw) => (kw > most ? kw : most), 0)
  const share = margin ?? Math.min(mostMargin, Math.max(leastMargin, (ofSpread * scatter) / limit))
  return Math.min(limit, Math.max(0.02, share * limit * Math.min(1, (daysLeft - 1) / 10)))
}

/** The mean of the highest days that a step ends at, kW. */
function limitOf({ steps, thresholdIncluded }: CapacityTariff, step: number): number {
  const above = steps[step + 1]?.above
  return above === undefined ? Number.POSITIVE_INFINITY : above - (thresholdIncluded ? watt : 0)
}

/** Local day of each step's begin: 0 today, 1 tomorrow; -1 in another month. */
export function daysOf(now: number, steps: readonly number[], timezone: string): number[] {
  const today = localDateOf(now, timezone)
  const numbers = new Map([[today, 0]])
  let begin = now
  return steps.map((hours) => {
    // A step that begins within a second of midnight belongs to the new day.
    const date = localDateOf(begin + 1000, timezone)
    begin += hours * hour
    if (!numbers.has(date)) numbers.set(date, numbers.size)
    return date.slice(0, 7) === today.slice(0, 7) ? numbers.get(date)! : -1
  })
}

const sinceMonthBegan = (use: readonly Use[], today: string, timezone: string) =>
  use.filter(({ start }) => localDateOf(start, timezone).slice(0, 7) === today.slice(0, 7))

/** Days of the month that come after a date. */
function daysAfter(today: string): number {
  const [year, month, day] = today.split('-').map(Number) as [number, number, number]
  return new Date(Date.UTC(year, month, 0)).getUTCDate() - day
}

/** The highest that all days left may reach with the mean of the highest still within a limit; `undefined`: none. */
function perDayWithin(
  limit: number,
  margin: number,
  peaks: readonly number[],
  counted: number,
  daysLeft: number,
): number | undefined {
  if (!Number.isFinite(limit)) return Number.POSITIVE_INFINITY
  const highest = peaks.toSorted((a, b) => b - a).slice(0, counted)
  const meanWith = (power: number) => {
    const all = [...highest, ...Array<number>(Math.min(counted, daysLeft)).fill(power)].sort((a, b) => b - a)
    return all.slice(0, counted).reduce((sum, each) => sum + each, 0) / counted
  }
  if (meanWith(0) > limit) return undefined
  const aimed = Math.max(meanWith(0), limit - margin)
  let low = 0
  let high = counted * limit
  for (let n = 0; n < 40; n++) {
    const middle = (low + high) / 2
    if (meanWith(middle) > aimed) high = middle
    else low = middle
  }
  return low
}

/** Hours of the days that the plan sees, kWh each; the last piece of a day too short to say much is left out. */
function expectedDays({ now, steps, timezone, expected, expectedFrom = now }: CapacityQuestion): number[][] {
  if (!expected) return []
  const use: Use[] = []
  let begin = expectedFrom
  for (const [k, hours] of steps.entries()) {
    const kw = expected[k]
    const end = begin + hours * hour
    if (kw !== undefined && Number.isFinite(kw)) use.push({ start: begin, end, energy: Math.max(0, kw) * hours })
    begin = end
  }
  const days = new Map<string, Map<number, number>>()
  for (const { start, end, energy } of use) {
    for (let at = Math.floor(start / hour) * hour; at < end; at += hour) {
      const share = (Math.min(end, at + hour) - Math.max(start, at)) / (end - start)
      const date = localDateOf(at, timezone)
      const hours = days.get(date) ?? new Map<number, number>()
      hours.set(at, (hours.get(at) ?? 0) + energy * share)
      days.set(date, hours)
    }
  }
  const whole = [...days.values()].filter((hours) => hours.size >= 20)
  return (whole.length > 0 ? whole : [...days.values()]).map((hours) => [...hours.values()])
}

/** kWh of a mean day that must leave the hours above a power. */
const movedBelow = (perDay: number, days: readonly (readonly number[])[]) =>
  days.reduce((sum, hours) => sum + beyondOf(hours, perDay), 0) / Math.max(1, days.length)

const beyondOf = (hours: readonly number[], power: number) =>
  hours.reduce((sum, kwh) => sum + Math.max(0, kwh - power), 0)

/** The lowest that the highest hour of a day can be made by moving, kW. */
function lowestPeak(hours: readonly number[], movable: typeof onePump): number {
  let low = Math.max(0, Math.max(...hours) - movable.power)
  let high = Math.max(...hours)
  const fits = (power: number) => {
    const room = hours.reduce((sum, kwh) => sum + Math.max(0, power - kwh), 0)
    return beyondOf(hours, power) <= Math.min(room, movable.energy) + 1e-9
  }
  if (fits(low)) return low
  for (let n = 0; n < 30; n++) {
    const middle = (low + high) / 2
    if (fits(middle)) high = middle
    else low = middle
  }
  return high
}
