import type { Part, VendorAnswers, Wrapped } from '../answers.testing.ts'
import { failureAt } from './index.ts'

const issued = '2024-06-10T00:00:00.000Z'
const fetched: Part = (file: Wrapped) => ({ issued, forecasts: [{ answer: file.body }] })
const fetchedRoof: Part = (file: Wrapped) => ({ issued, forecasts: [{ site: 'aaaa-bbbb', answer: file.body }] })
const part =
  (name: string): Part =>
  (file: Record<string, Wrapped>) => ({ issued, forecasts: [{ answer: file[name]!.body }] })
const failing =
  (name: string): Part =>
  (file: Record<string, Wrapped>) => {
    throw failureAt(Date.parse(issued))(file[name]!)
  }

export const solcastAnswers: VendorAnswers = {
  rows: {
    'radiation_and_weather_forecast_200_computed_full_fields.json': [
      {
        as: 'solcast',
        answer: fetched,
        gives: 48,
        first: {
          time: '2024-06-10T00:00:00Z',
          issued,
          fields: { azimuth: -14, zenith: 96, globalHorizontalIrradiance: 0, temperature: 10, cloudOpacity: 0 },
        },
        last: { time: '2024-06-10T23:30:00Z' },
      },
    ],
    'radiation_and_weather_forecast_200_ghi_only.json': [
      {
        as: 'solcast',
        answer: fetched,
        gives: 48,
        first: { time: '2023-07-10T05:00:00Z', fields: { globalHorizontalIrradiance: 0, azimuth: undefined } },
      },
    ],
    'rooftop_site_forecasts_200.json': [
      {
        as: 'solcast',
        answer: fetchedRoof,
        gives: 47,
        first: { time: '2022-07-17T21:00:00Z', place: 'aaaa-bbbb', fields: { solarPower: 0, solarPower90: 0 } },
      },
    ],
    'world_radiation_forecasts_legacy_200.json': [
      {
        as: 'solcast',
        answer: fetched,
        gives: 1,
        first: {
          time: '2017-08-31T19:00:00Z',
          fields: { azimuth: -88, zenith: 103, temperature: 10, cloudOpacity: 3 },
        },
      },
    ],
    'radiation_and_weather_live_200.json': [{ as: 'solcast', answer: fetched, gives: 'changed' }],
    'rooftop_site_estimated_actuals_200.json': [{ as: 'solcast', answer: fetchedRoof, gives: 'changed' }],
    'radiation_and_weather_rows_from_tests.json': [
      { as: 'solcast', answer: part('live'), gives: 'changed' },
      { as: 'solcast', answer: part('all_weather_fields'), gives: 'changed' },
    ],
    'rooftop_sites_200.json': [{ as: 'solcast', answer: fetched, gives: 'changed' }],
    'user_usage_allowance_200.json': [{ as: 'solcast', answer: fetched, gives: 'changed' }],
    'errors_common.json': [
      { as: 'solcast', answer: failing('daily_limit_used_up'), gives: 'throttled' },
      { as: 'solcast', answer: failing('server_busy_empty_body'), gives: 'throttled' },
      { as: 'solcast', answer: failing('bad_key'), gives: 'refused' },
      { as: 'solcast', answer: failing('key_not_allowed'), gives: 'refused' },
      { as: 'solcast', answer: failing('unknown_key_404'), gives: 'refused' },
    ],
  },
  notCalled: {},
}
