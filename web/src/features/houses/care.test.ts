import { expect, test } from 'vitest'
import type { ControlState, Loop } from '../heating/api.ts'
import { careOf } from './care.ts'

const now = Date.parse('2026-01-15T12:00:00Z')
const loop = (mode: Loop['mode'], change: Partial<Loop> = {}) =>
  ({ kind: 'heating', controller: 'schedule', pausedUntil: null, ...change, mode }) as Loop
const care = (loops: readonly Loop[], beat = '2026-01-15T11:58:00Z') =>
  careOf(
    {
      loops,
      controllers: [{ id: 'a', beat }],
      choices: {
        heating: [{ name: 'schedule', label: 'Keep the temperatures I chose' }],
        battery: [{ name: 'battery', label: 'Store sun and cheap power' }],
      },
    } as unknown as ControlState,
    now,
  )

test('a house says whether it is controlled, and how', () => {
  const battery = loop('control', { kind: 'battery', controller: 'battery' })
  expect(care([loop('control'), loop('control'), battery, loop('observe')])).toMatchObject({
    word: 'Controlled',
    how: 'Keep the temperatures I chose; Store sun and cheap power',
  })
  expect(care([])).toMatchObject({ word: 'Not controlled' })
  expect(care([loop('observe')])).toMatchObject({ word: 'Observed' })
  expect(care([loop('observe'), loop('advise')])).toMatchObject({ word: 'Advised' })
})

test('a pause counts when nothing else goes on, and a controller that is gone always', () => {
  const paused = loop('control', { pausedUntil: '2026-01-15T13:00:00Z' })
  expect(care([paused])).toMatchObject({ word: 'Paused' })
  expect(care([paused, loop('control')])).toMatchObject({ word: 'Controlled' })
  expect(care([paused], '2026-01-15T10:00:00Z')).toMatchObject({ word: 'Nobody at work' })
})
