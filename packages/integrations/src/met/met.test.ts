import { VendorFailure } from '@nabolag/core'
import { expect, test } from 'vitest'
import type { HttpOptions } from '../define.ts'
import met from './index.ts'

async function failureOf(status: number, body: unknown): Promise<VendorFailure | undefined> {
  let asked: HttpOptions = {}
  const get = async (_path: string, options: HttpOptions = {}) => {
    asked = options
  }
  if ('fetch' in met) await met.fetch({ http: { get }, credentials: { latitude: 0, longitude: 0 } } as never)
  return asked.failureOf?.({ status, body })
}

test.each([
  [404, 'Outside of coverage area\n', 'MET has no forecast for this place (Outside of coverage area)'],
  [422, '<html>Unprocessable</html>', 'MET has no forecast for this place'],
  [404, { any: 'thing' }, 'MET has no forecast for this place'],
])('%i with %j: there is no use in asking for that place again', async (status, body, words) => {
  const failure = await failureOf(status, body)
  expect(failure).toBeInstanceOf(VendorFailure)
  expect([failure?.kind, failure?.message]).toEqual(['refused', words])
})

test.each([200, 203, 400, 403, 429, 500])('%i is left to the general rule', async (status) => {
  expect(await failureOf(status, '')).toBeUndefined()
})
