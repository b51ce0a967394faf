/** One issue of the forecast: when it was made, and its steps. */
import type { FieldValue } from '@nabolag/core'
import { round } from './noise.ts'
import { forecastAt, type Place, sunHeight, type Weather } from './weather.ts'

const hour = 3_600_000

/** The model runs every hour and is ready 10 to 19 minutes later, for all of a region at once. ms. */
export function issueBefore({ latitude }: Place, ms: number): number {
  const ready = (10 + (Math.abs(Math.floor(latitude)) % 10)) * 60_000 + 7000
  return Math.floor((ms - ready) / hour) * hour + ready
}

/** Hourly for 60 h, then every six hours for nine days in all; the first is the running hour. ms. */
export function stepTimes(ms: number): number[] {
  const first = Math.floor(ms / hour) * hour
  const hourly = Array.from({ length: 60 }, (_, n) => first + n * hour)
  const from = Math.ceil((first + 60 * hour) / (6 * hour)) * 6 * hour
  for (let n = hourly.at(-1)! + hour; n < from; n += hour) hourly.push(n)
  return [...hourly, ...Array.from({ length: 26 }, (_, n) => from + n * 6 * hour)]
}

/** Which steps still tell of the next hour. */
export const isHourly = (times: readonly number[], index: number): boolean => times[index + 1]! - times[index]! === hour

export function symbolOf(weather: Weather, place: Place, ms: number): string {
  const { precipitation, temperature, cloud } = weather
  if (precipitation >= 0.1) {
    const kind = temperature < 0 ? 'snow' : temperature < 1.5 ? 'sleet' : 'rain'
    return precipitation < 0.4 ? `light${kind}` : precipitation > 1.5 ? `heavy${kind}` : kind
  }
  if (cloud > 85) return 'cloudy'
  const sky = cloud > 40 ? 'partlycloudy' : cloud > 13 ? 'fair' : 'clearsky'
  return `${sky}_${sunHeight(place, ms) > -0.015 ? 'day' : 'night'}`
}

/** Magnus. °C and % to °C. */
export const dewPoint = (temperature: number, humidity: number): number => {
  const gamma = Math.log(Math.max(1, humidity) / 100) + (17.62 * temperature) / (243.12 + temperature)
  return round((243.12 * gamma) / (17.62 - gamma), 1)
}

/** The steps as the integration reads them; `ms` is when somebody asked. */
export function forecastSteps(
  seed: number,
  place: Place,
  issued: number,
  ms: number,
): { time: number; fields: Record<string, FieldValue> }[] {
  const times = stepTimes(ms)
  return times.map((time, index) => {
    const weather = forecastAt(seed, place, issued, time)
    return {
      time,
      fields: {
        temperature: weather.temperature,
        humidity: weather.humidity,
        cloudAreaFraction: weather.cloud,
        dewPointTemperature: dewPoint(weather.temperature, weather.humidity),
        airPressureAtSeaLevel: weather.pressure,
        windSpeed: weather.wind,
        windFromDirection: weather.windFrom,
        ...(isHourly(times, index)
          ? { precipitationAmount: weather.precipitation, symbolCode: symbolOf(weather, place, time) }
          : {}),
      },
    }
  })
}
