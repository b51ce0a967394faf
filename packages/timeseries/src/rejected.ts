import type { Connection } from './client.ts'
import type { Rejected, RejectedCount } from './types.ts'

type Row = { at: number; topic: string; house_id: number | null; device: string; reason: string; payload: string }

const ofHouse = (houseId: number | undefined) => (houseId === undefined ? 'true' : 'house_id = {house:UInt32}')
const weekAgo = 'received > now() - INTERVAL 7 DAY'

/** The newest refused messages first. */
export async function rejected(
  connection: Connection,
  { houseId, from = 0, limit }: { houseId?: number; from?: number; limit: number },
): Promise<Rejected[]> {
  const rows = await connection.rows<Row>(
    `SELECT toUnixTimestamp64Milli(received) AS at, topic, house_id, device, reason, payload FROM rejected
     WHERE ${ofHouse(houseId)} AND ${weekAgo} AND received >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
     ORDER BY received DESC LIMIT {limit:UInt32}`,
    { ...(houseId === undefined ? {} : { house: houseId }), from: Math.floor(from), limit },
  )
  return rows.map(({ at, house_id, ...row }) => ({ ...row, received: at, houseId: house_id ?? undefined }))
}

/** How often what was refused in the last week, the commonest first. */
export async function rejectedCounts(connection: Connection, houseId: number | undefined): Promise<RejectedCount[]> {
  const rows = await connection.rows<{
    house_id: number | null
    device: string
    reason: string
    n: number
    at: number
  }>(
    `SELECT house_id, device, reason, count() AS n, toUnixTimestamp64Milli(max(received)) AS at FROM rejected
     WHERE ${ofHouse(houseId)} AND ${weekAgo} GROUP BY house_id, device, reason ORDER BY n DESC, at DESC LIMIT 1000`,
    houseId === undefined ? {} : { house: houseId },
  )
  return rows.map(({ house_id, device, reason, n, at }) => ({
    houseId: house_id ?? undefined,
    device,
    reason,
    count: n,
    last: at,
  }))
}
