/** Rooms, loops, receipts and plans as the API shows them. */
import {
  controllers,
  controlNamed,
  homeName,
  type Notice,
  type Plan,
  planRoomName,
  type Receipt,
  settingsOf,
  wishAt,
} from '@nabolag/control'
import { formatTime } from '@nabolag/core'
import type * as store from '@nabolag/store'
import type { Newest } from '@nabolag/timeseries'
import { isOf } from './places.ts'
import { comfortOf } from './rooms.ts'
import { isoTime } from './views.ts'

type Contradiction = { readonly sensor: store.Room['sensors'][number]; readonly sentence: string }
export type RoomSurroundings = {
  /** IANA name of the house's zone. */
  readonly zone: string
  /** ms */
  readonly now: number
  readonly loops: readonly store.Loop[]
  readonly newest: readonly Newest[]
  readonly contradictions: readonly Contradiction[]
}

export function roomView(room: store.Room, { zone, now, loops, newest, contradictions }: RoomSurroundings) {
  const { id, name, area, heating, sensors, loop: loopId } = room
  const loop = loops.find((one) => one.id === loopId)
  const comfort = comfortOf(room)
  return {
    ...{ id, name, area: area ?? null, heating: heating ? { ...heating } : null },
    sensors: sensors.map((sensor) => {
      const found = newest.find((one) => isOf(sensor, one))
      const temperature = found?.value
      return {
        ...sensorView(sensor),
        ...(found && typeof temperature === 'number' && { newest: { time: formatTime(found.time), temperature } }),
      }
    }),
    ...(loop && { actuator: actuatorView(loop.actuator), loop: loop.id }),
    comfort,
    wish: wishAt(comfort, now, zone),
    contradictions: contradictions
      .filter(({ sensor }) => sensors.some((one) => isSameSensor(one, sensor)))
      .map(({ sensor, sentence }) => ({ sensor: sensorView(sensor), sentence })),
  }
}

const sensorView = ({ device, count, location, group }: store.Room['sensors'][number]) => ({
  ...{ device, count, location, group },
})
const isSameSensor = (a: store.Room['sensors'][number], b: store.Room['sensors'][number]) =>
  a.device === b.device && a.count === b.count && a.location === b.location && a.group === b.group
const actuatorView = ({ device, count, location, capability }: store.NewLoop['actuator']) => ({
  ...{ device, count, location, capability },
})

export type LoopSurroundings = {
  readonly rooms: readonly store.Room[]
  readonly notices: readonly Notice[]
  readonly last: store.StoredReceipt | undefined
}

export function loopView(loop: store.Loop, { rooms, notices, last }: LoopSurroundings) {
  const { id, kind, room, mode, pausedUntil, controller, limits } = loop
  const { verbs } = loop.actuator
  const roomName = rooms.find((one) => one.id === room)?.name
  const control = controlNamed(kind, controller)
  return {
    ...{ id, kind },
    ...(room !== undefined && { room }),
    ...(roomName !== undefined && { roomName }),
    actuator: { ...actuatorView(loop.actuator), ...(verbs && { verbs: { ...verbs } }) },
    mode,
    pausedUntil: pausedUntil === undefined ? null : isoTime(pausedUntil),
    controller: control.name,
    settings: { ...settingsOf(control.settings, loop.settings[control.name]) } as Record<string, unknown>,
    limits: { ...limits },
    ...(last && { last: receiptView(last) }),
    notices: notices.filter((notice) => isAbout(notice, loop)).map(noticeView),
  }
}

/** Whether it is about that loop, or about its room. */
export const isAbout = (notice: Notice, loop: Pick<store.Loop, 'id' | 'room'>): boolean =>
  notice.loop === undefined ? notice.room !== undefined && notice.room === loop.room : notice.loop === loop.id

export const noticeView = ({ since, ...notice }: Notice) => ({ ...notice, since: isoTime(since) })

/** The receipts that the store holds were made by `receipt` of `@nabolag/control`. */
export function receiptView({ id, loop, at, receipt, commands }: store.StoredReceipt) {
  const { sentence, ...rest } = receipt as unknown as Receipt
  return {
    ...rest,
    ...{ id, loop, at: isoTime(at), sentence },
    saw: { ...rest.saw },
    decided: rest.decided && { ...rest.decided },
    sent: rest.sent && { ...rest.sent },
    bound: [...rest.bound],
    reasons: [...rest.reasons],
    nextBest: rest.nextBest && { ...rest.nextBest },
    commands: commands.map(({ reason, ...command }) => ({ ...command, reason: reason ?? null })),
  }
}

export const choicesView = () => ({
  heating: controllers.heating.map(choiceView),
  ventilation: controllers.ventilation.map(choiceView),
  battery: controllers.battery.map(choiceView),
})
const choiceView = ({ name, label, settings }: (typeof controllers)[keyof typeof controllers][number]) => ({
  ...{ name, label, schema: settings as unknown },
})

/**
 * The plan of a house, its comfort band beside it.
 *
 * @param rooms those there are now; one that was taken away since has no number, and no band
 */
export function planView({ madeAt, plan }: store.StoredPlan, rooms: readonly store.Room[], zone: string) {
  const { status, because, assumed, from, steps, homes } = plan as unknown as Plan
  const home = homes.find(({ name }) => name === homeName) ?? homes[0]
  const ends = steps.map((_, k) => from + 3_600_000 * steps.slice(0, k + 1).reduce((sum, hours) => sum + hours, 0))
  const nameOf = (named: string) => rooms.find((room) => planRoomName(room) === named)
  return {
    ...{ madeAt: isoTime(madeAt), status, because, assumed: [...assumed] },
    steps: ends.map((end, k) => ({
      ...{ from: isoTime(ends[k - 1] ?? from), to: isoTime(end), price: home?.price[k] ?? null },
    })),
    rooms: (home?.rooms ?? []).map(({ name, temperature, pump, resistance }) => {
      const room = nameOf(name)
      const wishes = room ? ends.map((end) => wishAt(comfortOf(room), end - 1, zone)) : []
      return {
        ...{ room: room?.id ?? null, name: room?.name ?? name },
        temperature: [...temperature],
        power: pump.map((power, k) => power + (resistance[k] ?? 0)),
        lower: wishes.map(({ lowest }) => lowest),
        upper: wishes.map(({ highest }) => highest),
      }
    }),
    power: [...(home?.power ?? [])],
    ...(home?.battery && { battery: batteryView(home.battery) }),
    limits: (home?.limits ?? []).map(({ room, at, ...limit }) => ({
      ...limit,
      ...(room !== undefined && { room: nameOf(room)?.name ?? room }),
      at: isoTime(at),
    })),
  }
}

const batteryView = ({ energy, charge, discharge }: NonNullable<Plan['homes'][number]['battery']>) => ({
  ...{ energy: [...energy], charge: [...charge], discharge: [...discharge] },
})
