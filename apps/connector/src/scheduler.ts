/**
 * Runs the devices of one integration, inside its thread: when each is due, what it is given, and what comes of it.
 * Devices with equal credentials of a pushing vendor share one stream.
 */
import { createHash } from 'node:crypto'
import { VendorFailure } from '@nabolag/core'
import { afterFailure, afterSilence, afterSuccess, type Course, newCourse, nextPoll } from './course.ts'
import { makeDueHeap } from './due-heap.ts'
import { makeGraphql } from './graphql.ts'
import { type Caller, type HttpHost, makeHttp } from './http.ts'
import { type Loaded, toFailure } from './loaded.ts'
import type { Outcome, Seed } from './messages.ts'
import { checkReadings, leaveOutSent, makeRate, newestOf, type Remembered, writePayloads } from './readings.ts'
import { makeRedactor } from './redact.ts'
import type { Watch } from './watch.ts'

type Member = { readonly seed: Seed; remembered: Remembered | undefined }

type Run = {
  readonly abort: AbortController
  /** Ends the wait for it, whatever the integration does. */
  readonly giveUp: (failure: VendorFailure | 'silent') => void
  /** When it is given up, ms since the epoch. */
  deadline: number
  notBefore: number
}

type Source = {
  readonly key: string
  readonly members: Member[]
  readonly credentials: Seed['credentials']
  readonly scope: string
  readonly secrets: readonly string[]
  readonly redact: (text: string) => string
  readonly rate: (readings: number, now: number) => void
  course: Course
  /** When it was to run; entries in the heap with another time are old. */
  due: number
  polls: number
  run: Run | undefined
}

