/**
 * The message on the bus: one JSON object, or an array of them, as any language can write it. The older form (the tag
 * `sensor_name`, a time without a zone) is read as it always was.
 */
import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { fieldOf, groupOf, isForecast } from './groups.ts'
import { isName, namePattern, parseSensorTopic, type SensorSource } from './topics.ts'
import { type Micros, microsFromMillis, parseTime } from './units.ts'

/** Short texts only: a field is a value, not a document. */
export const maxTextLength = 256
const maxTags = 16
const maxFields = 256
/** Samples in one message. */
export const maxSamples = 5000

const HouseId = Type.Union([Type.String({ pattern: '^\\d{1,9}$' }), Type.Integer({ minimum: 0, maximum: 999_999_999 })])
const Tag = Type.Union([Type.String({ maxLength: maxTextLength }), Type.Number(), Type.Boolean()])

export const Message = Type.Object({
  measurement: Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_]{0,62}$' }),
  tags: Type.Object(
    {
      house_id: HouseId,
      device_name: Type.Optional(Type.String({ pattern: namePattern })),
      sensor_name: Type.Optional(Type.String({ pattern: namePattern })),
      location: Type.Optional(Type.String({ maxLength: maxTextLength })),
      count: Type.Optional(
        Type.Union([Type.String({ pattern: '^\\d{1,4}$' }), Type.Integer({ minimum: 0, maximum: 9999 })]),
      ),
    },
    { additionalProperties: Tag, maxProperties: maxTags },
  ),
  fields: Type.Record(
    Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_]{0,62}$' }),
    Type.Union([Type.Number(), Type.Boolean(), Type.String({ maxLength: maxTextLength }), Type.Null()]),
    { minProperties: 1, maxProperties: maxFields, additionalProperties: false },
  ),
  time: Type.Optional(Type.String({ maxLength: 40 })),
  issued: Type.Optional(Type.String({ maxLength: 40 })),
})
export type Message = Static<typeof Message>

export type FieldValue = number | boolean | string

/** One sample as the system keeps it: checked, in UTC, with the vendor's name gone from everything but `device`. */
export type Sample = {
  readonly houseId: number
  readonly group: string
  readonly device: string
  readonly count: number
  /** Room or place as the vendor names it; empty where there is none. */
  readonly location: string
  /** Further tags, as given. */
  readonly tags: Readonly<Record<string, string>>
  readonly time: Micros
  /** Forecast groups only: when the forecast was issued. */
  readonly issued: Micros | undefined
  readonly fields: Readonly<Record<string, FieldValue>>
}

/** Why one sample of a message was refused; `index` is its place in the array, 0 for a lone object. */
export type Refusal = { readonly index: number; readonly reason: string }

export type Checked = { readonly samples: Sample[]; readonly refusals: Refusal[] }

const tagName = /^[A-Za-z][A-Za-z0-9_.-]{0,62}$/
const compiled = Compile(Message)
const earliest = Date.UTC(1990, 0, 1) * 1000
const day = 86_400_000_000

/**
 * Reads and checks one message. Never throws: what is wrong comes back as refusals, beside the samples that are right.
 *
 * @param topic where it was published; its house, when there, must be the house of every sample
 * @param payload the bytes, UTF-8 JSON
 * @param now receipt, µs; the time of a sample that states none, and the time of issue of a forecast that states none
 */
export function readMessage(
  topic: string,
  payload: Uint8Array | string,
  now: Micros = microsFromMillis(Date.now()),
): Checked {
  const source = parseSensorTopic(topic)
  if (!source) return refuseAll(`the topic is not sensors/<name>/<house>: ${printable(topic, 80)}`)
  let parsed: unknown
  try {
    const text = typeof payload === 'string' ? payload : utf8.decode(payload)
    parsed = JSON.parse(text)
  } catch {
    return refuseAll('the payload is not JSON in UTF-8')
  }
  const list = Array.isArray(parsed) ? parsed : [parsed]
  if (list.length === 0) return refuseAll('the payload is an empty array')
  if (list.length > maxSamples) return refuseAll(`more than ${maxSamples} samples in one message`)
  return readSamples(source, list, now)
}

