/** Measurements as typed records, for programs that reckon with them. Times are ms since the epoch here. */
import { text } from 'node:stream/consumers'
import { type FieldValue, microsFromMillis } from '@nabolag/core'
import type { Aggregate, SeriesFilter, TimeSeries } from '@nabolag/timeseries'

export type Point<Value extends FieldValue = FieldValue> = { readonly time: number; readonly value: Value }

/** One series of the answer: what tells it from the others, and its points in order of time. */
export type SeriesPoints<Value extends FieldValue = FieldValue> = {
  readonly group: string
  readonly field: string
  readonly device: string
  readonly count: number
  readonly location: string
  readonly tags: Readonly<Record<string, string>>
  readonly points: readonly Point<Value>[]
}

/** `from` ≤ time < `to`, ms. Without `every` each sample as it is. */
export type SeriesRequest = SeriesFilter & {
  readonly from: number
  readonly to: number
  /** Seconds: one value for each so long, whose time is its beginning. */
  readonly every?: number
  /** With `every`; `mean` when absent. */
  readonly aggregate?: Exclude<Aggregate, 'minmax'>
  /** IANA name: whole days then begin at local midnight. */
  readonly timezone?: string
  /** Forecasts: what was known at that time, ms; the newest issue when absent. */
  readonly asOf?: number
}

/**
 * The series that fit, each with its points. Long ranges with `every` of whole hours are quick: they are read from the
 * hourly roll-ups.
 *
 * @throws ProblemError as `TimeSeries.read`
 */
export async function readSeries(timeseries: TimeSeries, request: SeriesRequest): Promise<SeriesPoints[]> {
  const { from, to, every, aggregate, asOf, ...rest } = request
  if (!(to > from)) return []
  const answer = await timeseries.read(
    {
      ...rest,
      ...{ from: microsFromMillis(from), to: microsFromMillis(to) },
      ...(every === undefined ? { raw: true } : { resolution: every, aggregate }),
      ...(asOf === undefined ? {} : { asOf: microsFromMillis(asOf) }),
    },
    'json',
  )
  const { group, field, series } = JSON.parse(answer.whole?.toString() ?? (await text(answer.stream))) as Answer
  return series.map(({ times, values, ...one }) => ({
    ...{ group: one.group ?? group ?? '', field: one.field ?? field ?? '' },
    ...{ device: one.device, count: one.count, location: one.location, tags: one.tags },
    points: times.flatMap((time, i) => {
      const value = values[i]
      return value === null || value === undefined ? [] : [{ time: Date.parse(time), value }]
    }),
  }))
}

type Answer = {
  readonly group: string | null
  readonly field: string | null
  readonly series: readonly (Omit<SeriesPoints, 'points' | 'group' | 'field'> & {
    readonly group?: string
    readonly field?: string
    readonly times: readonly string[]
    readonly values: readonly (FieldValue | null)[]
  })[]
}

/** The same, of numbers only; booleans count as 1 and 0. */
export const readNumbers = async (timeseries: TimeSeries, request: SeriesRequest): Promise<SeriesPoints<number>[]> =>
  (await readSeries(timeseries, request)).map(numbersOf)

export const numbersOf = ({ points, ...one }: SeriesPoints): SeriesPoints<number> => ({
  ...one,
  points: points.flatMap(({ time, value }) => {
    const number = typeof value === 'boolean' ? Number(value) : value
    return typeof number === 'number' && Number.isFinite(number) ? [{ time, value: number }] : []
  }),
})

/** Of several that say the same thing the one that says it most often; `undefined` where there is none. */
export const fullest = <Value extends FieldValue>(
  series: readonly SeriesPoints<Value>[],
): SeriesPoints<Value> | undefined =>
  series.reduce<SeriesPoints<Value> | undefined>(
    (best, one) => (one.points.length > (best?.points.length ?? 0) ? one : best),
    undefined,
  )
