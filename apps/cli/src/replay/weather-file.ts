/** A person's own weather, from a CSV file. */
import { Problem } from '@nabolag/core'
import type { Outside, WeatherPoint } from '@nabolag/simulators/twin/index'
import { columnOf, type SeriesFile } from './series-file.ts'

export type WeatherFile = {
  readonly points: readonly WeatherPoint[]
  /** Which column each value came from. */
  readonly columns: Readonly<Partial<Record<keyof Outside, string>>>
}

const hour = 3_600_000
/** A line over a longer hole would be made up. */
export const longestHole = 6.5 * hour

type Quantity = {
  readonly named: RegExp
  /** Of several, the one that is named so. */
  readonly better?: RegExp
  readonly least: number
  readonly most: number
  readonly unit: string
  /** Units in a name that are not this one. */
  readonly not?: RegExp
}

const quantities: Readonly<Record<keyof Outside, Quantity>> = {
  temperature: {
    ...{ named: /temp|outdoor|outside|°c/i, better: /outdoor|outside|^temperature/i },
    ...{ least: -60, most: 50, unit: '°C', not: /fahrenheit|°f|_f$|kelvin|_k$|\(k\)/i },
  },
  irradiance: {
    ...{ named: /irradiance|radiation|ghi|w_m2|w\/m/i, better: /global|ghi/i },
    ...{ least: -20, most: 1500, unit: 'W/m²', not: /kw|j_|\bj\b|mj|wh/i },
  },
  humidity: { named: /humid|\brh\b/i, least: 0, most: 105, unit: '%' },
  cloud: { named: /cloud/i, least: 0, most: 100, unit: '%' },
}

/**
 * @throws ProblemError `bad-request`: no outdoor temperature, another unit, a hole of more than six hours
 */
export function weatherIn(file: SeriesFile): WeatherFile {
  const wrong = (says: string) => Problem('bad-request', `${file.path}: ${says}`)
  const columns: Partial<Record<keyof Outside, string>> = {}
  const values = new Map<number, { at: number } & Partial<Record<keyof Outside, number>>>()
  for (const [of, quantity] of Object.entries(quantities) as [keyof Outside, Quantity][]) {
    const column = chosenColumn(file, of, quantity)
    if (column === undefined) continue
    columns[of] = column
    if (quantity.not?.test(column)) throw wrong(`${column} must be in ${quantity.unit}`)
    const known = columnOf(file, column)
    const outside = known.find(({ value }) => value < quantity.least || value > quantity.most)
    if (outside)
      throw wrong(
        `${column} is ${outside.value} at ${new Date(outside.at).toISOString()}: it must be in ${quantity.unit}, ${quantity.least} to ${quantity.most}`,
      )
    const most = known.reduce((so, { value }) => Math.max(so, value), 0)
    if (of !== 'temperature' && most > 0 && most <= 1.5 && !/w_m2|w\/m|pct|percent|%/i.test(column))
      throw wrong(`${column} is at most ${most}: it must be in ${quantity.unit}, and its name must say so`)
    // Pyranometers show a little less than nothing at night.
    const shown = (value: number) => (of === 'irradiance' ? Math.max(0, value) : value)
    for (const { at, value } of known) values.set(at, { ...(values.get(at) ?? { at }), [of]: shown(value) })
  }
  const points = [...values.values()].filter(({ temperature }) => temperature !== undefined)
  points.sort((a, b) => a.at - b.at)
  if (points.length < 2) throw wrong('fewer than two outdoor temperatures are known in it')
  return { points, columns }
}

function chosenColumn({ path, columns }: SeriesFile, of: keyof Outside, { named, better }: Quantity) {
  const found = columns.filter((name) => named.test(name))
  const preferred = found.filter((name) => better?.test(name))
  const [one, ...more] = preferred.length > 0 ? preferred : found
  if (more.length > 0)
    throw Problem('bad-request', `${path} has several columns of the ${of}: leave one of ${[one, ...more].join(', ')}`)
  if (one === undefined && of === 'temperature')
    throw Problem(
      'bad-request',
      `${path} has no column of the outdoor temperature, such as temperature_c; it has ${columns.join(', ') || 'none but the times'}`,
    )
  return one
}
