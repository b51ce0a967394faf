/** One device as the main thread knows it, and what the owner is told of it. */
import { type DeviceState, type DeviceStatus, deviceTopic } from '@nabolag/core'
import type { FleetDevice, LogLevel } from '@nabolag/store'
import type { Course } from './course.ts'
import type { Outcome } from './messages.ts'
import type { Recorder } from './recorder.ts'
import { writeResume } from './resume.ts'

export type Unit = {
  readonly id: number
  readonly houseId: number
  readonly integration: string
  readonly count: number
  readonly shard: number
  readonly generation: number
  readonly credentials: Readonly<Record<string, unknown>>
  course: Course | undefined
  /** What is known of the places it measures at. */
  places: unknown
  status: DeviceStatus
  /** Whether it has measured in its present run. */
  measured: boolean
  savedAt: number
}

export type Teller = { readonly recorder: Recorder; readonly connector: string }

/** The last sample's time alone is written no more often than this, ms. */
const saveEvery = 15_000

/** A device that starts (again), in a run of its own; with a `course` it goes on where another connector left it. */
export function startUnit(device: FleetDevice, course: Course | undefined, tell: Teller): Unit {
  const unit = makeUnit(device, course, (device.status?.run ?? 0) + 1)
  save(unit, tell, true)
  writeLine(unit, tell, 'info', course?.kind ? `Not tried: ${course.reason ?? course.state}` : 'Started')
  return unit
}

/** Tells the owner that a device does not run, and why. */
export function tellIdle(device: FleetDevice, state: DeviceState, reason: string | undefined, tell: Teller): void {
  const unit = makeUnit(device, undefined, device.status?.run ?? 1)
  unit.status = { ...unit.status, state, reason }
  writeLine(unit, tell, state === 'stopped' ? 'info' : 'error', reason ?? 'Stopped by its owner')
  save(unit, tell, true)
}

function makeUnit(device: FleetDevice, course: Course | undefined, run: number): Unit {
  const before = device.status
  const now = Date.now()
  return {
    id: device.id,
    houseId: device.houseId,
    integration: device.integration,
    count: device.count,
    shard: device.shard,
    generation: device.generation,
    credentials: device.credentials ?? {},
    course,
    places: device.places,
    status: {
      state: course?.state ?? 'starting',
      reason: course?.reason,
      since: before && before.state === course?.state ? before.since : now,
      restarts: before?.restarts ?? 0,
      lastSampleAt: before?.lastSampleAt,
      nextTryAt: course && shownTry(course, now),
      run,
    },
    measured: false,
    savedAt: 0,
  }
}

/** Takes over what came of a device, and lets the owner see it. */
export function noteOutcome(unit: Unit, { course, tried }: Omit<Outcome, 'id'>, tell: Teller): void {
  const { course: before, status } = unit
  unit.course = course
  let { restarts, run } = status
  if (tried && before?.kind !== undefined) {
    restarts++
    if (unit.measured) {
      run++
      unit.measured = false
    }
  }
  const failed = course.kind !== undefined
  if (!failed && course.newest !== undefined && !unit.measured) {
    unit.measured = true
    writeLine({ ...unit, status: { ...status, run } }, tell, 'info', 'First sample of this run')
  }
  const now = Date.now()
  const changed = course.state !== status.state
  const news = changed || course.reason !== status.reason || restarts !== status.restarts || run !== status.run
  unit.status = {
    state: course.state,
    reason: course.reason,
    since: changed ? now : status.since,
    restarts,
    run,
    lastSampleAt: course.newest === undefined ? status.lastSampleAt : Math.round(Math.min(course.newest, now)),
    nextTryAt: shownTry(course, now),
  }
  const told = course.reason !== undefined && status.reason === undefined
  if (failed && tried) writeLine(unit, tell, 'warn', `${course.kind}: ${course.reason ?? ''}`)
  else if (told || (changed && course.state !== 'running')) writeLine(unit, tell, 'info', course.reason ?? course.state)
  else if (changed && status.state !== 'starting') writeLine(unit, tell, 'info', 'It runs again')
  if (news || tried || now - unit.savedAt > saveEvery) save(unit, tell, changed)
}

/** Takes over what is known of a device's places now. */
export function notePlaces(unit: Unit, places: unknown, tell: Teller): void {
  unit.places = places
  save(unit, tell, false, places)
}

/** Of interest to the owner only where something is the matter. */
const shownTry = ({ reason, nextTryAt }: Course, now: number): number | undefined =>
  reason !== undefined && nextTryAt > now ? Math.round(nextTryAt) : undefined

export function writeLine(unit: Unit, { recorder }: Teller, level: LogLevel, message: string): void {
  recorder.line({ deviceId: unit.id, run: unit.status.run, time: Date.now(), level, message: message.slice(0, 500) })
}

function save(unit: Unit, { recorder, connector }: Teller, announce: boolean, places?: unknown): void {
  unit.savedAt = Date.now()
  const topic = announce ? deviceTopic(unit.houseId, unit.integration, unit.count) : undefined
  const resume = unit.course && writeResume(unit.generation, unit.course)
  const kind = unit.course?.kind
  recorder.status({ deviceId: unit.id, connector, ...unit.status, kind, resume, places }, topic)
}
