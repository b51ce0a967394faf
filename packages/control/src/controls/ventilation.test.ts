import fc from 'fast-check'
import { Value } from 'typebox/value'
import { expect, test } from 'vitest'
import { type Band, bandOf, vapour } from './air.ts'
import { fanCost, type VentilationMemory, type VentilationView, ventilation } from './index.ts'

const hour = 3_600_000
const now = Date.parse('2024-01-15T10:00:00Z')
const settings = Value.Create(ventilation.settings)
const is = (value: number) => ({ at: now, value })
const prices = (present: number, later: number) =>
  Array.from({ length: 12 }, (_, i) => ({
    from: now + i * hour,
    to: now + (i + 1) * hour,
    spot: 0,
    grid: 0,
    marginal: i === 0 ? present : later,
  }))
/** 100 m²: 120 m³/h while in use, 70 while empty. */
const usual: VentilationView = {
  now,
  co2: is(500),
  tvoc: is(50),
  humidity: is(35),
  indoor: is(21),
  outdoor: is(-5),
  outdoorHumidity: is(80),
  somebodyHome: true,
  highest: 23,
  prices: prices(1, 1),
  area: 100,
  levels: [
    { name: 'low', flow: 75, power: 0.02 },
    { name: 'normal', flow: 150, power: 0.06 },
    { name: 'high', flow: 300, power: 0.2 },
  ],
  recovery: 0.8,
  cop: 3,
  supply: { usual: 18, lowest: 12 },
}

test.each([
  { name: 'good air has the least flow of a home in use', view: {}, fan: 'normal' },
  { name: 'an empty home has less', view: { somebodyHome: false }, fan: 'low' },
  { name: 'not knowing who is home is as if somebody were', view: { somebodyHome: 'unknown' }, fan: 'normal' },
  { name: 'fair CO₂ has more', view: { co2: is(850) }, fan: 'high' },
  { name: 'poor CO₂ has all, also in an empty home', view: { co2: is(1100), somebodyHome: false }, fan: 'high' },
  { name: 'poor CO₂ has all, whatever power costs', view: { co2: is(1100), prices: prices(50, 1) }, fan: 'high' },
  { name: 'poor TVOC has all', view: { tvoc: is(700) }, fan: 'high' },
  { name: 'damp has all while it is drier outdoors', view: { humidity: is(75) }, fan: 'high' },
  {
    name: 'damp has nothing of air that is no drier',
    view: { humidity: is(75), outdoor: is(21), outdoorHumidity: is(90) },
    fan: 'normal',
  },
  {
    name: 'one sensor alone is enough to judge',
    view: { co2: 'unknown', humidity: 'unknown', tvoc: is(700) },
    fan: 'high',
  },
  {
    name: 'cheap power airs in advance what is there to air',
    view: { co2: is(700), prices: prices(0.2, 1) },
    fan: 'high',
  },
  { name: 'but not air that is fresh', view: { co2: is(430), tvoc: is(20), prices: prices(0.2, 1) }, fan: 'normal' },
  { name: 'nor an empty home', view: { co2: is(700), somebodyHome: false, prices: prices(0.2, 1) }, fan: 'low' },
  { name: 'nor when all prices are the same', view: { co2: is(700) }, fan: 'normal' },
  {
    name: 'nor when one price is all that is known',
    view: { co2: is(700), prices: prices(0.2, 1).slice(0, 1) },
    fan: 'normal',
  },
  { name: 'power that costs nothing is cheap', view: { co2: is(700), prices: prices(-0.5, -1) }, fan: 'high' },
  { name: 'power that will be free is not yet', view: { co2: is(700), prices: prices(0.1, -1) }, fan: 'normal' },
  { name: 'a CO₂ of 0 ppm is no reading', view: { co2: is(0), tvoc: is(700) }, fan: 'high' },
  {
    name: 'a warm house is cooled for nothing',
    view: { indoor: is(25), outdoor: is(17) },
    fan: 'high',
    temperature: 12,
  },
  { name: 'but not with warm air', view: { indoor: is(25), outdoor: is(24) }, fan: 'normal' },
] as const)('$name', ({ view, fan, ...does }) => {
  const decision = ventilation.decide({ ...usual, ...view } as VentilationView, settings)
  expect(decision.set).toEqual({ fanLevel: fan, temperature: 'temperature' in does ? does.temperature : 18 })
})

