/** From a message on the bus to what is to be written of it. Nothing here throws: what is wrong becomes a rejected row. */
import type { Delivery } from '@nabolag/bus'
import { microsFromMillis, parseSensorTopic, type Refusal, readMessage, type Sample } from '@nabolag/core'
import type { Rejected } from '@nabolag/timeseries'

/** A message on its way to the store. A point is one field of one sample. */
export type Entry = {
  readonly delivery: Delivery
  readonly samples: readonly Sample[]
  readonly points: number
  readonly rejected: readonly Rejected[]
  /** Samples (or whole messages) refused; one row in `rejected` may stand for several. */
  readonly refused: number
}

/** What the embedded broker says when it refuses a message before it is one of ours. */
const refusedRoot = 'refused/'
export const refusedTopics = `${refusedRoot}#`

const longestPayload = 4096
/** Rows kept of one message that has many bad samples, one for each reason. */
const mostRows = 10

/** Checks one message. */
export function takeIn(delivery: Delivery): Entry {
  if (delivery.topic.startsWith(refusedRoot))
    return { delivery, samples: [], points: 0, rejected: [readRefusedEvent(delivery)], refused: 1 }
  try {
    return check(delivery)
  } catch (error) {
    // A fault of ours must not come back with the message for ever and stop everybody else's.
    const reason = `it could not be read: ${error instanceof Error ? error.message : String(error)}`.slice(0, 300)
    const payload = cut(delivery.payload.toString('utf8', 0, longestPayload))
    return { delivery, samples: [], points: 0, rejected: [{ ...sourceOf(delivery), reason, payload }], refused: 1 }
  }
}

function check(delivery: Delivery): Entry {
  const { samples, refusals } = readMessage(delivery.topic, delivery.payload, microsFromMillis(delivery.received))
  let points = 0
  for (const { fields } of samples) points += Object.keys(fields).length
  return { delivery, samples, points, rejected: rejectedRows(delivery, refusals), refused: refusals.length }
}

/** One row for a sample that the store itself refuses. */
export const rejectedByStore = (delivery: Delivery, sample: Sample, reason: string): Rejected => ({
  ...sourceOf(delivery),
  reason: `it could not be stored: ${reason}`.slice(0, 300),
  payload: cut(JSON.stringify(sample)),
})

function rejectedRows(delivery: Delivery, refusals: readonly Refusal[]): Rejected[] {
  if (refusals.length === 0) return []
  const byReason = new Map<string, { first: number; count: number }>()
  for (const { index, reason } of refusals) {
    const seen = byReason.get(reason)
    if (seen) seen.count++
    else byReason.set(reason, { first: index, count: 1 })
  }
  const whole = delivery.payload.toString('utf8', 0, longestPayload)
  const items = readArray(delivery.payload)
  return [...byReason].slice(0, mostRows).map(([reason, { first, count }]) => ({
    ...sourceOf(delivery),
    reason: count === 1 ? reason : `${reason} (and ${count - 1} more in the same message)`,
    payload: cut((items && textOf(items[first])) ?? whole),
  }))
}

/** `undefined` when it is nested so deeply that it can be read but not written. */
function textOf(item: unknown): string | undefined {
  try {
    return JSON.stringify(item) ?? ''
  } catch {
    return undefined
  }
}

function sourceOf({ topic, received }: Delivery): Pick<Rejected, 'received' | 'topic' | 'houseId' | 'device'> {
  const source = parseSensorTopic(topic)
  return { received, topic: topic.slice(0, 256), houseId: source?.houseId, device: source?.device ?? '' }
}

function readArray(payload: Buffer): unknown[] | undefined {
  try {
    const parsed: unknown = JSON.parse(payload.toString())
    return Array.isArray(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

/** User names of publishers are `h<house>.<name>.<count>`. */
const publisherName = /^h(\d{1,9})\.(.+)\.\d+$/

function readRefusedEvent(delivery: Delivery): Rejected {
  let event: Record<string, unknown> = {}
  try {
    const parsed: unknown = JSON.parse(delivery.payload.toString())
    if (typeof parsed === 'object' && parsed !== null) event = parsed as Record<string, unknown>
  } catch {
    // The row then says what is known: that something was refused.
  }
  const text = (name: string) => (typeof event[name] === 'string' ? event[name] : '')
  const [, house, device] = publisherName.exec(text('username')) ?? []
  return {
    received: delivery.received,
    topic: (text('topic') || delivery.topic).slice(0, 256),
    houseId: house === undefined ? undefined : Number(house),
    device: device ?? '',
    reason: text('reason').slice(0, 300) || 'the broker refused it',
    payload: cut(text('payload')),
  }
}

/** At most 4 KiB of UTF-8, not ending in half a character. */
function cut(text: string): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= longestPayload) return text
  let end = longestPayload
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}
