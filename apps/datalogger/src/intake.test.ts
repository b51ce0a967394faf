import type { Delivery } from '@nabolag/bus'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { takeIn } from './intake.ts'

const arrival = (topic: string, payload: string | Buffer): Delivery => ({
  topic,
  payload: Buffer.from(payload as string),
  qos: 1,
  received: Date.UTC(2023, 4, 8, 7),
})
const sample = (fields: object, time = '2023-05-08T06:00:00') => ({
  measurement: 'airSensor',
  tags: { house_id: '3', sensor_name: 'mill-sense' },
  fields,
  time,
})

test('points are the fields of all samples', () => {
  const entry = takeIn(
    arrival(
      'sensors/mill-sense',
      JSON.stringify([sample({ temperature: 1, humidity: 2 }), sample({ temperature: 3 })]),
    ),
  )
  expect(entry).toMatchObject({ points: 3, refused: 0, rejected: [] })
  expect(entry.samples).toHaveLength(2)
})

test('the same fault many times in a message is one row that says so, with the sample it is about', () => {
  const bad = Array.from({ length: 400 }, () => sample({ temperature: 500 }))
  const entry = takeIn(arrival('sensors/mill-sense/3', JSON.stringify([sample({ temperature: 1 }), ...bad])))
  expect(entry.refused).toBe(400)
  expect(entry.rejected).toEqual([
    {
      received: Date.UTC(2023, 4, 8, 7),
      topic: 'sensors/mill-sense/3',
      houseId: 3,
      device: 'mill-sense',
      reason: 'fields.temperature is 500, above 100 °C (and 399 more in the same message)',
      payload: JSON.stringify(sample({ temperature: 500 })),
    },
  ])
})

test('what the broker refused is the house of the account that sent it', () => {
  const event = { username: 'h7.my.meter.2', topic: 'sensors/other', reason: 'not its topic', payload: '{"a":1}' }
  expect(takeIn(arrival('refused/7/my.meter', JSON.stringify(event)))).toMatchObject({
    samples: [],
    refused: 1,
    rejected: [{ houseId: 7, device: 'my.meter', topic: 'sensors/other', reason: 'not its topic', payload: '{"a":1}' }],
  })
})

test('a message nested too deeply to be written again is rejected and kept as it came', () => {
  const deep = '['.repeat(20_000) + ']'.repeat(20_000)
  const entry = takeIn(arrival('sensors/a/3', Buffer.from(deep)))
  expect(entry).toMatchObject({ samples: [], refused: 1, rejected: [{ houseId: 3, payload: '['.repeat(4096) }] })
})

test('whatever comes, it is stored or rejected, and what is kept of it is bounded', () => {
  const topic = fc.oneof(fc.constantFrom('sensors/a/3', 'sensors/a', 'refused/3/a', 'refused/'), fc.string())
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 10_000 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(text)),
    fc.string({ minLength: 4000, maxLength: 5000, unit: 'binary' }).map((text) => Buffer.from(text)),
  )
  fc.assert(
    fc.property(topic, payload, (where, bytes) => {
      const entry = takeIn(arrival(where, bytes))
      expect(entry.samples.length + entry.rejected.length).toBeGreaterThan(0)
      for (const row of entry.rejected) {
        expect(Buffer.byteLength(row.payload)).toBeLessThanOrEqual(4096 + 3)
        expect(row.reason.length).toBeLessThanOrEqual(500)
        expect(row.topic.length).toBeLessThanOrEqual(256)
      }
    }),
    { numRuns: 300 },
  )
})
