/** The tables of trials, of sign-ins that wait for a code, and of the incidents of vendors. */
export const trialsAndVendors = `
create table trials (
  id text primary key,
  kind text not null check (kind in ('test', 'ask', 'answer')),
  house_id integer not null references houses on delete cascade,
  integration_id integer not null references integrations on delete cascade,
  device_id integer references devices on delete cascade,
  account_hash text,
  shard integer not null,
  sealed bytea not null,
  key_id text not null,
  connector text,
  outcome jsonb,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null
);
create index trials_created on trials (created_at);
create table trial_counts (key text not null, time timestamptz not null default clock_timestamp());
create index trial_counts_key on trial_counts (key, time);
create table sign_ins (
  house_id integer not null references houses on delete cascade,
  integration_id integer not null references integrations on delete cascade,
  device_id integer not null,
  account_hash text,
  channel text not null,
  sealed bytea not null,
  key_id text not null,
  attempts integer not null default 0,
  expires_at timestamptz not null,
  primary key (house_id, integration_id, device_id)
);
alter table device_status add column kind text, add column failing_since timestamptz;
create index device_status_failing on device_status (failing_since) where failing_since is not null;
create table vendor_incidents (
  id integer generated always as identity primary key,
  vendor text not null,
  kind text not null,
  since timestamptz not null,
  until timestamptz,
  devices integer not null,
  houses integer not null,
  last_seen timestamptz not null
);
create unique index vendor_incidents_open on vendor_incidents (vendor) where until is null;
create index vendor_incidents_vendor on vendor_incidents (vendor, id);
`
