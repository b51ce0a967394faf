/**
 * Watches the devices that nothing here runs: listens on the bus to what their programs publish, and keeps their states,
 * so that they look like any other device. Each is watched by the connector that holds its shard.
 */
import type { Bus } from '@nabolag/bus'
import { type DeviceStatus, deviceTopic, microsFromMillis, readMessage } from '@nabolag/core'
import type { Fleet, LogLevel, OutsideDevice } from '@nabolag/store'
import type { Log } from '../log.ts'
import type { Teller } from '../unit.ts'
import { judge } from './freshness.ts'

export type Outside = {
  /** Watches just those of these shards that there are and that are held. */
  adjust(shards: readonly number[], held: (shard: number) => boolean): Promise<void>
  /** The same for one device; whether it is, or was, one of these. */
  adjustOne(
    place: { readonly houseId: number; readonly integration: string; readonly count: number },
    held: (shard: number) => boolean,
  ): Promise<boolean>
  stopShards(shards: readonly number[]): Promise<void>
  close(): Promise<void>
}

export type OutsideGiven = {
  readonly fleet: Pick<Fleet, 'outsideDevices'>
  readonly bus: Pick<Bus, 'subscribe'>
  readonly tell: Teller
  readonly log: Log
  /** ms between two looks at what is late. */
  readonly every?: number
}

type Watched = {
  device: OutsideDevice
  status: DeviceStatus
  watchedSince: number
  newest: number | undefined
  heard: number | undefined
  saved: { readonly at: number; readonly newest: number | undefined }
  complainedAt: number
}

/** The last sample's time alone is written no more often than this, ms. */
const saveEvery = 15_000
/** A program that publishes nonsense is told of it no more often than this, ms. */
const complainEvery = 60_000

const keyOf = (houseId: number, integration: string, count: number) => `${houseId}/${integration}/${count}`

