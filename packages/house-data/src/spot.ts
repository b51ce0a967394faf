/** The spot prices of a house, as its own device for them has logged them. */
import type { SpotEntry } from '@nabolag/control'
import { microsFromMillis } from '@nabolag/core'
import type { Points, PointsPart, TimeSeries } from '@nabolag/timeseries'

export type SpotSpan = {
  /** ms */
  readonly from: number
  readonly to: number
  /** What was known at that time, ms; the newest issue when absent. */
  readonly asOf?: number
  /** Where prices of several areas are logged; that with most prices when absent. */
  readonly area?: string
}

export type HouseSpot = {
  readonly entries: readonly SpotEntry[]
  /** Of the entries, as they are tagged. */
  readonly area?: string
  /** What was left out, in sentences for the owner. */
  readonly notes: readonly string[]
}

/** Prices whose time lies in the span. @throws ProblemError as `TimeSeries.points` */
export async function readSpot(
  timeseries: TimeSeries,
  houseId: number,
  { from, to, asOf, area }: SpotSpan,
): Promise<HouseSpot> {
  const known = asOf === undefined ? undefined : microsFromMillis(asOf)
  return spotOf(await timeseries.points(houseId, [spotPart(from, to)], known), area)
}

/** The entries alone. */
export const spotEntries = async (timeseries: TimeSeries, houseId: number, span: SpotSpan) =>
  (await readSpot(timeseries, houseId, span)).entries

export const spotPart = (from: number, to: number): PointsPart => ({
  group: 'spotPrice',
  fields: ['price', 'minutes'],
  from: microsFromMillis(from),
  to: microsFromMillis(to),
})

const hour = 3_600_000
/** The currency everything here reckons in. */
const currency = 'NOK'

/** Puts prices and their lengths together; of several sources of an area the exchange itself counts. */
export function spotOf(points: readonly Points[], wanted?: string): HouseSpot {
  const prices = points.filter(({ group, field }) => group === 'spotPrice' && field === 'price')
  const usable = prices.filter(({ tags }) => (tags.currency ?? currency) === currency)
  const areas = new Map<string, number>()
  for (const { tags, times } of usable) areas.set(tags.area ?? '', (areas.get(tags.area ?? '') ?? 0) + times.length)
  const [most] = [...areas].toSorted(([, a], [, b]) => b - a)
  const area = wanted !== undefined && areas.has(wanted) ? wanted : most?.[0]
  const notes: string[] = []
  const foreign = new Set(prices.filter((one) => !usable.includes(one)).map(({ tags }) => tags.currency))
  if (foreign.size > 0) {
    notes.push(`Prices in ${[...foreign].join(', ')} are left out: log them in NOK to have them counted`)
  }
  if (wanted !== undefined && area !== undefined && area !== wanted && area !== '') {
    notes.push(`The prices that are logged are those of ${area}, not of ${wanted}: log those of ${wanted}`)
  }
  const chosen = usable
    .filter(({ tags }) => (tags.area ?? '') === area)
    // The later given counts where two have one time.
    .toSorted((a, b) => rankOf(a) - rankOf(b))
  const entries = chosen.flatMap((series) => entriesOf(series, points))
  return { entries: entries.toSorted((a, b) => a.start - b.start), ...(area ? { area } : {}), notes }
}

const rankOf = ({ tags }: Points) => (tags.source === 'nordpool' ? 1 : 0)

function entriesOf(series: Points, points: readonly Points[]): SpotEntry[] {
  const lengths = points.find((other) => other.field === 'minutes' && isBeside(series, other))
  const minutes = new Map(lengths?.times.map((time, i) => [time, Number(lengths.values[i])]))
  return series.times.flatMap((start, i) => {
    const price = series.values[i]
    if (typeof price !== 'number') return []
    const said = minutes.get(start)
    const next = series.times[i + 1]
    const length = said !== undefined && said > 0 ? said * 60_000 : Math.min(hour, (next ?? start + hour) - start)
    return [{ start, end: start + length, price }]
  })
}

const isBeside = (a: Points, b: Points) =>
  a.group === b.group &&
  a.device === b.device &&
  a.count === b.count &&
  a.location === b.location &&
  ['area', 'currency', 'source'].every((tag) => a.tags[tag] === b.tags[tag])
