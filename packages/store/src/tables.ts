/** The tables as Kysely sees them; `migrations.ts` makes them. */
import type { DeviceState } from '@nabolag/core'
import type { ColumnType, Generated, Kysely, Transaction } from 'kysely'
import type { Desired, HouseRole, IntegrationKind, LogLevel, Scope, UserRole } from './types.ts'

type Json = ColumnType<unknown, string, string>
type Made = ColumnType<Date, never, never>
/** bigint: `pg` hands it out as text. */
type Big = ColumnType<string, number, number>

export type Tables = {
  user: {
    id: string
    name: string
    email: string
    emailVerified: boolean
    image: string | null
    username: string
    role: UserRole
    createdAt: Date
    updatedAt: Date
  }
  account: {
    id: string
    accountId: string
    providerId: string
    userId: string
    password: string | null
    createdAt: Date
    updatedAt: Date
  }
  session: { id: string; userId: string; token: string; expiresAt: Date }
  rateLimit: { id: string; key: string; count: number; lastRequest: Big }
  houses: {
    id: Generated<number>
    name: string
    owner_id: string | null
    timezone: Generated<string>
    latitude: number | null
    longitude: number | null
    created_at: Made
  }
  house_members: { house_id: number; user_id: string; role: HouseRole }
  integrations: {
    id: Generated<number>
    name: string
    label: string
    vendor: string
    kind: IntegrationKind
    group_name: string
    required_fields: ColumnType<string[], string, string>
    credentials_schema: Json
    docker_hub_image: string | null
    sampling_seconds: number
    allow_multiple: boolean
    created_at: Made
  }
  devices: {
    id: number
    house_id: number
    integration_id: number
    count: number
    label: string | null
    desired: Desired
    generation: number
    credentials: Buffer
    data_key: Buffer
    key_id: string
    account_hash: string | null
    shard: number
    created_at: Made
  }
  device_status: {
    device_id: number
    state: DeviceState
    reason: string | null
    since: Date
    restarts: number
    last_sample_at: Date | null
    next_try_at: Date | null
    run: number
    connector: string | null
    updated_at: ColumnType<Date, never, never>
  }
  device_log: { id: Big; device_id: number; run: number; time: Date; level: LogLevel; message: string }
  device_memory: { device_id: number; key: string; value: Json }
  vendor_budgets: { scope: string; state: Json; updated_at: ColumnType<Date, never, Date> }
  connectors: { id: string; beat: Date; address: string | null }
  shards: { id: number; holder: string | null; until: Date | null }
  publishers: {
    id: Generated<number>
    house_id: number
    name: string
    count: number
    username: string
    created_by: string | null
    created_at: Made
    revoked_at: Date | null
  }
  api_tokens: {
    id: Generated<number>
    user_id: string
    name: string
    hash: Buffer
    scopes: Scope[]
    house_ids: number[] | null
    created_at: Made
    expires_at: Date | null
    last_used_at: Date | null
  }
  audit: {
    id: Generated<string>
    time: Made
    user_id: string | null
    username: string
    action: string
    house_id: number | null
    detail: Json
  }
  app_state: { key: string; value: Json }
}

export type Database = Kysely<Tables> | Transaction<Tables>
