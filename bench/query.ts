/** The thesis's table 7.1: how long the power of one house takes to read over eight ranges, beside InfluxDB. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openTimeSeries, type TimeSeries } from '@nabolag/timeseries'
import { Connection } from '@nabolag/timeseries/client'
import { type Influx, type InfluxFormat, influxFormats, influxIsHere, startInflux } from './lib/query-influx.ts'
import { end, houseId, neighbourPoints, neighbours, ofHouse, points, querySamples } from './query-samples.ts'

const minute = 60_000
/** Lengths in ms, and the seconds of the thesis's table 7.1. */
const ranges = [
  { name: '30 d', length: 43_200 * minute, thesis: 7.534 },
  { name: '10 d', length: 14_400 * minute, thesis: 2.699 },
  { name: '24 h', length: 1440 * minute, thesis: 0.349 },
  { name: '10 h', length: 600 * minute, thesis: 0.248 },
  { name: '1 h', length: 60 * minute, thesis: 0.109 },
  { name: '30 min', length: 30 * minute, thesis: 0.053 },
  { name: '5 min', length: 5 * minute, thesis: 0.048 },
  { name: '1 min', length: minute, thesis: 0.05 },
] as const
const rounds = 10

type Format = 'arrow' | 'json'
type Span = { readonly from: number; readonly to: number }
/** Reads a range (ms) to its last byte and says how many there were. */
type Fetch = (span: Span, format: Format) => Promise<number>
type Row = {
  readonly range: string
  readonly thesis: number
  arrow: number
  json: number
  influx?: number
  arrowBytes: number
  jsonBytes: number
}
type Reach = { name: string; value: number; limit: number; ok: boolean }

const say = (text: string) => process.stderr.write(`${text}\n`)

/** Seconds, the middle one of ten, after one that does not count. */
async function median(task: () => Promise<unknown>): Promise<number> {
  await task()
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    await task()
    times.push((performance.now() - start) / 1000)
  }
  times.sort((a, b) => a - b)
  return ((times[rounds / 2 - 1] ?? 0) + (times[rounds / 2] ?? 0)) / 2
}

/** Straight from the time series, whose engine is another process. */
const fromTimeSeries =
  (series: TimeSeries): Fetch =>
  async ({ from, to }, format) => {
    const { stream } = await series.read(
      { houseId, ...ofHouse, count: 0, from: from * 1000, to: to * 1000, raw: true },
      format,
    )
    let bytes = 0
    for await (const chunk of stream) bytes += (chunk as Buffer).length
    return bytes
  }

async function measure(fetch: Fetch): Promise<Row[]> {
  const rows: Row[] = []
  for (const { name, length, thesis } of ranges) {
    const span = { from: end - length, to: end }
    const row: Row = {
      range: name,
      thesis,
      arrow: await median(() => fetch(span, 'arrow')),
      json: await median(() => fetch(span, 'json')),
      arrowBytes: await fetch(span, 'arrow'),
      jsonBytes: await fetch(span, 'json'),
    }
    rows.push(row)
    say(`${name.padEnd(7)} Arrow ${row.arrow.toFixed(4)} s   JSON ${row.json.toFixed(4)} s   thesis ${thesis} s`)
  }
  return rows
}

/** Its fastest format, found on the longest range, over all ranges. */
async function measureInflux(influx: Influx, rows: Row[]): Promise<InfluxFormat> {
  const whole = { from: end - ranges[0].length, to: end }
  const times: [number, InfluxFormat][] = []
  for (const format of Object.keys(influxFormats) as InfluxFormat[]) {
    const start = performance.now()
    await influx.fetch(whole, format)
    times.push([performance.now() - start, format])
  }
  const fastest = times.sort(([a], [b]) => a - b)[0]?.[1] ?? 'csv'
  for (const [index, { name, length }] of ranges.entries()) {
    const row = rows[index]
    if (!row) continue
    row.influx = await median(() => influx.fetch({ from: end - length, to: end }, fastest))
    say(`${name.padEnd(7)} InfluxDB ${row.influx.toFixed(4)} s (${fastest})`)
  }
  return fastest
}

/** Writes, then lets the engine merge each month to one part, as it does by itself with a month that is past. */
async function fill(series: TimeSeries, url: string): Promise<void> {
  for (const batch of querySamples()) await series.write(batch, Date.now())
  const connection = new Connection(url)
  await connection.command('OPTIMIZE TABLE samples FINAL')
  await connection.close()
}

const atMost = (name: string, value: number, limit: number): Reach => ({
  name,
  value: round(value),
  limit,
  ok: value <= limit,
})
const atLeast = (name: string, value: number, limit: number): Reach => ({
  name,
  value: round(value),
  limit,
  ok: value >= limit,
})
const round = (value: number) => Math.round(value * 10_000) / 10_000

export async function run(): Promise<{ reach: Reach[] } & Record<string, unknown>> {
  const folder = await mkdtemp(join(tmpdir(), 'nabolag-bench-query-'))
  const child = fork(new URL('./lib/query-engine.ts', import.meta.url), [join(folder, 'clickhouse')])
  const ended = once(child, 'exit')
  try {
    const [{ url }] = (await once(child, 'message')) as [{ url: string }]
    const series = openTimeSeries(`${url}/nabolag`)
    await series.migrate()
    say(`Writing ${points + neighbours.length * neighbourPoints} points …`)
    await fill(series, `${url}/nabolag`)
    const rows = await measure(fromTimeSeries(series))
    const size = (await series.sizes()).find(({ table }) => table === 'samples')
    await series.close()
    const reach = [
      atMost('30 days raw as Arrow (s)', rows[0]?.arrow ?? Number.NaN, 0.5),
      atMost('30 days raw as JSON (s)', rows[0]?.json ?? Number.NaN, 1.5),
      atMost('24 hours (s)', rows[2]?.arrow ?? Number.NaN, 0.03),
      atMost('1 minute (s)', rows[7]?.arrow ?? Number.NaN, 0.01),
      atMost('bytes a point on disk', size?.bytesPerRow ?? Number.NaN, 4),
    ]
    child.disconnect()
    await ended
    const format = influxIsHere() ? await besideInflux(rows, reach) : undefined
    return {
      reach,
      through: 'the time series layer, with ClickHouse embedded in another process',
      merged: 'each month to one part, as the tables do by themselves after an hour without writes',
      points,
      neighbours: `${neighbours.length} houses with ${neighbourPoints} points each`,
      influxFormat: format ?? 'InfluxDB is not installed',
      rows,
    }
  } finally {
    if (child.connected) child.disconnect()
    await ended
    await rm(folder, { recursive: true, force: true })
  }
}

async function besideInflux(rows: Row[], reach: Reach[]): Promise<InfluxFormat> {
  say('Feeding InfluxDB the same points …')
  const influx = await startInflux()
  try {
    const format = await measureInflux(influx, rows)
    const times = (row: Row | undefined) =>
      (row?.influx ?? Number.NaN) / Math.min(row?.arrow ?? Number.NaN, row?.json ?? Number.NaN)
    reach.push(atLeast('times faster than InfluxDB, 30 days', times(rows[0]), 8))
    reach.push(atLeast('times faster than InfluxDB, 1 minute', times(rows[7]), 2))
    return format
  } finally {
    await influx.close()
  }
}
