/** A simulated pod: what it measures, what its remote knows, and how Sensibo writes it. */

import type { AcState, LivingHouse } from './world/house.ts'
import { isoSeconds } from './world/local-time.ts'
import { round, seedOf, smooth } from './world/noise.ts'
import { podTime } from './world/pod-time.ts'

export const sensiboQuirks = {
  infrared: 'The infrared signal fails: commands end as Failed and change nothing',
  pending: 'Commands stay Pending and change nothing',
  offline: 'Pods have lost their connection; their last values repeat',
  plus: 'Schedules are for Plus users only',
  nameless: 'Schedules keep no name',
  react: 'Climate React is on',
  fahrenheit: 'Heat pumps count in Fahrenheit',
  monitor: 'An AirQ hangs in the first room besides',
  renamed: 'The room of the first pod is called `name` (Ny stue)',
  vanished: 'The first pod is gone from the account',
  fan: 'Heat pumps only blow: their mode is fan',
} as const
export type SensiboQuirk = keyof typeof sensiboQuirks

/** Who looks, and when. */
export type PodView = {
  readonly now: number
  /** What the cloud's clock shows. */
  readonly shown: number
  /** Seconds that measurements lag behind. */
  readonly late: number
  readonly quirk: (name: SensiboQuirk) => Readonly<Record<string, unknown>> | undefined
}

export type Attempt = {
  readonly time: number
  readonly status: 'Success' | 'Failed' | 'Pending'
  readonly reason: string
  readonly acState: AcState
  readonly changed: readonly string[]
}

export type Pod = {
  readonly id: string
  readonly room: string
  readonly model: string
  climate(ms: number): { temperature: number; humidity: number }
  state(ms: number): AcState
  set(ms: number, state: AcState): void
  /** Newest first; failed attempts too. */
  readonly log: Attempt[]
}

const celsiusValues = Array.from({ length: 15 }, (_, n) => 16 + n)
const fahrenheitValues = Array.from({ length: 27 }, (_, n) => 60 + n)
const allFans = ['quiet', 'low', 'medium', 'high', 'auto']
const toF = (c: number) => Math.round(c * 1.8 + 32)
const toC = (f: number) => (f - 32) / 1.8

export type ModeOf = { readonly values: readonly number[]; readonly fanLevels: readonly string[] | undefined }

/** What the remote knows of a mode, in the heat pump's own unit. */
export function remoteMode(mode: string, unit: 'C' | 'F'): ModeOf | undefined {
  const values = unit === 'C' ? celsiusValues : fahrenheitValues
  if (['heat', 'cool', 'auto'].includes(mode)) return { values, fanLevels: allFans }
  if (mode === 'dry') return { values, fanLevels: undefined }
  return mode === 'fan' ? { values: [], fanLevels: allFans.filter((level) => level !== 'auto') } : undefined
}
export const modes = ['heat', 'cool', 'auto', 'fan', 'dry']

export const unitOf = (view: PodView): 'C' | 'F' => (view.quirk('fahrenheit') ? 'F' : 'C')
export const celsiusOf = (value: number, unit: string): number => (unit === 'F' ? toC(value) : value)

export const timeOf = (ms: number, now: number) => ({
  time: isoSeconds(ms),
  secondsAgo: Math.round((now - ms) / 1000),
})

/** What a mode does not have is absent, as the real one has it. */
export function acStateOf({ on, mode, targetTemperature, fanLevel }: AcState, unit: 'C' | 'F') {
  const known = remoteMode(mode, unit)
  const target = unit === 'F' ? toF(targetTemperature) : targetTemperature
  return {
    on,
    mode,
    ...(known?.fanLevels ? { fanLevel } : {}),
    ...(known && known.values.length > 0 ? { targetTemperature: target, temperatureUnit: unit } : {}),
  }
}

