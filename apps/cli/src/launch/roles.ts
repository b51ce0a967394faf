/** What can run as a process of its own: the engines and the roles. Each is loaded only in the process that runs it. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Settings } from '@nabolag/core'
import type { BrokerOptions } from '@nabolag/engines/broker'
import type { ClickHouseOptions } from '@nabolag/engines/clickhouse'
import { pino } from 'pino'
import { settingsGiven } from '../connections.ts'
import { serveMetrics } from './metrics.ts'
import type { Started } from './protocol.ts'

export const engineNames = ['postgres', 'clickhouse', 'broker'] as const
export type EngineName = (typeof engineNames)[number]

export const roleNames = ['controller', 'connector', 'datalogger', 'api'] as const
export type RoleName = (typeof roleNames)[number]

/** What each engine is given; goes over IPC, so that no password is in an argument or the environment. */
export type EngineOptions = {
  readonly postgres: { readonly folder: string; readonly socketFolder: string }
  readonly clickhouse: ClickHouseOptions
  readonly broker: Omit<BrokerOptions, 'log'>
}

/** The built web page; not there until `npm start` or `npm run build:web`. */
const webFolder = fileURLToPath(new URL('../../../../web/dist', import.meta.url))

export async function startEngine(name: EngineName, given: unknown): Promise<Started & { info: { url: string } }> {
  const log = pino({ name })
  switch (name) {
    case 'postgres': {
      const { startPostgres } = await import('@nabolag/engines/postgres')
      const engine = await startPostgres({ ...(given as EngineOptions['postgres']), log })
      return { close: engine.close, info: { url: engine.url } }
    }
    case 'clickhouse': {
      const { startClickHouse } = await import('@nabolag/engines/clickhouse')
      const engine = await startClickHouse(given as EngineOptions['clickhouse'])
      return { close: engine.close, info: { url: engine.url } }
    }
    case 'broker': {
      const { startBroker } = await import('@nabolag/engines/broker')
      const engine = await startBroker({
        ...(given as EngineOptions['broker']),
        log: (level, message, fields) => log[level](fields ?? {}, message),
      })
      return { close: engine.close, info: { url: engine.url } }
    }
  }
}

export type RoleOptions = {
  /** Of a datalogger where several share the work. */
  readonly instance?: number
  /** Whether others of this machine run in the same environment: then each has a port of its own for its figures. */
  readonly oneOfMany?: true
}

/** @throws ProblemError `bad-request` naming the addresses that are missing */
export async function startRole(
  name: RoleName,
  settings: Settings,
  { instance, oneOfMany }: RoleOptions = {},
): Promise<Started> {
  const log = pino({ name, level: settings.NABOLAG_LOG_LEVEL })
  const withMetrics = async (
    role: Started,
    page: Parameters<typeof serveMetrics>[0],
    after: number,
  ): Promise<Started> => {
    const { NABOLAG_METRICS_PORT: port, NABOLAG_HOST: host } = settings
    if (port === undefined) return role
    const metrics = await serveMetrics(page, { host, port: port === '0' ? 0 : Number(port) + after, log })
    return {
      ...role,
      close: async () => {
        await metrics.close()
        await role.close()
      },
    }
  }
  switch (name) {
    case 'api': {
      const given = settingsGiven(settings, name, 'DATABASE_URL', 'CLICKHOUSE_URL', 'MQTT_URL', 'NABOLAG_MASTER_KEY')
      const { makeLog, startApi } = await import('@nabolag/api')
      const log = makeLog(settings.NABOLAG_LOG_LEVEL)
      return startApi(given, { log, webFolder: existsSync(webFolder) ? webFolder : undefined })
    }
    case 'datalogger': {
      const given = settingsGiven(settings, name, 'CLICKHOUSE_URL', 'MQTT_URL')
      const { startDatalogger } = await import('@nabolag/datalogger')
      const datalogger = await startDatalogger(given, { log, instance })
      const { registry } = datalogger
      const page = { contentType: registry.contentType, page: () => registry.metrics() }
      return withMetrics(datalogger, page, 0)
    }
    case 'connector': {
      const given = settingsGiven(settings, name, 'DATABASE_URL', 'MQTT_URL', 'NABOLAG_MASTER_KEY')
      const { makeMetrics, startConnector } = await import('@nabolag/connector')
      const connector = await startConnector(given, { log })
      return withMetrics(connector, makeMetrics(connector.stats), oneOfMany ? 1 : 0)
    }
    case 'controller': {
      const given = settingsGiven(settings, name, 'DATABASE_URL', 'CLICKHOUSE_URL', 'MQTT_URL')
      const { startController } = await import('@nabolag/controller')
      const controller = await startController(given, { log })
      const { registry } = controller
      const page = { contentType: registry.contentType, page: () => registry.metrics() }
      return withMetrics(controller, page, oneOfMany ? 2 : 0)
    }
  }
}
