/** Two houses under one cap that plan in the same second: the turn that comes second is taken again, and nothing of it goes out. */
import { ShareChanged } from '@nabolag/store'
import { expect, test, vi } from 'vitest'
import { takeHouseTurn } from './turn.ts'

test('a turn whose share has changed is given back, due at once, and looks at the share it had read', async () => {
  const mark = 'as it was read'
  const house = {
    ...{ id: 1, name: 'One', timezone: 'Europe/Oslo', memory: undefined, commands: [] },
    shared: { name: 'street', cap: 5, others: [], mark },
    control: { facts: {}, prices: undefined, rooms: [], loops: [], models: {} },
  }
  const saveTurn = vi.fn(async () => {
    throw new ShareChanged('Another house has planned meanwhile')
  })
  const releaseTurn = vi.fn(async () => {})
  const countTurn = vi.fn()
  const publish = vi.fn()
  const meter = { observe() {}, inc() {} }
  const parts = {
    ...{
      fleet: { claimedHouse: async () => house, saveTurn, releaseTurn },
      bus: { connected: true, publish },
      pool: {},
    },
    series: {
      points: async () => [],
      series: async () => [],
      read: async () => ({ contentType: 'application/json', whole: Buffer.from('{"series":[]}') }),
    },
    clock: { database: () => 1000, wall: () => Date.UTC(2026, 0, 5), isOff: () => false, ahead: () => 0 },
    metrics: {
      countTurn,
      lateSeconds: meter,
      turnSeconds: meter,
      planSeconds: meter,
      commands: meter,
      claimsLost: meter,
    },
    log: { info() {}, warn() {}, error() {} },
    outage: { worked() {}, failed() {}, lasted: () => 0, wait: () => 0 },
    slow: { worked() {}, failed: () => false },
    ...{ every: 300_000, planPatience: 1000, lookLimit: 10_000, blindAfter: 1e9 },
  }
  await takeHouseTurn({ houseId: 1, fence: 1, due: 0 }, parts as never)
  expect(saveTurn).toHaveBeenCalledExactlyOnceWith(expect.anything(), expect.objectContaining({ within: mark }))
  expect(releaseTurn).toHaveBeenCalledExactlyOnceWith({ houseId: 1, fence: 1, due: 0 }, 1000)
  expect(countTurn).toHaveBeenCalledExactlyOnceWith('put-off')
  expect(publish).not.toHaveBeenCalled()
})
