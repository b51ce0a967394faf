/**
 * Plans the devices of one integration, inside its thread: which there are, and when each is due. What happens then is
 * `runs.ts`. Devices with equal credentials of a pushing vendor share one stream.
 */
import { VendorFailure } from '@nabolag/core'
import { afterFailure, type Course, newCourse } from './course.ts'
import { makeAgenda } from './due-heap.ts'
import type { Outcome, Seed } from './messages.ts'
import { makeRuns, type RunsGiven } from './runs.ts'
import { type Member, makeMember, makeSource, type Source, sourceKey } from './source.ts'
import type { Tools } from './tools.ts'

export type SchedulerGiven = RunsGiven & { readonly outcome: (outcome: Outcome) => void }

export type Scheduler = {
  add(seeds: readonly Seed[]): void
  remove(ids: readonly number[]): void
  hold(on: boolean): void
  /** The device and what it is asked with; `undefined` when it does not run here. */
  find(id: number): { readonly source: Source; readonly member: Member } | undefined
  /** Does something for a device beside its runs; see `Runs.lend`. @throws VendorFailure `unreachable` when it is gone */
  lend<T>(
    id: number,
    work: (tools: Tools, signal: AbortSignal) => Promise<T>,
    onPermit?: () => Promise<void>,
  ): Promise<T>
  /** Asks a polled device again at that time (ms) at the latest, where it does well. */
  hasten(id: number, at: number): void
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

export function startScheduler(given: SchedulerGiven): Scheduler {
  const { loaded, sessions } = given
  const { pace, listen } = loaded
  const sources = new Map<string, Source>()
  const sourceOf = new Map<number, Source>()
  const scopes = new Map<string, number>()
  const ready: Source[] = []
  let held = false
  let closed = false

  const isKnown = (source: Source) => sources.get(source.key) === source
  const isFree = (source: Source) => source.run === undefined && isKnown(source)
  const agenda = makeAgenda<Source>((due) => {
    for (const { at, item } of due) if (item.due === at && isFree(item)) ready.push(item)
    drain()
  })
  const plan = (source: Source, at: number) => {
    source.due = at
    agenda.plan(at, source)
  }
  const settle = (source: Source, course: Course, tried: boolean) => {
    source.course = course
    for (const { seed } of source.members) given.outcome({ id: seed.id, course, tried })
  }
  const drain = () => {
    while (!held && !closed && ready.length > 0 && runs.active < mostActive) {
      const source = ready.shift()!
      if (isFree(source)) runs.begin(source)
    }
  }
  const runs = makeRuns(given, { settle, plan, isKnown, drain })
  const sweeper = setInterval(
    () => runs.sweep(sources.values()),
    Math.min(sweepEvery, Math.max(50, pace.staleAfter / 4)),
  )

  const add = (seed: Seed, spread: number) => {
    if (sourceOf.has(seed.id)) remove(seed.id)
    const key = sourceKey(seed, loaded)
    let source = sources.get(key)
    const now = Date.now()
    const wait = Math.random() * spread
    if (!source) {
      source = makeSource(seed, loaded, now, now + wait)
      sources.set(key, source)
      scopes.set(source.scope, (scopes.get(source.scope) ?? 0) + 1)
      plan(source, seed.course ? againAt(seed.course, now, wait) : now + wait)
    } else if (!seed.course && source.course.kind !== undefined && isFree(source)) {
      // Its owner starts it now: that the others of the stream wait, for a day perhaps, is nothing to it.
      source.course = newCourse(now, now + wait)
      plan(source, now + wait)
    }
    // A person may have signed in anew for it.
    sessions?.reread(source.scope)
    source.members.push(makeMember(seed))
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
    const others = (scopes.get(source.scope) ?? 1) - 1
    if (others > 0) scopes.set(source.scope, others)
    else {
      scopes.delete(source.scope)
      sessions?.forget(source.scope)
    }
    source.run?.giveUp(new VendorFailure('unreachable', 'The device was stopped'))
    source.run?.abort.abort()
  }

  const find: Scheduler['find'] = (id) => {
    const source = sourceOf.get(id)
    const member = source?.members.find(({ seed }) => seed.id === id)
    return source && member && { source, member }
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
    find,
    async lend(id, work, onPermit) {
      const found = find(id)
      if (!found) throw new VendorFailure('unreachable', 'The device does not run')
      return runs.lend(found.source, id, work, onPermit)
    },
    hasten(id, at) {
      const source = sourceOf.get(id)
      if (source && !listen && source.course.kind === undefined && isFree(source) && at < source.due) plan(source, at)
    },
    redactFor: (id, text) => sourceOf.get(id)?.vault.redact(text) ?? '',
    close() {
      closed = true
      agenda.close()
      clearInterval(sweeper)
      for (const source of sources.values()) source.run?.abort.abort()
    },
    get polls() {
      return runs.polls
    },
  }
}

const between = ([least, most]: readonly [number, number]) => least + Math.random() * (most - least)
