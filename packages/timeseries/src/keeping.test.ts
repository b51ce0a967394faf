import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Connection } from './client.ts'
import { openTestEngine, sample, type TestEngine, textOf } from './engine.testing.ts'
import { openTimeSeries } from './open.ts'
import { refreshRollups } from './rollup.ts'
import type { Aggregate, ReadRequest, TimeSeries } from './types.ts'

let engine: TestEngine
let series: TimeSeries
beforeAll(async () => {
  engine = await openTestEngine()
  series = engine.series
})
afterAll(() => engine?.close())

const second = 1_000_000
const hour = 3600 * second
const T0 = Date.UTC(2024, 2, 1) * 1000

/** How many files of the data folder hold the text. */
async function filesWith(text: string): Promise<number> {
  const files = (await readdir(engine.folder, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  )
  expect(files.length).toBeGreaterThan(10)
  const found = await Promise.all(
    files.map(async (file) =>
      (await readFile(join(file.parentPath, file.name)).catch(() => Buffer.alloc(0))).includes(text),
    ),
  )
  return found.filter(Boolean).length
}

describe('roll-ups', () => {
  const aggregates = ['mean', 'min', 'max', 'sum', 'count', 'first', 'last', 'minmax'] as const
  const ask = async (request: Omit<ReadRequest, 'raw'>) =>
    (
      JSON.parse(await textOf(await series.read(request, 'json'))) as {
        series: { times: string[]; values: number[] }[]
      }
    ).series[0]

  test('answer as the samples do, with repetitions, late samples, replaced values and an erasure', async () => {
    const houseId = 7
    const random = (index: number) => (index * 7919) % 1009
    const samples = Array.from({ length: 3000 }, (_, index) =>
      sample({ houseId, time: T0 + index * 97 * second, fields: { power: random(index) } }),
    )
    const range = { houseId, field: 'power', from: T0 + 1234 * second, to: T0 + 80 * hour + 55 * second }
    // What every answer is compared with is counted here, from the samples that should be there.
    const expected = (kept: typeof samples, seconds: number, aggregate: Aggregate) => {
      const inside = kept.filter(({ time }) => time >= range.from && time < range.to)
      const buckets = Map.groupBy(inside, ({ time }) => Math.floor(time / second / seconds))
      return [...buckets]
        .sort(([a], [b]) => a - b)
        .flatMap(([, some]) => {
          const values = some.map(({ fields }) => Number(fields.power))
          const sum = values.reduce((a, b) => a + b, 0)
          const low = Math.min(...values)
          const high = Math.max(...values)
          const pair = values.indexOf(low) < values.indexOf(high) ? [low, high] : [high, low]
          return {
            mean: [sum / values.length],
            min: [low],
            max: [high],
            sum: [sum],
            count: [values.length],
            first: values.slice(0, 1),
            last: values.slice(-1),
            minmax: low === high ? [low] : pair,
          }[aggregate]
        })
    }
    let checked = 0
    const compare = async (kept: typeof samples) => {
      for (const seconds of [3600, 86_400])
        for (const aggregate of aggregates) {
          const answer = await ask({ ...range, resolution: seconds, aggregate })
          const wanted = expected(kept, seconds, aggregate)
          expect(answer?.values.length).toBe(wanted.length)
          answer?.values.forEach((value, index) => {
            expect(value).toBeCloseTo(wanted[index] ?? Number.NaN, 9)
          })
          checked++
        }
    }
    const early = samples.filter((_, index) => index % 5 !== 0)
    await series.write(early, Date.now() - 10_000)
    await compare(early)
    expect((await series.refreshRollups()).hours).toBeGreaterThan(70)
    await compare(early)
    await series.write(samples, Date.now() - 5000)
    await series.write(samples.slice(100, 900), Date.now() - 5000)
    await compare(samples)
    await series.refreshRollups()
    await compare(samples)
    const replaced = samples.map((each, index) => (index === 500 ? { ...each, fields: { power: 100_000 } } : each))
    await series.write(replaced.slice(500, 501), Date.now())
    await compare(replaced)
    await series.refreshRollups()
    await compare(replaced)
    const [from, to] = [T0 + 10 * hour + 1, T0 + 12 * hour - 1]
    await series.erase({ houseId, from, to })
    const left = replaced.filter(({ time }) => time < from || time >= to)
    await compare(left)
    await series.refreshRollups()
    await compare(left)
    expect(await series.refreshRollups()).toEqual({ hours: 0 })
    expect(checked).toBe(8 * 16)
  }, 120_000)
})

test('a clock that was a week ahead hides nothing that is measured after it went back', async () => {
  const url = `${engine.root}/ahead`
  const own = openTimeSeries(url)
  const connection = new Connection(url)
  await own.migrate()
  const begin = Math.floor(Date.now() / 3.6e6) * hour
  const at = (hours: number) => (begin + hours * hour) / 1000
  const power = (hours: number, value: number) =>
    own.write([sample({ houseId: 1, time: begin + hours * hour, fields: { power: value } })], at(hours))
  await power(-50, -50)
  // What the engine computes by the same clock is newer than all that it computes later.
  const first = begin / second - 50 * 3600
  const row = [1, 'powerConsumption', 'power', 'meter', 0, '', '', first, 1, ...[999, 999, first, 999, first]]
  const names = 'group field device count location tags hour n total low low_time high high_time head head_time tail'
  const columns: [string, ...string[]] = ['house_id', ...names.split(' '), 'tail_time', 'computed']
  const computed = at(7 * 24) * 1000
  await connection.insert('rollup_hourly', columns, `${[...row, 999, first, 999, first, computed].join('\t')}\n`)
  await refreshRollups(connection, at(7 * 24))
  await refreshRollups(connection, at(0))
  for (let hours = 0; hours < 48; hours++) await power(hours, hours)
  await refreshRollups(connection, at(60))
  const range = { houseId: 1, from: begin - 50 * hour, to: begin + 48 * hour, resolution: 3600 }
  const answer = JSON.parse(await textOf(await own.read(range, 'json'))) as { series: { values: number[] }[] }
  expect(answer.series[0]?.values).toEqual([-50, ...Array.from({ length: 48 }, (_, n) => n)])
  await connection.close()
  await own.close()
})

test('a range may begin before 1970, as the local midnight of that day does', async () => {
  await series.write([sample({ houseId: 4100, time: T0, fields: { power: 5 } })], Date.now())
  const range = { houseId: 4100, from: -2 * hour, to: T0 + hour, resolution: 3600 }
  const answer = JSON.parse(await textOf(await series.read(range, 'json'))) as { series: { values: number[] }[] }
  expect(answer.series[0]?.values).toEqual([5])
})

test.each([900, 1500])('hours are told of %i that no roll-up has yet', async (count) => {
  const house = 4000 + count
  const hours = Array.from({ length: count }, (_, n) =>
    sample({ houseId: house, time: T0 + n * hour, fields: { power: n } }),
  )
  await series.write(hours, Date.now())
  const range = { houseId: house, from: T0, to: T0 + count * hour, resolution: 3600, aggregate: 'mean' as const }
  const answer = JSON.parse(await textOf(await series.read(range, 'json'))) as { series: { values: number[] }[] }
  expect(answer.series[0]?.values).toEqual(hours.map((_, n) => n))
})

describe('erasing', () => {
  test('leaves no byte of a house on the disk, and all of its neighbour', async () => {
    const word = 'Kjellerstua-til-Ola'
    const both = [8, 9].flatMap((houseId) =>
      Array.from({ length: 50 }, (_, index) =>
        sample({
          houseId,
          location: houseId === 8 ? word : 'Loft',
          time: T0 + index * hour,
          fields: { power: index, note: houseId === 8 ? `${word}${index}` : 'x' },
        }),
      ),
    )
    await series.write(both, Date.now())
    await series.write(
      [
        {
          ...sample({
            houseId: 8,
            group: 'weatherForecast',
            device: 'met',
            location: word,
            time: T0,
            fields: { temperature: 1 },
          }),
          issued: T0,
        },
      ],
      Date.now(),
    )
    await series.writeRejected([
      { received: Date.now() - 1, topic: 'sensors/x/8', houseId: 8, device: 'x', reason: 'bad', payload: word },
    ])
    await series.refreshRollups()
    expect(await filesWith(word)).toBeGreaterThan(3)
    await series.erase({ houseId: 8 })
    expect(await filesWith(word)).toBe(0)
    expect(await series.series({ houseId: 8 })).toEqual([])
    expect(await series.newest({ houseId: 8 })).toEqual([])
    expect(await series.rejected({ houseId: 8, limit: 10 })).toEqual([])
    expect((await series.series({ houseId: 9 })).map(({ field, samples }) => [field, samples])).toEqual([
      ['note', 50],
      ['power', 50],
    ])
    await series.write(both.slice(0, 1), Date.now())
    expect((await series.series({ houseId: 8 })).map(({ field }) => field)).toEqual(['note', 'power'])
  }, 120_000)

  test('of one device or one range leaves the rest', async () => {
    const make = (device: string) =>
      Array.from({ length: 10 }, (_, index) =>
        sample({ houseId: 12, device, time: T0 + index * second, fields: { power: index } }),
      )
    await series.write([...make('a'), ...make('b')], Date.now())
    await series.erase({ houseId: 12, device: 'a' })
    expect((await series.series({ houseId: 12 })).map(({ device }) => device)).toEqual(['b'])
    await series.erase({ houseId: 12, from: T0, to: T0 + 4 * second })
    expect(await series.series({ houseId: 12 })).toMatchObject([
      { device: 'b', samples: 6, first: T0 + 4 * second, last: T0 + 9 * second },
    ])
  }, 120_000)
})

describe('refused messages', () => {
  test('are kept with their reason, cut to 4 KiB, and counted', async () => {
    const now = Date.now()
    const row = {
      received: now,
      topic: "sensors/it's/1",
      houseId: 20,
      device: 'x',
      reason: 'no\ttime',
      payload: 'ø'.repeat(4000),
    }
    await series.writeRejected([
      row,
      { ...row, received: now - 5, payload: 'p' },
      { ...row, houseId: undefined, reason: 'other' },
    ])
    const found = await series.rejected({ houseId: 20, limit: 10 })
    expect(found.map(({ payload }) => payload.length)).toEqual([2048, 1])
    expect(found[1]).toEqual({ ...row, received: now - 5, payload: 'p' })
    expect(await series.rejectedCounts({ houseId: 20 })).toEqual([
      { houseId: 20, device: 'x', reason: 'no\ttime', count: 2, last: now },
    ])
    expect((await series.rejected({ limit: 10 })).length).toBeGreaterThanOrEqual(3)
    expect(await series.rejected({ houseId: 20, from: now - 1, limit: 10 })).toHaveLength(1)
  })
})

describe('uptime', () => {
  const day = 24 * hour
  const now = (T0 + 10 * day) / 1000
  const every = 600
  const regular = (houseId: number, from: number, to: number) =>
    Array.from({ length: Math.floor((to - from) / (every * second)) + 1 }, (_, index) =>
      sample({ houseId, time: from + index * every * second, fields: { power: 1 } }),
    )
  const device = (houseId: number) => ({ houseId, device: 'meter', count: 0, everySeconds: every, days: 5, now })

  test.each([
    { name: 'is whole without a gap', houseId: 31, stretches: [[0, 10]], expected: 1 },
    {
      name: 'counts what a gap exceeds the interval by',
      houseId: 32,
      stretches: [
        [0, 7],
        [8, 10],
      ],
      expected: 1 - (day - every * second) / (5 * day),
    },
    {
      name: 'counts silence until now',
      houseId: 33,
      stretches: [[0, 9]],
      expected: 1 - (day - every * second) / (5 * day),
    },
    { name: 'begins with the first sample', houseId: 34, stretches: [[8, 10]], expected: 1 },
    { name: 'is nothing for a device silent throughout', houseId: 35, stretches: [[0, 1]], expected: 0 },
  ])('$name', async ({ houseId, stretches, expected }) => {
    await series.write(
      stretches.flatMap(([from = 0, to = 0]) => regular(houseId, T0 + from * day, T0 + to * day)),
      Date.now(),
    )
    expect(await series.uptime(device(houseId))).toBeCloseTo(expected, 9)
  })

  test('is not known of a device that never logged', async () => {
    expect(await series.uptime(device(36))).toBeUndefined()
  })
})
