import { expect, test } from 'vitest'
import { inWidth } from './table.ts'

const table = {
  header: ['', '', 'schedule', 'price-responsive-pi', 'model-predictive'],
  rows: [
    ['mean temperature', '°C', '20.49', '20.82', '20.96'],
    ['heating cost', 'NOK', '1143', '1168', '1113'],
  ],
}
const widthOf = ({ header, rows }: typeof table) =>
  header.reduce((sum, name, n) => sum + 2 + Math.max(name.length, ...rows.map((row) => row[n]!.length)), -2)

test('a table that is wider than the terminal stands in parts below each other, each with what its rows are', () => {
  const parts = inWidth(table, 60)
  expect(parts.map(({ header }) => header)).toEqual([
    ['', '', 'schedule', 'price-responsive-pi'],
    ['', '', 'model-predictive'],
  ])
  expect(parts[1]!.rows[1]).toEqual(['heating cost', 'NOK', '1113'])
  for (const part of parts) expect(widthOf(part)).toBeLessThanOrEqual(60)
})

test('it stays whole where it fits, and where it goes to a file', () => {
  expect(inWidth(table, widthOf(table))).toEqual([table])
  expect(inWidth(table, undefined)).toEqual([table])
  expect(inWidth(table, 10).map(({ header }) => header.length)).toEqual([3, 3, 3])
})

test('a table whose first column has a name keeps that one', () => {
  const turns = { header: ['turns of loops', 'a', 'b'], rows: [['command', '1', '2']] }
  expect(inWidth(turns, 18).map(({ header }) => header)).toEqual([
    ['turns of loops', 'a'],
    ['turns of loops', 'b'],
  ])
})
