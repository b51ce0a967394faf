/** A house of one room with a heat pump on a January morning, for the tests of turns. */
import { evenComfort } from '../comfort/wish.ts'
import type { SpotEntry } from '../prices/spot.ts'
import { turnOfHouse } from './turn.ts'
import { type HouseSeen, type HouseSetup, type LoopSetup, noMemory, nothingSeen } from './types.ts'

export const minute = 60_000
export const hour = 60 * minute
export const now = Date.parse('2026-01-20T09:05:00Z')

export const heating: LoopSetup = {
  ...{ id: 7, kind: 'heating', room: 1, mode: 'control', controller: 'schedule', settings: {}, limits: {} },
  actuator: {
    ...{ device: 'sensibo-sky', count: 0, location: 'Stue', capability: 'thermostat' },
    verbs: {
      setTargetTemperature: { temperature: { minimum: 16, maximum: 30, step: 1 } },
      setOn: {},
      setMode: { mode: { values: ['heat', 'cool'] } },
    },
  },
}
export const setup: HouseSetup = {
  ...{ id: 3, name: 'House 3', timezone: 'Europe/Oslo', prices: { area: 'NO3', gridCompany: 'tensio-ts' } },
  rooms: [{ id: 1, name: 'Stue', area: 50, comfort: evenComfort(22, 1), sensors: [] }],
  loops: [heating],
}
export const withLoop = (change: Partial<LoopSetup>): HouseSetup => ({ ...setup, loops: [{ ...heating, ...change }] })

/** Cheap nights and a dear evening; published until the next midnight. */
const spot: SpotEntry[] = Array.from({ length: 8 * 24 }, (_, n) => {
  const start = Date.parse('2026-01-13T23:00:00Z') + n * hour
  const clock = new Date(start + hour).getUTCHours()
  return { start, end: start + hour, price: clock >= 16 && clock < 20 ? 2 : clock < 6 ? 0.3 : 0.8 }
})
export const seen: HouseSeen = {
  ...nothingSeen,
  rooms: { 1: [[10, 5, 1].map((ago) => ({ at: now - ago * minute, value: 20.4 }))] },
  held: {
    7: { at: now - minute, since: now - 3 * hour, set: { temperature: 20, on: true }, mode: 'heat', power: 400 },
  },
  spot,
  weather: Array.from({ length: 72 }, (_, n) => ({ at: now - hour + n * hour, temperature: -4, irradiance: 0 })),
}
export const turn = (given: Partial<Parameters<typeof turnOfHouse>[0]>) =>
  turnOfHouse({ setup, seen, memory: noMemory, now, ...given })
export const roomReads = (value: number | null, ago = 1) => ({
  ...seen,
  rooms: { 1: [[{ at: now - ago * minute, value }]] },
})
