/**
 * What vendors allow: calls per window and pauses, per account and for all accounts together, shared by all threads.
 * Waiting is first come, first served. Kept in the store coarsely, so that a restart does not forget a pause.
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
  /** Writes what is worth keeping. */
  save(): Promise<void>
  close(): void
}

export type Asker = {
  /** Told when it has to wait, about until when (ms), for which limit, and whether that is for all accounts together. */
  readonly onWait: (until: number, limit: CallLimit, together: boolean) => void
  /** Whether it still waits: a call is not spent on one that is gone. */
  readonly wanted: () => boolean
}

type Waiting = {
  readonly limit: CallLimit
  readonly wanted: () => boolean
  readonly go: (until: number | undefined) => void
}
type Budget = {
  until: number
  readonly calls: number[]
  readonly waiting: Waiting[]
  timer: NodeJS.Timeout | undefined
  dirty: boolean
}

/** A device that is an account of its own keeps its pause in its own state. */
const isShared = (scope: string) => !/\/device-\d+$/.test(scope)

export function makeBudgets(store: BudgetStore, warn: (error: unknown) => void, scale = 1): Budgets {
  const budgets = new Map<string, Promise<Budget> | Budget>()
  let closed = false

  const open = (scope: string): Promise<Budget> | Budget => {
    const known = budgets.get(scope)
    if (known) return known
    const fresh: Budget = { until: 0, calls: [], waiting: [], timer: undefined, dirty: false }
    if (!isShared(scope)) {
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

  const serve = (budget: Budget) => {
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
      while (calls.length > 0 && calls[0]! <= now - first.limit.per) calls.shift()
      if (calls.length >= first.limit.count * scale) {
        budget.timer = setTimeout(() => serve(budget), Math.max(1, calls[0]! + first.limit.per - now))
        return
      }
      calls.push(now)
      if (calls.length * 2 > first.limit.count * scale && first.limit.per >= 60_000) budget.dirty = true
      budget.waiting.shift()
      first.go(undefined)
    }
  }

  const take = async (
    scope: string,
    limit: CallLimit | undefined,
    { onWait, wanted }: Asker,
    together: boolean,
  ): Promise<number | undefined> => {
    const budget = await open(scope)
    if (budget.until > Date.now()) return budget.until
    if (!limit) return undefined
    return new Promise((give) => {
      let answered = false
      const go = (until: number | undefined) => {
        answered = true
        give(until)
      }
      budget.waiting.push({ limit, wanted, go })
      if (budget.waiting.length === 1) serve(budget)
      if (!answered) onWait(turnOf(budget, limit, limit.count * scale, Date.now()), limit, together)
    })
  }

  return {
    async permit(scope, limit, together, asker = patient) {
      const until = await take(scope, limit, asker, false)
      if (until !== undefined || !together) return until
      return take(scope.slice(0, scope.indexOf('/')), together, asker, true)
    },
    async pause(scope, until) {
      const budget = await open(scope)
      budget.until = Math.max(budget.until, until)
      budget.dirty = true
      serve(budget)
    },
    async save() {
      for (const [scope, entry] of budgets) {
        if (entry instanceof Promise || !entry.dirty || !isShared(scope)) continue
        entry.dirty = false
        const calls = entry.calls.map((time) => Math.ceil(time / 1000))
        await store.saveBudget(scope, { until: entry.until, calls }).catch((error: unknown) => {
          entry.dirty = true
          warn(error)
        })
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
function turnOf({ calls, waiting }: Budget, { per }: CallLimit, allowed: number, now: number): number {
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
