import { expect, test } from 'vitest'
import { argumentsOf } from './commands.ts'

test.each([
  { typed: ['temperature=21.5'], read: { temperature: 21.5 } },
  { typed: ['power=-1500', 'location=2'], read: { power: -1500, location: '2' } },
  { typed: ['on=true'], read: { on: true } },
  { typed: ['mode=heat', 'fanLevel=medium_high'], read: { mode: 'heat', fanLevel: 'medium_high' } },
  { typed: ['location=Stue = kjøkken'], read: { location: 'Stue = kjøkken' } },
  { typed: ['schedule=[{"at":"06:00","temperature":20}]'], read: { schedule: [{ at: '06:00', temperature: 20 }] } },
  { typed: ['timezone=Europe/Oslo', 'at=06:00'], read: { timezone: 'Europe/Oslo', at: '06:00' } },
  { typed: [], read: {} },
])('what is typed as arguments: $typed', ({ typed, read }) => {
  expect(argumentsOf(typed)).toEqual(read)
})

test('what is no argument is told', () => {
  for (const text of ['temperature', '=21', '']) expect(() => argumentsOf([text])).toThrow(/name=value/)
})
