/** The days of a house as insights and savings want them: use, cost and temperatures together. */
import {
  type HeatedBy,
  type HouseDay,
  type HouseSetup,
  houseDays,
  type PricedUse,
  type PriceSettings,
  priceUse,
  type TimedValue,
  type Use,
  type UsualDay,
  usualHeatPump,
} from '@nabolag/control'
import type { TimeSeries } from '@nabolag/timeseries'
import { householdPrices } from './household-prices.ts'
import { type Outdoors, readOutdoors } from './outdoors.ts'
import { fullest, readNumbers } from './read-series.ts'
import type { Span } from './room-history.ts'
import { readUse } from './use.ts'

export type HousePast = {
  readonly use: readonly Use[]
  readonly priced: readonly PricedUse[]
  readonly outdoors: Outdoors
  /** Mean of the rooms, °C. */
  readonly indoor: readonly TimedValue[]
  readonly settings: PriceSettings
  readonly heatedBy: HeatedBy
  /** What was assumed, in sentences for the owner. */
  readonly notes: readonly string[]
  /** Its days, spread over the hours as usual. */
  days(usual?: UsualDay): HouseDay[]
}

const hour = 3_600_000

/** What a house drew, paid and felt. Hours whose price was never published are left out. @throws ProblemError as `TimeSeries.read` */
export async function readPast(timeseries: TimeSeries, setup: HouseSetup, asked: Span): Promise<HousePast> {
  const { timezone } = setup
  const use = await readUse(timeseries, setup, asked)
  // Before the meter was connected there is nothing to compare: the weather is that of the time since.
  const span = { from: Math.max(asked.from, Math.min(use[0]?.start ?? asked.from, asked.to - hour)), to: asked.to }
  const [outdoors, indoor, prices, heatedBy] = await Promise.all([
    readOutdoors(timeseries, setup, span, 60),
    readIndoor(timeseries, setup, span),
    householdPrices(timeseries, setup, { ...span, now: span.to, minutes: 60 }),
    readHeatedBy(timeseries, setup),
  ])
  const published = prices.intervals.filter(({ estimated }) => !estimated)
  const priced = priceUse(use, published)
  const sun = outdoors.sun.map(({ time, value }) => ({ time, value: value / 1000 }))
  const lack = [
    ...(use.length === 0 ? ['What the house draws is not logged: connect its meter'] : []),
    ...(published.length === 0 ? ['No spot prices are logged in these days: connect the integration spot-price'] : []),
  ]
  return {
    ...{ use, priced, outdoors, indoor, heatedBy },
    settings: prices.settings,
    notes: [...lack, ...prices.notes.filter((note) => !/filled in/.test(note))],
    days: (usual) =>
      houseDays({ priced, timezone, outdoor: outdoors.temperature, indoor, sun, ...(usual && { usual }) }),
  }
}

/**
 * The mean temperature of the rooms in each hour in which all of them were measured; of all thermometers where no room is
 * set up. A room that was not measured for half of the time does not count.
 */
export async function readIndoor(timeseries: TimeSeries, setup: HouseSetup, { from, to }: Span): Promise<TimedValue[]> {
  const read = (group: string) =>
    readNumbers(timeseries, { houseId: setup.id, group, field: 'temperature', from, to, every: 3600 })
  const all = (await Promise.all(['airSensor', 'heatPumpController', 'heater'].map(read))).flat()
  const rooms = setup.rooms.map(({ sensors, area }) => ({
    weight: area ?? 1,
    points: fullest(
      sensors.flatMap((sensor) =>
        all.filter(
          (one) =>
            one.group === sensor.group &&
            one.device === sensor.device &&
            one.count === sensor.count &&
            one.location === sensor.location,
        ),
      ),
    )?.points,
  }))
  // Areas count only where all of them are known.
  const weighted = setup.rooms.every(({ area }) => area !== undefined)
  const places = rooms.length > 0 ? rooms : all.map(({ points }) => ({ weight: 1, points }))
  const most = Math.max(0, ...places.map(({ points }) => points?.length ?? 0))
  const known = places.flatMap(({ points, weight }) =>
    points && points.length > most / 2 ? [{ points, weight: weighted ? weight : 1 }] : [],
  )
  const sums = new Map<number, { sum: number; weight: number; count: number }>()
  for (const { points, weight } of known)
    for (const { time, value } of points) {
      const before = sums.get(time) ?? { sum: 0, weight: 0, count: 0 }
      sums.set(time, { sum: before.sum + weight * value, weight: before.weight + weight, count: before.count + 1 })
    }
  return [...sums]
    .filter(([, { count }]) => count === known.length)
    .toSorted(([a], [b]) => a - b)
    .map(([time, { sum, weight }]) => ({ time: Math.floor(time / hour) * hour, value: sum / weight }))
}

/** A heat pump where one is under control or logged, as its owner describes it; electric heaters otherwise. */
async function readHeatedBy(timeseries: TimeSeries, { id, loops, rooms }: HouseSetup): Promise<HeatedBy> {
  const heating = loops.filter(({ kind }) => kind === 'heating')
  const pumps = heating.filter(({ actuator }) => actuator.capability !== 'heater')
  if (pumps.length === 0 && heating.length > 0) return 'resistance'
  if (pumps.length === 0 && (await timeseries.series({ houseId: id, group: 'heatPumpController' })).length === 0)
    return 'resistance'
  const described = rooms.find((room) => pumps.some((loop) => loop.room === room.id) && room.heating?.pump)
  return { ...usualHeatPump, ...described?.heating?.pump }
}
