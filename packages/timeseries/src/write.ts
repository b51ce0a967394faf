import { randomUUID } from 'node:crypto'
import { type FieldValue, isForecast, type Micros, type Sample } from '@nabolag/core'
import type { TouchedHours } from './changes.ts'
import type { Connection } from './client.ts'
import type { Rejected } from './types.ts'

const key = ['house_id', 'group', 'field', 'device', 'count', 'location', 'tags'] as const
const values = ['type', 'value', 'text', 'received'] as const
const hour = 3_600_000_000
/** Roll-ups are computed for hours that ended so long ago; younger samples need not be marked. See `rollup.ts`. */
export const markAfterMicros = 2 * hour
const mostPayload = 4096

/** Tab-separated text: the four characters that would break a line or a cell. */
const escaped = (text: string) => (/[\\\t\n\r]/.test(text) ? text.replace(/[\\\t\n\r]/g, (c) => escapes[c] ?? c) : text)
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/** The further tags of a sample as the one text that stands for them: names in order, empty when there are none. */
export function canonicalTags(tags: Readonly<Record<string, string>>): string {
  const names = Object.keys(tags)
  if (names.length === 0) return ''
  return JSON.stringify(Object.fromEntries(names.sort().map((name) => [name, tags[name]])))
}

const seconds = (micros: Micros) => {
  const whole = Math.floor(micros / 1_000_000)
  return `${whole}.${String(micros - whole * 1_000_000).padStart(6, '0')}`
}

function cells(value: FieldValue): string {
  if (typeof value === 'number') return `number\t${value}\t`
  if (typeof value === 'boolean') return `boolean\t${value ? 1 : 0}\t`
  return `text\t0\t${escaped(value)}`
}

/**
 * Stores samples: forecasts and others in their tables, then marks the past hours they fall in for a new roll-up.
 *
 * @param receivedMillis ms since the epoch: of two values for the same series and time, the later received one counts
 * @param touched is told the hours that the samples fall in
 */
export async function write(
  connection: Connection,
  samples: readonly Sample[],
  receivedMillis: number,
  touched: TouchedHours,
): Promise<void> {
  const rows = { samples: '', forecasts: '' }
  const marked = new Set<string>()
  const received = seconds(receivedMillis * 1000)
  for (const sample of samples) {
    const { houseId, group, device, count, location, tags, time, issued, fields } = sample
    const forecast = isForecast(group)
    touched.add(houseId, time)
    const end = `${escaped(device)}\t${count}\t${escaped(location)}\t${escaped(canonicalTags(tags))}\t${seconds(time)}\t${forecast ? `${seconds(issued ?? receivedMillis * 1000)}\t` : ''}`
    let text = ''
    for (const [field, value] of Object.entries(fields))
      if (typeof value !== 'number' || Number.isFinite(value))
        text += `${houseId}\t${escaped(group)}\t${escaped(field)}\t${end}${cells(value)}\t${received}\n`
    rows[forecast ? 'forecasts' : 'samples'] += text
    if (!forecast && time < receivedMillis * 1000 - markAfterMicros)
      marked.add(`${houseId}\t${Math.floor(time / hour) * 3600}`)
  }
  if (rows.samples !== '') await connection.insert('samples', [...key, 'time', ...values], rows.samples)
  if (rows.forecasts !== '') await connection.insert('forecasts', [...key, 'time', 'issued', ...values], rows.forecasts)
  // After the samples: whoever sees the mark sees them too. A failure here fails the write, and it is done again.
  await markHours(connection, marked)
}

/** @param hours `house<tab>seconds since the epoch` */
export async function markHours(connection: Connection, hours: ReadonlySet<string>): Promise<void> {
  if (hours.size === 0) return
  const token = randomUUID()
  const rows = [...hours].map((each) => `${each}\t${token}\t1\n`).join('')
  await connection.insert('rollup_marks', ['house_id', 'hour', 'token', 'sign'], rows)
}

/** Keeps what was refused; the payload is cut. */
export async function writeRejected(connection: Connection, rejected: readonly Rejected[]): Promise<void> {
  if (rejected.length === 0) return
  const rows = rejected.map(({ received, topic, houseId, device, reason, payload }) =>
    [
      seconds(received * 1000),
      escaped(topic),
      houseId ?? '\\N',
      escaped(device),
      escaped(reason),
      escaped(cut(payload)),
    ].join('\t'),
  )
  const columns = ['received', 'topic', 'house_id', 'device', 'reason', 'payload'] as const
  await connection.insert('rejected', columns, `${rows.join('\n')}\n`)
}

function cut(payload: string): string {
  const bytes = Buffer.from(payload)
  if (bytes.length <= mostPayload) return payload
  return bytes
    .subarray(0, mostPayload)
    .toString()
    .replace(/\uFFFD$/, '')
}
