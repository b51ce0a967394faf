/**
 * One vendor, many houses: when many devices of a vendor fail at the same time, that is one incident of the vendor. It is
 * judged from the devices' states alone, so that it is the same over however many connectors.
 */
import { type Kysely, type Selectable, sql } from 'kysely'
import { requireAdmin, requireScope, seen } from './rights.ts'
import type { Tables } from './tables.ts'
import type { Asker } from './types.ts'
import type {
  IncidentKind,
  KeptBudget,
  Vendor,
  VendorIncident,
  VendorNews,
  VendorsOfFleet,
  VendorsOfTenant,
} from './vendor-types.ts'

/** What is said of a failure that is the vendor's. The devices' own reasons name things of a house, and stay there. */
export const troubles: Readonly<Record<IncidentKind, string>> = {
  unreachable: 'it cannot be reached',
  throttled: 'it asks us to wait',
  changed: 'it answers in a form that this program does not know, which the developers must mend if it stays',
}

/** A device that failed for longer before the incident has a trouble of its own. */
export const ownTrouble = sql`interval '10 minutes'`
/** States of devices that do well are written so seldom. */
const slack = sql`interval '30 seconds'`
/** Failures heard of within this time begin an incident. */
const fresh = sql`interval '5 minutes'`
const incidentKinds = sql`('unreachable', 'throttled', 'changed')`
const mostHistory = 20

/** For an owner, in the house's time; the device's own words go after it. */
export function incidentSentence(
  { vendor, since, devices, houses }: Pick<VendorIncident, 'vendor' | 'since' | 'devices' | 'houses'>,
  timezone: string,
): string {
  const hit = `${devices} device${devices === 1 ? '' : 's'} in ${houses} house${houses === 1 ? '' : 's'}`
  return `${named(vendor)} has trouble since ${clock(since, timezone)} (${hit}); nothing for you to do.`
}

const named = (vendor: string) => vendor.charAt(0).toUpperCase() + vendor.slice(1)

function clock(time: number, timezone: string): string {
  const parts = (form: Intl.DateTimeFormatOptions) => {
    try {
      return new Intl.DateTimeFormat('sv-SE', { ...form, timeZone: timezone }).format(time)
    } catch {
      return new Intl.DateTimeFormat('sv-SE', { ...form, timeZone: 'UTC' }).format(time)
    }
  }
  const hour = parts({ hour: '2-digit', minute: '2-digit' })
  return Date.now() - time < 20 * 3_600_000 ? hour : `${parts({ dateStyle: 'short' })} ${hour}`
}

export const vendorsOfFleet = (database: Kysely<Tables>): VendorsOfFleet => ({
  judgeVendors: () => judge(database),
})

async function judge(database: Kysely<Tables>): Promise<VendorNews[]> {
  const { rows: some } = await sql<{ some: boolean }>`
    select exists (select from device_status where failing_since > now() - ${ownTrouble})
      or exists (select from vendor_incidents where until is null) as some`.execute(database)
  if (!some[0]?.some) return []
  const { rows } = await sql<VendorNews>`
    with all_of as (
      select i.vendor, d.id, d.house_id, s.state, s.kind, s.failing_since, s.updated_at, o.id as open, o.since,
        s.kind in ${incidentKinds} and s.failing_since > coalesce(o.since, now()) - ${ownTrouble} as failing
      from devices d
      join integrations i on i.id = d.integration_id
      left join device_status s on s.device_id = d.id
      left join vendor_incidents o on o.vendor = i.vendor and o.until is null
      where d.desired = 'running' and i.kind = 'built-in' and s.state is distinct from 'refused'
    ),
    begun as (select vendor, coalesce(min(since), min(failing_since) filter (where failing)) as at from all_of group by vendor),
    judged as (
      select a.vendor, b.at, min(a.open) as open, count(*)::int as everything,
        count(*) filter (where failing)::int as failing,
        count(distinct a.house_id) filter (where failing)::int as houses,
        count(*) filter (where failing and a.updated_at > now() - ${fresh})::int as heard,
        count(distinct a.house_id) filter (where failing and a.updated_at > now() - ${fresh})::int as heard_houses,
        count(*) filter (where a.kind is null and a.state in ('running', 'stale') and a.updated_at > b.at - ${slack})::int as well,
        mode() within group (order by a.kind) filter (where failing) as kind
      from all_of a join begun b on b.vendor = a.vendor group by a.vendor, b.at
    ),
    began as (
      insert into vendor_incidents (vendor, kind, since, devices, houses, last_seen)
      select vendor, kind, at, failing, houses, now() from judged
      where open is null and heard_houses >= 2
        and ((heard >= 3 and heard * 2 >= heard + well) or heard = everything)
      on conflict (vendor) where until is null do nothing returning vendor
    ),
    ended as (
      update vendor_incidents o set until = now()
      where o.until is null and not exists (
        select from judged j where j.open = o.id and j.failing * 4 >= j.failing + j.well and j.failing > 0)
      returning o.vendor
    ),
    renewed as (
      update vendor_incidents o set kind = j.kind, devices = greatest(o.devices, j.failing),
        houses = greatest(o.houses, j.houses), last_seen = now()
      from judged j
      where j.open = o.id and o.until is null and j.failing * 4 >= j.failing + j.well and j.failing > 0
        and (o.last_seen < now() - interval '10 seconds' or j.failing > o.devices or j.houses > o.houses or j.kind <> o.kind)
      returning o.vendor
    )
    select vendor, 'began' as change from began union all select vendor, 'ended' from ended`.execute(database)
  return rows
}

