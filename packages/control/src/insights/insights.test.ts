import { addDays } from '@nabolag/core'
import { describe, expect, test } from 'vitest'
import type { Use } from '../prices/capacity.ts'
import { householdPrice } from '../prices/household-price.ts'
import type { PriceSettings } from '../prices/settings.ts'
import { cop, discretise, type HouseParameters, timeConstants, usualHeatPump } from '../thermal/index.ts'
import { byHour } from './by-hour.ts'
import { coolingNights } from './cooling.ts'
import { type CopInsight, copInsight, type HeatDay } from './cop.ts'
import { priceUse } from './days.ts'
import { chance, daysOfHistory, firstDay, makeHistory, pricesOfHistory, zone } from './history.testing.ts'
import { coolingInsight, modelTimeConstant, roomLoss, signatureInsight } from './house-insights.ts'
import { indoorSlope } from './indoor-slope.ts'
import { reach95, regress } from './regress.ts'
import { billOf, otherwise, whatIfPrices, whatIfWarmer } from './what-if.ts'

const hour = 3_600_000

describe('least squares', () => {
  test('a line worked out by hand, and its HC3 error', () => {
    // y = 1 + 2 x with +1, -2, +1 beside it: the line stays, every residual is as put in.
    const fit = regress(
      [
        [1, -1],
        [1, 0],
        [1, 1],
      ],
      [0, -1, 4],
    )!
    expect(fit.at).toEqual([expect.closeTo(1, 9), expect.closeTo(2, 9)])
    expect(fit.left).toEqual([1, -2, 1].map((value) => expect.closeTo(value, 9)))
    // Leverages 5/6, 1/3, 5/6: the slope's variance is (1/2)² ((1 / (1/6))² + (1 / (1/6))²) = 18.
    expect(fit.covariance[1]![1]).toBeCloseTo(18, 6)
  })

  test('columns that go together give nothing; few values reach further', () => {
    expect(
      regress(
        [
          [1, 2],
          [2, 4],
          [3, 6],
        ],
        [1, 2, 3],
      ),
    ).toBeUndefined()
    expect(regress([[1, 2]], [1])).toBeUndefined()
    expect([reach95(10), reach95(30), reach95(1e6)].map((value) => value.toFixed(3))).toEqual([
      '2.228',
      '2.042',
      '1.960',
    ])
  })
})

test('the signature of a house is told with its interval, and a mild week is not enough', () => {
  const { days } = makeHistory({ seed: 2, days: 90, controlled: () => false, shifted: 0, colder: 0 })
  const told = signatureInsight(days)
  if (told.outcome !== 'found') throw new Error(told.because)
  // Heat loss over the COP, and what the pump loses with the cold: 0.15 kW/K at 24 K and COP 3.2.
  const truth = 0.15 / 3.18 + (0.15 * 24 - 0.4) * (0.075 / 3.18 ** 2)
  expect(told.signature.slope.value / truth).toBeGreaterThan(0.85)
  expect(told.signature.slope.value / truth).toBeLessThan(1.15)
  expect(told.perKelvin.value).toBeCloseTo(24 * told.signature.slope.value, 9)
  expect(told.sentence).toMatch(
    /^For each degree that it is colder outdoors the house draws \d+ W \(between \d+ and \d+\) more/,
  )
  expect(signatureInsight(days.slice(0, 9))).toMatchObject({ because: expect.stringMatching(/9 days, 14 are needed/) })
})

test('rooms without a model say why, those with one give loss and time constant with intervals', () => {
  const none = { room: 1, name: 'Stue', because: 'Not enough data: 3.0 days, 7 are needed' }
  expect(roomLoss(none)).toMatchObject({ outcome: 'not-enough-data', because: none.because })
  expect(modelTimeConstant({ room: 1, name: 'Stue' }).outcome).toBe('not-enough-data')
  const accepted = {
    heatLoss: { value: 0.05, low: 0.04, high: 0.06 },
    slow: { value: 48.4, low: 40.1, high: 61 },
    days: 28,
  }
  expect(roomLoss({ room: 1, name: 'Stue', accepted })).toMatchObject({ outcome: 'found', value: 0.05, days: 28 })
  expect(modelTimeConstant({ room: 1, name: 'Stue', accepted }).outcome).toBe('found')
  expect(modelTimeConstant({ room: 1, name: 'Stue', accepted })).toMatchObject({
    sentence:
      'Without heat Stue loses two thirds of its warmth above the outdoors in 48 hours (between 40 and 61), by its model',
  })
})

