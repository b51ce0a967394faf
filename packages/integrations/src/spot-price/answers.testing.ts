import { VendorFailure } from '@nabolag/core'
import type { Part, VendorAnswers, Wrapped } from '../answers.testing.ts'
import type { HttpOptions } from '../define.ts'
import spotPrice from './index.ts'

/** What `fetch` puts together of a day of Nord Pool's. */
const nordPool =
  (area: string, currency = 'NOK'): Part =>
  (answer: { deliveryDateCET?: string }) => ({
    area,
    currency,
    nordPool: [{ date: answer.deliveryDateCET ?? '2025-01-01', answer }],
    hvaKosterStrommen: [],
  })

const hvaKosterStrommen =
  (date: string): Part =>
  (answer: unknown) => ({ area: 'NO1', currency: 'NOK', nordPool: [], hvaKosterStrommen: [{ date, answer }] })

/** What `fetch` makes of it when it is all that one of the two sources says, and the other fails. */
const asked =
  (source: 'nordpool' | 'hvakosterstrommen'): Part =>
  ({ status, body }: Wrapped) => {
    const get = async (path: string, { failureOf }: HttpOptions) => {
      if (path.startsWith('https:') !== (source === 'hvakosterstrommen'))
        return source === 'hvakosterstrommen' ? undefined : Promise.reject(new VendorFailure('unreachable', 'down'))
      const failure = failureOf?.({ status, body })
      if (failure) throw failure
      if (status >= 400) throw new VendorFailure('changed', `status ${status}`)
      return body ?? undefined
    }
    // Nothing of Sweden can be had elsewhere.
    const area = source === 'nordpool' ? 'SE3' : 'NO1'
    return 'fetch' in spotPrice
      ? spotPrice.fetch({ http: { get }, credentials: { area }, now: '2025-10-19T09:00:00Z' } as never)
      : undefined
  }

const indices = [
  'dayaheadpriceindices_2025-05-07_EUR_FI_15min.json',
  'dayaheadpriceindices_2025-05-07_EUR_FI_30min.json',
  'dayaheadpriceindices_2025-05-07_EUR_SE1-SE4_60min.json',
  'dayaheadpriceindices_2025-05-07_EUR_SYSTEM_60min.json',
]
const daily = 'means of past days, weeks and years, with plain dates: not prices that anybody can act upon'

export const nordpoolAnswers: VendorAnswers = {
  rows: {
    'dayaheadprices_2025-10-17_NOK_NO1-NO5_15min.json': [
      {
        as: 'spot-price',
        answer: nordPool('NO1'),
        gives: 96,
        first: {
          time: '2025-10-16T22:00:00Z',
          issued: '2025-10-16T11:22:40.6874249Z',
          tags: { area: 'NO1', currency: 'NOK', source: 'nordpool' },
          fields: { price: 0.72647, minutes: 15, preliminary: false },
        },
        last: { time: '2025-10-17T21:45:00Z' },
      },
      { as: 'spot-price', answer: nordPool('NO4'), gives: 96, first: { fields: { price: 0.01807 } } },
      { as: 'spot-price', answer: nordPool('SE1'), gives: 0 },
    ],
    'dayaheadprices_2024-09-22_NOK_DK1-NO3_60min.json': [
      { as: 'spot-price', answer: nordPool('NO3'), gives: 24, first: { fields: { minutes: 60 } } },
      { as: 'spot-price', answer: nordPool('DK1'), gives: 24, last: { tags: { area: 'DK1', currency: 'NOK' } } },
    ],
    'dayaheadprices_2024-11-05_EUR_SE3_60min.json': [
      {
        as: 'spot-price',
        answer: nordPool('SE3'),
        gives: 24,
        first: { time: '2024-11-04T23:00:00Z', tags: { currency: 'EUR' } },
      },
    ],
    'dayaheadprices_2023-03-26_NOK_NO1-NO5_60min_23_entries_rewrapped.json': [
      {
        as: 'spot-price',
        answer: nordPool('NO5'),
        gives: 23,
        first: { time: '2023-03-25T23:00:00Z' },
        last: { time: '2023-03-26T21:00:00Z' },
      },
    ],
    // Another call, of means over a resolution that is asked for: we read the prices themselves.
    ...Object.fromEntries(
      indices.map((file) => [file, [{ as: 'spot-price', answer: nordPool('FI'), gives: 'changed' }] as const]),
    ),
    'http_204_not_published.json': [{ as: 'spot-price', answer: asked('nordpool'), gives: 0 }],
    'http_400_problem_json.json': [{ as: 'spot-price', answer: asked('nordpool'), gives: 'changed' }],
    'hvakosterstrommen_2022-12-04_NO1.json': [
      {
        as: 'spot-price',
        answer: hvaKosterStrommen('2022-12-04'),
        gives: 24,
        first: {
          time: '2022-12-03T23:00:00.000Z',
          issued: '2022-12-03T11:45:00.000Z',
          tags: { source: 'hvakosterstrommen' },
          fields: { price: 2.36733, minutes: 60 },
        },
      },
    ],
    'hvakosterstrommen_2022-12-06_NO1.json': [
      {
        as: 'spot-price',
        answer: hvaKosterStrommen('2022-12-06'),
        gives: 24,
        last: { time: '2022-12-06T22:00:00.000Z' },
      },
    ],
    'hvakosterstrommen_404_not_published.json': [{ as: 'spot-price', answer: asked('hvakosterstrommen'), gives: 0 }],
  },
  notCalled: {
    'aggregateprices_2025_EUR_FI_daily_first40.json': daily,
    'aggregateprices_getannuals_EUR_FI.json': daily,
  },
}
