// Weather forecast of MET Norway (Locationforecast 2.0). Quirks of the API: README.md beside this file.
import { celsius, percent, VendorFailure } from '@nabolag/core'
import { type Static, Type } from 'typebox'
import { defineIntegration, type Reading } from '../define.ts'
import { Maybe } from '../schema.ts'

const Credentials = Type.Object({
  latitude: Type.Number({ title: 'Latitude', description: 'Degrees north', minimum: -90, maximum: 90 }),
  longitude: Type.Number({ title: 'Longitude', description: 'Degrees east', minimum: -180, maximum: 180 }),
  altitude: Type.Optional(
    Type.Number({ title: 'Altitude', description: 'Metres above the sea', minimum: -500, maximum: 9000 }),
  ),
})

const Value = Maybe(Type.Number())

const Details = Type.Object({
  air_temperature: Value,
  relative_humidity: Value,
  cloud_area_fraction: Value,
  cloud_area_fraction_low: Value,
  cloud_area_fraction_medium: Value,
  cloud_area_fraction_high: Value,
  fog_area_fraction: Value,
  dew_point_temperature: Value,
  air_pressure_at_sea_level: Value,
  wind_speed: Value,
  wind_speed_of_gust: Value,
  wind_from_direction: Value,
  ultraviolet_index_clear_sky: Value,
  air_temperature_percentile_10: Value,
  air_temperature_percentile_90: Value,
  wind_speed_percentile_10: Value,
  wind_speed_percentile_90: Value,
})

/** What is said of the hours that begin at a step. Each length of time has fields of its own. */
const Period = Type.Object({
  summary: Maybe(Type.Object({ symbol_code: Maybe(Type.String()), symbol_confidence: Maybe(Type.String()) })),
  details: Maybe(
    Type.Object({
      precipitation_amount: Value,
      precipitation_amount_min: Value,
      precipitation_amount_max: Value,
      probability_of_precipitation: Value,
      probability_of_thunder: Value,
      air_temperature_min: Value,
      air_temperature_max: Value,
    }),
  ),
})

const Step = Type.Object({
  time: Type.String(),
  data: Type.Object({
    instant: Maybe(Type.Object({ details: Maybe(Details) })),
    next_1_hours: Maybe(Period),
    next_6_hours: Maybe(Period),
    next_12_hours: Maybe(Period),
  }),
})

const Status = Type.Object({
  properties: Type.Object({
    meta: Type.Object({ updated_at: Type.String() }),
    timeseries: Type.Array(Step),
  }),
})

export default defineIntegration({
  name: 'met',
  label: 'MET Norway weather forecast',
  vendor: 'met',
  group: 'weatherForecast',
  base: 'https://api.met.no/weatherapi/locationforecast/2.0',
  credentials: Credentials,
  status: Status,
  // The host never asks before `Expires` (about half an hour). Unchanged is not stale: the model runs every 1 to 6 h.
  sampling: { every: '30 min', staleAfter: '12 h' },
  limits: { callsTogether: { count: 15, per: '1 s' }, pause: '30 min' },

  fetch: ({ http, credentials: { latitude, longitude, altitude } }) =>
    http.get('/complete', {
      query: {
        lat: fourDecimals(latitude),
        lon: fourDecimals(longitude),
        altitude: altitude === undefined ? undefined : Math.round(altitude),
      },
      failureOf: nowhere,
    }),

  samples: ({ properties: { meta, timeseries } }) => {
    const steps = new Map(timeseries.map((step) => [step.time, step]))
    return [...steps.values()].flatMap((step) => readStep(step, meta.updated_at))
  },
})

/** There will be no forecast for this place tomorrow either, and MET wants not to be asked for it again and again. */
const nowhere = ({ status, body }: { readonly status: number; readonly body: unknown }): VendorFailure | undefined => {
  if (status !== 404 && status !== 422) return undefined
  const words = typeof body === 'string' && !/^\s*</.test(body) ? body.trim().slice(0, 80) : ''
  return new VendorFailure('refused', `MET has no forecast for this place${words && ` (${words})`}`)
}

/** Cut off, not rounded: what MET asks for, and 403 for more. Constant, so that neighbours share one answer. */
export const fourDecimals = (degrees: number): number => Number(/^-?\d+\.\d{4}/.exec(degrees.toFixed(8))?.[0]) || 0

function readStep({ time, data }: Static<typeof Step>, issued: string): Reading[] {
  const now = data.instant?.details
  const hour = data.next_1_hours?.details
  const sixHours = data.next_6_hours?.details
  const halfDay = data.next_12_hours
  const fields = {
    temperature: known(now?.air_temperature, celsius),
    humidity: known(now?.relative_humidity, percent),
    cloudAreaFraction: known(now?.cloud_area_fraction, percent),
    cloudAreaFractionLow: known(now?.cloud_area_fraction_low, percent),
    cloudAreaFractionMedium: known(now?.cloud_area_fraction_medium, percent),
    cloudAreaFractionHigh: known(now?.cloud_area_fraction_high, percent),
    fogAreaFraction: known(now?.fog_area_fraction, percent),
    dewPointTemperature: known(now?.dew_point_temperature, celsius),
    airPressureAtSeaLevel: known(now?.air_pressure_at_sea_level),
    windSpeed: known(now?.wind_speed),
    windSpeedOfGust: known(now?.wind_speed_of_gust),
    windFromDirection: known(now?.wind_from_direction),
    ultravioletIndexClearSky: known(now?.ultraviolet_index_clear_sky),
    temperaturePercentile10: known(now?.air_temperature_percentile_10, celsius),
    temperaturePercentile90: known(now?.air_temperature_percentile_90, celsius),
    windSpeedPercentile10: known(now?.wind_speed_percentile_10),
    windSpeedPercentile90: known(now?.wind_speed_percentile_90),
    precipitationAmount: known(hour?.precipitation_amount),
    precipitationAmountMin: known(hour?.precipitation_amount_min),
    precipitationAmountMax: known(hour?.precipitation_amount_max),
    probabilityOfPrecipitation: known(hour?.probability_of_precipitation, percent),
    probabilityOfThunder: known(hour?.probability_of_thunder, percent),
    symbolCode: data.next_1_hours?.summary?.symbol_code ?? undefined,
    precipitationAmount6Hours: known(sixHours?.precipitation_amount),
    precipitationAmountMin6Hours: known(sixHours?.precipitation_amount_min),
    precipitationAmountMax6Hours: known(sixHours?.precipitation_amount_max),
    probabilityOfPrecipitation6Hours: known(sixHours?.probability_of_precipitation, percent),
    temperatureMin6Hours: known(sixHours?.air_temperature_min, celsius),
    temperatureMax6Hours: known(sixHours?.air_temperature_max, celsius),
    symbolCode6Hours: data.next_6_hours?.summary?.symbol_code ?? undefined,
    probabilityOfPrecipitation12Hours: known(halfDay?.details?.probability_of_precipitation, percent),
    symbolCode12Hours: halfDay?.summary?.symbol_code ?? undefined,
    symbolConfidence12Hours: halfDay?.summary?.symbol_confidence ?? undefined,
  }
  return Object.values(fields).every((value) => value === undefined) ? [] : [{ time, issued, fields }]
}

const known = (value: number | null | undefined, unit: (value: number) => number = Number): number | undefined =>
  value === null || value === undefined ? undefined : unit(value)
