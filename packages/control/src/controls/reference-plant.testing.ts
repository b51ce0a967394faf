/**
 * The reference plant for price laws on two real winters: a house of 150 W/K (2.1 and 6.3 kWh/K) with a heat pump of
 * 2.2 kW that keeps its own whole-degree set-point. For tests and benches; the data lie beside the clone.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { localTime } from '../comfort/index.ts'
import { discretise, steadyState } from '../thermal/index.ts'
import {
  type HeatingView,
  type PiMemory,
  type PriceResponsiveSettings,
  type PriceStep,
  priceResponsivePi,
  publishedSettings,
} from './index.ts'

const data = join(import.meta.dirname, '../../../../../shared/data')
const hour = 3_600_000
const winters = [
  ['2023-01-01T00:00Z', '2023-05-01T00:00Z'],
  ['2023-10-01T00:00Z', '2024-04-30T00:00Z'],
] as const

const columns = (file: string) =>
  new Map(
    readFileSync(join(data, file), 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','))
      .map(([time = '', value]) => [Date.parse(time), Number(value)]),
  )

/** 11.5 NOK/EUR; a grid company's energy component by day (06 to 22) and night, and the taxes. */
export function loadWinters() {
  const outdoor = columns('weather_stockholm_malmo_2023_2024/stockholm_hourly.csv')
  const steps: PriceStep[] = [...columns('prices_se3_se4_2023_2024/prices_hourly.csv')].map(([from, euro]) => {
    const local = localTime(from, 'Europe/Stockholm').hour
    const grid = (local >= 6 && local < 22 ? 0.221 : 0.109) + 0.0813
    return { from, to: from + hour, spot: (euro * 11.5) / 1000, grid }
  })
  return { outdoor, steps, index: new Map(steps.map(({ from }, i) => [from, i])) }
}

const house = { Ci: 2.1, Ce: 6.3, Hie: 1, Hia: 0.045, Hea: 1 / (1 / 0.105 - 1), Aw: 0, Ae: 0 }
const gains = 0.4

export function runWinters(
  { outdoor, steps, index }: ReturnType<typeof loadWinters>,
  settings: Partial<PriceResponsiveSettings>,
) {
  const step = discretise(house, 1 / 12)
  const chosen = { ...publishedSettings, ...settings }
  let cost = 0
  let sum = 0
  let turns = 0
  let changes = 0
  for (const [from, to] of winters.map(([a, b]) => [Date.parse(a), Date.parse(b)] as const)) {
    const first = outdoor.get(from) as number
    let state = {
      air: 21,
      structure: steadyState(house, { outdoor: first, heat: 0.15 * (21 - first) - gains, gains, sun: 0 }).structure,
    }
    let memory: PiMemory | undefined
    let held = { at: from - hour, value: 21 }
    let on = true
    for (let now = from; now < to; now += 5 * 60_000) {
      const start = Math.floor(now / hour) * hour
      const i = index.get(start) as number
      const view: HeatingView = {
        now,
        room: { at: now, value: state.air },
        wish: { temperature: 21, lowest: 20, highest: 22, from: 'weekday' },
        unit: on ? 'on' : 'off-by-itself',
        held,
        setpoints: { lowest: 10, highest: 30, step: 1 },
        prices: steps.slice(i, i + 24),
      }
      const decision = priceResponsivePi.decide(view, chosen, memory)
      memory = decision.memory
      const asked = decision.set?.temperature ?? held.value
      if (asked !== held.value) {
        held = { at: now, value: asked }
        changes++
      }
      const share = Math.min(1, Math.max(0, (held.value - state.air + 0.5) / 2))
      on = share >= 0.15
      const power = on ? 2.2 * share : 0
      const { spot, grid } = steps[i] as PriceStep
      const warmth = outdoor.get(start) as number
      cost += (1.25 * (spot + grid) * power) / 12
      sum += state.air
      turns++
      const cop = Math.min(5, Math.max(1.6, 3.4 + 0.075 * warmth))
      state = step(state, { outdoor: warmth, heat: power * cop, gains, sun: 0 })
    }
  }
  return { cost, mean: sum / turns, changesPerDay: (changes * 288) / turns }
}

export const wintersPresent = existsSync(data)
