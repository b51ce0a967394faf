/** What the store and the time series hold, as the API shows it. */
import { formatTime, microsFromMillis } from '@nabolag/core'
import { integrationOf } from '@nabolag/integrations'
import type * as store from '@nabolag/store'

/** ISO 8601 from ms since the epoch. */
export const isoTime = (millis: number) => formatTime(microsFromMillis(millis))
const isoOrNull = (millis: number | undefined) => (millis === undefined ? null : isoTime(millis))

export const houseView = ({ id, name, owner, timezone, latitude, longitude, role, createdAt }: store.House) => ({
  id,
  name,
  owner: owner ?? null,
  timezone,
  latitude: latitude ?? null,
  longitude: longitude ?? null,
  role,
  created_at: isoTime(createdAt),
})

export const placeView = ({ place, location, name, lastSeenAt }: store.DevicePlace) => ({
  place,
  location,
  name,
  last_seen: isoTime(lastSeenAt),
})

/** @param uptime 0 to 1; `null` for a device that never logged, `undefined` where it was not asked for */
export const deviceView = (device: store.Device, uptime?: number | null) => ({
  id: device.id,
  device: device.integrationId,
  name: device.integration,
  label: device.label ?? null,
  title: device.label ?? device.integrationLabel,
  house: device.houseId,
  count: device.count,
  group: device.group,
  desired: device.desired,
  state: device.status.state,
  reason: device.status.reason ?? null,
  since: isoTime(device.status.since),
  restarts: device.status.restarts,
  last_sample: isoOrNull(device.status.lastSampleAt),
  next_try: isoOrNull(device.status.nextTryAt),
  ...signInView(device),
  ...(uptime === undefined ? {} : { uptime_30d: uptime }),
})

/** Where the vendor refuses us and sends codes, a person must sign in. */
const signInView = ({ integration, kind, status }: store.Device) => {
  const ways = kind === 'built-in' && status.state === 'refused' ? channelsOf(integration) : undefined
  return ways ? { sign_in: { needed: true as const, channels: [...ways] } } : {}
}

/** The ways a code can come from the vendor; `undefined` where it sends none. */
export const channelsOf = (integration: string): readonly store.Channel[] | undefined =>
  integrationOf(integration)?.signIn?.code?.channels

export const integrationView = (one: store.IntegrationInfo) => ({
  id: one.id,
  name: one.name,
  label: one.label,
  vendor: one.vendor,
  kind: one.kind,
  docker_hub_image: one.dockerHubImage ?? null,
  required_fields: [...one.requiredFields],
  database_group_name: one.group,
  credentials_schema: one.credentialsSchema ?? null,
  sampling_seconds: one.samplingSeconds,
  allow_multiple: one.allowMultiple,
})

export const userView = ({ id, username, email, role }: store.User) => ({ id, username, email: email ?? null, role })

export const publisherView = ({ id, name, count, username, createdAt, commands }: store.Publisher) => ({
  id,
  name,
  count,
  username,
  created_at: isoTime(createdAt),
  commands,
})

export const tokenView = ({ id, name, scopes, houses, createdAt, expiresAt, lastUsedAt }: store.ApiToken) => ({
  id,
  name,
  scopes: [...scopes],
  houses: houses === undefined ? null : [...houses],
  created_at: isoTime(createdAt),
  expires_at: isoOrNull(expiresAt),
  last_used_at: isoOrNull(lastUsedAt),
})

export const commandView = (command: store.Command) => ({
  id: command.id,
  house: command.houseId,
  name: command.integration,
  count: command.count,
  capability: command.capability,
  verb: command.verb,
  location: command.location,
  arguments: { ...command.arguments },
  state: command.state,
  reason: command.reason ?? null,
  asked_by: command.askedBy,
  asked_over: command.askedOver,
  request_id: command.requestId ?? null,
  created_at: isoTime(command.createdAt),
  valid_until: isoTime(command.validUntil),
  sent_at: isoOrNull(command.sentAt),
  done_at: isoOrNull(command.doneAt),
  changed_at: isoTime(command.changedAt),
  history: command.history.map(({ state, time, reason }) => ({ state, time: isoTime(time), reason })),
})
