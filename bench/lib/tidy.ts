/** What a bench started goes with it, also when it is interrupted. */

export type Tidy = {
  /** @param atOnce does what can be done without waiting, when the process ends by itself in the middle */
  add(close: () => Promise<unknown>, atOnce: () => void): void
  close(): Promise<void>
}

/** Closes what was added, the last first: on `close`, on SIGINT and SIGTERM, and at the end of the process. */
export function makeTidy(): Tidy {
  const open: { close: () => Promise<unknown>; atOnce: () => void }[] = []
  const close = async () => {
    for (let one = open.at(-1); one; one = open.at(-1)) {
      await one.close()
      if (open.at(-1) === one) open.pop()
    }
    process.off('exit', atOnce)
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted)
  }
  const atOnce = () => {
    for (const one of open.reverse().splice(0)) one.atOnce()
  }
  const interrupted = () => {
    close().finally(() => process.exit(130))
  }
  process.once('exit', atOnce)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupted)
  return { add: (closeOne, one) => void open.push({ close: closeOne, atOnce: one }), close }
}
