/** The Mill devices of a simulated house: a sensor in the first room, one without a room, and the heaters. */
import type { FieldValue } from '@nabolag/core'
import type { MillQuirk } from './mill.ts'
import type { Reply } from './server.ts'
import type { LivingHeater } from './world/heater.ts'
import type { LivingHouse } from './world/house.ts'
import { midnightBefore } from './world/local-time.ts'
import { clamp, seedOf, smooth } from './world/noise.ts'
import { podTime } from './world/pod-time.ts'

/** Who looks, and when. */
export type View = {
  readonly now: number
  /** What the cloud's clock shows. */
  readonly shown: number
  /** ms that metrics lag behind. */
  readonly late: number
  readonly quirk: (name: MillQuirk) => Readonly<Record<string, unknown>> | undefined
}

export const errorReply = (status: number, type: string, message: string): Reply => ({
  status,
  body: { error: { type, message } },
})

export type MillDevice = {
  readonly id: string
  readonly parent: 'Sensors' | 'Air Purifiers' | 'Heaters' | 'Sockets'
  /** Index in the house; `undefined` for one without a room. */
  readonly room: number | undefined
  /** As the integration names it: the room, or the device itself where it has none. */
  readonly location: string
  /** What is read of it at a moment of reporting, by the names of its group. */
  fieldsAt(ms: number): Readonly<Record<string, FieldValue>>
  body(view: View): object
  patch(body: Readonly<Record<string, unknown>>, view: View): Reply
}

/** Devices report every two minutes, each at its own moments; a heater besides when it has taken a wish. */
export const reportEvery = 120_000
const takesAfter = 4000
const reportsAfter = 3000

export function millDevices(living: LivingHouse): { readonly id: string; readonly devices: readonly MillDevice[] } {
  const { house } = living
  const id = idOf(`mill ${house.number}`)
  const last = house.rooms.length - 1
  return {
    id,
    devices: [
      senseOf(living, id, 0, 0),
      ...(last > 0 ? [senseOf(living, id, last, undefined)] : []),
      ...living.heaters.map((heater) => heaterOf(living, id, heater)),
    ],
  }
}

type Kind = Pick<MillDevice, 'id' | 'parent' | 'room'> & {
  readonly house: string
  readonly child: string
  readonly name: string
}

function frame({ id, parent, child, room, name, house }: Kind, metrics: object, at: number, view: View, more: object) {
  const { quirk } = view
  const stamped = {
    deviceId: id,
    receivedAt: new Date(at + 1000).toISOString(),
    sentAt: new Date(at).toISOString(),
    ...metrics,
    time: quirk('milliseconds') ? at : Math.floor(at / 1000),
  }
  const silent = quirk('silent')
  return {
    deviceId: id,
    macAddress: '02:00:00:00:00:01',
    customName: name,
    houseId: house,
    roomId: room === undefined ? null : `${house}-r${room}`,
    isConnected: !quirk('offline'),
    isEnabled: true,
    isArchived: false,
    controlSource: quirk('tibber') && parent !== 'Sensors' ? 'tibber' : 'mobile_api',
    deviceType: { childType: { id: idOf(child), name: child }, parentType: { id: idOf(parent), name: parent } },
    ...(silent?.as === 'missing' ? {} : { lastMetrics: silent ? (silent.as === 'empty' ? {} : null) : stamped }),
    energyUsageForCurrentDay: 0,
    ...more,
  }
}

function senseOf(living: LivingHouse, house: string, index: number, room: number | undefined): MillDevice {
  const { name } = living.house.rooms[index]!
  const id = idOf(`${house} sense ${index}`)
  const kind = { id, parent: 'Sensors', child: 'GL-Sense', room, name: `${name} Sense`, house } as const
  const seed = seedOf(id)
  const airAt = (at: number) => {
    const people = 1 + smooth(seed, at / 9_000_000)
    const climate = living.climateAt(index, at)
    return { ...climate, tvoc: Math.round(60 + 130 * people), eco2: Math.round(430 + 380 * people) }
  }
  const batteryAt = (at: number) => Math.round(clamp(96 - ((at / 86_400_000) % 90), 5, 100))
  return {
    ...kind,
    location: room === undefined ? kind.name : name,
    fieldsAt: (at) => ({ ...airAt(at), battery: batteryAt(at) }),
    body: (view) => {
      const at = podTime(id, view.shown, reportEvery) - view.late
      const charging = view.quirk('charging') !== undefined
      const values = charging ? { temperature: 0, humidity: 0, tvoc: 0, eco2: 0 } : airAt(at)
      const battery = batteryAt(at)
      return frame(kind, { ...values, batteryPercentage: battery, chargingStatus: charging ? 2 : 0 }, at, view, {
        deviceSettings: { reported: {}, desired: {}, delta: null },
      })
    },
    patch: () => errorReply(400, 'DeviceSettingsError', 'The device only measures'),
  }
}

type Settings = {
  readonly enabled: boolean
  readonly operation_mode: string
  readonly temperature_normal: number
  readonly temperature_in_independent_mode: number
}

