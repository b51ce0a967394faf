/** The api as a role: opens its three addresses, listens, and closes what it opened. */
import { accounts, type Bus, connectBus } from '@nabolag/bus'
import { Problem, ProblemError, rightsTopic, type Settings, storedTopic } from '@nabolag/core'
import { openStore, type Store } from '@nabolag/store'
import { openTimeSeries, readChanges, type TimeSeries, writeChanges } from '@nabolag/timeseries'
import type { FastifyBaseLogger } from 'fastify'
import { buildApp } from './app.ts'
import { type Hearing, startHearing } from './hearing.ts'
import { brokerUrlOf } from './publishing.ts'
import { rememberRights } from './remembered-rights.ts'

export type ApiParts = {
  readonly log: FastifyBaseLogger
  /** Opened from the settings when absent; what is handed in is not closed here. */
  readonly store?: Store
  readonly timeseries?: TimeSeries
  readonly bus?: Bus
  /** The built web page. */
  readonly webFolder?: string
  readonly requestsPerMinute?: number
}

/**
 * Starts the web server. Migrations are the launcher's business.
 *
 * @returns `url` it listens at (port 0 takes a free one)
 * @throws ProblemError `engine-down`, `bad-request` (a setting is missing), `conflict` (the port is taken)
 */
export async function startApi(settings: Settings, parts: ApiParts): Promise<{ url: string; close(): Promise<void> }> {
  const { log } = parts
  const opened: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const one of opened.reverse().splice(0)) await one().catch((err) => log.warn({ err }, 'did not close cleanly'))
  }
  const open = async <T extends { close(): Promise<unknown> }>(given: T | undefined, make: () => T | Promise<T>) => {
    if (given) return given
    const made = await make()
    opened.push(() => made.close())
    return made
  }
  try {
    const store = await open(parts.store, () =>
      openStore({
        url: needed(settings, 'DATABASE_URL'),
        masterKey: needed(settings, 'NABOLAG_MASTER_KEY'),
        baseUrl: settings.NABOLAG_URL,
        log,
      }),
    )
    const bus = await open(parts.bus, () => connectBus({ url: needed(settings, 'MQTT_URL'), log }))
    let hearing: Hearing | undefined
    const timeseries = await open(parts.timeseries, () =>
      openTimeSeries(needed(settings, 'CLICKHOUSE_URL'), {
        hot: { trusted: () => hearing?.trusted ?? false },
        onChange: async (changes) => {
          for (const message of writeChanges(changes)) await bus.publish(storedTopic, message)
        },
      }),
    )
    const rights = rememberRights(store, {
      onChange: () => void bus.publish(rightsTopic, '{}').catch((err) => log.warn({ err }, 'could not tell of rights')),
    })
    const stops = [
      await bus.subscribe(storedTopic, (_topic, payload) => {
        const changes = readChanges(payload.toString())
        if (changes) timeseries.heed(changes)
        else timeseries.forget()
      }),
      await bus.subscribe(rightsTopic, rights.forget),
    ]
    hearing = await startHearing(bus, () => {
      timeseries.forget()
      rights.forget()
    })
    const { close: stopHearing } = hearing
    opened.push(async () => {
      stopHearing()
      for (const stop of stops) stop().catch(() => undefined)
    })
    const logins = accounts(bus)
    opened.push(() => logins.close())
    const app = await buildApp(
      { store: rights.store, timeseries, bus, accounts: logins },
      {
        log,
        ownUrl: settings.NABOLAG_URL,
        dataFolder: settings.NABOLAG_DATA,
        brokerUrl: brokerUrlOf(settings),
        webFolder: parts.webFolder,
        requestsPerMinute: parts.requestsPerMinute,
      },
    )
    opened.push(() => app.close())
    const url = await app.listen({ host: settings.NABOLAG_HOST, port: Number(settings.NABOLAG_HTTP_PORT) })
    log.info({ url }, 'the api listens')
    return { url, close }
  } catch (error) {
    await close()
    throw explain(error, settings)
  }
}

function needed(
  settings: Settings,
  name: 'DATABASE_URL' | 'CLICKHOUSE_URL' | 'MQTT_URL' | 'NABOLAG_MASTER_KEY',
): string {
  const value = settings[name]
  if (value === undefined) throw Problem('bad-request', `${name} is not set`)
  return value
}

function explain(error: unknown, { NABOLAG_HOST, NABOLAG_HTTP_PORT }: Settings): unknown {
  if (error instanceof ProblemError) return error
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
    return Problem('conflict', `Port ${NABOLAG_HTTP_PORT} of ${NABOLAG_HOST} is taken; NABOLAG_HTTP_PORT moves it`)
  return error
}
