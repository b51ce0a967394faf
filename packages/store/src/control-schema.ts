/** Rooms, control loops, and what the controllers leave behind. */

/** How long each is kept, days. */
export const keptDays = { idle: 14, receipts: 400, plans: 60, models: 400 } as const

export const controlStep = `
create table rooms (
  id integer generated always as identity (start with 1) primary key,
  house_id integer not null references houses on delete cascade,
  name text not null,
  area double precision,
  comfort jsonb not null,
  heating jsonb,
  fit_at timestamptz,
  fit_until timestamptz,
  fit_fence bigint not null default 0,
  unique (house_id, name)
);
create table room_sensors (
  room_id integer not null references rooms on delete cascade,
  position integer not null,
  device_id integer not null references devices on delete cascade,
  location text not null,
  group_name text,
  primary key (room_id, position),
  unique (device_id, location)
);
create table loops (
  id integer generated always as identity (start with 1) primary key,
  house_id integer not null references houses on delete cascade,
  kind text not null check (kind in ('heating', 'ventilation', 'battery')),
  room_id integer unique references rooms on delete cascade,
  device_id integer not null references devices on delete cascade,
  location text not null,
  capability text not null,
  mode text not null check (mode in ('observe', 'advise', 'control')),
  paused_until timestamptz,
  controller text not null,
  settings jsonb not null default '{}',
  limits jsonb not null default '{}',
  unique (device_id, location, capability),
  check ((kind = 'heating') = (room_id is not null))
);
create index loops_house on loops (house_id);
create table house_control (
  house_id integer primary key references houses on delete cascade,
  facts jsonb not null default '{}',
  prices jsonb,
  memory jsonb,
  memory_at timestamptz,
  due timestamptz,
  changed boolean not null default false,
  holder text,
  fence bigint not null default 0,
  until timestamptz
);
create index house_control_due on house_control (due);
create index house_control_holder on house_control (holder) where holder is not null;
create table receipts (
  id bigint generated always as identity primary key,
  house_id integer not null references houses on delete cascade,
  loop_id integer not null references loops on delete cascade,
  at timestamptz not null,
  receipt jsonb not null,
  command_ids uuid[] not null default '{}'
);
create index receipts_house on receipts (house_id, at, id);
create index receipts_loop on receipts (loop_id, at, id);
create index receipts_at on receipts (at);
create table plans (
  house_id integer not null references houses on delete cascade,
  made_at timestamptz not null,
  plan jsonb not null,
  primary key (house_id, made_at)
);
create index plans_made on plans (made_at);
create table room_models (
  id bigint generated always as identity primary key,
  room_id integer not null references rooms on delete cascade,
  made_at timestamptz not null,
  outcome text not null check (outcome in ('accepted', 'rejected', 'not-enough-data')),
  because text not null,
  model jsonb
);
create index room_models_room on room_models (room_id, made_at);
create table controllers (id text primary key, address text, beat timestamptz not null);
alter table commands drop constraint commands_asked_over_check,
  add constraint commands_asked_over_check check (asked_over in ('api', 'bus', 'controller'));
create index commands_controller on commands (house_id, created_at) where asked_over = 'controller';
`
