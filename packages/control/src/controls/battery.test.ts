import fc from 'fast-check'
import { Value } from 'typebox/value'
import { expect, test } from 'vitest'
import { type BatteryMemory, type BatteryView, battery } from './index.ts'

const hour = 3_600_000
const now = Date.parse('2024-06-15T10:00:00Z')
const settings = Value.Create(battery.settings)
const is = (value: number) => ({ at: now, value })
const plan = (watts: number, change: { readonly madeAt?: number; readonly from?: number } = {}) => ({
  madeAt: change.madeAt ?? now - hour,
  steps: [{ from: change.from ?? now - 0.5 * hour, to: now + 0.5 * hour, battery: watts }],
})
const usual: BatteryView = {
  now,
  charge: is(50),
  load: is(800),
  sun: is(2000),
  prices: [{ from: now, to: now + hour, spot: 0, grid: 0, marginal: 1.5 }],
  most: { charge: 5000, discharge: 4000, draw: 11_000, give: 5000 },
}
const rule = { power: 0, chargeLimit: 5000, dischargeLimit: 4000 }

test.each([
  { name: 'without a plan the sun is kept for the house', view: {}, set: rule, because: /^There is no plan/ },
  {
    name: 'a plan of yesterday is not followed',
    view: { plan: plan(3000, { madeAt: now - 7 * hour }) },
    set: rule,
    because: /too old/,
  },
  {
    name: 'one that does not cover the moment is not',
    view: { plan: plan(3000, { from: now + 0.2 * hour }) },
    set: rule,
    because: /does not cover/,
  },
  {
    name: 'one with a power that is no number is not',
    view: { plan: plan(Number.NaN) },
    set: rule,
    because: /does not cover/,
  },
  {
    name: 'one made tomorrow is not',
    view: { plan: plan(1000, { madeAt: now + 20 * hour }) },
    set: rule,
    because: /future/,
  },
  {
    name: 'charging beyond the sun draws the rest',
    view: { plan: plan(3000) },
    set: { power: 1800, chargeLimit: 3000, dischargeLimit: 0 },
    because: /charges with 3 kW/,
  },
  {
    name: 'charging less than the sun has over draws nothing',
    view: { plan: plan(1000) },
    set: { power: 0, chargeLimit: 1000, dischargeLimit: 0 },
    because: /charges/,
  },
  {
    name: 'giving what the house takes',
    view: { sun: is(0), plan: plan(-500) },
    set: { power: 0, chargeLimit: 0, dischargeLimit: 500 },
    because: /gives 0.5 kW/,
  },
  {
    name: 'giving more than it takes sells',
    view: { sun: is(0), plan: plan(-2000) },
    set: { power: -1200, chargeLimit: 0, dischargeLimit: 2000 },
    because: /gives/,
  },
  { name: 'resting', view: { plan: plan(0) }, set: { power: 0, chargeLimit: 0, dischargeLimit: 0 }, because: /rest/ },
  {
    name: 'charging with the load unknown takes spare sun only',
    view: { load: 'unknown', plan: plan(3000) },
    set: { power: 0, chargeLimit: 3000, dischargeLimit: 0 },
    because: /not known/,
  },
  {
    name: 'a plan for more than the battery takes is cut',
    view: { plan: plan(9000) },
    set: { power: 7800, chargeLimit: 5000, dischargeLimit: 0 },
    because: /charges/,
  },
  {
    name: 'an empty battery gives nothing',
    view: { charge: is(20), plan: plan(-2000), sun: is(0) },
    set: { power: -1200, chargeLimit: 0, dischargeLimit: 0 },
    because: /least charge/,
  },
  { name: 'a full one takes nothing', view: { charge: is(95) }, set: { ...rule, chargeLimit: 0 }, because: /no plan/ },
] as const)('$name', ({ view, set, because }) => {
  const decision = battery.decide({ ...usual, ...view } as BatteryView, settings)
  expect(decision.set).toEqual(set)
  expect(decision.because).toMatch(because)
})

test.each(['unknown', is(Number.NaN), is(-3), is(140)] as const)(
  'a charge that is not known leaves things as they are: %j',
  (charge) => {
    expect(battery.decide({ ...usual, charge }, settings)).toMatchObject({ leave: 'as-is' })
  },
)

