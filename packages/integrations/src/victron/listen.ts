import type { Duration, Link, MqttMessage } from '../define.ts'
import { victronAuthority } from './ca.ts'
import {
  brokerOf,
  completed,
  heartbeat,
  isPath,
  mostValue,
  type Path,
  portalOf,
  subscribed,
  systemType,
  type Values,
} from './topics.ts'

export type Account = { readonly 'portal-id': string; readonly email: string; readonly 'access-token': string }

/** What a setting may be set to, as the device says beside its value. */
export type Limits = Record<string, { min: number; max: number }>
type Picture = { values: Values; limits: Limits; odd: Record<string, unknown> }

const gather: Duration = '5 s'
/** Sent every 30 s; without it the device goes quiet after 60 s. */
const prolong = JSON.stringify({ 'keepalive-options': ['suppress-republish'] })
/** So long is waited for a device to have told everything; then it is asked again, and after as long once more it must do, ms. */
const patience = 10_000
/** Messages are not repeated by the network: what was lost of a value that seldom changes is asked for again, ms. */
const refresh = 15 * 60_000

/** How to connect to a site's broker; the first keep-alive of a connection is empty, and makes the site tell everything. */
export const connectionOf = (account: Account) => {
  const site = portalOf(account['portal-id'])
  return {
    site,
    url: brokerOf(site),
    ca: victronAuthority,
    username: account.email.trim(),
    password: `Token ${account['access-token']}`,
    hello: [{ topic: `R/${site}/keepalive`, payload: '' }],
  }
}

/**
 * Hears a site: merges what changes into a picture of the whole, and hands that over with each batch from when the
 * device has told everything. A heartbeat alone says that nothing changed.
 */
export async function listen(
  { link, credentials }: { readonly link: Link; readonly credentials: Account },
  onStatus: (answer: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  const { site, ...connection } = connectionOf(credentials)
  const stream = await link.mqtt({
    ...connection,
    subscribe: [...subscribed, heartbeat, completed].map((path) => `N/${site}/${path}`),
    beat: { every: '30 s', messages: [{ topic: `R/${site}/keepalive`, payload: prolong }] },
    gather,
  })
  try {
    const picture: Picture = { values: {}, limits: {}, odd: {} }
    let [begun, asked, told] = [0, 0, false]
    for await (const { at, messages } of stream.batches) {
      if (signal.aborted) return
      const now = Date.parse(at)
      begun ||= now
      asked ||= now
      for (const message of messages) if (draw(picture, message, `N/${site}/`) === completed) told = true
      told ||= now - begun > 2 * patience
      if (told && Object.values(picture.values).some((value) => typeof value === 'number'))
        onStatus({ at, values: { ...picture.values }, limits: { ...picture.limits } })
      if (Object.keys(picture.odd).length > 0) onStatus({ at, values: picture.odd, limits: {} })
      picture.odd = {}
      if (now - asked > (told ? refresh : patience)) {
        asked = now
        for (const message of connection.hello) await stream.publish(message)
      }
    }
  } finally {
    await stream.close()
  }
}

/** Puts one message into the picture; gives the path it was about. What cannot be read is missing from then on. */
function draw(picture: Picture, { topic, payload }: MqttMessage, prefix: string): string | undefined {
  if (!topic.startsWith(prefix)) return undefined
  const path = topic.slice(prefix.length)
  if (!isPath(path)) return path
  const read = readPayload(payload)
  if (fits(path, read.value)) {
    Object.assign(picture.values, { [path]: read.value })
    if (read.min !== undefined && read.max !== undefined) picture.limits[path] = { min: read.min, max: read.max }
  } else {
    Object.assign(picture.values, { [path]: null })
    picture.odd[path] = read.value ?? { payload: payload.slice(0, 80) }
  }
  return path
}

const fits = (path: Path, value: unknown): boolean =>
  value === null ||
  (path === systemType ? typeof value === 'string' : typeof value === 'number' && Math.abs(value) <= mostValue)

/** An empty payload: the device has gone. `value` is `undefined` when there is none to be read. Never throws. */
export function readPayload(payload: string): { value: unknown; min?: number; max?: number } {
  if (payload === '') return { value: null }
  try {
    const { value, min, max } = (JSON.parse(payload) ?? {}) as Record<string, unknown>
    const isLimited = typeof min === 'number' && typeof max === 'number' && min < max
    return isLimited ? { value, min, max } : { value }
  } catch {
    return { value: undefined }
  }
}
