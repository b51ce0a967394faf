/** The demo's own processes: the simulated vendors, and what writes the past that nobody measured. */
import { connectBus } from '@nabolag/bus'
import { Problem, readSettings, type Sample, storedTopic } from '@nabolag/core'
import { history as historyOf, makeWorld, startSimulators } from '@nabolag/simulators'
import { openTimeSeries, type TimeSeries, writeChanges } from '@nabolag/timeseries'
import { type Started, sayProgress } from './protocol.ts'

export type SimulatorsGiven = {
  readonly seed: number
  readonly start: number
  readonly ports: { readonly met: number; readonly tibber: number; readonly sensibo: number }
}

export type HistoryGiven = { readonly seed: number; readonly start: number }

const samplesAtOnce = 20_000
const past = 30 * 24 * 3_600_000

export async function simulators(given: unknown): Promise<Started & { info: unknown }> {
  const { seed, start, ports } = given as SimulatorsGiven
  const running = await startSimulators({ world: makeWorld({ seed, start }), ports })
  return { close: running.close, info: { urls: running.urls } }
}

/** Writes what each device would have logged since its newest sample, 30 days at most. */
export async function history(given: unknown): Promise<Started & { info: unknown }> {
  const { seed, start } = given as HistoryGiven
  const { CLICKHOUSE_URL, MQTT_URL } = readSettings(process.env)
  if (!CLICKHOUSE_URL || !MQTT_URL) throw Problem('bad-request', 'The history needs CLICKHOUSE_URL and MQTT_URL')
  const bus = await connectBus({ url: MQTT_URL })
  const timeseries = openTimeSeries(CLICKHOUSE_URL, {
    onChange: async (changes) => {
      for (const message of writeChanges(changes)) await bus.publish(storedTopic, message)
    },
  })
  const world = makeWorld({ seed, start })
  const to = Date.now()
  const tasks = world.houses.flatMap((one) => one.house.devices.map((device) => ({ living: one, device })))
  let written = 0
  for (const [index, { living: one, device }] of tasks.entries()) {
    const houseId = one.house.number
    const newest = await newestOf(timeseries, houseId, device.integration, to)
    const from = newest === undefined ? to - past : newest + 1
    const samples = historyOf(world, one, device, { from, to, houseId })
    for (const batch of inBatches(samples, samplesAtOnce)) {
      await timeseries.write(batch, Date.now())
      written += batch.length
      const reached = ((batch.at(-1)?.issued ?? batch.at(-1)?.time ?? 0) / 1000 - from) / (to - from)
      sayProgress((index + Math.min(1, Math.max(0, reached))) / tasks.length)
    }
    sayProgress((index + 1) / tasks.length)
  }
  if (written > samplesAtOnce) await timeseries.refreshRollups()
  const close = async () => {
    await bus.close()
    await timeseries.close()
  }
  return { close, info: { written } }
}

/** ms; of forecasts, when the newest one was issued. */
async function newestOf(
  timeseries: TimeSeries,
  houseId: number,
  device: string,
  before: number,
): Promise<number | undefined> {
  const newest = (await timeseries.newest({ houseId, device })).map(({ issued, time }) => (issued ?? time) / 1000)
  return newest.length === 0 ? undefined : Math.min(before, Math.max(...newest))
}

function* inBatches(samples: Iterable<Sample>, size: number): Generator<Sample[]> {
  let batch: Sample[] = []
  for (const sample of samples) {
    batch.push(sample)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
