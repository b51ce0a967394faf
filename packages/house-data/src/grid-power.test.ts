import { openTestEngine, type TestEngine } from '@nabolag/timeseries/engine.testing'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useOfPower } from './grid-power.ts'
import { at, every, hour, minute, now, sample, setup } from './house.testing.ts'
import { readPast } from './house-days.ts'
import { householdPrices } from './household-prices.ts'
import { seeHouse } from './see.ts'
import { readUse } from './use.ts'

const begin = at('2026-11-20T06:00:00Z')
const fives = (to: number, power: (time: number) => number) =>
  every(5 * minute, begin, to, (time) => ({ time, value: power(time) }))

describe('energy from power at the grid', () => {
  test('an hour of two kilowatts is two kilowatt-hours', () => {
    expect(
      useOfPower(
        fives(begin + hour, () => 2000),
        begin,
        begin + hour,
      ),
    ).toEqual([{ start: begin, end: begin + hour, energy: 2 }])
  })

  test('what is sold in one half of an hour is not taken off what was drawn in the other', () => {
    const [use] = useOfPower(
      fives(begin + hour, (time) => (time < begin + hour / 2 ? 3000 : -3000)),
      begin,
      begin + hour,
    )
    expect(use!.energy).toBeCloseTo(1.5, 12)
  })

  test('a short hole lies on a line, a long one is not known, and an hour with too little of it neither', () => {
    const without = (from: number, to: number) =>
      fives(begin + 2 * hour, (time) => (time < begin + hour ? 1000 : 4000)).filter(
        ({ time }) => time < begin + from * minute || time >= begin + to * minute,
      )
    const energies = (from: number, to: number) =>
      useOfPower(without(from, to), begin, begin + 2 * hour).map(({ start, energy }) => [
        (start - begin) / hour,
        energy,
      ])
    expect(energies(20, 35)).toEqual([
      [0, 1],
      [1, 4],
    ])
    // Twenty minutes are not known: more than a quarter of the hour.
    expect(energies(20, 40)).toEqual([[1, 4]])
    // Two thirds of a line from 1 to 4 kW between the last piece of one hour and the fourth of the next.
    expect(energies(60, 75)[1]![1]).toBeCloseTo((1.75 + 2.5 + 3.25 + 9 * 4) / 12, 12)
  })

  test('the hour that runs counts as far as it has gone', () => {
    const to = begin + hour + 12 * minute
    expect(
      useOfPower(
        fives(to, () => 3000),
        begin,
        to,
      ).at(-1),
    ).toEqual({
      ...{ start: begin + hour, end: to },
      energy: expect.closeTo(0.6, 12),
    })
  })

  test('for any power and any holes an hour has no more than its highest power, and nothing is made up', () => {
    const power = fc.option(fc.double({ min: -9000, max: 9000, noNaN: true }), { nil: undefined, freq: 3 })
    fc.assert(
      fc.property(fc.array(power, { minLength: 1, maxLength: 60 }), (powers) => {
        const points = powers.flatMap((value, n) =>
          value === undefined ? [] : [{ time: begin + n * 5 * minute, value }],
        )
        const use = useOfPower(points, begin, begin + 5 * hour)
        const most = Math.max(0, ...points.map(({ value }) => value))
        for (const { energy } of use) {
          expect(energy).toBeGreaterThanOrEqual(0)
          expect(energy * 1000).toBeLessThanOrEqual(most + 1e-9)
        }
        if (points.length < 3) expect(use).toEqual([])
      }),
    )
  })
})

