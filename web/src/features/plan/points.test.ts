import { expect, test } from 'vitest'
import type { Plan } from './api.ts'
import { endOf, plannedHours, roomPoints, stepPoints } from './points.ts'

const at = (minutes: number) => new Date(Date.parse('2026-01-15T06:00:00Z') + minutes * 60_000).toISOString()
const room = {
  room: 1,
  name: 'Stue',
  temperature: [20, 20.5, 21, 21.5, 22],
  power: [1, 1, 0, 0, 2],
  lower: [19, 19, 19, 19, 20],
  upper: [22, 22, 22, 22, 23],
}
const plan: Plan = {
  madeAt: at(0),
  status: 'optimal',
  because: '',
  assumed: [],
  steps: [0, 15, 30, 45, 60].map((from) => ({ from: at(from), to: at(from + 15), price: from < 60 ? 1 : 2 })),
  rooms: [room],
  power: room.power,
  limits: [],
}

test('what was measured and what is planned share one axis, and neither fills in for the other', () => {
  const past = { device: 'air', count: 0, location: 'Stue', times: [at(-20), at(-10)], values: [19.5, null] }
  const { times, measured, planned, lower } = roomPoints(plan, room, past)
  expect(times).toHaveLength(8)
  expect(measured).toEqual([19.5, null, ...new Array(6).fill(undefined)])
  expect(planned).toEqual([undefined, undefined, undefined, 20, 20.5, 21, 21.5, 22])
  expect(lower.slice(2)).toEqual([19, 19, 19, 19, 19, 20])
})

test('power and price hold from the beginning of the first step', () => {
  const { times, power, prices } = stepPoints(plan, plan.power)
  expect(times[0]).toBe(Date.parse(at(0)) / 1000)
  expect(power).toEqual([1, 1, 1, 0, 0, 2])
  expect(prices).toEqual([1, 1, 1, 1, 1, 2])
})

test('the table has an hour a row: the temperature at its end, the means of power and price', () => {
  expect(plannedHours(plan, room)).toEqual([
    { from: at(0), temperature: 21.5, lower: 19, upper: 22, power: 0.5, price: 1 },
    { from: at(60), temperature: 22, lower: 20, upper: 23, power: 2, price: 2 },
  ])
})

test('a plan ends with its last step', () => {
  expect(endOf(plan)).toBe(Date.parse(at(75)))
  expect(endOf({ ...plan, steps: [] })).toBe(Date.parse(plan.madeAt))
})
