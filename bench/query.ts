/**
 * The thesis's table 7.1: how long the power of one house takes to read over eight ranges, through the API of the whole
 * running system with a token, beside InfluxDB. Clients here, everything else in other processes.
 */
import { readFileSync } from 'node:fs'
import { openTimeSeries } from '@nabolag/timeseries'
import { Connection } from '@nabolag/timeseries/client'
import { tableFromIPC } from 'apache-arrow'
import { removeFolder, type Stack, startStack } from '../tests/stack.ts'
import { closeConnections, fetchBytes } from './lib/fetch-bytes.ts'
import { type InfluxFormat, influxFormats, influxIsHere, startInflux } from './lib/query-influx.ts'
import { makeTidy, type Tidy } from './lib/tidy.ts'
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
/** Readings before the first that is timed, on each side alike: a server in use, not one that has just started. */
const warmUp = 1000

type Span = { readonly from: number; readonly to: number }
type Contents = { readonly points: number; readonly sum: number }
const formats = { arrow: 'application/vnd.apache.arrow.stream', json: 'application/json' } as const
type Format = keyof typeof formats
/** Reads a range (ms) to its last byte. */
type Fetch = (span: Span, format: Format, discard: boolean) => Promise<Buffer>
/** Seconds: the median, and the first reading, when nothing has been read of that range before. */
type Timing = { readonly median: number; readonly first: number }
type Row = {
  readonly range: string
  readonly thesis: number
  readonly points: number
  readonly arrow: Timing
  readonly json: Timing
  influx?: Timing
  timesFaster?: number
}
type Reach = { name: string; value: number; limit: number; ok: boolean }

const say = (text: string) => process.stderr.write(`${text}\n`)
const round = (value: number) => Math.round(value * 100_000) / 100_000

/** The middle one of ten, after one that is told apart. */
async function timed(task: () => Promise<unknown>): Promise<Timing> {
  const once = async () => {
    const start = performance.now()
    await task()
    return (performance.now() - start) / 1000
  }
  const first = await once()
  const times: number[] = []
  for (let count = 0; count < rounds; count++) times.push(await once())
  times.sort((a, b) => a - b)
  return { median: round(((times[rounds / 2 - 1] ?? 0) + (times[rounds / 2] ?? 0)) / 2), first: round(first) }
}

const spanOf = ({ length }: { length: number }): Span => ({ from: end - length, to: end })

async function warm(task: () => Promise<unknown>): Promise<void> {
  for (let count = 0; count < warmUp; count++) await task()
}

async function measure(fetch: Fetch): Promise<Row[]> {
  const rows: Row[] = []
  for (const format of Object.keys(formats) as Format[]) await warm(() => fetch(spanOf(ranges[7]), format, true))
  for (const range of ranges) {
    const span = spanOf(range)
    const [arrow, json] = [await timed(() => fetch(span, 'arrow', true)), await timed(() => fetch(span, 'json', true))]
    const [inArrow, inJson] = [ofArrow(await fetch(span, 'arrow', false)), ofJson(await fetch(span, 'json', false))]
    mustAgree(`${range.name}: Arrow and JSON`, inArrow, inJson)
    rows.push({ range: range.name, thesis: range.thesis, points: inArrow.points, arrow, json })
    say(
      `${range.name.padEnd(7)} Arrow ${inMs(arrow)}   JSON ${inMs(json)}   thesis ${range.thesis * 1000} ms   ${inArrow.points} points`,
    )
  }
  return rows
}

const inMs = ({ median, first }: Timing) => `${(median * 1000).toFixed(2)} ms (first ${(first * 1000).toFixed(1)})`

function ofArrow(answer: Buffer): Contents {
  const table = tableFromIPC(answer)
  let sum = 0
  for (const value of table.getChild('value') ?? []) sum += Number(value)
  return { points: table.numRows, sum }
}

function ofJson(answer: Buffer): Contents {
  const { series } = JSON.parse(answer.toString()) as { series: { values: number[] }[] }
  const values = series.flatMap((one) => one.values)
  return { points: values.length, sum: values.reduce((sum, value) => sum + value, 0) }
}

/** `name,tags,time,power`, one line a point, below a head that comes once per chunk. */
function ofInfluxCsv(answer: Buffer): Contents {
  let [count, sum] = [0, 0]
  for (const line of answer.toString().split('\n')) {
    if (line === '' || line.startsWith('name,')) continue
    count++
    sum += Number(line.slice(line.lastIndexOf(',') + 1))
  }
  return { points: count, sum }
}

function mustAgree(what: string, a: Contents, b: Contents): void {
  if (a.points !== b.points || a.sum !== b.sum)
    throw new Error(`${what} differ: ${a.points} points of ${a.sum} W, ${b.points} points of ${b.sum} W`)
}

