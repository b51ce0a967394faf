import { expect, test } from 'vitest'
import { evenComfort } from '../comfort/index.ts'
import type { Use } from '../prices/capacity.ts'
import { loadAhead } from './load-ahead.ts'
import { planViewOf } from './plan-view.ts'
import { type HouseSetup, noMemory, nothingSeen } from './types.ts'

const hour = 3_600_000
const now = Date.parse('2026-06-15T00:00:00Z')
const setup = { timezone: 'Europe/Oslo' }
const steps = Array<number>(24).fill(1)
const hours = (power: (hourOfDay: number) => number): Use[] =>
  Array.from({ length: 14 * 24 }, (_, n) => {
    const start = now - (14 * 24 - n) * hour
    return { start, end: start + hour, energy: power(new Date(start).getUTCHours()) }
  })
/** A roof that covers the house from eight to sixteen, so that its meter stands still then. */
const isSunny = (hourOfDay: number) => hourOfDay >= 8 && hourOfDay < 16
const solar = steps.map((_, k) => (isSunny(k) ? 3 : 0))
const weather = { outdoor: steps.map(() => 15), solar }

test('a house with a roof uses what it uses, and its meter draws the rest', () => {
  const load = hours(() => 1)
  const use = hours((hourOfDay) => (isSunny(hourOfDay) ? 0 : 1))
  const ahead = loadAhead(setup, { ...nothingSeen, use, load }, now, steps, weather)
  for (const kw of ahead.used) expect(kw).toBeCloseTo(1, 9)
  for (const [k, kw] of ahead.drawn.entries()) expect(kw).toBeCloseTo(isSunny(k) ? 0 : 1, 9)
  expect([ahead.learnt, ahead.isNet]).toEqual([true, false])
})

test('where only the meter is known, the roof is in what it drew, and is not taken off once more', () => {
  const use = hours((hourOfDay) => (isSunny(hourOfDay) ? 0.2 : 1))
  const { used, drawn, isNet } = loadAhead(setup, { ...nothingSeen, use }, now, steps, weather)
  expect(isNet).toBe(true)
  expect(drawn).toEqual(used)
  expect(drawn[12]).toBeCloseTo(0.2, 1)
})

test('with no past it goes on as now, by the inverter, the meter, or as usual', () => {
  const power = [{ at: now - 60_000, value: -500 }]
  const battery = { charge: { at: now, value: 50 }, load: { at: now, value: 1700 } }
  const of = (seen: object) => loadAhead(setup, { ...nothingSeen, ...seen }, now, steps, weather)
  expect(of({ power, battery })).toMatchObject({ used: steps.map(() => 1.7), learnt: false, isNet: false })
  // A meter that runs backwards says that nothing is drawn.
  expect(of({ power })).toMatchObject({ drawn: steps.map(() => 0), isNet: true })
  expect(of({ power: [{ at: now - 5 * hour, value: 4000 }] }).used[0]).toBe(0.5)
  expect(of({}).spread).toEqual(steps.map(() => 0))
})

test('a plan takes the roof off the load of the house, and not off what the meter drew', () => {
  const house: HouseSetup = {
    ...{ id: 1, name: 'One', ...setup, rooms: [], battery: { capacity: 10, power: 5 } },
    loops: [
      {
        ...{ id: 1, kind: 'battery', mode: 'control', controller: 'battery', settings: {}, limits: {} },
        actuator: { device: 'victron', count: 0, location: '', capability: 'battery' },
      },
    ],
  }
  const noon = now + 10 * hour
  const seen = {
    ...nothingSeen,
    use: hours((hourOfDay) => (isSunny(hourOfDay) ? 0 : 1)),
    weather: Array.from({ length: 60 }, (_, n) => ({ at: noon + n * hour, temperature: 15, solarPower: 3000 })),
    battery: { charge: { at: noon, value: 50 } },
  }
  const homeOf = (more: object) => planViewOf(house, { ...seen, ...more }, noMemory, noon)!.homes[0]!
  expect(new Set(homeOf({}).solar)).toEqual(new Set([0]))
  expect(homeOf({}).load![0]).toBeLessThan(0.3)
  const own = homeOf({ load: hours(() => 1) })
  expect(own.solar![0]).toBeCloseTo(3, 9)
  expect(own.load![0]).toBeCloseTo(1, 9)
})

test('a heat pump under a roof is planned with its sun also where there is no battery', () => {
  const actuator = { device: 'sensibo-sky', count: 0, location: '', capability: 'thermostat' as const }
  const house: HouseSetup = {
    ...{ id: 1, name: 'One', ...setup, prices: { area: 'NO1' } },
    rooms: [{ id: 1, name: 'Stue', comfort: evenComfort(21, 1), sensors: [] }],
    loops: [
      {
        ...{ id: 1, kind: 'heating', room: 1, mode: 'control', controller: 'model-predictive', actuator },
        ...{ settings: {}, limits: {} },
      },
    ],
  }
  const seen = {
    ...nothingSeen,
    rooms: { 1: [[{ at: now, value: 21 }]] },
    use: hours(() => 1),
    weather: Array.from({ length: 60 }, (_, n) => ({ at: now + n * hour, temperature: 5, solarPower: 3000 })),
  }
  const homeOf = (more: object) => planViewOf(house, { ...seen, ...more }, noMemory, now)!.homes[0]!
  expect(homeOf({ load: hours(() => 1) }).solar![0]).toBeCloseTo(3, 9)
  // What the meter drew is without it already.
  expect(homeOf({})).not.toHaveProperty('solar')
})
