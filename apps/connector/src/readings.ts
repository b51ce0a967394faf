/** From readings to messages on the bus: checked, written, and left out when just that has been sent before. */
import { groups, type Message, maxTextLength, parseTime, VendorFailure, writeMessage } from '@nabolag/core'
import type { Reading } from '@nabolag/integrations/define'

/** Readings of one answer, and of one device a minute: more is a flood. */
export const mostPerAnswer = 5000
export const mostPerMinute = 20_000
/** Samples in one message on the bus. */
const batch = 200
/** Readings whose content is remembered, per device. */
const mostRemembered = 1000

export type Subject = {
  readonly houseId: number
  readonly name: string
  readonly group: string
  readonly count: number
}
export type CheckedReading = Omit<Reading, 'fields'> & { readonly fields: Record<string, number | boolean | string> }

/**
 * Checks what an integration's `samples` gave and drops what was not measured.
 *
 * @throws VendorFailure `changed`, naming what is wrong
 */
export function checkReadings(given: unknown): CheckedReading[] {
  if (!Array.isArray(given)) throw new VendorFailure('changed', 'The integration gave no list of readings')
  if (given.length > mostPerAnswer)
    throw new VendorFailure(
      'changed',
      `One answer holds ${given.length} readings, more than the ${mostPerAnswer} allowed`,
    )
  const checked: CheckedReading[] = []
  for (const reading of given as Reading[]) {
    if (typeof reading?.time !== 'string' || parseTime(reading.time) === undefined)
      throw new VendorFailure('changed', 'The time of a reading is not an ISO 8601 time')
    if (reading.issued !== undefined && parseTime(reading.issued) === undefined)
      throw new VendorFailure('changed', 'The time of issue of a reading is not an ISO 8601 time')
    if (reading.group !== undefined && !Object.hasOwn(groups, reading.group))
      throw new VendorFailure('changed', `The group ${String(reading.group).slice(0, 40)} of a reading is not known`)
    const fields: CheckedReading['fields'] = {}
    let kept = 0
    for (const [name, value] of Object.entries(reading.fields ?? {})) {
      if (value === undefined || value === null) continue
      if (typeof value === 'number' && !Number.isFinite(value))
        throw new VendorFailure('changed', `The field ${name} is not a number`)
      fields[name] = typeof value === 'string' ? value.slice(0, maxTextLength) : value
      kept++
    }
    if (kept > 0) checked.push({ ...reading, fields })
  }
  return checked
}

/** Nothing is known of what lies further ahead, ms: such a time is wrong, and nothing would be newer than it. */
const furthestAhead = 60 * 24 * 3_600_000

/** The time (ms) that moves when there is something new: of issue for a forecast, else of measurement. */
export function newestOf(readings: readonly CheckedReading[], now: number): number | undefined {
  let newest: number | undefined
  for (const { time, issued } of readings) {
    const at = (parseTime(issued ?? time) ?? 0) / 1000
    if (at <= now + furthestAhead && (newest === undefined || at > newest)) newest = at
  }
  return newest
}

/**
 * What was sent of the newest answer, as a hash of each reading's content under a hash of its place and time. A reading
 * that comes again is left out, in the same answer too; a corrected one goes out again.
 */
export type Remembered = ReadonlyMap<number, number>

export function leaveOutSent(
  readings: readonly CheckedReading[],
  before: Remembered | undefined,
): { fresh: CheckedReading[]; remembered: Remembered } {
  const remembered = new Map<number, number>()
  const fresh: CheckedReading[] = []
  for (const reading of readings) {
    const { time, issued, location, group, tags, fields } = reading
    const place = hash(JSON.stringify([time, location, tags, group]))
    const content = hash(JSON.stringify([time, issued, location, tags, group, fields]))
    if (before?.get(place) !== content && remembered.get(place) !== content) fresh.push(reading)
    if (remembered.size < mostRemembered) remembered.set(place, content)
  }
  return { fresh, remembered }
}

/** 53 bits, so that two contents that are taken for one are not met in practice. */
function hash(text: string): number {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 2654435761)
    b = Math.imul(b ^ code, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return 4294967296 * (2097151 & b) + (a >>> 0)
}

/** The payloads to publish, each a JSON array of at most 200 samples. */
export function writePayloads(readings: readonly CheckedReading[], subject: Subject): string[] {
  const messages = readings.map((reading) => toMessage(reading, subject))
  const payloads: string[] = []
  for (let from = 0; from < messages.length; from += batch)
    payloads.push(JSON.stringify(messages.slice(from, from + batch)))
  return payloads
}

const toMessage = (
  { time, issued, location = '', group, tags = {}, fields }: CheckedReading,
  { houseId, name, group: usual, count }: Subject,
): Message =>
  writeMessage({
    houseId,
    group: group ?? usual,
    device: name,
    count,
    location: location.slice(0, maxTextLength),
    tags,
    time,
    issued,
    fields,
  })

/** Refuses what comes too fast: counts answers and readings by the minute. */
export function makeRate(): (readings: number, now: number) => void {
  let minute = 0
  let counted = 0
  return (readings, now) => {
    const current = Math.floor(now / 60_000)
    if (current !== minute) {
      minute = current
      counted = 0
    }
    counted += Math.max(1, readings)
    if (counted > mostPerMinute)
      throw new VendorFailure(
        'throttled',
        `More than ${mostPerMinute} readings came within a minute; the rest is not taken`,
        (minute + 1) * 60_000,
      )
  }
}
