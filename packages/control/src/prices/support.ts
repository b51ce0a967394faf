/** What the state gives back: strømstøtte on dear hours, or Norgespris in place of the spot price. */
import { covering, type Dated, inForce } from './dated.ts'

export const supportSchemes = ['none', 'stromstotte', 'norgespris'] as const
export type SupportScheme = (typeof supportSchemes)[number]

export const kindsOfHome = ['home', 'holiday-home'] as const
export type KindOfHome = (typeof kindsOfHome)[number]

export type Stromstotte = Dated & {
  /** Spot price above which it begins, NOK/kWh without VAT. */
  readonly threshold: number
  /** The share of what is above that is paid. */
  readonly share: number
  /** Most kWh a month. */
  readonly cap: number
  readonly source?: string
}

export type Norgespris = Dated & {
  /** NOK/kWh without VAT. */
  readonly price: number
  /** Most kWh a month of a home, and of a holiday home. */
  readonly cap: number
  readonly holidayCap: number
  readonly source?: string
}

const act = 'Act on power support to households (strømstønadsloven) and its regulation; NVE-RME publishes the threshold'

/** Hour by hour since September 2023; before that it went by the month's mean, which no hour knows. */
export const stromstotte: readonly Stromstotte[] = [
  { from: '2023-09-01', threshold: 0.7, share: 0.9, cap: 5000, source: act },
  { from: '2024-01-01', threshold: 0.73, share: 0.9, cap: 5000, source: act },
  { from: '2025-01-01', threshold: 0.75, share: 0.9, cap: 5000, source: act },
  { from: '2026-01-01', to: '2027-01-01', threshold: 0.77, share: 0.9, cap: 5000, source: act },
]

/** The first period; the price is set anew each year from 2027 on, until the end of 2029. */
export const norgespris: readonly Norgespris[] = [
  {
    from: '2025-10-01',
    to: '2027-01-01',
    price: 0.4,
    cap: 4000,
    holidayCap: 1000,
    source: 'Regulation on Norgespris, 2025: 0.40 NOK/kWh without VAT, 1 October 2025 to 31 December 2026',
  },
]

export type Support = {
  /** What is added to a supported kWh, NOK/kWh without VAT; negative is money for the house. */
  readonly amount: (spot: number) => number
  /** kWh a month that are supported. */
  readonly cap: number
  readonly note?: string
}

export type SupportTables = { readonly stromstotte: readonly Stromstotte[]; readonly norgespris: readonly Norgespris[] }

const none: Support = { amount: () => 0, cap: 0 }

/** The support on a date. A scheme that does not exist on it gives nothing, and a note that says so. */
export function supportOn(date: string, scheme: SupportScheme, home: KindOfHome, tables: SupportTables): Support {
  if (scheme === 'none') return none
  if (scheme === 'stromstotte') {
    if (home === 'holiday-home') return { ...none, note: 'A holiday home gets no strømstøtte' }
    const found = inForce(tables.stromstotte, date)
    if (!found || found.assumed === 'before') {
      return { ...none, note: 'Strømstøtte is not reckoned before September 2023, when it began to go hour by hour' }
    }
    const { threshold, share, cap } = found.entry
    return {
      amount: (spot) => -share * Math.max(0, spot - threshold),
      cap,
      ...(found.assumed && {
        note: `The threshold of strømstøtte from ${found.entry.to} on is not known; ${threshold} NOK/kWh is assumed`,
      }),
    }
  }
  const found = inForce(tables.norgespris, date)
  if (!found || found.assumed === 'before') return { ...none, note: 'There is no Norgespris before October 2025' }
  const { price, cap, holidayCap, to } = found.entry
  return {
    amount: (spot) => price - spot,
    cap: home === 'holiday-home' ? holidayCap : cap,
    ...(found.assumed && { note: `Norgespris from ${to} on is not known; ${price} NOK/kWh is assumed` }),
  }
}

/**
 * The scheme of a house on a date: what it has chosen, and where no choice of its speaks of the date strømstøtte, which
 * a household has without asking. An empty list is the choice of none.
 */
export const chosenOn = (
  choices: readonly (Dated & { readonly scheme: SupportScheme })[] | undefined,
  date: string,
): SupportScheme => covering(choices ?? [], date)?.scheme ?? (choices?.length === 0 ? 'none' : 'stromstotte')
