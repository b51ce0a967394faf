/**
 * The last gate before an actuator, outside every algorithm: it sees what was decided and what is really known, and
 * gives out a command or none, always with its reasons. It trusts nothing that comes from a control.
 */
import { type Bound as ArgumentBound, describeBound, keepsBound } from '@nabolag/core'
import { type Bound, clamp, isNumber, type Known, minute, rounded, type Wanted } from '../controls/define-control.ts'
import type { Limits, Mode } from './limits.ts'
import { judge, lastUsable, type Reading, unusable } from './readings.ts'

export type GuardView = {
  /** ms since 1970, UTC. */
  readonly now: number
  readonly mode: Mode
  /** The owner wants quiet until then. */
  readonly pausedUntil?: number
  /** The last readings the actuator acts on: of a room its temperature, °C. */
  readonly readings: readonly Reading[]
  /** What the actuator has now, by its own word; `unknown` arguments are left out. */
  readonly held: Known<Wanted>
}

/** A command that went out. */
export type Move = {
  readonly at: number
  readonly set: Wanted
  readonly kind: 'command' | 'safety' | 'release'
}

export const reasons = {
  observing: 'The mode is observe: nothing is sent',
  advising: 'The mode is advise: it is told, not sent',
  paused: 'The owner has paused control',
  unusable: 'The reading cannot be acted upon',
  'nothing-decided': 'No change was wanted',
  'nothing-usable': 'Nothing that was decided may be sent',
  'no-change': 'It is set so already',
  'too-soon': 'The last change was just now',
  'too-many': 'The changes of this day are used up',
  frost: 'The room is near freezing',
  heat: 'The room is too hot',
  lost: 'Readings have stayed away, so it goes to its safe setting',
  'clock-strange': 'The time cannot be right',
} as const
export type Reason = { readonly code: keyof typeof reasons; readonly text: string }

export type Verdict = {
  /** What goes out: only the arguments that change. */
  readonly command?: Wanted
  /**
   * `command`: as decided; `safety`: frost or heat; `release`: the safe setting, which rests on no reading; `none`.
   */
  readonly outcome: Move['kind'] | 'none'
  /** What would go out if mode and pause let it; equal to `command` when there is one. */
  readonly would?: Wanted
  readonly reasons: readonly Reason[]
  readonly bound: readonly Bound[]
}

const day = 24 * 60 * minute
/** Two safety commands are never closer than this: one may be lost on its way, but a vendor is not to be flooded. */
const safetyMinutes = 10
/** Heat takes a while to arrive, so the frost guard acts this much above its limit, K. */
const frostMargin = 1

/**
 * Lets a decision through, or not.
 *
 * - Stale, missing, impossible or jumping reading: no command. After `fallbackAfter` minutes without a usable one, once,
 *   the safe setting (`release`), which is in the limits and rests on no reading.
 * - Frost and heat go before pause, least time and number of changes, but never out in observe or advise.
 * - Bounds clip a number; whatever is not a finite number or not an allowed word is dropped.
 *
 * @param decision what a control set, or `undefined` when it left things as they are
 * @param history the moves of the last 24 hours at least, any order
 */