test('nights without heating give the time constant of the house that cooled', () => {
  const house: HouseParameters = { Ci: 0.8, Ce: 2.8, Hie: 0.7, Hia: 0.02, Hea: 0.045, Aw: 0, Ae: 0 }
  const step = discretise(house, 0.25)
  const random = chance(4)
  const [air, outdoor, heats] = [[], [], []] as { time: number; value: number }[][]
  let state = { air: 21, structure: 20 }
  for (let n = 0; n < 20 * 96; n++) {
    const time = n * 0.25 * hour
    const clock = (n / 4) % 24
    const heat = clock >= 6 && clock < 22 ? Math.max(0, (21.5 - state.air) * 3) : 0
    const out = -2 + 3 * Math.sin(n / 200)
    air!.push({ time, value: state.air + 0.03 * random.normal() })
    heats!.push({ time, value: heat })
    outdoor!.push({ time, value: out })
    state = step(state, { outdoor: out, heat, gains: 0, sun: 0 })
  }
  const isDark = (ms: number) => (ms / hour) % 24 < 8 || (ms / hour) % 24 >= 16
  const nights = coolingNights({ air: air!, outdoor: outdoor!, heats: heats! }, isDark, 0.01)
  expect(nights.length).toBeGreaterThanOrEqual(19)
  expect(nights.every((night) => night[0]!.hours === 0 && night.at(-1)!.hours <= 8.1)).toBe(true)
  const told = coolingInsight({ room: 1, name: 'Stue' }, nights)
  if (told.outcome !== 'found') throw new Error(told.because)
  const slow = timeConstants(house)[1]
  expect(told.value).toBeGreaterThan(0.7 * slow)
  expect(told.value).toBeLessThan(1.3 * slow)
  expect(coolingInsight({ room: 1, name: 'Stue' }, nights.slice(0, 2)).outcome).toBe('not-enough-data')
  expect(coolingNights({ air: air!, outdoor: outdoor!, heats: [] }, isDark)).toEqual([])
})

describe('COP', () => {
  const runs = 100
  const days = (seed: number, heaters: boolean): HeatDay[] => {
    const random = chance(seed)
    return Array.from({ length: 90 }, (_, n) => {
      const outdoor = -2 + 5 * random.normal()
      const indoor = 21 + 0.3 * random.normal()
      const beside = heaters ? 0.8 * random.even() : 0
      const heat = 0.15 * (indoor - outdoor) - beside
      const electricity = (heat - 0.4) / cop(usualHeatPump, outdoor) + 0.05 * random.normal()
      return { date: addDays(firstDay, n), electricity, indoor, outdoor, ...(heaters && { heaters: beside }) }
    })
  }
  const found = (given: CopInsight) => {
    if (given.outcome !== 'found') throw new Error(given.because)
    return given
  }

  test('electricity and temperatures alone give its change with the cold and never itself', () => {
    let held = 0
    for (let seed = 1; seed <= runs; seed++) {
      const told = found(copInsight(days(seed, false), 'heat-pumps'))
      const truth = (100 * usualHeatPump.c1) / cop(usualHeatPump, told.outdoor)
      held += Number(told.change.low <= truth && truth <= told.change.high)
      expect(told.cop).toBeUndefined()
      expect(told.sentence).toMatch(/cannot be told without measuring heat/)
    }
    // Of intervals of 95 % so many hold the truth, but for one case in a thousand.
    expect(held).toBeGreaterThanOrEqual(0.95 * runs - 3 * Math.sqrt(0.95 * 0.05 * runs))
  })

  test('measured electric heaters beside it give it itself', () => {
    let [held, told] = [0, 0]
    for (let seed = 1; seed <= runs; seed++) {
      const { cop: itself, outdoor } = found(copInsight(days(seed, true), 'heat-pumps'))
      if (!itself) continue
      told++
      const truth = cop(usualHeatPump, outdoor)
      held += Number(itself.low <= truth && truth <= itself.high)
    }
    expect(told).toBeGreaterThan(0.9 * runs)
    expect(held).toBeGreaterThanOrEqual(0.9 * told)
  })

  test('few days, like days and a house that does not follow the weather say why there is none', () => {
    const because = (given: CopInsight) => (given.outcome === 'found' ? '' : given.because)
    expect(because(copInsight(days(1, false).slice(0, 20), 'heat-pumps'))).toMatch(
      /20 days of heating .* 21 are needed/,
    )
    const alike = days(1, false).map((day) => ({ ...day, outdoor: 2 }))
    expect(because(copInsight(alike, 'heat-pumps'))).toMatch(/differ by 0\.0 K/)
    const random = chance(1)
    const other = days(1, false).map((day) => ({ ...day, electricity: 2 + random.normal() }))
    expect(because(copInsight(other, 'whole-house'))).toMatch(/does not clearly follow|went together/)
  })
})

