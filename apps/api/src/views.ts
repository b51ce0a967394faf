/** What the store and the time series hold, as the API shows it. */
import { formatTime, microsFromMillis } from '@nabolag/core'
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
  ...(uptime === undefined ? {} : { uptime_30d: uptime }),
})

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

export const publisherView = ({ id, name, count, username, createdAt }: store.Publisher) => ({
  id,
  name,
  count,
  username,
  created_at: isoTime(createdAt),
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
