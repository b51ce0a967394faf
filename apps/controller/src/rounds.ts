/** Asks the store for houses whose turn is due, as many as there is room for, and has their turns taken. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '@nabolag/bus'
import type { Claim, Fleet } from '@nabolag/store'
import type { Clock } from './clock.ts'
import { nextTurn } from './next-turn.ts'
import { isAway, type Outage, textOf } from './outage.ts'

export type RoundsGiven = {
  readonly fleet: Pick<Fleet, 'claimTurns' | 'releaseTurn'>
  readonly controller: { readonly id: string; readonly address?: string }
  readonly clock: Clock
  readonly log: Log
  /** Of PostgreSQL, and of ClickHouse. */
  readonly store: Outage
  readonly series: Outage
  /** Turns taken at a time. */
  readonly room: number
  /** ms between two turns of a house. */
  readonly every: number
  /** ms between two questions while nothing is due. */
  readonly tick: number
  /** How long a house is ours, s. */
  readonly claimSeconds: number
  /** Without ClickHouse for so long all have their turns; until then it is asked with one house at a time, ms. */
  readonly blindAfter: number
  readonly take: (claim: Claim) => Promise<void>
}

export type Rounds = {
  readonly underWay: number
  /** Whether the last question was answered with less than there was room for. */
  readonly idle: boolean
  /** Takes no more; waits for what is under way, and gives back what does not end in time. */
  close(patience: number): Promise<void>
}

export function startRounds(given: RoundsGiven): Rounds {
  const { fleet, controller, clock, log, store, series, room, every, tick, claimSeconds, blindAfter, take } = given
  const turns = new Map<Claim, Promise<void>>()
  const stop = new AbortController()
  let idle = true
  let freed = () => {}

  const begin = (claim: Claim) => {
    const turn = take(claim)
      .catch((error: unknown) => {
        if (isAway(error)) return store.failed(error)
        log.error(
          { house: claim.houseId, error: textOf(error) },
          'a turn could not be kept; the next one comes as usual',
        )
        return fleet.releaseTurn(claim, nextTurn(claim.houseId, clock.database(), every)).catch(() => {})
      })
      .finally(() => {
        turns.delete(claim)
        freed()
      })
    turns.set(claim, turn)
  }

  const round = async () => {
    const most = series.lasted() > 0 && series.lasted() < blindAfter ? 1 : room
    const free = most - turns.size
    if (free <= 0) return
    await clock.check()
    const claims = await fleet.claimTurns(
      controller,
      free,
      claimSeconds,
      Math.max(2 * claimSeconds, (2 * every) / 1000),
    )
    store.worked()
    idle = claims.length < free
    if (stop.signal.aborted) await Promise.all(claims.map((claim) => giveBack(claim)))
    else for (const claim of claims) begin(claim)
  }

  /** Until a turn under way has ended, and a moment more: several are asked for at once. */
  const free = () =>
    new Promise<void>((resolve) => {
      freed = () => void setTimeout(resolve, 20)
    })
  const giveBack = (claim: Claim) => fleet.releaseTurn(claim, clock.database()).catch(() => {})

  const wait = (milliseconds: number) => sleep(milliseconds, undefined, { signal: stop.signal }).catch(() => {})
  const run = async () => {
    while (!stop.signal.aborted) {
      try {
        await round()
      } catch (error) {
        if (isAway(error)) store.failed(error)
        else log.error({ error: textOf(error) }, 'could not ask for houses whose turn is due')
        idle = true
      }
      const pause = Math.max(store.wait(), series.wait())
      if (turns.size >= room) await Promise.race([free(), wait(Math.max(tick, pause))])
      else if (idle || pause > 0) await wait(Math.max(tick, pause))
    }
  }
  const running = run()

  return {
    get underWay() {
      return turns.size
    },
    get idle() {
      return idle && turns.size === 0
    },
    async close(patience) {
      stop.abort()
      await running
      const all = Promise.all(turns.values())
      const late = new AbortController()
      await Promise.race([all, sleep(patience, undefined, { signal: late.signal }).catch(() => {})])
      late.abort()
      if (turns.size > 0) log.warn({ turns: turns.size }, 'turns that were under way are given back')
      await Promise.all([...turns.keys()].map(giveBack))
    },
  }
}
