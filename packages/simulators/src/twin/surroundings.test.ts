import { describe, expect, test } from 'vitest'
import { hour, minute, spotAround, start, twinOf } from './house.testing.ts'
import { forecastOf, weatherFrom, worldWeather } from './surroundings.ts'
import { badSensor, makeSensor, usualSensor } from './thermometer.ts'

describe('prices are known when they are published', () => {
  const lastOf = (now: string) => {
    const from = Date.parse(now) - 2 * hour
    const twin = twinOf({ start: from, spot: spotAround(from, 5) })
    twin.step(120)
    return new Date(twin.seen(Date.parse(now)).spot.at(-1)!.end).toISOString()
  }
  test.each([
    { name: 'before 13:00 those of today', now: '2026-01-12T11:55:00Z', until: '2026-01-12T23:00:00.000Z' },
    { name: 'from 13:00 on those of tomorrow', now: '2026-01-12T12:00:00Z', until: '2026-01-13T23:00:00.000Z' },
    { name: 'of the day with 23 hours', now: '2026-03-28T12:00:00Z', until: '2026-03-29T22:00:00.000Z' },
    { name: 'and on it', now: '2026-03-29T10:59:00Z', until: '2026-03-29T22:00:00.000Z' },
    { name: 'of the day with 25 hours', now: '2026-10-24T11:00:00Z', until: '2026-10-25T23:00:00.000Z' },
  ])('$name', ({ now, until }) => expect(lastOf(now)).toBe(until))
  test('and nothing is known of a day nobody has prices for', () => {
    const twin = twinOf({ spot: [] })
    expect(twin.seen(start).spot).toEqual([])
  })
})

describe('forecasts', () => {
  const place = { latitude: 63.4, longitude: 10.4 }
  const outside = worldWeather(3, place)
  const errorAt = (lead: number) => {
    const errors = Array.from({ length: 200 }, (_, n) => {
      const issued = start + 7 * n * hour
      const said = forecastOf(outside, 3, 0.28, issued, issued + lead * hour)
      return (said.temperature! - outside(issued + lead * hour).temperature) ** 2
    })
    return Math.sqrt(errors.reduce((sum, one) => sum + one, 0) / errors.length)
  }
  test('are off by more the further ahead, and by about a kelvin after a day', () => {
    const [near, day, far] = [errorAt(1), errorAt(24), errorAt(48)] as const
    expect(near).toBeLessThan(day)
    expect(day).toBeLessThan(far)
    expect(day).toBeGreaterThan(0.4)
    expect(day).toBeLessThan(2)
  })
  test('of one hour say the same all hour, and reach two days', () => {
    const twin = twinOf({ outside })
    const first = twin.seen(start + 5 * minute).weather
    expect(twin.seen(start + 55 * minute).weather).toEqual(first)
    expect(twin.seen(start + 65 * minute).weather).not.toEqual(first)
    expect(first[0]!.at).toBe(start - hour)
    expect(first.at(-1)!.at).toBeGreaterThanOrEqual(start + 48 * hour)
  })
  test('without an error are what comes', () => {
    expect(forecastOf(outside, 3, 0, start, start + 30 * hour).temperature).toBeCloseTo(
      outside(start + 30 * hour).temperature,
      1,
    )
  })
})

describe('weather from what was measured', () => {
  const place = { latitude: 63.4, longitude: 10.4 }
  const points = [
    { at: start + 2 * hour, temperature: 4 },
    { at: start, temperature: 0, humidity: 90 },
    { at: start + hour, temperature: Number.NaN },
  ]
  test('lies in a line between the points, and stays beyond them', () => {
    const outside = weatherFrom(points, place)
    expect(outside(start + hour).temperature).toBeCloseTo(2, 9)
    expect(outside(start - hour).temperature).toBe(0)
    expect(outside(start + 9 * hour).temperature).toBe(4)
    expect(outside(start + hour).humidity).toBe(90)
    expect(outside(start).irradiance).toBe(0)
  })
  test('has the sun of its place where nobody measured it', () => {
    const noon = Date.parse('2026-06-21T11:20:00Z')
    const outside = weatherFrom([{ at: noon, temperature: 15, cloud: 0 }], place)
    expect(outside(noon).irradiance).toBeGreaterThan(600)
  })
  test('without one temperature there is none', () => {
    expect(() => weatherFrom([{ at: start }], place)).toThrow('There is no weather')
  })
})

describe('thermometers', () => {
  const look = (manners: Parameters<typeof makeSensor>[0], days = 10) => {
    const sensor = makeSensor(manners, 7)
    const all = new Map<number, number | null>()
    for (let n = 0; n < days * 1440; n++) {
      sensor.look(start + n * minute, 21)
      if (n % 60 === 0) for (const { at, value } of sensor.readings(start + n * minute)) all.set(at, value)
    }
    return [...all.values()] as number[]
  }
  test('speak every five minutes in tenths', () => {
    const values = look(usualSensor)
    expect(values.length).toBeGreaterThan(10 * 286)
    for (const value of values) expect(Math.abs(value * 10 - Math.round(value * 10))).toBeLessThan(1e-6)
    expect(Math.max(...values) - Math.min(...values)).toBeLessThan(0.6)
  })
  test('are silent, repeat themselves and jump as often as they were told to', () => {
    const values = look({ ...badSensor, jumps: 0.02 }, 30)
    expect(values.length).toBeLessThan(30 * 288 * 0.98)
    expect(values.length).toBeGreaterThan(30 * 288 * 0.9)
    const wild = values.filter((value) => Math.abs(value - 21) > 1).length / values.length
    expect(wild).toBeGreaterThan(0.008)
    expect(wild).toBeLessThan(0.04)
  })
})
