import { accounts, type Bus, connectBus } from '@nabolag/bus'
import { noMosquitto, startMosquitto } from '@nabolag/bus/testing/mosquitto'
import { openTimeSeries, type TimeSeries } from '@nabolag/timeseries'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Stack, startStack, until } from './testing/stack.ts'

const text = async (stream: AsyncIterable<Buffer | string>) => {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}

describe('from a message on the bus to a row', () => {
  let stack: Stack
  let bus: Bus
  let store: TimeSeries
  beforeAll(async () => {
    stack = await startStack()
    bus = await connectBus({ url: stack.mqtt, window: 200 })
    store = openTimeSeries(stack.clickhouse)
  })
  afterAll(async () => {
    await bus?.close()
    await store?.close()
    await stack?.close()
  })

  /** All values of a house's field, with their times. */
  const values = async (houseId: number, field: string) => {
    const range = { from: Date.UTC(2020, 0) * 1000, to: Date.UTC(2040, 0) * 1000, raw: true }
    const { stream } = await store.read({ houseId, field, ...range }, 'json')
    const { series } = JSON.parse(await text(stream)) as { series: { times: string[]; values: unknown[] }[] }
    return series.flatMap(({ times, values }) => times.map((time, i) => [time, values[i]] as const))
  }
  const begin = Date.UTC(2024, 0, 1)
  const numbered = (house: number, n: number) => ({
    measurement: 'powerConsumption',
    tags: { house_id: house, device_name: 'meter' },
    fields: { power: n },
    time: new Date(begin + n * 1000).toISOString(),
  })
  const publish = (house: number, from: number, to: number) =>
    Promise.all(
      Array.from({ length: to - from }, (_, i) => bus.publish(`sensors/meter/${house}`, numbered(house, from + i))),
    )
  const expectAll = async (house: number, count: number) => {
    await until(async () => (await values(house, 'power')).length >= count, 40, `${count} rows of house ${house}`)
    expect((await values(house, 'power')).map(([, value]) => value)).toEqual(Array.from({ length: count }, (_, i) => i))
  }

  test("the thesis's message, from a publisher with its own account, is readable to the microsecond", async () => {
    const kept = accounts(bus)
    const login = await kept.addPublisherAccount({ username: 'h3.mill-sense.0', houseId: 3, name: 'mill-sense' })
    await kept.close()
    const address = new URL(stack.mqtt)
    address.username = login.username
    address.password = login.password
    const publisher = await connectBus({ url: address.href })
    await publisher.publish('sensors/mill-sense', {
      measurement: 'airSensor',
      tags: { house_id: '3', sensor_name: 'mill-sense', location: 'Soverom' },
      fields: { temperature: 19.7, humidity: 40.3 },
      time: '2023-05-08T06:00:00.123456',
    })
    await publisher.publish('sensors/mill-sense', '{"measurement": "airSensor", "tags": {"house_id": "4"}')
    await publisher.close()
    await until(async () => (await values(3, 'temperature')).length > 0, 10, 'the sample')
    expect(await values(3, 'temperature')).toEqual([['2023-05-08T06:00:00.123456Z', 19.7]])
    expect(await values(3, 'humidity')).toEqual([['2023-05-08T06:00:00.123456Z', 40.3]])
    await until(async () => (await store.rejected({ houseId: 3, limit: 5 })).length > 0, 10, 'the bad message')
    expect(await store.rejected({ houseId: 3, limit: 5 })).toMatchObject([{ device: 'mill-sense' }])
  })

  test('what comes twice is there once', async () => {
    await publish(11, 0, 20)
    await publish(11, 0, 20)
    await until(async () => (await stack.datalogger()).waiting.messages === 0, 20, 'all stored')
    await expectAll(11, 20)
  })

  test('a datalogger that is killed again and again in the middle of it all loses nothing', async () => {
    for (let round = 0; round < 3; round++) {
      const sent = publish(12, round * 2000, round * 2000 + 2000)
      const seen = (await stack.datalogger()).messages
      await until(async () => (await stack.datalogger()).messages > seen, 20, 'some taken')
      await stack.kill('datalogger')
      await sent
      await stack.start('datalogger')
    }
    await expectAll(12, 6000)
  }, 120_000)

  test('while ClickHouse is gone it acknowledges nothing, and goes on by itself', async () => {
    await stack.kill('clickhouse')
    await publish(13, 0, 1000)
    await until(async () => (await stack.datalogger()).trouble !== undefined, 20, 'trouble')
    const { waiting } = await stack.datalogger()
    expect(waiting.messages).toBeGreaterThan(0)
    await stack.start('clickhouse')
    await publish(13, 1000, 1200)
    await expectAll(13, 1200)
    await until(async () => (await stack.datalogger()).trouble === undefined, 20, 'no trouble')
  }, 120_000)

  test('a broker that is killed keeps what it acknowledged', async () => {
    const sent = publish(14, 0, 2000)
    await until(async () => (await values(14, 'power')).length > 0, 20, 'some stored')
    await stack.kill('broker')
    await stack.start('broker')
    await sent
    await expectAll(14, 2000)
  }, 120_000)
})

test.skipIf(noMosquitto)(
  'the same with Mosquitto: killed in the middle, the datalogger loses nothing',
  async () => {
    const mosquitto = await startMosquitto()
    const stack = await startStack({ broker: mosquitto.url })
    const bus = await connectBus({ url: mosquitto.url })
    const store = openTimeSeries(stack.clickhouse)
    try {
      const sent = Promise.all(
        Array.from({ length: 3000 }, (_, n) =>
          bus.publish('sensors/meter/3', {
            measurement: 'powerConsumption',
            tags: { house_id: 3 },
            fields: { power: n },
            time: new Date(Date.UTC(2024, 0, 1) + n * 1000).toISOString(),
          }),
        ),
      )
      await until(async () => (await stack.datalogger()).messages > 0, 20, 'some taken')
      await stack.kill('datalogger')
      await sent
      await stack.start('datalogger')
      const counted = async () => {
        const range = { from: Date.UTC(2020, 0) * 1000, to: Date.UTC(2040, 0) * 1000, raw: true }
        const { stream } = await store.read({ houseId: 3, field: 'power', ...range }, 'csv')
        return (await text(stream)).trim().split('\n').length - 1
      }
      await until(async () => (await counted()) >= 3000, 30, '3,000 rows')
      expect(await counted()).toBe(3000)
    } finally {
      await bus.close()
      await store.close()
      await stack.close()
      await mosquitto.close()
    }
  },
  120_000,
)
