/** Carries out commands inside an integration's thread, with the device's own budget, session and guards. */
import { type Actuator, recheckCommand, VendorFailure } from '@nabolag/core'
import { backOff } from '../course.ts'
import type { Loaded } from '../loaded.ts'
import type { CheckedReading } from '../readings.ts'
import type { Scheduler } from '../scheduler.ts'
import type { Tools } from '../tools.ts'
import type { Watch } from '../watch.ts'
import { makeConfirming } from './confirm.ts'
import type { CommandFromThread, CommandToThread, Order, Outcome } from './contract.ts'
import { findActuators, placeOf } from './found.ts'
import { guard } from './gate.ts'

export type ThreadCommandsGiven = {
  readonly loaded: Loaded
  readonly watch: Watch
  readonly scheduler: () => Pick<Scheduler, 'find' | 'lend' | 'hasten'> | undefined
  readonly tell: (message: CommandFromThread) => void
  readonly complain: (id: number, message: string) => void
}

export type ThreadCommands = {
  receive(message: CommandToThread): void
  /** A device has answered: what was measured, and since when it was asked (ms). */
  heard(id: number, readings: readonly CheckedReading[], askedAt: number): void
  /** What holds a command back may be over. */
  wake(id: number): void
  removed(ids: readonly number[]): void
  close(): void
}

type Job = {
  readonly order: Order
  state: 'held' | 'running' | 'over'
  /** Once it is claimed it counts as sent, and may go out until then (`performance.now`, ms). */
  sendBefore: number | undefined
  notBefore: number
  failures: number
  /** Whether the vendor has taken a part of it. */
  isBegun: boolean
  timer: NodeJS.Timeout | undefined
  expiry: NodeJS.Timeout | undefined
  /** Ends the wait of a run that shall not go on. */
  stop: (failure: VendorFailure) => void
  answer: ((left: number | undefined) => void) | undefined
}

const usualPatience = 5 * 60_000
const pollsToWait = 3
/** A throttled command without a time of its own is tried again after this, and each time after twice as long, ms. */
const throttledWait = 5000
const firstWait = 1000

