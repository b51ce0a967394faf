/** The devices of one integration and the thread they run in: started, watched, started again after a death. */
import { sensorTopic } from '@nabolag/core'
import type { Asker, Budgets } from './budgets.ts'
import { type CommandFromThread, type CommandToThread, isCommandFromThread } from './commands/contract.ts'
import { afterFailure, backOff, newCourse, type Pace } from './course.ts'
import type { Log } from './log.ts'
import type { FromThread, ToThread } from './messages.ts'
import type { Outbox } from './outbox.ts'
import { type Death, openThread, type Thread, type ThreadGiven } from './thread.ts'
import { noteOutcome, notePlaces, type Teller, type Unit, writeLine } from './unit.ts'

export type CrewGiven = {
  readonly name: string
  readonly module: string
  readonly threads: Omit<ThreadGiven, 'name' | 'module' | 'heapLimit' | 'onMessage' | 'onDeath'> & {
    /** MiB of heap for an empty thread; each device adds its allowance. */
    readonly heapLimit: number
  }
  /** Devices that a thread is made for, at least; when there are more, another takes over. */
  readonly devicesAtLeast: number
  readonly kept: Kept
  readonly budgets: Budgets
  readonly outbox: Outbox
  readonly tell: Teller
  readonly log: Log
  readonly commands: CrewCommands
}

/** Who looks after the commands of the devices. */
export type CrewCommands = {
  /** These devices run now, in a thread that knows nothing of them. */
  readonly started: (ids: readonly number[]) => void
  readonly heard: (message: CommandFromThread, integration: string) => void
  /** The thread ended: what it carried out will have no answer. */
  readonly gone: (integration: string) => void
}

/** What vendors answered, and the sessions of their accounts, for the next thread or connector. */
export type Kept = {
  readonly load: (name: string) => Promise<unknown>
  readonly save: (name: string, kept: unknown) => void
  /** Rejects when it cannot be known. */
  readonly loadSession: (name: string, device: number) => Promise<unknown>
  /** Resolves in any case, kept or not. */
  readonly saveSession: (name: string, device: number, session: unknown) => Promise<void>
}

export type Measured = { readonly loopDelayP99: number; readonly late: readonly number[] }

export type Crew = {
  readonly name: string
  readonly units: ReadonlyMap<number, Unit>
  start(units: readonly Unit[]): void
  stop(ids: readonly number[]): Promise<void>
  hold(on: boolean): void
  /** Hands a message about commands to the thread. @returns whether there is one */
  order(message: CommandToThread): boolean
  /** Event loop and lateness since the last time it was asked. */
  measure(): Promise<Measured | undefined>
  memory(): { heap: number; external: number }
  readonly counts: { polls: number; samples: number; threads: number; deaths: number; failures: Record<string, number> }
  close(): Promise<void>
}

const kibAllowance = 50
const healthy = 10 * 60_000

export function makeCrew(given: CrewGiven): Crew {
  const { name, budgets, outbox, tell, log } = given
  const units = new Map<number, Unit>()
  const counts: Crew['counts'] = { polls: 0, samples: 0, threads: 0, deaths: 0, failures: {} }
  let thread: Thread | undefined
  let capacity = 0
  let bornAt = 0
  let deaths = 0
  let again: NodeJS.Timeout | undefined
  let held = false
  let closed = false
  let retiring: Promise<void> | undefined
  let withdrawn = new Set<number>()
  let measured: ((result: Measured | undefined) => void)[] = []
  // What a death is followed by must not depend on an integration that may not even load.
  const pace: Pace = {
    polled: true,
    anonymous: false,
    every: 60_000,
    staleAfter: 60_000,
    pause: 60_000,
    reconnect: undefined,
    least: 0,
    tempo: given.threads.tempo,
  }

  const seedOf = ({ id, houseId, count, credentials, course, places }: Unit) => ({
    id,
    houseId,
    count,
    credentials,
    course,
    places,
  })

  const open = () => {
    again = undefined
    if (closed || thread || retiring || units.size === 0) return
    capacity = Math.max(given.devicesAtLeast, 2 * units.size)
    withdrawn = new Set()
    bornAt = performance.now()
    counts.threads++
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
    given.commands.started([...units.keys()])
  }

  /** Ends the thread; when there are devices by then, another goes on with them. */
  const retire = () => {
    retiring ??= (thread?.close() ?? Promise.resolve()).then(() => {
      retiring = undefined
      thread = undefined
      given.commands.gone(name)
      open()
    })
    return retiring
  }

  const receive = (message: FromThread, mine: Thread) => {
    if (isCommandFromThread(message)) given.commands.heard(message, name)
    else if (message.from === 'news') {
      counts.polls += message.polls
      for (const { id, course, tried } of message.outcomes) {
        const unit = units.get(id)
        if (!unit) continue
        if (course.kind && tried) counts.failures[course.kind] = (counts.failures[course.kind] ?? 0) + 1
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
      for (const { id, places } of message.places) {
        const unit = units.get(id)
        if (unit) notePlaces(unit, places, tell)
      }
      for (const { id, level, message: text } of message.lines) {
        const unit = units.get(id)
        if (unit) writeLine(unit, tell, level, text)
      }
    } else if (message.from === 'ask') {
      const { ask, scope, limit, together, first } = message
      const send = (answer: ToThread) => {
        if (thread === mine) mine.send(answer)
      }
      const asker: Asker = {
        onWait: (until, waitsFor, all) => send({ to: 'wait', ask, until, limit: waitsFor, together: all }),
        wanted: () => thread === mine && !withdrawn.has(ask),
        first,
      }
      budgets.permit(scope, limit, together, asker).then((until) => {
        withdrawn.delete(ask)
        send({ to: 'permit', ask, until })
      })
    } else if (message.from === 'withdraw') withdrawn.add(message.ask)
    else if (message.from === 'keep') given.kept.save(message.name, message.kept)
    else if (message.from === 'recall') {
      given.kept.load(message.name).then((kept) => {
        if (thread === mine) mine.send({ to: 'recalled', ask: message.ask, kept })
      })
    } else if (message.from === 'recall-session') {
      const { ask, name: of, device } = message
      given.kept
        .loadSession(of, device)
        .then(
          (kept): ToThread => ({ to: 'session', ask, kept }),
          (): ToThread => ({ to: 'session', ask, kept: undefined, error: 'the store does not answer' }),
        )
        .then((answer) => {
          if (thread === mine) mine.send(answer)
        })
    } else if (message.from === 'keep-session') {
      given.kept.saveSession(message.name, message.device, message.kept).then(() => {
        if (thread === mine) mine.send({ to: 'session-kept', ask: message.ask })
      })
    } else if (message.from === 'pause') budgets.pause(message.scope, message.until)
    else if (message.from === 'measured') {
      for (const give of measured) give(message)
      measured = []
    }
  }

  const bury = ({ culprit, reason }: Death) => {
    thread = undefined
    given.commands.gone(name)
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
      if (again || retiring) return
      if (!thread) open()
      else if (units.size <= capacity) {
        thread.send({ to: 'add', seeds: list.map(seedOf) })
        given.commands.started(list.map(({ id }) => id))
      } else void retire()
    },
    async stop(ids) {
      for (const id of ids) units.delete(id)
      thread?.send({ to: 'remove', ids })
      if (units.size === 0 && thread) await retire()
    },
    order(message) {
      if (!thread || retiring) return false
      thread.send(message)
      return true
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
      await retire()
    },
  }
}
