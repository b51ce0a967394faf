/** Sensibo's REST interface v2, simulated; the heat pumps of the simulated houses obey it. */
import type { Faults } from './faults.ts'
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
import { podTime } from './world/history.ts'
import type { AcState, LivingHouse } from './world/house.ts'
import { isoSeconds } from './world/local-time.ts'
import { round, seedOf, smooth } from './world/noise.ts'
import type { World } from './world/world.ts'

export const startSensibo = (world: World, options: ListenOptions = {}): Promise<Simulator> =>
  startVendor((faults) => makeSensibo(world, faults), options)

type Pod = {
  readonly id: string
  readonly room: string
  readonly model: string
  climate(ms: number): { temperature: number; humidity: number }
  state(ms: number): AcState
  set(ms: number, state: AcState): void
  /** Newest first. */
  readonly log: { readonly time: number; readonly acState: AcState; readonly changed: readonly string[] }[]
}

const failed = (status: number, reason: string, message: string): Reply => ({
  status,
  body: { status: 'failed', reason, message },
})
const success = (result: unknown, more: object = {}): Reply => ({
  status: 200,
  body: { status: 'success', result, ...more },
})
const notAuthorized = failed(403, 'NotAuthorized', 'Invalid API key')
const tooMany: Reply = {
  status: 429,
  body: 'API Limit exceeded. Use "Accept-Encoding: gzip" to increase the rate limit.',
}
const celsiusValues = Array.from({ length: 15 }, (_, n) => 16 + n)
const fanLevels = ['quiet', 'low', 'medium', 'high', 'auto']
const modes = ['heat', 'cool', 'auto', 'fan', 'dry']

function makeSensibo(world: World, faults: Faults): Vendor {
  const accounts = new Map<string, Pod[]>()
  for (const living of world.houses)
    if (living.house.sensibo)
      accounts.set(
        living.house.sensibo.key,
        living.house.rooms.map((_, room) => podOf(living, room)),
      )
  const packed = makeAllowance(10, 10)
  const plain = makeAllowance(5, 5)

  const account = ({ query, headers }: Question) =>
    query.get('apiKey') ?? /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? undefined

  return {
    account,
    refused: notAuthorized,
    throttled: tooMany,
    answer: (question) => {
      const key = account(question)
      const pods = isBench(key) ? [benchPod(key)] : accounts.get(key ?? '')
      if (key === undefined || !pods) return notAuthorized
      const allowance = /\bgzip\b/.test(String(question.headers['accept-encoding'] ?? '')) ? packed : plain
      if (!isBench(key) && allowance(key)) return tooMany
      const late = faults.strike('late', key)?.seconds ?? (faults.active('late', key) ? 600 : 0)
      return answer(question, pods, world.now(), late)
    },
    spoil: (body, key) => {
      const { result } = body as { result?: unknown }
      return Array.isArray(result) && faults.strike('duplicate', key)
        ? { ...(body as object), result: [...result, ...result] }
        : body
    },
  }
}

function answer({ method, path, query, body }: Question, pods: readonly Pod[], now: number, late: number): Reply {
  if (/^\/api\/v[12]\/users\/me$/.test(path))
    return success({
      username: 'simulated',
      email: 'simulated@example.org',
      firstName: 'Kari',
      lastName: 'Nordmann',
      temperatureUnit: 'C',
      appRegistrationSource: 'Sensibo',
      organization: null,
      availableOrganizations: [],
    })
  const fields = query.get('fields')
  if (path === '/api/v2/users/me/pods') return success(pods.map((pod) => pick(pod, fields, now, late)))
  const match =
    /^\/api\/v2\/pods\/([^/]+)(?:\/(acStates|measurements|historicalMeasurements|smartmode)(?:\/(\w+))?)?$/.exec(path)
  const pod = pods.find(({ id }) => id === match?.[1])
  if (!match || !pod) return failed(404, 'NotFound', 'No such device or device is not associated with user')
  const [, , part, property] = match
  const given = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  if (part === undefined) return success(pick(pod, fields, now, late))
  if (part === 'smartmode') return success(null)
  if (part === 'measurements') return success([measurementsOf(pod, now, late)])
  if (part === 'historicalMeasurements') return success(historyOf(pod, now, Number(query.get('days') ?? 1)))
  if (method === 'POST') return change(pod, now, (given.acState ?? {}) as Partial<AcState>)
  if (method === 'PATCH' && property !== undefined)
    return change(pod, now, { [property]: given.newValue } as Partial<AcState>)
  const limit = Math.min(20, Math.max(1, Number(query.get('limit') ?? 10) || 10))
  const states = [...pod.log, { time: now - 86_400_000, acState: pod.state(now - 86_400_000), changed: [] }]
  return success(
    states.slice(0, limit).map(({ time, acState, changed }, index) => ({
      id: `${pod.id}-${states.length - index}`,
      time: timeOf(time, now),
      status: 'Success',
      reason: 'UserRequest',
      acState: acStateOf(acState),
      changedProperties: changed,
      failureReason: null,
    })),
    { moreResults: states.length > limit },
  )
}

