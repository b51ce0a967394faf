/** The places of a device: kept by the connector with the device's memory, read here. */
import type { Database } from './tables.ts'
import type { DevicePlace } from './types.ts'

/** Where a device's memory holds them. */
export const placesKey = 'places'

/** The places of a device as they were last kept; none where there are none, or they cannot be read. */
export async function placesOf(database: Database, deviceId: number): Promise<DevicePlace[]> {
  const row = await database
    .selectFrom('device_memory')
    .select('value')
    .where('device_id', '=', deviceId)
    .where('key', '=', placesKey)
    .executeTakeFirst()
  return Array.isArray(row?.value) ? row.value.filter(isPlace).map(readPlace) : []
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
