import { ProblemError } from '@nabolag/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readRequestOf, resolutionOf } from './data-request.ts'

const now = Date.UTC(2023, 3, 21) * 1000
const air = { houseId: 3, group: 'airSensor' }
const ask = (question: object, scope = air) =>
  readRequestOf({ field: 'temperature', start: '2023-04-20T10:00', ...question }, scope, now)

describe('a resolution', () => {
  test.each([
    [60, 60],
    ['60', 60],
    ['5m', 300],
    ['5 min', 300],
    ['1.5h', 5400],
    ['PT5M', 300],
    ['P1DT12H', 129_600],
    ['P1W', 604_800],
    ['raw', 'raw'],
    ['auto', undefined],
    [undefined, undefined],
  ] as const)('%j is %j', (given, seconds) => {
    expect(resolutionOf(given)).toBe(seconds)
  })

  test.each([0, -1, 1e9, Number.NaN, '', 'P', 'PT', '5 apples', '1e400', '-5m'])('%j is refused', (given) => {
    expect(() => resolutionOf(given)).toThrow(ProblemError)
  })

  test('any text either is one or is refused as a bad request', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^P?T?[0-9.]{0,9}[a-zA-Z]{0,3}$/)), (text) => {
        try {
          const seconds = resolutionOf(text)
          expect(seconds === undefined || seconds === 'raw' || (seconds > 0 && Number.isFinite(seconds))).toBe(true)
        } catch (error) {
          expect((error as ProblemError).code).toBe('bad-request')
        }
      }),
    )
  })
})

describe('a range', () => {
  test('without a zone is UTC, and ends now when no end is given', () => {
    expect(ask({})).toMatchObject({ from: Date.UTC(2023, 3, 20, 10) * 1000, to: now })
  })
  test('of a forecast ends as far ahead as forecasts go when no end is given', () => {
    expect(ask({}, { houseId: 3, group: 'weatherForecast' }).to).toBe(now + 60 * 86_400_000_000)
  })
  test.each(['europe/oslo', 'EUROPE/OSLO', 'Europe/Oslo'])(
    'the zone %s is named as ClickHouse knows it',
    (timezone) => {
      expect(ask({ timezone }).timezone).toBe('Europe/Oslo')
    },
  )
  test.each([
    [{ end: '2023-04-20T10:00' }, '/end'],
    [{ end: 'tomorrow' }, '/end'],
    [{ start: '20 April' }, '/start'],
    [{ start: '1066-10-14' }, '/start'],
    [{ aggregate: 'max' }, '/aggregate'],
    [{ aggregate: 'max', resolution: 'raw' }, '/aggregate'],
    [{ timezone: 'Mars/Olympus' }, '/timezone'],
    [{ timezone: '+02:00' }, '/timezone'],
    [{ asOf: 'now' }, '/asOf'],
  ])('%j is refused at %s', (question, path) => {
    expect(() => ask(question)).toThrow(
      expect.objectContaining({ extra: { errors: [expect.objectContaining({ path })] } }),
    )
  })
})
