/**
 * What control has saved, against a baseline: raw, and at equal mean temperature, since a colder house costs less
 * without any art. Each with a 95 % interval, or "not enough data".
 *
 * A day's cost is taken as `price (c + a difference(outdoor) + sun + weekend)`, with the difference between indoors and
 * outdoors weighted by how hard the heat pump works (see `indoor-slope.ts`), and the price that of a kWh spread over the
 * day as usual without control.
 */
import { addDays } from '@nabolag/core'
import type { HouseDay } from './days.ts'
import type { Lacking } from './house-insights.ts'
import { type HeatedBy, isHeated, livedIn, slopeDoubt, strainOf, variantsOf } from './indoor-slope.ts'
import { alikeness, reach95, regress, regressDays, varianceOf } from './regress.ts'
import { withMemory } from './serial.ts'

/** What control took part in, and what it did not. */
export type SavingsDay = HouseDay & { readonly controlled: boolean }

export type Saving = {
  /** Over the days under control; negative is a loss. 95 %. */
  readonly nok: number
  readonly low: number
  readonly high: number
  /** Of what they would have cost, with its interval. */
  readonly share: number
  readonly shareLow: number
  readonly shareHigh: number
}

export const savingsMethods = ['random-days', 'before-after', 'model'] as const
export type SavingsMethod = (typeof savingsMethods)[number]

export type Savings = {
  readonly method: SavingsMethod
  /** Why this method, and how far to trust it. */
  readonly because: string
  readonly days: { readonly control: number; readonly baseline: number }
  /** Mean of the rooms on the days under control and on the others, °C; absent where it was not measured. */
  readonly meanTemperature?: number
  readonly baselineTemperature?: number
} & (
  | {
      readonly outcome: 'found'
      readonly raw: Saving
      readonly atEqualTemperature: (Saving & { readonly outcome: 'found' }) | Lacking
      readonly sentence: string
    }
  | { readonly outcome: 'not-enough-data'; readonly sentence: string }
)

export const leastDays = 14

/** Days of the own house drawn by lot, some under control and some not. */
export const savingsByLot = (days: readonly SavingsDay[], by: HeatedBy): Savings =>
  savingsOf(
    'random-days',
    days,
    by,
    (method) =>
      `Chance decided which days were under control (${method.control}) and which were not (${method.baseline}), so that nothing else makes a lasting difference between them. Heat that the structure carries over from the day before is taken into account`,
  )

/** Days before control against days under control: whatever else changed in between is counted too. */
export const savingsBeforeAfter = (days: readonly SavingsDay[], by: HeatedBy): Savings =>
  savingsOf(
    'before-after',
    days,
    by,
    (method) =>
      `What the ${method.control} days under control would have cost is reckoned from the weather and the prices, as learned from ${method.baseline} days without control. If something else changed in between (people, habits, devices), it is counted too; days drawn by lot would tell it apart`,
  )

type Counts = { readonly control: number; readonly baseline: number }

function savingsOf(
  method: 'random-days' | 'before-after',
  days: readonly SavingsDay[],
  by: HeatedBy,
  becauseOf: (counts: Counts) => string,
): Savings {
  const known = withMemory(days, ({ energy }) => energy).filter(
    ({ cost, usualPrice, outdoor }) =>
      outdoor !== undefined && cost > 0 && Number.isFinite(usualPrice) && usualPrice > 0.02,
  )
  const [control, baseline] = [true, false].map((arm) => livedIn(known.filter((day) => day.controlled === arm))) as [
    SavingsDay[],
    SavingsDay[],
  ]
  const counted = new Set([...control, ...baseline])
  const usable = known.filter((day) => counted.has(day))
  const empty = known.length - usable.length
  const counts = { control: control.length, baseline: baseline.length }
  const temperatures = { meanTemperature: meanIndoor(control), baselineTemperature: meanIndoor(baseline) }
  const leftOut =
    empty > 0 ? `. ${empty} days with rooms more than 3 K from usual, as while nobody is at home, are left out` : ''
  const head = { method, because: `${becauseOf(counts)}${leftOut}`, days: counts, ...definedOf(temperatures) }
  const less = (why: string): Savings => ({ ...head, outcome: 'not-enough-data', sentence: `Not enough data: ${why}` })
  if (Math.min(control.length, baseline.length) < leastDays)
    return less(`${control.length} days under control and ${baseline.length} without, ${leastDays} of each are needed`)
  const outside = beyond(control, baseline)
  if (method === 'before-after' && outside > 0.2)
    return less(
      `on ${Math.round(100 * outside)} % of the days under control it was much colder or warmer than on any day without`,
    )
  const find = method === 'random-days' ? byArm : byForecast
  const usual = temperatures.baselineTemperature ?? usualIndoor
  const raw = find(control, baseline, (day) => (usual - day.outdoor!) * strainOf(day.outdoor!, by), usable)
  if (!raw) return less('the weather, the sun and the days went together')
  const equal = atEqual(usable, by, find, raw.nok / control.length)
  return { ...head, outcome: 'found', raw, atEqualTemperature: equal, sentence: sentenceOf(raw, equal, temperatures) }
}

