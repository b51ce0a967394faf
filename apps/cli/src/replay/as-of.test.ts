/**
 * A replay of the log must not know more than the turn did. One house has logged everything, its double only what was
 * there at the moment: what is seen of the two must be the same.
 */
import type { HouseSeen } from '@nabolag/control'
import { microsFromMillis, type Sample } from '@nabolag/core'
import { simulatedHouse } from '@nabolag/simulators/twin/index'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openTestEngine, sample, type TestEngine } from '../../../../packages/timeseries/src/engine.testing.ts'
import { loggedSource } from './logged.ts'

vi.setConfig({ testTimeout: 120_000 })

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
/** Before the prices of the next day come, in the middle of an hour, and after. */
const first = Date.parse('2026-01-12T11:20:00Z')
const moments = [first, first + 37 * minute, first + 13 * hour]
const { setup } = simulatedHouse(4)

type Row = { readonly received: number; readonly sample: Omit<Sample, 'houseId'> }

/** What came in, each with when it did. The values change with time, so that a later one is told from an earlier. */
function log(): Row[] {
  const rows: Row[] = []
  const put = (received: number, more: Omit<Parameters<typeof sample>[0], 'houseId'>) =>
    rows.push({ received, sample: sample({ ...more, houseId: 0 }) })
  for (let at = first - 30 * hour; at < first + 20 * hour; at += 5 * minute) {
    const time = microsFromMillis(at)
    const n = (at - first) / minute
    for (const { name } of setup.rooms) {
      const place = { device: 'sensibo-sky', count: 1, location: name, time }
      put(at, { ...place, group: 'indoorClimateAirConditioning', fields: { temperature: 20 + n / 1000 } })
      const fields = { targetTemperature: 20 + (Math.floor(n / 90) % 3), on: true, mode: 'heat', power: 900 + n }
      put(at, { ...place, group: 'heatPumpController', fields })
    }
    put(at, { time, fields: { power: 3000 + n } })
    const stored = { batteryCharge: 50 + (n % 40), powerConsumption: 900 + n, solarPower: 10, gridPower: 800 + n }
    put(at, { group: 'solarBatterySystem', device: 'victron', count: 1, time, fields: stored })
    put(at, {
      group: 'ventilationControl',
      device: 'systemair-vsr500',
      count: 1,
      time,
      fields: { outdoorTemperature: -5 + n / 1000 },
    })
  }
  // Prices of a day are published at 12:45 of the day before; each forecast is of its own hour, and says so.
  for (let begin = Date.parse('2026-01-03T23:00:00Z'); begin < first + 3 * day; begin += hour) {
    const issued = Math.floor((begin + hour) / day) * day - 12.25 * hour
    put(issued, {
      ...{ group: 'spotPrice', device: 'spot-price', time: microsFromMillis(begin), issued: microsFromMillis(issued) },
      ...{ fields: { price: begin / 1e13, minutes: 60 }, tags: { area: 'NO3', currency: 'NOK', source: 'nordpool' } },
    })
  }
  for (let issued = first - 12.5 * hour; issued < first + 20 * hour; issued += hour)
    for (let ahead = 0; ahead < 48; ahead += 3) {
      const time = Math.ceil(issued / hour) * hour + ahead * hour
      const place = { group: 'weatherForecast', device: 'met', time: microsFromMillis(time) }
      const said = (issued - first) / hour
      put(issued, { ...place, issued: microsFromMillis(issued), fields: { temperature: said, cloudAreaFraction: 50 } })
    }
  return rows
}

const whole = 100
let engine: TestEngine
const rows = log()
const write = (houseId: number, some: readonly Row[]) =>
  engine.series.write(
    some.map((row) => ({ ...row.sample, houseId })),
    first,
  )
beforeAll(async () => {
  engine = await openTestEngine()
  await write(whole, rows)
  for (const [n, moment] of moments.entries())
    await write(
      n + 1,
      rows.filter(({ received }) => received <= moment),
    )
}, 120_000)
afterAll(() => engine.close())

const seenOf = async (id: number, now: number): Promise<HouseSeen> => {
  const source = await loggedSource(engine.series, { ...setup, id }, { from: now, to: now + minute }, minute)
  return source.seen(now)
}

test.each(moments.map((now, n) => ({ at: new Date(now).toISOString(), now, double: n + 1 })))(
  'at $at a replay sees what was there then, and nothing else',
  async ({ now, double }) => {
    const [known, then] = await Promise.all([seenOf(whole, now), seenOf(double, now)])
    expect(known).toEqual(then)
    expect(known.rooms[1]![0]!.length).toBeGreaterThan(30)
    expect(known.use.length).toBeGreaterThan(20)
    expect(known.weather.length).toBeGreaterThan(10)
    // The issue that says so itself.
    expect(Math.max(...known.weather.map(({ temperature }) => temperature!))).toBeLessThanOrEqual((now - first) / hour)
  },
)

test('the prices of tomorrow are there from the minute in which they were published', async () => {
  const tomorrow = Date.parse('2026-01-13T00:00:00Z')
  const published = Date.parse('2026-01-12T11:45:00Z')
  const before = await seenOf(whole, published - minute)
  const after = await seenOf(whole, published)
  const known = ({ spot }: HouseSeen) => spot.filter(({ start }) => start >= tomorrow).length
  expect([known(before), known(after)]).toEqual([0, 23])
})
