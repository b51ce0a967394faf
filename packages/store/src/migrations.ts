/**
 * The schema, one step per version. A step that has been in a release is never changed: what comes later is a new
 * step. Steps run in one transaction each, under a lock, so that several processes may start at once.
 */
import { Problem } from '@nabolag/core'
import { type Kysely, sql, type Transaction } from 'kysely'
import { commandsStep } from './commands-table.ts'
import { controlStep } from './control-schema.ts'
import { publishersOfDevices } from './outside.ts'
import { vendorSessions } from './sessions-schema.ts'
import { sharedCapsStep } from './shared-caps.ts'
import type { Tables } from './tables.ts'
import { trialsAndVendors } from './trials-schema.ts'

type Step = { readonly name: string; readonly sql: string }

/** The tables of better-auth 1.7 with its user name plugin and rate limits in the database; a test asks it whether anything is missing. */
const people = `
create table "user" (
  "id" text primary key,
  "name" text not null,
  "email" text not null unique,
  "emailVerified" boolean not null,
  "image" text,
  "createdAt" timestamptz not null default current_timestamp,
  "updatedAt" timestamptz not null default current_timestamp,
  "username" text unique,
  "role" text not null default 'user' check ("role" in ('admin', 'user'))
);
create table "session" (
  "id" text primary key,
  "expiresAt" timestamptz not null,
  "token" text not null unique,
  "createdAt" timestamptz not null default current_timestamp,
  "updatedAt" timestamptz not null,
  "ipAddress" text,
  "userAgent" text,
  "userId" text not null references "user" ("id") on delete cascade
);
create index "session_userId_idx" on "session" ("userId");
create table "account" (
  "id" text primary key,
  "accountId" text not null,
  "providerId" text not null,
  "userId" text not null references "user" ("id") on delete cascade,
  "accessToken" text,
  "refreshToken" text,
  "idToken" text,
  "accessTokenExpiresAt" timestamptz,
  "refreshTokenExpiresAt" timestamptz,
  "scope" text,
  "password" text,
  "createdAt" timestamptz not null default current_timestamp,
  "updatedAt" timestamptz not null
);
create index "account_userId_idx" on "account" ("userId");
create table "verification" (
  "id" text primary key,
  "identifier" text not null,
  "value" text not null,
  "expiresAt" timestamptz not null,
  "createdAt" timestamptz not null default current_timestamp,
  "updatedAt" timestamptz not null default current_timestamp
);
create index "verification_identifier_idx" on "verification" ("identifier");
create table "rateLimit" (
  "id" text primary key,
  "key" text not null unique,
  "count" integer not null,
  "lastRequest" bigint not null
);
`

