/** The devices of one integration and the thread they run in: started, watched, started again after a death. */
import { sensorTopic } from '@nabolag/core'
import type { Budgets } from './budgets.ts'
import { afterFailure, backOff, newCourse, type Pace } from './course.ts'
import type { Log } from './log.ts'
import type { FromThread } from './messages.ts'
import type { Outbox } from './outbox.ts'
import { type Death, openThread, type Thread, type ThreadGiven } from './thread.ts'
import { noteOutcome, type Teller, type Unit, writeLine } from './unit.ts'

export type CrewGiven = {
  readonly name: string
  readonly module: string
  readonly threads: Omit<ThreadGiven, 'name' | 'module' | 'heapLimit' | 'onMessage' | 'onDeath'> & {
    /** MiB of heap for an empty thread; each device adds its allowance. */
    readonly heapLimit: number
  }
  readonly budgets: Budgets
  readonly outbox: Outbox
  readonly tell: Teller
  readonly log: Log
  /** Told of credentials that the vendor refused. */
  readonly onRefused: (unit: Unit) => void
}

export type Measured = { readonly loopDelayP99: number; readonly late: readonly number[] }

export type Crew = {
  readonly name: string
  readonly units: ReadonlyMap<number, Unit>
  start(units: readonly Unit[]): void
  stop(ids: readonly number[]): Promise<void>
  hold(on: boolean): void
  /** Event loop and lateness since the last time it was asked. */
  measure(): Promise<Measured | undefined>
  memory(): { heap: number; external: number }
  readonly counts: { polls: number; samples: number; deaths: number; failures: Record<string, number> }
  close(): Promise<void>
}

const devicesAtLeast = 1000
const kibAllowance = 50
const healthy = 10 * 60_000

export function makeCrew(given: CrewGiven): Crew {
  const { name, budgets, outbox, tell, log } = given
  const units = new Map<number, Unit>()
  const counts: Crew['counts'] = { polls: 0, samples: 0, deaths: 0, failures: {} }
  let thread: Thread | undefined
  let capacity = 0
  let bornAt = 0
  let deaths = 0
  let again: NodeJS.Timeout | undefined
  let held = false
  let closed = false
  let measured: ((result: Measured | undefined) => void)[] = []
  // What a death is followed by must not depend on an integration that may not even load.
  const pace: Pace = {
    polled: true,
    every: 60_000,
    staleAfter: 60_000,
    pause: 60_000,
    reconnect: undefined,
    tempo: given.threads.tempo,
  }

  const seedOf = ({ id, houseId, count, credentials, course }: Unit) => ({ id, houseId, count, credentials, course })

  const open = () => {
    again = undefined
    if (closed || thread || units.size === 0) return
    capacity = Math.max(devicesAtLeast, 2 * units.size)
    bornAt = performance.now()
    const { heapLimit, ...threads } = given.threads
    const mine: Thread = openThread({
      ...threads,
      name,
      module: given.module,
      heapLimit: Math.round(heapLimit + (capacity * kibAllowance) / 1024),
      onMessage: (message) => {
        if (thread === mine) receive(message, mine)
      },
      onDeath: (death) => {
        if (thread === mine) bury(death)
      },
    })
    thread = mine
    if (held) mine.send({ to: 'hold', on: true })
    mine.send({ to: 'add', seeds: [...units.values()].map(seedOf) })
  }

  const receive = (message: FromThread, mine: Thread) => {
    if (message.from === 'news') {
      counts.polls += message.polls
      for (const { id, course, tried } of message.outcomes) {
        const unit = units.get(id)
        if (!unit) continue
        if (course.kind && tried) counts.failures[course.kind] = (counts.failures[course.kind] ?? 0) + 1
        if (course.state === 'refused' && unit.status.state !== 'refused') given.onRefused(unit)
        noteOutcome(unit, { course, tried }, tell)
      }
      for (const { id, samples, payloads } of message.samples) {
        const unit = units.get(id)
        if (!unit) continue
        counts.samples += samples
        const topic = sensorTopic(name, unit.houseId, unit.count)
        payloads.forEach((payload, index) => {
          outbox.put(topic, payload, index === 0 ? samples - (payloads.length - 1) * 200 : 200)
        })
      }
    } else if (message.from === 'ask') {
      const { ask, scope, limit, together } = message
      budgets.permit(scope, limit, together).then((until) => {
        if (thread === mine) mine.send({ to: 'permit', ask, until })
      })
    } else if (message.from === 'pause') budgets.pause(message.scope, message.until)
    else if (message.from === 'measured') {
      for (const give of measured) give(message)
      measured = []
    }
  }

  const bury = ({ culprit, reason }: Death) => {
    thread = undefined
    counts.deaths++
    for (const give of measured) give(undefined)
    measured = []
    const unit = culprit === undefined ? undefined : units.get(culprit)
    log.warn({ integration: name, device: unit?.id, reason }, 'the thread of an integration was ended')
    const now = Date.now()
    if (performance.now() - bornAt > healthy) deaths = 0
    if (unit) {
      fail(unit, reason, now)
      return open()
    }
    deaths++
    const wait = deaths === 1 ? 0 : backOff(deaths - 1, 1000, Math.random()) * pace.tempo
    const known = `${reason}; which device did it is not known`
    for (const other of units.values()) {
      if (reason.startsWith('The integration cannot be started')) fail(other, reason, now, now + wait)
      else writeLine(other, tell, 'warn', `${known}. All devices of ${name} start again.`)
    }
    again = setTimeout(open, wait)
  }

  const fail = (unit: Unit, message: string, now: number, nextTryAt?: number) => {
    counts.failures.changed = (counts.failures.changed ?? 0) + 1
    const before = unit.course ?? newCourse(now, now)
    const course = afterFailure(before, { kind: 'changed', message }, pace, now, Math.random())
    noteOutcome(unit, { course: nextTryAt === undefined ? course : { ...course, nextTryAt }, tried: true }, tell)
  }

  return {
    name,
    units,
    counts,
    start(list) {
      if (list.length === 0) return
      for (const unit of list) units.set(unit.id, unit)
      if (again) return
      if (thread && units.size <= capacity) thread.send({ to: 'add', seeds: list.map(seedOf) })
      else {
        // More devices than its memory was made for: a new thread takes over.
        const old = thread
        thread = undefined
        void old?.close()
        open()
      }
    },
    async stop(ids) {
      for (const id of ids) units.delete(id)
      thread?.send({ to: 'remove', ids })
      if (units.size > 0 || !thread) return
      const last = thread
      thread = undefined
      await last.close()
    },
    hold(on) {
      held = on
      thread?.send({ to: 'hold', on })
    },
    measure: () =>
      new Promise((resolve) => {
        if (!thread) return resolve(undefined)
        measured.push(resolve)
        thread.send({ to: 'measure' })
      }),
    memory: () => thread?.memory() ?? { heap: 0, external: 0 },
    async close() {
      closed = true
      clearTimeout(again)
      const last = thread
      await last?.close()
      thread = undefined
    },
  }
}
