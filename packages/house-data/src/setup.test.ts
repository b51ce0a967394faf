import { evenComfort, priceResponsivePi, settingsOf } from '@nabolag/control'
import type { HouseControl, Loop, Room } from '@nabolag/store'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readSetup, setupOf } from './setup.ts'

const house = { id: 1, name: 'One', timezone: 'Europe/Oslo', latitude: 63.43, longitude: 10.4 }
const comfort = evenComfort(21, 1)
const room: Room = {
  ...{ id: 3, houseId: 1, name: 'Stue', area: 40, comfort, heating: { pump: { c0: 3 }, resistance: 1 }, loop: 5 },
  sensors: [{ device: 'mill-sense', count: 0, location: 'Stue', group: 'airSensor' }],
}
const loop: Loop = {
  ...{ id: 5, houseId: 1, kind: 'heating', room: 3, mode: 'advise', pausedUntil: undefined },
  actuator: { device: 'sensibo-sky', count: 0, location: 'Stue', capability: 'thermostat', verbs: undefined },
  controller: 'price-responsive-pi',
  settings: { 'price-responsive-pi': { priceGain: 1 }, schedule: {} },
  limits: { lowest: 16 },
}
const model = { Ci: 1, Ce: 5, Hie: 0.5, Hia: 0.05, Hea: 0.1, Aw: 2, Ae: 1 }
const accepted = {
  room: 3,
  madeAt: 0,
  outcome: 'accepted',
  because: 'It fits',
  model: { house: model, days: 30 },
} as const
const control: HouseControl = {
  facts: { area: 120, built: 1987, battery: { capacity: 10, power: 5 } },
  prices: { area: 'NO3', gridCompany: 'tensio-ts' },
  ...{ rooms: [room], loops: [loop], models: { 3: accepted } },
}

test('a house goes from the store to its controls whole, with the defaults of its controller', () => {
  const { setup, leftOut } = readSetup(house, control)
  expect(leftOut).toEqual([])
  expect(setup).toMatchObject({ ...house, area: 120, built: 1987, battery: { capacity: 10 }, prices: control.prices })
  expect(setup.rooms).toEqual([
    { id: 3, name: 'Stue', area: 40, comfort, heating: room.heating, sensors: room.sensors, model },
  ])
  expect(setup.loops[0]).toMatchObject({ id: 5, room: 3, mode: 'advise', limits: { lowest: 16 } })
  expect(setup.loops[0]!.settings).toEqual({ ...settingsOf(priceResponsivePi.settings, {}), priceGain: 1 })
})

test.each<[string, Partial<HouseControl>, RegExp]>([
  ['wishes', { rooms: [{ ...room, comfort: { weekday: [] } }] }, /Stue: its wishes .*weekend|Stue: its wishes/],
  ['a fact', { facts: { built: 'long ago', cap: 3 } }, /facts of the house: built/],
  ['price settings', { prices: { area: 'here' } }, /price settings: area/],
  ['a limit', { loops: [{ ...loop, limits: { lowest: -40, highest: 24 } }] }, /limits: lowest/],
  [
    'a setting',
    { loops: [{ ...loop, settings: { 'price-responsive-pi': { gamma: 7 } } }] },
    /gamma of price-responsive-pi/,
  ],
  ['a control', { loops: [{ ...loop, controller: 'magic' }] }, /no control magic; schedule takes its place/],
  ['a loop', { loops: [{ ...loop, room: 99 }] }, /heats no room/],
  ['a model', { models: { 3: { ...accepted, model: { house: { ...model, Ci: -1 } } } } }, /its model cannot be read/],
  ['what heats a room', { rooms: [{ ...room, heating: { pump: { c0: 99 }, resistance: 1 } }] }, /what heats it: pump/],
])('%s that does not fit is left out, and named', (_, change, named) => {
  const { setup, leftOut } = readSetup(house, { ...control, ...change })
  expect(leftOut).toHaveLength(1)
  expect(leftOut[0]).toMatch(named)
  expect(setup.rooms).toHaveLength(1)
})

test('a time zone that does not exist is UTC, and a refused model is none', () => {
  expect(setupOf({ ...house, timezone: 'Mars/Olympus' }, control).timezone).toBe('UTC')
  const refused = { ...control, models: { 3: { ...accepted, outcome: 'rejected' as const } } }
  expect(setupOf(house, refused).rooms[0]!.model).toBeUndefined()
})

test('whatever stands in the store, a setup comes out', () => {
  const json = fc.jsonValue() as fc.Arbitrary<never>
  fc.assert(
    fc.property(json, json, json, json, json, (a, b, c, d, e) => {
      const { setup } = readSetup(house, {
        ...{ facts: a, prices: b },
        rooms: [{ ...room, comfort: c, heating: d }],
        loops: [{ ...loop, settings: { 'price-responsive-pi': e }, limits: e }],
        models: { 3: { ...accepted, model: a } },
      })
      expect(setup.rooms[0]!.comfort.weekday).toHaveLength(24)
      expect(setup.loops[0]!.settings).toMatchObject({ gamma: expect.any(Number) })
    }),
    { numRuns: 300 },
  )
})
