/**
 * What vendors allow: calls per window and pauses, per account and for all accounts together, shared by all threads.
 * Waiting is first come, first served. Kept in the store coarsely, so that a restart does not forget a pause; but a call
 * of a window of an hour or more is kept before it is made, as nothing may give such a quota back.
 */
import type { CallLimit } from './messages.ts'

export type BudgetStore = {
  loadBudget(scope: string): Promise<unknown>
  saveBudget(scope: string, state: unknown): Promise<void>
}

export type Budgets = {
  /** Resolves with `undefined` when one more call may be made, or with the time (ms) until which none may. */
  permit(
    scope: string,
    limit: CallLimit | undefined,
    together: CallLimit | undefined,
    asker?: Asker,
  ): Promise<number | undefined>
  pause(scope: string, until: number): void
  /** Others may use the accounts from now on: what they did is read before an account is used here again. */
  handOver(): Promise<void>
  /** Every limit that is or was in use here. */
  gauges(): Gauge[]
  /** Writes what is worth keeping. */
  save(): Promise<void>
  close(): void
}

/** How much of a limit is used. `scope` is `vendor/account` (a hash), or the vendor alone for all accounts together. */
export type Gauge = {
  readonly scope: string
  readonly used: number
  readonly limit: number
  readonly waiting: number
  /** ms; 0 when it is not paused. */
  readonly pausedFor: number
}

export type Asker = {
  /** Told when it has to wait, about until when (ms), for which limit, and whether that is for all accounts together. */
  readonly onWait: (until: number, limit: CallLimit, together: boolean) => void
  /** Whether it still waits: a call is not spent on one that is gone. */
  readonly wanted: () => boolean
  /** Goes before those that wait already, the others like it aside. */
  readonly first?: boolean
}

type Waiting = {
  readonly limit: () => CallLimit
  readonly wanted: () => boolean
  readonly go: (until: number | undefined) => void
  readonly first: boolean
}
type Budget = {
  until: number
  readonly calls: number[]
  readonly waiting: Waiting[]
  /** As it was asked for last. */
  limit: CallLimit | undefined
  timer: NodeJS.Timeout | undefined
  dirty: boolean
  /** Whether it is kept in the store. */
  readonly kept: boolean
  /** Others may have used it since it was read. */
  isOld: boolean
  /** One at a time, so that the last word stays. */
  writing: Promise<void>
}

/** A device that is an account of its own keeps its pause in its own state. */
const isShared = (scope: string) => !/\/device-\d+$/.test(scope)
const longWindow = 3_600_000
/** Calls are kept to the second, the later one. */
const second = 1000
/** ms. */
const longestLook = 60_000
/** So long a store that does not answer is waited for, ms. */
const handOverPatience = 2000
/** No vendor asks for longer, ms; a later time is one of a clock that was wrong. */
const longestPause = 8 * 24 * 3_600_000

/**
 * `scale` times as many calls as the vendors allow (1 but in benches); `peers` says how many connectors share what is
 * for all accounts together.
 */
