/** Whether the engines answer, know us, and hold what they should. */
import type { Settings } from '@nabolag/core'
import { masterKeyOf } from '../connections.ts'
import { bad, type Finding, good, reasonOf, skipped, warning } from './finding.ts'

export async function checkEngines(settings: Settings, http: string | undefined): Promise<Finding[]> {
  const checks = [checkPostgres(settings), checkClickHouse(settings), checkBroker(settings), checkApi(http)]
  return (await Promise.all(checks)).flat()
}

const notThere = 'neither given nor running; skipped'

async function checkPostgres(settings: Settings): Promise<Finding[]> {
  if (!settings.DATABASE_URL) return [skipped('postgresql', notThere)]
  const { openStore } = await import('@nabolag/store')
  const store = openStore({ url: settings.DATABASE_URL, masterKey: masterKeyOf(settings), connections: 1 })
  const findings: Finding[] = []
  try {
    await store.ping()
    findings.push(good('postgresql', 'answers'))
    try {
      const [hasAdmin, keys] = [await store.people.hasAdmin(), await store.fleet.keysInUse()]
      findings.push(
        hasAdmin
          ? good('admin', 'there is an admin')
          : warning('admin', 'there is no admin yet', 'nabolag admin setup-link gives a link that makes one'),
      )
      const unknown = keys.filter(({ known }) => !known)
      findings.push(
        unknown.length === 0
          ? good('master key', 'opens the credentials of every device')
          : bad(
              'master key',
              `The credentials of ${unknown.reduce((sum, { devices }) => sum + devices, 0)} devices are wrapped with a key that is not here (${unknown.map(({ keyId }) => keyId).join(', ')})`,
              'Put the older key back: after the new one in NABOLAG_MASTER_KEY, with a comma, or secrets.json from a backup',
            ),
      )
    } catch (error) {
      findings.push(bad('tables', `PostgreSQL’s tables are not usable: ${reasonOf(error)}`, 'nabolag migrate'))
    }
  } catch (error) {
    findings.push(bad('postgresql', reasonOf(error), 'Start it, or correct DATABASE_URL'))
  } finally {
    await store.close()
  }
  return findings
}

async function checkClickHouse(settings: Settings): Promise<Finding[]> {
  if (!settings.CLICKHOUSE_URL) return [skipped('clickhouse', notThere)]
  const { openTimeSeries } = await import('@nabolag/timeseries')
  const timeseries = openTimeSeries(settings.CLICKHOUSE_URL)
  try {
    await timeseries.ping()
    try {
      const kept = (await timeseries.sizes())
        .filter(({ rows }) => rows > 0)
        .map(({ table, rows, bytesPerRow }) => `${rows} in ${table} at ${bytesPerRow?.toFixed(1)} bytes`)
      const said = ['answers', ...kept].join('; ')
      return [good('clickhouse', said), ...(await checkClockOf(settings.CLICKHOUSE_URL))]
    } catch (error) {
      return [bad('clickhouse', `Its tables are not usable: ${reasonOf(error)}`, 'nabolag migrate')]
    }
  } catch (error) {
    return [bad('clickhouse', reasonOf(error), 'Start it, or correct CLICKHOUSE_URL')]
  } finally {
    await timeseries.close()
  }
}

async function checkClockOf(url: string): Promise<Finding[]> {
  const { origin } = new URL(url)
  const date = (await fetch(`${origin}/ping`, { signal: AbortSignal.timeout(5000) })).headers.get('date')
  if (!date) return []
  const apart = Math.abs(Date.parse(date) - Date.now()) / 1000
  return apart > 5
    ? [
        warning(
          'clock',
          `This machine and ClickHouse’s differ by ${Math.round(apart)} s`,
          'Set both clocks (timedatectl set-ntp true)',
        ),
      ]
    : [good('clock', 'agrees with ClickHouse’s')]
}

async function checkBroker(settings: Settings): Promise<Finding[]> {
  if (!settings.MQTT_URL) return [skipped('mqtt', notThere)]
  const { connectBus, accounts: openAccounts } = await import('@nabolag/bus')
  try {
    const bus = await connectBus({ url: settings.MQTT_URL, patience: 5000 })
    const accounts = openAccounts(bus)
    try {
      const known = await accounts.listAccounts()
      return [good('mqtt', `lets us in; ${known.length} accounts`)]
    } catch (error) {
      return [warning('mqtt', reasonOf(error), 'Give the account of MQTT_URL the rights to administer accounts')]
    } finally {
      await accounts.close()
      await bus.close()
    }
  } catch (error) {
    return [bad('mqtt', reasonOf(error), 'Start the broker, or correct MQTT_URL')]
  }
}

async function checkApi(http: string | undefined): Promise<Finding[]> {
  if (!http) return [skipped('api', notThere)]
  try {
    const { status } = await fetch(`${http}/api/houses`, { signal: AbortSignal.timeout(5000) })
    return [good('api', `answers at ${http} (${status} to somebody who is not signed in)`)]
  } catch (error) {
    return [bad('api', `${http} does not answer: ${reasonOf(error)}`, 'Look into logs/api.log in the data folder')]
  }
}
