/** What is forecast for the place of a house, put together from all that forecasts it. */
import type { Outlook } from '@nabolag/control'
import { microsFromMillis, type Place } from '@nabolag/core'
import type { Points, PointsPart, TimeSeries } from '@nabolag/timeseries'
import { clearSky, underClouds } from './sky.ts'

const hour = 3_600_000
const fields = {
  weatherForecast: ['temperature', 'humidity', 'cloudAreaFraction'],
  solarRadiation: ['globalHorizontalIrradiance', 'solarPower'],
} as const

export const weatherParts = (from: number, to: number): PointsPart[] =>
  Object.entries(fields).map(([group, names]) => ({
    ...{ group, fields: names },
    ...{ from: microsFromMillis(from), to: microsFromMillis(to) },
  }))

/**
 * The forecast of a house as its controls see it.
 *
 * @param span.asOf what was known at that time, ms; the newest issue when absent
 * @throws ProblemError as `TimeSeries.points`
 */
export async function readForecast(
  timeseries: TimeSeries,
  house: { readonly id: number; readonly latitude?: number; readonly longitude?: number },
  span: { readonly from: number; readonly to: number; readonly asOf?: number },
): Promise<Outlook[]> {
  const known = span.asOf === undefined ? undefined : microsFromMillis(span.asOf)
  return outlookOf(await timeseries.points(house.id, weatherParts(span.from, span.to), known), placeOf(house))
}

export const placeOf = ({ latitude, longitude }: { latitude?: number; longitude?: number }): Place | undefined =>
  latitude === undefined || longitude === undefined ? undefined : { latitude, longitude }

/**
 * One outlook for each time that anything is forecast for. The sunlight is as forecast, and where nobody forecasts it
 * that of a clear sky less the clouds; of several roofs the power is the sum.
 */
export function outlookOf(points: readonly Points[], place: Place | undefined): Outlook[] {
  const outlooks = new Map<number, Outlook>()
  const put = (at: number, more: Partial<Outlook>) => outlooks.set(at, { ...outlooks.get(at), ...more, at })
  const weather = longestOf(points, 'weatherForecast', 'temperature')
  if (weather) {
    const beside = (field: string) =>
      points.find(
        ({ group, device, count, location, field: name }) =>
          group === 'weatherForecast' &&
          name === field &&
          device === weather.device &&
          count === weather.count &&
          location === weather.location,
      )
    each(weather, (at, temperature) => put(at, { temperature }))
    each(beside('humidity'), (at, humidity) => put(at, { humidity }))
    each(beside('cloudAreaFraction'), (at, cloud) => put(at, { cloud }))
  }
  const sun = longestOf(points, 'solarRadiation', 'globalHorizontalIrradiance')
  const lastSun = sun?.times.at(-1) ?? Number.NEGATIVE_INFINITY
  const firstSun = sun?.times[0] ?? Number.POSITIVE_INFINITY
  if (place) {
    for (const { at, cloud } of [...outlooks.values()]) {
      const isForecast = at >= firstSun && at <= lastSun + hour
      if (!isForecast && cloud !== undefined) put(at, { irradiance: underClouds(clearSky(place, at), cloud) })
    }
  }
  each(sun, (at, irradiance) => put(at, { irradiance }))
  for (const roof of points.filter(({ group, field }) => group === 'solarRadiation' && field === 'solarPower')) {
    each(roof, (at, power) => put(at, { solarPower: (outlooks.get(at)?.solarPower ?? 0) + power }))
  }
  return [...outlooks.values()].toSorted((a, b) => a.at - b.at)
}

const longestOf = (points: readonly Points[], group: string, field: string): Points | undefined =>
  points
    .filter((one) => one.group === group && one.field === field)
    .toSorted((a, b) => b.times.length - a.times.length)[0]

function each(series: Points | undefined, use: (at: number, value: number) => void): void {
  series?.times.forEach((at, i) => {
    const value = series.values[i]
    if (typeof value === 'number' && Number.isFinite(value)) use(at, value)
  })
}
