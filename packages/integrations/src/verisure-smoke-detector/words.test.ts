import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exchangeOf } from '../replay.testing.ts'
import { judge, partsOf, pauseUntil } from './answers.ts'

const now = '2025-11-20T06:00:00.000Z'
const minutes = (until: number | undefined) => ((until ?? Number.NaN) - Date.parse(now)) / 60_000

test.each([
  ['a wrong password', { status: 401, body: { errorCode: 'AUT_00001' } }, 'refused', false],
  ['a dead session in words', { status: 401, body: '401 Unauthorized' }, 'refused', false],
  ['a dead session in a 200', { body: { errorCode: 'AUT_00011' } }, 'refused', false],
  [
    'a block, whatever its status',
    { status: 401, body: { errorCode: 'AUT_00021', errorMessage: 'Request limit has been reached' } },
    'throttled',
    false,
  ],
  ['a block with a server error', { status: 500, body: 'too many requests' }, 'throttled', false],
  ['an empty 429', { status: 429 }, 'throttled', false],
  ['the other host in a 200', { body: 'XBN SYS_00004' }, 'unreachable', true],
  ['maintenance', { status: 504, body: '<html>Verisure APIGW' }, 'unreachable', true],
  ['an old address', { status: 404, body: { errorCode: 'VAL_01797' } }, 'changed', false],
  ['a redirect', { status: 302 }, 'changed', false],
] as const)('%s is told apart', (_, answer, kind, elsewhere) => {
  const judgement = judge(exchangeOf(answer), now)
  expect([judgement?.failure.kind, judgement?.elsewhere]).toEqual([kind, elsewhere])
})

test('too many codes mean an hour, a Retry-After what it says, and else ever longer pauses', () => {
  expect(minutes(judge(exchangeOf({ status: 401, body: { errorCode: 'ACC_00002' } }), now)?.failure.until)).toBe(60)
  expect(judge(exchangeOf({ status: 429, retryAfter: 99 }), now)?.failure.until).toBe(99)
  expect([1, 2, 3, 4, 50].map((before) => minutes(pauseUntil(now, before)))).toEqual([15, 30, 60, 60, 60])
  expect(pauseUntil(now, 0)).toBeUndefined()
})

test('rooms may be called what they like', () => {
  const body = [
    { data: { installation: { climates: [{ device: { deviceLabel: 'A', area: 'Rate limit SYS_00004' } }] } } },
  ]
  expect(judge(exchangeOf({ body }), now)).toBeUndefined()
})

test('of a batch the good parts count, and the failure when there is none', () => {
  const good = { data: { installation: null, account: {} } }
  const bad = { errors: [{ message: 'Request Failed', data: { status: 503, errorCode: 'INS_1' } }] }
  const dead = { errors: [{ message: 'Request Failed', data: { status: 401, errorCode: 'AUT_00011' } }] }
  expect(partsOf(exchangeOf({ body: [good, bad] }), 2, now)).toEqual({ parts: [good, undefined], failure: undefined })
  expect(partsOf(exchangeOf({ body: [dead, dead] }), 2, now).failure?.failure.kind).toBe('refused')
  expect(partsOf(exchangeOf({ body: dead }), 2, now).failure?.failure.kind).toBe('refused')
  expect(partsOf(exchangeOf({ body: [good] }), 2, now).failure?.failure.kind).toBe('changed')
})

test('nothing that Verisure says can break the reading of it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 100, max: 599 }), (body, status) => {
      judge(exchangeOf({ status, body }), now)
      for (const count of [1, 2]) {
        partsOf(exchangeOf({ status, body }), count, now)
        partsOf(
          exchangeOf({ status, body: [{ errors: body }, { errors: [{ message: body, data: body }] }] }),
          count,
          now,
        )
      }
    }),
  )
})
