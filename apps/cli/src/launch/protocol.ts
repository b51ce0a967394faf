/** What a launcher and its children say to each other. */
import { type ProblemCode, ProblemError } from '@nabolag/core'

export type ToChild = { readonly do: 'start'; readonly given?: unknown } | { readonly do: 'stop' }

export type FromChild =
  | { readonly ready: unknown }
  /** 0 to 1, of work that takes a while. */
  | { readonly progress: number }
  | { readonly problem: { code: ProblemCode; detail: string | undefined; extra: Readonly<Record<string, unknown>> } }

/** What a running role or engine is to the one who started it. */
export type Started = { close(): Promise<void> }

/** ms a process may take to close down when nobody else limits it. */
const patience = 9_000

/**
 * The child's side: starts when told to, says when it is ready, stops when told to, and ends at once when the
 * launcher is gone, so that no orphan is left. Signals are the launcher's business: a terminal sends Ctrl-C to all.
 *
 * @param start gets what the launcher hands over; `info` of its result goes back with `ready`
 * @param oneShot ends right after it is ready
 */
export function runAsChild(
  start: (given: unknown) => Promise<Started & { readonly info?: unknown }>,
  { oneShot = false }: { oneShot?: boolean } = {},
): void {
  let started: Promise<Started & { info?: unknown }> | undefined
  // A killed launcher must leave nobody behind. Everything here survives being cut off at any moment.
  process.on('disconnect', () => process.exit(0))
  if (!process.connected) process.exit(0)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

  const fail = (error: unknown) => {
    console.error(error)
    const { code, detail, extra } =
      error instanceof ProblemError
        ? error
        : { code: 'internal-error' as const, detail: error instanceof Error ? error.message : undefined, extra: {} }
    say({ problem: { code, detail, extra } }, () => process.exit(1))
  }
  const stop = async () => {
    setTimeout(() => process.exit(0), patience).unref()
    const running = await started?.catch(() => undefined)
    await running?.close().catch((error: unknown) => console.error(error))
    process.exit(0)
  }
  process.on('message', (message: ToChild) => {
    if (message.do === 'stop') void stop()
    else if (!started) {
      started = start(message.given)
      started.then((running) => {
        say({ ready: running.info ?? {} }, () => oneShot && stop())
      }, fail)
    }
  })
}

/** Tells the launcher how far a long work is, 0 to 1. */
export function sayProgress(progress: number): void {
  say({ progress }, () => {})
}

function say(message: FromChild, then: () => void): void {
  if (process.send && process.connected) process.send(message, then)
  else then()
}

/**
 * A role started by hand: runs until a signal, or until the process that stands in front of it (an older Node) dies.
 */
export async function runUntilStopped(running: Started): Promise<void> {
  await new Promise<void>((resolve) => onStop(() => resolve()))
  const late = setTimeout(() => process.exit(1), patience)
  await running.close()
  clearTimeout(late)
}

/** Calls back once, when somebody wants this process to end. */
export function onStop(stop: (why: string) => void): void {
  let asked = false
  const ask = (why: string) => {
    if (asked) return
    asked = true
    stop(why)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ask)
  if (process.connected) process.on('disconnect', () => ask('disconnect'))
}