test('it gives again only when it is two percent above its least charge', () => {
  let memory: BatteryMemory | undefined
  const limits = [21, 20, 21, 22, 22.5, 21].map((charge) => {
    const decision = battery.decide({ ...usual, charge: is(charge) }, settings, memory)
    memory = decision.memory
    return decision.set?.dischargeLimit
  })
  expect(limits).toEqual([4000, 0, 0, 0, 4000, 4000])
})

test('what resting would have cost', () => {
  // 2 kW given at 1.50 NOK/kWh.
  expect(battery.decide({ ...usual, plan: plan(-2000) }, settings).nextBest?.costsMore).toBeCloseTo(3, 10)
})

test('what is charged from spare sun would have been sold, and not have saved a kWh', () => {
  const sunny = { ...usual, load: is(1000), sun: is(4000), sell: 0.4 }
  const costsMore = (power: number) => battery.decide({ ...sunny, plan: plan(power) }, settings).nextBest?.costsMore
  expect(costsMore(2000)).toBeCloseTo(-2 * 0.4, 10)
  // 3 kW of sun and 1 kW from the grid.
  expect(costsMore(4000)).toBeCloseTo(-3 * 0.4 - 1.5, 10)
  expect(costsMore(-2000)).toBeCloseTo(2 * 0.4, 10)
})

test('for any plan and any readings the powers stay within their limits, and it never charges and gives at once', () => {
  const number = fc.oneof(fc.double(), fc.double({ min: -20_000, max: 20_000, noNaN: true }))
  fc.assert(
    fc.property(number, number, number, fc.double({ min: 0, max: 100, noNaN: true }), (power, load, sun, charge) => {
      const { set } = battery.decide(
        { ...usual, charge: is(charge), load: is(load), sun: is(sun), plan: plan(power) },
        settings,
      )
      if (!set) throw new Error('a known charge is enough to decide')
      expect(Object.values(set).every(Number.isFinite)).toBe(true)
      expect(set.power).toBeLessThanOrEqual(11_000)
      expect(set.power).toBeGreaterThanOrEqual(-5000)
      expect(set.chargeLimit >= 0 && set.chargeLimit <= 5000).toBe(true)
      expect(set.dischargeLimit >= 0 && set.dischargeLimit <= 4000).toBe(true)
      if (charge <= 20) expect(set.dischargeLimit).toBe(0)
      if (charge >= 95) expect(set.chargeLimit).toBe(0)
      if (Number.isFinite(power)) expect(Math.min(set.chargeLimit, set.dischargeLimit)).toBe(0)
    }),
  )
})

test('where the capacity step holds the plan down, load that it did not know of is met by the battery', () => {
  const held = (watts: number, load: number, charge = 50) => {
    const view = { ...usual, plan: { ...plan(watts), highest: 1900 }, sun: is(0), load: is(load), charge: is(charge) }
    const decision = battery.decide(view, settings)
    if (!('set' in decision) || !decision.set) throw new Error('it decides')
    return { set: decision.set, because: decision.because }
  }
  // It was to rest, or to charge, or to give too little: all it can give, down to 1.9 kW at the meter.
  for (const watts of [0, 2000, -1000]) {
    expect(held(watts, 4400).set).toEqual({ power: 1900, chargeLimit: 0, dischargeLimit: 4000 })
    expect(held(watts, 4400).because).toContain('held at 1.9 kW')
  }
  // What was planned is enough, or nothing is beyond it: as planned.
  expect(held(-3000, 4400).set).toEqual({ power: 0, chargeLimit: 0, dischargeLimit: 3000 })
  expect(held(0, 1500).set).toEqual({ power: 0, chargeLimit: 0, dischargeLimit: 0 })
  // Charging leaves room for what is used.
  expect(held(1500, 1000).set).toEqual({ power: 1900, chargeLimit: 900, dischargeLimit: 0 })
  expect(held(1500, 300).set).toEqual({ power: 1800, chargeLimit: 1500, dischargeLimit: 0 })
  // An empty battery gives nothing, and a plan that no step holds down is followed as before.
  expect(held(0, 4400, 5).set.dischargeLimit).toBe(0)
  const free = battery.decide({ ...usual, plan: plan(2000), sun: is(0), load: is(4400) }, settings)
  expect(free).toMatchObject({ set: { power: 6400, chargeLimit: 2000, dischargeLimit: 0 } })
})
