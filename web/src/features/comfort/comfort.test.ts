import { expect, test } from 'vitest'
import { blocksOf, describeDay, painted, unknownFans } from './comfort.ts'

const day = Array.from({ length: 24 }, () => ({ temperature: 21, deviation: 1 }))
const night = { temperature: 18, deviation: 2 }

test('a fan setting that the unit does not know is found, once', () => {
  const [quiet, typo] = ['quiet', 'turbo'].map((fan) => ({ ...night, fan }))
  expect(unknownFans([[...day, quiet, typo], [typo]] as never, ['quiet', 'auto'])).toEqual(['turbo'])
  expect(unknownFans([day], [])).toEqual([])
})

test('hours are painted from one to another, over midnight too, and the others stay', () => {
  const morning = painted(day, 6, 9, night)
  expect(morning.flatMap(({ temperature }, hour) => (temperature === 18 ? [hour] : []))).toEqual([6, 7, 8])
  const over = painted(day, 22, 2, night)
  expect(over.flatMap(({ temperature }, hour) => (temperature === 18 ? [hour] : []))).toEqual([0, 1, 22, 23])
  expect(painted(day, 0, 24, night).every(({ deviation }) => deviation === 2)).toBe(true)
})

test('a day is told in blocks', () => {
  const painted23 = painted(day, 23, 6, night)
  expect(blocksOf(painted23).map(({ from, to }) => [from, to])).toEqual([
    [0, 6],
    [6, 23],
    [23, 24],
  ])
  expect(describeDay(painted23)).toBe('00:00 to 06:00 18 °C, 06:00 to 23:00 21 °C, 23:00 to 24:00 18 °C')
})