export function makeBudgets(
  store: BudgetStore,
  warn: (error: unknown) => void,
  scale = 1,
  peers: () => number = () => 1,
): Budgets {
  const budgets = new Map<string, Promise<Budget> | Budget>()
  let closed = false

  const open = (scope: string, limit: CallLimit | undefined): Promise<Budget> | Budget => {
    const known = budgets.get(scope)
    if (known && (known instanceof Promise || !known.isOld)) return known
    const kept = isShared(scope) || (limit?.per ?? 0) >= longWindow
    const budget: Budget = known ?? {
      until: 0,
      calls: [],
      waiting: [],
      limit: undefined,
      timer: undefined,
      dirty: false,
      kept,
      isOld: false,
      writing: Promise.resolve(),
    }
    if (!budget.kept) {
      budgets.set(scope, budget)
      return budget
    }
    const loading = store.loadBudget(scope).then(
      (state) => {
        restore(budget, state)
        budget.isOld = false
      },
      (error) => warn(error),
    )
    const opened = loading.then(() => {
      budgets.set(scope, budget)
      return budget
    })
    budgets.set(scope, opened)
    return opened
  }

  const write = (scope: string, budget: Budget): Promise<void> => {
    budget.dirty = true
    budget.writing = budget.writing.then(async () => {
      // One that came in between has written it all.
      if (!budget.dirty) return
      budget.dirty = false
      const calls = budget.calls.map((time) => Math.ceil(time / second))
      await store.saveBudget(scope, { until: budget.until, calls }).catch((error: unknown) => {
        budget.dirty = true
        warn(error)
      })
    })
    return budget.writing
  }

  const serve = (scope: string, budget: Budget) => {
    clearTimeout(budget.timer)
    budget.timer = undefined
    for (;;) {
      const [first] = budget.waiting
      if (!first || closed) return
      const now = Date.now()
      if (!first.wanted()) {
        budget.waiting.shift()
        first.go(now)
        continue
      }
      if (isPaused(budget, now)) {
        budget.waiting.shift()
        first.go(budget.until)
        continue
      }
      const { calls } = budget
      // Made before the clock was put back: else they would count until it is as late as it was again.
      for (let last = calls.length - 1; last >= 0 && calls[last]! > now + second; last--) calls[last] = now + second
      const { count, per } = first.limit()
      while (calls.length > 0 && calls[0]! <= now - per) calls.shift()
      if (calls.length >= count) {
        // Looked at now and then too, as the share of this connector may grow.
        const wait = Math.max(1, calls[calls.length - count]! + per - now)
        budget.timer = setTimeout(() => serve(scope, budget), Math.min(wait, longestLook))
        return
      }
      calls.push(now)
      budget.waiting.shift()
      if (per >= longWindow) void write(scope, budget).then(() => first.go(undefined))
      else {
        if (calls.length * 2 > count && per >= 60_000) budget.dirty = true
        first.go(undefined)
      }
    }
  }

  /** What this connector may take of a limit; a share of less than one call is one call in a longer time. */
  const shareOf = ({ count, per }: CallLimit, together: boolean): CallLimit => {
    const share = (count * scale) / (together ? Math.max(1, peers()) : 1)
    return share >= 1 ? { count: Math.floor(share), per } : { count: 1, per: per / share }
  }

  const take = async (
    scope: string,
    limit: CallLimit | undefined,
    { onWait, wanted, first = false }: Asker,
    together: boolean,
  ): Promise<number | undefined> => {
    const budget = await open(scope, limit)
    if (isPaused(budget, Date.now())) return budget.until
    if (!limit) return undefined
    budget.limit = shareOf(limit, together)
    return new Promise((give) => {
      const waiting = { limit: () => shareOf(limit, together), wanted, go: give, first }
      const later = first ? budget.waiting.findIndex((other) => !other.first) : -1
      budget.waiting.splice(later < 0 ? budget.waiting.length : later, 0, waiting)
      if (budget.waiting.length === 1) serve(scope, budget)
      if (budget.waiting.includes(waiting))
        onWait(turnOf(budget, shareOf(limit, together), Date.now()), limit, together)
    })
  }

  const save = async () => {
    for (const [scope, entry] of budgets) {
      if (!(entry instanceof Promise) && entry.dirty && entry.kept) await write(scope, entry)
    }
  }

  return {
    async permit(scope, limit, together, asker = patient) {
      const until = await take(scope, limit, asker, false)
      if (until !== undefined || !together) return until
      return take(scope.slice(0, scope.indexOf('/')), together, asker, true)
    },
    async pause(scope, until) {
      const budget = await open(scope, undefined)
      budget.until = isPaused(budget, Date.now()) ? Math.max(budget.until, until) : until
      budget.dirty = true
      serve(scope, budget)
    },
    async handOver() {
      for (const entry of budgets.values()) if (!(entry instanceof Promise) && entry.kept) entry.isOld = true
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, handOverPatience)
      })
      await Promise.race([save(), late]).finally(() => clearTimeout(timer))
    },
    gauges() {
      const now = Date.now()
      return [...budgets].flatMap(([scope, entry]): Gauge[] => {
        if (entry instanceof Promise || (!entry.limit && !isPaused(entry, now))) return []
        const { calls, limit, waiting, until } = entry
        const used = limit ? calls.filter((time) => time > now - limit.per).length : 0
        return [
          {
            scope,
            used,
            limit: limit?.count ?? 0,
            waiting: waiting.length,
            pausedFor: isPaused(entry, now) ? until - now : 0,
          },
        ]
      })
    },
    save,
    close() {
      closed = true
      for (const entry of budgets.values()) if (!(entry instanceof Promise)) clearTimeout(entry.timer)
    },
  }
}

const isPaused = ({ until }: Budget, now: number) => until > now && until <= now + longestPause

const patient: Asker = { onWait: () => {}, wanted: () => true }

/** About when the last of those who wait has its turn, if nobody ahead of it gives up. */
function turnOf({ calls, waiting }: Budget, { count: allowed, per }: CallLimit, now: number): number {
  const ahead = Math.max(0, calls.length + waiting.length - 1 - allowed)
  const rounds = Math.floor(ahead / allowed)
  return (calls[Math.floor(ahead % allowed)] ?? now) + per * (rounds + 1)
}

function restore(budget: Budget, state: unknown): void {
  const { until, calls } = (state ?? {}) as { until?: unknown; calls?: unknown }
  if (typeof until === 'number') budget.until = Math.max(budget.until, until)
  if (!Array.isArray(calls)) return
  const made = calls.filter((time) => typeof time === 'number').map((time) => time * second)
  const ours = new Set(budget.calls.map((time) => Math.ceil(time / second) * second))
  budget.calls.push(...made.filter((time) => !ours.has(time)))
  budget.calls.sort((one, other) => one - other)
}
