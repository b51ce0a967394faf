/** A house to try controls on, as a person described it. */
import { type HouseDescription, type HouseSetup, type LoopSetup, type RoomSetup, usualHouse } from '@nabolag/control'
import { type HouseParameters, heatLoss, usualHeatPump } from '@nabolag/control/thermal/index'
import type { SimulatedHouse } from './simulated-house.ts'
import type { TrueRoom, TwinGiven } from './types.ts'

type DescribedRoom = HouseDescription['rooms'][number]
type Said = Pick<DescribedRoom, 'loss' | 'capacity' | 'sun'>

export type DescribedHouse = Pick<SimulatedHouse, 'setup' | 'rooms' | 'roofs'> &
  Pick<TwinGiven, 'people' | 'outdoorSensor' | 'battery' | 'ventilation'>

/** The house with everything that has a power under control; what is not said of a room is as usual for its floor. */
export function describedHouse(described: HouseDescription): DescribedHouse {
  const { name, latitude, longitude, timezone = 'Europe/Oslo', built, prices, exportPrice, meter, battery } = described
  const { panels, ventilation, people, outdoorThermometer } = described
  const rooms = described.rooms.map((room, n) => roomSetup(room, n + 1, built))
  const truths = described.rooms.map((room): TrueRoom => {
    const { least, lagMinutes, lost, tellsPower } = room.heatPump ?? {}
    return {
      model: modelOf(room, room, built),
      manners: onlyKnown({ least, lagMinutes, lost, tellsPower }),
      ...(room.stove !== undefined && { stove: room.stove }),
    }
  })
  const setup: HouseSetup = {
    ...{ id: 1, name, latitude, longitude, timezone },
    area: described.rooms.reduce((sum, { area }) => sum + area, 0),
    ...onlyKnown({ built, prices, exportPrice, ...meter }),
    ...(battery && {
      battery: { capacity: battery.capacity, power: battery.power, ...onlyKnown({ wear: battery.wear }) },
    }),
    rooms,
    loops: [...described.rooms.map((room, n) => heatingLoop(room, n + 1)), ...houseLoops(described)],
  }
  return {
    ...{ setup, rooms: Object.fromEntries(truths.map((truth, n) => [n + 1, truth])) },
    ...(panels && {
      roofs: panels.map(({ peak, inverter = peak, tilt, faces }, n) => ({
        ...{ site: `${n + 1}`, name: `Panels ${n + 1}`, peak: 1000 * peak, inverter: 1000 * inverter, tilt },
        // Roofs count from north towards west.
        azimuth: faces > 180 ? 360 - faces : -faces,
      })),
    }),
    ...(battery?.efficiency !== undefined && { battery: { efficiency: battery.efficiency } }),
    ...(ventilation?.recovery !== undefined && { ventilation: { recovery: ventilation.recovery } }),
    ...onlyKnown({ people, outdoorSensor: outdoorThermometer }),
  }
}

/**
 * Two temperatures from one loss (W/K) and one capacity (kWh/K): a third of the loss straight from the air, a quarter of
 * the capacity in it, as houses usually have them; both add up to what was said.
 */
function modelOf({ area, model }: DescribedRoom, { loss, capacity, sun }: Said, built: number | undefined) {
  if (model) return model
  const usual = usualHouse({ area, ...(built !== undefined && { built }) })
  const whole = loss === undefined ? heatLoss(usual) : loss / 1000
  const held = capacity ?? usual.Ci + usual.Ce
  const through = 0.65 * whole
  const Hie = Math.max(usual.Hie, 3 * through)
  return {
    ...{ Ci: 0.25 * held, Ce: 0.75 * held, Hie, Hia: 0.35 * whole, Hea: 1 / (1 / through - 1 / Hie) },
    ...(sun === undefined ? { Aw: usual.Aw, Ae: usual.Ae } : { Aw: 0.6 * sun, Ae: 0.4 * sun }),
  } satisfies HouseParameters
}

function roomSetup(room: DescribedRoom, id: number, built: number | undefined): RoomSetup {
  const { name, area, comfort, heatPump, heaters, believed } = room
  const { loss, capacity, sun } = room
  const pump = heatPump && {
    c0: heatPump.cop ?? usualHeatPump.c0,
    c1: heatPump.copPerKelvin ?? usualHeatPump.c1,
    fading: heatPump.fading ?? usualHeatPump.fading,
    power: heatPump.power,
  }
  const mostAtSeven = pump && Math.min(6, Math.max(1, pump.c0 + 7 * pump.c1)) * pump.power
  return {
    ...{ id, name, area, comfort },
    sensors: [{ device: 'thermometer', count: id - 1, location: name, group: 'indoorClimate' }],
    heating: {
      ...(pump && { pump: { ...pump, capacity: heatPump?.capacity ?? mostAtSeven! } }),
      ...(heaters !== undefined && { resistance: heaters }),
    },
    // What the controls go by: the truth, unless they are to be wrong.
    model: believed
      ? modelOf({ ...room, model: undefined }, { loss, capacity, sun, ...believed }, built)
      : modelOf(room, room, built),
  }
}

const heatingLoop = ({ name, heatPump }: DescribedRoom, id: number): LoopSetup => ({
  ...{ id, kind: 'heating', room: id, mode: 'control', controller: 'schedule', settings: {}, limits: {} },
  actuator: {
    ...{ device: heatPump ? 'heat-pump' : 'heater', count: id - 1, location: name },
    capability: heatPump ? 'thermostat' : 'heater',
    verbs: { setTargetTemperature: { temperature: { minimum: 10, maximum: 30, step: 1 } }, setOn: {} },
  },
})

function houseLoops({ battery, ventilation, rooms }: HouseDescription): LoopSetup[] {
  const usual = { mode: 'control', settings: {}, limits: {} } as const
  const one = (id: number, kind: 'battery' | 'ventilation'): LoopSetup => ({
    ...{ id, kind, controller: kind, ...usual },
    actuator: { device: kind, count: 0, location: '', capability: kind },
  })
  return [
    ...(battery ? [one(rooms.length + 1, 'battery')] : []),
    ...(ventilation ? [one(rooms.length + 2, 'ventilation')] : []),
  ]
}

function onlyKnown<Fields extends object>(fields: Fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Fields]?: Exclude<Fields[Name], undefined>
  }
}
