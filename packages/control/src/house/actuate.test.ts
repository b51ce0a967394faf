import type { Actuator } from '@nabolag/core'
import { expect, test } from 'vitest'
import { guard } from '../safety/guard.ts'
import { limitsOf, setpointsOf } from './actuate.ts'
import type { LoopSetup } from './types.ts'

const now = Date.parse('2026-01-15T10:00:00Z')
const loopWith = (temperature: Actuator['verbs'][string][string], limits: LoopSetup['limits'] = {}): LoopSetup => ({
  ...{ id: 1, kind: 'heating', room: 1, mode: 'control', controller: 'schedule', settings: {}, limits },
  actuator: {
    ...{ device: 'sensibo-sky', count: 0, location: 'Stue', capability: 'thermostat' },
    verbs: { setTargetTemperature: { temperature }, setOn: {} },
  },
})
const sends = (loop: LoopSetup, temperature: number) =>
  guard(
    { temperature },
    { now, mode: 'control', readings: [{ at: now - 60_000, value: 20 }], held: { temperature: 20, on: true } },
    limitsOf(loop, 20),
    [],
  )

/** As Sensibo's remotes are described: the values they take, within what the capability allows. */
const named = { minimum: 5, maximum: 35, values: Array.from({ length: 15 }, (_, i) => 16 + i) }
/** 61 to 86 °F. */
const fahrenheit = { minimum: 5, maximum: 35, values: Array.from({ length: 26 }, (_, i) => ((61 + i - 32) * 5) / 9) }

test('a unit that names its values is set to the nearest of them, also where more or less is wanted', () => {
  expect(setpointsOf(loopWith(named))).toEqual({ lowest: 16, highest: 26, step: 1 })
  for (const [wanted, sent] of [
    [12, 16],
    [15.9, 16],
    [21.4, 21],
    [40, 26],
  ] as const)
    expect(sends(loopWith(named), wanted).command, `${wanted}`).toEqual({ temperature: sent })
  expect(sends(loopWith(named), 12).bound).toMatchObject([{ wanted: 12, got: 16 }])
  expect(sends(loopWith(named, { lowest: 18, highest: 22 }), 12).command).toEqual({ temperature: 18 })
  expect(sends(loopWith(named, { lowest: 18, highest: 22 }), 25).command).toEqual({ temperature: 22 })
})

test('a unit in Fahrenheit is set to values of its own', () => {
  for (const wanted of [10, 17, 21, 23, 30]) {
    const sent = sends(loopWith(fahrenheit), wanted).command?.temperature
    expect(fahrenheit.values, `${wanted}`).toContain(sent)
    expect(Math.abs(Number(sent) - Math.min(26, Math.max(fahrenheit.values[0]!, wanted)))).toBeLessThan(0.6)
  }
})

test('a unit with steps keeps to them', () => {
  const halves = { minimum: 10, maximum: 30, step: 0.5 }
  expect(setpointsOf(loopWith(halves))).toEqual({ lowest: 10, highest: 26, step: 0.5 })
  expect(sends(loopWith(halves), 21.3).command).toEqual({ temperature: 21.5 })
  expect(sends(loopWith(halves), 4).command).toEqual({ temperature: 10 })
})
