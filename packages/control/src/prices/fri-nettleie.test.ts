import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type LocalTime, localTimeOf } from '@nabolag/core'
import { describe, expect, test } from 'vitest'
import { stepOf } from './capacity.ts'
import { readFriNettleie } from './fri-nettleie.ts'
import { applies, gridEnergyAt } from './grid-energy.ts'
import { householdPrice } from './household-price.ts'
import { checkPriceSettings } from './settings.ts'

const energyHead =
  'operator_id,operator,tariff_name,valid_from,valid_to,rule,hours_local,days,months,energy_ore_per_kwh_ex_vat'
const capacityHead =
  'operator_id,operator,tariff_name,valid_from,valid_to,method,threshold_included,threshold_kw,price_nok_per_year_ex_vat'

test('reads rules and steps into our own words', () => {
  const energy = [
    energyHead,
    'fjord,Fjord Nett AS,,2026-01-01,2026-07-01,base,,,,10.5',
    'fjord,Fjord Nett AS,,2026-01-01,2026-07-01,Natt,22-5,ukedag,januar|desember,8',
    'fjord,Fjord Nett AS,,2026-01-01,2026-07-01,Dag,6-21,virkedag,,20',
  ].join('\n')
  const capacity = [
    capacityHead,
    'fjord,Fjord Nett AS,,2026-01-01,,TRE_DØGNMAX_MND,true,5,2400',
    'fjord,Fjord Nett AS,,2026-01-01,,TRE_DØGNMAX_MND,true,0,1200',
  ].join('\n')
  expect(readFriNettleie(energy, capacity)).toMatchObject([
    {
      operator: 'fjord',
      energy: [
        {
          ...{ from: '2026-01-01', to: '2026-07-01', base: 0.105 },
          rules: [
            { name: 'Natt', price: 0.08, fromHour: 22, toHour: 6, days: 'weekdays', months: [1, 12] },
            { name: 'Dag', price: 0.2, fromHour: 6, toHour: 22, days: 'working-days' },
          ],
        },
      ],
      capacity: [{ method: 'three-days', thresholdIncluded: true, steps: [{ above: 0 }, { above: 5 }] }],
    },
  ])
})

test.each([
  ['a kind of day', 'fjord,F,,2026-01-01,,base,,,,1\nfjord,F,,2026-01-01,,Dag,6-21,tirsdag,,20', 'Line 3: days'],
  ['hours', 'fjord,F,,2026-01-01,,base,,,,1\nfjord,F,,2026-01-01,,Dag,6-25,,,20', 'Line 3: hours_local'],
  ['a month', 'fjord,F,,2026-01-01,,base,,,,1\nfjord,F,,2026-01-01,,Dag,6-21,,januar|may,20', 'Line 3: months'],
  ['a price', 'fjord,F,,2026-01-01,,base,,,,gratis', 'Line 2: energy_ore'],
  ['no base', 'fjord,F,,2026-01-01,,Dag,6-21,,,20', 'one base price, not 0'],
  ['cells', 'fjord,F,,2026-01-01', 'Line 2 has 4 cells'],
])('%s that cannot be read is named with its line', (_, rows, says) => {
  expect(() => readFriNettleie(`${energyHead}\n${rows}`, capacityHead)).toThrow(says)
})

const folder = join(import.meta.dirname, '../../../../../shared/data/grid_tariffs_no')
const there = existsSync(folder)

describe.skipIf(!there)('the collection of Norwegian grid tariffs', () => {
  const tariffs = there
    ? readFriNettleie(
        readFileSync(join(folder, 'energy_component.csv'), 'utf8'),
        readFileSync(join(folder, 'capacity_component.csv'), 'utf8'),
      )
    : []
  const hour = 3_600_000
  const year: LocalTime[] = []
  for (let ms = Date.parse('2025-12-31T23:00:00Z'); ms < Date.parse('2026-12-31T23:00:00Z'); ms += hour) {
    year.push(localTimeOf(ms, 'Europe/Oslo'))
  }

  test('every rule is read, prices hours of a year, and no two rules claim one', () => {
    let versions = 0
    let rules = 0
    let hours = 0
    const twice: string[] = []
    for (const { operator, energy } of tariffs) {
      for (const version of energy) {
        versions++
        rules += 1 + version.rules.length
        const used = new Map<string, number>()
        for (const time of year) {
          const { price, rule } = gridEnergyAt(version, time)
          // KE Nett paid two øre for what was used by night in the autumn of 2024.
          if (!(price >= -0.02 && price < 1)) throw new Error(`${operator} ${version.from}: ${price} NOK/kWh`)
          used.set(rule, (used.get(rule) ?? 0) + 1)
          if (version.rules.length > 1 && version.rules.filter((one) => applies(one, time)).length > 1)
            twice.push(`${operator} ${time.date}`)
          hours++
        }
        for (const { name = '' } of version.rules)
          expect(used.get(name), `${operator} ${version.from} ${name}`).toBeGreaterThan(0)
      }
    }
    expect({ versions, rules, hours, twice }).toEqual({ versions: 198, rules: 365, hours: 198 * 8760, twice: [] })
  })

  test('every step is read, and is the one its power is in', () => {
    let steps = 0
    for (const { operator, capacity } of tariffs) {
      for (const version of capacity) {
        expect(version.steps[0]?.above, operator).toBe(0)
        for (const [i, { above, perYear }] of version.steps.entries()) {
          steps++
          expect(perYear).toBeGreaterThan(0)
          expect(stepOf(version, above + 0.001), `${operator} ${above}`).toBe(i)
        }
      }
    }
    expect(steps).toBe(2076)
  })

  test('each tariff in force makes settings that a house may have, and prices a year of it', () => {
    let houses = 0
    const spot = year.map((_, i) => ({
      ...{
        start: Date.parse('2025-12-31T23:00:00Z') + i * hour,
        end: Date.parse('2026-01-01T00:00:00Z') + i * hour,
        price: 0.5,
      },
    }))
    for (const { energy, capacity } of tariffs) {
      const settings = checkPriceSettings({ area: 'NO3', gridEnergy: energy, capacity, capacityByHand: 5 })
      if (houses++ % 10 > 0) continue
      const { intervals } = householdPrice({ spot, settings, timezone: 'Europe/Oslo' })
      expect(intervals).toHaveLength(8760)
    }
    console.info(`${houses} tariffs of grid companies read, 1 in 10 priced for a whole year`)
    expect(houses).toBeGreaterThan(70)
  })
})
test.runIf(!there)('the collection of grid tariffs does not lie beside the clone: 3 tests left out', () => {})
