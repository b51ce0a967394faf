import { VendorFailure } from '@nabolag/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HttpOptions } from '../define.ts'
import { addDays, boundsOf, dateOf, momentOf, offsetAt } from './delivery-day.ts'
import { periodsOf } from './hvakosterstrommen.ts'
import spotPrice, { currencyOf, nextLook } from './index.ts'

const oslo = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Europe/Oslo',
  dateStyle: 'short',
  timeStyle: 'medium',
})
const hour = 3_600_000
const moments = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2049, 11, 31) })
/** Around both changes of the clocks. */
const changes = fc
  .record({
    year: fc.integer({ min: 2000, max: 2049 }),
    month: fc.constantFrom(2, 9),
    off: fc.integer({ min: -48, max: 48 }),
  })
  .map(({ year, month, off }) => Date.UTC(year, month, 28) + off * 1.7 * hour)

describe('delivery days, against the time zone table', () => {
  test('offset, date and clock of any moment', () => {
    fc.assert(
      fc.property(fc.oneof(moments, changes), (ms) => {
        const local = new Date(ms + offsetAt(ms)).toISOString().slice(0, 19).replace('T', ' ')
        expect(local).toBe(oslo.format(ms))
        expect(dateOf(ms)).toBe(oslo.format(ms).slice(0, 10))
      }),
      { numRuns: 2000 },
    )
  })

  test('a day begins and ends at midnight, has 23 to 25 hours and follows the one before', () => {
    fc.assert(
      fc.property(fc.oneof(moments, changes), fc.integer({ min: 0, max: 1439 }), (ms, clock) => {
        const date = dateOf(ms)
        const [from, to] = boundsOf(date)
        expect(oslo.format(from)).toBe(`${date} 00:00:00`)
        expect(oslo.format(to)).toBe(`${addDays(date, 1)} 00:00:00`)
        expect([23, 24, 25]).toContain((to - from) / hour)
        expect(ms >= from && ms < to).toBe(true)
        expect(boundsOf(addDays(date, 1))[0]).toBe(to)
        // An hour that clocks skip has no moment.
        const skipped = to - from === 23 * hour && clock >= 120 && clock < 180
        const text = `${String(Math.floor(clock / 60)).padStart(2, '0')}:${String(clock % 60).padStart(2, '0')}:00`
        if (!skipped) expect(oslo.format(momentOf(date, clock))).toBe(`${date} ${text}`)
      }),
      { numRuns: 2000 },
    )
  })

  test('rows that fit a day fill it without a gap', () => {
    fc.assert(
      fc.property(fc.oneof(moments, changes), fc.constantFrom(15, 30, 60), (ms, minutes) => {
        const date = dateOf(ms)
        const [from, to] = boundsOf(date)
        const rows = Array.from({ length: (to - from) / 60_000 / minutes }, () => ({ NOK_per_kWh: 1 }))
        const periods = periodsOf(rows, date)
        expect(periods.length).toBe(rows.length)
        expect(periods[0]!.from).toBe(from)
        expect(periods).toEqual(rows.map((_, nth) => ({ from: from + nth * minutes * 60_000, minutes })))
      }),
    )
  })
})

describe('when it looks next', () => {
  const prices = (area: string, state = 'Final') => ({
    multiAreaEntries: [{ deliveryStart: '2026-06-09T22:00:00Z', entryPerArea: { [area]: 1 } }],
    areaStates: [{ state, areas: [area] }],
  })
  const status = (days: Record<string, string>, hks: readonly string[] = []) => ({
    area: 'NO3',
    currency: 'NOK',
    nordPool: Object.entries(days).map(([date, state]) => ({
      date,
      answer: state === 'empty' ? prices('NO1') : prices('NO3', state),
    })),
    hvaKosterStrommen: hks.map((date) => ({ date, answer: [{ NOK_per_kWh: 1 }] })),
  })
  const today = '2026-06-10'
  const tomorrow = '2026-06-11'
  test.each([
    ['in the morning', '08:00:30', status({ [today]: 'Final' }), '10:55', '11:05'],
    ['at 12:50 local', '10:50:00', status({ [today]: 'Final' }), '10:55', '11:05'],
    ['while tomorrow is missing', '11:00:30', status({ [today]: 'Final' }), '11:06', '11:09'],
    ['when tomorrow lacks the area', '11:00:30', status({ [today]: 'Final', [tomorrow]: 'empty' }), '11:06', '11:09'],
    [
      'while tomorrow is preliminary',
      '11:10:30',
      status({ [today]: 'Final', [tomorrow]: 'Preliminary' }),
      '11:25',
      '11:36',
    ],
    ['when tomorrow is final', '11:30:30', status({ [today]: 'Final', [tomorrow]: 'Final' }), '22:06', '22:27'],
    ['when tomorrow came from elsewhere', '13:30:30', status({ [today]: 'Final' }, [tomorrow]), '22:06', '22:27'],
    ['late in the evening', '19:00:30', status({ [today]: 'Final' }), '19:30', '19:41'],
    ['late, still preliminary', '19:00:30', status({ [today]: 'Final', [tomorrow]: 'Preliminary' }), '22:06', '22:27'],
    ['without today', '05:00:30', status({}), '05:06', '05:09'],
    ['before anything came', '05:00:30', undefined, '05:06', '05:09'],
  ])('%s (%s UTC)', (_, time, known, least, most) => {
    const next = nextLook(Date.parse(`${today}T${time}Z`), known as never).slice(11, 16)
    expect(next >= least && next <= most, next).toBe(true)
  })

  test('it is always later than now, by two days at most', () => {
    fc.assert(
      fc.property(moments, fc.boolean(), fc.boolean(), (now, first, second) => {
        const date = dateOf(now)
        const known = status({ ...(first && { [date]: 'Final' }), ...(second && { [addDays(date, 1)]: 'Final' }) })
        const next = Date.parse(nextLook(now, known as never))
        expect(next).toBeGreaterThan(now)
        expect(next - now).toBeLessThan(48 * hour)
      }),
    )
  })
})

