/** Making and changing control loops as a person asks for them, checked by the schemas of the controls themselves. */
import { controllers, type LoopKind, settingsOf } from '@nabolag/control'
import { longestValidity } from '@nabolag/core'
import type { Loop, Tenant, LoopChange as Wanted } from '@nabolag/store'
import { putOver, wrongBody } from './complaints.ts'
import { optionalMillis } from './data-request.ts'
import { findActuator } from './places.ts'
import { type LoopChange, limitSchemas, type NewLoop } from './schemas-control.ts'

/** @throws ProblemError `bad-request`, `no-such-device`, `no-such-room`, `conflict` */
export async function addLoop(tenant: Tenant, houseId: number, given: NewLoop): Promise<Loop> {
  const { kind, room, mode } = given
  if ((kind === 'heating') !== (room !== undefined))
    throw wrongBody({ path: '/room', expected: kind === 'heating' ? 'is missing' : `is not for ${kind}` })
  if (room !== undefined) await tenant.room(houseId, room)
  const control = controlOf(kind, given.controller ?? controllers[kind][0].name)
  const settings = checkedSettings(control, {}, given.settings)
  const limits = putOverLimits(kind, {}, given.limits)
  const actuator = await findActuator(tenant, houseId, kind, given.actuator)
  return tenant.addLoop(houseId, {
    ...{ kind, room, actuator, mode },
    ...{ controller: control.name, settings: settings && { [control.name]: settings }, limits },
  })
}

/**
 * Lets an actuator go. The schedule that was left with its vendor is taken back, as far as it can be: it would go on
 * for ever.
 *
 * @throws ProblemError `no-such-loop`
 */
export async function removeLoop(tenant: Tenant, houseId: number, loopId: number): Promise<void> {
  await takeBack(tenant, houseId, loopId)
  await tenant.removeLoop(houseId, loopId)
}

/** For a loop that is about to go, whichever way. */
export async function takeBack(tenant: Tenant, houseId: number, loopId: number | undefined): Promise<void> {
  const loop = (await tenant.control(houseId)).loops.find(({ id }) => id === loopId)
  if (loop?.mode !== 'control' || !loop.actuator.verbs || !Object.hasOwn(loop.actuator.verbs, 'setFallback')) return
  const { device, count, location, capability } = loop.actuator
  const { timezone } = await tenant.house(houseId)
  const empty = { ...(location !== '' && { location }), timezone, schedule: [] }
  const given = { capability, verb: 'setFallback', arguments: empty }
  await tenant.addCommand(houseId, device, count, given, { seconds: longestValidity })
}

/**
 * What a person wants of a loop, as the store takes it.
 *
 * @param now ms
 * @throws ProblemError `bad-request`
 */
export function wantedOf(loop: Loop, given: LoopChange, now: number): Wanted {
  const { mode, pauseHours, pausedUntil } = given
  if (pauseHours !== undefined && pausedUntil !== undefined)
    throw wrongBody({ path: '/pausedUntil', expected: 'or pauseHours, not both' })
  const control = controlOf(loop.kind, given.controller ?? loop.controller)
  const own = checkedSettings(control, loop.settings[control.name] ?? {}, given.settings)
  const until = pauseHours === undefined ? pauseEnd(pausedUntil, now) : pauseOf(pauseHours, now)
  return {
    ...(mode !== undefined && { mode }),
    ...(until !== undefined && { pausedUntil: until }),
    ...(given.controller !== undefined && { controller: control.name }),
    ...(own && { settings: { [control.name]: own } }),
    ...(given.limits && { limits: putOverLimits(loop.kind, loop.limits, given.limits) }),
  }
}

/** ms, or null for none. */
export const pauseOf = (hours: number, now: number): number | null =>
  hours === 0 ? null : now + Math.round(hours * 3_600_000)

/** Longest pause, ms; whoever is away for longer wants another mode. */
const longestPause = 60 * 86_400_000

function pauseEnd(given: string | null | undefined, now: number): number | null | undefined {
  if (given === undefined || given === null) return given
  const until = optionalMillis('pausedUntil', given)!
  if (until <= now) throw wrongBody({ path: '/pausedUntil', expected: 'must not be past' })
  if (until > now + longestPause) throw wrongBody({ path: '/pausedUntil', expected: 'must be within 60 days' })
  return until
}

function controlOf(kind: LoopKind, name: string) {
  const all: readonly (typeof controllers)[LoopKind][number][] = controllers[kind]
  const found = all.find((one) => one.name === name)
  if (found) return found
  throw wrongBody({ path: '/controller', expected: `must be one of ${all.map((one) => one.name).join(', ')}` })
}

function checkedSettings(
  { settings: schema }: ReturnType<typeof controlOf>,
  before: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>> | undefined,
) {
  if (given === undefined) return undefined
  return putOver(before, given, schema, '/settings', (values) => settingsOf(schema, values) as Record<string, unknown>)
}

const putOverLimits = (
  kind: LoopKind,
  before: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>> | undefined,
) => putOver(before, given ?? {}, limitSchemas[kind], '/limits')
