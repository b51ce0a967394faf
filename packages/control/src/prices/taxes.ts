/** What the state takes of a kilowatt-hour: dated, each with where it is to be read. */
import type { Dated } from './dated.ts'

/** A rate; NOK/kWh without VAT, or a share. */
export type Rate = Dated & { readonly value: number; readonly source?: string }

/**
 * Where a household is taxed: `south` with everything; `north` (Nordland, and Troms without its north) without VAT;
 * `action-zone` (Finnmark and the north of Troms) without VAT and without electricity tax.
 */
export const taxZones = ['south', 'north', 'action-zone'] as const
export type TaxZone = (typeof taxZones)[number]

/** NO4 lies in the north but for a few municipalities of Trøndelag, which have to say so. */
export const taxZoneOf = (area: string): TaxZone => (area === 'NO4' ? 'north' : 'south')

const stortinget = 'Stortinget, yearly decision on the tax on electric power, ordinary rate; table of Skatteetaten'

/** Electricity tax (elavgift) of households, NOK/kWh without VAT. */
export const electricityTax: readonly Rate[] = [
  { from: '2023-01-01', value: 0.0916, source: stortinget },
  { from: '2023-04-01', value: 0.1584, source: stortinget },
  { from: '2024-01-01', value: 0.0951, source: stortinget },
  { from: '2024-04-01', value: 0.1644, source: stortinget },
  { from: '2025-01-01', value: 0.0979, source: stortinget },
  { from: '2025-04-01', value: 0.1693, source: stortinget },
  { from: '2025-10-01', value: 0.1253, source: stortinget },
  {
    from: '2026-01-01',
    to: '2027-01-01',
    value: 0.0713,
    source: `${stortinget}; 8.91 øre with VAT on the grid companies’ bills of February to June 2026`,
  },
]

/** Fee to the energy fund (Enova), NOK/kWh without VAT, paid in every zone. */
export const enovaFee: readonly Rate[] = [
  { from: '2012-07-01', value: 0.01, source: 'Regulation on the Energy Fund (Energifondet), households' },
]

/** Value added tax as a share. */
export const valueAddedTax: Readonly<Record<TaxZone, readonly Rate[]>> = {
  south: [{ from: '2005-01-01', value: 0.25, source: 'Stortinget, decision on value added tax, ordinary rate' }],
  north: [
    { from: '2005-01-01', value: 0, source: 'Value added tax act § 6-6: households in Nordland, Troms, Finnmark' },
  ],
  'action-zone': [
    { from: '2005-01-01', value: 0, source: 'Value added tax act § 6-6: households in Nordland, Troms, Finnmark' },
  ],
}
