import { body, type Part, type VendorAnswers, type Wrapped } from '../answers.testing.ts'
import { exchangeOf } from '../replay.testing.ts'
import { failureOf } from './cloud.ts'

type Answer = Wrapped & { readonly body: { readonly data: Readonly<Record<string, unknown>> } }

/** A unit whose items are these, as `fetch` puts an account together. */
const asUnit = (items: unknown) => ({
  at: '2026-03-17T22:17:00.000Z',
  units: [{ identifier: 'IAM_0123456789AB', name: 'Unit 1', ids: {}, items }],
})
const read: Part = (file: Answer) => asUnit(file.body.data.GetDataItems)
/** What is written by others, such as clocks and codes of the panel, is never asked for. */
const exported: Part = (file: Answer) => {
  const { dataItems } = file.body.data.ExportDataItems as { dataItems: { id: number }[] }
  return asUnit(dataItems.filter(({ id }) => [28, 32, 38, 254].includes(id)))
}

const inCalls = 'No readings: run with the call it belongs to, in calls.test.ts'

export const systemairAnswers: VendorAnswers = {
  rows: {
    'remote_get_data_items_logging_set.json': [
      {
        as: 'systemair-vsr500',
        answer: read,
        gives: 1,
        first: {
          place: 'IAM_0123456789AB',
          location: 'Unit 1',
          fields: {
            extractAirTemperature: 22.1,
            supplyAirTemperature: 17.9,
            outdoorTemperature: 8.2,
            temperatureSetpoint: 19,
            humidity: 59,
            supplyAirFanRotation: 2340,
            extractAirFanRotation: 2100,
            mode: 'manual',
            fanLevel: 'normal',
            boostMinutes: 0,
            filterDays: 221.83,
          },
        },
      },
      { as: 'systemair-vsr500', answer: body, gives: 'changed' },
    ],
    'remote_export_data_items.json': [
      { as: 'systemair-vsr500', answer: exported, gives: 1, first: { fields: { temperatureSetpoint: 18 } } },
    ],
    'remote_get_view_home.json': [{ as: 'systemair-vsr500', answer: body, gives: 'changed' }],
  },
  failures: { 'error_device_offline.json': 'unreachable' },
  failureOf: (answer) => failureOf(exchangeOf(answer), 'GetDataItems'),
  notCalled: {
    'data_item_id_to_register_scan.json': 'No answer but a table: ours is held against it in calls.test.ts',
    'error_unauthorized.json': 'Four answers in one file: each is refused, in calls.test.ts',
    'gateway_get_account_devices.json': inCalls,
    'remote_get_active_alarms.json': 'The alarm classes are data items; the texts of alarms are not logged',
    'remote_get_device_status.json': 'It says less than the data items do, which are read anyway',
    'remote_get_unit_monitoring_output.json': 'Values without any name: nobody can say what they are',
    'remote_get_view_batch_errors.json': inCalls,
    'remote_get_view_minimal.json': inCalls,
    'remote_get_view_service_input.json': 'How the inputs of the unit are wired, which is not logged',
    'remote_write_data_items.json': inCalls,
    'sso_login_form.html.txt': inCalls,
    'sso_redirects.json': inCalls,
    'token_refresh_rotated.json': inCalls,
    'token_response.json': inCalls,
    'ws_device_status_update.json': 'The push stream lacks the fans and the extract air; the items are polled',
  },
}