export function guard(
  decision: Wanted | undefined,
  view: GuardView,
  limits: Limits,
  history: readonly Move[],
): Verdict {
  const { now } = view
  if (!isNumber(now)) return none([reason('clock-strange')])
  const judged = judge(view.readings, now, limits.reading)
  if (!judged.usable) return whenUnusable(`${unusable[judged.why]}`, view, limits, history)

  const safe = safetyFor(judged.reading.value, decision, view.held, limits)
  const why: Reason[] = safe ? [safe.reason] : []
  // The actuator does enough already; it is only kept from being told otherwise.
  if (safe?.isHeld) return none(why)
  if (!safe && decision === undefined) return none([reason('nothing-decided')])
  const known = view.held === 'unknown' ? {} : view.held
  const isFree = stoppedBy('command', { ...view, mode: 'control' }, limits, history) === undefined
  // A decision that helps is better than the least that safety asks, as long as it may go out.
  const kind = safe && !(safe.isDecided && isFree) ? 'safety' : 'command'
  const wanted = kind === 'safety' ? safe?.set : { ...decision, ...(safe?.set.on === true ? { on: true } : {}) }
  const { set, bound } = keepBounds(wanted, limits)
  if (Object.keys(set).length === 0) return none([...why, reason('nothing-usable')], bound)
  // What was sent counts as taken where nothing contradicts; what safety sent, for an hour only.
  const sent = sentBefore(history, now, safe ? 60 * minute : day)
  const changed = changesOf(set, { ...sent, ...known })
  if (Object.keys(changed).length === 0) return none([...why, reason('no-change')], bound)
  const stopped = stoppedBy(kind, view, limits, history)
  if (stopped) return { ...none([...why, stopped], bound), would: changed }
  return { outcome: kind, command: changed, would: changed, reasons: why, bound }
}

const reason = (code: keyof typeof reasons, detail?: string): Reason => ({
  code,
  text: detail === undefined ? reasons[code] : `${reasons[code]}: ${detail}`,
})

const none = (why: readonly Reason[], bound: readonly Bound[] = []): Verdict => ({
  outcome: 'none',
  reasons: why,
  bound,
})

/** Mode first, then pause, time and number; safety stops at the mode and its own least time only. */
function stoppedBy(
  kind: Move['kind'],
  { now, mode, pausedUntil }: GuardView,
  limits: Limits,
  history: readonly Move[],
): Reason | undefined {
  if (mode !== 'control') return reason(mode === 'advise' ? 'advising' : 'observing')
  const tooSoon = (moves: readonly Move[], minutes: number) => moves.some(({ at }) => now - at < minutes * minute)
  if (kind === 'safety') {
    const before = history.filter((move) => move.kind === 'safety' && move.at - now < safetyMinutes * minute)
    return tooSoon(before, safetyMinutes)
      ? reason('too-soon', `at least ${safetyMinutes} minutes are to be between`)
      : undefined
  }
  if (pausedUntil !== undefined && !(now >= pausedUntil)) return reason('paused')
  // A clock that went back leaves moves ahead of now: they count as just made for a day, then as nonsense.
  const recent = history.filter(({ at }) => Math.abs(now - at) < day)
  if (tooSoon(recent, limits.minutesBetween))
    return reason('too-soon', `at least ${limits.minutesBetween} minutes are to be between`)
  // What was lost on its way has changed nothing.
  const changes = recent.filter(({ set }) => Object.keys(set).length > 0)
  if (changes.length >= limits.movesPerDay) return reason('too-many', `${limits.movesPerDay} in 24 hours`)
  return undefined
}

/** The safe setting once the last usable reading is long ago, if nothing speaks against it. */
function whenUnusable(why: string, view: GuardView, limits: Limits, history: readonly Move[]): Verdict {
  const because: Reason = { code: 'unusable', text: why }
  const { now } = view
  const lastGood = lastUsable(view.readings, now, limits.reading)
  if (now - lastGood < limits.fallbackAfter * minute) return none([because])
  const { set, bound } = keepBounds(limits.fallback, limits)
  const changed = changesOf(set, view.held === 'unknown' ? {} : view.held)
  const last = history.toSorted((a, b) => b.at - a.at)[0]
  // What was never ours is not ours to release; and once is enough, or it would fight whoever sets it by hand. One that
  // was lost on its way has nothing set.
  const isReleased = last?.kind === 'release' && Object.keys(last.set).length > 0
  if (Object.keys(changed).length === 0 || last === undefined || isReleased) return none([because])
  const stopped = stoppedBy('release', view, limits, history)
  if (stopped) return { ...none([because, stopped], bound), would: changed }
  return { outcome: 'release', command: changed, would: changed, reasons: [because, reason('lost')], bound }
}

export const isNearFrost = (room: number, { below }: NonNullable<Limits['frost']>): boolean =>
  room < below + frostMargin

