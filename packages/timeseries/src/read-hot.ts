/** Raw reads, answered from hot blocks; what is not hot is loaded as blocks first. */
import { Readable } from 'node:stream'
import { formatTime, type Micros } from '@nabolag/core'
import { arrowBatch, arrowEnd, arrowHead, arrowStream } from './arrow-stream.ts'
import { type Change, hourMicros, hourOf } from './changes.ts'
import type { Connection } from './client.ts'
import { type Block, bytesOf, type HotBlocks } from './hot-blocks.ts'
import { headOf, nameOf } from './read-json.ts'
import { listSeries, type StoredSeries } from './series.ts'
import type { ReadFormat, ReadRequest } from './types.ts'
import { both, whereEqual, whereTime } from './where.ts'

/** A day that begins anywhere. */
const mostHours = 25
const mostSeries = 8
/** Points in one answer: more are written faster by ClickHouse, and would hold up everybody else here. */
const mostPoints: Partial<Record<ReadFormat, number>> = { arrow: 250_000, json: 20_000, csv: 20_000, ndjson: 20_000 }
/** Numbers of the whole hours that a read touches. */
const mostLoaded = 500_000

/** The longest read of one series that blocks answer piece by piece, as Arrow. */
const mostLongHours = 31 * 24 + 1
const windowHours = 96
/** What one long read may take of all blocks. */
const longShare = 3 / 4

/** A series' samples of the range, in pieces one after the other. */
type Found = { readonly series: StoredSeries; readonly pieces: readonly Block[]; readonly points: number }

/**
 * The answer of a raw read, whole or (of a long one) as a stream; `undefined` where it is not one for blocks: too long,
 * wide or dense, of forecasts or texts, or while changes are not heard.
 */
export async function readHot(
  connection: Connection,
  hot: HotBlocks,
  request: ReadRequest,
  format: ReadFormat,
): Promise<Buffer | Readable | undefined> {
  const most = mostPoints[format]
  const { houseId, from, to } = request
  if (!request.raw || most === undefined || to <= from || !hot.trusted()) return undefined
  const range = { fromHour: hourOf(from), toHour: hourOf(Math.ceil(to) - 1) + 1 }
  const hours = range.toHour - range.fromHour
  if (hours > (format === 'arrow' ? mostLongHours : mostHours)) return undefined
  const series = await seriesOf(connection, hot, request)
  if (series.length > mostSeries || !series.every((one) => isForBlocks(one, series))) return undefined
  if (format !== 'json' && !isBareTable(request, series)) return undefined
  const loaded = series.reduce((sum, one) => sum + pointsOf(one, hours * hourMicros), 0)
  const asked = series.reduce((sum, one) => sum + pointsOf(one, to - from), 0)
  if (hours > mostHours) {
    const [only] = series
    const fits = only && bytesOf(loaded, hours) <= hot.mostBytes * longShare
    return fits ? longArrow(connection, hot, request, only, range) : undefined
  }
  if (loaded > mostLoaded || asked > most) return undefined
  const found: Found[] = []
  for (const one of series) {
    const blocks = await blocksOf(connection, hot, houseId, one, range, mostLoaded)
    if (!blocks) return undefined
    const pieces = blocks.map((block) => cut(block, from, to)).filter(({ times }) => times.length > 0)
    found.push({ series: one, pieces, points: pieces.reduce((sum, { times }) => sum + times.length, 0) })
  }
  if (found.reduce((sum, { points }) => sum + points, 0) > 2 * most) return undefined
  return format === 'json'
    ? json(request, found)
    : format === 'arrow'
      ? arrowStream(found[0]?.pieces ?? [])
      : lines(found[0]?.pieces ?? [], format === 'csv' ? csv : ndjson)
}

