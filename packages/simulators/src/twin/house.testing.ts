/** A house of one room or more for the tests of the twin: nothing about it is left to chance. */
import { evenComfort, type HouseSetup, type LoopSetup, type SpotEntry } from '@nabolag/control'
import type { HouseParameters } from '@nabolag/control/thermal/index'
import type { Outside } from './surroundings.ts'
import { makeTwin } from './twin.ts'
import type { TrueRoom, TwinGiven } from './types.ts'

export const hour = 3_600_000
export const minute = 60_000
export const start = Date.parse('2026-01-12T00:00:00Z')

/** 140 m², 150 W/K. */
export const model: HouseParameters = { Ci: 2.1, Ce: 6.3, Hie: 1, Hia: 0.06, Hea: 1 / (1 / 0.09 - 1), Aw: 4, Ae: 2 }

export const setupOf = (rooms = 1, more: Partial<HouseSetup> = {}, controller = 'schedule'): HouseSetup => ({
  ...{ id: 1, name: 'Test', timezone: 'Europe/Oslo', latitude: 63.43, longitude: 10.4, area: 140 * rooms },
  prices: { area: 'NO3', gridCompany: 'tensio-ts' },
  rooms: Array.from({ length: rooms }, (_, n) => ({
    ...{ id: n + 1, name: `Room ${n + 1}`, area: 140, comfort: evenComfort(21, 1), model },
    sensors: [{ device: 'sensibo-sky', count: 1, location: `Room ${n + 1}`, group: 'indoorClimateAirConditioning' }],
    heating: { pump: { capacity: 8 } },
  })),
  loops: Array.from(
    { length: rooms },
    (_, n): LoopSetup => ({
      ...{ id: n + 1, kind: 'heating', room: n + 1, mode: 'control', controller, settings: {}, limits: {} },
      actuator: { device: 'sensibo-sky', count: 1, location: `Room ${n + 1}`, capability: 'thermostat' },
    }),
  ),
  ...more,
})

export const dry: Outside = { temperature: -8, humidity: 60, cloud: 0, irradiance: 0 }

/** Cheap by night, dear by day. */
export const spotAround = (from: number, days: number): SpotEntry[] =>
  Array.from({ length: (days + 10) * 24 }, (_, n) => {
    const begin = Math.floor(from / hour) * hour + (n - 9 * 24) * hour
    return { start: begin, end: begin + hour, price: new Date(begin).getUTCHours() < 6 ? 0.4 : 1.1 }
  })

export const twinOf = (given: Partial<TwinGiven> & { readonly room?: TrueRoom } = {}) => {
  const { room, ...rest } = given
  return makeTwin({
    ...{ setup: setupOf(), start, outside: () => dry, spot: spotAround(given.start ?? start, 30) },
    ...(room && { rooms: { 1: room } }),
    ...rest,
  })
}
