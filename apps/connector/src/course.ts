/**
 * The course of a device: what follows a success or a failure. Pure arithmetic; the time and the chance are handed in.
 */
import { type DeviceState, type FailureKind, parseTime } from '@nabolag/core'
import type { CallLimit } from './messages.ts'

/** What the arithmetic needs to know of an integration; ms. */
export type Pace = {
  /** Asked at intervals, or a stream that the vendor fills. */
  readonly polled: boolean
  /** Nobody signs in: what a vendor refuses is this server, or the place that was typed. */
  readonly anonymous: boolean
  readonly every: number
  readonly staleAfter: number
  /** Wait after `throttled` without a time of its own. */
  readonly pause: number
  /** Random wait before a connection is opened again. */
  readonly reconnect: readonly [number, number] | undefined
  /** Least wait after `unreachable`: looking whether the vendor is back must not use up what an account may ask. */
  readonly least: number
  /** Scales every wait after a failure; 1 but in tests. */
  readonly tempo: number
}

/** What a device carries from one try to the next, over a restart of its thread too. Times are ms since the epoch. */
export type Course = {
  readonly state: DeviceState
  readonly reason: string | undefined
  readonly kind: FailureKind | undefined
  /** Failures in a row, and those before them that no healthy stretch has wiped out yet. */
  readonly failures: number
  /** Since when, and how often, it has gone well. */
  readonly goodSince: number | undefined
  readonly goodCount: number
  /** When the time of the newest sample last moved. */
  readonly movedAt: number
  /** Time of the newest sample. */
  readonly newest: number | undefined
  readonly nextTryAt: number
}

export type Failure = { readonly kind: FailureKind; readonly message: string; readonly until?: number }

const second = 1000
const minute = 60 * second
/** No wait of our own making is longer than this, refused credentials aside. */
export const longestWait = 5 * minute
const firstWait = second
const changedWait = minute
/** Refused credentials are tried again once a day: vendors do lift a refusal. */
export const refusedWait = 24 * 60 * minute
/** The same where nobody signs in: vendors that shut out an address want to be left alone for hours. */
export const shutOutWait = 120 * minute
const healthyTime = 10 * minute
const healthyCount = 10

export const newCourse = (now: number, nextTryAt: number): Course => ({
  state: 'starting',
  reason: undefined,
  kind: undefined,
  failures: 0,
  goodSince: undefined,
  goodCount: 0,
  movedAt: now,
  newest: undefined,
  nextTryAt,
})

/** Twice what a call may take of the limit's time, as a try is often two calls; at most five minutes. */
export const leastWait = (limit: CallLimit | undefined): number =>
  limit === undefined ? 0 : Math.min(longestWait / 1.2, (2 * limit.per) / limit.count)

/** A wait that doubles with each failure from `first` to five minutes, anywhere between a tenth of it and the whole. */
export function backOff(failures: number, first: number, chance: number): number {
  const whole = Math.min(longestWait, first * 2 ** Math.min(30, Math.max(0, failures - 1)))
  return whole * (0.1 + 0.9 * chance)
}

/**
 * After a failure: the state the device is in, why, and when it is tried again.
 *
 * @param now ms since the epoch
 * @param chance a random number from 0 to 1
 */
export function afterFailure(course: Course, failure: Failure, pace: Pace, now: number, chance: number): Course {
  const failures = course.failures + 1
  const kind = failure.kind === 'rejected' ? 'changed' : failure.kind
  const nextTryAt = now + waitAfter(failure, failures, pace, now, chance)
  const state: DeviceState = kind === 'refused' ? 'refused' : kind === 'throttled' ? 'throttled' : 'backing-off'
  return {
    ...course,
    state,
    kind,
    failures,
    goodSince: undefined,
    goodCount: 0,
    nextTryAt,
    reason: sentence(failure.message, kind, nextTryAt, pace),
  }
}

