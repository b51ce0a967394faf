/** The thread of one integration: loads it, runs its devices, and tells the main thread everything. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parentPort, workerData } from 'node:worker_threads'
import { VendorFailure } from '@nabolag/core'
import { Agent } from 'undici'
import { isCommandToThread } from './commands/contract.ts'
import { makeThreadCommands, type ThreadCommands } from './commands/thread.ts'
import { makeHttpCache } from './http-cache.ts'
import { findIntegration, load } from './loaded.ts'
import type { FromThread, Line, Outcome, ThreadSettings, ToThread } from './messages.ts'
import type { Place } from './places.ts'
import type { OnWait } from './runs.ts'
import { type Scheduler, startScheduler } from './scheduler.ts'
import { makeSessions, sessionName } from './sessions.ts'
import { makeShelf } from './shelf.ts'
import { startWatch } from './watch.ts'

const port = parentPort!
const settings = workerData as ThreadSettings
/** News wait so long for more of their kind, ms. */
const gather = 20
const mostLate = 100_000
/** A session is used although it is not kept yet after so long, ms. */
const sessionPatience = 5000

const tell = (message: FromThread) => port.postMessage(message)

let scheduler: Scheduler | undefined
let commands: ThreadCommands | undefined
const watch = startWatch(settings.shared)

const onFault = (error: unknown) => {
  const id = watch.current()
  const name = error instanceof Error ? error.name : typeof error
  // Whose secrets to hide is known only when it is known whose doing it was.
  const text = id === undefined || !(error instanceof Error) ? '' : (scheduler?.redactFor(id, error.message) ?? '')
  tell({ from: 'fault', id, message: text === '' ? name : `${name}: ${text.slice(0, 160)}` })
}
process.on('uncaughtException', onFault)
process.on('unhandledRejection', onFault)

let asked = 0
const asking = new Map<number, { readonly go: (until: number | undefined) => void; readonly onWait: OnWait }>()
const recalling = new Map<number, (kept: unknown) => void>()
const recallingSessions = new Map<number, (answer: { readonly kept: unknown; readonly error?: string }) => void>()
const keepingSessions = new Map<number, () => void>()
let outcomes: Outcome[] = []
let samples: { id: number; samples: number; payloads: string[] }[] = []
let places = new Map<number, readonly Place[]>()
let lines: Line[] = []
let polls = 0
let gathering: NodeJS.Timeout | undefined
const flush = () => {
  gathering = undefined
  const total = scheduler?.polls ?? 0
  const located = [...places].map(([id, list]) => ({ id, places: list }))
  tell({ from: 'news', outcomes, samples, places: located, lines, polls: total - polls })
  polls = total
  outcomes = []
  samples = []
  places = new Map()
  lines = []
}
const flushSoon = () => {
  if (gathering === undefined) gathering = setTimeout(flush, gather)
}

let late: number[] | undefined
const delay = monitorEventLoopDelay({ resolution: 10 })

