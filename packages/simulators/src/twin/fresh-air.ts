/**
 * The air of a twin, and its ventilation unit: `volume dC/dt = persons G 1e6 - V (C - 420)` in ppm, with V the fresh air
 * in m³/h and G what a person at rest breathes out, m³/h.
 */
import type { Held } from '@nabolag/control'

export type VentilationMachine = {
  /** Air in the house, m³. */
  readonly volume: number
  /** Fresh air by the unit's steps, m³/h. */
  readonly flows: Readonly<Record<'low' | 'normal' | 'high', number>>
  /** Share of the heat that stays. */
  readonly recovery: number
  /** Electricity of both fans, kW for each m³/s. */
  readonly fans: number
}

export const usualVentilation = (area: number): VentilationMachine => ({
  volume: 2.4 * area,
  flows: { low: 0.7 * area, normal: 1.2 * area, high: 2 * area },
  recovery: 0.8,
  fans: 1.5,
})

const outdoors = 420
const breath = 0.018
const minute = 60_000

export type FreshAir = {
  /** Lives through a minute. kW/K lost to the outdoors, and electricity of the fans, kW. */
  step(at: number, persons: number): { readonly loss: number; readonly electric: number }
  tell(at: number, change: { readonly fanLevel?: string; readonly temperature?: number }): void
  held(now: number): Held
  readonly co2: () => number
}

export function makeFreshAir({ volume, flows, recovery, fans }: VentilationMachine, start: number): FreshAir {
  let level = 'auto'
  let supply = 18
  let since = start - 60 * minute
  let co2 = 600
  /** Left to itself it is the unit's own rule: normal. */
  const flow = () => (level === 'low' || level === 'high' ? flows[level] : flows.normal)
  return {
    co2: () => co2,
    tell(at, change) {
      if (change.fanLevel !== undefined && change.fanLevel !== level) {
        level = change.fanLevel
        since = at
      }
      supply = change.temperature ?? supply
    },
    step(_at, persons) {
      const air = flow()
      // Exact for a minute in which neither people nor fans change.
      const end = air > 0 ? outdoors + (persons * breath * 1e6) / air : co2
      co2 = end + (co2 - end) * Math.exp(-air / volume / 60)
      return { loss: (0.33 * air * (1 - recovery)) / 1000, electric: (fans * air) / 3600 }
    },
    held: (now) => ({ at: now - (now % minute) - minute, set: { fanLevel: level, temperature: supply }, since }),
  }
}
