import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until it is so, or the time (ms) is over. */
export async function waitFor(patience: number, so: () => Promise<boolean>): Promise<boolean> {
  const deadline = Date.now() + patience
  for (;;) {
    if (await so()) return true
    if (Date.now() > deadline) return false
    await sleep(60)
  }
}
