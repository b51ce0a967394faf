/**
 * Runs the devices of one integration, inside its thread: when each is due, what it is given, and what comes of it.
 * Devices with equal credentials of a pushing vendor share one stream.
 */
import { VendorFailure } from '@nabolag/core'
import {
  afterFailure,
  afterFullSlots,
  afterQueueing,
  afterSilence,
  afterSuccess,
  type Course,
  newCourse,
  nextPoll,
} from './course.ts'
import { makeAgenda } from './due-heap.ts'
import { makeGraphql } from './graphql.ts'
import { type Caller, type HttpHost, makeHttp } from './http.ts'
import { type Loaded, toFailure } from './loaded.ts'
import type { CallLimit, Outcome, Seed } from './messages.ts'
import { makeSource, openRun, type Run, type Source, sourceKey, takeAnswer } from './source.ts'
import type { Watch } from './watch.ts'

export type OnWait = (until: number, limit: CallLimit, together: boolean) => void

export type SchedulerGiven = {
  readonly loaded: Loaded
  readonly host: HttpHost
  readonly watch: Watch
  /** For one whole fetch, waits for the budget aside, ms. */
  readonly runTimeout: number
  /** Resolves when the account may make one more call; `onWait` is told when that takes a while. */
  readonly permit: (scope: string, signal: AbortSignal, onWait: OnWait) => Promise<void>
  readonly pause: (scope: string, until: number) => void
  readonly outcome: (outcome: Outcome) => void
  readonly samples: (id: number, samples: number, payloads: string[]) => void
  /** Told how late each run began, ms. */
  readonly began?: (late: number) => void
}

export type Scheduler = {
  add(seeds: readonly Seed[]): void
  remove(ids: readonly number[]): void
  hold(on: boolean): void
  /** Hides the secrets of a device in a text. */
  redactFor(id: number, text: string): string
  close(): void
  readonly polls: number
}

/** Fetches at once. */
const mostActive = 256
const sweepEvery = 1000
/** Time that a device's first run is spread over: at least so long, and so much for each that starts with it. */
const leastSpread = 5000
const spreadEach = 5
/** A stream that answers without a measurement is opened again after so many of the silences it may have. */
const fruitlessSilences = 10