function waitAfter(failure: Failure, failures: number, pace: Pace, now: number, chance: number): number {
  const asked = failure.until === undefined ? 0 : Math.max(0, failure.until - now)
  switch (failure.kind) {
    case 'refused':
      return (pace.anonymous ? shutOutWait : refusedWait) * (1 + 0.05 * chance)
    case 'throttled': {
      const spread = Math.min(10 * second, pace.every * 0.1) * chance
      if (failure.until !== undefined) return asked + spread * pace.tempo
      return pace.pause * 2 ** Math.min(3, failures - 1) * (1 + 0.2 * chance) * pace.tempo
    }
    case 'changed':
    case 'rejected':
      return Math.min(longestWait, changedWait * 2 ** Math.min(10, failures - 1)) * (0.5 + 0.5 * chance) * pace.tempo
    case 'unreachable': {
      const own = backOff(failures, firstWait, chance)
      const least = pace.reconnect ? reconnectWait(pace.reconnect, failures, chance) : pace.least * (1 + 0.2 * chance)
      const wait = Math.max(least, own)
      return Math.max(asked, Math.min(longestWait, wait) * pace.tempo)
    }
  }
}

/** Between the two bounds at first; the upper one doubles with each further failure. */
const reconnectWait = ([least, most]: readonly [number, number], failures: number, chance: number): number =>
  least + (Math.min(longestWait, most * 2 ** Math.min(20, Math.max(0, failures - 1))) - least) * chance

/** After an answer that fits. `newest` is the time of its newest sample, `undefined` when it held none. */
export function afterSuccess(
  course: Course,
  newest: number | undefined,
  pace: Pace,
  now: number,
  next: number,
): Course {
  // One that lay ahead may have been wrong: it does not stand against those that come after it.
  const before =
    course.newest !== undefined && course.newest > now && newest !== course.newest ? undefined : course.newest
  const moved = newest !== undefined && (before === undefined || newest > before)
  const movedAt = moved ? now : course.movedAt
  const goodSince = course.goodSince ?? now
  const goodCount = course.goodCount + 1
  const healthy = (pace.polled && goodCount >= healthyCount) || now - goodSince >= healthyTime
  const stale = now - movedAt > pace.staleAfter
  const measured = moved || course.newest !== undefined
  return {
    state: stale ? 'stale' : measured ? 'running' : 'starting',
    reason: !measured
      ? `The vendor answers, but has ${stale ? `had no measurement for ${inWords(now - movedAt)}` : 'no measurement of it yet'}; see whether a device is set up in this account at the vendor, and is online.`
      : stale
        ? `It answers, but has measured nothing new for ${inWords(now - movedAt)}; see whether the device has power and network.`
        : undefined,
    kind: undefined,
    failures: healthy ? 0 : course.failures,
    goodSince,
    goodCount,
    movedAt,
    newest: moved ? newest : course.newest,
    nextTryAt: next,
  }
}

/** A stream that went silent: it is dropped and opened again. */
export function afterSilence(course: Course, pace: Pace, now: number, chance: number): Course {
  const message = `Nothing came over the connection for ${inWords(pace.staleAfter)}`
  const failed = afterFailure(course, { kind: 'unreachable', message }, pace, now, chance)
  return { ...failed, state: 'stale', reason: `${message}; it is opened again by itself.` }
}

/** A shorter wait for its turn is not worth telling. */
const shortWait = 3 * second
const slotWait = minute

/** Not tried, as the account's connections are all in use. */
export const afterFullSlots = (course: Course, streams: number, pace: Pace, now: number, chance: number): Course => ({
  ...course,
  state: 'throttled',
  reason: `The vendor allows ${streams} connections for an account, and they are in use; stop a device of this account to free one.`,
  nextTryAt: now + slotWait * (1 + chance) * pace.tempo,
})

/** Its turn to call, and what it waits for. */
export type Turn = { readonly until: number; readonly limit: CallLimit; readonly together: boolean }

