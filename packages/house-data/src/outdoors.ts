/** The weather at a house in the past, °C and W/m²: as measured there, else as forecast last before its time. */
import type { HouseSetup, TimedValue } from '@nabolag/control'
import { microsFromMillis } from '@nabolag/core'
import type { TimeSeries } from '@nabolag/timeseries'
import { fullest, readNumbers } from './read-series.ts'
import { clearSky, underClouds } from './sky.ts'
import { outlookOf, placeOf, weatherParts } from './weather.ts'

export type Outdoors = {
  readonly temperature: readonly TimedValue[]
  /** `measured` where most of it is; what was not is filled with the forecast. */
  readonly temperatureFrom: 'measured' | 'forecast' | 'nothing'
  /** W/m² on level ground. */
  readonly sun: readonly TimedValue[]
}

const hour = 3_600_000
/** Points further apart are a hole. */
const longestHole = 6.5 * hour

/**
 * On equal steps from `from` on; steps of which nothing is known are left out.
 *
 * @param span.to nothing later is read, and no forecast that was issued later
 * @param minutes length of a step
 */
export async function readOutdoors(
  timeseries: TimeSeries,
  setup: Pick<HouseSetup, 'id' | 'latitude' | 'longitude'>,
  { from, to }: { readonly from: number; readonly to: number },
  minutes: number,
): Promise<Outdoors> {
  const step = minutes * 60_000
  const place = placeOf(setup)
  const [measured, points] = await Promise.all([
    readNumbers(timeseries, {
      ...{ houseId: setup.id, group: 'ventilationControl', field: 'outdoorTemperature' },
      ...{ from, to, every: minutes * 60 },
    }),
    timeseries.points(setup.id, weatherParts(from - longestHole, to + longestHole), microsFromMillis(to)),
  ])
  // Without the place: the sunlight under clouds is made for each step below, not for each hour.
  const outlooks = outlookOf(points, undefined)
  const pick = (of: 'temperature' | 'cloud' | 'irradiance') =>
    outlooks.flatMap(({ at: time, [of]: value }) => (value === undefined ? [] : [{ time, value }]))
  const own = fullest(measured)?.points ?? []
  const isMeasured = own.length * step > (to - from) / 2
  const forecast = onSteps(pick('temperature'), from, to, step)
  const light = onSteps(pick('irradiance'), from, to, step)
  const clouds = onSteps(pick('cloud'), from, to, step)
  const lit = new Set(light.map(({ time }) => time))
  const guessed = place
    ? clouds
        .filter(({ time }) => !lit.has(time))
        .map(({ time, value }) => ({ time, value: underClouds(clearSky(place, time + step / 2), value) }))
    : []
  const read = new Set(own.map(({ time }) => time))
  const filled = [...own, ...forecast.filter(({ time }) => !read.has(time))].toSorted((a, b) => a.time - b.time)
  return {
    temperature: isMeasured ? filled : forecast,
    temperatureFrom: isMeasured ? 'measured' : forecast.length > 0 ? 'forecast' : 'nothing',
    sun: [...light, ...guessed].toSorted((a, b) => a.time - b.time),
  }
}

/** On the line between the points around the middle of each step; nothing in holes. */
export function onSteps(points: readonly TimedValue[], from: number, to: number, step: number): TimedValue[] {
  const values: TimedValue[] = []
  let next = 0
  for (let time = Math.ceil(from / step) * step; time < to; time += step) {
    const middle = time + step / 2
    while (next < points.length && points[next]!.time < middle) next++
    const [before, after] = [points[next - 1], points[next]]
    if (!before || !after || after.time - before.time > longestHole) continue
    const share = (middle - before.time) / (after.time - before.time)
    values.push({ time, value: before.value + (after.value - before.value) * share })
  }
  return values
}
