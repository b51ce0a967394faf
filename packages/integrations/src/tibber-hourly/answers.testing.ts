import { body, type Part, type VendorAnswers } from '../answers.testing.ts'
import { graphqlFailure } from '../graphql.ts'

const frame =
  (nth: number): Part =>
  (file: { frames: { frame: { type: string; payload?: { data?: unknown } } }[] }) =>
    file.frames.filter(({ frame }) => frame.type === 'next')[nth]?.frame.payload?.data

const prices = 'prices are not asked of Tibber: spot-price logs those of the exchange, for customers of every supplier'

export const tibberAnswers: VendorAnswers = {
  rows: {
    'gql_consumption_hourly_SE.json': [
      {
        as: 'tibber-hourly',
        gives: 200,
        first: {
          time: '2024-03-13T12:00:00.000+01:00',
          place: 'f2a876f3-e09e-4bba-af19-79b038893c3d',
          fields: { hourlyPower: 1883, hourlyConsumption: 1.883 },
        },
        last: { time: '2024-03-17T15:00:00.000+01:00', tags: { currency: 'SEK' }, fields: { hourlyCost: 1.772097075 } },
      },
    ],
    'gql_viewer_homes_priceinfo_hourly_SE3.json': [{ as: 'tibber-hourly', gives: 0 }],
    'gql_subscriptions_tomorrow_empty.json': [{ as: 'tibber-hourly', gives: 0 }],
    'gql_send_push_notification.json': [{ as: 'tibber-hourly', gives: 'changed' }],
    // The homes and the stream's address, as `tibber-realtime` asks for them; as hours it is a home without any.
    'gql_ws_url_and_features.json': [{ as: 'tibber-hourly', gives: 0 }],
    'ws_stream_normal.json': [
      {
        as: 'tibber-realtime',
        answer: frame(0),
        gives: 1,
        first: {
          time: '2022-06-16T16:43:20.000+02:00',
          fields: { power: 600, voltagePhase1: 238.9, accumulatedCost: 1.666866 },
        },
      },
      {
        as: 'tibber-realtime',
        answer: frame(1),
        gives: 1,
        first: { fields: { power: 612, currentL1: undefined, voltagePhase1: undefined } },
      },
      { as: 'tibber-realtime', answer: frame(2), gives: 1, first: { fields: { power: 598 } } },
    ],
    // Its query did not ask for the time; ours does.
    'ws_next_currents_null.json': [{ as: 'tibber-realtime', answer: frame(0), gives: 'changed' }],
    'http_200_unauthenticated.json': [{ as: 'tibber-hourly', answer: body, gives: 'changed' }],
  },
  failures: {
    'http_200_unauthenticated.json': 'refused',
    'http_400_unauthenticated_before_2025.json': 'refused',
    'http_400_syntax_error.json': 'changed',
    'http_429_rate_limit.json': 'throttled',
    // Left to the general rule: 502 is unreachable.
    'http_502_html.json': undefined,
  },
  failureOf: ({ body }) => graphqlFailure(body),
  notCalled: {
    'gql_price_info_range_quarter_hourly_NL.json': prices,
    'gql_price_rating_deprecated_first24.json': prices,
    'gql_priceinfo_quarter_hourly_NO1_constructed.json': prices,
    'ws_close_events.json': 'codes with which the stream is closed: named by the host, which holds the socket',
  },
}
