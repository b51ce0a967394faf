import { expect, test } from 'vitest'
import type { Newest } from '../../api.ts'
import type { Room } from '../rooms/api.ts'
import { glanceAt } from './glance.ts'

const value = (group: string, field: string, number: number, unit = '°C') =>
  ({ group, field, value: number, unit }) as Newest
const stove = value('airSensor', 'temperature', 55)
const room = (temperature: number) =>
  ({ sensors: [{ newest: { time: new Date().toISOString(), temperature } }] }) as unknown as Room

test('indoors is the rooms, else the heat pumps, and a stove’s thermometer only where there is nothing else', () => {
  const pump = value('heatPumpController', 'temperature', 20)
  expect(glanceAt([stove, pump], [room(21), room(19)])).toEqual([{ label: 'Indoors', value: 20, unit: '°C' }])
  expect(glanceAt([stove, pump], [])[0]?.value).toBe(20)
  expect(glanceAt([stove], [])[0]?.value).toBe(55)
})

test('a house without a meter draws what its inverter says', () => {
  expect(glanceAt([value('solarBatterySystem', 'powerConsumption', 900, 'W')], [])).toEqual([
    { label: 'Power', value: 900, unit: 'W' },
  ])
  expect(glanceAt([], [])).toEqual([])
})
