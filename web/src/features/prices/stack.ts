import type { Interval, Scheme, Settings } from './api.ts'

/** The parts as a bill names them, from the ground up. */
export const layers = [
  { name: 'Spot price', hue: 'cyan', of: ({ parts }: Interval) => parts.spot.withoutVat },
  { name: 'Mark-up', hue: 'indigo', of: ({ parts }: Interval) => parts.markUp.withoutVat },
  { name: 'Grid', hue: 'orange', of: ({ parts }: Interval) => parts.gridEnergy.withoutVat },
  {
    name: 'Taxes',
    hue: 'grape',
    of: ({ parts }: Interval) => parts.electricityTax.withoutVat + parts.enovaFee.withoutVat,
  },
  { name: 'VAT', hue: 'gray', of: ({ total }: Interval) => total.vat },
  { name: 'Support', hue: 'teal', of: ({ parts }: Interval) => parts.support.withoutVat },
] as const

export type Piece = { readonly layer: number; readonly from: number; readonly to: number }

/** What adds to the price stands above the line, what takes from it hangs below. */
export function pieces(interval: Interval): Piece[] {
  let above = 0
  let below = 0
  return layers.flatMap(({ of }, layer): Piece[] => {
    const value = of(interval)
    if (Math.abs(value) < 1e-9) return []
    if (value > 0) {
      const from = above
      above += value
      return [{ layer, from, to: above }]
    }
    const to = below
    below += value
    return [{ layer, from: below, to }]
  })
}

/** The entry that holds on a date, of a table whose entries have a beginning. */
export const heldOn = <T extends { readonly from: string; readonly to?: string }>(
  entries: readonly T[] | undefined,
  date: string,
): T | undefined => entries?.findLast(({ from, to }) => from <= date && (to === undefined || date < to))

/** The table with what holds from a date on; what held before keeps holding for the time before. */
export function from<T extends { readonly from: string; readonly to?: string }>(
  entries: readonly T[] | undefined,
  entry: T,
): readonly T[] {
  return [...until(entries, entry.from), entry]
}

/** The table, ended on a date. */
export const until = <T extends { readonly from: string; readonly to?: string }>(
  entries: readonly T[] | undefined,
  date: string,
): readonly T[] =>
  (entries ?? [])
    .filter((one) => one.from < date)
    .map((one) => (one.to === undefined || one.to > date ? { ...one, to: date } : one))

export const schemeWords: Readonly<Record<Scheme, string>> = {
  stromstotte: 'Strømstøtte: the state pays most of what is above a threshold',
  norgespris: 'Norgespris: a fixed price',
  none: 'None',
}

/** Strømstøtte is for everybody who says nothing else. */
export const schemeOf = ({ support }: Settings, date: string): Scheme => heldOn(support, date)?.scheme ?? 'stromstotte'

/** `tensio-ts` is "Tensio TS". */
export const companyName = (name: string): string =>
  name
    .split('-')
    .map((word) => (word.length <= 2 ? word.toUpperCase() : word.charAt(0).toUpperCase() + word.slice(1)))
    .join(' ')
