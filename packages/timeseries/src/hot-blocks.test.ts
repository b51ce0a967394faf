/** What is answered from memory is what ClickHouse would have answered, whatever happens meanwhile. */
import type { Sample } from '@nabolag/core'
import { tableFromIPC } from 'apache-arrow'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Change, hourMicros, readChanges, TouchedHours, writeChanges } from './changes.ts'
import { openTestEngine, sample, type TestEngine, textOf } from './engine.testing.ts'
import { type Block, HotBlocks } from './hot-blocks.ts'
import { openTimeSeries } from './open.ts'
import { type ReadFormat, type ReadRequest, readFormats, type TimeSeries } from './types.ts'

let engine: TestEngine
/** Reads as every reader without blocks does, and writes without telling anybody. */
let plain: TimeSeries
let hot: TimeSeries
let isTrusted = true
beforeAll(async () => {
  engine = await openTestEngine()
  plain = engine.series
  hot = openTimeSeries(engine.url, { hot: { trusted: () => isTrusted } })
})
afterAll(async () => {
  await hot?.close()
  await engine?.close()
})

const T0 = Date.UTC(2024, 2, 1) * 1000
const minute = 60_000_000
let nextHouse = 1
const newHouse = () => nextHouse++

/** Numbers as numbers: 1e21 may be written 1e+21. */
const contentOf = (text: string, format: ReadFormat): unknown => {
  if (format === 'json') return JSON.parse(text)
  const lines = text.trim().split('\n').filter(Boolean)
  if (format === 'ndjson') return lines.map((line) => JSON.parse(line) as unknown)
  return lines.map((line) => line.split(',').map((cell) => (cell.startsWith('"') ? cell : Number(cell))))
}

async function readBoth(request: ReadRequest, format: ReadFormat): Promise<{ answered: boolean }> {
  const [expected, given] = [await plain.read(request, format), await hot.read(request, format)]
  expect(given.contentType).toBe(expected.contentType)
  if (format === 'arrow' || format === 'parquet') {
    const [a, b] = [await bytesOf(expected.stream), await bytesOf(given.stream)]
    if (format === 'parquet') return { answered: given.whole !== undefined }
    const [left, right] = [tableFromIPC(a), tableFromIPC(b)]
    const shape = (table: typeof left) =>
      table.schema.fields.map(({ name, type, nullable }) => [name, `${type}`, nullable])
    expect(shape(right)).toEqual(shape(left))
    for (const name of ['time', 'value'])
      expect([...(right.getChild(name) ?? [])]).toEqual([...(left.getChild(name) ?? [])])
  } else expect(contentOf(await textOf(given), format)).toEqual(contentOf(await textOf(expected), format))
  return { answered: given.whole !== undefined }
}

async function bytesOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces)
}

const numbers = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.constant(-0))

