/** The table of commands: what was asked of an actuator, who asked, and what came of it. */

/** A row is kept for so long, days. */
export const commandsKeptDays = 400

export const commandsStep = `
create table commands (
  id uuid primary key default gen_random_uuid(),
  seq bigint generated always as identity unique,
  house_id integer not null references houses on delete cascade,
  device_id integer references devices on delete set null,
  integration text not null,
  count integer not null,
  capability text not null,
  verb text not null,
  location text not null,
  arguments jsonb not null,
  state text not null,
  reason text,
  asked_by text not null,
  asked_over text not null check (asked_over in ('api', 'bus')),
  request_id text,
  digest text,
  connector text,
  created_at timestamptz not null default clock_timestamp(),
  valid_until timestamptz not null,
  sent_at timestamptz,
  done_at timestamptz,
  awaits_reading boolean not null default false,
  changed_at timestamptz not null default clock_timestamp(),
  history jsonb not null default '[]'
);
create index commands_house on commands (house_id, seq);
create index commands_device on commands (device_id, seq);
create index commands_created on commands (created_at);
create index commands_open on commands (device_id) where state = 'accepted' or (state = 'sent' and done_at is null);
create index commands_awaiting on commands (device_id) where awaits_reading;
create unique index commands_newest on commands (device_id, capability, verb, location) where state = 'accepted';
create unique index commands_request on commands (house_id, asked_by, request_id) where request_id is not null;
alter table devices add column bounds jsonb not null default '{}';
alter table publishers add column commands boolean not null default false;
`
