import { expect, test } from 'vitest'
import { resolveBase } from './base.ts'

const usual = 'https://api.met.no/weatherapi/locationforecast/2.0'

test.each([
  [undefined, usual],
  ['', usual],
  ['http://127.0.0.1:9001', 'http://127.0.0.1:9001/weatherapi/locationforecast/2.0'],
  ['http://127.0.0.1:9001/', 'http://127.0.0.1:9001/weatherapi/locationforecast/2.0'],
  ['http://127.0.0.1:9001/weatherapi', 'http://127.0.0.1:9001/weatherapi/locationforecast/2.0'],
  ['http://127.0.0.1:9001/weatherapi/locationforecast/2.0/', 'http://127.0.0.1:9001/weatherapi/locationforecast/2.0'],
  ['http://127.0.0.1:9001/weather', 'http://127.0.0.1:9001/weather'],
  ['http://127.0.0.1:9001/met/', 'http://127.0.0.1:9001/met'],
  ['https://proxy.example/a/b?key=1#x', 'https://proxy.example/a/b'],
  [
    'http://127.0.0.1:9001/weatherapi/locationforecast/2.0/more',
    'http://127.0.0.1:9001/weatherapi/locationforecast/2.0/more',
  ],
])('%s stands in for the vendor as %s', (override, expected) => {
  expect(resolveBase(usual, override)).toBe(expected)
})

test('what is no http address is refused', () => {
  expect(() => resolveBase(usual, 'ftp://a')).toThrow(TypeError)
  expect(() => resolveBase(usual, 'nonsense')).toThrow(TypeError)
})
