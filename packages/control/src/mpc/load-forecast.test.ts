import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Use } from '../prices/capacity.ts'
import { forecastLoad, heatingBelow } from './load-forecast.ts'

const hour = 3_600_000
const day = 24 * hour
const timezone = 'Europe/Oslo'
const steps = Array<number>(48).fill(1)
const at = (iso: string) => Date.parse(iso)

/** Hours from `from` on, before `to`. */
const hoursOf = (from: number, to: number, power: (start: number) => number): Use[] =>
  Array.from({ length: Math.round((to - from) / hour) }, (_, n) => {
    const start = from + n * hour
    return { start, end: start + hour, energy: power(start) }
  })
const local = new Intl.DateTimeFormat('en-GB', {
  timeZone: timezone,
  weekday: 'short',
  hour: '2-digit',
  hourCycle: 'h23',
})
const wallOf = (start: number) => {
  const parts = Object.fromEntries(local.formatToParts(start).map(({ type, value }) => [type, value]))
  return { weekday: parts.weekday!, hour: Number(parts.hour) }
}
const known = (asked: Parameters<typeof forecastLoad>[0]) => {
  const forecast = forecastLoad(asked)
  if (forecast === 'unknown') throw new Error('nothing is known')
  return forecast
}

describe('what a house will use', () => {
  test('is that of the same hour by the clock on its wall, before and after the clocks change', () => {
    // Four kilowatts at seven in the morning; the clocks go forward on 29 March 2026.
    const power = (start: number) => (wallOf(start).hour === 7 ? 4 : 0.5)
    const now = at('2026-03-28T21:00:00Z')
    const { mean } = known({ used: hoursOf(now - 28 * day, now, power), now, steps, timezone })
    const highest = mean.indexOf(Math.max(...mean.slice(0, 24)))
    expect(new Date(now + highest * hour).toISOString()).toBe('2026-03-29T05:00:00.000Z')
    expect(mean[highest]).toBeGreaterThan(3)
    // An hour earlier by UTC is where it was all four weeks.
    expect(mean[highest + 1]).toBeLessThan(1)
  })

  test('knows working days from free ones, public holidays among them', () => {
    const labourDay = at('2026-04-30T22:00:00Z')
    const isFree = (start: number) =>
      ['Sat', 'Sun'].includes(wallOf(start).weekday) || (start >= labourDay && start < labourDay + day)
    const power = (start: number) => (wallOf(start).hour === 12 ? (isFree(start) ? 3 : 0.5) : 0.5)
    const now = at('2026-05-13T16:00:00Z')
    const { mean } = known({ used: hoursOf(now - 28 * day, now, power), now, steps, timezone })
    // Thursday 14 May is Ascension Day, Friday is not free.
    const [thursday, friday] = [at('2026-05-14T10:00:00Z'), at('2026-05-15T10:00:00Z')].map(
      (time) => mean[(time - now) / hour]!,
    )
    expect(thursday).toBeGreaterThan(1.8)
    expect(friday).toBeLessThan(1.2)
  })

  test('newer days weigh more than older ones', () => {
    const now = at('2026-02-20T00:00:00Z')
    const used = hoursOf(now - 28 * day, now, (start) => (start < now - 14 * day ? 3 : 1))
    const { mean } = known({ used, now, steps, timezone })
    expect(Math.max(...mean)).toBeLessThan(1.35)
  })

  test('is what it is now for as long as such differences last in this house, and no longer', () => {
    const now = at('2026-02-20T12:00:00Z')
    // Half of a difference is left after an hour.
    let state = 0
    let seed = 1
    const noise = () => {
      seed = (seed * 16_807) % 2_147_483_647
      return seed / 2_147_483_647 - 0.5
    }
    const used = hoursOf(now - 28 * day, now, () => {
      state = 0.5 * state + noise()
      return 2 + state
    })
    const usual = known({ used, now, steps, timezone }).mean
    const raised = used.map((one, n) => (n >= used.length - 3 ? { ...one, energy: one.energy + 1.5 } : one))
    const more = known({ used: raised, now, steps, timezone }).mean.map((kw, k) => kw - usual[k]!)
    expect(more[0]).toBeGreaterThan(0.4)
    expect(more[0]).toBeLessThan(1.5)
    expect(more[2]).toBeLessThan(0.6 * more[0]!)
    expect(Math.abs(more[20]!)).toBeLessThan(0.2)
  })

  test('a colder day needs more, by as much as the days that were show', () => {
    const now = at('2026-02-20T00:00:00Z')
    const celsius = (time: number) => 2 + 8 * Math.sin(time / (3.3 * day))
    const outdoor = hoursOf(now - 29 * day, now, () => 0).map(({ start }) => ({ at: start, value: celsius(start) }))
    const meanBefore = (time: number) =>
      Array.from({ length: 24 }, (_, n) => celsius(time - n * hour)).reduce((sum, value) => sum + value, 0) / 24
    const used = hoursOf(now - 28 * day, now, (start) => 0.6 + 0.12 * (heatingBelow - meanBefore(start)))
    const ahead = (value: number) =>
      known({ used, outdoor, outdoorAhead: steps.map(() => value), now, steps, timezone })
    const [mild, cold] = [ahead(5), ahead(-15)]
    expect(mild.perKelvin).toBeCloseTo(0.12, 2)
    // The house feels it in full after a day.
    expect(cold.mean[40]! - mild.mean[40]!).toBeCloseTo(20 * 0.12, 1)
    expect(mild.mean[40]).toBeCloseTo(0.6 + 0.12 * (heatingBelow - 5), 1)
    expect(cold.mean[2]! - mild.mean[2]!).toBeLessThan(0.6)
    // Without a forecast, and where the days show nothing, the weather counts for nothing.
    expect(known({ used, outdoor, now, steps, timezone }).perKelvin).toBeUndefined()
    const even = hoursOf(now - 28 * day, now, (start) => 1 + (wallOf(start).hour % 2))
    expect(
      known({ used: even, outdoor, outdoorAhead: steps.map(() => -15), now, steps, timezone }).perKelvin,
    ).toBeUndefined()
  })

  test('its spread is that of the hour: nothing at night, much where some days have a peak', () => {
    const now = at('2026-02-20T00:00:00Z')
    const used = hoursOf(now - 28 * day, now, (start) =>
      wallOf(start).hour === 18 && Math.floor(start / day) % 2 === 0 ? 5 : 1,
    )
    const { spread } = known({ used, now, steps, timezone })
    const six = (at('2026-02-20T17:00:00Z') - now) / hour
    expect(spread[six]).toBeGreaterThan(1.5)
    expect(spread[six]).toBeLessThan(2.5)
    expect(spread[3]).toBeLessThan(0.01)
  })

  test('less than a day is not enough, and nothing that came later counts', () => {
    const now = at('2026-02-20T00:00:00Z')
    const later = hoursOf(now, now + 5 * day, () => 9)
    expect(forecastLoad({ used: [], now, steps, timezone })).toBe('unknown')
    expect(forecastLoad({ used: [...hoursOf(now - 20 * hour, now, () => 1), ...later], now, steps, timezone })).toBe(
      'unknown',
    )
    const { mean, days } = known({ used: [...hoursOf(now - 2 * day, now, () => 1), ...later], now, steps, timezone })
    for (const kw of mean) expect(kw).toBeCloseTo(1, 9)
    expect(days).toBe(2)
  })

  test('whatever the past holds, each step has a power that the house has had, or has been moved by the weather', () => {
    const now = at('2026-03-28T11:20:00Z')
    const energy = fc.oneof(
      fc.double({ min: 0, max: 12, noNaN: true }),
      fc.constantFrom(Number.NaN, -3, Number.POSITIVE_INFINITY, 1e9),
    )
    fc.assert(
      fc.property(
        fc.array(energy, { minLength: 30, maxLength: 200 }),
        fc.double({ min: -80, max: 80 }),
        (energies, celsius) => {
          const begin = Math.floor(now / hour) * hour - energies.length * hour
          const used = energies.map((kwh, n) => ({ start: begin + n * hour, end: begin + (n + 1) * hour, energy: kwh }))
          const asked = {
            used,
            now,
            steps: [0.25, 0.5, 1, 1, 4, 24],
            timezone,
            outdoor: [{ at: now - hour, value: celsius }],
          }
          const forecast = forecastLoad({ ...asked, outdoorAhead: asked.steps.map(() => celsius) })
          if (forecast === 'unknown') return
          for (const value of [...forecast.mean, ...forecast.spread]) {
            expect(Number.isFinite(value)).toBe(true)
            expect(value).toBeGreaterThanOrEqual(0)
            expect(value).toBeLessThanOrEqual(24)
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})
