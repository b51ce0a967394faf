/** The tables as Kysely sees them; `migrations.ts` makes them. */
import type { CapabilityName, CommandState, DeviceState, FailureKind, OwnBounds } from '@nabolag/core'
import type { ColumnType, Generated, Kysely, Transaction } from 'kysely'
import type { ControlMode, Loop, RoomModel } from './control-types.ts'
import type { Channel, TrialKind, TrialOutcome } from './trial-types.ts'
import type { CommandStep, Desired, HouseRole, IntegrationKind, LogLevel, Scope, UserRole } from './types.ts'
import type { IncidentKind } from './vendor-types.ts'

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
    bounds: ColumnType<OwnBounds, never, string>
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
    kind: FailureKind | null
    failing_since: Date | null
    updated_at: ColumnType<Date, never, never>
  }
  device_log: { id: Big; device_id: number; run: number; time: Date; level: LogLevel; message: string }
  device_memory: { device_id: number; key: string; value: Json }
  vendor_budgets: { scope: string; state: Json; updated_at: ColumnType<Date, never, Date> }
  vendor_sessions: { name: string; sealed: Buffer; key_id: string; saved_at: ColumnType<Date, never, Date> }
  vendor_session_devices: { device_id: number; name: string }
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
    commands: Generated<boolean>
    device_id: number | null
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
  trials: {
    id: string
    kind: TrialKind
    house_id: number
    integration_id: number
    device_id: number | null
    account_hash: string | null
    shard: number
    sealed: Buffer
    key_id: string
    connector: ColumnType<string | null, never, string>
    outcome: ColumnType<TrialOutcome | null, never, string>
    created_at: Made
    expires_at: ColumnType<Date, Date, never>
  }
  trial_counts: { key: string; time: Made }
  sign_ins: {
    house_id: number
    integration_id: number
    device_id: number
    account_hash: string | null
    channel: Channel
    sealed: Buffer
    key_id: string
    attempts: Generated<number>
    expires_at: ColumnType<Date, Date, never>
  }
  vendor_incidents: {
    id: Generated<number>
    vendor: string
    kind: IncidentKind
    since: Date
    until: Date | null
    devices: number
    houses: number
    last_seen: Date
  }
  commands: {
    id: Generated<string>
    seq: ColumnType<string, never, never>
    house_id: number
    device_id: number | null
    integration: string
    count: number
    capability: string
    verb: string
    location: string
    arguments: ColumnType<Record<string, unknown>, string, never>
    state: CommandState
    reason: string | null
    asked_by: string
    asked_over: 'api' | 'bus' | 'controller'
    request_id: string | null
    digest: string | null
    connector: string | null
    created_at: Made
    valid_until: ColumnType<Date, unknown, never>
    sent_at: Date | null
    done_at: Date | null
    awaits_reading: Generated<boolean>
    changed_at: ColumnType<Date, never, unknown>
    history: ColumnType<CommandStep[], string, unknown>
  }
  rooms: {
    id: Generated<number>
    house_id: number
    name: string
    area: number | null
    comfort: Json
    heating: ColumnType<unknown, string | null, string | null>
    fit_at: Date | null
    fit_until: Date | null
    fit_fence: Generated<string>
  }
  room_sensors: { room_id: number; position: number; device_id: number; location: string; group_name: string | null }
  loops: {
    id: Generated<number>
    house_id: number
    kind: Loop['kind']
    room_id: number | null
    device_id: number
    location: string
    capability: CapabilityName
    mode: ControlMode
    paused_until: Date | null
    controller: string
    settings: Json
    limits: Json
  }
  house_control: {
    house_id: number
    facts: ColumnType<unknown, string | undefined, string>
    prices: ColumnType<unknown, string | undefined, string>
    memory: unknown
    memory_at: Date | null
    due: Date | null
    changed: Generated<boolean>
    holder: string | null
    fence: Generated<string>
    until: Date | null
  }
  receipts: {
    id: Generated<string>
    house_id: number
    loop_id: number
    at: Date
    receipt: Json
    command_ids: string[]
  }
  plans: { house_id: number; made_at: Date; plan: Json }
  room_models: {
    id: Generated<string>
    room_id: number
    made_at: Date
    outcome: RoomModel['outcome']
    because: string
    model: ColumnType<unknown, string | null, never>
  }
  controllers: { id: string; address: string | null; beat: Date }
  app_state: { key: string; value: Json }
}

export type Database = Kysely<Tables> | Transaction<Tables>
