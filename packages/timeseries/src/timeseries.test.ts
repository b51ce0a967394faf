import { formatTime, type Sample } from '@nabolag/core'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Connection } from './client.ts'
import { openTestEngine, sample, type TestEngine, textOf } from './engine.testing.ts'
import { openTimeSeries } from './open.ts'
import type { ReadRequest, TimeSeries } from './types.ts'

let engine: TestEngine
let series: TimeSeries
let connection: Connection
beforeAll(async () => {
  engine = await openTestEngine()
  series = engine.series
  connection = new Connection(engine.url)
})
afterAll(async () => {
  await connection?.close()
  await engine?.close()
})

const T0 = Date.UTC(2024, 2, 1) * 1000
const second = 1_000_000
type Answer = {
  series: {
    times: string[]
    values: (number | null)[]
    location: string
    tags: Record<string, string>
    device: string
  }[]
} & Record<string, unknown>
const readJson = async (request: ReadRequest) => JSON.parse(await textOf(await series.read(request, 'json'))) as Answer

let nextHouse = 100
const newHouse = () => nextHouse++

describe('migrations', () => {
  test('run again without harm', async () => {
    await series.migrate()
    await series.migrate()
    await series.ping()
  })

  test('refuse tables of a newer version and leave them as they are', async () => {
    const url = `${engine.root}/newer`
    const other = openTimeSeries(url)
    await other.migrate()
    const inside = new Connection(url)
    await inside.insert('schema_migrations', ['version'], '99\n')
    const before = await inside.rows(
      'SELECT name, create_table_query FROM system.tables WHERE database = {d:String} ORDER BY name',
      { d: 'newer' },
    )
    await expect(other.migrate()).rejects.toMatchObject({ code: 'conflict' })
    const after = await inside.rows(
      'SELECT name, create_table_query FROM system.tables WHERE database = {d:String} ORDER BY name',
      { d: 'newer' },
    )
    expect(after).toEqual(before)
    await inside.close()
    await other.close()
  })
})

describe('writing', () => {
  test('samples in random order, with repetitions, become one row each, exact to the microsecond', async () => {
    const times = fc.uniqueArray(fc.integer({ min: T0, max: T0 + 40 * 86_400 * second }), {
      minLength: 1,
      maxLength: 60,
    })
    const property = fc.asyncProperty(times, fc.infiniteStream(fc.nat()), async (distinct, picks) => {
      const houseId = newHouse()
      const values = new Map(distinct.map((time, index) => [time, index / 7]))
      const repeated = [
        ...distinct,
        ...picks.take(distinct.length).map((pick) => distinct[pick % distinct.length] ?? 0),
      ]
      const mixed = repeated.map((time, index) => ({ time, key: (index * 7919) % 101 })).sort((a, b) => a.key - b.key)
      const half = Math.ceil(mixed.length / 2)
      for (const some of [mixed.slice(0, half), mixed.slice(half)])
        await series.write(
          some.map(({ time }) => sample({ houseId, time, fields: { power: values.get(time) ?? 0 } })),
          Date.now(),
        )
      const answer = await readJson({ houseId, field: 'power', from: T0, to: T0 + 50 * 86_400 * second, raw: true })
      const sorted = [...distinct].sort((a, b) => a - b)
      expect(
        answer.series[0]?.times.map((text) => Date.parse(`${text.slice(0, 19)}Z`) * 1000 + Number(text.slice(20, 26))),
      ).toEqual(sorted)
      expect(answer.series[0]?.values).toEqual(sorted.map((time) => values.get(time)))
    })
    await fc.assert(property, { numRuns: 12 })
  })

  test('the later received value of the same time replaces the earlier, in whatever order they arrive', async () => {
    const houseId = newHouse()
    const now = Date.now()
    await series.write([sample({ houseId, time: T0, fields: { power: 2 } })], now)
    await series.write([sample({ houseId, time: T0, fields: { power: 1 } })], now - 1000)
    expect((await readJson({ houseId, field: 'power', from: T0, to: T0 + 1, raw: true })).series[0]?.values).toEqual([
      2,
    ])
  })

  test('numbers, booleans and texts come back as what they are', async () => {
    const houseId = newHouse()
    const hostile = [
      "it's",
      '"q"',
      'tab\tline\nreturn\r',
      'back\\slash\\n',
      '\\N',
      "'; DROP TABLE samples; --",
      '{x:String}',
      '日本 ø',
      '',
    ]
    for (const [index, text] of hostile.entries())
      await series.write(
        [
          sample({
            houseId,
            group: 'heatPumpController',
            time: T0 + index,
            fields: { mode: text, on: index % 2 === 0, temperature: -1.5e-7 * index },
          }),
        ],
        Date.now(),
      )
    const range = { houseId, from: T0, to: T0 + 100, raw: true }
    expect((await readJson({ ...range, field: 'mode' })).series[0]?.values).toEqual(hostile)
    expect((await readJson({ ...range, field: 'on' })).series[0]?.values).toEqual(
      hostile.map((_, index) => index % 2 === 0),
    )
    expect((await readJson({ ...range, field: 'temperature' })).series[0]?.values).toEqual(
      hostile.map((_, index) => -1.5e-7 * index || 0),
    )
    const newest = await series.newest({ houseId })
    expect(newest.map(({ field, value }) => [field, value])).toEqual([
      ['mode', ''],
      ['on', true],
      ['temperature', -1.5e-7 * 8],
    ])
  })

  test('hostile locations and tags are only text', async () => {
    const texts = fc.uniqueArray(fc.string({ unit: 'grapheme', maxLength: 40 }), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(texts, async (some) => {
        const houseId = newHouse()
        await series.write(
          some.map((text) =>
            sample({ houseId, location: text, tags: { [text]: text, b: "'\\" }, time: T0, fields: { power: 1 } }),
          ),
          Date.now(),
        )
        const answer = await readJson({ houseId, field: 'power', from: T0, to: T0 + 1 })
        expect(new Set(answer.series.map(({ location }) => location))).toEqual(new Set(some))
        for (const { location, tags } of answer.series) expect(tags).toEqual({ [location]: location, b: "'\\" })
        for (const text of some) {
          const one = await readJson({ houseId, location: text, from: T0, to: T0 + 1, raw: true })
          expect(one.series.map(({ location }) => location)).toEqual([text])
        }
      }),
      { numRuns: 8 },
    )
  })
})

