import fc from 'fast-check'
import { Value } from 'typebox/value'
import { expect, test } from 'vitest'
import { Comfort, clockOf, evenComfort, localTime, usualComfort, wishAt, wishesBetween } from './index.ts'

const zone = 'Europe/Oslo'
const at = (iso: string) => Date.parse(iso)

/** Every hour wishes 15 °C plus its number's tenth; the weekend one more. */
const byHour = (more: number) =>
  Array.from({ length: 24 }, (_, h) => ({ temperature: 15 + h / 10 + more, deviation: 1, fan: h < 7 ? 'low' : 'auto' }))
const comfort: Comfort = { weekday: byHour(0), weekend: byHour(1), exceptions: [], restDays: ['2024-05-17'] }

test.each([
  { name: 'a Monday morning in winter', time: '2024-01-15T06:30:00Z', temperature: 15.7, fan: 'auto', from: 'weekday' },
  {
    name: 'the same clock time in summer',
    time: '2024-07-15T05:30:00Z',
    temperature: 15.7,
    fan: 'auto',
    from: 'weekday',
  },
  { name: 'Friday at 23:59', time: '2024-01-19T22:59:59Z', temperature: 17.3, fan: 'auto', from: 'weekday' },
  {
    name: 'Saturday begins at local midnight',
    time: '2024-01-19T23:00:00Z',
    temperature: 16,
    fan: 'low',
    from: 'weekend',
  },
  { name: 'Sunday ends at local midnight', time: '2024-01-21T23:00:00Z', temperature: 15, fan: 'low', from: 'weekday' },
  { name: 'a holiday on a Friday', time: '2024-05-17T10:00:00Z', temperature: 17.2, fan: 'auto', from: 'weekend' },
])('$name', ({ name: _name, time, ...does }) => {
  expect(wishAt(comfort, at(time), zone)).toMatchObject({ ...does, temperature: expect.closeTo(does.temperature, 9) })
})

test('the day with 23 hours has no third hour, that with 25 has it twice', () => {
  const hoursOf = (from: string, count: number) =>
    Array.from({ length: count }, (_, i) => localTime(at(from) + i * 3_600_000, zone).hour)
  expect(hoursOf('2024-03-30T23:00:00Z', 23)).toEqual([0, 1, ...Array.from({ length: 21 }, (_, i) => i + 3)])
  expect(hoursOf('2024-10-26T22:00:00Z', 25)).toEqual([0, 1, 2, 2, ...Array.from({ length: 21 }, (_, i) => i + 3)])
  const day = (from: string, to: string) =>
    wishesBetween(comfort, { from: at(from), to: at(to), stepMinutes: 60 }, zone)
  expect(day('2024-03-30T23:00:00Z', '2024-03-31T22:00:00Z').map((w) => w.temperature)).not.toContain(16.2)
  const twice = day('2024-10-26T22:00:00Z', '2024-10-27T23:00:00Z').filter((w) => Math.abs(w.temperature - 16.2) < 1e-9)
  expect(twice).toHaveLength(2)
  expect(clockOf(at('2024-10-27T01:05:00Z'), zone)).toBe('02:05')
})

const from = '2024-01-15T10:00:00Z'
const to = '2024-01-15T12:00:00Z'
test.each([
  { name: 'away lowers to 16 °C', exceptions: [{ kind: 'away', from, to }], does: { temperature: 16, from: 'away' } },
  {
    name: 'guests get the warmest of the day',
    exceptions: [{ kind: 'guests', from, to }],
    does: { temperature: 17.3, lowest: 16.8 },
  },
  { name: 'boost adds', exceptions: [{ kind: 'boost', from, to }], does: { temperature: 16.1 + 1.5, highest: 18.1 } },
  {
    name: 'its own temperature counts',
    exceptions: [{ kind: 'boost', from, to, temperature: 24, deviation: 0, fan: 'high' }],
    does: { temperature: 24, lowest: 24, fan: 'high' },
  },
  {
    name: 'boost goes before away',
    exceptions: [
      { kind: 'away', from, to },
      { kind: 'boost', from, to },
    ],
    does: { from: 'boost' },
  },
  {
    name: 'one that has ended does not hold',
    exceptions: [{ kind: 'away', from: '2024-01-14T00:00:00Z', to: from }],
    does: { from: 'weekday' },
  },
  {
    name: 'one that cannot be read does not hold',
    exceptions: [{ kind: 'away', from: 'soon', to }],
    does: { from: 'weekday' },
  },
  {
    name: 'the later of two counts',
    exceptions: [
      { kind: 'away', from: '2024-01-15T10:30:00Z', to, temperature: 12 },
      { kind: 'away', from, to, temperature: 14 },
    ],
    does: { temperature: 12 },
  },
] as const)('$name', ({ exceptions, does }) => {
  // At 11:00 local the usual wish is 16.1 °C.
  const given = { ...comfort, exceptions: exceptions.map((one) => ({ ...one })) }
  const wish = wishAt(given, at('2024-01-15T10:45:00Z'), zone)
  const wanted = Object.fromEntries(
    Object.entries(does).map(([name, value]) => [name, typeof value === 'number' ? expect.closeTo(value, 9) : value]),
  )
  expect(wish).toMatchObject(wanted)
})

test('the settings have a schema', () => {
  expect(Value.Check(Comfort, evenComfort(21, 1))).toBe(true)
  expect(Value.Check(Comfort, { ...evenComfort(21, 1), weekday: [] })).toBe(false)
  expect(Value.Check(Comfort, evenComfort(60, 1))).toBe(false)
  expect(Value.Check(Comfort, { ...evenComfort(21, 1), monday: [] })).toBe(false)
  expect(Value.Check(Comfort, usualComfort())).toBe(true)
})

test('at any time of a year there is a wish, in its own band', () => {
  fc.assert(
    fc.property(fc.integer({ min: at('2024-01-01T00:00:00Z'), max: at('2024-12-31T23:59:00Z') }), (time) => {
      const wish = wishAt(comfort, time, zone)
      expect(wish.lowest).toBeLessThanOrEqual(wish.temperature)
      expect(wish.highest).toBeGreaterThanOrEqual(wish.temperature)
    }),
    { numRuns: 300 },
  )
})
