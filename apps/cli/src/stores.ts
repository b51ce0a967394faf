/** Opens the databases and the broker for one command, and closes them after it. */

import type { Accounts, Bus } from '@nabolag/bus'
import { Problem, storedTopic } from '@nabolag/core'
import type { Store, Tenant } from '@nabolag/store'
import type { TimeSeries } from '@nabolag/timeseries'
import { masterKeyOf, settingsOfRunning } from './connections.ts'

export async function withStore<Result>(use: (store: Store, operator: Tenant) => Promise<Result>): Promise<Result> {
  const settings = settingsOfRunning('DATABASE_URL')
  const { openStore, operator } = await import('@nabolag/store')
  const store = openStore({
    url: settings.DATABASE_URL,
    masterKey: masterKeyOf(settings),
    baseUrl:
      settings.NABOLAG_URL ?? settings.runningAt ?? `http://${settings.NABOLAG_HOST}:${settings.NABOLAG_HTTP_PORT}`,
    connections: 1,
  })
  try {
    return await use(store, store.as(operator))
  } finally {
    await store.close()
  }
}

export async function withTimeSeries<Result>(use: (timeseries: TimeSeries) => Promise<Result>): Promise<Result> {
  const { CLICKHOUSE_URL } = settingsOfRunning('CLICKHOUSE_URL')
  const { openTimeSeries, writeChanges } = await import('@nabolag/timeseries')
  let opened: Promise<Bus> | undefined
  const timeseries = openTimeSeries(CLICKHOUSE_URL, {
    // The web servers keep samples in memory: they must hear of what is written or erased here.
    onChange: async (changes) => {
      opened ??= openBus()
      const bus = await opened
      for (const message of writeChanges(changes)) await bus.publish(storedTopic, message)
    },
  })
  try {
    return await use(timeseries)
  } finally {
    await timeseries.close()
    await (await opened?.catch(() => undefined))?.close()
  }
}

export async function withBroker<Result>(use: (accounts: Accounts, bus: Bus) => Promise<Result>): Promise<Result> {
  const { accounts: openAccounts } = await import('@nabolag/bus')
  const bus = await openBus()
  const accounts = openAccounts(bus)
  try {
    return await use(accounts, bus)
  } finally {
    await accounts.close()
    await bus.close()
  }
}

async function openBus(): Promise<Bus> {
  const { MQTT_URL } = settingsOfRunning('MQTT_URL')
  const { connectBus } = await import('@nabolag/bus')
  return connectBus({ url: MQTT_URL, patience: 5000 })
}

/** The named user, or the only admin where no name is given. */
export async function userOrOnlyAdmin(operator: Tenant, option: string, username?: string): Promise<string> {
  if (username !== undefined) return username
  const admins = (await operator.users()).filter(({ role }) => role === 'admin')
  if (admins.length !== 1 || !admins[0])
    throw Problem('bad-request', `Say whose it shall be with ${option} NAME (there are ${admins.length} admins)`)
  return admins[0].username
}