function heaterOf(living: LivingHouse, house: string, heater: LivingHeater): MillDevice {
  const roomName = living.house.rooms[heater.room]!.name
  const id = idOf(`${house} heater ${heater.room}`)
  const room = heater.placed ? heater.room : undefined
  const kind = {
    id,
    parent: heater.kind === 'socket' ? 'Sockets' : 'Heaters',
    child: heater.kind === 'socket' ? 'GL-WIFI Socket G3' : 'GL-Panel Heater G3',
    room,
    name: `${roomName} ovn`,
    house,
  } as const
  const { target } = heater.usual
  const usual: Settings = {
    enabled: true,
    operation_mode: room === undefined ? 'independent_device' : 'weekly_program',
    temperature_normal: target,
    temperature_in_independent_mode: target,
  }
  const asked: { readonly takenAt: number; readonly settings: Settings }[] = []
  const desired = () => asked.at(-1)?.settings ?? usual
  const signalAt = (power: number) => Math.round((100 * power) / heater.most)
  const usedTodayAt = (ms: number) => Math.round(1000 * heater.used(midnightBefore(ms), ms))
  const reportedAt = (ms: number) => asked.findLast(({ takenAt }) => takenAt <= ms)?.settings ?? usual

  function body(view: View): object {
    const { now, shown, late } = view
    const extra = asked.findLast(({ takenAt }) => takenAt + reportsAfter <= now)
    const usually = podTime(id, now, reportEvery)
    const seen = Math.max(usually, extra ? extra.takenAt + reportsAfter : 0)
    const at = shown - (now - seen) - late
    const wish = heater.wishAt(seen)
    const power = heater.powerAt(seen)
    const reported = reportedAt(now)
    const wanted = desired()
    const delta = Object.fromEntries(
      Object.entries(wanted).filter(([key, value]) => key !== 'enabled' && reported[key as keyof Settings] !== value),
    )
    const metrics = {
      temperature: wish.target,
      temperatureAmbient: living.climateAt(heater.room, seen).temperature,
      currentPower: power,
      controlSignal: signalAt(power),
      heaterFlag: power > 0 ? 1 : 0,
      powerStatus: wish.on ? 1 : 0,
      openWindowsStatus: 3,
      humidity: 0,
      energyUsage: Math.round(1000 * heater.used(now - 30 * 86_400_000, seen)),
    }
    const settings = ({ enabled: _, ...rest }: Settings) => ({ ...rest, max_heater_power: heater.most })
    return frame(kind, metrics, at, view, {
      isEnabled: wanted.enabled,
      deviceSettings: {
        reported: settings(reported),
        desired: settings(wanted),
        delta: Object.keys(delta).length === 0 ? null : delta,
      },
      energyUsageForCurrentDay: usedTodayAt(now),
    })
  }

  function patch(given: Readonly<Record<string, unknown>>, { now, quirk }: View): Reply {
    const settings = (typeof given.settings === 'object' && given.settings !== null ? given.settings : {}) as Settings
    const next: Settings = { ...desired(), ...pick(settings), enabled: given.enabled !== false }
    const wrong = wrongIn(next, given.deviceType === kind.parent, room === undefined)
    if (wrong) return errorReply(400, 'DeviceSettingsError', wrong)
    const takenAt = quirk('deaf') ? Number.POSITIVE_INFINITY : now + takesAfter
    asked.push({ takenAt, settings: next })
    if (Number.isFinite(takenAt)) heater.set(takenAt, wishOf(next, target))
    return { status: 200, body: '' }
  }

  const fieldsAt = (at: number) => {
    const { on, target } = heater.wishAt(at)
    const power = heater.powerAt(at)
    return {
      temperature: living.climateAt(heater.room, at).temperature,
      targetTemperature: target,
      power,
      energyToday: usedTodayAt(at) / 1000,
      controlSignal: signalAt(power),
      on,
      openWindow: false,
    }
  }

  return { ...kind, location: room === undefined ? kind.name : roomName, fieldsAt, body, patch }
}

const keys = ['operation_mode', 'temperature_normal', 'temperature_in_independent_mode'] as const
const pick = (settings: Partial<Settings>): Partial<Settings> =>
  Object.fromEntries(keys.filter((key) => settings[key] !== undefined).map((key) => [key, settings[key]]))

/** Each mode has its own set point; in the programme only the programme's counts. */
function wishOf(settings: Settings, programme: number) {
  const { enabled, operation_mode: mode } = settings
  const target =
    mode === 'control_individually'
      ? settings.temperature_normal
      : mode === 'independent_device'
        ? settings.temperature_in_independent_mode
        : programme
  return { on: enabled && mode !== 'off', target }
}

function wrongIn(settings: Settings, typeFits: boolean, roomless: boolean): string | undefined {
  const { operation_mode: mode, temperature_normal, temperature_in_independent_mode } = settings
  if (!typeFits) return 'The device is of another type'
  const modes = roomless ? ['independent_device', 'off'] : ['weekly_program', 'control_individually', 'off']
  if (!modes.includes(mode)) return `The device cannot be in the mode ${String(mode).slice(0, 40)}`
  const good = [temperature_normal, temperature_in_independent_mode].every(
    (value) => typeof value === 'number' && value >= 5 && value <= 35,
  )
  return good ? undefined : 'The temperature is out of range'
}

/** Looks like the ids of Mill, and is the same for the same words. */
function idOf(words: string): string {
  const hex = [0, 1, 2, 3].map((n) => seedOf(`${words} ${n}`).toString(16).padStart(8, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
}