export function startScheduler(given: SchedulerGiven): Scheduler {
  const { loaded, host, watch } = given
  const { pace, listen } = loaded
  const sources = new Map<string, Source>()
  const sourceOf = new Map<number, Source>()
  const ready: Source[] = []
  const openStreams = new Map<string, number>()
  let active = 0
  let held = false
  let closed = false
  let polls = 0

  const isFree = (source: Source) => source.run === undefined && sources.get(source.key) === source
  const agenda = makeAgenda<Source>((due) => {
    for (const { at, item } of due) if (item.due === at && isFree(item)) ready.push(item)
    drain()
  })
  const plan = (source: Source, at: number) => {
    source.due = at
    agenda.plan(at, source)
  }
  const drain = () => {
    while (!held && !closed && ready.length > 0 && active < mostActive) {
      const source = ready.shift()!
      if (isFree(source)) begin(source)
    }
  }

  const settle = (source: Source, course: Course, tried: boolean) => {
    source.course = course
    for (const { seed } of source.members) given.outcome({ id: seed.id, course, tried })
  }

  const begin = (source: Source) => {
    const now = Date.now()
    given.began?.(now - source.due)
    const id = source.members[0]!.seed.id
    if (listen && loaded.streams !== undefined && (openStreams.get(source.scope) ?? 0) >= loaded.streams) {
      settle(source, afterFullSlots(source.course, loaded.streams, pace, now, Math.random()), false)
      return plan(source, source.course.nextTryAt)
    }
    const patience = listen ? pace.staleAfter : given.runTimeout
    const { run, givenUp } = openRun(now, patience)
    source.run = run
    count(source, run, true)
    if (listen) openStreams.set(source.scope, (openStreams.get(source.scope) ?? 0) + 1)
    const caller = callerOf(source, run, id, patience)
    const http = makeHttp(host, caller)
    polls++
    const done = listen
      ? watch.runFor(id, async () => {
          const onStatus = (answer: unknown) => hear(source, run, id, answer)
          await listen(
            { link: { http, graphql: makeGraphql(host, caller) }, credentials: source.credentials },
            onStatus,
            run.abort.signal,
          )
          throw new VendorFailure('unreachable', 'The vendor ended the connection')
        })
      : watch.runFor(id, async () => take(source, id, await loaded.fetch!({ http, credentials: source.credentials })))
    Promise.race([done, givenUp])
      .then(
        (result) => (result === 'silent' ? { silent: true as const } : { newest: result }),
        (error: unknown) => ({ failure: toFailure(error) }),
      )
      .then((result) => finish(source, run, result))
    done.catch(() => {})
  }

  /** Whether a run counts among the fetches at once: not while it waits for its turn, nor when it is over. */
  const count = (source: Source, run: Run, on: boolean) => {
    if (listen || run.active === on || (on && source.run !== run)) return
    run.active = on
    active += on ? 1 : -1
  }

  /** It only waits: others may go on meanwhile. */
  const leave = (source: Source, run: Run) => {
    count(source, run, false)
    setImmediate(drain)
  }

  const callerOf = (source: Source, run: Run, id: number, patience: number): Caller => {
    const untimed: Caller['patiently'] = async (answer) => {
      run.deadline = Number.POSITIVE_INFINITY
      try {
        return await answer
      } finally {
        run.deadline = Date.now() + Math.max(patience, host.timeout)
      }
    }
    return {
      redact: source.redact,
      secrets: source.secrets,
      signal: run.abort.signal,
      resume: () => watch.mark(id),
      notBefore: (time) => {
        run.notBefore = Math.max(run.notBefore, time)
      },
      patiently: (answer) => {
        leave(source, run)
        return untimed(answer).finally(() => count(source, run, true))
      },
      complain: (failure) => complain(source, run, failure),
      permit: async () => {
        const onWait: OnWait = (until, limit, together) => {
          if (source.run !== run) return
          const waiting = afterQueueing(source.course, { until, limit, together }, pace, Date.now())
          if (waiting) settle(source, waiting, false)
          leave(source, run)
        }
        await untimed(given.permit(source.scope, run.abort.signal, onWait))
        if (run.abort.signal.aborted) throw new VendorFailure('unreachable', 'It was ended meanwhile')
        count(source, run, true)
      },
    }
  }

  const take = (source: Source, id: number, answer: unknown): number | undefined => {
    watch.mark(id)
    return takeAnswer(source, loaded, answer, given.samples)
  }

  const hear = (source: Source, run: Run, id: number, answer: unknown) => {
    if (source.run !== run) throw new VendorFailure('unreachable', 'This connection was given up')
    try {
      const newest = take(source, id, answer)
      const now = Date.now()
      const first = source.course.goodSince === undefined
      run.complaint = undefined
      if (newest !== undefined) run.measuredAt = now
      // An answer without a measurement keeps the connection, but not for ever.
      run.deadline = Math.min(now, run.measuredAt + (fruitlessSilences - 1) * pace.staleAfter) + pace.staleAfter
      settle(source, afterSuccess(source.course, newest, pace, now, now), first)
    } catch (error) {
      const failure = toFailure(error)
      if (failure.kind === 'changed') return complain(source, run, failure)
      run.giveUp(failure)
      throw failure
    }
  }

  /** One message that cannot be read does not end a stream; when nothing else comes for too long, it does. */
  const complain = (source: Source, run: Run, failure: VendorFailure) => {
    if (source.run !== run) return
    if (!run.complaint) {
      const reason = `${source.redact(failure.message)}; such messages are left out, and the developers must mend what stays wrong.`
      settle(source, { ...source.course, reason }, false)
    }
    run.complaint = failure
  }

  const finish = (
    source: Source,
    run: Run,
    result: { newest?: number | undefined; failure?: VendorFailure; silent?: true },
  ) => {
    if (source.run !== run) return
    count(source, run, false)
    source.run = undefined
    if (listen) openStreams.set(source.scope, (openStreams.get(source.scope) ?? 1) - 1)
    const now = Date.now()
    // The course first: ending the run may wake what it left behind.
    let course: Course
    if (result.silent) course = afterSilence(source.course, pace, now, Math.random())
    else if (result.failure) {
      const { kind, message, until } = result.failure
      course = afterFailure(source.course, { kind, message: source.redact(message), until }, pace, now, Math.random())
      if (kind === 'throttled') given.pause(source.scope, course.nextTryAt)
    } else {
      source.polls++
      // The second run takes each device to a phase of its own, so that those that started together drift apart.
      const due = source.polls === 1 ? now - pace.every * (0.1 + 0.8 * Math.random()) : source.due
      const next = nextPoll(due, pace, now, run.notBefore, Math.random())
      course = afterSuccess(source.course, result.newest, pace, now, next)
    }
    run.abort.abort()
    if (sources.get(source.key) === source) {
      settle(source, course, true)
      plan(source, course.nextTryAt)
    }
    drain()
  }

  const sweeper = setInterval(
    () => {
      const now = Date.now()
      for (const { run } of sources.values()) {
        if (!run || run.deadline > now) continue
        const late = new VendorFailure(
          'unreachable',
          `It did not finish within ${Math.round(given.runTimeout / 1000)} s`,
        )
        run.giveUp(listen ? (run.complaint ?? 'silent') : late)
      }
    },
    Math.min(sweepEvery, Math.max(50, pace.staleAfter / 4)),
  )

  const add = (seed: Seed, spread: number) => {
    if (sourceOf.has(seed.id)) remove(seed.id)
    const key = sourceKey(seed, loaded)
    let source = sources.get(key)
    if (!source) {
      const now = Date.now()
      const wait = Math.random() * spread
      source = makeSource(seed, loaded, now, now + wait)
      sources.set(key, source)
      plan(source, seed.course ? againAt(seed.course, now, wait) : now + wait)
    }
    source.members.push({ seed, remembered: undefined })
    sourceOf.set(seed.id, source)
  }

  const againAt = ({ nextTryAt }: Course, now: number, wait: number) => {
    if (!listen) return Math.max(nextTryAt, now + wait * 0.2)
    return Math.max(nextTryAt, now + wait, pace.reconnect ? now + between(pace.reconnect) * pace.tempo : 0)
  }

  const remove = (id: number) => {
    const source = sourceOf.get(id)
    if (!source) return
    sourceOf.delete(id)
    const index = source.members.findIndex(({ seed }) => seed.id === id)
    if (index >= 0) source.members.splice(index, 1)
    if (source.members.length > 0) return
    sources.delete(source.key)
    source.run?.giveUp(new VendorFailure('unreachable', 'The device was stopped'))
    source.run?.abort.abort()
  }

  return {
    add(seeds) {
      const spread =
        Math.min(pace.every / 2, Math.max(leastSpread, seeds.length * spreadEach)) * Math.min(1, pace.tempo)
      for (const seed of seeds) {
        try {
          add(seed, spread)
        } catch {
          const now = Date.now()
          const failure = { kind: 'refused', message: 'The credentials are not of the expected form' } as const
          const course = afterFailure(newCourse(now, now), failure, pace, now, Math.random())
          given.outcome({ id: seed.id, course, tried: true })
        }
      }
    },
    remove: (ids) => ids.forEach(remove),
    hold(on) {
      held = on
      drain()
    },
    redactFor: (id, text) => sourceOf.get(id)?.redact(text) ?? '',
    close() {
      closed = true
      agenda.close()
      clearInterval(sweeper)
      for (const source of sources.values()) source.run?.abort.abort()
    },
    get polls() {
      return polls
    },
  }
}

const between = ([least, most]: readonly [number, number]) => least + Math.random() * (most - least)
