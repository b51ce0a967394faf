import { monitorEventLoopDelay } from 'node:perf_hooks'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeBudgets } from './budgets.ts'
import { device, openStage, type Stage, until } from './fixtures/stage.ts'
import { startVendor, type Vendor } from './fixtures/vendor.ts'

let vendor: Vendor
let stage: Stage | undefined
beforeEach(async () => {
  vendor = await startVendor()
})
afterEach(async () => {
  await stage?.close()
  stage = undefined
  await vendor.close()
})

const memory = { loadBudget: async () => undefined, saveBudget: async () => {} }

test('a device that waits for what all share says so and until when, and has not failed', async () => {
  const devices = Array.from({ length: 7 }, (_, i) => device('together', { token: String(i) }))
  // What the machine itself stands still, a call comes later than it was let go.
  const late = monitorEventLoopDelay({ resolution: 10 })
  late.enable()
  stage = await openStage(devices, vendor.base)
  const { statuses } = stage
  const inState = (state: string) => devices.filter(({ id }) => statuses.get(id)?.state === state)
  await until('three run and four wait', () => inState('running').length === 3 && inState('throttled').length === 4)
  for (const { id } of inState('throttled')) {
    expect(statuses.get(id)?.reason).toMatch(
      /^It waits its turn, as the vendor allows 3 calls in 6 s for all our devices together; it goes on by itself at about 20.*Z\.$/,
    )
    expect(statuses.get(id)?.nextTryAt).toBeGreaterThan(Date.now() - 1000)
  }
  const times = inState('throttled').map(({ id }) => statuses.get(id)!.nextTryAt!)
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(5000)
  await until('all run', () => inState('running').length === 7)
  // Some may have been asked a second time by now, in their turn.
  expect(vendor.requests.length).toBeGreaterThanOrEqual(7)
  late.disable()
  for (let i = 3; i < vendor.requests.length; i++)
    expect(vendor.requests[i]!.at - vendor.requests[i - 3]!.at).toBeGreaterThanOrEqual(6000 - 200 - late.max / 1e6)
  for (const { id } of devices) expect(statuses.get(id)).toMatchObject({ restarts: 0, run: 1, nextTryAt: undefined })
})

test('those that wait for their turn keep nobody else from running, however many they are', async () => {
  const crowd = Array.from({ length: 400 }, (_, i) => device('counted', { token: 'crowd', path: `/${i}` }))
  stage = await openStage(crowd, vendor.base)
  const { statuses, devices } = stage
  await until(
    'all but two wait',
    () => crowd.filter(({ id }) => statuses.get(id)?.state === 'throttled').length === 398,
  )
  const other = device('counted', { token: 'other' })
  devices.push(other)
  stage.desire(other)
  await until('another account runs', () => statuses.get(other.id)?.state === 'running')
  expect(vendor.requests).toHaveLength(3)
})

test('no call is kept for one that is gone', async () => {
  const budgets = makeBudgets(memory, () => {})
  const limit = { count: 1, per: 300 }
  await budgets.permit('v/a', limit, undefined)
  let there = true
  const told: number[] = []
  const begun = Date.now()
  const gone = Array.from({ length: 50 }, () =>
    budgets.permit('v/a', limit, undefined, { wanted: () => there, onWait: (at) => void told.push(at - begun) }),
  )
  const stays = budgets.permit('v/a', limit, undefined)
  there = false
  expect(await stays).toBeUndefined()
  // They would have taken 15 s.
  expect(Date.now() - begun).toBeLessThan(10_000)
  await Promise.all(gone)
  expect(told.every((at, i) => Math.abs(at - 300 * (i + 1)) < 200)).toBe(true)
  budgets.close()
})
