import { evenComfort, type HouseMemory, type HouseSetup, noMemory, nothingSeen, turnOfHouse } from '@nabolag/control'
import type { ClaimedHouse } from '@nabolag/store'
import { expect, test } from 'vitest'
import { newestOutcomes, rebuiltMemory, withoutLost } from './outcomes.ts'

const minute = 60_000
const now = Date.UTC(2026, 0, 15, 12)
const actuator = { device: 'many', count: 0, location: 'Stue', capability: 'thermostat' } as const
const setup: HouseSetup = {
  ...{ id: 1, name: 'A house', timezone: 'Europe/Oslo' },
  rooms: [{ id: 1, name: 'Stue', comfort: evenComfort(21, 1), sensors: [] }],
  loops: [
    { id: 7, kind: 'heating', room: 1, actuator, mode: 'control', controller: 'schedule', settings: {}, limits: {} },
  ],
}

type Sent = ClaimedHouse['commands'][number]
const command = (ago: number, verb: string, args: Sent['arguments'], state: Sent['state'], more = {}): Sent => ({
  ...{ id: `${ago}`, integration: 'many', count: 0, location: 'Stue', capability: 'thermostat' },
  ...{ verb, arguments: args, state, reason: undefined, createdAt: now - ago * minute, history: [] },
  ...more,
})
const warm = (ago: number, temperature: number, state: Sent['state'] = 'confirmed') =>
  command(ago, 'setTargetTemperature', { temperature, location: 'Stue' }, state)

const memory: HouseMemory = {
  ...noMemory,
  loops: {
    7: {
      moves: [
        { at: now - 40 * minute, set: { temperature: 20 }, kind: 'command' },
        { at: now - 20 * minute, set: { temperature: 22, on: true }, kind: 'command' },
      ],
      fallback: { at: now - 7 * 60 * minute, schedule: '[1]' },
    },
  },
}

test('what never arrived is forgotten, and its move stays for the limits', () => {
  for (const state of ['refused', 'failed', 'expired'] as const) {
    const { loops } = withoutLost(memory, setup, [warm(20, 22, state), warm(40, 20)], now)
    expect(loops[7]?.moves).toEqual([
      { at: now - 40 * minute, set: { temperature: 20 }, kind: 'command' },
      { at: now - 20 * minute, set: { on: true }, kind: 'command' },
    ])
  }
  const elsewhere = { ...warm(20, 22, 'failed'), location: 'Gang' }
  expect(withoutLost(memory, setup, [warm(20, 22, 'sent'), elsewhere], now)).toEqual(memory)
})

test('a vendor that was away for a night does not use up the changes of the day', () => {
  let kept = noMemory
  const commands: Sent[] = []
  const seen = { ...nothingSeen, held: { 7: { at: now, set: { temperature: 17, on: true }, mode: 'heat' } } }
  const turnAt = (at: number) => {
    const rooms = { 1: [[{ at: at - minute, value: 18 }]] }
    const held = { 7: { ...seen.held[7], at: at - minute } }
    const memory = withoutLost(kept, setup, commands, at)
    const turn = turnOfHouse({ setup, seen: { ...seen, rooms, held }, memory, now: at })
    kept = turn.memory
    for (const sent of turn.loops[0]!.commands)
      commands.unshift({ ...command(0, sent.verb, { ...sent.arguments }, 'failed'), createdAt: at })
    return turn.loops[0]!
  }
  for (let at = now; at < now + 9 * 60 * minute; at += 5 * minute) turnAt(at)
  expect(commands.length).toBeGreaterThan(36)
  expect(commands.length).toBeLessThanOrEqual(9 * 6)
  expect(turnAt(now + 9 * 60 * minute + 10 * minute).verdict).toMatchObject({
    ...{ outcome: 'command', command: { temperature: 21 } },
  })
})

test('a schedule that did not reach the vendor is told again, some hours later', () => {
  const told = (ago: number) => command(ago, 'setFallback', { schedule: [] }, 'failed')
  const left = (commands: Sent[], at = now) => withoutLost(memory, setup, commands, at).loops[7]?.fallback
  expect(left([told(7 * 60)])).toEqual({ at: 0, schedule: 'not known' })
  expect(left([told(7 * 60)], now - 2 * 60 * minute)).toEqual(memory.loops[7]?.fallback)
  expect(left([{ ...told(7 * 60), state: 'applied' }])).toEqual(memory.loops[7]?.fallback)
})

test('of each loop the newest command counts, and of several at once one that was lost', () => {
  const lost = { ...warm(5, 22, 'refused'), reason: 'too warm' }
  const beside = command(5, 'setFallback', { schedule: [] }, 'accepted')
  expect(newestOutcomes(setup, [beside, lost, warm(60, 19, 'failed')])).toEqual([
    { loop: 7, at: now - 5 * minute, state: 'refused', reason: 'too warm', lost: 'temperature' },
  ])
  expect(newestOutcomes(setup, [warm(5, 22), warm(60, 19, 'failed')])).toMatchObject([{ state: 'confirmed' }])
  expect(newestOutcomes(setup, [])).toEqual([])
})

test('a memory that was lost is found again in the commands, as far as limits need it', () => {
  const on = command(20, 'setOn', { on: true }, 'confirmed')
  const kept = command(30, 'setFallback', { schedule: [] }, 'confirmed')
  const { loops } = rebuiltMemory(setup, [on, warm(20, 22), kept, warm(40, 20), warm(60, 24, 'failed')])
  expect(loops[7]?.moves).toEqual([
    { at: now - 60 * minute, set: {}, kind: 'command' },
    { at: now - 40 * minute, set: { temperature: 20 }, kind: 'command' },
    { at: now - 20 * minute, set: { temperature: 22, on: true }, kind: 'command' },
  ])
})

test('a loop that is new, or was forgotten, counts what moved its actuator before', () => {
  const forgotten = { ...memory, loops: { 3: { moves: [] } } }
  expect(withoutLost(forgotten, setup, [warm(20, 22)], now).loops).toEqual({
    3: { moves: [] },
    7: { moves: [{ at: now - 20 * minute, set: { temperature: 22 }, kind: 'command' }] },
  })
  expect(withoutLost(forgotten, setup, [], now)).toEqual(forgotten)
})
