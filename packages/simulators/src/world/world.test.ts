import { readMessage, writeMessage } from '@nabolag/core'
import { formatTime } from '@nabolag/core/units'
import { expect, test } from 'vitest'
import { history } from '../history/index.ts'
import { localIso, midnightBefore } from './local-time.ts'
import { makeWorld } from './world.ts'

const start = Date.UTC(2025, 0, 1)
const day = 86_400_000
/** Whose samples are of several places in turn. */
const several = new Set(['sensibo-sky', 'mill-sense', 'mill-heater', 'verisure-smoke-detector'])
const worldOf = () => makeWorld({ start, now: () => start + 31 * day })

test('local time follows the summer', () => {
  expect(localIso(Date.UTC(2025, 2, 30, 0, 59, 59))).toBe('2025-03-30T01:59:59.000+01:00')
  expect(localIso(Date.UTC(2025, 2, 30, 1))).toBe('2025-03-30T03:00:00.000+02:00')
  expect(localIso(Date.UTC(2025, 9, 26, 1))).toBe('2025-10-26T02:00:00.000+01:00')
  expect(midnightBefore(Date.UTC(2025, 9, 26, 12))).toBe(Date.UTC(2025, 9, 25, 22))
  expect(midnightBefore(Date.UTC(2025, 2, 30, 12))).toBe(Date.UTC(2025, 2, 29, 23))
})

test('the same seed and start give the same house, in whatever order it is asked', () => {
  const [a, b] = [worldOf().houses[0]!, worldOf().houses[0]!]
  const times = [20 * day, day, 5.5 * day + 1234, 29 * day].map((ms) => start + ms)
  const forwards = times.toSorted((x, y) => x - y).map((ms) => [a.meterAt(ms), a.climateAt(2, ms)])
  const mixed = new Map(times.map((ms) => [ms, [b.meterAt(ms), b.climateAt(2, ms)]]))
  expect(times.toSorted((x, y) => x - y).map((ms) => mixed.get(ms))).toEqual(forwards)
})

test('the meter adds up: hours make the day, and it begins anew at local midnight', () => {
  const house = worldOf().houses[0]!
  const midnight = Date.UTC(2025, 0, 10, 23)
  const hours = Array.from(
    { length: 24 },
    (_, n) => house.used(midnight + n * 3_600_000, midnight + (n + 1) * 3_600_000).energy,
  )
  const sum = hours.reduce((a, b) => a + b, 0)
  expect(house.meterAt(midnight + day - 1).today).toBeCloseTo(sum, 1)
  expect(house.meterAt(midnight + 1000).today).toBeLessThan(0.01)
  expect(sum).toBeGreaterThan(15)
  expect(sum).toBeLessThan(120)
})

test('a heat pump that is switched off lets its room cool, and a warmer wish costs power', () => {
  const [off, on, usual] = [worldOf().houses[0]!, worldOf().houses[0]!, worldOf().houses[0]!]
  const from = start + 10 * day
  const state = { on: true, mode: 'heat', targetTemperature: 25, fanLevel: 'auto' }
  off.setAc(0, from, { ...state, on: false })
  on.setAc(0, from, state)
  const later = from + day / 2
  expect(off.climateAt(0, later).temperature).toBeLessThan(usual.climateAt(0, later).temperature - 0.5)
  expect(on.climateAt(0, later).temperature).toBeGreaterThan(usual.climateAt(0, later).temperature + 1)
  expect(on.used(from, later).energy).toBeGreaterThan(usual.used(from, later).energy)
  expect(off.pumpPowerAt(0, later)).toBeLessThan(10)
})

test('house 6 is house 3 once more', () => {
  const { houses } = worldOf()
  const [third, sixth] = [3, 6].map((number) => houses.find(({ house }) => house.number === number)!)
  const at = start + 12 * day
  for (const [room] of third!.house.rooms.entries())
    expect(sixth!.climateAt(room, at).temperature).toBe(third!.climateAt(room, at).temperature)
  expect(sixth!.used(start, at)).toEqual(third!.used(start, at))
})

test('thirty days of every device are messages that the bus takes, and rooms stay livable', () => {
  const world = worldOf()
  const counts: Record<string, number> = {}
  let [coldest, warmest] = [100, -100]
  // House 6 is house 3 once more.
  for (const living of world.houses.filter(({ house }) => house.like === undefined))
    for (const device of living.house.devices) {
      let before = 0
      const options = { from: start + day, to: start + 31 * day, houseId: living.house.number, tibberEvery: 60 }
      for (const sample of history(world, living, device, options)) {
        const name = `${living.house.number} ${device.integration}`
        const nth = (counts[name] ?? 0) + 1
        counts[name] = nth
        const at = sample.issued ?? (several.has(device.integration) ? 0 : sample.time)
        if (at < before) throw new Error(`${name} goes back in time`)
        before = at
        if (device.integration === 'sensibo-sky') {
          const temperature = Number(sample.fields.temperature)
          coldest = Math.min(coldest, temperature)
          warmest = Math.max(warmest, temperature)
        }
        if (nth % 97 !== 0) continue
        const { time, issued, ...rest } = sample
        const message = writeMessage({
          ...rest,
          time: formatTime(time),
          ...(issued === undefined ? {} : { issued: formatTime(issued) }),
        })
        const now = (start + 31 * day) * 1000
        const read = readMessage(`sensors/${sample.device}/${sample.houseId}/0`, JSON.stringify(message), now)
        expect(read).toEqual({ samples: [sample], refusals: [] })
      }
    }
  expect(coldest).toBeGreaterThan(14)
  expect(warmest).toBeLessThan(27)
  expect(counts).toEqual({
    '3 met': expect.any(Number),
    '3 tibber-realtime': 43_200,
    '3 tibber-hourly': 720,
    '3 sensibo-sky': expect.any(Number),
    '3 mill-sense': expect.any(Number),
    '3 systemair-vsr500': 10_800,
    '3 verisure-smoke-detector': 5 * 720,
    '3 solcast': 60 * 336,
    '3 spot-price': 30 * 24,
    '4 met': counts['3 met'],
    '4 mill-sense': expect.any(Number),
    '4 mill-heater': expect.any(Number),
    '4 sensibo-sky': expect.any(Number),
    '4 victron': 21_600,
    '4 solcast': 2 * 60 * 336,
    '4 spot-price': 30 * 24,
    '5 met': counts['3 met'],
    '5 tibber-realtime': 43_200,
    '5 tibber-hourly': 720,
    '5 sensibo-sky': expect.any(Number),
    '5 spot-price': 30 * 24,
  })
  expect(counts['3 mill-sense']).toBeGreaterThan(21_500)
  expect(counts['4 mill-heater']).toBeGreaterThan(10_700)
  expect(counts['3 met']).toBeGreaterThan(10_000)
  expect(counts['3 sensibo-sky']).toBeGreaterThan(57_000)
  expect(counts['5 sensibo-sky']).toBeGreaterThan(28_000)
})
