/** Something that others run and that does not answer: said once, asked again with growing waits. */
import type { Log } from '@nabolag/bus'
import { Problem, ProblemError } from '@nabolag/core'

export type Outage = {
  failed(error: unknown): void
  worked(): void
  /** ms since it last answered, 0 while it does. */
  lasted(): number
  /** ms to wait before it is asked again, 0 while it answers. */
  wait(): number
}

const first = 1000
const longest = 30_000

/** @param called at the beginning of a sentence, such as `PostgreSQL` */
export function watchFor(called: string, log: Pick<Log, 'warn' | 'info'>): Outage {
  let since: number | undefined
  let tries = 0
  return {
    failed(error) {
      if (since === undefined) {
        since = performance.now()
        log.warn({ error: textOf(error) }, `${called} does not answer; turns wait, and it is asked again`)
      }
      tries++
    },
    worked() {
      if (since === undefined) return
      log.info({ seconds: Math.round((performance.now() - since) / 1000) }, `${called} answers again`)
      since = undefined
      tries = 0
    },
    lasted: () => (since === undefined ? 0 : performance.now() - since),
    wait: () => (since === undefined ? 0 : Math.min(longest, first * 2 ** Math.min(tries - 1, 10)) * jitter()),
  }
}

/**
 * What was asked of somebody, or that it is away when it has not answered in time.
 *
 * @param limit ms
 * @throws ProblemError `engine-down`
 */
export async function within<Answer>(limit: number, called: string, asked: Promise<Answer>): Promise<Answer> {
  // Whatever comes of it later is nobody's concern.
  asked.catch(() => {})
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(Problem('engine-down', `${called} does not answer`)), limit)
  })
  return Promise.race([asked, late]).finally(() => clearTimeout(timer))
}

const jitter = () => 0.75 + Math.random() / 2

export const isAway = (error: unknown): boolean =>
  error instanceof ProblemError && (error.code === 'engine-down' || error.code === 'disk-full')

export const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
