/** The twin of a real house: its own model as far as one was learnt, in the weather and at the prices that were logged. */
import type { HouseSetup, SpotEntry } from '@nabolag/control'
import { Problem } from '@nabolag/core'
import { readOutdoors, spotEntries } from '@nabolag/house-data'
import { makeTwin, type Twin, type WeatherPoint, weatherFrom } from '@nabolag/simulators/twin/index'
import type { TimeSeries } from '@nabolag/timeseries'

const day = 24 * 3_600_000
const minutes = 15

/** Makes twins of one house that all begin alike; what was logged is read once. */
export async function twinsOf(
  timeseries: TimeSeries,
  setup: HouseSetup,
  { from, to }: { readonly from: number; readonly to: number },
  seed: number,
  /** In place of what was logged; and whether forecasts say what will be. */
  own: {
    readonly spot?: readonly SpotEntry[]
    readonly weather?: readonly WeatherPoint[]
    readonly isPerfect?: boolean
  } = {},
): Promise<(setup: HouseSetup) => Twin> {
  const span = { from, to: to + 3 * day }
  const [outdoors, spot] = await Promise.all([
    readOutdoors(timeseries, setup, span, minutes),
    spotEntries(timeseries, setup.id, { from: from - 9 * day, to: span.to, area: setup.prices?.area }),
  ])
  const sun = new Map(outdoors.sun.map(({ time, value }) => [time, value]))
  const logged: WeatherPoint[] = outdoors.temperature.map(({ time, value }) => {
    const irradiance = sun.get(time)
    return { at: time + minutes * 30_000, temperature: value, ...(irradiance !== undefined && { irradiance }) }
  })
  const points = own.weather ?? logged
  const within = points.filter(({ at }) => at < to)
  if (within.length === 0)
    throw Problem(
      'bad-request',
      `House ${setup.id} has no weather logged in that time, which its twin would need. Choose another time, add the device “met”, give it some with --weather, or leave out --twin`,
    )
  if (setup.rooms.length === 0)
    throw Problem('bad-request', `House ${setup.id} has no rooms yet: make them on its page, under control`)
  const place = { latitude: setup.latitude ?? 63.43, longitude: setup.longitude ?? 10.4 }
  const outside = weatherFrom(points, place)
  const more = { spot: own.spot ?? spot, ...(own.isPerfect && { forecastError: 0 }) }
  return (other) => makeTwin({ setup: other, start: from, seed, outside, ...more })
}
