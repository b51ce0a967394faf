import { expect, test } from 'vitest'
import { loadSolver, makePlanner } from '../mpc/index.ts'
import { isBaselineDay } from './experiment.ts'
import { fallbackSchedule } from './fallback.ts'
import { heating, hour, minute, now, roomReads, seen, setup, turn, withLoop } from './one-room.testing.ts'
import { isPlanDue, planViewOf } from './plan-view.ts'
import { type HouseMemory, type HouseSeen, type HouseSetup, noMemory } from './types.ts'

test('the schedule is commanded once, and again only when the wish changes', () => {
  const first = turn({})
  expect(first.loops[0]!.commands).toEqual([
    {
      ...{ loop: 7, capability: 'thermostat', verb: 'setTargetTemperature' },
      arguments: { location: 'Stue', temperature: 22 },
    },
  ])
  expect(first.loops[0]!.receipt.sentence).toBe(
    '10:05, Stue at 20.4 °C, power at 1.33 NOK/kWh: set the temperature to 22 °C. The wish for this hour is 22 °C.',
  )
  const again = turn({ memory: first.memory, now: now + 5 * minute })
  expect(again.loops[0]!.commands).toEqual([])
  const memory: HouseMemory = JSON.parse(JSON.stringify(first.memory))
  expect(turn({ memory, now: now + 5 * minute })).toEqual(again)
})

test.each([
  { name: 'observe sends nothing', setup: withLoop({ mode: 'observe' }), says: 'the mode is observe' },
  { name: 'advise sends nothing', setup: withLoop({ mode: 'advise' }), says: 'would have set the temperature to 22' },
  { name: 'a pause sends nothing', setup: withLoop({ pausedUntil: now + hour }), says: 'The owner has paused control' },
  { name: 'stale data send nothing', seen: roomReads(20.4, 45), says: 'The reading is too old' },
  { name: 'an impossible reading sends nothing', seen: roomReads(85), says: 'not possible' },
  { name: 'no reading at all sends nothing', seen: { ...seen, rooms: {} }, says: 'There is no reading' },
  {
    name: 'a unit that was set to cool is left alone',
    seen: { ...seen, held: { 7: { ...seen.held[7]!, mode: 'cool' } } },
    says: 'The unit was set to cool, so the heating waits',
  },
])('$name, and the receipt says why', ({ says, ...given }) => {
  const { loops } = turn(given)
  expect(loops[0]!.commands).toEqual([])
  expect(loops[0]!.receipt.sentence).toContain(says)
})

test.each([
  {
    name: 'a unit that is switched off',
    held: { temperature: 20, on: false },
    value: 18,
    says: 'set the temperature to 22 °C. The wish for this hour is 22 °C. The unit is switched off, and stays so.',
  },
  {
    name: 'near frost a unit that does enough already',
    change: { settings: { offset: -5 } },
    held: { temperature: 20, on: true },
    value: 16.5,
    limits: { frost: 16 },
    says: 'nothing was sent. The room is near freezing: 16.5 °C, and it is set to heat already.',
  },
  {
    name: 'near frost what advice there is',
    change: { mode: 'advise' as const },
    held: { temperature: 10, on: true },
    value: 8.5,
    says: 'it would have set the temperature to 22 °C. The room is near freezing: 8.5 °C.',
  },
])('$name: the sentence says so', ({ change, held: set, value, limits = {}, says }) => {
  const read = { ...roomReads(value), held: { 7: { at: now, set, mode: 'heat' } } }
  const { loops } = turn({ setup: withLoop({ ...change, limits }), seen: read })
  expect(loops[0]!.receipt.sentence).toContain(says)
})

test('a plan warms ahead of the dear evening, and is followed without a new one', async () => {
  const planner = makePlanner(await loadSolver())
  // With strømstøtte a dear hour costs little more than a cheap one, and there would be nothing to plan.
  const prices = { ...setup.prices!, support: [{ from: '2025-01-01', scheme: 'none' as const }] }
  const predictive = { ...withLoop({ controller: 'model-predictive' }), prices }
  expect(isPlanDue(predictive, noMemory, now)).toBe(true)
  const plan = planner.plan(planViewOf(predictive, seen, noMemory, now)!)
  planner.close()
  expect(plan.status).toBe('optimal')
  const first = turn({ setup: predictive, plan })
  expect(first.loops[0]!.receipt.saw.planned).toEqual(expect.any(Number))
  expect(first.loops[0]!.receipt.because).toMatch(/^The plan /)
  expect(isPlanDue(predictive, first.memory, now + 5 * minute)).toBe(false)
  expect(isPlanDue(predictive, first.memory, now + 30 * minute)).toBe(true)
  expect(isPlanDue({ ...predictive, cap: 3 }, first.memory, now + 5 * minute)).toBe(true)
  // Just before the dear hours the room is planned warmer than at their end.
  const [room] = plan.homes[0]!.rooms
  const at = (time: string) => {
    let end = plan.from
    const ends = plan.steps.map((hours) => {
      end += hours * hour
      return end
    })
    return room!.temperature[ends.findIndex((one) => one >= Date.parse(time))]!
  }
  expect(at('2026-01-20T15:00:00Z')).toBeGreaterThan(at('2026-01-20T19:00:00Z') + 0.5)
  // The solver fails for hours: the old plan goes on; after half a day the price term takes its place.
  const later = (hours: number) => {
    const then = now + hours * hour
    const read = { ...seen, rooms: { 1: [[{ at: then - minute, value: 21.5 }]] } }
    return turn({ setup: predictive, seen: read, memory: first.memory, now: then }).loops[0]!.receipt
  }
  expect(later(3).saw.planned).toEqual(expect.any(Number))
  expect(later(13).saw.planned).toBeNull()
  expect(later(13).because).toContain('There is no plan just now')
})