describe('reads from hot blocks', () => {
  test('are what ClickHouse answers, for any range, before and after any write', async () => {
    let fromMemory = 0
    let asked = 0
    const when = fc.integer({ min: 0, max: 5 * hourMicros })
    const step = fc.oneof(
      {
        weight: 12,
        arbitrary: fc.record({
          write: fc.array(fc.tuple(when, numbers, fc.constantFrom('', 'kitchen')), { minLength: 1, maxLength: 6 }),
        }),
      },
      {
        weight: 24,
        arbitrary: fc.record({
          from: when,
          length: fc.integer({ min: 1, max: 3 * hourMicros }),
          place: fc.constantFrom(undefined, '', 'kitchen'),
          format: fc.constantFrom(...readFormats),
        }),
      },
      { weight: 1, arbitrary: fc.record({ erase: when, length: fc.integer({ min: 1, max: hourMicros }) }) },
    )
    const property = fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 16 }), async (steps) => {
      const houseId = newHouse()
      let received = Date.UTC(2024, 3, 1)
      for (const one of steps) {
        if ('write' in one) {
          const samples: Sample[] = one.write.map(([at, power, location]) =>
            sample({ houseId, time: T0 + at, location, fields: { power } }),
          )
          // Another process's write: this one learns of it by the event alone.
          const touched = new TouchedHours()
          for (const { time } of samples) touched.add(houseId, time)
          await plain.write(samples, received++)
          hot.heed(touched.changes())
        } else if ('erase' in one) {
          await hot.erase({ houseId, from: T0 + one.erase, to: T0 + one.erase + one.length })
        } else {
          const request = {
            houseId,
            group: 'powerConsumption',
            field: 'power',
            device: 'meter',
            count: 0,
            location: one.place,
            raw: true,
            from: T0 + one.from,
            to: T0 + one.from + one.length,
          }
          const { answered } = await readBoth(request, one.format)
          asked++
          // Other formats are for ClickHouse, unless the range has one series only.
          if (one.format === 'json') {
            expect(answered).toBe(true)
            fromMemory++
          }
        }
      }
    })
    await fc.assert(property, { numRuns: 8 })
    expect(asked).toBeGreaterThan(20)
    expect(fromMemory).toBeGreaterThan(0)
  }, 120_000)

  test('keep booleans, several places and tags apart, and leave texts and forecasts to ClickHouse', async () => {
    const houseId = newHouse()
    await plain.write(
      [0, 1, 2].flatMap((n) => [
        sample({ houseId, time: T0 + n * minute, fields: { power: n + 0.25, open: n === 1, mode: `m${n}` } }),
        sample({ houseId, time: T0 + n * minute, location: 'attic', tags: { phase: 'L1' }, fields: { power: -n } }),
        sample({ houseId, time: T0 + n * minute, group: 'weatherForecast', issued: T0, fields: { temperature: n } }),
      ]),
      Date.now(),
    )
    const range = { houseId, from: T0, to: T0 + 2 * minute, raw: true }
    const answered: Record<string, boolean> = {}
    for (const field of ['power', 'open', 'mode'])
      for (const format of ['json', 'csv', 'arrow'] as const)
        answered[`${field} ${format}`] = (
          await readBoth({ ...range, group: 'powerConsumption', field }, format)
        ).answered
    expect(answered).toEqual({
      'power json': true,
      'power csv': false,
      'power arrow': false,
      'open json': true,
      'open csv': false,
      'open arrow': false,
      'mode json': false,
      'mode csv': false,
      'mode arrow': false,
    })
    expect((await readBoth({ ...range, group: 'weatherForecast' }, 'json')).answered).toBe(false)
    expect((await readBoth({ ...range, group: 'nothing' }, 'json')).answered).toBe(true)
    expect(
      (await readBoth({ ...range, to: T0 + 40 * hourMicros, group: 'powerConsumption', field: 'power' }, 'json'))
        .answered,
    ).toBe(false)
  })

  test('a hot hour is answered without ClickHouse, until somebody says that it changed', async () => {
    const houseId = newHouse()
    const request = { houseId, group: 'powerConsumption', field: 'power', from: T0, to: T0 + minute, raw: true }
    const values = async () =>
      (JSON.parse(await textOf(await hot.read(request, 'json'))) as { series: { values: number[] }[] }).series[0]
        ?.values
    await plain.write([sample({ houseId, time: T0, fields: { power: 1 } })], T0 / 1000 + 1)
    expect(await values()).toEqual([1])
    await plain.write([sample({ houseId, time: T0, fields: { power: 2 } })], T0 / 1000 + 2)
    // Not said to anybody: this only shows that ClickHouse was not asked.
    expect(await values()).toEqual([1])
    hot.heed([{ houseId, fromHour: T0 / hourMicros, toHour: T0 / hourMicros + 1, erased: false }])
    expect(await values()).toEqual([2])
    await hot.write([sample({ houseId, time: T0, fields: { power: 3 } })], T0 / 1000 + 3)
    expect(await values()).toEqual([3])
    await plain.write([sample({ houseId, time: T0, fields: { power: 4 } })], T0 / 1000 + 4)
    hot.forget()
    expect(await values()).toEqual([4])
    await hot.erase({ houseId })
    expect(await values()).toBeUndefined()
  })

  test('long ones of one series are put together of blocks too, as Arrow', async () => {
    const houseId = newHouse()
    const request = { houseId, group: 'powerConsumption', field: 'power', device: 'meter', count: 0, raw: true }
    const samples = Array.from({ length: 700 }, (_, n) =>
      sample({ houseId, time: T0 + n * 11 * minute, fields: { power: Math.sin(n) } }),
    )
    await plain.write(samples, Date.now())
    const ranges = [
      { from: T0, to: T0 + 60 * hourMicros },
      { from: T0 + 7, to: T0 + 61 * hourMicros + 1 },
      { from: T0 - 300 * hourMicros, to: T0 + 300 * hourMicros },
    ]
    for (const range of [...ranges, ...ranges]) await readBoth({ ...request, ...range }, 'arrow')
    const rows = async () => {
      const { stream } = await hot.read({ ...request, from: T0, to: T0 + 60 * hourMicros }, 'arrow')
      return tableFromIPC(await bytesOf(stream)).numRows
    }
    const before = await rows()
    const late = sample({ houseId, time: T0 + 40 * hourMicros + 1, fields: { power: 1 } })
    await plain.write([late], Date.now())
    expect(await rows()).toBe(before)
    await hot.write([late], Date.now())
    expect(await rows()).toBe(before + 1)
  })

  test('while changes are not heard nothing kept is used, nor after it what was kept before', async () => {
    const houseId = newHouse()
    const request = { houseId, group: 'powerConsumption', field: 'power', from: T0, to: T0 + minute, raw: true }
    const read = async () => {
      const answer = await hot.read(request, 'json')
      const { series } = JSON.parse(await textOf(answer)) as { series: { values: number[] }[] }
      return { fromBlocks: answer.whole !== undefined, values: series[0]?.values }
    }
    try {
      await plain.write([sample({ houseId, time: T0, fields: { power: 1 } })], T0 / 1000 + 1)
      expect(await read()).toEqual({ fromBlocks: true, values: [1] })
      await plain.write([sample({ houseId, time: T0, fields: { power: 2 } })], T0 / 1000 + 2)
      isTrusted = false
      expect(await read()).toEqual({ fromBlocks: false, values: [2] })
      isTrusted = true
      expect(await read()).toEqual({ fromBlocks: true, values: [2] })
    } finally {
      isTrusted = true
    }
  })
})

