import type { Micros } from '@nabolag/core'
import type { Parameters } from './client.ts'
import type { SeriesFilter } from './types.ts'

/** A condition and the parameters it names; no value stands in the text. */
export type Where = { readonly sql: string; readonly parameters: Parameters }

const columns = {
  houseId: ['house_id', 'UInt32'],
  group: ['`group`', 'String'],
  field: ['field', 'String'],
  device: ['device', 'String'],
  count: ['count', 'UInt16'],
  location: ['location', 'String'],
  tags: ['tags', 'String'],
} as const

export type Given = { readonly [C in keyof typeof columns]?: string | number | undefined }

/** Equality on every column that is given. `mark` begins the parameters' names, so that several can stand in one query. */
export function whereEqual(given: Given, mark = 'w'): Where {
  const parts: string[] = []
  const parameters: Parameters = {}
  for (const [name, [column, type]] of Object.entries(columns)) {
    const value = given[name as keyof Given]
    if (value === undefined) continue
    parts.push(`${column} = {${mark}_${name}:${type}}`)
    parameters[`${mark}_${name}`] = value
  }
  return { sql: parts.join(' AND ') || 'true', parameters }
}

export const whereFilter = (filter: SeriesFilter): Where =>
  whereEqual({
    houseId: filter.houseId,
    group: filter.group,
    field: filter.field,
    device: filter.device,
    count: filter.count,
    location: filter.location,
  })

/** `from` ≤ time < `to`. The bounds are whole microseconds. */
export const whereTime = (from: Micros, to: Micros, mark = 'w'): Where => ({
  sql: `time >= fromUnixTimestamp64Micro({${mark}_from:Int64}, 'UTC') AND time < fromUnixTimestamp64Micro({${mark}_to:Int64}, 'UTC')`,
  parameters: { [`${mark}_from`]: Math.ceil(from), [`${mark}_to`]: Math.ceil(to) },
})

export const both = (...all: readonly Where[]): Where => ({
  sql: all.map(({ sql }) => sql).join(' AND '),
  parameters: Object.assign({}, ...all.map(({ parameters }) => parameters)),
})
