/** What control saved, and what the data tell of a house; each with a sentence and how sure it is. */
import { ask } from '../../api.ts'

/** Of which room it is, where it is of one. */
type OfRoom = { readonly name?: string }
export type Lacking = OfRoom & { readonly outcome: 'not-enough-data'; readonly because: string; readonly days: number }
export type Found = OfRoom & { readonly outcome: 'found'; readonly days: number; readonly sentence: string }
export type Told = Found | Lacking

export type HourOfDay = {
  /** Mean kWh in that hour; NOK/kWh; NOK. */
  readonly energy: number
  readonly price: number
  readonly cost: number
}
export type Insights = {
  readonly signature: Told
  readonly heatLoss: readonly Told[]
  readonly timeConstant: readonly Told[]
  readonly cop: readonly Told[]
  /** 24 of them, or none where nothing is known. */
  readonly byHour: readonly { readonly hour: number; readonly all: HourOfDay }[]
  readonly byHourSentence?: string
}

/** NOK over the days under control, and as a share of what they would have cost; with 95 % intervals. */
export type Saving = {
  readonly nok: number
  readonly low: number
  readonly high: number
  readonly share: number
}
export type Savings = {
  readonly method: string
  /** Why this method, and how far to trust it. */
  readonly because: string
  readonly days: { readonly control: number; readonly baseline: number }
  /** °C, of days under control and of the others. */
  readonly meanTemperature?: number
  readonly baselineTemperature?: number
  readonly sentence: string
} & (
  | {
      readonly outcome: 'found'
      readonly raw: Saving
      readonly atEqualTemperature: (Saving & { readonly outcome: 'found' }) | Lacking
    }
  | { readonly outcome: 'not-enough-data' }
)

export type PriceWhatIf = {
  readonly days: number
  /** NOK. */
  readonly more: number
  readonly share: number
  readonly sentence: string
}
export type ComfortWhatIf =
  | (Found & { readonly cost: { readonly value: number; readonly low: number; readonly high: number } })
  | Lacking
export type WhatIf = { readonly prices?: PriceWhatIf; readonly comfort?: ComfortWhatIf }

export type Range = { readonly from: string; readonly to: string }
const path = (houseId: number) => `/api/houses/${houseId}`
export const insights = (houseId: number) => ask<Insights>(`${path(houseId)}/insights`)
export const savings = (houseId: number, range: Range) =>
  ask<Savings>(`${path(houseId)}/savings?${new URLSearchParams(range)}`)
export const whatIf = (houseId: number, range: Range, other: Readonly<Record<string, string>>) =>
  ask<WhatIf>(`${path(houseId)}/savings/what-if?${new URLSearchParams({ ...range, ...other })}`)
