import { ask } from '../../api.ts'

export type Incident = {
  readonly kind: string
  readonly reason: string
  readonly since: string
  readonly until: string | null
  readonly devices: number
  readonly houses: number
}
export type Budget = {
  /** A hash; null: all accounts together. */
  readonly account: string | null
  readonly used: number
  readonly limit: number | null
  /** s */
  readonly window: number | null
  readonly paused_until: string | null
}
export type Vendor = {
  readonly vendor: string
  readonly integrations: readonly string[]
  readonly devices: number
  readonly houses: number
  readonly state: 'working' | 'incident'
  readonly incident: Incident | null
  readonly incidents: readonly Incident[]
  /** For an admin. */
  readonly budgets?: readonly Budget[]
}

export const vendorsQuery = {
  queryKey: ['vendors'],
  queryFn: () => ask<Vendor[]>('/api/vendors'),
  refetchInterval: 30_000,
}
