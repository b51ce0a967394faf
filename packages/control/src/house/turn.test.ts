import { expect, test } from 'vitest'
import { evenComfort } from '../comfort/wish.ts'
import { loadSolver, makePlanner } from '../mpc/index.ts'
import type { SpotEntry } from '../prices/spot.ts'
import { isBaselineDay } from './experiment.ts'
import { fallbackSchedule } from './fallback.ts'
import { isPlanDue, planViewOf } from './plan-view.ts'
import { turnOfHouse } from './turn.ts'
import { type HouseMemory, type HouseSeen, type HouseSetup, type LoopSetup, noMemory, nothingSeen } from './types.ts'

const minute = 60_000
const hour = 60 * minute
const now = Date.parse('2026-01-20T09:05:00Z')

const heating: LoopSetup = {
  ...{ id: 7, kind: 'heating', room: 1, mode: 'control', controller: 'schedule', settings: {}, limits: {} },
  actuator: {
    ...{ device: 'sensibo-sky', count: 0, location: 'Stue', capability: 'thermostat' },
    verbs: {
      setTargetTemperature: { temperature: { minimum: 16, maximum: 30, step: 1 } },
      setOn: {},
      setMode: { mode: { values: ['heat', 'cool'] } },
    },
  },
}
const setup: HouseSetup = {
  ...{ id: 3, name: 'House 3', timezone: 'Europe/Oslo', prices: { area: 'NO3', gridCompany: 'tensio-ts' } },
  rooms: [{ id: 1, name: 'Stue', area: 50, comfort: evenComfort(22, 1), sensors: [] }],
  loops: [heating],
}
const withLoop = (change: Partial<LoopSetup>): HouseSetup => ({ ...setup, loops: [{ ...heating, ...change }] })

/** Cheap nights and a dear evening; published until the next midnight. */
const spot: SpotEntry[] = Array.from({ length: 8 * 24 }, (_, n) => {
  const start = Date.parse('2026-01-13T23:00:00Z') + n * hour
  const clock = new Date(start + hour).getUTCHours()
  return { start, end: start + hour, price: clock >= 16 && clock < 20 ? 2 : clock < 6 ? 0.3 : 0.8 }
})
const seen: HouseSeen = {
  ...nothingSeen,
  rooms: { 1: [[10, 5, 1].map((ago) => ({ at: now - ago * minute, value: 20.4 }))] },
  held: {
    7: { at: now - minute, since: now - 3 * hour, set: { temperature: 20, on: true }, mode: 'heat', power: 400 },
  },
  spot,
  weather: Array.from({ length: 72 }, (_, n) => ({ at: now - hour + n * hour, temperature: -4, irradiance: 0 })),
}
const turn = (given: Partial<Parameters<typeof turnOfHouse>[0]>) =>
  turnOfHouse({ setup, seen, memory: noMemory, now, ...given })
const roomReads = (value: number | null, ago = 1) => ({
  ...seen,
  rooms: { 1: [[{ at: now - ago * minute, value }]] },
})

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
  { mode: 'cool', on: false },
  { mode: 'cool', on: true },
  { mode: 'fan', on: true },
])('near frost a unit in the mode $mode is switched to heating, even when it was paused', ({ mode, on }) => {
  const { loops } = turn({
    setup: withLoop({ pausedUntil: now + hour }),
    seen: { ...roomReads(7.5), held: { 7: { at: now, set: { temperature: 20, on }, mode } } },
  })
  expect(loops[0]!.verdict.outcome).toBe('safety')
  expect(loops[0]!.commands.map(({ verb, arguments: args }) => [verb, Object.values(args).at(-1)])).toEqual([
    ['setMode', 'heat'],
    ['setOn', true],
  ])
})

test.each(['cool', 'dry', 'fan'])(
  'a unit in the mode $0 is left alone in great heat, and when readings stay away',
  (mode) => {
    const held = { 7: { at: now, set: { temperature: 24, on: true }, mode } }
    const hot = turn({ seen: { ...roomReads(28.5), held } }).loops[0]!
    expect(hot.commands).toEqual([])
    expect(hot.receipt.sentence).toContain(`The unit was set to ${mode}, so the heating waits`)
    const moves = [{ at: now - 10 * hour, set: { temperature: 20 }, kind: 'command' as const }]
    const memory: HouseMemory = { ...noMemory, loops: { 7: { moves } } }
    expect(turn({ seen: { ...roomReads(26, 100), held }, memory }).loops[0]!.commands).toEqual([])
  },
)

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

