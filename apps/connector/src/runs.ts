/** The runs of an integration's devices: what each is given, how long it may take, and what comes of it. */
import { VendorFailure } from '@nabolag/core'
import { afterFailure, afterFullSlots, afterQueueing, afterSilence, afterSuccess, type Course } from './course.ts'
import { type Caller, type HttpHost, hastenAnswers } from './http.ts'
import { pauseOf } from './http-cache.ts'
import { type Loaded, toFailure } from './loaded.ts'
import type { CallLimit } from './messages.ts'
import { nextOf } from './next-poll.ts'
import type { Sessions } from './sessions.ts'
import { openRun, type Run, type Source, type Takers, takeAnswer } from './source.ts'
import { type Tools, withTools } from './tools.ts'
import type { Watch } from './watch.ts'

export type OnWait = (until: number, limit: CallLimit, together: boolean) => void

export type RunsGiven = {
  readonly loaded: Loaded
  readonly host: HttpHost
  readonly watch: Watch
  readonly sessions: Sessions | undefined
  /** For one whole fetch, waits for the budget aside, ms. */
  readonly runTimeout: number
  /** Resolves when the account may make one more call; `onWait` is told when that takes a while. */
  readonly permit: (scope: string, signal: AbortSignal, onWait: OnWait, first: boolean) => Promise<void>
  readonly pause: (scope: string, until: number) => void
  readonly takers: Takers
  /** Told how late each run began, ms. */
  readonly began?: (late: number) => void
}

export type RunsHooks = {
  /** What has become of a source, for its devices' owners; `tried`: by a try of its own. */
  readonly settle: (source: Source, course: Course, tried: boolean) => void
  readonly plan: (source: Source, at: number) => void
  readonly isKnown: (source: Source) => boolean
  /** Others may go on. */
  readonly drain: () => void
}

export type Runs = {
  begin(source: Source): void
  /**
   * Does something for a device beside its runs (a command), with the same budget, session and guards.
   *
   * @throws VendorFailure whatever it came to; no message holds a secret
   */
  lend<T>(
    source: Source,
    id: number,
    work: (tools: Tools, signal: AbortSignal) => Promise<T>,
    /** Called when a call is permitted, right before it is sent; what it throws keeps it from being sent. */
    onPermit?: () => Promise<void>,
  ): Promise<T>
  /** Gives up what takes too long. */
  sweep(sources: Iterable<Source>): void
  /** Fetches under way, those that only wait for their turn aside. */
  readonly active: number
  readonly polls: number
}

/** A stream that answers without a measurement is opened again after so many of the silences it may have. */
const fruitlessSilences = 10
/** For what an integration does with an answer, besides the time that the answer may take, ms. */
const spare = 1000
/** An answer of another shape is asked for again after so long, whatever its `Expires`, ms. */
const changedAnswerHolds = 60_000

