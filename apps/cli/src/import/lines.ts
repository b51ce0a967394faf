/** Line protocol, as `influx_inspect export` and `influxd inspect export-lp` write it. */
import { isForecast, readLinesOf, type TimePrecision } from '@nabolag/core'
import type { Reader, Row } from './row.ts'

/** @param before the state of a reader that had come so far */
export function readLineProtocol(precision: TimePrecision, before?: unknown): Reader {
  let { line } = (before as { line: number } | undefined) ?? { line: 1 }
  return {
    read(text, ended) {
      const found = readLinesOf(text, { precision, firstLine: line, ended })
      line = found.nextLine
      const rows = found.lines.map((one): Row => {
        const { line: at, text: given } = one
        // An export begins with statements for the shell of InfluxDB 1.
        if ('problem' in one)
          return /^(CREATE|DROP) DATABASE /i.test(given) ? { line: at, text: given, empty: true } : one
        if (one.point.time === undefined) return { line: at, text: given, problem: 'there is no time' }
        const { issued, ...tags } = one.point.tags
        if (issued === undefined || !isForecast(one.point.measurement))
          return { line: at, text: given, given: one.point }
        return { line: at, text: given, given: { ...one.point, tags, issued } }
      })
      return { rows, rest: found.rest }
    },
    state: () => ({ line }),
    heading: () => '',
  }
}