describe('a house with an inverter and no meter', () => {
  let engine: TestEngine
  const house = { ...setup, id: 31 }
  const both = { ...setup, id: 32 }
  const week = now - 7 * 24 * hour
  /** Sells four kilowatts around noon, draws one otherwise. */
  const gridAt = (time: number) => (new Date(time).getUTCHours() === 11 ? -4000 : 1000)
  beforeAll(async () => {
    engine = await openTestEngine()
    const inverter = (houseId: number) =>
      every(2 * minute, week - hour, now + 1, (time) =>
        sample({
          ...{ houseId, group: 'solarBatterySystem', device: 'victron', time },
          fields: {
            gridPower: gridAt(time),
            powerConsumption: 1500,
            solarPower: 500,
            batteryPower: 0,
            batteryCharge: 50,
          },
        }),
      )
    const settled = every(hour, now - (now % hour) - 48 * hour, now - (now % hour) - 24 * hour, (time) =>
      sample({
        ...{ houseId: both.id, group: 'powerConsumption', device: 'tibber-hourly', location: 'Home', time },
        fields: { hourlyConsumption: 2.5 },
      }),
    )
    const spot = [house, both].flatMap(({ id: houseId }) =>
      every(hour, week - 24 * hour, now + 24 * hour, (time) =>
        sample({
          ...{ houseId, group: 'spotPrice', device: 'spot-price', time, issued: time - 24 * hour },
          ...{ tags: { area: 'NO3', currency: 'NOK', source: 'nordpool' }, fields: { price: 1, minutes: 60 } },
        }),
      ),
    )
    await engine.series.write([...inverter(house.id), ...inverter(both.id), ...settled, ...spot], now)
  }, 180_000)
  afterAll(async () => engine?.close())

  test('its last week has a cost, and its month a highest hour', async () => {
    const from = week - (week % hour)
    const use = await readUse(engine.series, house, { from, to: now })
    // Nothing is drawn around noon, where the house sells.
    expect(use.reduce((sum, { energy }) => sum + energy, 0)).toBeCloseTo(7 * 23, 1)
    const past = await readPast(engine.series, house, { from, to: now })
    expect(past.priced.length).toBe(use.length)
    expect(past.priced.reduce((sum, { total }) => sum + total, 0)).toBeGreaterThan(100)
    expect(past.notes.join()).not.toContain('is not logged')
    const prices = { area: 'NO3', gridCompany: 'tensio-ts' }
    const { capacity } = await householdPrices(engine.series, { ...house, prices }, { from, to: now, now })
    expect(capacity).toMatchObject({ power: expect.closeTo(1, 9), today: expect.closeTo(1, 9) })
    const seen = await seeHouse(engine.series, house, now)
    expect(seen.use.at(-2)).toMatchObject({ energy: expect.closeTo(1, 9) })
    // The power of the meter is what is drawn, not what the house uses; its load is said beside it.
    expect(seen.power.at(-1)).toEqual({ at: expect.any(Number), value: -4000 })
    expect(seen.load?.length).toBeGreaterThanOrEqual(7 * 24)
    for (const { energy, start, end } of seen.load!) expect(energy / ((end - start) / hour)).toBeCloseTo(1.5, 9)
  })

  test('beside a meter it only fills the hours that the meter does not know: two meters are never added', async () => {
    const use = await readUse(engine.series, both, { from: now - 60 * hour, to: now })
    const counted = use.filter(
      ({ start }) => start >= now - (now % hour) - 48 * hour && start < now - (now % hour) - 24 * hour,
    )
    expect(counted.map(({ energy }) => energy)).toEqual(Array(24).fill(2.5))
    expect(use).toHaveLength(61)
    expect(new Set(use.map(({ start }) => start)).size).toBe(61)
    for (const { start, energy } of use)
      if (!counted.some((one) => one.start === start))
        expect(energy).toBeCloseTo((Math.max(0, gridAt(start)) / 1000) * (start === now - (now % hour) ? 0.05 : 1), 9)
  })

  test('what was settled of an hour later is not known while it lasts, and is at its end', async () => {
    const hours = every(hour, now - (now % hour) - 40 * hour, now + hour, (time) =>
      sample({
        ...{ houseId: 33, group: 'powerConsumption', device: 'tibber-hourly', location: 'Home', time },
        fields: { hourlyConsumption: 5 },
      }),
    )
    const live = every(minute, now - (now % hour), now + minute, (time) =>
      sample({
        ...{ houseId: 33, group: 'powerConsumption', device: 'tibber', location: 'Home', time },
        fields: { accumulatedConsumptionLastHour: 0.1 * ((time % hour) / minute) },
      }),
    )
    await engine.series.write([...hours, ...live], now)
    const { use } = await seeHouse(engine.series, { ...setup, id: 33 }, now)
    expect(use.at(-2)).toMatchObject({ energy: 5 })
    expect(use.at(-1)).toEqual({ start: now - (now % hour), end: now, energy: expect.closeTo(0.3, 9) })
    const end = now - (now % hour) + hour
    for (const to of [end, end - 1]) {
      const known = await readUse(engine.series, { ...setup, id: 33 }, { from: now - 30 * hour, to })
      expect(known.at(-1)).toMatchObject({ start: end - hour, energy: 5 })
    }
  })
})
