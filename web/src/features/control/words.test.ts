import { expect, test } from 'vitest'
import type { Newest } from '../../api.ts'
import type { Command } from './api.ts'
import { describeCommand, describeScale, dialsOf, moved, nearest, shownValue } from './words.ts'

const [target] = dialsOf('thermostat', { setTargetTemperature: { temperature: { values: [16, 18, 19, 30] } } })
const [heater] = dialsOf('heater', { setTargetTemperature: { temperature: { minimum: 5, maximum: 35, step: 0.5 } } })

test('every verb with one value has a control of its kind; a schedule has none', () => {
  const verbs = {
    setTargetTemperature: { temperature: { minimum: 16, maximum: 30, step: 1 } },
    setMode: { mode: { values: ['heat', 'cool'] } },
    setFanLevel: { fanLevel: {} },
    setOn: { on: {} },
    setFallback: {},
  }
  const dials = dialsOf('thermostat', verbs)
  expect(dials.map(({ verb, kind, unit }) => [verb, kind, unit])).toEqual([
    ['setTargetTemperature', 'number', '°C'],
    ['setMode', 'choice', ''],
    ['setFanLevel', 'text', ''],
    ['setOn', 'switch', ''],
  ])
})

test('a press goes one step, along a list where the vendor has one, and never beyond', () => {
  if (!target || !heater) throw new Error('no dials')
  expect([moved(target, 16, 1), moved(target, 17, 1), moved(target, 17, -1), moved(target, 30, 1)]).toEqual([
    18, 18, 16, 30,
  ])
  expect([moved(heater, 21, 1), moved(heater, 5, -1), moved(heater, 34.9, 1)]).toEqual([21.5, 5, 35])
  expect([nearest(target.bound, 24), nearest(heater.bound, 99)]).toEqual([19, 35])
  expect([describeScale(target), describeScale(heater)]).toEqual([
    '16 °C, 18 °C, 19 °C, 30 °C',
    '5 to 35 °C in steps of 0.5',
  ])
})

const at = (secondsAgo: number) => new Date(Date.now() - secondsAgo * 1000).toISOString()
const asked = (state: Command['state'], secondsAgo: number): Command => ({
  id: '1',
  name: 'mill-heater',
  count: 0,
  capability: 'heater',
  verb: 'setTargetTemperature',
  location: 'Stue',
  arguments: { temperature: 22, location: 'Stue' },
  state,
  reason: null,
  asked_by: 'kari',
  asked_over: 'api',
  created_at: at(secondsAgo),
  changed_at: at(secondsAgo),
})
const read = (secondsAgo: number): Newest => ({
  group: 'heater',
  field: 'targetTemperature',
  unit: '°C',
  device: 'mill-heater',
  count: 0,
  location: 'Stue',
  time: at(secondsAgo),
  value: 20,
})

test.each([
  { name: 'what is on its way', state: 'sent', ago: 10, readAgo: 60, shows: 22 },
  { name: 'what was confirmed before the reading came', state: 'confirmed', ago: 5, readAgo: 60, shows: 22 },
  { name: 'the reading, when it is newer', state: 'confirmed', ago: 20, readAgo: 1, shows: 20 },
  { name: 'the reading, when it was refused', state: 'refused', ago: 5, readAgo: 60, shows: 20 },
  { name: 'the reading, when nothing came of it for long', state: 'applied', ago: 3600, readAgo: 60, shows: 20 },
] as const)('a control shows $name', ({ state, ago, readAgo, shows }) => {
  if (!heater) throw new Error('no dial')
  expect(shownValue(heater, [asked(state, ago)], [read(readAgo)]).value).toBe(shows)
})

test('a command is said in words', () => {
  expect(describeCommand(asked('sent', 0))).toBe('Target temperature 22 °C')
  expect(describeCommand({ capability: 'heater', verb: 'setOn', arguments: { on: false } })).toBe('Switch off')
})
