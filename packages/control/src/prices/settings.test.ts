import { ProblemError } from '@nabolag/core'
import { expect, test } from 'vitest'
import { gridCompanies } from './grid-companies.ts'
import { checkPriceSettings } from './settings.ts'

test('the least that will do, and all of it', () => {
  expect(checkPriceSettings({ area: 'NO3' })).toEqual({ area: 'NO3' })
  const { energy, capacity } = gridCompanies.elvia
  const whole = {
    ...{ area: 'NO1', taxZone: 'south', home: 'home', gridEnergy: energy, capacity, capacityByHand: 7 },
    markUp: [{ from: '2026-01-01', to: '2026-07-01', perKwh: 0.03, perMonth: 39.2 }],
    support: [{ from: '2025-10-01', scheme: 'norgespris' }],
    norgespris: [{ from: '2027-01-01', price: 0.42, cap: 4000, holidayCap: 1000 }],
  }
  expect(checkPriceSettings(whole)).toEqual(whole)
})

const steps = [
  { above: 0, perYear: 100 },
  { above: 0, perYear: 200 },
]
test.each([
  ['no area', {}, 'area'],
  ['an area that there is not', { area: 'NO9' }, 'area must be NO1, NO2, NO3, NO4 or NO5'],
  ['øre for kroner', { area: 'NO3', gridEnergy: [{ from: '2026-01-01', base: 22.1, rules: [] }] }, 'gridEnergy.0.base'],
  [
    'a date that is none',
    { area: 'NO3', support: [{ from: '1.1.2026', scheme: 'none' }] },
    'support.0.from must be a date such as 2026-01-31',
  ],
  [
    'an end before the begin',
    { area: 'NO3', support: [{ from: '2026-01-02', to: '2026-01-02', scheme: 'none' }] },
    'ends before it begins',
  ],
  [
    'steps that do not rise',
    { area: 'NO3', capacity: [{ from: '2026-01-01', method: 'three-days', thresholdIncluded: true, steps }] },
    'must rise',
  ],
  [
    'a fuse that is not said',
    {
      area: 'NO3',
      capacity: [{ from: '2026-01-01', method: 'by-hand', thresholdIncluded: true, steps: steps.slice(1) }],
    },
    'capacityByHand',
  ],
  [
    'a rule of no hours',
    { area: 'NO3', gridEnergy: [{ from: '2026-01-01', base: 0.2, rules: [{ price: 0.3, fromHour: 6, toHour: 6 }] }] },
    'must not end',
  ],
  ['a setting that does not exist', { area: 'NO3', colour: 'red' }, 'colour is not known here; there is area, '],
])('%s is refused', (_, given, says) => {
  expect(() => checkPriceSettings(given)).toThrow(ProblemError)
  expect(() => checkPriceSettings(given)).toThrow(says)
})
