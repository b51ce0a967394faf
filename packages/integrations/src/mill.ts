/** Mill's cloud, as both integrations of it need it: log-in, the devices of all houses, and Mill's words for failures. */
import { parseTime, VendorFailure } from '@nabolag/core'
import { type Static, type TSchema, Type } from 'typebox'
import { Check } from 'typebox/value'
import type { Given, Reading, SignIn } from './define.ts'
import { Maybe } from './schema.ts'

export const Credentials = Type.Object({
  username: Type.String({ title: 'E-mail', description: 'As in the Mill app', minLength: 1 }),
  password: Type.String({ title: 'Password', description: 'As in the Mill app', secret: true, minLength: 1 }),
})
export type Credentials = Static<typeof Credentials>

export const Session = Type.Object({
  idToken: Type.String({ minLength: 1 }),
  refreshToken: Type.String({ minLength: 1 }),
})
export type Session = Static<typeof Session>

/** A number that JSON cannot carry exactly would be the id of another device: it does not fit. */
const Id = Type.Union([Type.String({ minLength: 1 }), Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })])
const TypeName = Type.Object({ name: Maybe(Type.String()) })
const Metrics = Type.Object({
  time: Maybe(Type.Number()),
  sentAt: Maybe(Type.String()),
  receivedAt: Maybe(Type.String()),
  temperature: Maybe(Type.Number()),
  temperatureAmbient: Maybe(Type.Number()),
  humidity: Maybe(Type.Number()),
  tvoc: Maybe(Type.Number()),
  eco2: Maybe(Type.Number()),
  massPm_10: Maybe(Type.Number()),
  massPm_25: Maybe(Type.Number()),
  massPm_100: Maybe(Type.Number()),
  batteryPercentage: Maybe(Type.Number()),
  chargingStatus: Maybe(Type.Number()),
  currentPower: Maybe(Type.Number()),
  controlSignal: Maybe(Type.Number()),
  powerStatus: Maybe(Type.Union([Type.Number(), Type.Boolean()])),
  openWindowsStatus: Maybe(Type.Number()),
})
const Settings = Type.Object({ operation_mode: Maybe(Type.String()) })
const Device = Type.Object({
  deviceId: Id,
  customName: Maybe(Type.String()),
  isConnected: Maybe(Type.Boolean()),
  isEnabled: Maybe(Type.Boolean()),
  isArchived: Maybe(Type.Boolean()),
  controlSource: Maybe(Type.String()),
  deviceType: Maybe(Type.Object({ parentType: Maybe(TypeName), childType: Maybe(TypeName) })),
  lastMetrics: Maybe(Metrics),
  deviceSettings: Maybe(
    Type.Object({ reported: Maybe(Settings), desired: Maybe(Settings), delta: Maybe(Type.Unknown()) }),
  ),
  energyUsageForCurrentDay: Maybe(Type.Number()),
})
export type Device = Static<typeof Device>
export type Metrics = Static<typeof Metrics>

/** All houses of the account in one document, as `fetchHomes` puts it together. */
export const Homes = Type.Object({
  houses: Type.Array(
    Type.Object({
      id: Id,
      rooms: Type.Array(Type.Object({ roomName: Maybe(Type.String()), devices: Type.Array(Device) })),
      independent: Type.Object({ items: Type.Array(Device) }),
    }),
  ),
})
export type Homes = Static<typeof Homes>

const Houses = Type.Object({
  ownHouses: Type.Array(Type.Object({ id: Id })),
  sharedHouses: Maybe(Type.Array(Type.Object({ id: Id }))),
})

/** What both integrations say of the one cloud. */
export const mill = {
  vendor: 'mill',
  base: 'https://api.millnorwaycloud.com',
  credentials: Credentials,
  account: ({ username }: Credentials) => username.trim().toLowerCase(),
  status: Homes,
  // Mill allows 2500 an hour; the rest is for the owner's own app.
  limits: { calls: { count: 2000, per: '1 h' }, pause: '10 min' },
  sampling: { every: '2 min', staleAfter: '20 min' },
} as const

/** A token pair lasts ten minutes; each renewal gives a new pair, and the old one is void. */
export const signIn: SignIn<typeof Credentials, typeof Session> = {
  session: Session,
  open: async ({ http, credentials, worn }) => {
    const answer = worn
      ? await http.post('/customer/auth/refresh', { bearer: worn.refreshToken, failureOf: signInFailure })
      : await http.post('/customer/auth/sign-in', {
          body: { login: credentials.username.trim(), password: credentials.password },
          failureOf: signInFailure,
        })
    const { idToken, refreshToken } = fitting(Session, answer, 'the log-in')
    return { session: { idToken, refreshToken }, lasts: '9 min' }
  },
}

/** Every device of every house, own and shared: in rooms, and those without one. */
export async function fetchHomes({ http, session }: Pick<Given<typeof Credentials, Session>, 'http' | 'session'>) {
  const options = { bearer: session.idToken, failureOf: millFailure }
  const { ownHouses, sharedHouses } = fitting(Houses, await http.get('/houses', options), 'the houses')
  const ids = new Set([...ownHouses, ...(sharedHouses ?? [])].map(({ id }) => String(id)))
  const houses: unknown[] = []
  for (const id of ids) {
    const path = `/houses/${encodeURIComponent(id)}/devices`
    houses.push({
      id,
      rooms: await http.get(path, options),
      independent: await http.get(`${path}/independent`, options),
    })
  }
  return { houses }
}

