import { Problem } from '@nabolag/core'
import { expect, test } from 'vitest'
import { complaintsOf, problemOf } from './errors.ts'

test.each([
  ['a refused connection', Object.assign(new Error('no'), { code: 'ECONNREFUSED' }), 'engine-down'],
  [
    'several refused connections',
    new AggregateError([Object.assign(new Error('no'), { code: 'ECONNREFUSED' })]),
    'engine-down',
  ],
  ['a database that shuts down', Object.assign(new Error('no'), { code: '57P01' }), 'engine-down'],
  ['a connection that ended', new Error('Connection terminated unexpectedly'), 'engine-down'],
  ['a bug', new TypeError('x is not a function'), 'internal-error'],
  ['a thrown text', 'oops', 'internal-error'],
  ['a problem', Problem('conflict'), 'conflict'],
  [
    'a body of a kind nobody reads',
    Object.assign(new Error('no'), { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', statusCode: 415 }),
    'unsupported-media-type',
  ],
] as const)('%s is the problem it is', (_name, error, code) => {
  expect(problemOf(error).code).toBe(code)
})

test('a bug says nothing of itself', () => {
  expect(problemOf(new Error('password is hunter2')).detail).toBeUndefined()
})

test('the branches of a choice are one complaint', () => {
  const at = { schemaPath: '#', instancePath: '/resolution' }
  expect(
    complaintsOf([
      { ...at, keyword: 'type', params: { type: 'number' } },
      { ...at, keyword: 'type', params: { type: 'string' } },
      { ...at, keyword: 'anyOf', params: {} },
    ]),
  ).toEqual([{ path: '/resolution', expected: 'must be number or string' }])
})
