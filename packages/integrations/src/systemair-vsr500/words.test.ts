import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exchangeOf } from '../replay.testing.ts'
import { CloudFailure, failureOf } from './cloud.ts'
import { decodeItems, degreesOf, rawDegrees, setpointLimits, sortItems } from './items.ts'
import { formAction } from './sign-in.ts'

const question = 'GetDataItems'
test.each([
  ['a token that is over', { status: 401 }, 'refused', 'account'],
  ['words instead of JSON', { body: 'UnauthorizedError' }, 'refused', 'account'],
  ['a web page', { status: 502, body: '<html>' }, 'unreachable', 'account'],
  ['half of an answer', { body: '{"data":{"GetDa' }, 'changed', 'account'],
  ['a unit that is gone', { status: 404, body: 'Not Found' }, 'unreachable', 'unit'],
  ['a unit that is slow', { status: 500, body: { name: 'DeviceTimeoutError', msg: 'late' } }, 'unreachable', 'unit'],
  [
    'the same inside a 200',
    { body: { errors: [{ message: 'DeviceOfflineError: no' }], data: null } },
    'unreachable',
    'unit',
  ],
  ['too many items', { status: 500, body: { name: 'DeviceRequestPayloadSizeExceededError' } }, 'unreachable', 'size'],
  [
    'an unknown id',
    { body: { errors: [{ message: 'no such item' }], data: { GetDataItems: null } } },
    'unreachable',
    'items',
  ],
  ['an error of no known kind', { status: 500, body: { message: 'oops' } }, 'unreachable', 'server'],
  ['a busy moment', { body: { errors: [{ message: 'SERVER_BUSY' }] } }, 'unreachable', 'busy'],
  ['a field that went away', { body: { errors: [{ message: 'Cannot query field "x"' }] } }, 'changed', 'items'],
  ['too many calls', { status: 429, retryAfter: 1234 }, 'throttled', 'account'],
] as const)('%s is told apart', (_, answer, kind, about) => {
  expect(failureOf(exchangeOf(answer), question)).toMatchObject({ kind, about })
})

test('an error that names its place leaves the data beside it, one without a place spoils it', () => {
  const data = { GetDataItems: [] }
  const placed = { errors: [{ message: 'x', path: ['GetDataItems', 3] }], data }
  expect(failureOf(exchangeOf({ body: placed }), question)).toBeUndefined()
  expect(failureOf(exchangeOf({ body: { errors: [{ message: 'x' }], data } }), question)).toBeInstanceOf(CloudFailure)
})

test('the wait that the vendor asks for is obeyed', () => {
  expect(failureOf(exchangeOf({ status: 429, retryAfter: 1234 }), question)?.until).toBe(1234)
})

test('the password is sent to the log-in address of Systemair, whatever the page says', () => {
  const page = (action: string) => `<form onsubmit="x" id="kc-form-login" action="${action}" method="post">`
  expect(formAction(page('/auth/x?a=1&amp;b=2'))).toBe('https://sso.systemair.com/auth/x?a=1&b=2')
  expect(formAction(page('https://evil.example/auth/x?a=1'))).toBe('https://sso.systemair.com/auth/x?a=1')
  for (const action of ['a:@evil.example/x', 'a:.evil.example/x', 'a:$'])
    expect(formAction(page(action)), action).toBeUndefined()
  expect(formAction('<form id="other" action="/x">')).toBeUndefined()
  fc.assert(
    fc.property(fc.string(), (text) => {
      const action = formAction(page(text))
      if (action !== undefined) expect(new URL(action).origin).toBe('https://sso.systemair.com')
    }),
  )
})

test('nothing that Systemair says can break the reading of it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 100, max: 599 }), (body, status) => {
      failureOf(exchangeOf({ status, body }), question)
      failureOf(
        exchangeOf({
          status,
          body: { errors: [body, { message: body, extensions: { error: body }, path: body }], data: body },
        }),
        question,
      )
      failureOf(exchangeOf({ status, body: { name: 'DeviceOfflineError', msg: body, ui: body } }), question)
      decodeItems(JSON.stringify(body))
    }),
  )
})

test('a temperature that is written is the one that is read, in either unit, with or without its sign', () => {
  fc.assert(
    fc.property(fc.integer({ min: -400, max: 350 }), fc.boolean(), (tenths, inFahrenheit) => {
      const raw = rawDegrees(tenths / 10, inFahrenheit, undefined)
      for (const value of [raw, String(raw), raw < 0 ? raw + 65536 : raw])
        expect(Math.abs(degreesOf({ id: 54, value }, inFahrenheit)! - tenths / 10)).toBeLessThan(0.051)
    }),
  )
})

test('the bounds of a set-point are within what the unit said', () => {
  fc.assert(
    fc.property(fc.integer({ min: 500, max: 700 }), fc.integer({ min: 0, max: 200 }), (min, more) => {
      const sorted = sortItems([{ id: 32, value: 650, unit: 6, decimals: 1, min, max: min + more }], {})
      const { minimum, maximum } = setpointLimits(sorted, 28)
      expect(rawDegrees(minimum, true, undefined)).toBeGreaterThanOrEqual(min)
      expect(rawDegrees(maximum, true, undefined)).toBeLessThanOrEqual(min + more)
    }),
  )
})