test('a house plans within what the newest plans of the others leave of a cap they share', async () => {
  const planner = makePlanner(await loadSolver())
  const cold = { ...seen, rooms: { 1: [[{ at: now - minute, value: 17 }]] } }
  const predictive = withLoop({ controller: 'model-predictive' })
  const planned = (given: HouseSetup, others: HouseSeen['others'] = []) =>
    planner.plan(planViewOf(given, { ...cold, others }, noMemory, now)!)
  const powerOf = (plan: ReturnType<typeof planned>) => plan.homes[0]!.power
  const free = planned(predictive)
  expect(Math.max(...powerOf(free))).toBeGreaterThan(1)
  const shared = { ...predictive, sharedCap: 1.5 }
  const first = planned(shared, [{}])
  // Half of it, while the other has no plan yet.
  expect(Math.max(...powerOf(first))).toBeLessThanOrEqual(0.75)
  const second = planned(shared, [{ plan: first }])
  const together = powerOf(second).map((power, k) => power + powerOf(first)[k]!)
  expect(Math.max(...together)).toBeLessThanOrEqual(1.5)
  expect(Math.max(...powerOf(second))).toBeGreaterThan(0.75)
  expect(isPlanDue({ ...shared, sharedCap: 2 }, { ...noMemory, plan: first, planMadeAt: now }, now)).toBe(true)
  planner.close()
})

test('without prices for a day the wish holds, and a notice says so', () => {
  const { loops, memory } = turn({
    setup: withLoop({ controller: 'price-responsive-pi' }),
    seen: { ...seen, spot: [] },
  })
  expect(loops[0]!.receipt.price).toBeNull()
  expect(loops[0]!.receipt.because).toContain('The coming prices are not known')
  expect(memory.notices.map(({ kind }) => kind)).toEqual(['no-prices'])
})

test('on a baseline day the plain schedule stands in, and half of all days are such', () => {
  const experiment = { from: '2026-01-01', to: '2026-02-09', seed: 4 }
  const dates = Array.from({ length: 40 }, (_, n) => new Date(Date.UTC(2026, 0, 1 + n)).toISOString().slice(0, 10))
  expect(dates.filter((date) => isBaselineDay(experiment, date))).toHaveLength(20)
  expect(isBaselineDay(experiment, '2026-02-10')).toBe(false)
  const seed = [1, 2, 3, 4, 5, 6, 7, 8].find((one) => isBaselineDay({ ...experiment, seed: one }, '2026-01-20'))!
  const drawn = { ...withLoop({ controller: 'model-predictive' }), experiment: { ...experiment, seed } }
  const { control, because } = turn({ setup: drawn }).loops[0]!.receipt
  expect(control).toBe('schedule')
  expect(because).toMatch(/^Today was drawn to go without price and plan. The wish for this hour is /)
})

test('the schedule left at the vendor has at most eight steps, and never one colder than wished for long', () => {
  const day = Array.from({ length: 24 }, (_, n) => ({ temperature: 18 + (n % 5), deviation: 1 }))
  const room = { ...setup.rooms[0]!, comfort: { weekday: day, weekend: day, exceptions: [] } }
  const steps = fallbackSchedule(room, heating)
  expect(steps.length).toBeLessThanOrEqual(8)
  expect(steps[0]!.at).toBe('00:00')
  const verbs = { ...heating.actuator.verbs, setFallback: {} }
  const own = { ...setup, loops: [{ ...heating, actuator: { ...heating.actuator, verbs } }] }
  const first = turn({ setup: own })
  expect(first.loops[0]!.commands.map(({ verb }) => verb)).toEqual(['setTargetTemperature', 'setFallback'])
  expect(turn({ setup: own, memory: first.memory, now: now + 5 * minute }).loops[0]!.commands).toEqual([])
  const moved = { ...own, timezone: 'Europe/Helsinki' }
  expect(turn({ setup: moved, memory: first.memory, now: now + 25 * hour }).loops[0]!.commands).toContainEqual(
    expect.objectContaining({
      ...{ verb: 'setFallback', arguments: expect.objectContaining({ timezone: 'Europe/Helsinki' }) },
    }),
  )
  const watched = { ...own, loops: [{ ...own.loops[0]!, mode: 'observe' as const }] }
  const left = turn({ setup: watched, memory: first.memory, now: now + 5 * minute })
  expect(left.loops[0]!.commands).toEqual([
    expect.objectContaining({ verb: 'setFallback', arguments: expect.objectContaining({ schedule: [] }) }),
  ])
})
