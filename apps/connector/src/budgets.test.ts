import { afterEach, expect, test, vi } from 'vitest'
import { makeBudgets } from './budgets.ts'

afterEach(() => void vi.useRealTimers())

const hour = 3_600_000
const quota = { count: 10, per: 24 * hour }

/** A store whose saves are seen, and take a while. */
const slowStore = () => {
  const kept = new Map<string, unknown>()
  return {
    kept,
    loadBudget: async (scope: string) => kept.get(scope),
    saveBudget: async (scope: string, state: unknown) => {
      const copy: unknown = JSON.parse(JSON.stringify(state))
      await new Promise((resolve) => setTimeout(resolve, 5))
      kept.set(scope, copy)
    },
  }
}
const callsIn = (kept: unknown) => (kept as { calls: number[] }).calls.length
/** How many go on at once; the others wait. */
const grantedOf = async (permits: Promise<number | undefined>[]) => {
  let granted = 0
  for (const permit of permits) void permit.then(() => granted++)
  await new Promise((resolve) => setTimeout(resolve, 150))
  return granted
}

test.each(['vendor/0123456789abcdef', 'vendor/device-7'])(
  'a call of a day is kept before it is made: %s',
  async (scope) => {
    const store = slowStore()
    for (let made = 1; made <= 10; made++) {
      // Killed after each call: nothing is saved at the end.
      const budgets = makeBudgets(store, () => {})
      expect(await budgets.permit(scope, quota, undefined)).toBeUndefined()
      expect(callsIn(store.kept.get(scope))).toBe(made)
      budgets.close()
    }
    const last = makeBudgets(store, () => {})
    expect(await grantedOf([last.permit(scope, quota, undefined)])).toBe(0)
    last.close()
  },
)

test('calls at the same time are all kept, the last word stays', async () => {
  const store = slowStore()
  const budgets = makeBudgets(store, () => {})
  await Promise.all(Array.from({ length: 10 }, () => budgets.permit('v/a', quota, undefined)))
  expect(callsIn(store.kept.get('v/a'))).toBe(10)
  budgets.close()
})

test('a store that is away does not stop the calls, and is told of them later', async () => {
  const store = slowStore()
  let away = true
  const warned: unknown[] = []
  const budgets = makeBudgets(
    {
      ...store,
      saveBudget: async (...given) => (away ? Promise.reject(new Error('away')) : store.saveBudget(...given)),
    },
    (error) => warned.push(error),
  )
  expect(await budgets.permit('v/a', quota, undefined)).toBeUndefined()
  expect(warned).toHaveLength(1)
  away = false
  await budgets.save()
  expect(callsIn(store.kept.get('v/a'))).toBe(1)
  budgets.close()
})

test.each([
  { connectors: 1, granted: 7 },
  { connectors: 2, granted: 3 },
  { connectors: 3, granted: 2 },
  { connectors: 7, granted: 1 },
  { connectors: 20, granted: 1 },
])(
  'of 7 calls for all accounts together each of $connectors connectors makes $granted',
  async ({ connectors, granted }) => {
    const budgets = makeBudgets(
      slowStore(),
      () => {},
      1,
      () => connectors,
    )
    const permits = Array.from({ length: 10 }, (_, at) =>
      budgets.permit(`v/${at}`, undefined, { count: 7, per: 60_000 }),
    )
    expect(await grantedOf(permits)).toBe(granted)
    budgets.close()
  },
)

test('more connectors than calls: one call in a longer time, so that all keep within the limit', async () => {
  const waits: number[] = []
  const budgets = makeBudgets(
    slowStore(),
    () => {},
    1,
    () => 20,
  )
  const now = Date.now()
  for (let at = 0; at < 2; at++)
    void budgets.permit(
      'v/a',
      undefined,
      { count: 2, per: 60_000 },
      { onWait: (until) => waits.push(until), wanted: () => true },
    )
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(waits).toHaveLength(1)
  expect(waits[0]! - now).toBeGreaterThan(590_000)
  budgets.close()
})

test("an account's own limit is not divided: it is all in one connector", async () => {
  const budgets = makeBudgets(
    slowStore(),
    () => {},
    1,
    () => 5,
  )
  const permits = Array.from({ length: 10 }, () => budgets.permit('v/a', { count: 4, per: 60_000 }, undefined))
  expect(await grantedOf(permits)).toBe(4)
  budgets.close()
})

test('an account that another connector had meanwhile comes back with what was done there', async () => {
  const store = slowStore()
  const [here, there] = [makeBudgets(store, () => {}), makeBudgets(store, () => {})]
  for (let call = 0; call < 3; call++) await here.permit('v/a', quota, undefined)
  await here.permit('v/paused', { count: 5, per: 60_000 }, undefined)
  await here.handOver()
  await new Promise((resolve) => setTimeout(resolve, 1100))
  for (let call = 0; call < 5; call++) await there.permit('v/a', quota, undefined)
  const pausedUntil = Date.now() + 60_000
  await there.permit('v/paused', { count: 5, per: 60_000 }, undefined)
  there.pause('v/paused', pausedUntil)
  await new Promise((resolve) => setTimeout(resolve, 20))
  await there.handOver()
  there.close()
  expect(await here.permit('v/paused', { count: 5, per: 60_000 }, undefined)).toBe(pausedUntil)
  expect(await grantedOf(Array.from({ length: 10 }, () => here.permit('v/a', quota, undefined)))).toBe(2)
  here.close()
})

test('a store that does not answer does not hold up the handing over', async () => {
  const budgets = makeBudgets({ ...slowStore(), saveBudget: () => new Promise(() => {}) }, () => {})
  budgets.pause('v/a', Date.now() + 60_000)
  await new Promise((resolve) => setTimeout(resolve, 20))
  const begun = performance.now()
  await budgets.handOver()
  expect(performance.now() - begun).toBeLessThan(5000)
  budgets.close()
})

test.each([
  { name: 'an hour', ahead: hour },
  { name: 'a year', ahead: 365 * 24 * hour },
])('calls made while the clock was $name ahead do not hold up those after it was put right', async ({ ahead }) => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const budgets = makeBudgets(slowStore(), () => {})
  const limit = { count: 2, per: 100 }
  const right = Date.now()
  vi.setSystemTime(right + ahead)
  for (let call = 0; call < 2; call++) await budgets.permit('v/a', limit, undefined)
  vi.setSystemTime(right)
  let granted = false
  void budgets.permit('v/a', limit, undefined).then(() => {
    granted = true
  })
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(granted).toBe(false)
  vi.setSystemTime(right + 1200)
  await vi.waitFor(() => expect(granted).toBe(true), 3000)
  budgets.close()
})

test('a pause that a wrong clock put a year ahead is none, and does not stand against the next', async () => {
  const store = slowStore()
  store.kept.set('v/a', { until: Date.now() + 365 * 24 * hour, calls: [] })
  const budgets = makeBudgets(store, () => {})
  expect(await budgets.permit('v/a', quota, undefined)).toBeUndefined()
  const until = Date.now() + 60_000
  budgets.pause('v/a', until)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await budgets.permit('v/a', quota, undefined)).toBe(until)
  budgets.close()
})
