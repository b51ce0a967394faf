/** Which form of the data the asker wants, by `Accept` or by name. */
import { Problem } from '@nabolag/core'
import type { ReadFormat } from '@nabolag/timeseries'

/** The media types each format goes by; the first is the one we answer with. */
export const mediaTypes = {
  json: ['application/json', 'text/json'],
  csv: ['text/csv'],
  ndjson: ['application/x-ndjson', 'application/ndjson', 'application/jsonl', 'application/x-jsonlines'],
  arrow: ['application/vnd.apache.arrow.stream', 'application/x-apache-arrow-stream'],
  parquet: ['application/vnd.apache.parquet', 'application/x-parquet'],
} as const satisfies Record<ReadFormat, readonly [string, ...string[]]>

const formats = Object.entries(mediaTypes) as [ReadFormat, readonly string[]][]

/**
 * The best format for an `Accept` header, JSON where anything will do.
 *
 * @throws ProblemError `not-acceptable`
 */
export function formatFor(accept: string | undefined): ReadFormat {
  if (accept === undefined || accept.trim() === '') return 'json'
  const wishes = accept
    .slice(0, 1000)
    .split(',')
    .map((wish) => {
      const [type = '', ...parameters] = wish.split(';').map((part) => part.trim().toLowerCase())
      const quality = parameters.find((parameter) => /^q=/.test(parameter))?.slice(2)
      return { type, quality: quality === undefined ? 1 : Number(quality) }
    })
  const qualityOf = (names: readonly string[]): number => {
    const named = wishes.find(({ type }) => names.includes(type))
    const group = wishes.find(({ type }) => names.some((name) => type === `${name.split('/')[0]}/*`))
    const any = wishes.find(({ type }) => type === '*/*')
    // A whole group (`text/*`) is a weaker wish than a name; the weakest is anything.
    if (named) return named.quality
    if (group) return group.quality - 1e-6
    return any ? any.quality - 2e-6 : 0
  }
  let best: { format: ReadFormat; quality: number } | undefined
  for (const [format, names] of formats) {
    const quality = qualityOf(names)
    if (quality > 0 && (best === undefined || quality > best.quality)) best = { format, quality }
  }
  if (best) return best.format
  throw Problem('not-acceptable', `Accept one of ${formats.map(([, [first]]) => first).join(', ')}`)
}
