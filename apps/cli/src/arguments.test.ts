import { afterEach, expect, test } from 'vitest'
import { moment } from './arguments.ts'

const { TZ } = process.env
afterEach(() => {
  if (TZ === undefined) delete process.env.TZ
  else process.env.TZ = TZ
})

test.each([
  ['2026-05-08', '2026-05-08T00:00:00.000Z'],
  ['2026-05-08T06:00', '2026-05-08T06:00:00.000Z'],
  ['2026-05-08 06:00', '2026-05-08T06:00:00.000Z'],
  ['2026-05-08T06:00:00.123456+02:00', '2026-05-08T04:00:00.123Z'],
])('the time %s is the same wherever it is typed', (text, is) => {
  for (const zone of ['UTC', 'Europe/Oslo', 'America/New_York']) {
    process.env.TZ = zone
    expect(new Date(moment(text)).toISOString()).toBe(is)
  }
})

test.each(['8', '2026-5-8', '2026-02-30', 'May 2026', ''])('%j is no time', (text) => {
  expect(() => moment(text)).toThrow('It must be a time')
})
