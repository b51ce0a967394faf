/** What a person should know of: readings, prices or plans that stay away, and commands without an effect. */
import { clockOf } from '../comfort/local-time.ts'
import { hour, isNumber, minute } from '../controls/define-control.ts'
import { stepAt } from '../controls/view.ts'
import type { Plan } from '../mpc/plan.ts'
import type { Move } from '../safety/guard.ts'
import type { Reading } from '../safety/readings.ts'
import type { HousePrices } from './prices.ts'
import type { HouseMemory, HouseSeen, HouseSetup, LoopSetup, Notice, RoomMemory, RoomSetup } from './types.ts'

type Found = Omit<Notice, 'since'>

/** What became of a command, in words. */
const failures = { failed: 'failed', refused: 'was refused', expired: 'came too late to be sent' } as const

/** A heat pump that was told to warm is to be felt after so long, minutes. */
const effectAfter = 60
/** By less than this the room has not become warmer, K. */
const felt = 0.15
/** A unit that draws less than this does nothing, W. */
const asleep = 50

/**
 * A command that was carried out, as its set-point shows, and has no effect on the room: it was set well above the room
 * for an hour, and the room has not become warmer. Nothing where that cannot be told.
 */
export function withoutEffect(
  loop: LoopSetup,
  place: string,
  given: {
    readonly moves: readonly Move[]
    readonly readings: readonly Reading[]
    readonly seen: HouseSeen
    readonly now: number
    readonly zone: string
    /** It was so at the last turn. */
    readonly isTold: boolean
  },
): Found | undefined {
  const { moves, readings, seen, now, zone, isTold } = given
  const held = seen.held[loop.id]
  const last = moves.reduce<Move | undefined>(
    (latest, move) => (!latest || move.at > latest.at ? move : latest),
    undefined,
  )
  const told = last?.set.temperature
  if (!last || !isNumber(told) || loop.kind !== 'heating') return undefined
  const since = clockOf(last.at, zone)
  if (held && held.at > last.at + 15 * minute && isNumber(held.set.temperature) && held.set.temperature !== told) {
    const sentence = `${place} was set to ${told} °C at ${since} and still shows ${held.set.temperature} °C: the command was lost, or somebody changed it by hand`
    return { kind: 'no-effect', loop: loop.id, sentence }
  }
  // Hours later the weather may be the reason; but what was told stays told while nothing has become of it.
  const isLate = now - last.at > 4 * hour && !isTold
  if (now - last.at < effectAfter * minute || isLate || last.set.on === false) return undefined
  const after = readings.filter(({ at, value }) => isNumber(value) && at >= last.at - 10 * minute && at <= now)
  const first = after.reduce<Reading | undefined>(
    (least, one) => (!least || one.at < least.at ? one : least),
    undefined,
  )
  const newest = after.reduce<Reading | undefined>((most, one) => (!most || one.at > most.at ? one : most), undefined)
  if (!isNumber(first?.value) || !isNumber(newest?.value) || newest.at - first.at < 45 * minute) return undefined
  if (told < Math.max(first.value, newest.value) + 1 || newest.value - first.value >= felt) return undefined
  if (isNumber(held?.power) && held.power >= asleep) return undefined
  const sentence = `${place} was set to ${told} °C at ${since} and has not become warmer since (${newest.value.toFixed(1)} °C): see whether the unit runs, stands in heating mode, and a window is open`
  return { kind: 'no-effect', loop: loop.id, sentence }
}

/** A thermometer that shows the very same for so long may be stuck, h. */
const sameFor = 12

/** What a thermometer shows and since when without any change: by its last hours, and by what the turn before knew. */
export function sameSince(readings: readonly Reading[], before: RoomMemory['same'], now: number): RoomMemory['same'] {
  const known = readings.filter(({ at, value }) => isNumber(value) && at <= now).toSorted((a, b) => b.at - a.at)
  const value = known[0]?.value
  if (!isNumber(value)) return undefined
  const other = known.findIndex((one) => one.value !== value)
  const since = known.at(other < 0 ? -1 : other - 1)!.at
  return { value, since: other < 0 && before?.value === value ? Math.min(before.since, since) : since }
}

export function noticesOf(given: {
  readonly setup: HouseSetup
  readonly seen: HouseSeen
  readonly memory: HouseMemory
  readonly prices: HousePrices
  readonly plan: Plan | undefined
  readonly now: number
  /** Rooms whose temperature cannot be acted upon, and why. */
  readonly silent: readonly { readonly room: RoomSetup; readonly why: string }[]
  /** Rooms under control, and what their thermometer has shown without any change. */
  readonly same: readonly (NonNullable<RoomMemory['same']> & { readonly room: RoomSetup })[]
  readonly effects: readonly Found[]
}): Notice[] {
  const { setup, seen, memory, prices, plan, now, silent, same, effects } = given
  const found: Found[] = [...effects]
  for (const { room, why } of silent) {
    const sentence = `The temperature of ${room.name} cannot be acted upon (${why}), so nothing is changed there: look at its sensor`
    found.push({ kind: 'no-readings', room: room.id, sentence })
  }
  for (const { room, value, since } of same)
    if (now - since >= sameFor * hour) {
      const sentence = `${room.name} has shown exactly ${value} °C for ${Math.floor((now - since) / hour)} hours: see whether its thermometer is stuck, for control believes it`
      found.push({ kind: 'same-reading', room: room.id, sentence })
    }
  const priced = setup.loops.filter(({ controller }) => controller !== 'schedule')
  if (priced.length > 0 && !stepAt(prices.steps, now))
    found.push({
      kind: 'no-prices',
      sentence:
        'No price is published for this hour: the last known day stands in for it. Add the device “Day-ahead electricity price”, or look at its state',
    })
  if (plan && !seen.weather.some(({ at, temperature }) => isNumber(temperature) && at > now + 6 * hour))
    found.push({
      kind: 'no-forecast',
      sentence: 'There is no weather forecast for the coming hours, so the plan supposes that it stays as it is',
    })
  if (plan && plan.status !== 'optimal')
    found.push({ kind: 'no-plan', sentence: `No new plan could be made: ${plan.because}` })
  for (const loop of setup.loops)
    if (!loop.actuator.verbs && loop.mode === 'control')
      found.push({
        kind: 'unknown-actuator',
        loop: loop.id,
        sentence: `What ${loop.actuator.device} ${loop.actuator.location} can do is not known yet: it must have answered once`,
      })
  for (const { loop, state, reason } of seen.commands ?? [])
    if (state === 'failed' || state === 'refused' || state === 'expired') {
      const sentence = `The last command ${failures[state]}${reason ? `: ${reason}` : ''}`
      found.push({ kind: 'command-failed', loop, sentence })
    }
  return found.map((notice) => ({ ...notice, since: sinceOf(notice, memory.notices, now) }))
}

const sinceOf = ({ kind, loop, room }: Found, before: readonly Notice[], now: number) =>
  Math.min(before.find((one) => one.kind === kind && one.loop === loop && one.room === room)?.since ?? now, now)
