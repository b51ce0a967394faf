import { expect, test } from 'vitest'
import { placeOf, placeText } from './rooms.ts'

test.each([
  { typed: 'mill-sense', read: { device: 'mill-sense', count: 0 } },
  { typed: 'mill-sense/1', read: { device: 'mill-sense', count: 1 } },
  { typed: 'mill-sense:Stue', read: { device: 'mill-sense', count: 0, location: 'Stue' } },
  { typed: 'sensibo-sky/2:Stue: sør/nord', read: { device: 'sensibo-sky', count: 2, location: 'Stue: sør/nord' } },
  { typed: 'victron/0:', read: { device: 'victron', count: 0, location: '' } },
])('what is typed as a place: $typed', ({ typed, read }) => {
  expect(placeOf(typed)).toEqual(read)
})

test('what is no place is told, and a place is written as it is typed', () => {
  for (const text of ['', '/1', ':Stue', 'mill-sense/x', 'mill-sense/12345'])
    expect(() => placeOf(text)).toThrow(/Stue/)
  expect(placeText({ device: 'mill-sense', count: 0, location: 'Stue' })).toBe('mill-sense/0:Stue')
  expect(placeText({ device: 'victron', count: 1, location: '' })).toBe('victron/1')
})