/** Where nobody measures indoors, °C. */
const usualIndoor = 21

/** Finds the saving with one way to weigh the difference to the outdoors. */
type Find = (
  control: readonly SavingsDay[],
  baseline: readonly SavingsDay[],
  difference: (day: SavingsDay) => number,
  all: readonly SavingsDay[],
) => Saving | undefined

/** @param rawPerDay NOK that a day under control saved, raw */
function atEqual(
  days: readonly SavingsDay[],
  by: HeatedBy,
  find: Find,
  rawPerDay: number,
): (Saving & { outcome: 'found' }) | Lacking {
  const warm = days.filter(({ indoor }) => indoor !== undefined)
  const [control, baseline] = [warm.filter((day) => day.controlled), warm.filter((day) => !day.controlled)]
  const less = (because: string) => ({ outcome: 'not-enough-data', because, days: warm.length }) as const
  if (Math.min(control.length, baseline.length) < leastDays)
    return less(
      `Not enough data: the rooms were measured on ${control.length} days under control and ${baseline.length} without, ${leastDays} of each are needed`,
    )
  // A summer knows nothing of what a kelvin costs.
  if (warm.filter(isHeated).length < leastDays) return less('Not enough data: too few days of heating')
  const foundWith = (pump: HeatedBy) =>
    find(control, baseline, (day) => (day.indoor! - day.outdoor!) * strainOf(day.outdoor!, pump), warm)
  const found = foundWith(by)
  if (!found) return less('Not enough data: the temperatures went together')
  const others = variantsOf(by).map((pump) => foundWith(pump)?.nok ?? found.nok)
  const doubt = others.length > 0 ? (Math.max(...others) - Math.min(...others)) / 2 : 0
  const forWarmth = slopeDoubt * (rawPerDay * control.length - found.nok)
  const error = Math.hypot((found.high - found.low) / 2, doubt, forWarmth)
  return { outcome: 'found', ...savingOf(found.nok, error, costOf(control)) }
}

const costOf = (days: readonly HouseDay[]) => days.reduce((sum, { cost }) => sum + cost, 0)

/** @param cost of the days under control, NOK */
export function savingOf(nok: number, error: number, cost: number): Saving {
  const likely = cost + nok
  // Of the lower end of a wide interval next to nothing, or less, would be left to have a share of.
  const share = (saved: number) => (likely > 0 ? saved / Math.max(cost + saved, likely / 2) : 0)
  const [low, high] = [nok - error, nok + error]
  return { nok, low, high, share: share(nok), shareLow: share(low), shareHigh: share(high) }
}

const columnsOf = (days: readonly SavingsDay[]) => {
  const sunny = days.every(({ sun }) => sun !== undefined) && spread(days.map(({ sun }) => sun!)) > 0.005
  return (day: SavingsDay, difference: number) => [1, difference, ...(sunny ? [day.sun!] : []), day.weekend ? 1 : 0]
}

const spread = (values: readonly number[]) => Math.max(...values) - Math.min(...values)

/**
 * Of what a day leaves to those after it, the share that comes two days later and not on the next: the structure of a house
 * behind air that is kept even has 5 to 15 h (control.md B1), of which next to nothing to a fifth is there after a day.
 */
const later = [0, 0.07, 0.14] as const

/**
 * The difference that control makes, beside what weather and prices make. A day under control that follows one without
 * lives on the heat of that one, and leaves the next one a colder house: each day's cost is laid to its own control and to
 * that of the days before it, and the sum is what control makes when it goes on. Days after one of which nothing is known
 * are left out. The arms are taken from a half either way: then they have nothing in common with the price of the day,
 * which all else is scaled by, and a saving that grows with the price is not laid to the house.
 */
