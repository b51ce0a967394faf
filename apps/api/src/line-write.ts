/** From lines of InfluxDB's protocol to messages on the bus: the same way that any publisher's samples go. */
import { setImmediate as breathe, setTimeout as sleep } from 'node:timers/promises'
import {
  formatTime,
  isForecast,
  isName,
  type LinePoint,
  type Micros,
  Problem,
  ProblemError,
  readLinesOf,
  readSamples,
  sensorTopic,
  type TimePrecision,
} from '@nabolag/core'
import type { Tenant } from '@nabolag/store'
import type { App } from './app.ts'

export type LineWrite = {
  readonly text: string
  readonly precision: TimePrecision
  /** Names the house of lines without the tag `house_id`: `3` or `house-3`. */
  readonly bucket: string | undefined
  /** Names the device of lines without the tag `device_name` (or `sensor_name`). */
  readonly org: string | undefined
  /** The time of lines that have none. */
  readonly now: Micros
}

export type LinesWritten = {
  readonly stored: number
  readonly refused: number
  /** The first of those refused. */
  readonly named: readonly { readonly line: number; readonly reason: string }[]
}

type Item = { readonly topic: string; readonly text: string }

/** Characters read before others get their turn. */
const piece = 262_144
/** A message on the bus: far below what a broker takes, and few enough samples to be checked at once. */
const mostItems = 500
const mostCharacters = 200_000
/** How long the broker may take, ms. */
const patience = 10_000
/** Refused lines named in one answer: a body of millions of them must not be kept as so many. */
const mostNamed = 20

/**
 * Hands every good line over to the bus. When it resolves they are safe; the refused ones are told with their numbers.
 *
 * @throws ProblemError `engine-down` when the broker does not take them: nothing is known to be stored, send it again
 */
export async function writeLines(app: App, tenant: Tenant, given: LineWrite): Promise<LinesWritten> {
  const places = placesOf(tenant, given)
  const items: Item[] = []
  const named: { line: number; reason: string }[] = []
  let refused = 0
  let rest = ''
  let line = 1
  for (let at = 0; at < given.text.length; at += piece) {
    const ended = at + piece >= given.text.length
    const read = readLinesOf(rest + given.text.slice(at, at + piece), {
      precision: given.precision,
      firstLine: line,
      ended,
    })
    for (const one of read.lines) {
      const outcome = 'point' in one ? await itemOf(one.point, places, given.now) : one.problem
      if (typeof outcome !== 'string') items.push(outcome)
      else if (++refused <= mostNamed) named.push({ line: one.line, reason: outcome })
    }
    rest = read.rest
    line = read.nextLine
    if (!ended) await breathe()
  }
  await publish(app, items)
  return { stored: items.length, refused, named }
}

/** The message that says what the line says, or why it is refused. */
async function itemOf(point: LinePoint, places: Places, now: Micros): Promise<Item | string> {
  const { house_id, device_name, sensor_name, count, ...tags } = point.tags
  const device = device_name ?? sensor_name ?? places.device
  if (device === undefined)
    return 'it has no tag device_name, and org is not the name of a device (lower-case letters, digits and . _ -)'
  if (!isName(device)) return 'the tag device_name is not a name: lower-case letters, digits and . _ -'
  if (count !== undefined && !/^\d{1,4}$/.test(count)) return 'the tag count is not a number up to 9999'
  const houseId = await places.house(house_id)
  if (typeof houseId === 'string') return houseId
  const forecast = isForecast(point.measurement)
  const { issued, ...others } = tags
  const message = {
    measurement: point.measurement,
    tags: {
      ...(forecast ? others : tags),
      house_id: String(houseId),
      device_name: device,
      ...(count === undefined || Number(count) === 0 ? {} : { count }),
    },
    fields: point.fields,
    time: formatTime(point.time ?? now),
    ...(forecast && issued !== undefined ? { issued } : {}),
  }
  const { refusals } = readSamples({ device, houseId }, [message], now)
  if (refusals[0]) return refusals[0].reason
  return { topic: sensorTopic(device, houseId, Number(count ?? 0)), text: JSON.stringify(message) }
}

type Places = {
  readonly device: string | undefined
  /** The house to write for, or why there is none. */
  house(tag: string | undefined): Promise<number | string>
}

function placesOf(tenant: Tenant, { bucket, org }: LineWrite): Places {
  const named = /^(?:house[-_ ]?)?(\d{1,9})$/i.exec(bucket?.trim() ?? '')?.[1]
  const known = new Map<number, Promise<number | string>>()
  let only: Promise<number | undefined> | undefined
  const onlyHouse = async () => {
    if (tenant.asker.houses?.length === 1) return tenant.asker.houses[0]
    const houses = await tenant.houses()
    return houses.length === 1 ? houses[0]?.id : undefined
  }
  const allowed = async (id: number): Promise<number | string> => {
    try {
      const { role } = await tenant.house(id)
      return role === 'reader' ? `you may read house ${id}, but not write for it` : id
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'no-such-house')
        return `there is no house ${id}, or it is not yours`
      throw error
    }
  }
  return {
    device: org !== undefined && isName(org) ? org : undefined,
    async house(tag) {
      if (tag !== undefined && !/^\d{1,9}$/.test(tag)) return 'the tag house_id is not the number of a house'
      if (tag !== undefined && named !== undefined && Number(tag) !== Number(named))
        return `the tag house_id is ${tag}, but the bucket is of house ${named}`
      only ??= tag === undefined && named === undefined ? onlyHouse() : undefined
      const id = tag ?? named ?? (await only)
      if (id === undefined) return 'it has no tag house_id, and the bucket does not name a house (as house-3)'
      const number = Number(id)
      const before = known.get(number)
      if (before) return before
      const found = allowed(number)
      known.set(number, found)
      return found
    },
  }
}

async function publish(app: App, items: readonly Item[]): Promise<void> {
  if (items.length === 0) return
  const { bus } = app.parts
  const away = () =>
    Problem('engine-down', 'The broker does not answer; nothing is known to be stored', { retry_after: 5 })
  if (!bus.connected) throw away()
  const byTopic = new Map<string, string[]>()
  for (const { topic, text } of items) {
    const before = byTopic.get(topic)
    if (before) before.push(text)
    else byTopic.set(topic, [text])
  }
  const messages: { topic: string; payload: string }[] = []
  for (const [topic, texts] of byTopic)
    for (let from = 0; from < texts.length; ) {
      let to = from
      for (let size = 0; to < texts.length && to - from < mostItems && size < mostCharacters; to++)
        size += texts[to]!.length
      messages.push({ topic, payload: `[${texts.slice(from, to).join(',')}]` })
      from = to
    }
  const stop = new AbortController()
  const late = sleep(patience, undefined, { signal: stop.signal }).then(
    () => Promise.reject(away()),
    () => undefined,
  )
  const all = Promise.all(messages.map(({ topic, payload }) => bus.publish(topic, payload)))
  all.catch(() => undefined)
  await Promise.race([all, late]).finally(() => stop.abort())
}
