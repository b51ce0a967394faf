/**
 * Keeps processes running: starts each, waits until it says that it is ready, starts it again with a growing pause
 * when it ends, and stops them in order. Knows nothing of what they do.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { Problem, ProblemError } from '@nabolag/core'
import type { FromChild, ToChild } from './protocol.ts'

export type ChildPlan = {
  readonly name: string
  readonly file: string
  readonly arguments: readonly string[]
  readonly environment: NodeJS.ProcessEnv
  /** Sent to it before anything else: what must be in neither its arguments nor its environment. */
  readonly given?: unknown
}

export type ChildEvent =
  | { readonly kind: 'started' | 'ready'; readonly name: string; readonly pid: number }
  | { readonly kind: 'ended'; readonly name: string; readonly why: string; readonly againIn: number }
  | { readonly kind: 'stopped' | 'killed'; readonly name: string }

export type Pauses = {
  /** ms before the first new start; doubles from there. */
  readonly first: number
  readonly most: number
  /** ms of good health that take back one doubling. */
  readonly healthy: number
  /** How many ends before the first `ready` are too many. */
  readonly attempts: number
}

/** With these, everything is back within 15 s whatever is killed, and a minute of good health forgets all. */
const usualPauses: Pauses = { first: 200, most: 10_000, healthy: 10_000, attempts: 6 }

export type Supervisor = {
  /** Starts it and keeps it running. Resolves with what it says when it is ready for the first time. */
  start<Info>(plan: ChildPlan): Promise<Info>
  /** Runs it once; resolves with what it said when it was ready, after it has ended. */
  once<Info>(plan: ChildPlan, onProgress?: (progress: number) => void): Promise<Info>
  /** Stops a child and starts it again at once by a new plan; resolves when it is ready. */
  replace(plan: ChildPlan): Promise<void>
  /** Process ids of those running now, by name. */
  pids(): Record<string, number>
  /** Stops stage after stage; whoever is left after `within` ms is killed. */
  stop(stages: readonly (readonly string[])[], within: number): Promise<void>
}

type Running = {
  plan: ChildPlan
  process: ChildProcess
  failures: number
  readyAt: number | undefined
  /** Set while it is being replaced: its end is wanted, and this hears that its successor is ready. */
  replaced?: () => void
}

