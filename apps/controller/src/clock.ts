/**
 * What time it is, by this machine and by the database. All controllers share the database's clock: turns are due by it.
 * What is seen and decided goes by this machine's own, as long as the two agree.
 */
import type { Log } from '@nabolag/bus'

export type Clock = {
  /** Asks the database, when that was long ago or when something looks wrong. @throws ProblemError `engine-down` */
  check(): Promise<void>
  /** The database's time, ms; carried on by the monotonic clock between two checks. */
  database(): number
  /** This machine's time, ms. */
  wall(): number
  /** ms that this machine is ahead of the database. */
  ahead(): number
  /** Whether that is too much to command anything. */
  isOff(): boolean
}

/** ms */
const mostOff = 120_000
const checkEvery = 30_000
const doubtEvery = 2_000

export type ClockParts = { readonly wall: () => number; readonly steady: () => number }
const own: ClockParts = { wall: () => Date.now(), steady: () => performance.now() }

export function makeClock(
  ask: () => Promise<number>,
  log: Pick<Log, 'error' | 'info'>,
  { wall, steady }: ClockParts = own,
): Clock {
  let known: { readonly database: number; readonly at: number } | undefined
  let said = false
  const database = () => (known ? known.database + steady() - known.at : wall())
  const ahead = () => wall() - database()
  const isOff = () => Math.abs(ahead()) > mostOff
  return {
    database,
    wall,
    ahead,
    isOff,
    async check() {
      const age = known ? steady() - known.at : Number.POSITIVE_INFINITY
      // A machine that slept has a monotonic clock that stood still: ask before anything is believed of it.
      if (age < (isOff() ? doubtEvery : checkEvery)) return
      const began = steady()
      const answer = await ask()
      const at = steady()
      known = { database: answer + (at - began) / 2, at }
      if (isOff() === said) return
      said = isOff()
      const seconds = Math.round(ahead() / 1000)
      if (said)
        log.error(
          { seconds },
          `the clock of this machine is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} the database's: nothing is commanded until they agree; the operator sets it right`,
        )
      else log.info({}, "the clock of this machine agrees with the database's again")
    },
  }
}
