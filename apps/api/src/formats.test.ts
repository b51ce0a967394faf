import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatFor } from './formats.ts'

test.each([
  [undefined, 'json'],
  ['*/*', 'json'],
  ['text/csv', 'csv'],
  ['text/*', 'json'],
  ['text/csv;q=0.5, application/vnd.apache.arrow.stream', 'arrow'],
  ['application/x-ndjson, */*', 'ndjson'],
  ['application/json;q=0, */*', 'csv'],
  ['Application/VND.Apache.Parquet', 'parquet'],
] as const)('Accept: %s is answered in %s', (accept, format) => {
  expect(formatFor(accept)).toBe(format)
})

test.each(['text/html', 'image/png', 'application/json;q=0', 'nonsense'])('Accept: %s cannot be answered', (accept) => {
  expect(() => formatFor(accept)).toThrow(expect.objectContaining({ code: 'not-acceptable' }))
})

test('any header is answered or refused', () => {
  fc.assert(
    fc.property(fc.string(), (accept) => {
      try {
        expect(formatFor(accept)).toBeTypeOf('string')
      } catch (error) {
        expect(error).toMatchObject({ code: 'not-acceptable' })
      }
    }),
  )
})
