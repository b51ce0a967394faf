import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { groups } from './groups.ts'
import { maxSamples, readMessage, writeMessage } from './message.ts'
import { formatTime, parseTime } from './units.ts'

const now = parseTime('2023-05-08T07:00:00Z')!
const good = {
  measurement: 'airSensor',
  tags: { house_id: '3', device_name: 'mill-sense', location: 'Soverom' },
  fields: { temperature: 19.7, humidity: 40.3 },
  time: '2023-05-08T06:00:00.123456',
}
const read = (message: unknown, topic = 'sensors/mill-sense/3') => readMessage(topic, JSON.stringify(message), now)

describe('what is read', () => {
  const sample = {
    houseId: 3,
    group: 'airSensor',
    device: 'mill-sense',
    count: 0,
    location: 'Soverom',
    tags: {},
    time: 1_683_525_600_123_456,
    issued: undefined,
    fields: { temperature: 19.7, humidity: 40.3 },
  }
  test.each([
    { name: 'the message of today', topic: 'sensors/mill-sense/3', message: good },
    {
      name: 'the older form: sensor_name, no zone, no house in the topic',
      topic: 'sensors/mill-sense',
      message: { ...good, tags: { house_id: '3', sensor_name: 'mill-sense', location: 'Soverom' } },
    },
    {
      name: 'a house as a number, and the device by its topic only',
      topic: 'sensors/mill-sense/3/0/more',
      message: { ...good, tags: { house_id: 3, location: 'Soverom' } },
    },
    {
      name: 'another zone',
      topic: 'sensors/mill-sense/3',
      message: { ...good, time: '2023-05-08T08:00:00.123456+02:00' },
    },
  ])('$name', ({ topic, message }) => {
    expect(read(message, topic)).toEqual({ samples: [sample], refusals: [] })
    expect(readMessage(topic, Buffer.from(JSON.stringify([message, message])), now).samples).toEqual([sample, sample])
  })

  test('fields that are null were not measured', () => {
    const { samples } = read({ ...good, fields: { temperature: null, humidity: 40 } })
    expect(samples.map(({ fields }) => fields)).toEqual([{ humidity: 40 }])
  })

  test('further tags are kept as texts, and the count is read', () => {
    const { samples } = read({ ...good, tags: { ...good.tags, count: '2', floor: 2, north: true } })
    expect(samples).toMatchObject([{ count: 2, tags: { floor: '2', north: 'true' } }])
  })

  test('a forecast has a time of issue: the one it states, or its arrival', () => {
    const forecast = { ...good, measurement: 'weatherForecast', time: '2023-05-20T00:00:00Z' }
    expect(read({ ...forecast, issued: '2023-05-08T05:00:00Z' }).samples).toMatchObject([
      { issued: parseTime('2023-05-08T05:00:00Z') },
    ])
    expect(read(forecast).samples).toMatchObject([{ issued: now }])
  })

  test('groups and fields nobody described pass as they are', () => {
    expect(read({ ...good, measurement: 'beehive', fields: { weight: -5, hum: 'low' } }).samples).toHaveLength(1)
  })

  test('right samples are kept beside wrong ones', () => {
    const { samples, refusals } = read([good, 7, { ...good, fields: { temperature: 'warm' } }, good])
    expect(samples).toHaveLength(2)
    expect(refusals.map(({ index }) => index)).toEqual([1, 2])
  })
})

test.each([
  ['another house', { ...good, tags: { ...good.tags, house_id: '4' } }, 'writes for house 3'],
  ['another device', { ...good, tags: { ...good.tags, device_name: 'other' } }, 'this publisher is mill-sense'],
  ['no house', { ...good, tags: { device_name: 'mill-sense' } }, 'tags'],
  ['too hot', { ...good, fields: { temperature: 101 } }, 'above 100 °C'],
  ['too cold', { ...good, fields: { temperature: -91 } }, 'below -90 °C'],
  ['a text for a number', { ...good, fields: { temperature: '19.7' } }, 'is a number, got a text'],
  ['nothing measured', { ...good, fields: { temperature: null } }, 'every field is null'],
  ['no fields', { ...good, fields: {} }, 'fields'],
  ['a field that is an object', { ...good, fields: { temperature: {} } }, 'fields'],
  ['a field name with a space', { ...good, fields: { 'a b': 1 } }, 'fields'],
  ['a text that is long', { ...good, fields: { note: 'x'.repeat(257) } }, 'fields'],
  ['not a time', { ...good, time: 'yesterday' }, 'time is not'],
  ['a day that is not', { ...good, time: '2023-02-30T00:00:00' }, 'time is not'],
  ['the year 95', { ...good, time: '0095-05-08T06:00:00' }, 'time is not'],
  ['long ago', { ...good, time: '1989-12-31T23:59:59' }, 'before 1990'],
  ['far ahead', { ...good, time: '2023-05-09T08:00:00' }, 'more than a day ahead'],
  ['a tag name that is none', { ...good, tags: { ...good.tags, 'a\u0000b': 'x' } }, 'tags'],
  ['an empty array', [], 'empty array'],
  ['too many samples', Array.from({ length: maxSamples + 1 }, () => 1), `more than ${maxSamples}`],
])('refused: %s', (_name, message, reason) => {
  const { samples, refusals } = read(message)
  expect(samples).toEqual([])
  expect(refusals).toHaveLength(1)
  expect(refusals[0]!.reason).toContain(reason)
})

