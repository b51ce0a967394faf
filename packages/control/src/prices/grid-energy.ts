/** The grid company's price of a kWh (energiledd): a base price, and exceptions by local hour, day and month. */
import type { LocalTime } from '@nabolag/core'
import type { Dated } from './dated.ts'
import { isPublicHoliday } from './holidays.ts'

/**
 * `weekdays` are Monday to Friday, `working-days` (virkedag) the same without public holidays, and `days-off` all that
 * is not a working day.
 */
export const kindsOfDay = ['every-day', 'weekdays', 'working-days', 'fridays', 'weekends', 'days-off'] as const
export type KindOfDay = (typeof kindsOfDay)[number]

/** When another price holds than the base price. What is left out does not narrow it. */
export type EnergyRule = {
  readonly name?: string
  /** NOK/kWh without VAT and taxes. */
  readonly price: number
  /** First local hour, 0 to 23, and the hour at which it ends, 1 to 24. 22 to 6 is the night. */
  readonly fromHour?: number
  readonly toHour?: number
  readonly days?: KindOfDay
  /** 1 to 12. */
  readonly months?: readonly number[]
}

/** Of the rules that apply the first one counts. */
export type GridEnergy = Dated & {
  readonly base: number
  readonly rules: readonly EnergyRule[]
  readonly source?: string
}

const appliesOn: Readonly<Record<KindOfDay, (time: LocalTime) => boolean>> = {
  'every-day': () => true,
  weekdays: ({ weekday }) => weekday >= 1 && weekday <= 5,
  'working-days': ({ weekday, date }) => weekday >= 1 && weekday <= 5 && !isPublicHoliday(date),
  fridays: ({ weekday }) => weekday === 5,
  weekends: ({ weekday }) => weekday === 0 || weekday === 6,
  'days-off': ({ weekday, date }) => weekday === 0 || weekday === 6 || isPublicHoliday(date),
}

/** Whether a rule holds at a local time. The day is the one on the calendar, also for the hours after midnight. */
export function applies(
  { fromHour = 0, toHour = 24, days = 'every-day', months }: EnergyRule,
  time: LocalTime,
): boolean {
  const { hour, month } = time
  const inHours = fromHour < toHour ? hour >= fromHour && hour < toHour : hour >= fromHour || hour < toHour
  return inHours && (months === undefined || months.includes(month)) && appliesOn[days](time)
}

/** The price at a local time in NOK/kWh without VAT, and the name of what made it. */
export function gridEnergyAt(
  { base, rules }: GridEnergy,
  time: LocalTime,
): { readonly price: number; readonly rule: string } {
  const rule = rules.find((one) => applies(one, time))
  return rule ? { price: rule.price, rule: rule.name ?? 'exception' } : { price: base, rule: 'base' }
}