describe('what it asks', () => {
  const answers = (of: (path: string, options: HttpOptions) => unknown) => {
    const asked: string[] = []
    const get = async (path: string, options: HttpOptions = {}) => {
      asked.push(`${path} ${options.query?.date ?? ''} ${options.share}`.replace(/.*\/(?=\d{4}\/)/, ''))
      return of(path, options)
    }
    const fetch = (credentials: object, now: string) =>
      'fetch' in spotPrice && spotPrice.fetch({ http: { get }, credentials, now } as never)
    return { asked, fetch }
  }
  const full = { multiAreaEntries: [{ deliveryStart: '2026-06-09T22:00:00Z', entryPerArea: { NO3: 1, SE3: 1 } }] }

  test('the delivery day is that of Central Europe, not of UTC', async () => {
    const { asked, fetch } = answers(() => full)
    await fetch({ area: 'NO3' }, '2026-06-09T22:10:00Z')
    expect(asked).toEqual(['/DayAheadPrices 2026-06-10 3 h'])
  })

  test('an old answer does for today, not for tomorrow', async () => {
    const { asked, fetch } = answers(() => full)
    await fetch({ area: 'NO3' }, '2026-06-10T11:00:00Z')
    expect(asked).toEqual(['/DayAheadPrices 2026-06-10 3 h', '/DayAheadPrices 2026-06-11 6 min'])
  })

  test('today that was not there is asked for anew, then elsewhere; tomorrow elsewhere from 15:00 on', async () => {
    const { asked, fetch } = answers((path) => (path.startsWith('https') ? [{ NOK_per_kWh: 1 }] : undefined))
    expect(await fetch({ area: 'NO3' }, '2026-06-10T12:59:00Z')).toMatchObject({
      nordPool: [],
      hvaKosterStrommen: [{ date: '2026-06-10' }],
    })
    expect(asked.sort()).toEqual([
      '/DayAheadPrices 2026-06-10 3 h',
      '/DayAheadPrices 2026-06-10 6 min',
      '/DayAheadPrices 2026-06-11 6 min',
      '2026/06-10_NO3.json  6 min',
    ])
    expect(await fetch({ area: 'NO3' }, '2026-06-10T13:01:00Z')).toMatchObject({
      hvaKosterStrommen: [{ date: '2026-06-10' }, { date: '2026-06-11' }],
    })
  })

  test('when both fail, the failure told is that of Nord Pool', async () => {
    const { fetch } = answers((path) => {
      throw new VendorFailure(path.startsWith('https') ? 'unreachable' : 'refused', path)
    })
    await expect(fetch({ area: 'NO3' }, '2026-06-10T09:00:00Z')).rejects.toMatchObject({ kind: 'refused' })
  })

  test.each([
    ['refused', 'gives today alone'],
    ['unreachable', 'gives today alone'],
    ['changed', 'gives today alone'],
    ['throttled', 'is thrown'],
  ] as const)('tomorrow that is %s by Nord Pool and not out elsewhere %s', async (kind, outcome) => {
    const { fetch } = answers((path, { query, failureOf } = {}) => {
      if (query?.date === '2026-06-11') throw new VendorFailure(kind, 'no')
      if (!path.startsWith('https')) return full
      throw failureOf?.({ status: 404, body: '<html>' }) ?? new Error('not asked')
    })
    const fetched = fetch({ area: 'NO3' }, '2026-06-10T11:05:00Z')
    if (outcome === 'is thrown') return expect(fetched).rejects.toMatchObject({ kind })
    await expect(fetched).resolves.toMatchObject({ nordPool: [{ date: '2026-06-10' }], hvaKosterStrommen: [] })
  })

  test('where Nord Pool refuses, today comes from elsewhere although tomorrow is not out there', async () => {
    const { fetch } = answers((path, { failureOf } = {}) => {
      if (!path.startsWith('https')) throw new VendorFailure('refused', '403')
      if (path.includes('06-10')) return [{ NOK_per_kWh: 1 }]
      throw failureOf?.({ status: 404, body: '<html>' }) ?? new Error('not asked')
    })
    await expect(fetch({ area: 'NO3' }, '2026-06-10T11:05:00Z')).resolves.toMatchObject({
      nordPool: [],
      hvaKosterStrommen: [{ date: '2026-06-10' }],
    })
  })

  test('an answer of another form names what does not fit', async () => {
    const { fetch } = answers(() => ({ multiAreaEntries: [{ deliveryStart: 5, entryPerArea: {} }] }))
    await expect(fetch({ area: 'SE3' }, '2026-06-10T09:00:00Z')).rejects.toThrow(/multiAreaEntries\.0\.deliveryStart/)
  })
})

test.each([
  ['NO5', 'NOK'],
  ['SE1', 'SEK'],
  ['DK2', 'DKK'],
  ['FI', 'EUR'],
  ['SYS', 'EUR'],
])('%s is priced in %s', (area, currency) => {
  expect(currencyOf(area)).toBe(currency)
})
