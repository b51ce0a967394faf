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
  /** One at a time, so that the last word stays. */
  writing: Promise<void>
}

/** A device that is an account of its own keeps its pause in its own state. */
const isShared = (scope: string) => !/\/device-\d+$/.test(scope)
const longWindow = 3_600_000
/** ms. */
const longestLook = 60_000

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
    if (known) return known
    const kept = isShared(scope) || (limit?.per ?? 0) >= longWindow
    const fresh: Budget = {
      until: 0,
      calls: [],
      waiting: [],
      limit: undefined,
      timer: undefined,
      dirty: false,
      kept,
      writing: Promise.resolve(),
    }
    if (!kept) {
      budgets.set(scope, fresh)
      return fresh
    }
    const loading = store.loadBudget(scope).then(
      (state) => restore(fresh, state),
      (error) => warn(error),
    )
    const opened = loading.then(() => {
      budgets.set(scope, fresh)
      return fresh
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
      const calls = budget.calls.map((time) => Math.ceil(time / 1000))
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
      if (budget.until > now) {
        budget.waiting.shift()
        first.go(budget.until)
        continue
      }
      const { calls } = budget
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
    if (budget.until > Date.now()) return budget.until
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

  return {
    async permit(scope, limit, together, asker = patient) {
      const until = await take(scope, limit, asker, false)
      if (until !== undefined || !together) return until
      return take(scope.slice(0, scope.indexOf('/')), together, asker, true)
    },
    async pause(scope, until) {
      const budget = await open(scope, undefined)
      budget.until = Math.max(budget.until, until)
      budget.dirty = true
      serve(scope, budget)
    },
    gauges() {
      const now = Date.now()
      return [...budgets].flatMap(([scope, entry]): Gauge[] => {
        if (entry instanceof Promise || (!entry.limit && entry.until <= now)) return []
        const { calls, limit, waiting, until } = entry
        const used = limit ? calls.filter((time) => time > now - limit.per).length : 0
        return [{ scope, used, limit: limit?.count ?? 0, waiting: waiting.length, pausedFor: Math.max(0, until - now) }]
      })
    },
    async save() {
      for (const [scope, entry] of budgets) {
        if (!(entry instanceof Promise) && entry.dirty && entry.kept) await write(scope, entry)
      }
    },
    close() {
      closed = true
      for (const entry of budgets.values()) if (!(entry instanceof Promise)) clearTimeout(entry.timer)
    },
  }
}

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
  if (Array.isArray(calls))
    budget.calls.unshift(...calls.filter((time) => typeof time === 'number').map((time) => time * 1000))
}
