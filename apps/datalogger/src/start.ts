/** The datalogger: takes samples from the bus, checks them, stores them, and only then acknowledges them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Bus, connectBus, consume, type Log } from '@nabolag/bus'
import { allSensors, Problem, ProblemError, type Settings, storedTopic } from '@nabolag/core'
import { openTimeSeries, type TimeSeries, writeChanges } from '@nabolag/timeseries'
import { pino } from 'pino'
import type { Registry } from 'prom-client'
import { refusedTopics, takeIn } from './intake.ts'
import { makeMetrics } from './metrics.ts'
import { makeRejectedQuota } from './rejected-quota.ts'
import { startStoring } from './storing.ts'

export type DataloggerOptions = {
  readonly log?: Log
  /**
   * Number of this datalogger where several share the work, stable over its restarts: the broker keeps its messages under
   * `datalogger-<instance>`. They listen by shared subscription (`$share/datalogger/…`), which the broker must know. Without
   * it there is one datalogger, named `datalogger`.
   */
  readonly instance?: number
  /** Least time between inserts, ms. */
  readonly every?: number
  /** Time between refreshes of the roll-ups, ms. */
  readonly rollupsEvery?: number
  /** How long the store and the broker may take to answer at the start, ms. */
  readonly patience?: number
}

export type DataloggerStats = {
  /** Since the start. */
  readonly messages: number
  readonly samples: number
  /** Fields of samples. */
  readonly points: number
  readonly refused: number
  readonly rejectedNotKept: number
  /** Taken from the broker and not acknowledged yet. */
  readonly waiting: { readonly messages: number; readonly bytes: number }
  readonly connected: boolean
  /** Why nothing is being stored, since when (ms since the epoch). */
  readonly trouble: { readonly reason: string; readonly since: number } | undefined
  /** ms since the epoch */
  readonly lastStoredAt: number | undefined
}

export type Datalogger = {
  stats(): DataloggerStats
  /** For /metrics. */
  readonly registry: Registry
  /** Finishes the insert under way, then leaves the rest with the broker. */
  close(): Promise<void>
}

/**
 * Starts to log; resolves when it listens.
 *
 * @throws ProblemError `bad-request` for a missing address, `engine-down` when store or broker do not answer in time,
 * `not-allowed` when the broker refuses, `conflict` when a newer version made the tables
 */
export async function startDatalogger(
  settings: Pick<Settings, 'CLICKHOUSE_URL' | 'MQTT_URL' | 'NABOLAG_LOG_LEVEL'>,
  options: DataloggerOptions = {},
): Promise<Datalogger> {
  const { CLICKHOUSE_URL, MQTT_URL, NABOLAG_LOG_LEVEL: level } = settings
  if (!CLICKHOUSE_URL) throw Problem('bad-request', 'The datalogger needs CLICKHOUSE_URL')
  if (!MQTT_URL) throw Problem('bad-request', 'The datalogger needs MQTT_URL')
  const { instance, rollupsEvery = 180_000, patience = 30_000 } = options
  const log: Log = options.log ?? pino({ name: 'datalogger', level })
  let bus: Bus | undefined
  const store = openTimeSeries(CLICKHOUSE_URL, {
    log: { info: (message) => log.info({}, message) },
    // Part of storing, so before any acknowledgement: who keeps samples in memory must hear of every stored batch.
    onChange: async (changes) => {
      for (const message of writeChanges(changes)) await bus?.publish(storedTopic, message)
    },
  })
  const stop = new AbortController()
  try {
    await prepare(store, patience)
    bus = await connectBus({ url: MQTT_URL, log, patience })
  } catch (error) {
    await store.close()
    throw error
  }

  const counts = { messages: 0, samples: 0, points: 0, refused: 0, rejectedNotKept: 0 }
  let lastStoredAt: number | undefined
  const storing = startStoring({
    store,
    every: options.every,
    log,
    quota: makeRejectedQuota(undefined, undefined, (houseId) =>
      log.warn({ houseId }, 'so many messages are refused that for the rest of the hour they are only counted'),
    ),
    acknowledge: (deliveries) => consumer.acknowledge(deliveries),
    onStored({ points, samples, milliseconds }) {
      counts.points += points
      counts.samples += samples
      lastStoredAt = Date.now()
      metrics.points.inc(points)
      metrics.samples.inc(samples)
      metrics.inserts.observe(milliseconds / 1000)
    },
    onRejected({ dropped, byStore }) {
      counts.rejectedNotKept += dropped
      counts.refused += byStore
      metrics.rejectedDropped.inc(dropped)
      metrics.refused.inc(byStore)
    },
  })
  const consumer = consume({
    url: MQTT_URL,
    clientId: instance === undefined ? 'datalogger' : `datalogger-${instance}`,
    filters: [allSensors, refusedTopics],
    group: instance === undefined ? undefined : 'datalogger',
    log,
    onMessage(delivery) {
      const entry = takeIn(delivery)
      counts.messages++
      counts.refused += entry.refused
      metrics.messages.inc()
      if (entry.refused > 0) metrics.refused.inc(entry.refused)
      storing.add(entry)
    },
  })
  const metrics = makeMetrics({
    waitingMessages: () => consumer.waiting.messages,
    waitingBytes: () => consumer.waiting.bytes,
    connected: () => consumer.connected,
    storing: () => storing.trouble === undefined,
  })
  const close = async () => {
    stop.abort()
    await storing.close()
    await consumer.close()
    await bus?.close()
    await store.close()
  }
  try {
    await withinTime(consumer.ready, patience)
  } catch (error) {
    await close()
    throw error
  }
  // One process is enough for the roll-ups; the first one does it.
  if (instance === undefined || instance === 0) void refreshRollups(store, rollupsEvery, log, stop.signal)
  let closing: Promise<void> | undefined
  return {
    stats: () => ({
      ...counts,
      waiting: consumer.waiting,
      connected: consumer.connected,
      trouble: storing.trouble,
      lastStoredAt,
    }),
    registry: metrics.registry,
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

/** Waits for the store, then brings its tables up to date. */
async function prepare(store: TimeSeries, patience: number): Promise<void> {
  const deadline = Date.now() + patience
  for (;;) {
    try {
      return await store.migrate()
    } catch (error) {
      const waits = error instanceof ProblemError && error.code === 'engine-down' && Date.now() < deadline
      if (!waits) throw error
      await sleep(250)
    }
  }
}

async function withinTime(ready: Promise<void>, patience: number): Promise<void> {
  const stop = new AbortController()
  const late = sleep(patience, undefined, { signal: stop.signal }).then(
    () => Promise.reject(Problem('engine-down', `The broker did not answer within ${patience / 1000} s`)),
    () => {},
  )
  await Promise.race([ready, late]).finally(() => stop.abort())
}

async function refreshRollups(store: TimeSeries, every: number, log: Log, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await store.refreshRollups()
    } catch (error) {
      if (!signal.aborted)
        log.warn({ reason: error instanceof Error ? error.message : String(error) }, 'could not refresh the roll-ups')
    }
    await sleep(every * (0.9 + Math.random() / 5), undefined, { signal }).catch(() => {})
  }
}
