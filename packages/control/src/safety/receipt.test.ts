import { Value } from 'typebox/value'
import { expect, test } from 'vitest'
import { battery, type HeatingView, priceResponsivePi, publishedSettings, schedule } from '../controls/index.ts'
import { type GuardView, roomLimits, takeTurn } from './index.ts'

const minute = 60_000
const now = Date.parse('2024-01-15T06:05:00Z')
const view: HeatingView = {
  now,
  room: { at: now - minute, value: 20.46 },
  wish: { temperature: 21, lowest: 20, highest: 22, from: 'weekday' },
  unit: 'on',
  held: { at: now - 120 * minute, value: 20 },
  setpoints: { lowest: 16, highest: 30, step: 1 },
  prices: Array.from({ length: 30 }, (_, i) => ({
    from: now - 5 * minute + i * 60 * minute,
    to: now - 5 * minute + (i + 1) * 60 * minute,
    spot: 1.8,
    grid: 0.2,
  })),
  powerPerKelvin: 0.05,
}
const guarded: GuardView = {
  now,
  mode: 'control',
  readings: [{ at: now - minute, value: 20.46 }],
  held: { temperature: 20, on: true },
}
const turn = (
  change: Partial<GuardView> = {},
  control: typeof priceResponsivePi | typeof schedule = priceResponsivePi,
) =>
  takeTurn(control as typeof priceResponsivePi, {
    view,
    settings: { ...publishedSettings, ...{ offset: 0 } },
    memory: undefined,
    guard: { ...guarded, ...change },
    limits: { ...roomLimits, bounds: { temperature: { minimum: 16, maximum: 30, step: 1 } } },
    history: [],
    place: 'Living room',
    zone: 'Europe/Oslo',
    price: 2.5,
  })

test('a receipt holds what was seen, the price, what was decided and sent, and what came second', () => {
  expect(turn().receipt).toMatchObject({
    at: '2024-01-15T06:05:00.000Z',
    control: 'price-responsive-pi',
    place: 'Living room',
    mode: 'control',
    price: 2.5,
    saw: {
      room: 20.46,
      wish: 21,
      wishFrom: 'weekday',
      unit: 'on',
      held: 20,
      reference: 20.75,
      discountedMeanPrice: 2.5,
    },
    decided: { temperature: 21 },
    sent: { temperature: 21 },
    outcome: 'command',
    nextBest: { choice: 'Keeping 21 °C whatever power costs', costsMore: 0.0313 },
  })
})

test.each([
  {
    name: 'a command',
    change: {},
    says: '07:05, Living room at 20.5 °C, power at 2.50 NOK/kWh: set the temperature to 21 °C. The coming prices take the aim to 20.8 °C, 0.3 degrees below the wish of 21 °C, and the room is 0.3 degrees too cold.',
  },
  {
    name: 'no change',
    change: { held: { temperature: 21 } },
    says: '07:05, Living room at 20.5 °C, power at 2.50 NOK/kWh: nothing changed. The coming prices take the aim to 20.8 °C, 0.3 degrees below the wish of 21 °C, and the room is 0.3 degrees too cold.',
  },
  {
    name: 'advice',
    change: { mode: 'advise' },
    says: '07:05, Living room at 20.5 °C, power at 2.50 NOK/kWh: nothing was sent, the mode is advise; it would have set the temperature to 21 °C. The coming prices take the aim to 20.8 °C, 0.3 degrees below the wish of 21 °C, and the room is 0.3 degrees too cold.',
  },
  {
    name: 'a pause',
    change: { pausedUntil: now + minute },
    says: '07:05, Living room at 20.5 °C, power at 2.50 NOK/kWh: nothing was sent. The owner has paused control.',
  },
  {
    name: 'a stale reading',
    change: { readings: [{ at: now - 45 * minute, value: 20.46 }] },
    says: '07:05, Living room at 20.5 °C, power at 2.50 NOK/kWh: nothing was sent. The reading is too old.',
  },
  {
    name: 'frost',
    change: { readings: [{ at: now, value: 5 }], held: { temperature: 10 }, pausedUntil: now + minute },
    says: '07:05, Living room at 20.5 °C, power at 2.50 NOK/kWh: set the temperature to 16 °C to keep the house safe. The room is near freezing: 5 °C (held back by: what it may be set to: 16 to 30 in steps of 1).',
  },
] as const)('the sentence for $name', ({ change, says }) => {
  expect(turn(change as Partial<GuardView>).receipt.sentence).toBe(says)
})

const stored = {
  now,
  charge: { at: now, value: 39.7 },
  load: { at: now, value: 900 },
  sun: { at: now, value: 0 },
  prices: [{ from: now - minute, to: now + 60 * minute, spot: 0.7, grid: 0.3, marginal: 1 }],
  most: { charge: 5000, discharge: 5000, draw: 20_000, give: 20_000 },
}
test.each([
  {
    planned: -900,
    says: '07:05, the battery at 40 %, power at 1.00 NOK/kWh: set the power from the grid to 0 W, let it charge no more, let it give at most 900 W. The plan gives 0.9 kW from the battery.',
  },
  {
    planned: 1800,
    says: '07:05, the battery at 40 %, power at 1.00 NOK/kWh: set the power from the grid to 2700 W, let it charge with at most 1800 W, let it give nothing. The plan charges with 1.8 kW.',
  },
])('the sentence of a battery with $planned W', ({ planned, says }) => {
  const plan = { madeAt: now, steps: [{ from: now - minute, to: now + 60 * minute, battery: planned }] }
  const { receipt } = takeTurn(battery, {
    view: { ...stored, plan },
    settings: Value.Create(battery.settings),
    memory: undefined,
    guard: { ...guarded, readings: [stored.charge], held: 'unknown' },
    limits: {
      ...roomLimits,
      bounds: {
        power: { minimum: -20_000, maximum: 20_000 },
        chargeLimit: { minimum: 0, maximum: 5000 },
        dischargeLimit: { minimum: 0, maximum: 5000 },
      },
      frost: undefined,
      heat: undefined,
      reading: { ...roomLimits.reading, lowest: 0, highest: 100 },
    },
    history: [],
    place: 'The battery',
    zone: 'Europe/Oslo',
    price: 1,
  })
  expect(receipt.sentence).toBe(says)
})

test('what held it back is in the sentence', () => {
  const warm = { ...view, wish: { ...view.wish, temperature: 35 } }
  const { receipt } = takeTurn(schedule, {
    view: warm,
    settings: { offset: 0 },
    memory: undefined,
    guard: guarded,
    limits: roomLimits,
    history: [],
    place: 'Bath',
    zone: 'Europe/Oslo',
    price: 'unknown',
  })
  expect(receipt.sentence).toBe(
    '07:05, Bath at 20.5 °C: set the temperature to 26 °C. The wish for this hour is 35 °C (held back by: highest set-point).',
  )
  expect(receipt.bound).toHaveLength(2)
  expect(receipt.price).toBeNull()
})

test('a control that fails leaves a receipt, and things as they are', () => {
  const { receipt, verdict } = takeTurn(
    {
      ...schedule,
      decide: () => {
        throw new Error('no such day')
      },
    },
    {
      view,
      settings: { offset: 0 },
      memory: undefined,
      guard: guarded,
      limits: roomLimits,
      history: [],
      place: 'Bath',
      zone: 'Europe/Oslo',
      price: 1,
    },
  )
  expect(verdict.outcome).toBe('none')
  expect(receipt.because).toBe('The control failed: no such day')
})
