import { expect, test } from 'vitest'
import type { Interval, Settings } from './api.ts'
import { companyName, from, heldOn, layers, pieces, schemeOf, until } from './stack.ts'

const amount = (withoutVat: number) => ({ withoutVat, vat: withoutVat / 4, withVat: withoutVat * 1.25 })
const interval = (spot: number, support: number): Interval => ({
  start: '2026-01-15T06:00:00Z',
  end: '2026-01-15T07:00:00Z',
  estimated: false,
  parts: {
    spot: amount(spot),
    support: amount(support),
    markUp: amount(0.05),
    gridEnergy: amount(0.3),
    electricityTax: amount(0.07),
    enovaFee: amount(0.01),
  },
  total: amount(spot + support + 0.43),
  marginal: 1.25 * (spot + support + 0.43),
  supported: 1,
  gridRule: 'day',
})

test('what adds stands above the line and what is given back hangs below; together they are the total', () => {
  for (const [spot, support] of [
    [2, -1.1],
    [0.4, 0],
    [-0.2, 0],
  ] as const) {
    const one = interval(spot, support)
    const list = pieces(one)
    const sum = list.reduce(
      (so, { layer, from: low, to }) => so + (layers[layer]!.of(one) > 0 ? to - low : low - to),
      0,
    )
    expect(sum).toBeCloseTo(one.total.withVat, 9)
    for (const { layer, from: low, to } of list) expect(layers[layer]!.of(one) > 0 ? low >= 0 : to <= 0).toBe(true)
  }
})

test('a scheme that begins on a date leaves the time before as it was', () => {
  const before: Settings['support'] = [{ from: '2025-01-01', scheme: 'norgespris' }]
  const after = from(before, { from: '2026-02-01', scheme: 'none' })
  expect(after).toEqual([
    { from: '2025-01-01', to: '2026-02-01', scheme: 'norgespris' },
    { from: '2026-02-01', scheme: 'none' },
  ])
  expect(heldOn(after, '2026-01-31')?.scheme).toBe('norgespris')
  expect(schemeOf({ area: 'NO3', support: after }, '2026-02-01')).toBe('none')
  expect(schemeOf({ area: 'NO3' }, '2026-02-01')).toBe('stromstotte')
})

test('a company is named as it writes itself', () => expect(companyName('tensio-ts')).toBe('Tensio TS'))

test('an own price that is taken away holds for the time before, and the grid company asks its own again', () => {
  const own = [
    { from: '2025-01-01', base: 0.2 },
    { from: '2026-11-01', base: 0.3 },
  ]
  expect(until(own, '2026-11-01')).toEqual([{ from: '2025-01-01', base: 0.2, to: '2026-11-01' }])
  expect(heldOn(until(own, '2026-11-01'), '2026-11-22')).toBeUndefined()
})
