/** What can go wrong with the database, in the system's own words. */
import { Problem, ProblemError } from '@nabolag/core'

export const isProblem = (error: unknown): error is ProblemError => error instanceof ProblemError

const socketCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH'])
const goneMessages =
  /connection terminated|timeout exceeded when trying to connect|connection ended|not queryable|query read timeout/i

/** Shutting down, starting up, too many connections, and everything of class 08. */
const isAway = (code: string) => code.startsWith('08') || code.startsWith('57P0') || code === '53300'

/** The problem an error of `pg` stands for, or the error itself. */
export function problemOf(error: unknown): unknown {
  if (!(error instanceof Error) || isProblem(error)) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (socketCodes.has(code) || isAway(code) || goneMessages.test(error.message)) {
    return Problem('engine-down', 'PostgreSQL does not answer')
  }
  if (code === '53100') return Problem('disk-full', 'PostgreSQL has no room left')
  // Somebody else was faster: two at once took the same name, number or account.
  if (code === '23505') return Problem('conflict')
  if (code === '23503') return Problem('conflict', 'Something that this belongs to was removed at the same moment')
  return error
}

/** The same object, its asynchronous functions throwing problems instead of `pg`'s own errors. */
export function guarded<T extends object>(part: T): T {
  const entries = Object.entries(part).map(([name, value]) => {
    if (typeof value !== 'function') return [name, value]
    return [
      name,
      async (...given: unknown[]) => {
        try {
          return await value(...given)
        } catch (error) {
          throw problemOf(error)
        }
      },
    ]
  })
  return Object.fromEntries(entries)
}