/** A command: merged with the present state, checked against what the remote knows, and obeyed. */
function change(pod: Pod, now: number, wanted: Partial<AcState>): Reply {
  const present = pod.state(now)
  const next = {
    ...present,
    ...Object.fromEntries(Object.entries(wanted).filter(([key]) => Object.hasOwn(present, key))),
  }
  const known =
    typeof next.on === 'boolean' &&
    modes.includes(next.mode) &&
    fanLevels.includes(next.fanLevel) &&
    (next.mode === 'fan' || celsiusValues.includes(next.targetTemperature))
  if (!known)
    return {
      status: 200,
      body: {
        status: 'failed',
        reason: 'NoSuchRemoteCommand',
        message: 'The remote has no such command',
        result: { request: wanted, currentAcState: acStateOf(present) },
      },
    }
  const changed = (Object.keys(next) as (keyof AcState)[]).filter((key) => next[key] !== present[key])
  pod.set(now, next)
  pod.log.unshift({ time: now, acState: next, changed })
  pod.log.length = Math.min(pod.log.length, 50)
  return success({
    id: `${pod.id}-${pod.log.length + 1}`,
    status: 'Success',
    reason: 'UserRequest',
    acState: acStateOf(next),
    changedProperties: changed,
    failureReason: null,
  })
}

const timeOf = (ms: number, now: number) => ({ time: isoSeconds(ms), secondsAgo: Math.round((now - ms) / 1000) })

/** In fan mode there is no target temperature: absent, as the real one has it. */
const acStateOf = ({ targetTemperature, ...state }: AcState) =>
  state.mode === 'fan' ? { ...state } : { ...state, targetTemperature, temperatureUnit: 'C' }

function measurementsOf(pod: Pod, now: number, late: number) {
  const at = podTime(pod.id, now - late * 1000)
  return { time: timeOf(at, now), ...pod.climate(at), rssi: -52 - (seedOf(pod.id) % 20) }
}

function historyOf(pod: Pod, now: number, days: number) {
  const from = now - Math.min(7, Math.max(1, days || 1)) * 86_400_000
  const times: number[] = []
  for (let at = podTime(pod.id, now); at > from; at -= 90_000) times.unshift(at)
  const series = times.map((at) => ({ time: isoSeconds(at), ...pod.climate(at) }))
  return {
    temperature: series.map(({ time, temperature }) => ({ time, value: temperature })),
    humidity: series.map(({ time, humidity }) => ({ time, value: humidity })),
  }
}

function pick(pod: Pod, fields: string | null, now: number, late: number) {
  if (!fields) return { id: pod.id, policies: [] }
  const temperatures = {
    C: { isNative: true, values: celsiusValues },
    F: { isNative: false, values: celsiusValues.map((c) => Math.round(c * 1.8 + 32)) },
  }
  const whole: Record<string, unknown> = {
    id: pod.id,
    productModel: pod.model,
    temperatureUnit: 'C',
    room: { uid: `room-${pod.id}`, name: pod.room, icon: 'Livingroom', pureBoostConfig: null },
    connectionStatus: { isAlive: true, lastSeen: timeOf(podTime(pod.id, now), now) },
    acState: { timestamp: timeOf(now, now), ...acStateOf(pod.state(now)) },
    measurements: {
      ...measurementsOf(pod, now, late),
      feelsLike: pod.climate(now).temperature,
      motion: null,
      roomIsOccupied: null,
    },
    mainMeasurementsSensor: null,
    motionSensors: [],
    remoteCapabilities: {
      modes: Object.fromEntries(
        modes.map((mode) => [mode, { temperatures: mode === 'fan' ? {} : temperatures, fanLevels }]),
      ),
    },
    smartMode: null,
    timer: null,
    schedules: [],
  }
  if (fields === '*') return whole
  return Object.fromEntries(
    ['id', ...fields.split(',')].filter((name) => Object.hasOwn(whole, name)).map((name) => [name, whole[name]]),
  )
}

const podOf = (living: LivingHouse, index: number): Pod => {
  const { pod, name } = living.house.rooms[index]!
  return {
    id: pod,
    room: name,
    model: 'skyv2',
    climate: (ms) => living.climateAt(index, ms),
    state: (ms) => living.acStateAt(index, ms),
    set: (ms, state) => living.setAc(index, ms, state),
    log: [],
  }
}

/** Forgets what it is told: there are ten thousand of them. */
const benchPod = (key: string): Pod => ({
  id: key.toUpperCase(),
  room: 'Stue',
  model: 'skyv2',
  climate: (ms) => ({ temperature: round(21 + smooth(seedOf(key), ms / 3_600_000), 1), humidity: 38 }),
  state: () => ({ on: true, mode: 'heat', targetTemperature: 21, fanLevel: 'auto' }),
  set: () => {},
  log: [],
})