test('use and cost by the hour of the day, worked out by hand', () => {
  const begin = Date.parse('2026-01-09T23:00:00Z')
  // Saturday the 10th and Sunday the 11th, Monday the 12th: 1 kWh an hour, 3 from 17 to 18.
  const use: Use[] = Array.from({ length: 72 }, (_, n) => {
    const start = begin + n * hour
    return { start, end: start + hour, energy: n % 24 === 17 ? 3 : 1 }
  })
  const spot = use.map(({ start, end }, n) => ({ start, end, price: n % 24 === 17 ? 1.2 : 0.4 }))
  const { intervals } = householdPrice({ spot, settings: pricesOfHistory, timezone: zone })
  const told = byHour(priceUse(use, intervals), zone)!
  expect([told.all.length, told.days]).toEqual([24, 3])
  expect(told.all[17]).toMatchObject({ energy: 3, price: 1.5, cost: 4.5, count: 3 })
  expect(told.all[17]!.share).toBeCloseTo(4.5 / (4.5 + 23 * 0.5), 9)
  expect([told.weekend[3]!.count, told.weekday[3]!.count]).toEqual([2, 1])
  expect(told.paid).toBeCloseTo(16 / 26, 9)
  expect(told.sentence).toBe(
    'Over 3 days a kWh cost 0.62 NOK on average, 14 % more than if it were spread evenly over the day; the dearest hour is from 17 to 18',
  )
  expect(byHour([], zone)).toBeUndefined()
})

test('with prices below zero, using more when they are lowest is not told as paying more', () => {
  const begin = Date.parse('2026-01-09T23:00:00Z')
  const of = (price: number, low: number) => {
    const use: Use[] = Array.from({ length: 24 }, (_, n) => {
      const start = begin + n * hour
      return { start, end: start + hour, energy: n < 12 ? 1 : 3 }
    })
    const spot = use.map(({ start, end }, n) => ({ start, end, price: n < 12 ? price : low }))
    const { intervals } = householdPrice({ spot, settings: { ...pricesOfHistory, area: 'NO4' }, timezone: zone })
    return byHour(priceUse(use, intervals), zone)!.sentence
  }
  expect(of(-0.1, -0.2)).toMatch(/a kWh cost -0\.17 NOK on average, 0\.02 NOK less than if it were spread evenly/)
  expect(of(0, 0)).toMatch(/a kWh cost 0\.00 NOK on average, as much as if/)
})

