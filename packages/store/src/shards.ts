/** Which share of the devices a connector runs: 64 shards, each leased by one connector at a time. */
import { createHash } from 'node:crypto'

export const shardCount = 64
export const leaseSeconds = 15

/**
 * The shard of a device: by its vendor account where it has one, so that one account is always in one connector and
 * its limits hold.
 */
export function shardOf(deviceId: number, accountHash: string | undefined): number {
  const key = accountHash === undefined ? `device/${deviceId}` : `account/${accountHash}`
  return createHash('sha256').update(key).digest().readUInt32BE(0) % shardCount
}
