import type { VendorAnswers } from '../answers.testing.ts'
import { envelopeFailure } from './failures.ts'

const inCalls = 'No readings: run with the command it belongs to, in calls.test.ts'

export const sensiboAnswers: VendorAnswers = {
  rows: {
    // The AirQ steers a heat pump: it is both.
    'pods_fields_all_airq_skyplus.json': [
      {
        as: 'sensibo-sky',
        gives: 3,
        first: {
          time: '2023-10-19T04:00:16.572501Z',
          location: 'aula',
          place: 'AIRQ0001',
          fields: {
            temperature: 23,
            humidity: 34.8,
            targetTemperature: 22,
            mode: 'heat',
            fanLevel: 'medium_high',
            on: true,
          },
        },
        last: { time: '2023-10-19T03:59:47.326580Z', location: 'lab', fields: { temperature: 30.7, on: false } },
      },
    ],
    'pods_without_fields.json': [{ as: 'sensibo-sky', gives: 0 }],
    'users_me.json': [{ as: 'sensibo-sky', gives: 'changed' }],
    'measurements_success.json': [{ as: 'sensibo-sky', gives: 'changed' }],
    'acstates_get_success.json': [{ as: 'sensibo-sky', gives: 'changed' }],
    'historical_measurements_rewrapped.json': [{ as: 'sensibo-sky', gives: 'changed' }],
    'smartmode_get_rewrapped.json': [{ as: 'sensibo-sky', gives: 'changed' }],
  },
  failures: {
    // Left to the general rule: throttled.
    'error_429_rate_limit.json': undefined,
    'error_invalid_api_key.json': 'refused',
  },
  failureOf: envelopeFailure,
  notCalled: {
    'acstates_post_success.json': inCalls,
    'acstates_patch_target_temperature_constructed.json': inCalls,
    'schedules_v1_list_rewrapped.json': inCalls,
  },
}
