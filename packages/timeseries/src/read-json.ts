import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { fieldOf, formatTime } from '@nabolag/core'
import type { Connection } from './client.ts'
import type { Part } from './read.ts'
import { rawSelect, stored } from './select.ts'
import type { StoredSeries } from './series.ts'
import type { ReadRequest } from './types.ts'

/** Samples fetched at once: bounds what lies in memory here and in the engine. */
const samplesAtOnce = 300_000

/**
 * The JSON answer of a read. ClickHouse writes the columns; here they are only put in their place. Of a long raw series
 * the times go out as they come, and the values wait.
 */
export async function readJson(
  connection: Connection,
  request: ReadRequest,
  parts: readonly Part[],
): Promise<Readable> {
  const pieces = writeParts(connection, request, parts)
  // The first piece is fetched before the answer begins, so that what fails at once is an error and no broken stream.
  const first = await pieces.next()
  const all = async function* () {
    if (!first.done) yield first.value
    yield* pieces
  }
  return Readable.from(all(), { objectMode: false, highWaterMark: 2 ** 20 })
}

async function* writeParts(
  connection: Connection,
  request: ReadRequest,
  parts: readonly Part[],
): AsyncGenerator<Buffer | string, undefined> {
  const { head, group, field } = headOf(
    request,
    parts.map(({ series }) => series),
  )
  let before = `${JSON.stringify(head).slice(0, -1)},"series":[`
  for (const part of parts) {
    before += `${JSON.stringify(nameOf(part.series, group, field)).slice(0, -1)},"times":[`
    const values: Buffer[] = []
    for await (const columns of columnsOf(connection, request, part, request.raw === true)) {
      if (columns.times.length === 0) continue
      yield values.length > 0 ? ',' : before
      before = ''
      yield columns.times
      values.push(columns.values)
    }
    yield `${before}],"values":[`
    for (const [index, each] of values.entries()) {
      if (index > 0) yield ','
      yield each
    }
    before = ']},'
  }
  yield `${before.replace(/,$/, '')}]}\n`
  return undefined
}

/** What stands before the series; `group` and `field` where all have the same. */
export function headOf(request: ReadRequest, found: readonly StoredSeries[]) {
  const same = (name: 'group' | 'field') => {
    const [value, ...others] = new Set(found.map((series) => series[name]))
    return request[name] ?? (others.length === 0 ? value : undefined)
  }
  const [group, field] = [same('group'), same('field')]
  const head = {
    house_id: request.houseId,
    group: group ?? null,
    field: field ?? null,
    unit: (group !== undefined && field !== undefined && fieldOf(group, field)?.unit) || null,
    start: formatTime(Math.ceil(request.from)),
    end: formatTime(Math.ceil(request.to)),
    resolution: request.resolution ?? null,
    aggregate: request.resolution === undefined ? null : (request.aggregate ?? 'mean'),
  }
  return { head, group, field }
}

/** What tells a series from the others of the answer. */
export const nameOf = (series: StoredSeries, group: string | undefined, field: string | undefined) => ({
  ...(group === undefined ? { group: series.group } : {}),
  ...(field === undefined ? { field: series.field } : {}),
  ...(group === undefined || field === undefined ? { unit: series.unit ?? null } : {}),
  device: series.device,
  count: series.count,
  location: series.location,
  tags: series.tags,
})

type Columns = { readonly times: Buffer; readonly values: Buffer }

/** The series' columns in one piece, or a long raw one in several; the next is fetched while one is written. */
async function* columnsOf(
  connection: Connection,
  request: ReadRequest,
  part: Part,
  raw: boolean,
): AsyncGenerator<Columns> {
  const windows = Math.ceil(part.samples / samplesAtOnce)
  if (!raw || windows <= 1) {
    yield split(await fetchColumns(connection, part.select))
    return
  }
  const { series } = part
  const from = Math.max(request.from, series.first)
  const to = Math.min(request.to, series.last + 1)
  const ask = (index: number) => {
    const edge = (at: number) => (at === windows ? to : Math.floor(from + ((to - from) * at) / windows))
    const range = { from: edge(index), to: edge(index + 1) }
    const asked = fetchColumns(
      connection,
      rawSelect(stored(request.houseId, series, range, request.asOf, 'j'), series.type),
    )
    // Its failure is met when it is awaited; until then nobody listens.
    asked.catch(() => undefined)
    return asked
  }
  let next = ask(0)
  for (let index = 0; index < windows; index++) {
    const answer = await next
    if (index + 1 < windows) next = ask(index + 1)
    const { times, values } = split(answer)
    // A copy: the values wait, and the times must not wait with them.
    yield { times, values: Buffer.from(values) }
  }
}

async function fetchColumns(connection: Connection, select: Part['select']): Promise<Buffer> {
  return buffer(await connection.bytes(select.sql, select.parameters, 'JSONColumns'))
}

const timesStart = Buffer.from('"times": [')
const valuesStart = Buffer.from('],\n\t"values": [')

/** The inner text of both columns. A line break never stands inside a JSON text, so the seam cannot be mistaken. */
function split(answer: Buffer): Columns {
  const start = answer.indexOf(timesStart)
  const seam = answer.indexOf(valuesStart, start)
  const end = answer.lastIndexOf(']')
  if (start < 0 || seam < 0) throw new Error('ClickHouse answered columns in an unknown form')
  return {
    times: answer.subarray(start + timesStart.length, seam),
    values: answer.subarray(seam + valuesStart.length, end),
  }
}
