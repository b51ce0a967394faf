import type { Part, VendorAnswers } from '../answers.testing.ts'
import { millFailure } from '../mill.ts'

/** The parts of the answer as `fetch` puts them together. */
const inRooms: Part = (file) => ({ houses: [{ id: 'h', rooms: file, independent: { items: [] } }] })
const roomless: Part = (file) => ({ houses: [{ id: 'h', rooms: [], independent: file }] })

const retired = 'The open interface at api.millheat.com, which Mill left in 2023'
const inCalls = 'No readings: run with the call it belongs to, in calls.test.ts'

export const millAnswers: VendorAnswers = {
  rows: {
    'cloud_house_devices_panel_heater.json': [
      {
        as: 'mill-heater',
        answer: inRooms,
        gives: 1,
        first: {
          time: '2026-06-16T05:53:15.000Z',
          location: 'Test Room',
          place: '33333333-3333-4333-8333-333333333333',
          fields: {
            temperature: 22.01,
            humidity: undefined,
            targetTemperature: 22,
            power: 52,
            energyToday: 0,
            controlSignal: 8,
            on: true,
            openWindow: false,
          },
        },
      },
      { as: 'mill-sense', answer: inRooms, gives: 0 },
      { as: 'mill-heater', gives: 'changed' },
    ],
    'cloud_independent_devices_sense_constructed.json': [
      {
        as: 'mill-sense',
        answer: roomless,
        gives: 1,
        first: {
          time: '2026-06-16T05:52:41.000Z',
          location: 'Bedroom Sense',
          place: '66666666-6666-4666-8666-666666666666',
          fields: { temperature: 21.63, humidity: 44.18, tvoc: 112, eco2: 623, battery: 87 },
        },
      },
      { as: 'mill-heater', answer: roomless, gives: 0 },
    ],
    'cloud_independent_devices_empty.json': [
      { as: 'mill-sense', answer: roomless, gives: 0 },
      { as: 'mill-heater', answer: roomless, gives: 0 },
    ],
    'cloud_room_devices.json': [{ as: 'mill-sense', gives: 'changed' }],
    'cloud_customer_details_constructed.json': [{ as: 'mill-heater', gives: 'changed' }],
  },
  failures: {
    'cloud_error_invalid_auth_token.json': 'refused',
    'cloud_error_login.json': 'refused',
  },
  failureOf: millFailure,
  notCalled: {
    'cloud_sign_in_ok.json': inCalls,
    'cloud_houses.json': inCalls,
    'cloud_control_requests.json': inCalls,
    'cloud_statistics_hourly_request_and_response_constructed.json': 'History, which is not asked for',
    'cloud_statistics_sense_hourly_constructed.json': 'History, which is not asked for',
    'openapi_apply_access_token_constructed.json': retired,
    'openapi_apply_auth_code_constructed.json': retired,
    'openapi_device_control_constructed.json': retired,
    'openapi_error_access_key_constructed.json': retired,
    'openapi_select_devices_by_room_2020_constructed.json': retired,
    'openapi_select_home_list_constructed.json': retired,
    'openapi_select_rooms_2020_constructed.json': retired,
  },
}
