import { sunAt } from '@nabolag/core/sun'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chargeAfter, flowsOf, usualSettings } from './battery.ts'
import { demoHouses } from './houses.ts'
import { radiationOf, roofPower, roofsMean, solarForecastAt } from './solar.ts'
import { makeWorld } from './world.ts'

const battery = { capacity: 10, power: 4000, efficiency: 0.95 }
const roof = { site: 's', name: 'South', peak: 5000, inverter: 4500, tilt: 35, azimuth: 180 }
const house4 = demoHouses.find(({ battery }) => battery !== undefined)!
const minute = 60_000
const hour = 60 * minute
const start = Date.UTC(2025, 5, 1)

test('power is neither made nor lost, and limits, charge and minimum hold', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 12_000, noNaN: true }),
      fc.double({ min: 0, max: 12_000, noNaN: true }),
      fc.double({ min: 0, max: 100, noNaN: true }),
      fc.integer({ min: -20_000, max: 20_000 }),
      fc.integer({ min: -1, max: 6000 }),
      fc.integer({ min: -1, max: 6000 }),
      fc.integer({ min: 0, max: 100 }),
      (load, solar, charge, gridSetpoint, chargeLimit, dischargeLimit, minimumCharge) => {
        const settings = { gridSetpoint, chargeLimit, dischargeLimit, minimumCharge }
        const flows = flowsOf(battery, settings, charge, load, solar)
        expect(flows.grid).toBeCloseTo(load - solar + flows.battery, 6)
        expect(flows.battery).toBeLessThanOrEqual(chargeLimit < 0 ? 4000 : Math.min(4000, chargeLimit))
        expect(flows.battery).toBeGreaterThanOrEqual(-(dischargeLimit < 0 ? 4000 : Math.min(4000, dischargeLimit)))
        if (charge <= minimumCharge) expect(flows.battery).toBeGreaterThanOrEqual(0)
        if (charge >= 100) expect(flows.battery).toBeLessThanOrEqual(0)
        const after = chargeAfter(battery, charge, flows.battery, 1 / 60)
        expect(after).toBeGreaterThanOrEqual(0)
        expect(after).toBeLessThanOrEqual(100)
      },
    ),
  )
})

test('a battery gives back less than it was given', () => {
  const full = chargeAfter(battery, 20, 3000, 1)
  expect(full).toBeCloseTo(48.5, 5)
  expect(chargeAfter(battery, full, -3000 * 0.95 * 0.95, 1)).toBeCloseTo(20, 5)
})

test('a roof gives most at noon, nothing at night, and never more than its inverter', () => {
  const place = house4
  const at = (h: number) => Date.UTC(2025, 5, 21, h)
  const clear = (ms: number) =>
    radiationOf(place, ms, 900 * Math.max(0, Math.cos((sunAt(place, ms).zenith * Math.PI) / 180)))
  const power = (h: number) => roofPower(roof, clear(at(h)), 15)
  expect(power(0)).toBe(0)
  expect(power(11)).toBeGreaterThan(power(6))
  expect(power(11)).toBeGreaterThan(2500)
  for (let h = 0; h < 24; h++) expect(power(h)).toBeLessThanOrEqual(4500)
  expect(roofPower({ ...roof, azimuth: -90 }, clear(at(6)), 15)).toBeGreaterThan(
    roofPower({ ...roof, azimuth: 90 }, clear(at(6)), 15) + 300,
  )
})

test('a forecast is better the later it is made, and nine in ten times about right', () => {
  const error = { late: 0, early: 0 }
  let [within, days] = [0, 0]
  for (let n = 0; n < 400; n++) {
    const ms = start + (10 + (n % 6)) * hour + Math.floor(n / 6) * 24 * hour
    const truth = roofsMean([roof], 2023, house4, ms - 15 * minute, 30 * minute)
    const said = (lead: number) => solarForecastAt(2023, house4, ms - lead * hour, ms)
    const power = (lead: number, which: 'low' | 'middle' | 'high') =>
      roofPower(roof, said(lead)[which], said(lead).temperature)
    error.late += Math.abs(power(1, 'middle') - truth)
    error.early += Math.abs(power(48, 'middle') - truth)
    days++
    if (power(24, 'low') - 60 <= truth && truth <= power(24, 'high') + 60) within++
  }
  expect(error.late).toBeLessThan(error.early)
  expect(within / days).toBeGreaterThan(0.7)
})

const both = () => makeWorld({ start, now: () => start + 5 * 24 * hour, houses: [house4] }).houses[0]!

test('the meter of the house sees what the inverter sees', () => {
  const living = both()
  let exported = 0
  for (let ms = start; ms < start + 2 * 24 * hour; ms += 7 * minute) {
    const { grid } = living.flowsAt(ms)!
    const { power, production } = living.meterAt(ms)
    expect(power - production).toBe(Math.round(grid) + 0)
    expect(Math.min(power, production)).toBe(0)
    if (production > 0) exported++
  }
  expect(exported).toBeGreaterThan(5)
  expect(living.meterAt(start + 2 * 24 * hour).productionRegister).toBeGreaterThan(1)
})

test('with a set-point the grid follows it as far as the battery goes; the house remembers what it did', () => {
  const living = both()
  const at = start + 30 * hour
  living.setStorage(at, { gridSetpoint: 3000, minimumCharge: 0 })
  expect(living.storageAt(at - 1)).toEqual(usualSettings)
  const before = living.flowsAt(at)!.charge
  const after = living.flowsAt(at + hour)!
  expect(after.charge).toBeGreaterThan(before + 10)
  living.setStorage(at + hour, { gridSetpoint: -9000, dischargeLimit: 1000 })
  expect(living.flowsAt(at + hour + 2000)!.battery).toBe(-1000)
  expect(living.flowsAt(at + 3 * hour)!.charge).toBeLessThan(after.charge - 15)
  expect(living.flowsAt(at)!.charge).toBe(before)
})

test('a house without panels has neither', () => {
  const plain = makeWorld({ start, houses: [demoHouses[0]!] }).houses[0]!
  expect([plain.flowsAt(start), plain.storageAt(start), plain.meterAt(start + hour).production]).toEqual([
    undefined,
    undefined,
    0,
  ])
})
