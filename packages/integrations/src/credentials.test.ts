import { expect, test } from 'vitest'
import { integrationOf, readCredentials, requiredFields } from './index.ts'

const met = integrationOf('met')!
const realtime = integrationOf('tibber-realtime')!

test('texts become numbers where a number is wanted, and numbers texts', () => {
  expect(readCredentials(met, { latitude: '63.43', longitude: 10.4, altitude: '' })).toEqual({
    ok: true,
    credentials: { latitude: 63.43, longitude: 10.4 },
  })
  expect(readCredentials(realtime, { 'api-key': 'abc', pulse_index: 0, other: 1 })).toEqual({
    ok: true,
    credentials: { 'api-key': 'abc', pulse_index: '0' },
  })
})

test('what is missing or wrong is named, and no value is shown', () => {
  expect(readCredentials(met, { latitude: '91' })).toMatchObject({
    ok: false,
    missing: ['longitude'],
    wrong: { latitude: expect.any(String) },
  })
  for (const typed of [undefined, null, 'text', [], { latitude: '' }])
    expect(readCredentials(met, typed)).toMatchObject({ ok: false, missing: ['latitude', 'longitude'] })
})

test('the required fields are those of the schema, in its order', () => {
  expect(requiredFields(met)).toEqual(['latitude', 'longitude'])
  expect(requiredFields(realtime)).toEqual(['api-key'])
})