describe('reading', () => {
  test('a house sees nothing of another', async () => {
    const houseId = newHouse()
    await series.write([sample({ houseId, time: T0, fields: { power: 1 } })], Date.now())
    expect((await readJson({ houseId: newHouse(), from: T0, to: T0 + 10 })).series).toEqual([])
  })

  test('a chart keeps least and greatest, marks the gaps, and never exceeds its points', async () => {
    const shape = fc.record({
      steps: fc.array(
        fc.oneof(
          { weight: 20, arbitrary: fc.integer({ min: 1, max: 3 * second }) },
          { weight: 1, arbitrary: fc.integer({ min: 60 * second, max: 4000 * second }) },
        ),
        { minLength: 1, maxLength: 1500 },
      ),
      most: fc.integer({ min: 16, max: 400 }),
      seed: fc.integer(),
    })
    await fc.assert(
      fc.asyncProperty(shape, async ({ steps, most, seed }) => {
        const houseId = newHouse()
        let time = T0
        const written = steps.map((step, index) => {
          time += step
          return { time, value: Math.sin(index * 0.7 + seed) * (index % 97) || 0 }
        })
        await series.write(
          written.map(({ time, value }) => sample({ houseId, time, fields: { power: value } })),
          Date.now(),
        )
        const answer = await readJson({ houseId, field: 'power', from: T0, to: time + 1, maxPoints: most })
        const { times = [], values = [] } = answer.series[0] ?? {}
        expect(times.length).toBeLessThanOrEqual(most)
        expect(times).toEqual([...times].sort())
        const numbers = values.filter((value) => value !== null)
        const all = written.map(({ value }) => value)
        expect(Math.max(...numbers)).toBe(Math.max(...all))
        expect(Math.min(...numbers)).toBe(Math.min(...all))
        const real = new Map(written.map(({ time, value }) => [formatTime(time).slice(0, 19), value]))
        expect(real.size).toBeGreaterThan(0)
      }),
      { numRuns: 15 },
    )
  })

  test('a gap is marked by one null in its middle', async () => {
    const houseId = newHouse()
    const at = [0, 1, 2, 3, 4, 60, 61, 62, 63].map((s) => T0 + s * second)
    await series.write(
      at.map((time) => sample({ houseId, time, fields: { power: 5 } })),
      Date.now(),
    )
    const {
      series: [one],
    } = await readJson({ houseId, field: 'power', from: T0, to: T0 + 100 * second })
    expect(one?.values).toEqual([5, 5, 5, 5, 5, null, 5, 5, 5, 5])
    expect(one?.times[5]).toBe('2024-03-01T00:00:32.000000Z')
  })

  test.each([
    { aggregate: 'mean', values: [2, 5] },
    { aggregate: 'min', values: [1, 4] },
    { aggregate: 'max', values: [3, 6] },
    { aggregate: 'sum', values: [6, 15] },
    { aggregate: 'count', values: [3, 3] },
    { aggregate: 'first', values: [2, 6] },
    { aggregate: 'last', values: [3, 5] },
    { aggregate: 'minmax', values: [1, 3, 6, 4] },
  ] as const)('buckets give $aggregate', async ({ aggregate, values }) => {
    const houseId = newHouse()
    const samples = [2, 1, 3, 6, 4, 5].map((power, index) =>
      sample({ houseId, time: T0 + index * 20 * second, fields: { power } }),
    )
    await series.write([...samples, ...samples], Date.now())
    const answer = await readJson({
      houseId,
      field: 'power',
      from: T0,
      to: T0 + 120 * second,
      resolution: 60,
      aggregate,
    })
    expect(answer.series[0]?.values).toEqual(values)
    expect(answer).toMatchObject({
      resolution: 60,
      aggregate,
      unit: 'W',
      group: 'powerConsumption',
      start: '2024-03-01T00:00:00Z',
    })
  })

  test.each([
    { day: '2024-03-31', hours: 23, start: '2024-03-30T23:00:00.000000Z' },
    { day: '2024-10-27', hours: 25, start: '2024-10-26T22:00:00.000000Z' },
    { day: '2024-12-24', hours: 24, start: '2024-12-23T23:00:00.000000Z' },
  ])('the local day $day has $hours hours', async ({ hours, start }) => {
    const houseId = newHouse()
    const from = Date.parse(start) * 1000 - 5 * 3600 * second
    const samples = Array.from({ length: 40 }, (_, index) =>
      sample({ houseId, time: from + index * 3600 * second, fields: { power: 1 } }),
    )
    await series.write(samples, Date.now())
    const answer = await readJson({
      houseId,
      field: 'power',
      from,
      to: from + 40 * 3600 * second,
      resolution: 86_400,
      aggregate: 'sum',
      timezone: 'Europe/Oslo',
    })
    expect(answer.series[0]?.times[1]).toBe(start)
    expect(answer.series[0]?.values[1]).toBe(hours)
  })

  test('every table format holds the same rows', async () => {
    const houseId = newHouse()
    await series.write(
      [0, 1, 2].map((s) => sample({ houseId, location: 'Stue', time: T0 + s, fields: { power: s } })),
      Date.now(),
    )
    const request = { houseId, field: 'power', from: T0, to: T0 + 10, raw: true }
    const csv = await textOf(await series.read(request, 'csv'))
    expect(csv).toBe(
      '"time","value","group","device","count","location"\n"2024-03-01T00:00:00.000000Z",0,"powerConsumption","meter",0,"Stue"\n"2024-03-01T00:00:00.000001Z",1,"powerConsumption","meter",0,"Stue"\n"2024-03-01T00:00:00.000002Z",2,"powerConsumption","meter",0,"Stue"\n',
    )
    const lines = (await textOf(await series.read(request, 'ndjson')))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ value }) => value)).toEqual([0, 1, 2])
    const arrow = await import('apache-arrow')
    const { stream } = await series.read(request, 'arrow')
    const table = await arrow.tableFromIPC(stream)
    expect([...(table.getChild('value') ?? [])]).toEqual([0, 1, 2])
    const parquet = await textOf(await series.read(request, 'parquet'))
    expect(parquet.slice(0, 4)).toBe('PAR1')
    const mixed = await textOf(await series.read({ houseId, from: T0, to: T0 + 10, maxPoints: 16 }, 'csv'))
    expect(mixed.split('\n')).toHaveLength(5)
  })

  test('an empty answer is whole in every format', async () => {
    const request = { houseId: newHouse(), field: 'power', from: T0, to: T0 + 10, raw: true }
    expect(JSON.parse(await textOf(await series.read(request, 'json')))).toMatchObject({ series: [] })
    expect(await textOf(await series.read(request, 'csv'))).toContain('"time","value"')
    expect(await textOf(await series.read(request, 'ndjson'))).toBe('')
    expect(await textOf(await series.read({ ...request, raw: false }, 'csv'))).toContain('"time","value"')
  })

  test('what cannot be read is said before the answer begins', async () => {
    const request = { houseId: 1, from: T0, to: T0 + 1 }
    await expect(series.read({ ...request, to: T0 - 1 }, 'json')).rejects.toMatchObject({ code: 'bad-request' })
    await expect(series.read({ ...request, resolution: 0 }, 'json')).rejects.toMatchObject({ code: 'bad-request' })
    await expect(series.read({ ...request, timezone: "x'y" }, 'json')).rejects.toMatchObject({ code: 'bad-request' })
  })
})