export function makeRuns(given: RunsGiven, { settle, plan, isKnown, drain }: RunsHooks): Runs {
  const { loaded, host, watch, sessions } = given
  const { pace, listen, fetch } = loaded
  const openStreams = new Map<string, number>()
  const lent = new Set<Run>()
  let active = 0
  let polls = 0

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
    polls++
    const { signal } = run.abort
    let heard = false
    const toHear = (answer: unknown) => {
      hear(source, run, id, answer)
      heard = true
    }
    const call = async ({ http, link, ...tools }: Tools): Promise<number | undefined> => {
      if (!listen) return take(source, id, await fetch!({ http, ...tools }))
      heard = false
      await listen({ link, ...tools }, toHear, signal)
      throw new VendorFailure('unreachable', 'The vendor ended the connection')
    }
    const done = watch.runFor(id, () => attend(source, run, id, patience, call, () => heard))
    Promise.race([done, givenUp])
      .then(
        (result) => (result === 'silent' ? { silent: true as const } : { newest: result }),
        (error: unknown) => ({ failure: toFailure(error) }),
      )
      .then((result) => finish(source, run, result))
    done.catch(() => {})
  }

  const attend = <T>(
    source: Source,
    run: Run,
    id: number,
    patience: number,
    call: (tools: Tools) => Promise<T>,
    proven?: () => boolean,
    onPermit?: () => Promise<void>,
  ): Promise<T> =>
    withTools(
      {
        loaded,
        host,
        caller: callerOf(source, run, id, patience, onPermit),
        sessions,
        credentials: source.credentials,
        scope: source.scope,
        device: id,
        newest: source.course.newest,
        onSession: (session) => source.vault.add(session),
      },
      call,
      proven,
    )

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

  const callerOf = (source: Source, run: Run, id: number, patience: number, onPermit?: () => Promise<void>): Caller => {
    const untimed = async <T>(answer: Promise<T>, next = host.timeout): Promise<T> => {
      run.deadline = Number.POSITIVE_INFINITY
      try {
        return await answer
      } finally {
        run.deadline = Date.now() + Math.max(patience, next)
      }
    }
    const { vault } = source
    return {
      redact: vault.redact,
      get secrets() {
        return vault.secrets
      },
      signal: run.abort.signal,
      resume: () => watch.mark(id),
      notBefore: (time) => {
        run.notBefore = Math.max(run.notBefore, time)
      },
      asked: (key) => {
        run.asked.push(key)
      },
      patiently: (answer) => {
        leave(source, run)
        return untimed(answer).finally(() => count(source, run, true))
      },
      complain: (failure) => complain(source, run, failure),
      permit: async (next) => {
        const onWait: OnWait = (until, limit, together) => {
          if (source.run !== run) return
          const waiting = afterQueueing(source.course, { until, limit, together }, pace, Date.now())
          if (waiting) settle(source, waiting, false)
          leave(source, run)
        }
        // What was asked for just now goes before what is asked again and again.
        await untimed(given.permit(source.scope, run.abort.signal, onWait, onPermit !== undefined), next + spare)
        if (run.abort.signal.aborted) throw new VendorFailure('unreachable', 'It was ended meanwhile')
        await onPermit?.()
        count(source, run, true)
      },
    }
  }

  const take = (source: Source, id: number, answer: unknown): number | undefined => {
    watch.mark(id)
    return takeAnswer(source, loaded, answer, given.takers, (!listen && source.run?.begunAt) || Date.now())
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
      const reason = `${source.vault.redact(failure.message)}; such messages are left out, and the developers must mend what stays wrong.`
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
      const { kind, message } = result.failure
      const until = pauseOf(result.failure.until, now)
      const failure = { kind, message: source.vault.redact(message), until }
      course = afterFailure(source.course, failure, pace, now, Math.random())
      // What the vendor said, and not when this device tries again: else the devices of an account that each found it
      // paused would put the end of the pause off for one another, for ever.
      if (kind === 'throttled') given.pause(source.scope, until ?? course.nextTryAt)
      if (kind === 'changed') hastenAnswers(host, run.asked, now + changedAnswerHolds * pace.tempo)
    } else {
      source.polls++
      course = afterSuccess(source.course, result.newest, pace, now, nextOf(source, run.notBefore, now, given))
    }
    run.abort.abort()
    if (isKnown(source)) {
      settle(source, course, true)
      plan(source, course.nextTryAt)
    }
    drain()
  }

  return {
    begin,
    async lend(source, id, work, onPermit) {
      const { run, givenUp } = openRun(Date.now(), given.runTimeout)
      lent.add(run)
      const { signal } = run.abort
      const done = watch.runFor(id, () =>
        attend(source, run, id, given.runTimeout, (tools) => work(tools, signal), undefined, onPermit),
      )
      done.catch(() => {})
      try {
        return (await Promise.race([done, givenUp])) as Awaited<typeof done>
      } catch (error) {
        const failure = toFailure(error)
        const { kind, message } = failure
        const until = pauseOf(failure.until, Date.now())
        if (kind === 'throttled' && until !== undefined) given.pause(source.scope, until)
        throw new VendorFailure(kind, source.vault.redact(message), until)
      } finally {
        lent.delete(run)
        run.abort.abort()
      }
    },
    sweep(sources) {
      const now = Date.now()
      const late = () =>
        new VendorFailure('unreachable', `It did not finish within ${Math.round(given.runTimeout / 1000)} s`)
      for (const { run } of sources)
        if (run && run.deadline <= now) run.giveUp(listen ? (run.complaint ?? 'silent') : late())
      for (const run of lent) if (run.deadline <= now) run.giveUp(late())
    },
    get active() {
      return active
    },
    get polls() {
      return polls
    },
  }
}
