import { body, type Part, type VendorAnswers, type Wrapped } from '../answers.testing.ts'

/** As `fetch` puts the answers of all installations together. */
const alone: Part = (file: Wrapped) => ({ answers: [file.body] })

const inCalls = 'No readings: run with the call it belongs to, in calls.test.ts'

export const verisureAnswers: VendorAnswers = {
  rows: {
    'graphql_climate.json': [
      {
        as: 'verisure-smoke-detector',
        answer: alone,
        gives: 2,
        first: {
          time: '2026-01-01T00:00:00.000Z',
          place: 'ABCD 1234',
          location: 'Hall',
          fields: { temperature: 22, humidity: 30 },
        },
        last: { place: 'BCDE 2345', location: 'Trapp', fields: { temperature: 22 } },
      },
      { as: 'verisure-smoke-detector', answer: body, gives: 'changed' },
    ],
    // Another question's answer: an installation without climates.
    'graphql_single_is_object.json': [{ as: 'verisure-smoke-detector', answer: alone, gives: 0 }],
    'legacy_overview_2016.json': [{ as: 'verisure-smoke-detector', gives: 'changed' }],
  },
  notCalled: {
    'auth_login_200.json': inCalls,
    'auth_mfa_dialogue.json': inCalls,
    'errors_common.json': 'Five answers in one file: what each means is tested in calls.test.ts',
    'graphql_batch_is_array.json': inCalls,
    'graphql_fetch_all_installations.json': inCalls,
  },
}