describe('forecasts', () => {
  const forecast = (houseId: number, time: number, issued: number, temperature: number): Sample => ({
    ...sample({ houseId, group: 'weatherForecast', device: 'met', time, fields: { temperature } }),
    issued,
  })

  test('the newest issue counts, and asOf answers what was known then', async () => {
    const houseId = newHouse()
    const hour = 3600 * second
    await series.write(
      [0, 1].map((h) => forecast(houseId, T0 + h * hour, T0 - 12 * hour, h)),
      Date.now(),
    )
    await series.write(
      [1, 2].map((h) => forecast(houseId, T0 + h * hour, T0 - 6 * hour, 10 + h)),
      Date.now(),
    )
    const request = { houseId, group: 'weatherForecast', field: 'temperature', from: T0, to: T0 + 9 * hour, raw: true }
    expect((await readJson(request)).series[0]?.values).toEqual([0, 11, 12])
    expect((await readJson({ ...request, asOf: T0 - 7 * hour })).series[0]?.values).toEqual([0, 1])
    expect((await readJson({ ...request, asOf: T0 - 13 * hour })).series[0]?.values).toEqual([])
    expect(
      (await textOf(await series.read({ ...request, asOf: T0 - 6 * hour }, 'ndjson'))).trim().split('\n'),
    ).toHaveLength(3)
    const newest = await series.newest({ houseId })
    expect(newest).toMatchObject([{ time: T0 + 2 * hour, value: 12, issued: T0 - 6 * hour }])
  })
})
