import { expect, test } from 'vitest'
import { evenComfort } from '../comfort/wish.ts'
import { hour, minute, now, roomReads, seen, setup, turn, withLoop } from './one-room.testing.ts'
import { isPlanDue } from './plan-view.ts'
import { type HouseMemory, type HouseSeen, type LoopSetup, noMemory, nothingSeen } from './types.ts'

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
