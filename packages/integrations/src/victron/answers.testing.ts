import type { Part, VendorAnswers } from '../answers.testing.ts'
import type { Link } from '../define.ts'
import { listen } from './listen.ts'
import { brokerOf } from './topics.ts'

const credentials = { 'portal-id': 'c0ffee123456', email: 'user@example.com', 'access-token': 'abc' }
const at = (second: number) => new Date(Date.UTC(2024, 0, 1, 12, 0, second)).toISOString()

/** What the integration has gathered when all lines of a dump have come in, and a heartbeat half a minute later. */
const listened: Part = async (dump: string) => {
  const messages = dump
    .split('\n')
    .filter((line) => line.startsWith('N/'))
    .map((line) => line.split('\t'))
    .map(([topic = '', payload = '']) => ({ topic, payload }))
  const heartbeat = { topic: 'N/c0ffee123456/heartbeat', payload: '{"value":1}' }
  const link = {
    mqtt: async () => ({
      batches: (async function* () {
        yield { at: at(0), messages }
        yield { at: at(30), messages: [heartbeat] }
      })(),
      publish: async () => {},
      close: async () => {},
    }),
  } as unknown as Link
  let newest: unknown
  const keep = (answer: unknown) => {
    newest = answer
  }
  await listen({ link, credentials }, keep, new AbortController().signal)
  return newest
}

const brokers: Part = (file: readonly { readonly portalId: string; readonly mqtt_host: string }[]) => {
  for (const { portalId, mqtt_host: host } of file)
    if (brokerOf(portalId) !== `mqtts://${host}:8883`) throw new Error(`${portalId} is not at ${brokerOf(portalId)}`)
  return { at: at(0), values: {} }
}
const rest = 'VRM’s REST service: everything that is logged comes over the broker, sooner and without a quota'

export const victronAnswers: VendorAnswers = {
  rows: {
    'mqtt_full_publish_three_phase_ess.txt': [
      {
        as: 'victron',
        answer: listened,
        gives: 1,
        first: {
          time: at(30),
          fields: {
            batteryCharge: 99,
            batteryPower: -52,
            gridPower: 3390,
            powerConsumption: 4467,
            solarPower: 1100,
            batteryVoltage: 52.209999084472656,
            batteryCurrent: -1,
            gridSetpoint: -7100,
            chargeLimit: 1000,
            dischargeLimit: 1000,
            minimumCharge: 45,
          },
        },
      },
    ],
    'mqtt_no_ac_output_used.txt': [
      {
        as: 'victron',
        answer: listened,
        gives: 1,
        first: {
          fields: { gridPower: 3390, powerConsumption: 4367, solarPower: undefined, batteryCharge: undefined },
        },
      },
    ],
    'mqtt_keepalive_and_read_dialogue.txt': [
      { as: 'victron', answer: listened, gives: 1, first: { fields: { batteryPower: -61, gridPower: 1244 } } },
    ],
    'mqtt_control_writes.txt': [
      { as: 'victron', answer: listened, gives: 1, first: { fields: { gridSetpoint: 500, minimumCharge: 30 } } },
    ],
    'vrm_broker_host_vectors.json': [{ as: 'victron', answer: brokers, gives: 0 }],
    'vrm_users_me_200.json': [{ as: 'victron', gives: 'changed' }],
    'vrm_installations_200.json': [{ as: 'victron', gives: 'changed' }],
  },
  notCalled: {
    'mqtt_connack_failures.json': 'Codes of the protocol: the host makes `refused` of them for every vendor',
    'vrm_auth.json': rest,
    'vrm_errors.json': rest,
    'vrm_stats_custom_prices_200.json': rest,
    'vrm_stats_live_feed_200.json': rest,
    'vrm_system_overview_200.json': rest,
    'vrm_widget_battery_summary_200.json': rest,
    'vrm_widget_generator_state_200_empty.json': rest,
    'vrm_widget_graph_200.json': rest,
  },
}