/** Some days at a time; the next is fetched while one is written. The first is there before the answer begins. */
async function longArrow(
  connection: Connection,
  hot: HotBlocks,
  { houseId, from, to }: ReadRequest,
  series: StoredSeries,
  { fromHour, toHour }: { fromHour: number; toHour: number },
): Promise<Readable> {
  const ask = (start: number) => {
    hot.trusted()
    const range = { fromHour: start, toHour: Math.min(start + windowHours, toHour) }
    const asked = blocksOf(connection, hot, houseId, series, range, undefined)
    // Its failure is met when it is awaited; until then nobody listens.
    asked.catch(() => undefined)
    return asked
  }
  const first = await ask(fromHour)
  const write = async function* () {
    yield arrowHead
    let blocks = first
    for (let start = fromHour; start < toHour; start += windowHours) {
      const next = start + windowHours < toHour ? ask(start + windowHours) : undefined
      const batch = arrowBatch((blocks ?? []).map((block) => cut(block, from, to)))
      if (batch.length > 0) yield batch
      blocks = await next
    }
    yield arrowEnd
  }
  return Readable.from(write(), { objectMode: false, highWaterMark: 2 ** 20 })
}

/** The series of the request that may have samples in its range, exactly as a list made now would say. */
async function seriesOf(connection: Connection, hot: HotBlocks, request: ReadRequest): Promise<StoredSeries[]> {
  const { houseId, from, to } = request
  const overlaps = ({ first, last }: { first: Micros; last: Micros }) => last >= from && first < to
  const known = hot.list(houseId)
  const list =
    known && isStillExact(known, request, overlaps)
      ? known
      : await hot.relist(houseId, () => listSeries(connection, { houseId }))
  return list.series.filter((series) => fits(series, request) && overlaps(series))
}

/**
 * Whether the changes since leave the list as it is for this range. Samples come only into the touched hours: neither a
 * new series nor a known one that has grown may reach into the range by them.
 */
function isStillExact(
  { series, touched }: { series: readonly StoredSeries[]; touched: Pick<Change, 'fromHour' | 'toHour'> | undefined },
  request: ReadRequest,
  overlaps: (span: { first: Micros; last: Micros }) => boolean,
): boolean {
  if (!touched) return true
  const span = { first: touched.fromHour * hourMicros, last: touched.toHour * hourMicros - 1 }
  if (overlaps(span)) return false
  return series.every(
    (one) =>
      !fits(one, request) ||
      overlaps(one) ||
      !overlaps({ first: Math.min(one.first, span.first), last: Math.max(one.last, span.last) }),
  )
}

const filters = ['group', 'field', 'device', 'count', 'location'] as const
const fits = (series: StoredSeries, request: ReadRequest) =>
  filters.every((name) => request[name] === undefined || request[name] === series[name])

const keyOf = ({ group, field, device, count, location, tagsText }: StoredSeries) =>
  [group, field, device, count, location, tagsText].join('\0')

/** Numbers and booleans that were never of another type. */
const isForBlocks = (series: StoredSeries, all: readonly StoredSeries[]) =>
  !series.forecast && series.type !== 'text' && all.every((other) => other === series || keyOf(other) !== keyOf(series))

/** Whether the table has the two columns `time` and `value` and no more. */
const isBareTable = (request: ReadRequest, [only, ...others]: readonly StoredSeries[]) =>
  only !== undefined &&
  others.length === 0 &&
  only.type === 'number' &&
  only.tagsText === '' &&
  filters.every((name) => request[name] !== undefined || (name === 'location' && only.location === ''))

/** As if the series were even; never more than there are. */
const pointsOf = ({ samples, first, last }: StoredSeries, length: Micros) =>
  samples * Math.min(1, length / (last + 1 - first))

async function blocksOf(
  connection: Connection,
  hot: HotBlocks,
  houseId: number,
  series: StoredSeries,
  { fromHour, toHour }: { fromHour: number; toHour: number },
  most: number | undefined,
): Promise<readonly Block[] | undefined> {
  const key = keyOf(series)
  const blocks: (Block | undefined)[] = []
  for (let hour = fromHour; hour < toHour; hour++) blocks.push(hot.block(houseId, key, hour))
  const first = blocks.indexOf(undefined)
  if (first < 0) return blocks as Block[]
  const range = { fromHour: fromHour + first, toHour: fromHour + blocks.lastIndexOf(undefined) + 1 }
  const loaded = await hot.load(houseId, key, range, () => fetchBlocks(connection, houseId, series, range, most))
  if (loaded.length === 0) return undefined
  blocks.splice(first, loaded.length, ...loaded)
  return blocks as Block[]
}