export type SchedulerGiven = {
  readonly loaded: Loaded
  readonly host: HttpHost
  readonly watch: Watch
  /** For one whole fetch, waits for the budget aside, ms. */
  readonly runTimeout: number
  readonly permit: (scope: string) => Promise<void>
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
const slotWait = 60_000

export function startScheduler(given: SchedulerGiven): Scheduler {
  const { loaded, host, watch } = given
  const { pace, listen } = loaded
  const sources = new Map<string, Source>()
  const sourceOf = new Map<number, Source>()
  const heap = makeDueHeap<Source>()
  const ready: Source[] = []
  const openStreams = new Map<string, number>()
  let active = 0
  let held = false
  let closed = false
  let polls = 0
  let timer: NodeJS.Timeout | undefined
  let timerAt = Number.POSITIVE_INFINITY

  const plan = (source: Source, at: number) => {
    source.due = at
    heap.push(at, source)
    wake()
  }
  const wake = () => {
    const { first } = heap
    if (closed || first === undefined || first >= timerAt) return
    clearTimeout(timer)
    timerAt = first
    timer = setTimeout(tick, Math.min(2 ** 31 - 1, Math.max(0, first - Date.now())))
  }
  const tick = () => {
    timerAt = Number.POSITIVE_INFINITY
    const now = Date.now()
    for (;;) {
      const at = heap.first
      const source = heap.popDue(now)
      if (!source) break
      if (source.due === at && source.run === undefined && sources.get(source.key) === source) ready.push(source)
    }
    drain()
    wake()
  }
  const drain = () => {
    while (!held && !closed && ready.length > 0 && active < mostActive) {
      const source = ready.shift()!
      if (source.run === undefined && sources.get(source.key) === source) begin(source)
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
      settle(source, waitForSlot(source.course, loaded.streams, now, pace.tempo), false)
      return plan(source, source.course.nextTryAt)
    }
    let giveUp: Run['giveUp'] = () => {}
    const givenUp = new Promise<'silent'>((resolve, reject) => {
      giveUp = (failure) => (failure === 'silent' ? resolve(failure) : reject(failure))
    })
    givenUp.catch(() => {})
    const patience = listen ? pace.staleAfter : given.runTimeout
    const run: Run = { abort: new AbortController(), giveUp, deadline: now + patience, notBefore: 0 }
    source.run = run
    active += listen ? 0 : 1
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

  const callerOf = (source: Source, run: Run, id: number, patience: number): Caller => ({
    redact: source.redact,
    secrets: source.secrets,
    signal: run.abort.signal,
    resume: () => watch.mark(id),
    notBefore: (time) => {
      run.notBefore = Math.max(run.notBefore, time)
    },
    permit: async () => {
      run.deadline = Number.POSITIVE_INFINITY
      try {
        await given.permit(source.scope)
      } finally {
        run.deadline = Date.now() + Math.max(patience, host.timeout)
      }
      if (run.abort.signal.aborted) throw new VendorFailure('unreachable', 'It was ended meanwhile')
    },
  })

  /** Checks an answer and sends what is new of it. */
  const take = (source: Source, id: number, answer: unknown): number | undefined => {
    watch.mark(id)
    const readings = checkReadings(loaded.read(answer, source.credentials))
    source.rate(readings.length, Date.now())
    for (const member of source.members) {
      const { fresh, remembered } = leaveOutSent(readings, member.remembered)
      member.remembered = remembered
      const { houseId, count } = member.seed
      if (fresh.length > 0)
        given.samples(
          member.seed.id,
          fresh.length,
          writePayloads(fresh, { houseId, name: loaded.name, group: loaded.group, count }),
        )
    }
    return newestOf(readings)
  }

  const hear = (source: Source, run: Run, id: number, answer: unknown) => {
    if (source.run !== run) throw new VendorFailure('unreachable', 'This connection was given up')
    try {
      const newest = take(source, id, answer)
      const now = Date.now()
      const first = source.course.goodSince === undefined
      if (newest !== undefined) run.deadline = now + pace.staleAfter
      settle(source, afterSuccess(source.course, newest, pace, now, now), first)
    } catch (error) {
      const failure = toFailure(error)
      run.giveUp(failure)
      throw failure
    }
  }

  const finish = (
    source: Source,
    run: Run,
    result: { newest?: number | undefined; failure?: VendorFailure; silent?: true },
  ) => {
    if (source.run !== run) return
    source.run = undefined
    active -= listen ? 0 : 1
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
        const seconds = Math.round(given.runTimeout / 1000)
        run.giveUp(listen ? 'silent' : new VendorFailure('unreachable', `It did not finish within ${seconds} s`))
      }
    },
    Math.min(sweepEvery, Math.max(50, pace.staleAfter / 4)),
  )

  const add = (seed: Seed, spread: number) => {
    if (sourceOf.has(seed.id)) remove(seed.id)
    const key = listen ? digest(JSON.stringify(seed.credentials)) : String(seed.id)
    const now = Date.now()
    let source = sources.get(key)
    if (source) {
      source.members.push({ seed, remembered: undefined })
    } else {
      const secrets = loaded.secretsOf(seed.credentials)
      const wait = Math.random() * spread
      source = {
        key,
        members: [{ seed, remembered: undefined }],
        credentials: seed.credentials,
        scope: loaded.scopeOf(seed.credentials, seed.id),
        secrets,
        redact: makeRedactor(secrets),
        rate: makeRate(),
        course: seed.course ?? newCourse(now, now + wait),
        due: 0,
        polls: seed.course ? 2 : 0,
        run: undefined,
      }
      sources.set(key, source)
      const at = seed.course ? Math.max(seed.course.nextTryAt, now + wait * (listen ? 1 : 0.2)) : now + wait
      plan(
        source,
        seed.course && listen && pace.reconnect ? Math.max(at, now + between(pace.reconnect) * pace.tempo) : at,
      )
    }
    sourceOf.set(seed.id, source)
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
      clearTimeout(timer)
      clearInterval(sweeper)
      for (const source of sources.values()) source.run?.abort.abort()
    },
    get polls() {
      return polls
    },
  }
}

const between = ([least, most]: readonly [number, number]) => least + Math.random() * (most - least)

const digest = (text: string) => createHash('sha256').update(text).digest('base64')

const waitForSlot = (course: Course, streams: number, now: number, tempo: number): Course => ({
  ...course,
  state: 'throttled',
  kind: 'throttled',
  reason: `The vendor allows ${streams} connections for an account, and they are in use; stop a device of this account to free one.`,
  nextTryAt: now + slotWait * (1 + Math.random()) * tempo,
})
