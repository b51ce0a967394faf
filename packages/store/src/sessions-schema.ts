/** Sessions of vendor accounts, sealed, and which devices use them: one that nobody uses is dropped. */
export const vendorSessions = `
create table vendor_sessions (
  name text primary key,
  sealed bytea not null,
  key_id text not null,
  saved_at timestamptz not null default now()
);
create table vendor_session_devices (
  device_id integer primary key references devices on delete cascade,
  name text not null
);
create index vendor_session_devices_name on vendor_session_devices (name);
`
