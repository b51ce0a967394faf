/** Vendors: whether one has trouble with many houses at once, and how much of what it allows is used. */
import type { FailureKind } from '@nabolag/core'

/** The kinds of failure that may be the vendor's; a refusal is the account's. */
export type IncidentKind = Extract<FailureKind, 'unreachable' | 'throttled' | 'changed'>

/** Times are ms since the epoch. `devices` and `houses`: the most that were hit at once. */
export type VendorIncident = {
  readonly vendor: string
  readonly kind: IncidentKind
  readonly since: number
  /** Absent as long as it goes on. */
  readonly until: number | undefined
  readonly devices: number
  readonly houses: number
  /** When it was seen last. */
  readonly lastSeen: number
}

export type Vendor = {
  readonly vendor: string
  readonly integrations: readonly string[]
  /** Devices that shall run, in the houses that the asker may see. */
  readonly devices: number
  readonly houses: number
  readonly incident: VendorIncident | undefined
  /** Those that are over, newest first. */
  readonly incidents: readonly VendorIncident[]
}

/** A budget as it was kept last: of an account (`account` is a hash) or of all together (`account` is absent). */
export type KeptBudget = {
  readonly vendor: string
  readonly account: string | undefined
  /** When calls were made, ms. */
  readonly calls: readonly number[]
  /** Nobody calls before, ms. */
  readonly until: number | undefined
  readonly updatedAt: number
}

export type VendorsOfTenant = {
  vendors(): Promise<Vendor[]>
  /** Admin only. */
  budgets(): Promise<KeptBudget[]>
}

/** What changed at a look at the vendors. */
export type VendorNews = { readonly vendor: string; readonly change: 'began' | 'ended' }

export type VendorsOfFleet = {
  /** Begins, renews and ends incidents after the devices' states. Safe to call from many processes at once. */
  judgeVendors(): Promise<VendorNews[]>
}