test('nothing known of the air leaves things as they are', () => {
  const blind = { ...usual, co2: 'unknown', tvoc: 'unknown', humidity: is(Number.NaN) } as const
  expect(ventilation.decide(blind, settings)).toMatchObject({ leave: 'as-is', because: 'Nothing is known of the air' })
})

test('never in advance is never, also at prices below zero; and no CO₂ at all is not good air', () => {
  const view = { ...usual, co2: is(700), prices: prices(-0.5, 1) }
  expect(ventilation.decide(view, settings).set?.fanLevel).toBe('high')
  expect(ventilation.decide(view, { ...settings, cheapBelow: 0 }).set?.fanLevel).toBe('normal')
  const broken = { ...usual, co2: is(0), tvoc: 'unknown', humidity: 'unknown' } as const
  expect(ventilation.decide(broken, settings)).toMatchObject({ leave: 'as-is', saw: { co2: null } })
})

test('a band is left lower than it is entered', () => {
  const bands: Band[] = []
  for (const co2 of [790, 800, 730, 719]) bands.push(bandOf(co2, 800, 1000, bands.at(-1)))
  expect(bands).toEqual(['good', 'fair', 'fair', 'good'])
  let memory: VentilationMemory | undefined
  const fans = [780, 810, 750, 700].map((co2) => {
    const decision = ventilation.decide({ ...usual, co2: is(co2) }, settings, memory)
    memory = decision.memory
    return decision.set?.fanLevel
  })
  expect(fans).toEqual(['normal', 'high', 'high', 'normal'])
})

test('an hour of a step costs its fans and the heat that goes out', () => {
  // 0.33 · 150 · 0.2 · 26 / 1000 = 0.2574 kW of heat, a third of it electricity, and 0.06 kW, at 2 NOK/kWh.
  expect(fanCost(usual.levels[1]!, usual, 2)).toBeCloseTo(2 * (0.06 + 0.2574 / 3), 10)
  expect(fanCost(usual.levels[1]!, usual, 'unknown')).toBe('unknown')
  // Against `high`: 0.14 kW more, and 0.0858 kW more for heat, at 1 NOK/kWh.
  expect(ventilation.decide(usual, settings).nextBest).toEqual({ choice: 'Fans on high', costsMore: 0.2258 })
})

test('water in saturated air at 20 °C is 17.3 g/m³', () => {
  expect(Math.abs(vapour(20, 100) - 17.3)).toBeLessThan(0.1)
})

test('money never takes the flow below what the air needs', () => {
  const value = fc.option(fc.double({ min: 0, max: 3000, noNaN: true }), { nil: undefined })
  fc.assert(
    fc.property(
      value,
      value,
      fc.double({ min: -1, max: 10, noNaN: true }),
      fc.boolean(),
      (co2, tvoc, price, somebodyHome) => {
        const known = (one: number | undefined) => (one === undefined ? ('unknown' as const) : is(one))
        const view = { ...usual, co2: known(co2), tvoc: known(tvoc), prices: prices(price, 1), somebodyHome }
        const { set } = ventilation.decide(view, settings)
        const flow = usual.levels.find(({ name }) => name === set?.fanLevel)?.flow ?? 0
        expect(flow).toBeGreaterThanOrEqual(somebodyHome ? 120 : 70)
        if ((co2 ?? 0) >= 1000 || (tvoc ?? 0) >= 660) expect(flow).toBe(300)
      },
    ),
  )
})