test('a room without readings goes to its wish, also when its heat pump was last moved days ago', () => {
  const moves = [{ at: now - 6 * 24 * hour, set: { temperature: 16 }, kind: 'command' as const }]
  const held = { 7: { at: now, set: { temperature: 16, on: true }, mode: 'heat' } }
  const wishing = (temperature: number) => ({
    ...setup,
    rooms: [{ ...setup.rooms[0]!, comfort: evenComfort(temperature, 1) }],
  })
  const silent = { ...roomReads(16, 100), held }
  const away = turn({ setup: wishing(16), seen: silent, memory: { ...noMemory, loops: { 7: { moves } } } })
  expect(away.loops[0]!.commands).toEqual([])
  const back = turn({ setup: wishing(21), seen: silent, memory: away.memory, now: now + 5 * minute })
  expect(back.loops[0]!.verdict).toMatchObject({ outcome: 'release', command: { temperature: 21 } })
  const later = now + 30 * minute
  const byHand = { ...silent, held: { 7: { ...held[7], at: later } } }
  expect(turn({ setup: wishing(21), seen: byHand, memory: back.memory, now: later }).loops[0]!.commands).toEqual([])
})

test.each(['price-responsive-pi', 'model-predictive'])(
  'nothing piles up in %s while what it decides is not heard',
  (controller) => {
    const piledUp = (change: Partial<LoopSetup>, lost?: string) => {
      let memory = noMemory
      for (let n = 0; n < 100; n++) {
        const at = now + n * 5 * minute
        const held = { 7: { at, set: { temperature: 19, on: true }, mode: 'heat' } }
        const cold = { ...seen, rooms: { 1: [[{ at: at - minute, value: 20 }]] }, held }
        const commands = lost === undefined ? [] : [{ loop: 7, at, state: 'failed', lost }]
        memory = turn({
          setup: withLoop({ controller, ...change }),
          seen: { ...cold, commands },
          memory,
          now: at,
        }).memory
      }
      return (memory.loops[7]!.control as { integral: number }).integral
    }
    expect(piledUp({ mode: 'observe' })).toBe(0)
    expect(piledUp({ mode: 'advise' })).toBe(0)
    expect(piledUp({ pausedUntil: now + 24 * hour })).toBe(0)
    expect(piledUp({}, 'temperature')).toBe(0)
    expect(piledUp({}, 'fanLevel')).toBeLessThan(-50)
    expect(piledUp({})).toBeLessThan(-50)
  },
)

test('a battery whose charge is not known any more is not left shut', () => {
  const actuator = { device: 'victron', count: 0, location: '', capability: 'battery' as const }
  const bound = { power: { minimum: 0, maximum: 5000 } }
  const battery: LoopSetup = {
    ...{ id: 9, kind: 'battery', mode: 'control', controller: 'battery', settings: {}, limits: {} },
    actuator: {
      ...actuator,
      verbs: { setGridSetpoint: { power: {} }, setChargeLimit: bound, setDischargeLimit: bound },
    },
  }
  // A plan lets it rest.
  const set = { power: 0, chargeLimit: 0, dischargeLimit: 0 }
  const memory: HouseMemory = {
    ...noMemory,
    loops: { 9: { moves: [{ at: now - hour, set, kind: 'command' }] } },
  }
  const blind = { ...nothingSeen, held: { 9: { at: now, set } } }
  const { verdict, commands } = turn({ setup: { ...setup, loops: [battery] }, seen: blind, memory }).loops[0]!
  expect(verdict).toMatchObject({ outcome: 'release', command: { chargeLimit: 5000, dischargeLimit: 5000 } })
  expect(commands.map(({ verb }) => verb)).toEqual(['setChargeLimit', 'setDischargeLimit'])
})

test('a second thermometer stands in while the first is silent', () => {
  const both = [[{ at: now - 3 * hour, value: 20 }], [{ at: now - minute, value: 19.5 }]]
  const { loops, memory } = turn({ seen: { ...seen, rooms: { 1: both } } })
  expect(loops[0]!.commands).toHaveLength(1)
  expect(memory.rooms[1]?.estimate?.air).toBe(19.5)
  expect(memory.notices).toEqual([])
})

