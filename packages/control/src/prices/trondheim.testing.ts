/** A household in Trondheim, and the price of an hour of it. */
import { householdPrice } from './household-price.ts'
import type { PriceSettings } from './settings.ts'
import type { SpotEntry } from './spot.ts'

export const timezone = 'Europe/Oslo'
export const hour = 3_600_000
export const at = (iso: string) => Date.parse(iso)
export const spotAt = (iso: string, ...prices: readonly number[]): SpotEntry[] =>
  prices.map((price, i) => ({ start: at(iso) + i * hour, end: at(iso) + (i + 1) * hour, price }))

export const trondheim: PriceSettings = {
  area: 'NO3',
  gridCompany: 'tensio-ts',
  markUp: [{ from: '2024-01-01', perKwh: 0.04 }],
  support: [],
}
export const oneHour = (settings: PriceSettings, iso: string, spot: number, usedBefore?: Record<string, number>) =>
  householdPrice({ spot: spotAt(iso, spot), settings, timezone, ...(usedBefore && { usedBefore }) }).intervals[0]!
