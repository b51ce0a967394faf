/** PostgreSQL: people, houses, devices. Nothing but this package speaks SQL to it. */
export { resultOf } from './command-result.ts'
export { openStore } from './open.ts'
export { operator } from './rights.ts'
export { shardCount, shardOf } from './shards.ts'
export { ShareChanged } from './shared-caps.ts'
export * from './types.ts'
