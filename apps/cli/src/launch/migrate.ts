/** Brings both databases up to this version, and makes the first admin or the link that makes one. */
import type { Settings } from '@nabolag/core'
import { masterKeyOf, settingsGiven } from '../connections.ts'

export type Migrated = {
  readonly applied: readonly string[]
  /** Present as long as there is no admin. */
  readonly setupLink: string | undefined
}

/**
 * @throws ProblemError when a database is of a newer version (it is not touched then), does not answer, or the
 * credentials of the first admin are not acceptable
 */
export async function migrate(settings: Settings): Promise<Migrated> {
  const given = settingsGiven(settings, 'migrate', 'DATABASE_URL', 'CLICKHOUSE_URL')
  const [{ openStore, operator }, { openTimeSeries }, { integrations, requiredFields, millis }] = await Promise.all([
    import('@nabolag/store'),
    import('@nabolag/timeseries'),
    import('@nabolag/integrations'),
  ])
  const store = openStore({
    url: given.DATABASE_URL,
    masterKey: masterKeyOf(settings),
    baseUrl: settings.NABOLAG_URL ?? `http://${settings.NABOLAG_HOST}:${settings.NABOLAG_HTTP_PORT}`,
  })
  const timeseries = openTimeSeries(given.CLICKHOUSE_URL)
  try {
    const [{ applied }] = await Promise.all([store.migrate(), timeseries.migrate()])
    await store.fleet.syncIntegrations(
      integrations.map((integration) => ({
        name: integration.name,
        label: integration.label,
        vendor: integration.vendor,
        group: integration.group,
        requiredFields: requiredFields(integration),
        credentialsSchema: integration.credentials,
        samplingSeconds: millis(integration.sampling.every) / 1000,
        allowMultiple: integration.several ?? false,
      })),
    )
    const { NABOLAG_ADMIN_USERNAME: username, NABOLAG_ADMIN_PASSWORD: password } = settings
    const hasAdmin = await store.people.hasAdmin()
    if (!hasAdmin && username && password)
      await store.people.createUser({ username, password, role: 'admin' }, operator)
    const needsLink = !hasAdmin && !(username && password)
    return { applied, setupLink: needsLink ? (await store.people.makeSetupLink()).url : undefined }
  } finally {
    await Promise.allSettled([store.close(), timeseries.close()])
  }
}