/**
 * While a call waits for its turn among those that the vendor allows. `undefined` when there is nothing to tell: the
 * wait is short, or a device that does well is polled late by less than an interval.
 */
export function afterQueueing(course: Course, turn: Turn, pace: Pace, now: number): Course | undefined {
  const { until, limit, together } = turn
  const wait = until - now
  if (wait < shortWait || (pace.polled && course.state === 'running' && wait < pace.every)) return undefined
  const whom = together ? 'all our devices together' : 'an account'
  const when = new Date(until).toISOString().slice(0, 19)
  const reason = `It waits its turn, as the vendor allows ${limit.count} calls in ${inWords(limit.per)} for ${whom}; it goes on by itself at about ${when}Z.`
  return { ...course, state: 'throttled', reason, nextTryAt: until }
}

/** The time of the next poll: on the device's own phase, never before `notBefore`. */
export function nextPoll(due: number, pace: Pace, now: number, notBefore: number, chance: number): number {
  const jitter = (chance - 0.5) * 0.1 * pace.every
  // Not ahead, unless the clock was put back.
  const from = Math.min(due, now)
  let next = from + pace.every
  if (next + jitter <= now) next = from + Math.ceil((now - from) / pace.every) * pace.every
  if (next + jitter <= now) next += pace.every
  if (notBefore <= next + jitter) return next + jitter
  return notBefore + Math.min(10 * minute, Math.max(pace.every * 0.1, (notBefore - now) * 0.2)) * chance
}

/** No integration names a time further away. */
const furthest = 7 * 24 * 60 * minute

/**
 * The time of the next poll where the integration names it (ISO 8601): a little later, so that devices do not come all
 * at once, and never before `notBefore`. A time that cannot be used gives a complaint: one that cannot be read no
 * time at all, one that is past the usual interval, one more than 7 days away those 7 days.
 */
export function namedPoll(
  answer: unknown,
  pace: Pace,
  now: number,
  notBefore: number,
  chance: number,
): { readonly at: number | undefined; readonly complaint: string | undefined } {
  const micros = typeof answer === 'string' ? parseTime(answer) : undefined
  if (micros === undefined) return { at: undefined, complaint: 'what it names is not an ISO 8601 time' }
  const named = micros / 1000
  const [wait, complaint] =
    named <= now
      ? [pace.every, 'the time it names is past']
      : named > now + furthest
        ? [furthest, 'the time it names is more than 7 days away']
        : [named - now, undefined]
  const earliest = Math.max(now + wait, notBefore)
  return { at: earliest + Math.min(minute, (earliest - now) * 0.1) * chance, complaint }
}

const mends: Record<FailureKind, string> = {
  unreachable: 'it is tried again by itself',
  throttled: 'it goes on by itself',
  refused: 'enter new credentials, or restart the device once the account works again',
  changed: 'it is tried again by itself, and the developers must mend what stays wrong',
  rejected: 'it is tried again by itself',
}

const shutOut =
  'the vendor does not let this server in, or has nothing for what was typed: correct that; else it is tried again by itself every two hours'

function sentence(message: string, kind: FailureKind, nextTryAt: number, { anonymous }: Pace): string {
  const what = message.replace(/[\s.;]+$/, '').slice(0, 300)
  const mend = kind === 'refused' && anonymous ? shutOut : mends[kind]
  const when = kind === 'throttled' ? ` at ${new Date(nextTryAt).toISOString().slice(0, 19)}Z` : ''
  return `${what}; ${mend}${when}.`
}

/** A span of ms as people say it. */
export function inWords(span: number): string {
  if (span < 2 * second) return `${Math.round(span)} ms`
  if (span < 2 * minute) return `${Math.round(span / second)} s`
  if (span < 120 * minute) return `${Math.round(span / minute)} minutes`
  return `${Math.round(span / (60 * minute))} hours`
}
