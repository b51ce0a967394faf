/** The vendors: whether one has trouble with many houses, and, for an admin, what is used of what each allows. */
import { integrations } from '@nabolag/integrations'
import { millis } from '@nabolag/integrations/define'
import type { KeptBudget, VendorIncident, Vendor as VendorOfStore } from '@nabolag/store'
import { troubles } from '@nabolag/store/vendors'
import { Type } from 'typebox'
import type { App } from '../app.ts'
import { Nullable, refusals } from '../schemas.ts'
import { isoTime } from '../views.ts'

const Incident = Type.Object({
  kind: Type.String({ description: 'unreachable, throttled or changed' }),
  reason: Type.String(),
  since: Type.String(),
  until: Nullable(Type.String()),
  devices: Type.Integer({ description: 'Most devices that were hit at once, over all houses' }),
  houses: Type.Integer(),
  last_seen: Type.String(),
})
const Budget = Type.Object({
  account: Nullable(Type.String({ description: 'A hash; null: all accounts together' })),
  used: Type.Integer({ description: 'Calls within the window, as last kept' }),
  limit: Nullable(Type.Integer()),
  window: Nullable(Type.Number({ description: 's' })),
  paused_until: Nullable(Type.String()),
  updated_at: Type.String(),
})
const Vendor = Type.Object({
  vendor: Type.String(),
  integrations: Type.Array(Type.String()),
  devices: Type.Integer({ description: 'Those that shall run in houses you may see' }),
  houses: Type.Integer(),
  state: Type.Enum(['working', 'incident']),
  incident: Nullable(Incident),
  incidents: Type.Array(Incident, { description: 'Those that are over, newest first' }),
  budgets: Type.Optional(Type.Array(Budget, { description: 'For an admin' })),
})

export const vendors = async (app: App) => {
  app.get(
    '/vendors',
    {
      config: { needs: 'signed-in' },
      schema: {
        summary: 'The vendors, and whether one of them has trouble',
        description:
          'When many houses lose one vendor at the same time it is one incident of the vendor: at least three devices in ' +
          'two houses (or all there are), and half of those that ran. It ends when under a quarter fail.',
        tags: ['devices'],
        response: { 200: Type.Array(Vendor), ...refusals(403, 503) },
      },
    },
    async ({ tenant }) => {
      const { role, scopes } = tenant.asker
      const admin = role === 'admin' && scopes.includes('admin')
      const [list, budgets] = await Promise.all([tenant.vendors(), admin ? tenant.budgets() : undefined])
      return list.map((vendor) => vendorView(vendor, budgets))
    },
  )
}

const vendorView = ({ incident, incidents, ...vendor }: VendorOfStore, budgets: readonly KeptBudget[] | undefined) => ({
  ...vendor,
  integrations: [...vendor.integrations],
  state: incident ? ('incident' as const) : ('working' as const),
  incident: incident ? incidentView(incident) : null,
  incidents: incidents.map(incidentView),
  ...(budgets && {
    budgets: budgets.filter((budget) => budget.vendor === vendor.vendor).map((budget) => budgetView(budget)),
  }),
})

const incidentView = ({ kind, since, until, devices, houses, lastSeen }: VendorIncident) => ({
  kind,
  reason: troubles[kind],
  since: isoTime(since),
  until: until === undefined ? null : isoTime(until),
  devices,
  houses,
  last_seen: isoTime(lastSeen),
})

/** What the vendor allows: the narrowest of its integrations' limits, which share the account. */
function limitOf(vendor: string, together: boolean): { count: number; seconds: number } | undefined {
  const limits = integrations
    .filter((integration) => integration.vendor === vendor)
    .flatMap(({ limits }) => (together ? limits?.callsTogether : limits?.calls) ?? [])
    .map(({ count, per }) => ({ count, seconds: millis(per) / 1000 }))
  return limits.sort((a, b) => a.count / a.seconds - b.count / b.seconds)[0]
}

function budgetView({ vendor, account, calls, until, updatedAt }: KeptBudget) {
  const limit = limitOf(vendor, account === undefined)
  const now = Date.now()
  const from = limit ? now - limit.seconds * 1000 : 0
  return {
    account: account ?? null,
    used: calls.filter((time) => time > from).length,
    limit: limit?.count ?? null,
    window: limit?.seconds ?? null,
    paused_until: until !== undefined && until > now ? isoTime(until) : null,
    updated_at: isoTime(updatedAt),
  }
}