export function supervise(options: {
  readonly onEvent: (event: ChildEvent) => void
  readonly onOutput: (name: string, chunk: Buffer) => void
  readonly pauses?: Partial<Pauses>
}): Supervisor {
  const pauses = { ...usualPauses, ...options.pauses }
  const running = new Map<string, Running>()
  const stopping = new AbortController()

  const spawn = (plan: ChildPlan): ChildProcess => {
    const child = fork(plan.file, [...plan.arguments], {
      env: plan.environment,
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    child.stdout?.on('data', (chunk: Buffer) => options.onOutput(plan.name, chunk))
    child.stderr?.on('data', (chunk: Buffer) => options.onOutput(plan.name, chunk))
    // Sending to one that has just died is no error of ours; its end is handled where it is waited for.
    child.on('error', () => {})
    tell(child, { do: 'start', given: plan.given })
    options.onEvent({ kind: 'started', name: plan.name, pid: child.pid ?? 0 })
    return child
  }

  const start = <Info>(first: ChildPlan) =>
    new Promise<Info>((resolve, reject) => {
      let plan = first
      let everReady = false
      let problem: ProblemError | undefined
      const run = () => {
        const before = running.get(plan.name)
        plan = before?.plan ?? plan
        const entry: Running = { plan, process: spawn(plan), failures: before?.failures ?? 0, readyAt: undefined }
        running.set(plan.name, entry)
        entry.process.on('message', (message: FromChild) => {
          if ('ready' in message) {
            everReady = true
            entry.readyAt = Date.now()
            options.onEvent({ kind: 'ready', name: plan.name, pid: entry.process.pid ?? 0 })
            resolve(message.ready as Info)
            before?.replaced?.()
          } else if ('problem' in message)
            problem = new ProblemError(message.problem.code, message.problem.detail, message.problem.extra)
        })
        entry.process.once('exit', (code, signal) => {
          if (stopping.signal.aborted) return reject(Problem('internal-error', `${plan.name} was stopped`))
          if (entry.replaced) return run()
          if (!everReady && problem && problem.code === 'internal-error')
            return reject(Problem('internal-error', `${plan.name} does not start: ${problem.message}; see its log`))
          if (!everReady && problem && problem.code !== 'engine-down') return reject(problem)
          if (!everReady && entry.failures + 1 >= pauses.attempts)
            return reject(
              problem ??
                Problem('internal-error', `${plan.name} does not start (${ending(code, signal)}); see its log`),
            )
          const healthy = entry.readyAt === undefined ? 0 : Math.floor((Date.now() - entry.readyAt) / pauses.healthy)
          entry.failures = Math.max(0, entry.failures - healthy)
          const againIn = Math.min(pauses.most, pauses.first * 2 ** entry.failures)
          entry.failures++
          options.onEvent({ kind: 'ended', name: plan.name, why: problem?.message ?? ending(code, signal), againIn })
          problem = undefined
          sleep(againIn, undefined, { signal: stopping.signal }).then(run, () => {})
        })
      }
      run()
    })

  const once = async <Info>(plan: ChildPlan, onProgress: (progress: number) => void = () => {}) => {
    const child = spawn(plan)
    running.set(plan.name, { plan, process: child, failures: 0, readyAt: undefined })
    try {
      return await new Promise<Info>((resolve, reject) => {
        let info: { ready: unknown } | undefined
        child.on('message', (message: FromChild) => {
          if ('ready' in message) info = message
          else if ('progress' in message) onProgress(message.progress)
          else reject(new ProblemError(message.problem.code, message.problem.detail, message.problem.extra))
        })
        child.once('exit', (code, signal) => {
          if (info) resolve(info.ready as Info)
          else reject(Problem('internal-error', `${plan.name} failed (${ending(code, signal)}); see its log`))
        })
      })
    } finally {
      running.delete(plan.name)
    }
  }

  const replace = async (plan: ChildPlan) => {
    const entry = running.get(plan.name)
    if (!entry) return
    entry.plan = plan
    const ready = new Promise<void>((resolve) => {
      entry.replaced = resolve
    })
    await stopOne(plan.name, 5000)
    await ready
  }

  const stop = async (stages: readonly (readonly string[])[], within: number) => {
    const end = Date.now() + within
    stopping.abort()
    const named = new Set(stages.flat())
    const all = [[...running.keys()].filter((name) => !named.has(name)), ...stages].filter((stage) => stage.length > 0)
    for (const [index, stage] of all.entries()) {
      // What an earlier stage did not use is there for the later ones.
      const share = Math.max(0, end - Date.now()) / (all.length - index)
      await Promise.all(stage.map((name) => stopOne(name, share)))
    }
  }

  const stopOne = async (name: string, within: number) => {
    const child = running.get(name)?.process
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    tell(child, { do: 'stop' })
    const late = await Promise.race([ended.then(() => false), sleep(within, true, { ref: false })])
    if (late) {
      child.kill('SIGKILL')
      await ended
    }
    options.onEvent({ kind: late ? 'killed' : 'stopped', name })
  }

  return {
    start,
    once,
    replace,
    stop,
    pids: () =>
      Object.fromEntries(
        [...running].flatMap(([name, { process: child }]) =>
          child.pid && child.exitCode === null && child.signalCode === null ? [[name, child.pid]] : [],
        ),
      ),
  }
}

const tell = (child: ChildProcess, message: ToChild) => {
  if (child.connected) child.send(message as object)
}

const ending = (code: number | null, signal: NodeJS.Signals | null) => (signal ? `killed by ${signal}` : `exit ${code}`)
