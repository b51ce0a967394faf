import { expect, test } from 'vitest'
import { fieldsOf, givenOf, startOf } from './fields.ts'

const schema = {
  type: 'object',
  required: ['area', 'token'],
  properties: {
    token: { type: 'string', title: 'Access token', secret: true },
    area: { enum: ['NO1', 'NO2'], title: 'Price area' },
    latitude: { type: 'number', minimum: -90, maximum: 90 },
    'calls-a-day': { type: 'integer', default: 10 },
    live: { type: 'boolean' },
  },
}

test('a schema becomes the fields of a form, what is required first', () => {
  const fields = fieldsOf({ credentials_schema: schema, required_fields: ['token', 'area'] })
  expect(fields.map(({ name, label, type, secret, required }) => [name, label, type, secret, required])).toEqual([
    ['area', 'Price area', 'choice', false, true],
    ['token', 'Access token', 'text', true, true],
    ['latitude', 'Latitude', 'number', false, false],
    ['calls-a-day', 'Calls a day', 'number', false, false],
    ['live', 'Live', 'boolean', false, false],
  ])
})

test('without a schema what a container wants is typed, secrets hidden', () => {
  const fields = fieldsOf({ credentials_schema: null, required_fields: ['USER_NAME', 'API_TOKEN'] })
  expect(fields.map(({ name, required, secret }) => [name, required, secret])).toEqual([
    ['USER_NAME', true, false],
    ['API_TOKEN', true, true],
  ])
})

test('a form begins with defaults and the place of the house, and sends nothing that is empty', () => {
  const fields = fieldsOf({ credentials_schema: schema, required_fields: [] })
  expect(startOf(fields, { latitude: 0, longitude: 10.4 })).toEqual({ latitude: 0, 'calls-a-day': 10 })
  expect(startOf(fields, { latitude: null, longitude: null })).toEqual({ 'calls-a-day': 10 })
  expect(givenOf({ token: 'x', area: '', latitude: 0, live: false })).toEqual({ token: 'x', latitude: 0, live: false })
})