const houses = `
create table houses (
  id integer generated always as identity (start with 1) primary key,
  name text not null,
  owner_id text references "user" (id) on delete set null,
  timezone text not null default 'Europe/Oslo',
  latitude double precision check (latitude between -90 and 90),
  longitude double precision check (longitude between -180 and 180),
  created_at timestamptz not null default now()
);
create index houses_owner on houses (owner_id);
create table house_members (
  house_id integer not null references houses on delete cascade,
  user_id text not null references "user" (id) on delete cascade,
  role text not null check (role in ('owner', 'resident', 'reader')),
  primary key (house_id, user_id)
);
create index house_members_user on house_members (user_id);
create table integrations (
  id integer generated always as identity (start with 1) primary key,
  name text not null unique,
  label text not null,
  vendor text not null,
  kind text not null check (kind in ('built-in', 'container', 'outside')),
  group_name text not null,
  required_fields jsonb not null default '[]',
  credentials_schema jsonb not null default 'null',
  docker_hub_image text,
  sampling_seconds real not null,
  allow_multiple boolean not null default false,
  created_at timestamptz not null default now()
);
create sequence device_ids as integer;
create table devices (
  id integer primary key default nextval('device_ids'),
  house_id integer not null references houses on delete cascade,
  integration_id integer not null references integrations,
  count integer not null check (count >= 0),
  label text,
  desired text not null check (desired in ('running', 'stopped')),
  generation integer not null,
  credentials bytea not null,
  data_key bytea not null,
  key_id text not null,
  account_hash text,
  shard integer not null,
  created_at timestamptz not null default now(),
  unique (house_id, integration_id, count),
  unique (house_id, integration_id, account_hash)
);
create index devices_shard on devices (shard);
create index devices_integration on devices (integration_id);
create table device_status (
  device_id integer primary key references devices on delete cascade,
  state text not null,
  reason text,
  since timestamptz not null,
  restarts integer not null,
  last_sample_at timestamptz,
  next_try_at timestamptz,
  run integer not null,
  connector text,
  updated_at timestamptz not null default now()
);
create table device_log (
  id bigint generated always as identity primary key,
  device_id integer not null references devices on delete cascade,
  run integer not null,
  time timestamptz not null,
  level text not null,
  message text not null
);
create index device_log_device on device_log (device_id, run, id);
create table device_memory (
  device_id integer not null references devices on delete cascade,
  key text not null,
  value jsonb not null,
  primary key (device_id, key)
);
create table vendor_budgets (
  scope text primary key,
  state jsonb not null,
  updated_at timestamptz not null default now()
);
create table connectors (id text primary key, beat timestamptz not null, address text);
create table shards (id integer primary key, holder text, until timestamptz);
insert into shards (id) select generate_series(0, 63);
create table publishers (
  id integer generated always as identity (start with 1) primary key,
  house_id integer not null references houses on delete cascade,
  name text not null,
  count integer not null,
  username text not null unique,
  created_by text references "user" (id) on delete set null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);
create index publishers_house on publishers (house_id);
create unique index publishers_live on publishers (house_id, name, count) where revoked_at is null;
create table api_tokens (
  id integer generated always as identity (start with 1) primary key,
  user_id text not null references "user" (id) on delete cascade,
  name text not null,
  hash bytea not null unique,
  scopes text[] not null,
  house_ids integer[],
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz
);
create index api_tokens_user on api_tokens (user_id);
create table audit (
  id bigint generated always as identity primary key,
  time timestamptz not null default now(),
  user_id text,
  username text not null,
  action text not null,
  house_id integer,
  detail jsonb not null
);
create index audit_house on audit (house_id, id);
create table app_state (key text primary key, value jsonb not null);
`

export const steps: readonly Step[] = [
  { name: '1-people', sql: people },
  { name: '2-houses', sql: houses },
  { name: 'publishers-of-devices', sql: publishersOfDevices },
  { name: 'trials-and-vendors', sql: trialsAndVendors },
  { name: 'commands', sql: commandsStep },
  { name: 'vendor-sessions', sql: vendorSessions },
  { name: 'control', sql: controlStep },
  { name: 'shared-caps', sql: sharedCapsStep },
]

/** Any number will do, as long as every version of this program takes the same. */
const migrationLock = 6_272_112

/**
 * Runs the steps that have not run.
 *
 * @returns the names of those it ran
 * @throws ProblemError `bad-request` when the database knows a step that this program does not; nothing is changed
 */
export async function migrate(database: Kysely<Tables>, list: readonly Step[] = steps): Promise<{ applied: string[] }> {
  const applied: string[] = []
  await refuseNewer(database, list)
  for (const step of list) {
    await database.transaction().execute(async (transaction) => {
      await sql`select pg_advisory_xact_lock(${migrationLock})`.execute(transaction)
      await sql`create table if not exists schema_migrations (
        name text primary key, applied_at timestamptz not null default now())`.execute(transaction)
      if ((await refuseNewer(transaction, list)).has(step.name)) return
      await sql.raw(step.sql).execute(transaction)
      await sql`insert into schema_migrations (name) values (${step.name})`.execute(transaction)
      applied.push(step.name)
    })
  }
  return { applied }
}

async function refuseNewer(database: Kysely<Tables> | Transaction<Tables>, list: readonly Step[]) {
  const there = await sql<{ there: boolean }>`select to_regclass('schema_migrations') is not null as there`.execute(
    database,
  )
  if (!there.rows[0]?.there) return new Set<string>()
  const { rows } = await sql<{ name: string }>`select name from schema_migrations order by name`.execute(database)
  const unknown = rows.map((r) => r.name).filter((name) => !list.some((step) => step.name === name))
  if (unknown.length > 0) {
    throw Problem(
      'bad-request',
      `This database was made by a newer version of Nabolag (it has the step ${unknown.join(', ')}); nothing was changed. Start that version, or restore an older copy`,
    )
  }
  return new Set(rows.map((r) => r.name))
}