async function start() {
  const integration = findIntegration(await import(settings.module), settings.name)
  const override = settings.vendorUrls[integration.name] ?? settings.vendorUrls[integration.vendor]
  const loaded = load(integration, override, settings.tempo)
  const permit = (scope: string, signal: AbortSignal, onWait: OnWait, first: boolean) =>
    new Promise<void>((resolve, reject) => {
      const ask = ++asked
      const withdraw = () => {
        asking.delete(ask)
        tell({ from: 'withdraw', ask })
        reject(new VendorFailure('unreachable', 'It was ended meanwhile'))
      }
      const go = (until: number | undefined) => {
        asking.delete(ask)
        signal.removeEventListener('abort', withdraw)
        if (until === undefined) resolve()
        else reject(new VendorFailure('throttled', 'The vendor asked this account to wait', until))
      }
      asking.set(ask, { go, onWait })
      signal.addEventListener('abort', withdraw, { once: true })
      tell({ from: 'ask', ask, scope, limit: loaded.calls, together: loaded.callsTogether, first })
    })
  const shelf = makeShelf({
    load: (name) =>
      new Promise((resolve) => {
        const ask = ++asked
        recalling.set(ask, resolve)
        tell({ from: 'recall', ask, name })
      }),
    save: (name, kept) => tell({ from: 'keep', name, kept }),
  })
  const { signIn } = loaded
  const sessions =
    signIn &&
    makeSessions({
      signIn,
      load: (scope, device) =>
        new Promise((resolve, reject) => {
          const ask = ++asked
          recallingSessions.set(ask, ({ kept, error }) => {
            if (error === undefined) resolve(kept)
            else reject(new VendorFailure('unreachable', `Whether there is a session is not known: ${error}`))
          })
          tell({ from: 'recall-session', ask, name: sessionName(scope, loaded.name), device })
        }),
      save: (scope, device, kept) =>
        new Promise((resolve) => {
          const ask = ++asked
          const timer = setTimeout(resolve, sessionPatience)
          keepingSessions.set(ask, () => {
            clearTimeout(timer)
            resolve()
          })
          tell({ from: 'keep-session', ask, name: sessionName(scope, loaded.name), device, kept })
        }),
    })
  if (loaded.commands)
    commands = makeThreadCommands({
      loaded,
      watch,
      scheduler: () => scheduler,
      tell,
      complain(id, message) {
        lines.push({ id, level: 'warn', message })
        flushSoon()
      },
    })
  scheduler = startScheduler({
    loaded,
    watch,
    sessions,
    host: {
      agent: new Agent({ connections: 64, connect: { timeout: Math.min(10_000, settings.callTimeout) } }),
      cache: makeHttpCache(),
      shelf,
      asking: new Map(),
      failed: new Map(),
      userAgent: settings.userAgent,
      addresses: loaded.addresses,
      timeout: settings.callTimeout,
      bodyLimit: 16 * 2 ** 20,
    },
    runTimeout: settings.runTimeout,
    permit,
    pause: (scope, until) => tell({ from: 'pause', scope, until }),
    outcome(outcome) {
      outcomes.push(outcome)
      flushSoon()
      commands?.wake(outcome.id)
    },
    takers: {
      samples(id, count, payloads) {
        samples.push({ id, samples: count, payloads })
        flushSoon()
      },
      places(id, list) {
        places.set(id, list)
        flushSoon()
      },
      heard: (id, readings, askedAt) => commands?.heard(id, readings, askedAt),
      lines(id, level, messages) {
        lines.push(...messages.map((message) => ({ id, level, message })))
        flushSoon()
      },
    },
    began: (lateness) => {
      if (late && late.length < mostLate) late.push(lateness)
    },
  })
  port.on('message', receive)
  tell({ from: 'ready', vendor: loaded.vendor, group: loaded.group })
}

const refuseCommand = (command: string) =>
  tell({
    from: 'command-done',
    command,
    state: 'refused',
    reason: `${settings.name} has nothing that can be commanded`,
  })

function receive(message: ToThread) {
  if (message.to === 'add') scheduler?.add(message.seeds)
  else if (message.to === 'remove') {
    scheduler?.remove(message.ids)
    commands?.removed(message.ids)
  } else if (isCommandToThread(message)) {
    if (commands) commands.receive(message)
    else if (message.to === 'command') refuseCommand(message.order.id)
  } else if (message.to === 'permit') asking.get(message.ask)?.go(message.until)
  else if (message.to === 'wait') asking.get(message.ask)?.onWait(message.until, message.limit, message.together)
  else if (message.to === 'recalled') {
    recalling.get(message.ask)?.(message.kept)
    recalling.delete(message.ask)
  } else if (message.to === 'session') {
    recallingSessions.get(message.ask)?.(message)
    recallingSessions.delete(message.ask)
  } else if (message.to === 'session-kept') {
    keepingSessions.get(message.ask)?.()
    keepingSessions.delete(message.ask)
  } else if (message.to === 'hold') scheduler?.hold(message.on)
  else if (message.to === 'measure') {
    const p99 = late ? delay.percentile(99) / 1e6 - 10 : 0
    tell({ from: 'measured', loopDelayP99: p99, late: late ?? [] })
    late = []
    // Only there when a bench asks for it: what is left over from before is not to be counted.
    ;(globalThis as { gc?: () => void }).gc?.()
    delay.enable()
    delay.reset()
  } else {
    scheduler?.close()
    commands?.close()
    flush()
    setTimeout(() => process.exit(0), 100)
  }
}

start().catch((error: unknown) => {
  const message = error instanceof Error ? `${error.name}: ${error.message.slice(0, 160)}` : 'without saying why'
  tell({ from: 'cannot-start', message })
})
