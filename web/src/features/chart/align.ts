import type { Series } from '../../api.ts'

type Numbers = (number | null | undefined)[]
export type Aligned = { readonly labels: string[]; readonly times: number[]; readonly columns: Numbers[] }

/**
 * Puts series with times of their own on one common axis, as uPlot wants them. A place that has no point at another's
 * time gets `undefined` there (the line goes on); a `null` that came from the API is a gap (the line breaks).
 *
 * @returns times in seconds since the epoch, ascending; one column per series
 */
export function align(series: readonly Series[]): Aligned {
  const drawable = series.filter(({ values }) => values.some((value) => typeof value !== 'string' && value !== null))
  const parsed = drawable.map(({ times }) => times.map((time) => Date.parse(time) / 1000))
  const times = [...new Set(parsed.flat())].sort((a, b) => a - b)
  const index = new Map(times.map((time, at) => [time, at]))
  const columns = drawable.map(({ values }, which) => {
    const column: Numbers = new Array(times.length).fill(undefined)
    values.forEach((value, at) => {
      const place = index.get(parsed[which]?.[at] ?? Number.NaN)
      if (place !== undefined) column[place] = value === null ? null : Number(value)
    })
    return column
  })
  return { labels: drawable.map(labelOf), times, columns }
}

const labelOf = ({ device, count, location }: Series): string =>
  location === '' ? `${device}${count === 0 ? '' : ` ${count}`}` : location
