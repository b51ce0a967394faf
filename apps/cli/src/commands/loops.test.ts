import { expect, test } from 'vitest'
import { linesOf } from './loops.ts'

test('a sentence is told in lines that fit, and no word is lost', () => {
  const sentence = '19:22, main room at 20.3 °C, power at 0.96 NOK/kWh: set the temperature to 19 °C.'
  const lines = linesOf(sentence, 30)
  expect(lines).toHaveLength(3)
  expect(lines.join(' ')).toBe(sentence)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(30)
  expect(linesOf('model-predictive', 5)).toEqual(['model-predictive'])
})