describe('what the own history would have cost otherwise', () => {
  const begin = Date.parse('2025-12-31T23:00:00Z')
  const use: Use[] = Array.from({ length: 31 * 24 }, (_, n) => {
    const start = begin + n * hour
    return { start, end: start + hour, energy: n % 24 === 8 ? 4 : 2 }
  })
  const spot = use.map(({ start, end }) => ({ start, end, price: 1.77 }))
  const settings: PriceSettings = {
    ...pricesOfHistory,
    support: [{ from: '2000-01-01', scheme: 'stromstotte' }],
    capacity: [
      {
        ...{ from: '2000-01-01', method: 'three-days', thresholdIncluded: true },
        steps: [
          { above: 0, perYear: 1200 },
          { above: 3, perYear: 2400 },
        ],
      },
    ],
    markUp: [{ from: '2000-01-01', perKwh: 0, perMonth: 40 }],
  }
  const asked = { use, spot, settings, timezone: zone }

  test('a month by hand: support, capacity step, fee and VAT', () => {
    const { bill, kilowattHours, priced, days } = billOf(asked)
    expect([kilowattHours, priced, days]).toEqual([1550, expect.closeTo(1, 9), 31])
    // Spot 1.77 less 90 % of what is above 0.77: 0.87, and VAT.
    expect(bill.energy).toBeCloseTo(1550 * 0.87 * 1.25, 6)
    expect(bill.support).toBeCloseTo(1550 * 0.9 * 1.25, 6)
    expect(bill.capacity).toBeCloseTo((2400 / 12) * 1.25, 6)
    expect(bill.fees).toBeCloseTo(50, 6)
    expect(bill.total).toBeCloseTo(bill.energy + bill.capacity + bill.fees, 9)
  })

  test('other support, another grid company and a fixed price', () => {
    const none = whatIfPrices(asked, { support: 'none' })
    expect(none.other.bill.energy).toBeCloseTo(1550 * 1.77 * 1.25, 6)
    expect(none.more).toBeCloseTo(1550 * 0.9 * 1.25, 6)
    expect(none.sentence).toMatch(
      /^With no support the 1550 kWh of 31 days would have cost \d+ NOK instead of \d+: \d+ NOK more/,
    )
    const norgespris = whatIfPrices(asked, { support: 'norgespris' })
    expect(norgespris.other.bill.energy).toBeCloseTo(1550 * 0.4 * 1.25, 6)
    const fixed = whatIfPrices(asked, { fixed: 1, support: 'none' })
    expect(fixed.other.bill.energy).toBeCloseTo(1550 * 1.25, 6)
    const company = whatIfPrices(asked, { gridCompany: 'tensio-ts' })
    expect(company.other.bill.capacity).toBeCloseTo((2092.8 / 12) * 1.25, 6)
    expect(company.sentence).toMatch(/the tariff of Tensio TS/)
    const both = otherwise({ ...settings, support: [{ from: '2025-10-01', scheme: 'norgespris' }] }, { fixed: 1 })
    expect(both.support).toEqual([{ from: '2025-10-01', scheme: 'none' }])
  })

  test('what the month had used before counts towards the cap of the support and the capacity step', () => {
    const cabin: PriceSettings = {
      ...settings,
      ...{ home: 'holiday-home', support: [{ from: '2025-10-01', scheme: 'norgespris' }] },
    }
    const middle = begin + 15 * 24 * hour
    const rest = {
      ...asked,
      settings: cabin,
      use: use.filter(({ start }) => start >= middle).map((one) => ({ ...one, energy: 1 })),
      spot: spot.filter(({ start }) => start >= middle),
      before: use.filter(({ start }) => start < middle),
    }
    // 750 of 1,000 kWh are used up, and the three highest days were 4 kW.
    const { bill, kilowattHours } = billOf(rest)
    expect(kilowattHours).toBe(384)
    expect(bill.energy).toBeCloseTo((250 * 0.4 + 134 * 1.77) * 1.25, 6)
    expect(bill.capacity).toBeCloseTo(((2400 / 12) * 1.25 * 16) / 31, 6)
  })

  test('a scheme that there was not then is said to be none', () => {
    const year = 365 * 24 * hour
    const earlier = <T extends { start: number; end: number }>(all: readonly T[]) =>
      all.map((one) => ({ ...one, start: one.start - year, end: one.end - year }))
    const told = whatIfPrices({ ...asked, use: earlier(use), spot: earlier(spot) }, { support: 'norgespris' })
    expect(told.sentence).toMatch(/at the same hours\. There is no Norgespris before October 2025$/)
  })

  test('a warmer house costs less where power is paid for being used', () => {
    const { days } = makeHistory({ seed: 4, days: 60, controlled: () => false, shifted: 0, colder: 0 })
    const paid = days.map((day) => ({ ...day, price: -0.1 }))
    expect(whatIfWarmer(paid, 1, usualHeatPump)).toMatchObject({
      sentence: expect.stringMatching(/^1 K warmer would have cost \d+ NOK less/),
    })
  })

  test('a warmer house, in two hundred of which the truth is known', () => {
    let held = 0
    for (let seed = 1; seed <= 200; seed++) {
      const told = { seed, days: 90, controlled: () => true, shifted: 0 }
      const { days } = makeHistory({ ...told, colder: 0 })
      const warmer = whatIfWarmer(days, 1, usualHeatPump)
      if (warmer.outcome !== 'found') throw new Error(warmer.because)
      const truth = makeHistory({ ...told, colder: 1 }).truth.raw
      held += Number(warmer.cost.low <= truth && truth <= warmer.cost.high)
    }
    expect(held).toBeGreaterThanOrEqual(180)
  })

  test('where the temperatures are not known it says so', () => {
    const days = daysOfHistory(makeHistory({ seed: 1, days: 40, controlled: () => false, shifted: 0, colder: 0 }))
    expect(whatIfWarmer(days, -1, usualHeatPump)).toMatchObject({
      sentence: expect.stringMatching(/^1 K cooler would have cost \d+ NOK less/),
    })
    const blind = days.map(({ indoor: _, ...day }) => day)
    expect(whatIfWarmer(blind, 1, usualHeatPump)).toMatchObject({ because: expect.stringMatching(/0 days of heating/) })
    expect(
      indoorSlope(
        days.map((day) => ({ ...day, outdoor: 1 })),
        'resistance',
      ),
    ).toMatchObject({ because: expect.stringMatching(/0\.0 K outdoors/) })
  })
})