/** Each range in its fastest format for that range, as on our side. */
async function measureInflux(rows: Row[], tidy: Tidy): Promise<void> {
  say('Feeding InfluxDB the same points …')
  const influx = await startInflux(tidy)
  for (const format of Object.keys(influxFormats) as InfluxFormat[])
    await warm(() => influx(spanOf(ranges[7]), format, true))
  for (const [index, range] of ranges.entries()) {
    const row = rows[index]
    if (!row) continue
    const { points: found } = ofInfluxCsv(await influx(spanOf(range), 'csv', false))
    if (found !== row.points) throw new Error(`${range.name}: InfluxDB has ${found} points, we have ${row.points}`)
    const tried: [Timing, InfluxFormat][] = []
    // A slow format of a long range is not worth ten readings.
    for (const format of Object.keys(influxFormats) as InfluxFormat[])
      if (tried.length === 0 || range.length < 1440 * minute || (await isFaster(influx, range, format, tried[0]?.[0])))
        tried.push([await timed(() => influx(spanOf(range), format, true)), format])
    const [fastest, format] = tried.sort(([a], [b]) => a.median - b.median)[0] ?? []
    if (!fastest) continue
    row.influx = fastest
    row.timesFaster = round(fastest.median / Math.min(row.arrow.median, row.json.median))
    say(`${range.name.padEnd(7)} InfluxDB ${inMs(fastest)} as ${format}: ${row.timesFaster.toFixed(2)} times ours`)
  }
}

async function isFaster(
  influx: Awaited<ReturnType<typeof startInflux>>,
  range: { length: number },
  format: InfluxFormat,
  best: Timing | undefined,
): Promise<boolean> {
  const start = performance.now()
  await influx(spanOf(range), format, true)
  return (performance.now() - start) / 1000 < (best?.median ?? 0)
}

/** Houses 1 to 11 with their points, each month merged to one part as it is after an hour without writes; a token. */
async function fill(stack: Stack): Promise<{ fetch: Fetch; bytesPerPoint: number }> {
  for (let house = 1; house <= 1 + neighbours.length; house++)
    await stack.ask('/api/houses/new', { method: 'POST', body: { name: `House ${house}` } })
  const made = await stack.ask('/api/tokens', { method: 'POST', body: { name: 'bench', scopes: ['read'] } })
  const { token } = made.body as { token: string }
  const { CLICKHOUSE_URL } = JSON.parse(readFileSync(`${stack.folder}/run.json`, 'utf8')) as { CLICKHOUSE_URL: string }
  const series = openTimeSeries(CLICKHOUSE_URL)
  say(`Writing ${points + neighbours.length * neighbourPoints} points …`)
  for (const batch of querySamples()) await series.write(batch, Date.now())
  const connection = new Connection(CLICKHOUSE_URL)
  await connection.command('OPTIMIZE TABLE samples FINAL')
  await connection.close()
  const size = (await series.sizes()).find(({ table }) => table === 'samples')
  await series.close()
  const { group, field, device } = ofHouse
  const fetch: Fetch = ({ from, to }, format, discard) =>
    fetchBytes({
      url: `${stack.http}/api/houses/${houseId}/data`,
      method: 'POST',
      discard,
      headers: { authorization: `Bearer ${token}`, accept: formats[format], 'content-type': 'application/json' },
      body: JSON.stringify({
        group,
        field,
        device,
        count: 0,
        start: new Date(from).toISOString(),
        end: new Date(to).toISOString(),
        resolution: 'raw',
      }),
    })
  return { fetch, bytesPerPoint: size?.bytesPerRow ?? Number.NaN }
}

export async function run(): Promise<{ reach: Reach[] } & Record<string, unknown>> {
  const tidy = makeTidy()
  try {
    const stack = await startStack()
    const stop = async () => {
      await stack.stop()
      removeFolder(stack.folder)
    }
    tidy.add(stop, () => {
      void stack.kill()
      removeFolder(stack.folder)
    })
    const { fetch, bytesPerPoint } = await fill(stack)
    const rows = await measure(fetch)
    if (influxIsHere()) await measureInflux(rows, tidy)
    else say('InfluxDB is not installed: the comparison with it is left out')
    return {
      reach: reachOf(rows, bytesPerPoint),
      through: 'POST /api/houses/3/data of a running system, with a token',
      warmUp: `${warmUp} readings of a minute in each format, on each side`,
      points,
      neighbours: `${neighbours.length} houses with ${neighbourPoints} points each`,
      beside: influxIsHere() ? 'InfluxDB, its fastest format for each range' : 'InfluxDB is not installed: left out',
      rows,
    }
  } finally {
    closeConnections()
    await tidy.close()
  }
}

function reachOf(rows: readonly Row[], bytesPerPoint: number): Reach[] {
  const of = (range: (typeof ranges)[number]['name']) => rows.find((row) => row.range === range)
  const atMost = (name: string, value = Number.NaN, limit: number) => ({ name, value, limit, ok: value <= limit })
  const atLeast = (name: string, value = Number.NaN, limit: number) => ({ name, value, limit, ok: value >= limit })
  const [month, day, last] = [of('30 d'), of('24 h'), of('1 min')]
  const reach = [
    atMost('30 days raw as Arrow (s)', month?.arrow.median, 0.5),
    atMost('30 days raw as JSON (s)', month?.json.median, 1.5),
    atMost('24 h (s)', Math.min(day?.arrow.median ?? Number.NaN, day?.json.median ?? Number.NaN), 0.03),
    atMost('1 minute (s)', Math.min(last?.arrow.median ?? Number.NaN, last?.json.median ?? Number.NaN), 0.01),
    atMost('bytes a point on disk', round(bytesPerPoint), 4),
  ]
  if (month?.timesFaster !== undefined)
    reach.push(
      atLeast('times faster than InfluxDB, 30 days', month.timesFaster, 8),
      atLeast('times faster than InfluxDB, 1 minute', last?.timesFaster, 2),
    )
  return reach
}
