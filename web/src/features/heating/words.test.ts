import { expect, test } from 'vitest'
import type { ControlState, Loop } from './api.ts'
import { factsOf, valuesOf } from './facts.ts'
import { describeSet, pausedUntil, standstill, unitOf, withoutClock } from './words.ts'

const now = Date.parse('2026-01-15T12:00:00Z')
const loop = { pausedUntil: null } as Loop
const state = (beats: readonly string[], loops = [loop]) =>
  ({ loops, controllers: beats.map((beat, id) => ({ id: String(id), beat })) }) as unknown as ControlState

test('a house that nobody controls is told so, and one that has nothing to control is not', () => {
  expect(standstill(state([]), now)).toMatch(/^No controller is running.*can start one\.$/)
  expect(standstill(state(['2026-01-15T09:00:00Z']), now)).toMatch(/heard of 3 h ago/)
  expect(standstill(state(['2026-01-15T09:00:00Z', '2026-01-15T11:59:00Z']), now)).toBeUndefined()
  expect(standstill(state([], []), now)).toBeUndefined()
})

test('a pause counts until it ends', () => {
  expect(pausedUntil({ pausedUntil: '2026-01-15T13:00:00Z' }, now)).toBe(now + 3_600_000)
  expect(pausedUntil({ pausedUntil: '2026-01-15T11:00:00Z' }, now)).toBeUndefined()
  expect(pausedUntil(loop, now)).toBeUndefined()
})

test('what was set is told in words with units', () =>
  expect(describeSet({ temperature: 21, fanLevel: 'auto', on: true, mode: null })).toBe(
    'Temperature 21 °C, Fans auto, On yes',
  ))

test('a unit that stands in the title is not said twice', () => {
  expect(unitOf({ title: 'Hysteresis (K)', unit: 'K' })).toBe('')
  expect(unitOf({ title: 'Hysteresis', unit: 'K' })).toBe('K')
})

test('a sentence whose time stands beside it begins with the room', () =>
  expect(withoutClock('07:05, stue at 21.0 °C: nothing changed.')).toBe('Stue at 21.0 °C: nothing changed.'))

test('what the form does not know of a house stays, and half a battery is none', () => {
  const before = {
    area: 120,
    battery: { capacity: 10, power: 5, wear: 0.1 },
    experiment: { from: '2026-01-01', to: '2026-02-01', seed: 1 },
  }
  expect(factsOf(before, valuesOf(before))).toEqual(before)
  expect(factsOf(before, { ...valuesOf(before), area: null, power: null, fuse: 14 })).toEqual({
    fuse: 14,
    experiment: before.experiment,
  })
})
