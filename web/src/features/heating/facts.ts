import { ask } from '../../api.ts'
import type { Setting, Values } from './api.ts'

/** What control should know of a house. */
export type Facts = {
  readonly area?: number
  readonly built?: number
  readonly cap?: number
  readonly fuse?: number
  readonly battery?: { readonly capacity: number; readonly power: number; readonly wear?: number }
  readonly exportPrice?: number
  /** Local dates, the last one included, on which chance decides whether control runs. */
  readonly experiment?: { readonly from: string; readonly to: string; readonly seed?: number }
}

/** In the place of what was known. */
export const setFacts = (houseId: number, facts: Facts) =>
  ask<Facts>(`/api/houses/${houseId}/control/facts`, 'PUT', facts)

const number = { type: 'number' } as const

/** The fields of the form. */
export const factFields: Readonly<Record<string, Setting>> = {
  area: {
    ...number,
    title: 'Heated floor',
    description: 'Of the whole house',
    unit: 'm²',
    minimum: 1,
    maximum: 10_000,
  },
  built: {
    type: 'integer',
    title: 'Year built',
    description: 'Tells how well it is insulated, until its own data do',
    minimum: 1500,
    maximum: 2100,
  },
  cap: {
    ...number,
    title: 'Most power of all heating',
    description: 'Plans keep below it',
    unit: 'kW',
    minimum: 0.1,
    maximum: 1000,
  },
  fuse: {
    ...number,
    title: 'Main fuse',
    description: 'Most power from the grid',
    unit: 'kW',
    minimum: 0.5,
    maximum: 1000,
  },
  capacity: {
    ...number,
    title: 'Battery holds',
    description: 'What can be used of it',
    unit: 'kWh',
    minimum: 0.1,
    maximum: 10_000,
  },
  power: {
    ...number,
    title: 'Battery charges and gives at most',
    description: 'Both are needed for a battery',
    unit: 'kW',
    minimum: 0.1,
    maximum: 1000,
  },
  exportPrice: {
    ...number,
    title: 'Sold power pays',
    description: 'Per kWh; the spot price when empty',
    unit: 'NOK',
    minimum: -10,
    maximum: 10,
  },
}

export const valuesOf = ({ area, built, cap, fuse, battery, exportPrice }: Facts): Values => ({
  area: area ?? null,
  built: built ?? null,
  cap: cap ?? null,
  fuse: fuse ?? null,
  capacity: battery?.capacity ?? null,
  power: battery?.power ?? null,
  exportPrice: exportPrice ?? null,
})

/** The facts with what the form says; what has no field stays. */
export function factsOf(before: Facts, values: Values): Facts {
  const { experiment, battery } = before
  const said = (name: string) => (typeof values[name] === 'number' ? { [name]: values[name] } : {})
  const { capacity, power } = values
  const own = typeof capacity === 'number' && typeof power === 'number' ? { capacity, power } : undefined
  return {
    ...said('area'),
    ...said('built'),
    ...said('cap'),
    ...said('fuse'),
    ...said('exportPrice'),
    ...(own && { battery: { ...battery, ...own } }),
    ...(experiment && { experiment }),
  }
}
