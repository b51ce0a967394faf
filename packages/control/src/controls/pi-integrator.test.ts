import { expect, test } from 'vitest'
import { discretise } from '../thermal/index.ts'
import {
  carefulSettings,
  type HeatingView,
  type PiMemory,
  type PriceResponsiveSettings,
  priceResponsivePi,
  publishedSettings,
} from './index.ts'

const minute = 60_000
const start = Date.parse('2026-01-15T05:00:00Z')
const memory: PiMemory = {
  ...{ at: start, measuredAt: start, integral: 0, error: 0, reference: 21, carry: 0, wish: 21 },
}
const view = (change: Partial<HeatingView> & { readonly temperature: number; readonly set: number }): HeatingView => {
  const { temperature, set, ...rest } = change
  const now = start + 5 * minute
  return {
    now,
    room: { at: now, value: temperature },
    wish: { temperature: 21, lowest: 20, highest: 22, from: 'weekday' },
    unit: 'on',
    held: { at: start - 60 * minute, value: set },
    setpoints: { lowest: 16, highest: 26, step: 1 },
    prices: [],
    ...rest,
  }
}

// Too warm by 2 K: 1.1 · 2 = 2.2. Too cold by 4 K: 1.1 · -4 = -4.4.
test.each([
  { name: 'idles 3 K below the room: a quarter', temperature: 23, set: 20, integral: 0.55 },
  { name: 'idles just so: a quarter', temperature: 23, set: 21.5, integral: 0.55 },
  { name: 'may still heat: as published', temperature: 23, set: 22, integral: 2.2 },
  { name: 'is at its lowest: none', temperature: 23, set: 22, lowest: 22, integral: 0 },
  { name: 'is at its highest and the room cold: none', temperature: 17, set: 26, integral: 0 },
  { name: 'is below its highest and the room cold: as published', temperature: 17, set: 25, integral: -4.4 },
  { name: 'is at its highest and the room too warm: as published', temperature: 23, set: 26, integral: 2.2 },
] as const)('the integrator of a unit that $name', ({ temperature, set, integral, ...more }) => {
  const lowest = 'lowest' in more ? (more.lowest ?? 16) : 16
  const seen = view({ temperature, set, setpoints: { lowest, highest: 26, step: 0.5 } })
  const after = (settings: PriceResponsiveSettings) => priceResponsivePi.decide(seen, settings, memory).memory?.integral
  expect(after({ ...publishedSettings, idleBelow: 1.5 })).toBeCloseTo(integral, 12)
  expect(after(publishedSettings)).toBeCloseTo(temperature > 21 ? 2.2 : -4.4, 12)
})

test('the leak of a unit that has paused itself is not slowed', () => {
  // I = 0 - 0.1 · 1
  const seen = view({ temperature: 23, set: 20, unit: 'off-by-itself' })
  const decision = priceResponsivePi.decide(
    seen,
    { ...publishedSettings, idleBelow: 1.5 },
    { ...memory, error: 1, reference: 21 },
  )
  expect(decision.memory?.integral).toBeCloseTo(-0.1, 12)
})

test('the rate holds back what the prices do, not a new wish with its band', () => {
  const morning = view({ temperature: 19.2, set: 20 })
  // At night the prices had taken 2 K off a wish of 19 °C, give or take 2.
  const night = { ...memory, wish: 19, reference: 17 }
  const at = (before: PiMemory, change: Partial<PriceResponsiveSettings> = {}) =>
    priceResponsivePi.decide(morning, { ...carefulSettings, ...change }, before).saw.reference
  expect(at({ ...night, reference: 19 })).toBe(21)
  // Without the band the 2 K fade at 1 K/h: 21 - 2 + 1/12. With it the room may not be wanted colder than 20 °C.
  expect(at(night, { referenceClamp: 'none' })).toBe(19.083)
  expect(at(night)).toBe(20)
})

/** Kh below the allowed in three days of a house of 150 W/K whose stove burns from five to ten in the evening. */
function coldAfterStove(settings: Partial<PriceResponsiveSettings>): number {
  const step = discretise({ Ci: 2.1, Ce: 6.3, Hie: 1, Hia: 0.045, Hea: 0.1173, Aw: 0, Ae: 0 }, 1 / 12)
  let state = { air: 21, structure: 19.5 }
  let before: PiMemory | undefined
  let held = { at: 0, value: 21 }
  let cold = 0
  for (let i = 0; i < 3 * 288; i++) {
    const now = i * 5 * minute
    const hour = (i / 12) % 24
    const seen = { ...view({ temperature: 0, set: 0 }), now, room: { at: now, value: state.air }, held }
    const decision = priceResponsivePi.decide(seen, { ...carefulSettings, ...settings }, before)
    before = decision.memory
    const asked = decision.set?.temperature ?? held.value
    if (asked !== held.value) held = { at: now, value: asked }
    const power = 2.2 * Math.min(1, Math.max(0, (held.value - state.air + 0.5) / 2))
    const stove = hour >= 17 && hour < 22 ? 6 : 0
    state = step(state, { outdoor: -2, heat: power * 3.25 + stove, gains: 0.4, sun: 0 })
    cold += Math.max(0, 20 - state.air) / 12
  }
  return cold
}

test('the night after a stove is not cold', () => {
  const [published, careful] = [coldAfterStove({ idleBelow: 0 }), coldAfterStove({})]
  console.info(`Below the band after a stove: ${published.toFixed(1)} Kh, with idleBelow ${careful.toFixed(1)} Kh`)
  expect(careful).toBeLessThan(published / 3)
})
