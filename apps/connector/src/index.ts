export * from './connector.ts'
export { makeMetrics } from './metrics.ts'
export { answerCode, askCode, runOnce, sessionNameOf, type Tried, type TryGiven } from './try.ts'
