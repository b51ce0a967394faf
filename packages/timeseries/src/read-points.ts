/** Many series of one house at once: what a program needs that looks at all of a house every few minutes. */
import { isForecast, type Micros } from '@nabolag/core'
import type { Connection } from './client.ts'
import { seriesKey } from './schema.ts'
import { readTags } from './series.ts'
import type { Points, PointsPart, Series } from './types.ts'
import { both, type Where, whereEqual, whereTime } from './where.ts'

type Row = {
  group: string
  field: string
  device: string
  count: number
  location: string
  tags: string
  type: Series['type']
  times: number[]
  values: number[]
  texts: string[]
}

/**
 * The points of all parts: one query for what was measured, one for each kind of step, and one for forecasts, which
 * answer what was known at `asOf`. Of one series asked for in two parts the points stand together; each time comes once.
 */
export async function readPoints(
  connection: Connection,
  houseId: number,
  parts: readonly PointsPart[],
  asOf: Micros | undefined,
): Promise<Points[]> {
  const asked = parts.filter(({ from, to, fields }) => to > from && fields?.length !== 0)
  const house = whereEqual({ houseId }, 'h')
  const measured = asked.filter(({ group }) => !isForecast(group))
  const foreseen = asked.filter(({ group }) => isForecast(group))
  const kinds = Map.groupBy(measured, ({ every, aggregate }) => (every === undefined ? '' : `${every} ${aggregate}`))
  const selects = [
    ...[...kinds.values()].map((some) => samplesOf(both(house, anyOf(some)), some[0]!)),
    ...(foreseen.length > 0 ? [forecastsOf(both(house, anyOf(foreseen)), asOf)] : []),
  ]
  const answers = await Promise.all(selects.map(({ sql, parameters }) => connection.rows<Row>(sql, parameters)))
  const together = new Map<string, Row>()
  for (const row of answers.flat()) {
    const name = JSON.stringify([row.group, row.field, row.device, row.count, row.location, row.tags, row.type])
    const other = together.get(name)
    together.set(name, other ? merged(other, row) : row)
  }
  return [...together.values()].map(pointsOf)
}

const merged = (a: Row, b: Row): Row => ({
  ...a,
  times: [...a.times, ...b.times],
  values: [...a.values, ...b.values],
  texts: [...a.texts, ...b.texts],
})

/** In order of time, which ClickHouse does not promise. */
function pointsOf({ tags, type, times, values: numbers, texts, ...key }: Row): Points {
  const values = type === 'text' ? texts : type === 'boolean' ? numbers.map((value) => value !== 0) : numbers
  const named = { ...key, tags: readTags(tags) }
  if (times.every((time, i) => i === 0 || times[i - 1]! < time)) return { ...named, times, values }
  const points = new Map(times.map((time, i) => [time, values[i]!]))
  const order = [...points].sort(([a], [b]) => a - b)
  return { ...named, times: order.map(([time]) => time), values: order.map(([, value]) => value) }
}

const columns = `${seriesKey.replace('house_id, ', '')}, type`
const millis = 'toUnixTimestamp64Milli(time)'
/** One row for each series. */
const lists = `groupArray(at) AS times, groupArray(v) AS values, groupArrayIf(t, type = 'text') AS texts`

function samplesOf({ sql: where, parameters }: Where, { every, aggregate }: PointsPart): Where {
  if (every === undefined) {
    const flat = lists.replace('(at)', `(${millis})`).replace('(v)', '(value)').replace('(t,', '(text,')
    return { sql: `SELECT ${columns}, ${flat} FROM samples FINAL WHERE ${where} GROUP BY ${columns}`, parameters }
  }
  const step = Math.round(every * 1000)
  const one = aggregate === 'last' ? 'argMax(value, time)' : 'avg(value)'
  const steps = `SELECT ${columns}, intDiv(${millis}, ${step}) * ${step} AS at, ${one} AS v, '' AS t
    FROM samples FINAL WHERE ${where} AND type = 'number' GROUP BY ${columns}, at`
  return { sql: `SELECT ${columns}, ${lists} FROM (${steps}) GROUP BY ${columns}`, parameters }
}

/** Each time once, as the newest issue said; of an issue that came twice what came last. */
function forecastsOf(house: Where, asOf: Micros | undefined): Where {
  const known: Where =
    asOf === undefined
      ? { sql: 'true', parameters: {} }
      : { sql: `issued <= fromUnixTimestamp64Micro({as_of:Int64}, 'UTC')`, parameters: { as_of: Math.floor(asOf) } }
  const { sql: where, parameters } = both(house, known)
  const newest = `SELECT ${columns}, ${millis} AS at, argMax(value, (issued, received)) AS v,
      argMax(text, (issued, received)) AS t
    FROM forecasts WHERE ${where} GROUP BY ${columns}, at`
  return { sql: `SELECT ${columns}, ${lists} FROM (${newest}) GROUP BY ${columns}`, parameters }
}

function anyOf(parts: readonly PointsPart[]): Where {
  const each = parts.map(({ from, to, fields, group, device, count, location }, index) => {
    const name = `p${index}`
    const some: Where = fields
      ? { sql: `field IN {${name}_fields:Array(String)}`, parameters: { [`${name}_fields`]: fields } }
      : { sql: 'true', parameters: {} }
    return both(whereEqual({ group, device, count, location }, name), some, whereTime(from, to, name))
  })
  return {
    sql: `(${each.map(({ sql }) => `(${sql})`).join(' OR ')})`,
    parameters: Object.assign({}, ...each.map(({ parameters }) => parameters)),
  }
}
