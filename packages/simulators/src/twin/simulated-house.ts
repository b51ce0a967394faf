/** A house to try controls on, out of nothing but a number: one of the simulated world's, with its weather and prices. */
import type { Comfort, HouseSetup, LoopSetup, PriceSettings, RoomSetup } from '@nabolag/control'
import { type DemoHouse, demoHouses, type Room } from '../world/houses.ts'
import type { Roof } from '../world/solar.ts'
import { worldSpot, worldWeather } from './surroundings.ts'
import { makeTwin } from './twin.ts'
import type { TrueRoom, Twin, TwinGiven } from './types.ts'

const day = 24 * 3_600_000

/** Day and night by the clock on the wall, at night less closely; at weekends the morning begins later. */
function comfortOf({ day: warm, night: cool }: Room): Comfort {
  const hours = (from: number) =>
    Array.from({ length: 24 }, (_, hour) =>
      hour >= from && hour < 22 ? { temperature: warm, deviation: 1 } : { temperature: cool, deviation: 2 },
    )
  return { weekday: hours(6), weekend: hours(8), exceptions: [] }
}

/** As a owner would have typed it in, but for the heat losses, which a fit would have to find. */
const roomSetup = (room: Room, id: number): RoomSetup => ({
  id,
  name: room.name,
  // The simulated rooms are made from their floor by this rule.
  area: Math.round(room.model.Ci / 0.016),
  comfort: comfortOf(room),
  sensors: [{ device: 'sensibo-sky', count: 1, location: room.name, group: 'indoorClimateAirConditioning' }],
  heating: { pump: room.pump },
  model: room.model,
})

const heatingLoop = (room: Room, id: number): LoopSetup => ({
  id,
  kind: 'heating',
  room: id,
  actuator: {
    ...{ device: 'sensibo-sky', count: 1, location: room.name, capability: 'thermostat' },
    verbs: {
      setTargetTemperature: { temperature: { minimum: 10, maximum: 30, step: 1 } },
      setOn: {},
      setMode: { mode: { values: ['heat', 'cool', 'auto', 'fan', 'dry'] } },
    },
  },
  mode: 'control',
  controller: 'schedule',
  settings: {},
  limits: {},
})

const prices: PriceSettings = {
  area: 'NO3',
  gridCompany: 'tensio-ts',
  markUp: [{ from: '2020-01-01', perKwh: 0.04 }],
}

/** The numbers that `simulatedHouse` takes. */
export const simulatedNumbers: readonly number[] = demoHouses.map(({ number }) => number)

export type SimulatedHouse = {
  readonly setup: HouseSetup
  readonly roofs?: readonly Roof[]
  readonly rooms: Readonly<Record<number, TrueRoom>>
}

/**
 * One of the simulated houses with every heat pump under control.
 *
 * @throws RangeError for a number that none has
 */
export function simulatedHouse(number: number): SimulatedHouse {
  const found = demoHouses.find((one) => one.number === number)
  if (!found) throw new RangeError(`There is no simulated house ${number}; there are ${simulatedNumbers.join(', ')}`)
  const { name, latitude, longitude, rooms, roofs, battery, stove } = found
  const setups = rooms.map((room, n) => roomSetup(room, n + 1))
  return {
    setup: {
      ...{ id: number, name, latitude, longitude, timezone: 'Europe/Oslo', prices },
      area: setups.reduce((sum, { area = 0 }) => sum + area, 0),
      ...(battery && { battery: { capacity: battery.capacity, power: battery.power / 1000, wear: 0.05 } }),
      rooms: setups,
      loops: [...rooms.map((room, n) => heatingLoop(room, n + 1)), ...otherLoops(found)],
    },
    ...(roofs && { roofs }),
    rooms: stove ? { [stove.room + 1]: { stove: stove.power } } : {},
  }
}

function otherLoops({ battery, rooms, devices }: DemoHouse): LoopSetup[] {
  const usual = { mode: 'control', settings: {}, limits: {} } as const
  const loops: LoopSetup[] = []
  if (battery) {
    const actuator = { device: 'victron', count: 1, location: '', capability: 'battery' } as const
    loops.push({ id: rooms.length + 1, kind: 'battery', controller: 'battery', actuator, ...usual })
  }
  if (devices.some(({ integration }) => integration === 'systemair-vsr500')) {
    const actuator = { device: 'systemair-vsr500', count: 1, location: '', capability: 'ventilation' } as const
    loops.push({ id: rooms.length + 2, kind: 'ventilation', controller: 'ventilation', actuator, ...usual })
  }
  return loops
}

/** Its twin, in the simulated world's weather and prices. */
export function simulatedTwin(
  number: number,
  given: {
    readonly from: number
    readonly to: number
    /** 2023 when absent, as the world's. */
    readonly seed?: number
  } & Partial<Pick<TwinGiven, 'setup' | 'rooms' | 'forecastError'>>,
): Twin {
  const { from, to, seed = 2023, rooms, ...rest } = given
  const house = simulatedHouse(number)
  const place = { latitude: house.setup.latitude!, longitude: house.setup.longitude! }
  return makeTwin({
    ...{ setup: house.setup, roofs: house.roofs, start: from, seed },
    outside: worldWeather(seed, place),
    spot: worldSpot(seed, from - 9 * day, to + 3 * day),
    rooms: rooms ?? house.rooms,
    ...rest,
  })
}
