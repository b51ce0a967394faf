/** What a kilowatt-hour costs this household, part by part, and what it says of its contracts. */
import { ask } from '../../api.ts'

export const parts = ['spot', 'support', 'markUp', 'gridEnergy', 'electricityTax', 'enovaFee'] as const
/** NOK/kWh. */
export type Amount = { readonly withoutVat: number; readonly vat: number; readonly withVat: number }
export type Interval = {
  readonly start: string
  readonly end: string
  /** The spot price was not published, but filled in. */
  readonly estimated: boolean
  readonly parts: Readonly<Record<(typeof parts)[number], Amount>>
  readonly total: Amount
  /** Of one more kWh, with VAT. */
  readonly marginal: number
  readonly supported: number
  readonly gridRule: string
}
/** kW, and NOK a month without VAT. */
export type Capacity = {
  readonly month: string
  readonly power: number
  readonly step: number
  readonly cost: number
  readonly next?: { readonly above: number; readonly more: number }
  readonly today: number
  readonly cap: number | 'none' | null
  readonly nextKilowatt: number
}
export type Prices = {
  readonly area: string
  readonly timezone: string
  readonly currency: string
  readonly intervals: readonly Interval[]
  readonly missing: readonly { readonly start: string; readonly end: string }[]
  readonly notes: readonly string[]
  readonly capacity?: Capacity
}

export const schemes = ['stromstotte', 'norgespris', 'none'] as const
export type Scheme = (typeof schemes)[number]
type Dated = { readonly from: string; readonly to?: string }
/** The part of the settings that has a form; the rest is kept as it is. */
export type Settings = {
  readonly area: string
  readonly home?: 'home' | 'holiday-home'
  readonly gridCompany?: string
  readonly capacityByHand?: number
  readonly gridEnergy?: readonly (Dated & { readonly base: number; readonly rules: readonly unknown[] })[]
  readonly support?: readonly (Dated & { readonly scheme: Scheme })[]
  readonly markUp?: readonly (Dated & { readonly perKwh: number; readonly perMonth?: number })[]
}
export type SettingsAnswer = {
  readonly settings: Settings
  /** Nobody has said them: they are taken from the place of the house. */
  readonly assumed: boolean
  readonly schema: {
    readonly properties?: {
      readonly gridCompany?: { readonly enum?: readonly string[] }
    }
  }
}

export const pricesKey = (houseId: number) => ['prices', houseId] as const
export const prices = (houseId: number, [from, to]: readonly [number, number], minutes: 15 | 60) =>
  ask<Prices>(
    `/api/houses/${houseId}/prices?${new URLSearchParams({
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      minutes: String(minutes),
    })}`,
  )
export const priceSettings = (houseId: number) => ask<SettingsAnswer>(`/api/houses/${houseId}/prices/settings`)
export const setPriceSettings = (houseId: number, settings: Settings) =>
  ask(`/api/houses/${houseId}/prices/settings`, 'PUT', settings)
