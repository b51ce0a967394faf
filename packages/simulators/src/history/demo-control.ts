/** How the demo's houses are controlled: said once, for their past that is made up and for the system that goes on. */
import type { Comfort, HouseSetup, LoopSetup, PriceSettings, RoomSetup } from '@nabolag/control'
import type { DemoHouse, Room } from '../world/houses.ts'

/** As an owner types it in: day and night by the clock on the wall, less closely at night. */
function comfortOf({ day, night }: Room, deviation: number): Comfort {
  const hours = Array.from({ length: 24 }, (_, hour) =>
    hour >= 6 && hour < 22 ? { temperature: day, deviation } : { temperature: night, deviation: deviation + 1 },
  )
  return { weekday: hours, weekend: hours, exceptions: [] }
}

/** A plain spot contract: with the state's support a dear hour costs little more than a cheap one. */
export const demoPrices: PriceSettings = {
  area: 'NO3',
  gridCompany: 'tensio-ts',
  markUp: [{ from: '2020-01-01', perKwh: 0.04 }],
  support: [{ from: '2020-01-01', scheme: 'none' }],
}

const sensibo = 'sensibo-sky'

/** What its remote knows, as Sensibo's answer shows it. */
const thermostatVerbs = {
  setTargetTemperature: { temperature: { minimum: 16, maximum: 30, step: 1 } },
  setOn: {},
  setMode: { mode: { values: ['heat', 'cool', 'auto', 'fan', 'dry'] } },
}

/**
 * One of the demo's houses as control sees it: rooms numbered from 1 in the order of the house, each with its loop; the
 * battery's loop comes last. A house that nobody controls has no loops.
 */
export function demoSetup(house: DemoHouse): HouseSetup {
  const { number, name, latitude, longitude, battery, control } = house
  const rooms = house.rooms.map(
    (room, n): RoomSetup => ({
      id: n + 1,
      name: room.name,
      // The simulated rooms are made from their floor by this rule.
      area: Math.round(room.model.Ci / 0.016),
      comfort: comfortOf(room, control?.deviation ?? 1),
      sensors: [{ device: sensibo, count: 0, location: room.name, group: 'heatPumpController' }],
    }),
  )
  const usual = { mode: 'control', settings: control?.settings ?? {}, limits: {} } as const
  const loops = (control ? house.rooms : []).map(
    (room, n): LoopSetup => ({
      ...usual,
      ...{ id: n + 1, kind: 'heating', room: n + 1, controller: control!.controller },
      actuator: {
        ...{ device: sensibo, count: 0, location: room.name, capability: 'thermostat', verbs: thermostatVerbs },
      },
    }),
  )
  const storage: LoopSetup = {
    ...{ id: rooms.length + 1, kind: 'battery', mode: 'control', controller: 'battery', settings: {}, limits: {} },
    actuator: { device: 'victron', count: 0, location: '', capability: 'battery' },
  }
  return {
    ...{ id: number, name, latitude, longitude, timezone: 'Europe/Oslo', prices: demoPrices, built: 1990 },
    ...(battery && { battery: { capacity: battery.capacity, power: battery.power / 1000, wear: 0.05 } }),
    rooms,
    loops: control?.battery ? [...loops, storage] : loops,
  }
}