/** One block per hour; none at all where there are too many samples. */
async function fetchBlocks(
  connection: Connection,
  houseId: number,
  { group, field, device, count, location, tagsText: tags }: StoredSeries,
  { fromHour, toHour }: { fromHour: number; toHour: number },
  most: number | undefined,
): Promise<Block[]> {
  const where = both(
    whereEqual({ houseId, group, field, device, count, location, tags }),
    whereTime(fromHour * hourMicros, toHour * hourMicros),
  )
  const stream = await connection.bytes(
    `SELECT toFloat64(toUnixTimestamp64Micro(time)), value FROM samples FINAL WHERE ${where.sql} ORDER BY time${most === undefined ? '' : ` LIMIT ${most + 1}`}`,
    where.parameters,
    'RowBinary',
  )
  const pieces: Buffer[] = []
  for await (const piece of stream) pieces.push(piece as Buffer)
  const bytes = Buffer.concat(pieces)
  const rows = bytes.length / 16
  if (most !== undefined && rows > most) return []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const blocks: Block[] = []
  let row = 0
  for (let hour = fromHour; hour < toHour; hour++) {
    const end = (hour + 1) * hourMicros
    let next = row
    while (next < rows && view.getFloat64(next * 16, true) < end) next++
    const [times, values] = [new Float64Array(next - row), new Float64Array(next - row)]
    for (let index = 0; row < next; row++, index++) {
      times[index] = view.getFloat64(row * 16, true)
      values[index] = view.getFloat64(row * 16 + 8, true)
    }
    blocks.push({ times, values })
  }
  return blocks
}

/** Without copying. */
function cut({ times, values }: Block, from: Micros, to: Micros): Block {
  const [first, end] = [firstAtOrAfter(times, from), firstAtOrAfter(times, to)]
  return { times: times.subarray(first, end), values: values.subarray(first, end) }
}

function firstAtOrAfter(times: Float64Array, time: Micros): number {
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((times[middle] ?? 0) < time) low = middle + 1
    else high = middle
  }
  return low
}

function json(request: ReadRequest, found: readonly Found[]): Buffer {
  const { head, group, field } = headOf(
    request,
    found.map(({ series }) => series),
  )
  const series = found.map(({ series, pieces }) => {
    const name = JSON.stringify(nameOf(series, group, field)).slice(0, -1)
    const texts = textsOf(pieces, series.type === 'boolean')
    return `${name},"times":[${texts.times}],"values":[${texts.values}]}`
  })
  return Buffer.from(`${JSON.stringify(head).slice(0, -1)},"series":[${series.join(',')}]}\n`)
}

function textsOf(pieces: readonly Block[], isBoolean: boolean): { times: string; values: string } {
  let [times, values] = ['', '']
  each(pieces, (time, value) => {
    const comma = times === '' ? '' : ','
    times += `${comma}"${time}"`
    values += comma + (isBoolean ? value !== 0 : value)
  })
  return { times, values }
}

const csv = { head: '"time","value"\n', line: (time: string, value: number) => `"${time}",${value}\n` }
const ndjson = { head: '', line: (time: string, value: number) => `{"time":"${time}","value":${value}}\n` }

function lines(pieces: readonly Block[], { head, line }: typeof csv): Buffer {
  let text = head
  each(pieces, (time, value) => {
    text += line(time, value)
  })
  return Buffer.from(text)
}

/** Every sample with its time as text; what two times of one second share is written once. */
function each(pieces: readonly Block[], use: (time: string, value: number) => void): void {
  let second = Number.NaN
  let start = ''
  for (const { times, values } of pieces)
    for (let index = 0; index < times.length; index++) {
      const time = times[index] ?? 0
      const whole = Math.floor(time / 1_000_000)
      if (whole !== second) {
        second = whole
        start = formatTime(whole * 1_000_000).slice(0, 19)
      }
      use(`${start}.${String(time - whole * 1_000_000).padStart(6, '0')}Z`, values[index] ?? 0)
    }
}
