/** What a twin lived through, logged, replayed from the log: it must come to what the twin itself came to. */
import { contenderOf, replay, underControl } from '@nabolag/control'
import { microsFromMillis, type Sample } from '@nabolag/core'
import { simulatedHouse, simulatedTwin, worldWeather } from '@nabolag/simulators/twin/index'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openTestEngine, sample, type TestEngine } from '../../../../packages/timeseries/src/engine.testing.ts'
import { twinsOf } from './house-twin.ts'
import { loggedSource } from './logged.ts'

// Each turn asks the database.
vi.setConfig({ testTimeout: 120_000 })

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const from = Date.parse('2026-01-12T00:00:00Z')
const to = from + 6 * hour
const step = 15 * minute
const { setup } = simulatedHouse(5)
const own = underControl(setup, contenderOf('schedule'))
let engine: TestEngine
let lived: Awaited<ReturnType<typeof replay>>

beforeAll(async () => {
  engine = await openTestEngine()
  const twin = simulatedTwin(5, { from: from - 6 * hour, to, setup: own })
  lived = await replay({ setup: own, from: from - 6 * hour, to, step, source: twin })
  await engine.series.write(logOf(twin.spot(from - 8 * day, to + day)), from)
})
afterAll(() => engine.close())

/** As the datalogger would have kept it. */
function logOf(spot: ReturnType<ReturnType<typeof simulatedTwin>['spot']>): Sample[] {
  const at = (ms: number) => microsFromMillis(ms)
  const outside = worldWeather(2023, { latitude: setup.latitude!, longitude: setup.longitude! })
  const climate = lived.steps.flatMap(({ from: begin, to: end, rooms, loops, grid }) =>
    [begin, begin + 5 * minute, begin + 10 * minute].flatMap((ms) => [
      ...setup.rooms.flatMap(({ id, name }) => {
        const place = { houseId: 5, device: 'sensibo-sky', count: 1, location: name, time: at(ms + 4 * minute) }
        return [
          sample({ ...place, group: 'indoorClimateAirConditioning', fields: { temperature: rooms[id]! } }),
          sample({
            ...{ ...place, group: 'heatPumpController' },
            fields: {
              targetTemperature: loops[id]!.setpoint!,
              on: true,
              mode: 'heat',
              power: 1000 * loops[id]!.power!,
            },
          }),
        ]
      }),
      ...(ms < end ? [sample({ houseId: 5, time: at(ms), fields: { power: 1000 * grid! } })] : []),
    ]),
  )
  const prices = spot.map(({ start, price }) =>
    sample({
      ...{ houseId: 5, group: 'spotPrice', device: 'spot-price', time: at(start), issued: at(start - day) },
      ...{ fields: { price: price!, minutes: 60 }, tags: { area: 'NO3', currency: 'NOK', source: 'nordpool' } },
    }),
  )
  const forecasts = Array.from({ length: 24 + 60 }, (_, n) => from - 8 * hour + n * hour).map((ms) => {
    const { temperature, humidity, cloud } = outside(ms)
    return sample({
      ...{ houseId: 5, group: 'weatherForecast', device: 'met', time: at(ms), issued: at(from - 9 * hour) },
      fields: { temperature, humidity, cloudAreaFraction: cloud },
    })
  })
  return [...climate, ...prices, ...forecasts]
}

test('the log is replayed: nothing moves, and the figures are those of what was', async () => {
  const source = await loggedSource(engine.series, setup, { from, to }, step)
  const done = await replay({
    ...{ setup: underControl(setup, contenderOf('price-responsive-pi')), from, to, step, source },
  })
  const was = lived.steps.filter((one) => one.from >= from)
  expect(done.turns).toBe(24)
  expect(done.answers).toBe(false)
  expect(done.figures.known).toBe(1)
  expect(done.figures.energy).toBeCloseTo(
    was.reduce((sum, { hvac }) => sum + hvac! / 4, 0),
    6,
  )
  expect(done.figures.cost).toBeCloseTo(
    was.reduce((sum, { hvac, price }) => sum + (hvac! / 4) * price!, 0),
    2,
  )
  expect(done.steps.map(({ loops }) => loops[1]!.setpoint)).toEqual(was.map(({ loops }) => loops[1]!.setpoint))
  // It would have sent something, by readings it had at the time.
  expect(done.moves.length).toBeGreaterThan(2)
  // Nobody took it; it is not said again and again.
  for (const loop of [1, 2]) {
    const said = done.moves.filter((move) => move.loop === loop).map(({ set }) => set.temperature)
    expect(said.every((value, n) => n === 0 || value !== said[n - 1])).toBe(true)
  }
  expect(done.receipts[0]!.receipt.saw.room).toEqual(expect.any(Number))
  expect(done.receipts.some(({ receipt }) => receipt.price !== null)).toBe(true)
})

test('nothing that came later is seen', async () => {
  const source = await loggedSource(engine.series, setup, { from, to }, step)
  const now = from + 3 * hour
  const seen = await source.seen(now)
  const times = [...(seen.rooms[1]?.flat() ?? []), ...seen.power].map(({ at }) => at)
  expect(times.length).toBeGreaterThan(30)
  expect(Math.max(...times)).toBeLessThanOrEqual(now)
  expect(seen.held[1]!.at).toBeLessThanOrEqual(now)
  expect(seen.weather.length).toBeGreaterThan(20)
})

test('where no meter tells what the house draws, its inverter does', async () => {
  const samples = [0, 5, 10].map((minutes) =>
    sample({
      ...{
        houseId: 6,
        group: 'solarBatterySystem',
        device: 'victron',
        time: microsFromMillis(from + minutes * minute),
      },
      fields: { gridPower: 1500 + minutes },
    }),
  )
  await engine.series.write(samples, from)
  const source = await loggedSource(engine.series, { ...setup, id: 6 }, { from, to }, step)
  expect(await source.pass(from, from + step)).toMatchObject({ grid: 1.505 })
  expect(await source.pass(from + step, from + 2 * step)).toMatchObject({ grid: null })
})

test('the twin of a logged house lives in its weather and at its prices', async () => {
  const twinOf = await twinsOf(engine.series, setup, { from, to }, 7)
  const run = () => replay({ setup: own, from, to, step, source: twinOf(own) })
  const done = await run()
  const was = lived.steps.filter((one) => one.from >= from)
  expect(done.steps.map(({ outdoor }) => outdoor)).toEqual(was.map(({ outdoor }) => expect.closeTo(outdoor!, 0)))
  expect(done.steps.map(({ price }) => price)).toEqual(was.map(({ price }) => expect.closeTo(price!, 3)))
  expect(await run()).toEqual(done)
})

test('a house without weather has no twin, and is told what to do', async () => {
  const elsewhere = { from: from - 400 * day, to: from - 399 * day }
  await expect(twinsOf(engine.series, setup, elsewhere, 7)).rejects.toThrow('has no weather logged in that time')
})
