/** Sensibo's REST interface v2 (schedules: v1), simulated; the heat pumps of the simulated houses obey it. */
import { type Faults, shownTime } from './faults.ts'
import { makeQuirks } from './quirks.ts'
import {
  acStateOf,
  benchPod,
  celsiusOf,
  historyOf,
  measurementsOf,
  type Pod,
  type PodView,
  pick,
  podOf,
  remoteMode,
  type SensiboQuirk,
  sensiboQuirks,
  smartModeOf,
  timeOf,
  unitOf,
} from './sensibo-pods.ts'
import { makeSchedules } from './sensibo-schedules.ts'
import {
  isBench,
  type ListenOptions,
  makeAllowance,
  type Question,
  type Reply,
  type Simulator,
  startVendor,
  type Vendor,
} from './server.ts'
import type { AcState } from './world/house.ts'
import type { World } from './world/world.ts'

export const startSensibo = (world: World, options: ListenOptions = {}): Promise<Simulator> =>
  startVendor((faults) => makeSensibo(world, faults), options)

const failed = (status: number, reason: string, message: string, more: object = {}): Reply => ({
  status,
  body: { status: 'failed', reason, message, ...more },
})
const success = (result: unknown, more: object = {}): Reply => ({
  status: 200,
  body: { status: 'success', result, ...more },
})
const notAuthorized = failed(403, 'NotAuthorized', 'Invalid API key')
const plusOnly = failed(403, 'NotAuthorized', 'This feature is available for Plus users only')
const noPod = failed(404, 'NotFound', 'No such device or device is not associated with user')
const tooMany: Reply = {
  status: 429,
  body: 'API Limit exceeded. Use "Accept-Encoding: gzip" to increase the rate limit.',
}

type Schedules = ReturnType<typeof makeSchedules>
type Account = { readonly pods: readonly Pod[]; readonly schedules: Schedules }

function makeSensibo(world: World, faults: Faults): Vendor {
  const quirks = makeQuirks<SensiboQuirk>(sensiboQuirks)
  const accounts = new Map<string, Account>()
  for (const living of world.houses)
    if (living.house.sensibo)
      accounts.set(living.house.sensibo.key, {
        pods: living.house.rooms.map((_, room) => podOf(living, room)),
        schedules: makeSchedules(),
      })
  const packed = makeAllowance(10, 10, world.now)
  const plain = makeAllowance(5, 5, world.now)

  const account = ({ query, headers }: Question) =>
    query.get('apiKey') ?? /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? undefined

  return {
    account,
    accounts: [...accounts].map(([key, { pods }]) => ({
      integration: 'sensibo-sky',
      credentials: { 'api-key': key },
      holds: pods.map(({ room }) => room).join(', '),
    })),
    refused: notAuthorized,
    throttled: tooMany,
    own: (question) => quirks.answer(question),
    reject: ({ method, path, body }) => {
      if (path.includes('/schedules')) return failed(400, 'BadRequest', 'Schedules cannot be used now')
      if (method === 'GET') return undefined
      return failed(200, 'NoSuchRemoteCommand', 'The remote has no such command', { result: { request: body } })
    },
    answer: (question) => {
      const key = account(question)
      const found = isBench(key) ? { pods: [benchPod(key)], schedules: makeSchedules() } : accounts.get(key ?? '')
      if (key === undefined || !found) return notAuthorized
      const allowance = /\bgzip\b/.test(String(question.headers['accept-encoding'] ?? '')) ? packed : plain
      if (!isBench(key) && allowance(key)) return tooMany
      const now = world.now()
      found.schedules.run(found.pods, now)
      const view: PodView = {
        now,
        shown: shownTime(faults, key, now),
        late: faults.strike('late', key)?.seconds ?? (faults.active('late', key) ? 600 : 0),
        quirk: (name) => quirks.active(name, key),
      }
      return answer(question, { ...found, pods: quirky(found.pods, view) }, view)
    },
    spoil: (body, key) => {
      const { result } = body as { result?: unknown }
      return Array.isArray(result) && faults.strike('duplicate', key)
        ? { ...(body as object), result: [...result, ...result] }
        : body
    },
  }
}

/** The pods as the quirks that are on make them look. */
function quirky(all: readonly Pod[], { quirk }: PodView): readonly Pod[] {
  const renamed = quirk('renamed')
  const blowing = quirk('fan') !== undefined
  const [first, ...others] = all.map((pod, index) => ({
    ...pod,
    room: renamed && index === 0 ? String(renamed.name ?? 'Ny stue') : pod.room,
    state: (ms: number): AcState => ({ ...pod.state(ms), ...(blowing ? { mode: 'fan', fanLevel: 'low' } : {}) }),
  }))
  if (!first) return []
  const monitor: Pod[] = quirk('monitor') ? [{ ...first, id: `${first.id}AQ`, model: 'airq' }] : []
  return [...(quirk('vanished') ? [] : [first]), ...others, ...monitor]
}