export function watchOutside({ fleet, bus, tell, log, every = 2500 }: OutsideGiven): Outside {
  const watched = new Map<string, Watched>()
  /** One subscription a kind: a broker may allow no more than a hundred of a client. */
  const listening = new Map<string, Promise<() => Promise<void>>>()

  const say = ({ device, status }: Watched, level: LogLevel, message: string) =>
    tell.recorder.line({ deviceId: device.id, run: status.run, time: Date.now(), level, message })

  const save = (one: Watched, announce: boolean) => {
    const { device, status } = one
    one.saved = { at: Date.now(), newest: status.lastSampleAt }
    const topic = announce ? deviceTopic(device.houseId, device.integration, device.count) : undefined
    tell.recorder.status({ deviceId: device.id, connector: tell.connector, ...status }, topic)
  }

  /** Makes the state what it is now. */
  const look = (one: Watched, now: number) => {
    const { state, reason } = judge({ ...one, ...one.device }, now)
    const before = one.status
    const changed = state !== before.state
    const lastSampleAt = one.newest ?? before.lastSampleAt
    one.status = { ...before, state, reason, since: changed ? now : before.since, lastSampleAt }
    if (changed && state === 'running') say(one, 'info', before.state === 'starting' ? 'First sample' : 'It runs again')
    else if (reason !== undefined && (changed || before.reason === undefined))
      say(one, state === 'stopped' ? 'info' : 'warn', reason)
    if (changed || (reason === undefined) !== (before.reason === undefined)) save(one, changed)
    else if (lastSampleAt !== one.saved.newest && now - one.saved.at > saveEvery) save(one, false)
  }

  const start = (device: OutsideDevice) => {
    const now = Date.now()
    const { status } = device
    const one: Watched = {
      device,
      status: status ?? {
        state: 'starting',
        reason: undefined,
        since: now,
        restarts: 0,
        lastSampleAt: undefined,
        nextTryAt: undefined,
        run: 1,
      },
      // One that was late already was so before anybody listened again.
      watchedSince: status?.state === 'stale' ? 0 : now,
      newest: status?.lastSampleAt,
      heard: undefined,
      saved: { at: now, newest: status?.lastSampleAt },
      complainedAt: 0,
    }
    watched.set(keyOf(device.houseId, device.integration, device.count), one)
    if (status === undefined) {
      say(one, 'info', 'Added: it waits for the first sample')
      save(one, true)
    }
    look(one, now)
  }

  /** A device whose owner started it (again), or stopped it. */
  const change = (one: Watched, device: OutsideDevice) => {
    const before = one.device
    one.device = device
    const again =
      device.generation !== before.generation || (before.desired === 'stopped' && device.desired === 'running')
    if (again) {
      const now = Date.now()
      one.newest = undefined
      one.watchedSince = now
      one.status = { ...one.status, state: 'starting', reason: undefined, since: now, run: one.status.run + 1 }
      say(one, 'info', 'Started: it waits for a sample')
      save(one, true)
    }
    look(one, Date.now())
  }

  const hear = (topic: string, payload: Buffer) => {
    const now = Date.now()
    const { samples, refusals } = readMessage(topic, payload, microsFromMillis(now))
    const touched = new Set<Watched>()
    for (const { houseId, device, count, time, issued } of samples) {
      const one = watched.get(keyOf(houseId, device, count))
      if (!one) continue
      one.newest = Math.max(one.newest ?? 0, Math.min(now, Math.floor((issued ?? time) / 1000)))
      one.heard = now
      touched.add(one)
    }
    for (const one of touched) look(one, now)
    const [refusal] = refusals
    if (!refusal) return
    const [, device = '', house = '', count = '0'] = topic.split('/')
    const one = watched.get(`${house}/${device}/${count}`)
    if (!one || now - one.complainedAt < complainEvery) return
    one.complainedAt = now
    say(one, 'warn', `A sample was refused: ${refusal.reason}`)
  }

  const listen = async () => {
    const names = new Set([...watched.values()].map(({ device }) => device.integration))
    for (const [name, stop] of listening)
      if (!names.has(name)) {
        listening.delete(name)
        void stop.then((end) => end()).catch(() => undefined)
      }
    for (const name of names) {
      if (listening.has(name)) continue
      const subscribed = bus.subscribe(`sensors/${name}/#`, hear)
      listening.set(name, subscribed)
      await subscribed.catch((error: unknown) => {
        listening.delete(name)
        log.warn({ integration: name, error: String(error) }, 'cannot listen to outside devices; tried again soon')
      })
    }
  }

  const set = async (
    wanted: readonly OutsideDevice[],
    within: (device: OutsideDevice) => boolean,
    held: (shard: number) => boolean,
  ) => {
    const keys = new Set(wanted.map(({ houseId, integration, count }) => keyOf(houseId, integration, count)))
    for (const [key, { device }] of watched) if (within(device) && !keys.has(key)) watched.delete(key)
    for (const device of wanted) {
      const key = keyOf(device.houseId, device.integration, device.count)
      const one = watched.get(key)
      if (!held(device.shard)) watched.delete(key)
      else if (one?.device.id === device.id) change(one, device)
      else start(device)
    }
    await listen()
  }

  const timer = setInterval(() => {
    const now = Date.now()
    for (const one of watched.values()) look(one, now)
    if (listening.size === 0 && watched.size > 0) void listen()
  }, every)
  timer.unref()

  return {
    adjust: async (shards, held) => {
      const mine = new Set(shards)
      await set(await fleet.outsideDevices({ shards }), ({ shard }) => mine.has(shard), held)
    },
    adjustOne: async (place, held) => {
      const key = keyOf(place.houseId, place.integration, place.count)
      const found = await fleet.outsideDevices(place)
      const known = watched.get(key)
      if (found.length === 0 && !known) return false
      await set(found, ({ id }) => id === known?.device.id, held)
      return true
    },
    stopShards: async (shards) => {
      for (const [key, { device }] of watched) if (shards.includes(device.shard)) watched.delete(key)
      await listen()
    },
    close: async () => {
      clearInterval(timer)
      watched.clear()
      await listen()
    },
  }
}
