/** The demo's own processes: the simulated vendors, and what writes the past that nobody measured. */
import { existsSync, readFileSync } from 'node:fs'
import { connectBus } from '@nabolag/bus'
import { Problem, readSettings, type Sample, storedTopic } from '@nabolag/core'
import {
  applyControlPast,
  type ControlPast,
  controlPastInThreads,
  history as historyOf,
  makeWorld,
  startSimulators,
  stoveHistory,
  stoveSensor,
  type VendorName,
} from '@nabolag/simulators'
import { openTimeSeries, type TimeSeries, writeChanges } from '@nabolag/timeseries'
import { writePrivately } from './data-folder.ts'
import { runStove } from './demo-stove.ts'
import { type Started, sayProgress } from './protocol.ts'

export type SimulatorsGiven = {
  readonly seed: number
  readonly start: number
  readonly ports: Readonly<Record<VendorName, number>>
  /** Where the account of the sensor over the wood stove is laid down. */
  readonly stoveFile: string
  /** What control has done to the houses before the demo began. */
  readonly controlFile: string
}

export type HistoryGiven = { readonly seed: number; readonly start: number; readonly controlFile: string }

type Span = { readonly from: number; readonly to: number; readonly houseId: number }

const samplesAtOnce = 20_000
const day = 24 * 3_600_000
const past = 33 * day
/** How long the houses have been under control when the demo begins: savings need 14 whole days with and without. */
const controlled = 16 * day

export async function simulators(given: unknown): Promise<Started & { info: unknown }> {
  const { seed, start, ports, stoveFile, controlFile } = given as SimulatorsGiven
  const world = makeWorld({ seed, start })
  const past = readPast(controlFile)
  if (past) applyControlPast(world, past.moves)
  const running = await startSimulators({ world, ports })
  const stop = new AbortController()
  const stove = runStove(world, stoveFile, process.env.MQTT_URL ?? '', stop.signal)
  const close = async () => {
    stop.abort()
    await stove
    await running.close()
  }
  const faults = Object.fromEntries(
    [...running.started].map(([name, { url, faultsUrl }]) => [name, faultsUrl ?? `${url}/_faults`]),
  )
  return { close, info: { urls: running.urls, faults } }
}

/** Writes what each device would have logged since its newest sample, 33 days at most. */
export async function history(given: unknown): Promise<Started & { info: unknown }> {
  const { seed, start, controlFile } = given as HistoryGiven
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
  const known = readPast(controlFile)
  // Half of the work, and of the time.
  const made =
    known ?? (await controlPastInThreads({ seed, start, from: to - controlled, to }, (share) => sayProgress(share / 2)))
  if (!known) writePrivately(controlFile, made)
  applyControlPast(world, made.moves)
  const progress = (share: number) => sayProgress(known ? share : (1 + share) / 2)
  const tasks = world.houses.flatMap((one) => [
    ...one.house.devices.map((device) => ({
      houseId: one.house.number,
      name: device.integration as string,
      // A month of one house in full is enough to try the speed of reading on.
      samples: (options: Span) =>
        historyOf(world, one, device, { ...options, ...(one.house.number > 3 && { tibberEvery: 60 }) }),
    })),
    ...(one.house.stove
      ? [{ houseId: one.house.number, name: stoveSensor.name, samples: (options: Span) => stoveHistory(one, options) }]
      : []),
  ])
  let written = 0
  const write = async (to: number, progress: (share: number) => void) => {
    for (const [index, { houseId, name, samples }] of tasks.entries()) {
      const newest = await newestOf(timeseries, houseId, name, to)
      const from = newest === undefined ? to - past : newest + 1
      for (const batch of inBatches(samples({ from, to, houseId }), samplesAtOnce)) {
        await timeseries.write(batch, Date.now())
        written += batch.length
        const reached = ((batch.at(-1)?.issued ?? batch.at(-1)?.time ?? 0) / 1000 - from) / (to - from)
        progress((index + Math.min(1, Math.max(0, reached))) / tasks.length)
      }
      progress((index + 1) / tasks.length)
    }
  }
  await write(to, progress)
  // All that took a minute or more, in which the houses have lived on.
  await write(Date.now(), () => {})
  if (written > samplesAtOnce) await timeseries.refreshRollups()
  const close = async () => {
    await bus.close()
    await timeseries.close()
  }
  return { close, info: { written } }
}

const readPast = (file: string): ControlPast | undefined =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ControlPast) : undefined

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
