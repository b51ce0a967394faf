export { type Change, readChanges, writeChanges } from './changes.ts'
export type { HotOptions } from './hot-blocks.ts'
export * from './open.ts'
export * from './types.ts'
