export * from './connector.ts'
export { makeMetrics } from './metrics.ts'
export { runOnce, type TryGiven } from './try.ts'
