/** Intervals against houses with walls, people and weather of which the truth is known. */
import { addDays } from '@nabolag/core'
import { expect, test } from 'vitest'
import type { Cooling } from '../estimate/signature.ts'
import { discretise, type HouseParameters, timeConstants } from '../thermal/index.ts'
import { coolingConstant } from './cooling-constant.ts'
import type { HouseDay } from './days.ts'
import { chance, firstDay } from './history.testing.ts'
import { signatureInsight } from './house-insights.ts'
import { whatIfWarmer } from './what-if.ts'

const runs = 100
/** Of intervals of 95 % at least so many hold the truth, but for one case in a thousand. */
const most = 0.95 * runs - 3 * Math.sqrt(0.95 * 0.05 * runs)

/** Days of a house with electric heaters whose walls answer in part a day late, with people who stay for days. */
function slowHouse(seed: number) {
  const random = chance(seed)
  const [loss, late] = [0.08 + 0.15 * random.even(), 0.05 + 0.2 * random.even()]
  let [weather, before, people] = [0, 0, 0]
  const days = Array.from({ length: 90 }, (_, n): HouseDay => {
    weather = 0.7 * weather + 3 * random.normal()
    people = 0.6 * people + 0.15 * random.normal()
    const indoor = 21 + 0.2 * random.normal()
    const felt = n === 0 ? weather : (1 - late) * weather + late * before
    before = weather
    const energy = 24 * (0.8 + people + loss * (indoor - felt))
    return {
      date: addDays(firstDay, n),
      weekend: false,
      energy,
      cost: energy,
      price: 1,
      usualPrice: 1,
      outdoor: weather,
      indoor,
    }
  })
  return { days, loss }
}

test('the slope against the weather of houses with slow walls and people who stay', () => {
  let [signature, warmer] = [0, 0]
  for (let seed = 1; seed <= runs; seed++) {
    const { days, loss } = slowHouse(seed)
    const told = signatureInsight(days)
    const more = whatIfWarmer(days, 1, 'resistance')
    if (told.outcome !== 'found' || more.outcome !== 'found') throw new Error('not found')
    const { low, high } = told.signature.slope
    signature += Number(low <= loss && loss <= high)
    const truth = 24 * loss * more.days
    warmer += Number(more.energy.low <= truth && truth <= more.energy.high)
  }
  expect(signature).toBeGreaterThanOrEqual(most)
  expect(warmer).toBeGreaterThanOrEqual(most)
})

test('a kelvin is worth the same where the house stands empty and cold for a month', () => {
  let held = 0
  for (let seed = 1; seed <= runs; seed++) {
    const { days, loss } = slowHouse(seed)
    const away = days.map((day, n) =>
      n >= 40 && n < 65 ? { ...day, indoor: 12, energy: Math.max(0, day.energy - 24 * (loss * 9 + 0.5)) } : day,
    )
    const more = whatIfWarmer(away, 1, 'resistance')
    if (more.outcome !== 'found') throw new Error(more.because)
    const truth = 24 * loss * more.days
    held += Number(more.energy.low <= truth && truth <= more.energy.high)
  }
  expect(held).toBeGreaterThanOrEqual(most)
})

test('days whose sun is not known are not taken for days without sun', () => {
  const { days } = slowHouse(1)
  const random = chance(7)
  const sunny = days.map((day) => {
    const sun = 0.1 + 0.1 * random.even()
    return { ...day, sun, energy: day.energy - 24 * 4 * sun }
  })
  const dim = sunny.map(({ sun, ...day }, n) => (n % 10 === 0 ? day : { ...day, sun }))
  const told = signatureInsight(dim)
  if (told.outcome !== 'found') throw new Error(told.because)
  expect(told.days).toBe(81)
  expect(told.signature.solar!.low).toBeLessThan(4)
  expect(told.signature.solar!.high).toBeGreaterThan(4)
})

/** Nights without heat in a room of two time constants that begin from even warmth. */
function nightsOf(seed: number, count: number) {
  const random = chance(seed)
  const house: HouseParameters = {
    ...{ Ci: 0.8 + random.even(), Ce: 4 + 6 * random.even(), Hie: 0.5 + 0.6 * random.even() },
    ...{ Hia: 0.03 + 0.04 * random.even(), Hea: 0.06 + 0.1 * random.even(), Aw: 0, Ae: 0 },
  }
  const step = discretise(house, 0.25)
  const loss = house.Hia + 1 / (1 / house.Hie + 1 / house.Hea)
  // People and machines hold the house some kelvins above the outdoors.
  const lift = 0.5 + 3 * random.even()
  const nights = Array.from({ length: count }, (): Cooling[] => {
    let outdoor = -5 + 4 * random.normal()
    let state = { air: 21, structure: (house.Hie * 21 + house.Hea * outdoor) / (house.Hie + house.Hea) }
    return Array.from({ length: 33 }, (_, n) => {
      const reading = { hours: n / 4, air: state.air + 0.05 * random.normal(), outdoor }
      outdoor += 0.2 * random.normal()
      state = step(state, { outdoor, heat: 0, sun: 0, gains: lift * loss * (0.8 + 0.4 * random.even()) })
      return reading
    })
  })
  return { nights, slow: timeConstants(house)[1] }
}

test('the time constant of rooms that cool in two modes, with people in them, lies within its interval', () => {
  let [held, found] = [0, 0]
  for (let seed = 1; seed <= 40; seed++) {
    const { nights, slow } = nightsOf(seed, 8)
    const told = coolingConstant(nights)
    if (told.outcome !== 'found') continue
    found++
    held += Number(told.hours.low <= slow && slow <= told.hours.high)
  }
  expect(found).toBeGreaterThan(30)
  expect(held).toBeGreaterThanOrEqual(0.95 * found - 3 * Math.sqrt(0.95 * 0.05 * found))
})

test('nights that are short, few or even give no time constant', () => {
  const { nights } = nightsOf(1, 8)
  expect(coolingConstant(nights.slice(0, 2))).toMatchObject({ because: expect.stringMatching(/2 nights/), nights: 2 })
  expect(coolingConstant(nights.map((night) => night.slice(0, 12)))).toMatchObject({
    outcome: 'not-enough-data',
    nights: 0,
  })
  const even = nights.map((night) => night.map((one) => ({ ...one, air: 20 })))
  expect(coolingConstant(even)).toMatchObject({ outcome: 'not-enough-data' })
})