test('while none of two thermometers speaks, the one that spoke last says for how long', () => {
  const moves = [{ at: now - 10 * hour, set: { temperature: 25 }, kind: 'command' as const }]
  const memory: HouseMemory = { ...noMemory, loops: { 7: { moves } } }
  const held = { 7: { at: now, set: { temperature: 25, on: true }, mode: 'heat' } }
  const silentFor = (minutes: number) => {
    const rooms = { 1: [[], [{ at: now - minutes * minute, value: 20 }]] }
    return turn({ seen: { ...seen, held, rooms }, memory }).loops[0]!
  }
  expect(silentFor(40).verdict.outcome).toBe('none')
  expect(silentFor(40).receipt.sentence).toContain('The reading is too old')
  expect(silentFor(91).verdict).toMatchObject({ outcome: 'release', command: { temperature: 22 } })
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

test('a command without an effect on the room is told of', () => {
  const told = { moves: [{ at: now - 90 * minute, set: { temperature: 24 }, kind: 'command' as const }] }
  const still = Array.from({ length: 20 }, (_, n) => ({ at: now - (100 - 5 * n) * minute, value: 20 }))
  const memory: HouseMemory = { ...noMemory, loops: { 7: told } }
  const shows = (temperature: number, power?: number): HouseSeen => ({
    ...seen,
    rooms: { 1: [still] },
    held: {
      7: { at: now - minute, set: { temperature, on: true }, mode: 'heat', ...(power !== undefined && { power }) },
    },
  })
  const noticed = (given: HouseSeen) => turn({ seen: given, memory }).memory.notices.map(({ sentence }) => sentence)
  expect(noticed(shows(24, 5))[0]).toMatch(/was set to 24 °C at 08:35 and has not become warmer/)
  expect(noticed(shows(24, 800))).toEqual([])
  expect(noticed(shows(20))[0]).toMatch(/still shows 20 °C/)
})

test('a thermometer that sticks is told of after half a day, and its loop without an effect for as long as that lasts', () => {
  let memory = noMemory
  const told: string[][] = []
  for (let n = 0; n <= 15 * 12; n++) {
    const at = now + n * 5 * minute
    const stuck = Array.from({ length: 36 }, (_, k) => ({ at: at - (1 + 5 * (36 - k)) * minute, value: 20.4 }))
    const held = { 7: { at: at - minute, set: { temperature: 22, on: true }, mode: 'heat', power: 10 } }
    const { memory: kept } = turn({
      seen: { ...seen, rooms: { 1: [stuck] }, held: n === 0 ? seen.held : held },
      memory,
      now: at,
    })
    memory = JSON.parse(JSON.stringify(kept))
    told.push(memory.notices.map(({ kind }) => kind))
  }
  expect(told[2 * 12]).toEqual(['no-effect'])
  expect(told[6 * 12]).toEqual(['no-effect'])
  expect(told.at(-1)).toEqual(['no-effect', 'same-reading'])
  expect(memory.notices[1]!.sentence).toContain('Stue has shown exactly 20.4 °C for 18 hours')
  const at = now + 16 * hour
  const moved = { ...seen, rooms: { 1: [[{ at: at - minute, value: 20.5 }]] } }
  expect(turn({ seen: moved, memory, now: at }).memory.notices.map(({ kind }) => kind)).not.toContain('same-reading')
})

test('a clock that went back, or memory that is nonsense, leaves a turn with a receipt', () => {
  const ahead = turn({ now: now + 2 * hour }).memory
  const back = turn({ memory: ahead })
  expect(back.loops[0]!.receipt.sentence).toContain('10:05')
  const broken = {
    loops: { 7: { moves: [], by: 'price-responsive-pi', control: { integral: null } } },
    rooms: {},
    notices: [],
  }
  const { loops } = turn({ setup: withLoop({ controller: 'price-responsive-pi' }), memory: broken })
  expect(loops[0]!.receipt.saw.wantedSetpoint).toEqual(expect.any(Number))
})

test.each(['schedule', 'price-responsive-pi', 'model-predictive'])(
  'a year ahead and back again: %s goes on as if nothing had been',
  (controller) => {
    const year = 365 * 24 * hour
    const own = withLoop({ controller })
    const at = (time: number, memory: HouseMemory) => {
      const rooms = { 1: [[{ at: time - minute, value: 20.4 }]] }
      const held = { 7: { ...seen.held[7]!, at: time - minute, since: time - 3 * hour } }
      return turn({ setup: own, seen: { ...seen, rooms, held, spot: [] }, memory, now: time })
    }
    let ahead = noMemory
    for (let n = 0; n < 5; n++) ahead = at(now + year + n * 5 * minute, ahead).memory
    const back = at(now, ahead)
    const told = ({ loops }: ReturnType<typeof at>) => Number(loops[0]!.commands[0]?.arguments.temperature)
    expect(Math.abs(told(back) - told(at(now, noMemory)))).toBeLessThanOrEqual(1)
    expect(back.memory.loops[7]!.moves.every((move) => move.at <= now)).toBe(true)
    expect(back.memory.notices.every(({ since }) => since <= now)).toBe(true)
    expect(isPlanDue(own, back.memory, now)).toBe(controller === 'model-predictive')
  },
)