test.each([
  ['{"measurement"', 'not JSON'],
  ['', 'not JSON'],
  [Buffer.from([0x22, 0xff, 0x22]), 'not JSON'],
  [JSON.stringify(good).replace('19.7', '1e999'), 'fields'],
])('refused: the payload %j', (payload, reason) => {
  expect(readMessage('sensors/mill-sense/3', payload, now).refusals[0]?.reason).toContain(reason)
})

test.each(['sensors', 'sensors/', 'sensors/UP/3', 'sensors/a/x', 'other/a/3', 'sensors//3', ''])(
  'refused: the topic %j',
  (topic) => {
    expect(read(good, topic).refusals[0]?.reason).toContain('topic')
  },
)

describe('whatever comes', () => {
  const noThrow = (topic: string, payload: Uint8Array | string) => {
    const { samples, refusals } = readMessage(topic, payload, now)
    expect(samples.length + refusals.length).toBeGreaterThan(0)
    for (const { reason } of refusals) {
      expect(reason.length).toBeLessThanOrEqual(400)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is what is checked
      expect(reason).not.toMatch(/[\u0000-\u001f]/)
    }
    return samples
  }
  test('bytes', () => {
    fc.assert(fc.property(fc.string(), fc.uint8Array(), (topic, bytes) => void noThrow(topic, bytes)))
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void noThrow('sensors/a/3', bytes)))
  })
  test('JSON', () => {
    fc.assert(
      fc.property(fc.json(), (text) => void noThrow('sensors/a/3', text)),
      { numRuns: 500 },
    )
  })
  test('messages with something wrong in them', () => {
    const messy = fc.record(
      {
        measurement: fc.oneof(fc.constantFrom(...Object.keys(groups)), fc.jsonValue()),
        tags: fc.oneof(
          fc.record({
            house_id: fc.oneof(fc.constant('3'), fc.jsonValue()),
            location: fc.oneof(fc.string(), fc.jsonValue()),
          }),
          fc.dictionary(fc.string(), fc.jsonValue()),
        ),
        fields: fc.oneof(
          fc.dictionary(fc.constantFrom('temperature', 'humidity', 'constructor', 'x'), fc.jsonValue()),
          fc.jsonValue(),
        ),
        time: fc.oneof(fc.constant(good.time), fc.string(), fc.jsonValue()),
        issued: fc.oneof(fc.string(), fc.jsonValue()),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(messy, (message) => void noThrow('sensors/a/3', JSON.stringify(message))),
      { numRuns: 1000 },
    )
  })
  test('nesting without end', () => {
    noThrow('sensors/a/3', '['.repeat(200_000))
    noThrow('sensors/a/3', `${'['.repeat(200_000)}${']'.repeat(200_000)}`)
    noThrow('sensors/a/3', `${'{"fields":'.repeat(100_000)}1${'}'.repeat(100_000)}`)
  })
})

test('what is accepted keeps its values and its microseconds exactly', () => {
  const value = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.string({ maxLength: 100 }),
  )
  const sample = fc.record({
    houseId: fc.integer({ min: 1, max: 999_999_999 }),
    count: fc.integer({ min: 0, max: 9999 }),
    location: fc.string({ maxLength: 100 }),
    tags: fc.dictionary(fc.stringMatching(/^[A-Z][a-z0-9_.-]{0,20}$/), fc.string({ maxLength: 50 }), { maxKeys: 8 }),
    fields: fc.dictionary(fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,30}$/), value, { minKeys: 1, maxKeys: 20 }),
    time: fc.integer({ min: Date.UTC(1990, 0) * 1000, max: now }),
  })
  fc.assert(
    fc.property(sample, (given) => {
      const message = writeMessage({ ...given, group: 'beehive', device: 'a', time: formatTime(given.time) })
      const { samples, refusals } = readMessage(`sensors/a/${given.houseId}`, JSON.stringify(message), now)
      expect(refusals).toEqual([])
      // JSON has no minus zero; it is the one number that changes.
      const fields = Object.fromEntries(
        Object.entries(given.fields).map(([name, v]) => [name, Object.is(v, -0) ? 0 : v]),
      )
      expect(samples).toEqual([
        { ...given, tags: { ...given.tags }, fields, group: 'beehive', device: 'a', issued: undefined },
      ])
    }),
    { numRuns: 500 },
  )
})

test('every bound of the table is held: the value at it passes, the next beyond does not', () => {
  let bounds = 0
  for (const [measurement, group] of Object.entries(groups)) {
    for (const [name, field] of Object.entries(group.fields as Record<string, { min?: number; max?: number }>)) {
      for (const [bound, step] of [
        [field.min, -0.001],
        [field.max, 0.001],
      ] as const) {
        if (bound === undefined) continue
        bounds++
        expect(read({ ...good, measurement, fields: { [name]: bound } }).samples).toHaveLength(1)
        expect(read({ ...good, measurement, fields: { [name]: bound + step } }).refusals).toHaveLength(1)
      }
    }
  }
  expect(bounds).toBeGreaterThan(60)
})