const byArm: Find = (control, _baseline, difference, all) => {
  const columns = columnsOf(all)
  const arms = new Map(all.map(({ date, controlled }) => [date, Number(controlled) - 0.5]))
  const days = all.flatMap((day) => {
    const [before, longBefore = 0] = [1, 2].map((n) => arms.get(addDays(day.date, -n)))
    return before === undefined ? [] : [{ day, own: Number(day.controlled) - 0.5, before, longBefore }]
  })
  const found = later.map((share) => {
    const fit = regressDays(
      days.map(({ day, own, before, longBefore }) => [
        ...columns(day, difference(day)).map((value) => value * day.usualPrice),
        ...[own, (1 - share) * before + share * longBefore],
      ]),
      days.map(({ day }) => day.cost),
      days.map(({ day }) => day.date),
    )
    if (!fit) return undefined
    const weights = fit.at.map((_, n) => Number(n >= fit.at.length - 2))
    const saved = -weights.reduce((sum, weight, n) => sum + weight * fit.at[n]!, 0)
    return { saved, error: reach95(fit.freedom) * Math.sqrt(varianceOf(fit, weights)) }
  })
  const [soon, usual, late] = found
  if (!soon || !usual || !late) return undefined
  const error = Math.hypot(usual.error, (late.saved - soon.saved) / 2)
  return savingOf(usual.saved * control.length, error * control.length, costOf(control))
}

/** What the days under control would have cost, as the others tell. */
const byForecast: Find = (control, baseline, difference, all) => {
  const columns = columnsOf(all)
  const fit = regress(
    baseline.map((day) => columns(day, difference(day))),
    baseline.map(({ cost, usualPrice }) => cost / usualPrice),
  )
  if (!fit) return undefined
  const weights = fit.at.map(() => 0)
  let squares = 0
  for (const day of control) {
    for (const [n, value] of columns(day, difference(day)).entries()) weights[n]! += day.usualPrice * value
    squares += day.usualPrice ** 2
  }
  const would = weights.reduce((sum, weight, n) => sum + weight * fit.at[n]!, 0)
  // What makes one day dearer than reckoned often makes the next one so too.
  const alike = alikeness(
    fit.left,
    baseline.map(({ date }) => date),
  )
  const together = (1 + alike) / (1 - alike)
  const variance = (varianceOf(fit, weights) + squares * fit.deviation ** 2) * together
  const cost = costOf(control)
  return savingOf(would - cost, reach95(fit.freedom / together) * Math.sqrt(variance), cost)
}

/** Share of the days under control that were more than 3 K colder or warmer than all others. */
function beyond(control: readonly HouseDay[], baseline: readonly HouseDay[]): number {
  const known = baseline.map(({ outdoor }) => outdoor!)
  const [low, high] = [Math.min(...known) - 3, Math.max(...known) + 3]
  return control.filter(({ outdoor }) => outdoor! < low || outdoor! > high).length / control.length
}

function meanIndoor(days: readonly HouseDay[]): number | undefined {
  const known = days.flatMap(({ indoor }) => indoor ?? [])
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : undefined
}

export const definedOf = <T extends object>(given: T): T =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T

/** Without the sign of a zero. */
const digits = (value: number, count: number) => value.toFixed(count).replace(/^-(?=[0.]+$)/, '')

const amount = ({ nok, low, high, share }: Saving) =>
  `${digits(nok, 0)} NOK (${digits(100 * share, 1)} %; between ${digits(low, 0)} and ${digits(high, 0)})`

export function sentenceOf(
  raw: Saving,
  equal: (Saving & { outcome: 'found' }) | Lacking,
  { meanTemperature: mean, baselineTemperature: before }: { meanTemperature?: number; baselineTemperature?: number },
): string {
  const surely = (saving: Saving) =>
    saving.low > 0
      ? 'Control saved'
      : saving.high < 0
        ? 'Control cost, as a negative saving,'
        : 'It is not certain that control saved anything:'
  const start = `${surely(raw)} ${amount(raw)}.`
  if (equal.outcome !== 'found') return `${start} At equal temperature: ${equal.because}`
  const apart = mean === undefined || before === undefined ? 0 : mean - before
  const how =
    Math.abs(apart) < 0.05
      ? 'The rooms were as warm as without it'
      : `The rooms were ${Math.abs(apart).toFixed(1)} K ${apart > 0 ? 'warmer' : 'colder'} than without it`
  const certain = equal.low > 0 ? '' : equal.high < 0 ? ', a loss' : ', which may be nothing'
  return `${start} ${how}; at equal temperature it is ${amount(equal)}${certain}`
}