/** The same for messages that are there as objects already. */
export function readSamples(source: SensorSource, list: readonly unknown[], now: Micros): Checked {
  const samples: Sample[] = []
  const refusals: Refusal[] = []
  list.forEach((item, index) => {
    const outcome = readSample(item, source, now)
    if (typeof outcome === 'string') refusals.push({ index, reason: outcome })
    else samples.push(outcome)
  })
  return { samples, refusals }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

const refuseAll = (reason: string): Checked => ({ samples: [], refusals: [{ index: 0, reason }] })

/** Text for a person: no control characters, cut to length. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is taken out
const printable = (text: string, length: number) => text.replace(/[\u0000-\u001f\u007f]/g, '�').slice(0, length)

function readSample(item: unknown, source: SensorSource, now: Micros): Sample | string {
  if (!compiled.Check(item)) return describe(item)
  const { measurement: group, tags, fields } = item
  const { house_id, device_name, sensor_name, location = '', count = source.count ?? 0, ...others } = tags
  const houseId = Number(house_id)
  if (source.houseId !== undefined && houseId !== source.houseId)
    return `tags.house_id is ${houseId}, but this publisher writes for house ${source.houseId}`
  const device = device_name ?? sensor_name ?? source.device
  if (device !== source.device) return `tags.device_name is ${device}, but this publisher is ${source.device}`

  const time = item.time === undefined ? now : parseTime(item.time)
  if (time === undefined) return 'time is not an ISO 8601 time'
  const forecast = isForecast(group)
  if (time < earliest) return 'time is before 1990'
  if (time > now + (forecast ? 60 * day : day)) return `time is more than ${forecast ? '60 days' : 'a day'} ahead`
  let issued: Micros | undefined
  if (forecast) {
    issued = item.issued === undefined ? now : parseTime(item.issued)
    if (issued === undefined) return 'issued is not an ISO 8601 time'
    if (issued > now + day) return 'issued is more than a day ahead'
  }
  const known: Record<string, FieldValue> = {}
  let kept = 0
  for (const [name, value] of Object.entries(fields)) {
    if (value === null) continue
    const complaint = complainAbout(group, name, value)
    if (complaint) return complaint
    known[name] = value
    kept++
  }
  if (kept === 0) return 'every field is null: nothing was measured'
  const extra: Record<string, string> = {}
  for (const [tag, value] of Object.entries(others)) {
    if (!tagName.test(tag)) return `tags has a name that is not a letter followed by letters, digits, _ . or -`
    extra[tag] = String(value)
  }
  return { houseId, group, device, count: Number(count), location, tags: extra, time, issued, fields: known }
}

/** What is wrong with the value of a field, or `undefined`. Fields that the table does not know pass as they are. */
function complainAbout(group: string, name: string, value: FieldValue): string | undefined {
  const field = fieldOf(group, name)
  if (!field) return undefined
  const type = typeof value === 'string' ? 'text' : typeof value
  if (type !== field.type) return `fields.${name} of ${group} is a ${field.type}, got a ${type}`
  if (typeof value !== 'number') return undefined
  if (field.min !== undefined && value < field.min)
    return `fields.${name} is ${value}, below ${field.min} ${field.unit}`
  if (field.max !== undefined && value > field.max)
    return `fields.${name} is ${value}, above ${field.max} ${field.unit}`
  return undefined
}

function describe(item: unknown): string {
  const [first] = compiled.Errors(item)
  if (!first) return 'the message is not of the expected form'
  const where = first.instancePath.replaceAll('/', '.').replace(/^\./, '')
  return printable(`${where === '' ? 'the message' : where} ${first.message}`, 200)
}

/** Whether a group name is one the table describes; used to warn about likely typing errors. */
export const isKnownGroup = (group: string): boolean => groupOf(group) !== undefined

/** The message of a sample, as it goes out on the bus. */
export function writeMessage(sample: Omit<Sample, 'time' | 'issued'> & { time: string; issued?: string }): Message {
  if (!isName(sample.device)) throw new RangeError(`not a device name: ${sample.device}`)
  return {
    measurement: sample.group,
    tags: {
      house_id: String(sample.houseId),
      device_name: sample.device,
      ...(sample.count === 0 ? {} : { count: String(sample.count) }),
      ...(sample.location === '' ? {} : { location: sample.location }),
      ...sample.tags,
    },
    fields: { ...sample.fields },
    time: sample.time,
    ...(sample.issued === undefined ? {} : { issued: sample.issued }),
  }
}