export function measurementsOf(pod: Pod, { shown, late, quirk }: PodView) {
  const lost = quirk('offline') ? 3 * 3600 : 0
  const at = podTime(pod.id, shown - (late + lost) * 1000)
  const people = 1 + smooth(seedOf(pod.id), at / 9_000_000)
  return {
    time: timeOf(at, shown),
    ...pod.climate(at),
    rssi: -52 - (seedOf(pod.id) % 20),
    ...(pod.model === 'airq'
      ? { tvoc: Math.round(60 + 130 * people), co2: Math.round(430 + 380 * people), iaq: 21 }
      : {}),
  }
}

export function historyOf(pod: Pod, now: number, days: number) {
  const from = now - Math.min(7, Math.max(1, days || 1)) * 86_400_000
  const times: number[] = []
  for (let at = podTime(pod.id, now); at > from; at -= 90_000) times.unshift(at)
  const series = times.map((at) => ({ time: isoSeconds(at), ...pod.climate(at) }))
  return {
    temperature: series.map(({ time, temperature }) => ({ time, value: temperature })),
    humidity: series.map(({ time, humidity }) => ({ time, value: humidity })),
  }
}

export const smartModeOf = (view: PodView) =>
  view.quirk('react')
    ? {
        enabled: true,
        type: 'temperature',
        lowTemperatureThreshold: 12,
        highTemperatureThreshold: 26,
        lowTemperatureState: { on: true, mode: 'heat', targetTemperature: 20, temperatureUnit: 'C' },
        highTemperatureState: { on: false },
      }
    : null

const capabilitiesOf = (unit: 'C' | 'F') => ({
  modes: Object.fromEntries(
    modes.map((mode) => {
      const { values, fanLevels } = remoteMode(mode, unit)!
      const own = { isNative: true, values }
      const other = {
        isNative: false,
        values: values.map((value) => (unit === 'C' ? toF(value) : Math.round(toC(value)))),
      }
      const temperatures = values.length === 0 ? {} : unit === 'C' ? { C: own, F: other } : { C: other, F: own }
      return [mode, { temperatures, ...(fanLevels ? { fanLevels } : {}) }]
    }),
  ),
})

export function pick(pod: Pod, fields: string | null, view: PodView): Record<string, unknown> {
  if (!fields) return { id: pod.id, policies: [] }
  const { shown, now } = view
  const unit = unitOf(view)
  const remote = pod.model !== 'airq'
  const whole: Record<string, unknown> = {
    id: pod.id,
    productModel: pod.model,
    temperatureUnit: unit,
    room: { uid: `room-${pod.id}`, name: pod.room, icon: 'Livingroom', pureBoostConfig: null },
    connectionStatus: { isAlive: !view.quirk('offline'), lastSeen: timeOf(podTime(pod.id, shown), shown) },
    acState: { timestamp: timeOf(shown, shown), ...acStateOf(pod.state(now), unit) },
    measurements: {
      ...measurementsOf(pod, view),
      feelsLike: pod.climate(now).temperature,
      motion: null,
      roomIsOccupied: null,
    },
    mainMeasurementsSensor: null,
    motionSensors: [],
    remoteCapabilities: remote ? capabilitiesOf(unit) : { modes: {} },
    smartMode: smartModeOf(view),
    timer: null,
    schedules: [],
  }
  if (fields === '*') return whole
  return Object.fromEntries(
    ['id', ...fields.split(',')].filter((name) => Object.hasOwn(whole, name)).map((name) => [name, whole[name]]),
  )
}

export const podOf = (living: LivingHouse, index: number): Pod => {
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
export const benchPod = (key: string): Pod => ({
  id: `POD${seedOf(key)}`,
  room: 'Stue',
  model: 'skyv2',
  climate: (ms) => ({ temperature: round(21 + smooth(seedOf(key), ms / 3_600_000), 1), humidity: 38 }),
  state: () => ({ on: true, mode: 'heat', targetTemperature: 21, fanLevel: 'auto' }),
  set: () => {},
  log: [],
})