/** A device and where its owner says it is. */
export type Placed = {
  readonly device: Device
  readonly id: string
  readonly location: string
  readonly roomless: boolean
}

/**
 * The devices of a kind, each once: by the name of its parent type, which stays when new models come. The location is
 * the room's name, or the device's own where it has no room.
 */
export function devicesOf({ houses }: Homes, kind: RegExp): Placed[] {
  const found = new Map<string, Placed>()
  const take = (device: Device, room: string | null | undefined, roomless: boolean) => {
    const id = String(device.deviceId)
    if (found.has(id) || device.isArchived === true || !kind.test(parentOf(device))) return
    found.set(id, { device, id, location: room || device.customName || id, roomless })
  }
  for (const { rooms, independent } of houses) {
    for (const { roomName, devices } of rooms) for (const device of devices) take(device, roomName, false)
    for (const device of independent.items) take(device, undefined, true)
  }
  return [...found.values()]
}

export const parentOf = ({ deviceType }: Device): string => deviceType?.parentType?.name ?? ''

/**
 * The reading of a device, or none: one that is not connected has only its last words in the cloud, and one without
 * metrics or without a time for them has said nothing.
 */
export function readingsOf(
  { device, id, location }: Placed,
  fieldsOf: (metrics: Metrics, device: Device) => Reading['fields'],
): Reading[] {
  const { lastMetrics: metrics, isConnected } = device
  const time = metrics ? timeOf(metrics) : undefined
  if (!metrics || time === undefined || isConnected === false) return []
  const fields = fieldsOf(metrics, device)
  return Object.values(fields).every((value) => value === undefined) ? [] : [{ time, location, place: id, fields }]
}

/** `time` is in seconds in some payloads and in milliseconds in others: its size tells. */
function timeOf({ time, sentAt, receivedAt }: Metrics): string | undefined {
  const ms = time === null || time === undefined ? 0 : time > 1e12 ? time : time * 1000
  if (ms > 0 && ms < 4e12) return new Date(ms).toISOString()
  return [sentAt, receivedAt].find((text) => text && parseTime(text) !== undefined) ?? undefined
}

/** What Mill's own words for a failure mean; they may come in a 200. Never throws. */
export function millFailure({ status, body }: { readonly status: number; readonly body: unknown }) {
  const said = errorOf(body)
  if (!said || status === 429 || status >= 500) return undefined
  if (isAboutLogin(said) || status === 401 || status === 403) return new VendorFailure('refused', said.words)
  if (isAboutLimits(said)) return new VendorFailure('throttled', said.words)
  // Between the list of houses and the question one can vanish: the next round has a new list.
  if (status === 404 || status < 300 || /not ?found/i.test(said.type))
    return new VendorFailure('unreachable', said.words)
  return undefined
}

/** The same at the log-in, whose status cannot be relied upon: the words count. */
export function signInFailure({ status, body }: { readonly status: number; readonly body: unknown }) {
  const said = errorOf(body)
  if (!said) return undefined
  if (isAboutLogin(said)) return new VendorFailure('refused', said.words)
  if (status === 429 || status >= 500) return undefined
  return new VendorFailure(isAboutLimits(said) ? 'throttled' : 'refused', said.words)
}

/** The same for a command: what is not about the session or the moment is a no to this command. */
export function commandFailure({ status, body }: { readonly status: number; readonly body: unknown }) {
  const said = errorOf(body)
  const words = said?.words ?? `Mill answered ${status}`
  if (status === 429 || (said && isAboutLimits(said))) return new VendorFailure('throttled', words)
  if (status >= 500 || status === 408) return new VendorFailure('unreachable', words)
  if (status === 401 || (said && isAboutLogin(said))) return new VendorFailure('refused', words)
  return status >= 300 || said ? new VendorFailure('rejected', words) : undefined
}

type Said = { readonly type: string; readonly words: string }

const isAboutLogin = ({ type, words }: Said) =>
  /auth|token|log-?in|sign-?in|unauthori[sz]ed/i.test(type) || /incorrect login or password/i.test(words)
const isAboutLimits = ({ words }: Said) => /too many|rate.?limit/i.test(words)

function errorOf(body: unknown): Said | undefined {
  const error = typeof body === 'object' && body !== null ? (body as { error?: unknown }).error : undefined
  if (error === undefined || error === null || error === false) return undefined
  const { type, message } = (typeof error === 'object' ? error : { type: error }) as Record<string, unknown>
  const texts = [type, message].filter((text): text is string => typeof text === 'string' && text !== '')
  return {
    type: typeof type === 'string' ? type : '',
    words: `Mill says: ${texts.join(', ') || 'an error without words'}`.slice(0, 200),
  }
}

/** @throws VendorFailure `changed` when an answer on the way is not what it was */
function fitting<T extends TSchema>(schema: T, answer: unknown, what: string): Static<T> {
  if (!Check(schema, answer)) throw new VendorFailure('changed', `Mill's answer for ${what} does not fit any more`)
  return answer
}
