/** What a house has logged, as the question which thermometer follows which heat pump. */
import {
  type ActuatorSeries,
  type Contradiction,
  contradictions,
  type FollowData,
  type HouseSetup,
  type Place,
  type Proposal,
  proposeRooms,
  type Sensor,
  type SensorSeries,
} from '@nabolag/control'
import type { TimeSeries } from '@nabolag/timeseries'
import { fullest, readNumbers, type SeriesPoints } from './read-series.ts'

const minutes = 10
const day = 86_400_000

/** Groups whose field `temperature` is the air of a room. */
const sensorGroups = ['airSensor', 'heatPumpController', 'heater'] as const
/** Groups of what heats a room. */
const actuatorGroups = ['heatPumpController', 'heater'] as const

/** What people call a place of a device; the device's own name and the location when it says nothing. */
export type NameOf = (place: Place) => string | undefined

/** @param to ms; the days before it are read */
export async function followData(
  timeseries: TimeSeries,
  houseId: number,
  { to, days }: { readonly to: number; readonly days: number },
  nameOf: NameOf = () => undefined,
): Promise<FollowData> {
  const read = (group: string, field: string, aggregate: 'mean' | 'last' = 'mean') =>
    readNumbers(timeseries, {
      ...{ houseId, group, field, aggregate },
      ...{ from: to - days * day, to, every: minutes * 60 },
    })
  const [temperatures, targets, ons, powers, forecast] = await Promise.all([
    Promise.all(sensorGroups.map((group) => read(group, 'temperature'))),
    Promise.all(actuatorGroups.map((group) => read(group, 'targetTemperature', 'last'))),
    Promise.all(actuatorGroups.map((group) => read(group, 'on', 'last'))),
    Promise.all(actuatorGroups.map((group) => read(group, 'power'))),
    read('weatherForecast', 'temperature'),
  ])
  const air = temperatures.flat()
  const sensors = air
    .filter(({ points }) => points.length > 0)
    .map(
      (series): SensorSeries => ({
        sensor: { ...placeOf(series), group: series.group },
        ...named(nameOf(placeOf(series))),
        readings: series.points,
      }),
    )
  const actuators = placesOf([...targets.flat(), ...powers.flat()]).map((actuator): ActuatorSeries => {
    const of = (all: readonly (readonly SeriesPoints<number>[])[]) =>
      all.flat().find((series) => isAt(series, actuator))?.points
    return {
      ...{ actuator, ...named(nameOf(actuator)) },
      ...{ target: of(targets), on: of(ons), power: of(powers) },
      own: air.find((series) => series.group !== 'airSensor' && isAt(series, actuator))?.points,
    }
  })
  return { sensors, actuators, outdoor: fullest(forecast)?.points }
}

/** Which sensors and heat pumps belong together, by the data of the last days. */
export const proposalOf = async (
  timeseries: TimeSeries,
  houseId: number,
  range: { readonly to: number; readonly days: number },
  nameOf?: NameOf,
): Promise<Proposal> => proposeRooms(await followData(timeseries, houseId, range, nameOf))

/** Of the rooms as they are set up: sensors that the data say are elsewhere. */
export async function contradictionsOf(
  timeseries: TimeSeries,
  setup: Pick<HouseSetup, 'id' | 'rooms' | 'loops'>,
  range: { readonly to: number; readonly days: number },
  nameOf?: NameOf,
): Promise<(Contradiction & { readonly room: number })[]> {
  const mapping = setup.rooms.flatMap(({ id, sensors }) => {
    const loop = setup.loops.find(({ room }) => room === id)
    return loop ? sensors.map((sensor) => ({ room: id, sensor, actuator: loop.actuator as Place })) : []
  })
  if (mapping.length === 0) return []
  const found = contradictions(mapping, await followData(timeseries, setup.id, range, nameOf))
  const roomOf = ({ sensor }: { readonly sensor: Sensor }) => mapping.find((one) => one.sensor === sensor)!.room
  return found.map((one) => ({ ...one, room: roomOf(one) }))
}

const named = (name: string | undefined) => (name === undefined ? {} : { name })
const placeOf = ({ device, count, location }: Place): Place => ({ device, count, location })
const isAt = (series: Place, place: Place) =>
  series.device === place.device && series.count === place.count && series.location === place.location

const placesOf = (all: readonly SeriesPoints<number>[]): Place[] => [
  ...new Map(
    all.filter(({ points }) => points.length > 0).map((series) => [JSON.stringify(placeOf(series)), placeOf(series)]),
  ).values(),
]