/**
 * Frost or heat, while the actuator does not do enough against it, or is about to be told to stop.
 *
 * @returns the least that safety asks, whether the actuator does as much now, and whether the decision would
 */
function safetyFor(
  room: number,
  decision: Wanted | undefined,
  held: Known<Wanted>,
  { frost, heat, bounds }: Limits,
):
  | { readonly set: Wanted; readonly isHeld: boolean; readonly isDecided: boolean; readonly reason: Reason }
  | undefined {
  const has = held === 'unknown' ? {} : held
  const at = `${rounded(room, 1)} °C`
  if (frost && isNearFrost(room, frost)) {
    const warms = (temperature: Wanted[string] | undefined) => isNumber(temperature) && temperature >= frost.set
    const isOn = bounds.on === undefined || has.on !== false
    const staysSo = (decision?.temperature === undefined || warms(decision.temperature)) && decision?.on !== false
    const isHeld = warms(has.temperature) && isOn
    if (isHeld && staysSo) return undefined
    return {
      isHeld,
      // Never lower than it is set.
      set: { temperature: warms(has.temperature) ? has.temperature! : frost.set, ...(bounds.on ? { on: true } : {}) },
      isDecided: warms(decision?.temperature) && decision?.on !== false,
      reason: reason('frost', isHeld ? `${at}, and it is set to heat already` : at),
    }
  }
  if (heat && room > heat.above) {
    const cools = (temperature: Wanted[string] | undefined) => isNumber(temperature) && temperature <= heat.set
    const isHeld = cools(has.temperature)
    if (isHeld && (decision?.temperature === undefined || cools(decision.temperature))) return undefined
    const isDecided = cools(decision?.temperature)
    const why = reason('heat', isHeld ? `${at}, and it is set as low as that asks already` : at)
    return { set: { temperature: heat.set }, isHeld, isDecided, reason: why }
  }
  return undefined
}

/** Every argument within its bound, or not there. */
function keepBounds(
  set: Wanted | undefined,
  { bounds }: Limits,
): { readonly set: Wanted; readonly bound: readonly Bound[] } {
  const kept: Record<string, Wanted[string]> = {}
  const bound: Bound[] = []
  for (const [name, value] of Object.entries(set ?? {})) {
    const limit = bounds[name]
    if (limit === undefined) continue
    const got = isNumber(value) ? intoBound(value, limit) : value
    if (!keepsBound(got, limit)) continue
    kept[name] = got
    if (isNumber(value) && isNumber(got) && value !== got)
      bound.push({ by: `what it may be set to: ${describeBound(limit)}`, wanted: value, got, unit: '' })
  }
  return { set: kept, bound }
}

/** The nearest number that keeps the bound. */
function intoBound(value: number, { minimum, maximum, step, values }: ArgumentBound): number {
  const lowest = minimum ?? Number.NEGATIVE_INFINITY
  const highest = maximum ?? Number.POSITIVE_INFINITY
  const within = clamp(value, lowest, highest)
  if (values !== undefined) {
    const taken = values.filter((one): one is number => isNumber(one) && one >= lowest && one <= highest)
    return taken.reduce(
      (best, one) => (Math.abs(one - within) < Math.abs(best - within) ? one : best),
      taken[0] ?? within,
    )
  }
  if (step === undefined || step <= 0) return within
  const from = minimum ?? 0
  const stepped = from + Math.round((within - from) / step) * step
  return rounded(stepped > highest ? stepped - step : stepped, 9)
}

/** What the moves since then have left, argument by argument. */
const sentBefore = (history: readonly Move[], now: number, since: number): Wanted =>
  Object.assign(
    {},
    ...history
      .filter(({ at }) => Math.abs(now - at) < since)
      .toSorted((a, b) => a.at - b.at)
      .map(({ set }) => set),
  )

const changesOf = (set: Wanted, held: Wanted): Wanted =>
  Object.fromEntries(
    Object.entries(set).filter(([name, value]) => {
      const has = held[name]
      return isNumber(has) && isNumber(value) ? Math.abs(has - value) > 1e-9 : has !== value
    }),
  )
