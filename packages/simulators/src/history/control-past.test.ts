import { expect, test } from 'vitest'
import { demoHouses, makeWorld } from '../index.ts'
import { hourOfDay } from '../world/local-time.ts'
import { applyControlPast, controlPast } from './control-past.ts'
import { controlPastInThreads } from './past-threads.ts'

const day = 86_400_000
const houses = demoHouses.filter(({ number }) => number === 3 || number === 6)

test('four days of January: the house that is planned ahead pays less than the same house without, and is as warm', async () => {
  const to = Date.parse('2026-01-19T12:00:00Z')
  const start = to - 6 * day
  const world = makeWorld({ start, houses, now: () => to })
  const past = await controlPast(world, { from: to - 4 * day, to })
  const weekOf = (number: number) => {
    const living = world.houses.find(({ house }) => house.number === number)!
    const warm: number[] = []
    for (let at = past.from; at < past.to; at += 900_000)
      if (hourOfDay(at) >= 6 && hourOfDay(at) < 22)
        for (const room of living.house.rooms.keys()) warm.push(living.climateAt(room, at).temperature)
    const { cost } = living.used(past.from, past.to)
    return { cost, temperature: warm.reduce((sum, one) => sum + one, 0) / warm.length }
  }
  const [three, six] = [weekOf(3), weekOf(6)]
  console.log(
    `house 3: ${three.cost.toFixed(1)} NOK, ${three.temperature.toFixed(2)} °C; house 6: ${six.cost.toFixed(1)} NOK, ${six.temperature.toFixed(2)} °C`,
  )
  expect(three.cost).toBeLessThan(0.98 * six.cost)
  expect(three.temperature).toBeGreaterThan(six.temperature - 0.1)
  expect(past.houses.map(({ house }) => house)).toEqual([3])
  expect(past.houses[0]!.receipts.length).toBeGreaterThan(4 * 24 * 4)

  // Another process brings a world of its own to the same state by the moves alone.
  const other = makeWorld({ start, houses, now: () => to })
  applyControlPast(other, past.moves)
  for (const [n, { climateAt, house }] of other.houses.entries())
    for (const room of house.rooms.keys()) expect(climateAt(room, to)).toEqual(world.houses[n]!.climateAt(room, to))
}, 120_000)

test('in threads, a house each, it is the very same past', async () => {
  const to = Date.parse('2026-01-19T12:00:00Z')
  const [start, from] = [to - 4 * day, to - day]
  const shares: number[] = []
  const inThreads = await controlPastInThreads({ seed: 7, start, from, to }, (share) => shares.push(share))
  expect(inThreads.houses.map(({ house }) => house)).toEqual([3, 4, 5])
  expect(inThreads).toEqual(await controlPast(makeWorld({ seed: 7, start, now: () => to }), { from, to }))
  expect(shares).toEqual([...shares].sort((a, b) => a - b))
  expect(shares.at(-1)).toBe(1)
}, 120_000)
