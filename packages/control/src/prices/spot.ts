/** The price of power itself: tidied, brought to one step, and its unknown hours filled. */
import { addDays, localDateOf, localTimeOf, momentOfLocal, offsetAt } from '@nabolag/core'

/** A price from one moment to another, ms; NOK/kWh without VAT, `null` where it is not known. */
export type SpotEntry = {
  readonly start: number
  readonly end: number
  readonly price: number | null
  /** Not published, but filled in. */
  readonly estimated?: boolean
}

type Known = SpotEntry & { readonly price: number }

/** Beyond what any day-ahead market allows (4 to 5 EUR/kWh): a fault of unit, and taken as not known. */
const impossible = 100

const hour = 3_600_000
const quarter = 900_000

export const isKnown = (entry: SpotEntry): entry is Known =>
  entry.price !== null && Math.abs(entry.price) <= impossible && entry.end > entry.start

/**
 * The known ones, in order and without overlap: of two with one start the later given counts, and one that reaches into
 * the next is cut short.
 */
export function tidySpot(entries: readonly SpotEntry[]): Known[] {
  const byStart = new Map<number, Known>()
  for (const entry of entries) if (isKnown(entry)) byStart.set(entry.start, entry)
  const sorted = [...byStart.values()].sort((a, b) => a.start - b.start)
  return sorted.map((entry, i) => {
    const next = sorted[i + 1]
    return next && next.start < entry.end ? { ...entry, end: next.start } : entry
  })
}

/**
 * Brought to steps of so many minutes from the whole hour: parts of a longer price are equal to it, a step of several
 * shorter ones has their mean by time. Steps that are known in part have the mean of that part.
 */
export function resampleSpot(entries: readonly SpotEntry[], minutes: number): Known[] {
  const step = minutes * 60_000
  const sums = new Map<number, { money: number; time: number; estimated: boolean }>()
  for (const { start, end, price, estimated = false } of tidySpot(entries)) {
    for (let at = Math.floor(start / step) * step; at < end; at += step) {
      const time = Math.min(end, at + step) - Math.max(start, at)
      const sum = sums.get(at) ?? { money: 0, time: 0, estimated: false }
      sums.set(at, { money: sum.money + price * time, time: sum.time + time, estimated: sum.estimated || estimated })
    }
  }
  return [...sums].map(([start, { money, time, estimated }]) => ({
    ...{ start, end: start + step, price: money / time },
    ...(estimated && { estimated }),
  }))
}

/** Cut at every whole local hour, so that no part reaches over a change of tariff. */
export function splitAtHours(entries: readonly Known[], timezone: string): Known[] {
  return entries.flatMap((entry) => {
    const parts: Known[] = []
    for (let at = entry.start; at < entry.end; ) {
      const ahead = offsetAt(at, timezone)
      const end = Math.min(entry.end, (Math.floor((at + ahead) / hour) + 1) * hour - ahead)
      parts.push({ ...entry, start: at, end })
      at = end
    }
    return parts
  })
}

/** The spans between two moments that no entry covers. */
export function gapsOf(
  entries: readonly { readonly start: number; readonly end: number }[],
  from: number,
  to: number,
): { readonly start: number; readonly end: number }[] {
  const gaps: { start: number; end: number }[] = []
  let at = from
  for (const { start, end } of entries) {
    if (start > at && at < to) gaps.push({ start: at, end: Math.min(start, to) })
    at = Math.max(at, end)
  }
  if (at < to) gaps.push({ start: at, end: to })
  return gaps
}

/**
 * Prices for all of a time: where there is none, that of the last known day at the same local time, marked as
 * estimated. It looks back up to a week for a day that has that time, then as far ahead, and takes the mean of all that
 * is known last. An hour that the clocks repeat has the price of the first of both; one that they skipped on the day
 * that stands in has that of the hour after. Nothing known gives nothing.
 *
 * @param from first moment to be covered, ms
 * @param to the moment it ends, ms
 */
export function fillUnknown(entries: readonly SpotEntry[], from: number, to: number, timezone: string): Known[] {
  const known = tidySpot(entries)
  const published = known.filter(({ estimated }) => !estimated)
  const base = published.length > 0 ? published : known
  if (base.length === 0) return []
  const step = Math.min(hour, Math.max(quarter, base.at(-1)!.end - base.at(-1)!.start))
  const mean = meanOf(base)
  const filled = gapsOf(known, from, to).flatMap((gap) => {
    const parts: Known[] = []
    for (let start = gap.start; start < gap.end; ) {
      const end = Math.min(gap.end, (Math.floor(start / step) + 1) * step)
      parts.push({ start, end, price: alike(base, start, timezone) ?? mean, estimated: true })
      start = end
    }
    return parts
  })
  return [...known, ...filled].sort((a, b) => a.start - b.start)
}

const daysToTry = [-1, -2, -3, -4, -5, -6, -7, 1, 2, 3, 4, 5, 6, 7]

function alike(known: readonly Known[], moment: number, timezone: string): number | undefined {
  const { date, hour, minute } = localTimeOf(moment, timezone)
  const last = localDateOf(known.at(-1)!.end - 1, timezone)
  // Far beyond what is known, the week that is looked back over is the last one known.
  const anchor = addDays(last, 1) < date ? addDays(last, 1) : date
  for (const days of daysToTry) {
    const price = priceAt(known, momentOfLocal(addDays(anchor, days), hour * 60 + minute, timezone))
    if (price !== undefined) return price
  }
  return undefined
}

/** The price at a moment, of entries in order. */
export function priceAt(entries: readonly Known[], moment: number): number | undefined {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (entries[middle]!.end <= moment) low = middle + 1
    else high = middle
  }
  const entry = entries[low]
  return entry && entry.start <= moment ? entry.price : undefined
}

function meanOf(entries: readonly Known[]): number {
  let money = 0
  let time = 0
  for (const { start, end, price } of entries) {
    money += price * (end - start)
    time += end - start
  }
  return money / time
}