describe('blocks', () => {
  const block = (points: number): Block => ({ times: new Float64Array(points), values: new Float64Array(points) })
  const hours = (fromHour: number, toHour: number) => ({ fromHour, toHour })
  const change = (houseId: number, fromHour: number, toHour: number): Change => ({
    houseId,
    fromHour,
    toHour,
    erased: false,
  })

  test('that change while they are being loaded are not kept; their neighbours in another house are', async () => {
    const blocks = new HotBlocks({ trusted: () => true })
    for (const [told, kept] of [
      [change(1, 10, 11), false],
      [change(1, 0, 100), false],
      [change(1, 11, 12), true],
      [change(1, 9, 10), true],
      [change(2, 10, 11), true],
    ] as const) {
      const { promise, resolve } = Promise.withResolvers<Block[]>()
      const loading = blocks.load(1, 's', hours(10, 11), () => promise)
      blocks.heed([told])
      resolve([block(5)])
      expect(await loading).toHaveLength(1)
      expect(blocks.block(1, 's', 10) !== undefined).toBe(kept)
      blocks.forget()
    }
  })

  test('that are being loaded when hearing is lost are not kept, even where it is back before they come', async () => {
    let trusted = true
    const blocks = new HotBlocks({ trusted: () => trusted })
    for (const lose of [
      () => blocks.forget(),
      () => {
        trusted = false
        blocks.trusted()
        trusted = true
      },
    ]) {
      const { promise, resolve } = Promise.withResolvers<Block[]>()
      const loading = blocks.load(1, 's', hours(10, 11), () => promise)
      lose()
      resolve([block(5)])
      await loading
      expect(blocks.block(1, 's', 10)).toBeUndefined()
      expect(blocks.bytes).toBe(0)
    }
  })

  test('a load that fails leaves nothing behind', async () => {
    const blocks = new HotBlocks({ trusted: () => true })
    await expect(blocks.load(1, 's', hours(1, 2), () => Promise.reject(new Error('away')))).rejects.toThrow('away')
    expect([blocks.bytes, blocks.block(1, 's', 1)]).toEqual([0, undefined])
  })

  test('never take more than their bound; the longest unused go first, and what is too large is not kept', async () => {
    const sizes = fc.array(fc.tuple(fc.nat(9), fc.nat(30), fc.nat(600), fc.boolean()), { maxLength: 120 })
    const property = fc.asyncProperty(sizes, async (loads) => {
      const blocks = new HotBlocks({ mostBytes: 100_000, trusted: () => true })
      for (const [houseId, hour, points, changes] of loads) {
        await blocks.load(houseId, 's', hours(hour, hour + 1), async () => [block(points)])
        expect(blocks.bytes).toBeLessThanOrEqual(100_000)
        const tooLarge = points * 16 + 512 > 100_000 / 16
        expect(blocks.block(houseId, 's', hour) === undefined).toBe(tooLarge)
        if (changes) blocks.heed([change(houseId, 0, 1000)])
      }
      blocks.heed(Array.from({ length: 10 }, (_, houseId) => change(houseId, 0, 1000)))
      expect(blocks.bytes).toBe(0)
    })
    await fc.assert(property)
    expect(new HotBlocks({ trusted: () => true }).mostBytes).toBe(64 * 2 ** 20)
  })
})

