/** The places of a device: kept by the connector with the device's memory, read here. */
import { deviceMemory } from './device-memory.ts'
import type { Database } from './tables.ts'
import type { DevicePlace } from './types.ts'

/** Where a device's memory holds them. */
export const placesKey = 'places'

/** The places of a device as they were last kept; none where there are none, or they cannot be read. */
export async function placesOf(database: Database, deviceId: number): Promise<DevicePlace[]> {
  const kept = await deviceMemory(database, deviceId, placesKey)
  return Array.isArray(kept) ? kept.filter(isPlace).map(readPlace) : []
}

const isPlace = (value: unknown): value is DevicePlace => {
  const { place, location, name, lastSeenAt } = (value ?? {}) as Partial<DevicePlace>
  return [place, location, name].every((text) => typeof text === 'string') && typeof lastSeenAt === 'number'
}

const readPlace = ({ place, location, name, lastSeenAt }: DevicePlace): DevicePlace => ({
  place,
  location,
  name,
  lastSeenAt,
})