const address =
  /^\/api\/(v[12])\/pods\/([^/]+)(?:\/(acStates|measurements|historicalMeasurements|smartmode|schedules)(?:\/(\w+))?)?$/

function answer({ method, path, query, body }: Question, { pods, schedules }: Account, view: PodView): Reply {
  if (/^\/api\/v[12]\/users\/me$/.test(path))
    return success({
      username: 'simulated',
      email: 'simulated@example.org',
      firstName: 'Kari',
      lastName: 'Nordmann',
      temperatureUnit: unitOf(view),
      appRegistrationSource: 'Sensibo',
      organization: null,
      availableOrganizations: [],
    })
  const fields = query.get('fields')
  if (path === '/api/v2/users/me/pods') return success(pods.map((pod) => pick(pod, fields, view)))
  const [, version, id, part, more] = address.exec(path) ?? []
  const pod = pods.find((one) => one.id === id)
  if (!pod || (version === 'v1') !== (part === 'schedules')) return noPod
  if (part === 'schedules') {
    if (view.quirk('plus')) return plusOnly
    return schedules.answer(method, pod, more, body, view.now, view.quirk('nameless') !== undefined)
  }
  const given = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  if (part === undefined) return success(pick(pod, fields, view))
  if (part === 'smartmode') return success(smartModeOf(view))
  if (part === 'measurements') return success([measurementsOf(pod, view)])
  if (part === 'historicalMeasurements') return success(historyOf(pod, view.now, Number(query.get('days') ?? 1)))
  if (method === 'POST') return change(pod, view, (given.acState ?? {}) as Wanted)
  if (method === 'PATCH' && more !== undefined) return change(pod, view, { [more]: given.newValue })
  return statesOf(pod, view, Number(query.get('limit') ?? 10))
}

/** Newest first, failed attempts among them. */
function statesOf(pod: Pod, view: PodView, asked: number): Reply {
  const limit = Math.min(20, Math.max(1, asked || 10))
  const yesterday = view.now - 86_400_000
  const first = {
    time: yesterday,
    status: 'Success',
    reason: 'UserRequest',
    acState: pod.state(yesterday),
    changed: [],
  }
  const states = [...pod.log, first]
  return success(
    states.slice(0, limit).map(({ time, status, reason, acState, changed }, index) => ({
      id: `${pod.id}-${states.length - index}`,
      time: timeOf(time, view.now),
      status,
      reason,
      acState: acStateOf(acState, unitOf(view)),
      changedProperties: changed,
      failureReason: status === 'Failed' ? 'The device did not answer' : null,
    })),
    { moreResults: states.length > limit },
  )
}

type Wanted = Readonly<Record<string, unknown>>

/** A command: merged with the present state, checked against what the remote knows, and obeyed. */
function change(pod: Pod, view: PodView, wanted: Wanted): Reply {
  const { now, quirk } = view
  const unit = unitOf(view)
  const present = pod.state(now)
  const shown = acStateOf(present, unit)
  const merged: Wanted = { ...shown, ...wanted }
  const next = stateOf(merged, present, unit)
  if (!next || pod.model === 'airq')
    return failed(200, 'NoSuchRemoteCommand', 'The remote has no such command', {
      result: { request: merged, currentAcState: shown },
    })
  const changed = (Object.keys(next) as (keyof AcState)[]).filter((key) => next[key] !== present[key])
  const status = quirk('infrared') || quirk('offline') ? 'Failed' : quirk('pending') ? 'Pending' : 'Success'
  if (status === 'Success') pod.set(now, next)
  pod.log.unshift({ time: now, status, reason: 'UserRequest', acState: next, changed })
  pod.log.length = Math.min(pod.log.length, 50)
  return success({
    id: `${pod.id}-${pod.log.length + 1}`,
    status,
    reason: 'UserRequest',
    acState: acStateOf(next, unit),
    changedProperties: changed,
    failureReason: status === 'Failed' ? 'The device did not answer' : null,
  })
}

/** The state that is meant, or `undefined` for one that the remote does not know. What a mode hides stays as it was. */
function stateOf(merged: Wanted, present: AcState, unit: 'C' | 'F'): AcState | undefined {
  const { on, mode, targetTemperature, temperatureUnit = unit, fanLevel } = merged
  const known = typeof mode === 'string' ? remoteMode(mode, unit) : undefined
  if (!known || typeof on !== 'boolean' || temperatureUnit !== unit) return undefined
  const target = known.values.length === 0 ? undefined : targetTemperature
  if (target !== undefined && !(known.values as readonly unknown[]).includes(target)) return undefined
  const level = known.fanLevels ? (fanLevel ?? known.fanLevels[0]) : undefined
  if (level !== undefined && !known.fanLevels?.includes(String(level))) return undefined
  return {
    on,
    mode: String(mode),
    targetTemperature: target === undefined ? present.targetTemperature : celsiusOf(Number(target), unit),
    fanLevel: level === undefined ? present.fanLevel : String(level),
  }
}