export const vendorsOf = (database: Kysely<Tables>, asker: Asker): VendorsOfTenant => ({
  async vendors() {
    requireScope(asker, 'read', 'write')
    const own = database
      .selectFrom('devices as d')
      .innerJoin('houses', 'houses.id', 'd.house_id')
      .innerJoin('integrations as i', 'i.id', 'd.integration_id')
      .select([
        'i.vendor',
        sql<number>`count(*)::int`.as('devices'),
        sql<number>`count(distinct d.house_id)::int`.as('houses'),
      ])
      .where('d.desired', '=', 'running')
      .where((e) => seen(asker)(e as never))
      .groupBy('i.vendor')
    const [kinds, counted, rows] = await Promise.all([
      database
        .selectFrom('integrations')
        .select(['vendor', 'name'])
        .where('kind', '=', 'built-in')
        .orderBy('vendor')
        .orderBy('name')
        .execute(),
      own.execute(),
      sql<Row>`select vendor, kind, since, until, devices, houses, last_seen from (
          select *, row_number() over (partition by vendor order by id desc) as place from vendor_incidents
        ) v where place <= ${mostHistory} order by vendor, since desc`.execute(database),
    ])
    const incidents = rows.rows.map(incidentOf)
    return [...new Set(kinds.map(({ vendor }) => vendor))].map((vendor): Vendor => {
      const its = incidents.filter((incident) => incident.vendor === vendor)
      const { devices = 0, houses = 0 } = counted.find((row) => row.vendor === vendor) ?? {}
      return {
        vendor,
        integrations: kinds.filter((kind) => kind.vendor === vendor).map(({ name }) => name),
        devices,
        houses,
        incident: its.find(({ until }) => until === undefined),
        incidents: its.filter(({ until }) => until !== undefined),
      }
    })
  },

  async budgets() {
    requireAdmin(asker)
    const rows = await database.selectFrom('vendor_budgets').selectAll().orderBy('scope').execute()
    return rows.flatMap(({ scope, state, updated_at }): KeptBudget[] => {
      const [vendor = '', account] = scope.split('/')
      const { until, calls } = (state ?? {}) as { until?: unknown; calls?: unknown }
      // The table also holds answers that outlive a restart.
      if (!Array.isArray(calls)) return []
      const times = calls.filter((time) => typeof time === 'number').map((time) => time * 1000)
      const pause = typeof until === 'number' ? until : undefined
      return [{ vendor, account, calls: times, until: pause, updatedAt: updated_at.getTime() }]
    })
  },
})

type Row = Omit<Selectable<Tables['vendor_incidents']>, 'id'>

const incidentOf = (row: Row): VendorIncident => ({
  vendor: row.vendor,
  kind: row.kind,
  since: row.since.getTime(),
  until: row.until?.getTime(),
  devices: row.devices,
  houses: row.houses,
  lastSeen: row.last_seen.getTime(),
})