describe('what is said of a change', () => {
  test('comes out as it went in, in messages of a bounded size', () => {
    const changes = fc.array(
      fc.record({ houseId: fc.nat(1e9), fromHour: fc.nat(3e6), toHour: fc.nat(3e6), erased: fc.boolean() }),
      { maxLength: 2500 },
    )
    fc.assert(
      fc.property(changes, (given) => {
        const messages = writeChanges(given)
        for (const message of messages) expect(message.length).toBeLessThan(40_000)
        expect(messages.flatMap((message) => readChanges(message))).toEqual(given)
      }),
      { numRuns: 30 },
    )
  })

  test('that cannot be read is told from nothing', () => {
    for (const text of ['', '{}', 'null', '[[1,2,3]]', '[[1,2,3,"x"]]', '[1]'])
      expect(readChanges(text)).toBeUndefined()
    expect(readChanges('[]')).toEqual([])
  })

  test('covers every sample, hour by hour, in as few runs as there are', () => {
    const times = fc.array(fc.tuple(fc.nat(3), fc.nat(20 * hourMicros)))
    fc.assert(
      fc.property(times, (samples) => {
        const touched = new TouchedHours()
        for (const [houseId, time] of samples) touched.add(houseId, time)
        const said = touched.changes()
        const hours = said.flatMap(({ houseId, fromHour, toHour }) =>
          Array.from({ length: toHour - fromHour }, (_, index) => `${houseId} ${fromHour + index}`),
        )
        expect(new Set(hours)).toEqual(
          new Set(samples.map(([houseId, time]) => `${houseId} ${Math.floor(time / hourMicros)}`)),
        )
        expect(new Set(hours).size).toBe(hours.length)
        for (const one of said)
          expect(said.some((other) => other.houseId === one.houseId && other.toHour === one.fromHour)).toBe(false)
      }),
    )
  })
})
