/** MET Norway's Locationforecast 2.0, simulated. */
import { type Faults, shownTime } from './faults.ts'
import { type ListenOptions, type Question, type Reply, type Simulator, startVendor, type Vendor } from './server.ts'
import { isoSeconds } from './world/local-time.ts'
import { dewPoint, isHourly, issueBefore, stepTimes, symbolOf } from './world/met-forecast.ts'
import { random, round, seedOf } from './world/noise.ts'
import { forecastAt, type Place } from './world/weather.ts'
import type { World } from './world/world.ts'

export const startMet = (world: World, options: ListenOptions = {}): Promise<Simulator> =>
  startVendor((faults) => makeMet(world, faults), options)

const text = (status: number, body: string): Reply => ({ status, body: `${body}\n` })
const forbidden: Reply = {
  status: 403,
  headers: { 'content-type': 'text/html' },
  body: '<html><body><h1>403 Forbidden</h1></body></html>',
}

function makeMet(world: World, faults: Faults): Vendor {
  return {
    account: ({ query }) => `${query.get('lat')},${query.get('lon')}`,
    accounts: world.houses.map(({ house: { name, latitude, longitude, altitude } }) => ({
      integration: 'met',
      credentials: { latitude, longitude, altitude },
      holds: name,
    })),
    refused: forbidden,
    throttled: {
      status: 429,
      headers: { 'content-type': 'text/html' },
      body: '<html><body><h1>429</h1></body></html>',
    },
    answer: (question) => answer(world, faults, question),
    spoil: (body, account) => (faults.strike('duplicate', account) ? repeatSteps(body as Forecast) : body),
  }
}

type Forecast = ReturnType<typeof forecast>
const repeatSteps = ({ properties, ...rest }: Forecast) => ({
  ...rest,
  properties: { ...properties, timeseries: properties.timeseries.flatMap((step) => [step, step]) },
})

function answer(world: World, faults: Faults, { method, path, query, headers }: Question): Reply {
  if (!headers['user-agent']?.trim()) return forbidden
  const product = /^\/weatherapi\/locationforecast\/2\.0\/(compact|complete)$/.exec(path)?.[1]
  if (!product || method !== 'GET') return text(404, 'Not found')
  const place: Record<string, number> = {}
  for (const [name, limit] of [
    ['lat', 90],
    ['lon', 180],
    ['altitude', 9000],
  ] as const) {
    const given = query.getAll(name)
    if (given.length > 1) return text(400, `Too many values for ${name}`)
    if (given.length === 0 || given[0] === '') {
      if (name === 'altitude') continue
      return text(400, `Missing value for ${name}`)
    }
    if (/\.\d{5,}/.test(given[0]!)) return forbidden
    const value = Number(given[0])
    const least = name === 'altitude' ? -500 : -limit
    if (!Number.isFinite(value)) return text(400, `Value for ${name} cannot be parsed as float`)
    if (value < least || value > limit) return text(400, `${name} must be in range ${least} to ${limit}`)
    place[name] = value
  }
  const where = { latitude: place.lat!, longitude: place.lon! }
  const late = faults.strike('late', `${query.get('lat')},${query.get('lon')}`)
  const real = world.now()
  const now = shownTime(faults, `${query.get('lat')},${query.get('lon')}`, real)
  const asked = late ? now - 1000 * (late.seconds ?? 600) : now
  const issued = issueBefore(where, asked)
  const key = seedOf(query.toString())
  // The answer changes with the model; it is asked to be left alone for 24 to 30 minutes.
  const modified = new Date(Math.min(now, issued + 1000 * (key % 60))).toUTCString()
  const expires = new Date(real + 1_440_000 + 360_000 * random(key, real)).toUTCString()
  const caching = { 'last-modified': modified, expires, 'access-control-allow-origin': '*' }
  if (headers['if-modified-since'] === modified) return { status: 304, headers: caching, body: undefined }
  return {
    status: 200,
    headers: caching,
    body: forecast(world.seed, where, place.altitude ?? 10, issued, asked, product === 'complete'),
  }
}

function forecast(seed: number, place: Place, altitude: number, issued: number, now: number, complete: boolean) {
  const times = stepTimes(now)
  const summary = (time: number) => ({ symbol_code: symbolOf(forecastAt(seed, place, issued, time), place, time) })
  const hoursFrom = (time: number, count: number) =>
    Array.from({ length: count }, (_, n) => forecastAt(seed, place, issued, time + n * 3_600_000))
  const chance = (time: number, hours: number) => {
    const dry = hoursFrom(time, hours).reduce((product, { precipitation }) => product * Math.exp(-2 * precipitation), 1)
    return { probability_of_precipitation: round(100 * (1 - 0.97 * dry), 1) }
  }
  const sixHours = (time: number) => {
    const hours = hoursFrom(time, 6)
    const temperatures = hours.map(({ temperature }) => temperature)
    return {
      precipitation_amount: round(
        hours.reduce((sum, { precipitation }) => sum + precipitation, 0),
        1,
      ),
      ...(complete
        ? {
            air_temperature_max: Math.max(...temperatures),
            air_temperature_min: Math.min(...temperatures),
            ...chance(time, 6),
          }
        : {}),
    }
  }
  return {
    type: 'Feature',
    geometry: { type: 'Point', coordinates: [place.longitude, place.latitude, altitude] },
    properties: {
      meta: {
        updated_at: isoSeconds(issued),
        units: {
          air_pressure_at_sea_level: 'hPa',
          air_temperature: 'celsius',
          cloud_area_fraction: '%',
          precipitation_amount: 'mm',
          relative_humidity: '%',
          wind_from_direction: 'degrees',
          wind_speed: 'm/s',
          ...(complete
            ? {
                air_temperature_max: 'celsius',
                air_temperature_min: 'celsius',
                dew_point_temperature: 'celsius',
                probability_of_precipitation: '%',
                wind_speed_of_gust: 'm/s',
              }
            : {}),
        },
      },
      timeseries: times.map((time, index) => {
        const weather = forecastAt(seed, place, issued, time)
        const last = index === times.length - 1
        return {
          time: isoSeconds(time),
          data: {
            instant: {
              details: {
                air_pressure_at_sea_level: weather.pressure,
                air_temperature: weather.temperature,
                cloud_area_fraction: weather.cloud,
                relative_humidity: weather.humidity,
                wind_from_direction: weather.windFrom,
                wind_speed: weather.wind,
                ...(complete
                  ? {
                      dew_point_temperature: dewPoint(weather.temperature, weather.humidity),
                      wind_speed_of_gust: round(weather.wind * 1.7, 1),
                    }
                  : {}),
              },
            },
            ...(last
              ? {}
              : { next_12_hours: { summary: summary(time), ...(complete ? { details: chance(time, 12) } : {}) } }),
            ...(isHourly(times, index)
              ? {
                  next_1_hours: {
                    summary: summary(time),
                    details: { precipitation_amount: weather.precipitation, ...(complete ? chance(time, 1) : {}) },
                  },
                }
              : {}),
            ...(last
              ? {}
              : {
                  next_6_hours: {
                    summary: summary(time),
                    details: sixHours(time),
                  },
                }),
          },
        }
      }),
    },
  }
}