export function makeThreadCommands(given: ThreadCommandsGiven): ThreadCommands {
  const { loaded, watch, tell } = given
  const { pace } = loaded
  const jobs = new Map<number, Job>()
  const shown = new Map<number, string>()
  const confirming = makeConfirming({
    patience: Math.max(pollsToWait * pace.every, usualPatience * pace.tempo),
    onConfirmed: (command) => tell({ from: 'confirmed', command }),
    onGivenUp: (command) =>
      tell({ from: 'unconfirmed', command, reason: 'No reading has shown it; look whether the device obeys' }),
  })

  const end = (job: Job, state?: Outcome, reason?: string) => {
    if (job.state === 'over') return
    clearTimeout(job.timer)
    clearTimeout(job.expiry)
    job.state = 'over'
    if (jobs.get(job.order.device) === job) jobs.delete(job.order.device)
    tell({ from: 'command-done', command: job.order.id, state, reason })
  }

  const hold = (job: Job, wait: number) => {
    job.state = 'held'
    job.notBefore = Date.now() + wait
    clearTimeout(job.timer)
    job.timer = setTimeout(
      () => {
        // The timer decides: by the clock it is a fraction of a millisecond early at times, or the clock was put back.
        job.notBefore = 0
        attempt(job)
      },
      Math.min(2 ** 31 - 1, wait),
    )
  }

  /** A vendor that has had enough has not done it: it may be asked again while the command is good. */
  const holdClaimed = (job: Job, { message, until }: VendorFailure) => {
    const left = (job.sendBefore ?? 0) - performance.now()
    job.failures++
    const wait = waitOf(job, until)
    if (wait >= left) return end(job, 'failed', `${message}; ${doneOf(job)}`)
    hold(job, wait)
    job.expiry ??= setTimeout(() => {
      if (job.state === 'held') end(job, 'failed', `${message}; ${doneOf(job)} until it was too old`)
    }, left)
  }

  const waitOf = ({ failures }: Job, until: number | undefined) =>
    Math.max(
      50,
      until === undefined ? throttledWait * 2 ** Math.min(failures - 1, 10) * pace.tempo : until - Date.now(),
    )

  /** Carries it out if nothing stands against it now. */
  const attempt = (job: Job) => {
    const { order } = job
    if (job.state !== 'held' || Date.now() < job.notBefore) return
    const scheduler = given.scheduler()
    const found = scheduler?.find(order.device)
    if (!scheduler || !found) return end(job)
    const { source, member } = found
    // The owner reads in the device's state what is the matter; the command waits for it, or grows too old.
    if (source.course.kind !== undefined) return
    if (loaded.actuators && source.status === undefined) return scheduler.hasten(order.device, Date.now())
    const action = loaded.commands?.[order.capability]?.[order.verb]
    if (!action) return end(job, 'refused', `${loaded.name} cannot ${order.capability}.${order.verb}`)
    let place: string | undefined
    let location: string
    try {
      const actuators = watch.runFor(order.device, () => findActuators(loaded, source, member))
      const checked = recheckCommand(order, {
        actuators: actuators?.map(({ actuator }) => actuator),
        bounds: order.bounds,
      })
      if ('complaint' in checked) return end(job, 'refused', checked.complaint.message)
      location = checked.command.location
      place = placeOf(actuators, order.capability, location)
    } catch (error) {
      return end(job, 'failed', `Nothing was sent: the integration failed: ${nameOf(error)}`)
    }
    job.state = 'running'
    void carryOut(job, { ...order, location }, (tools) =>
      action({ ...tools, status: source.status, place }, order.arguments),
    )
  }

  const carryOut = async (job: Job, order: Order, call: (tools: Tools) => Promise<'applied' | 'sent'>) => {
    const changing = { count: 0, taken: 0 }
    let claiming: Promise<void> | undefined
    const pass = () => {
      claiming ??= job.sendBefore === undefined ? claim(job) : inTime(job.sendBefore)
      return claiming
    }
    const stopped = new Promise<never>((_, reject) => {
      job.stop = reject
    })
    stopped.catch(() => {})
    try {
      const state = await given.scheduler()!.lend(
        order.device,
        async (tools) => {
          const called = call({ ...tools, ...guard(tools, pass, changing) })
          called.catch(() => {})
          const answer = await Promise.race([called, stopped])
          // An integration that changes things in a way of its own is held to account at least afterwards.
          await pass()
          return answer
        },
        async () => {
          if (changing.count > 0) await pass()
        },
      )
      const doneAt = Date.now()
      confirming.add({ ...order, doneAt })
      end(job, state === 'applied' ? 'applied' : 'sent')
      setTimeout(() => given.scheduler()?.hasten(order.device, Date.now()), loaded.settles)
    } catch (error) {
      const failure =
        error instanceof VendorFailure
          ? error
          : new VendorFailure('changed', `The integration failed: ${nameOf(error)}`)
      job.isBegun ||= changing.taken > 0
      conclude(job, failure)
    }
  }

  /** Asks the main thread whether it may be sent, and goes on only in time. */
  const claim = async (job: Job) => {
    const askedAt = performance.now()
    const left = await new Promise<number | undefined>((resolve) => {
      job.answer = resolve
      tell({ from: 'claim', command: job.order.id })
    })
    watch.mark(job.order.device)
    if (left === undefined) throw notToBeSent
    job.sendBefore = askedAt + left
    await inTime(job.sendBefore)
  }

  const conclude = (job: Job, failure: VendorFailure) => {
    const { kind, message, until } = failure
    const claimed = job.sendBefore !== undefined
    if (failure === notToBeSent || message === notToBeSent.message)
      return claimed
        ? end(job, 'expired', 'It was too old in the moment before it was sent; nothing was sent')
        : end(job)
    if (kind === 'rejected') return end(job, 'refused', message)
    if (kind === 'refused') {
      // Whether the account is refused altogether is for the device's own next call to find out.
      given.scheduler()?.hasten(job.order.device, Date.now())
      return end(job, 'refused', `The vendor does not let us: ${message}`)
    }
    if (claimed && kind === 'throttled') return holdClaimed(job, failure)
    if (claimed) {
      const known = kind === 'unreachable' ? '; nobody knows whether the vendor carried it out' : ''
      return end(job, 'failed', `${message}${known}`)
    }
    if (kind === 'changed') return end(job, 'failed', `Nothing was sent: ${message}`)
    job.failures++
    hold(
      job,
      kind === 'throttled'
        ? waitOf(job, until)
        : Math.max(50, backOff(job.failures, firstWait, Math.random()) * pace.tempo),
    )
  }

  const showActuators = (id: number) => {
    const found = given.scheduler()?.find(id)
    if (!found || !loaded.actuators) return
    let actuators: readonly Actuator[] | undefined
    try {
      actuators = watch
        .runFor(id, () => findActuators(loaded, found.source, found.member))
        ?.map(({ actuator }) => actuator)
    } catch (error) {
      given.complain(id, `What can be commanded is not known (${nameOf(error)}); the developers must mend it.`)
      return
    }
    if (actuators === undefined) return
    const text = JSON.stringify(actuators)
    if (shown.get(id) === text) return
    shown.set(id, text)
    tell({ from: 'actuators', id, actuators })
  }

  const drop = (job: Job) => {
    if (job.state === 'running' && job.sendBefore === undefined) job.stop(notToBeSent)
    else if (job.state === 'held' && job.sendBefore !== undefined)
      end(job, 'failed', `The vendor had had enough; ${doneOf(job)}, and it is not asked again`)
    else if (job.state === 'held') end(job)
  }

  return {
    receive(message) {
      if (message.to === 'command') {
        const { order } = message
        const before = jobs.get(order.device)
        if (before) drop(before)
        const job: Job = {
          order,
          state: 'held',
          sendBefore: undefined,
          notBefore: 0,
          failures: 0,
          isBegun: false,
          timer: undefined,
          expiry: undefined,
          stop: () => {},
          answer: undefined,
        }
        jobs.set(order.device, job)
        attempt(job)
      } else if (message.to === 'drop-command') {
        for (const job of jobs.values()) if (job.order.id === message.command) drop(job)
      } else if (message.to === 'claimed') {
        for (const job of jobs.values()) if (job.order.id === message.command) job.answer?.(message.left)
      } else for (const awaited of message.commands) confirming.add(awaited)
    },
    heard(id, readings, askedAt) {
      confirming.heard(id, readings, askedAt)
      showActuators(id)
    },
    wake(id) {
      const job = jobs.get(id)
      if (job) attempt(job)
    },
    removed(ids) {
      for (const id of ids) {
        shown.delete(id)
        confirming.forget(id)
        const job = jobs.get(id)
        if (job) drop(job)
      }
    },
    close() {
      confirming.close()
      for (const job of jobs.values()) {
        clearTimeout(job.timer)
        clearTimeout(job.expiry)
      }
    },
  }
}

const doneOf = ({ isBegun }: Job) => (isBegun ? 'only a part of it was done' : 'nothing was changed')

async function inTime(sendBefore: number): Promise<void> {
  if (performance.now() >= sendBefore) throw notToBeSent
}

const notToBeSent = new VendorFailure('rejected', 'Something newer, or its age, keeps it from being sent')
const nameOf = (error: unknown) => (error instanceof Error ? error.name : 'without saying why')
