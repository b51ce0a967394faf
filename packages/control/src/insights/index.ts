export * from './by-hour.ts'
export * from './cooling.ts'
export * from './cop.ts'
export * from './days.ts'
export * from './house-insights.ts'
export { type HeatedBy, type IndoorSlope, indoorSlope } from './indoor-slope.ts'
export { regress } from './regress.ts'
export {
  type Saving,
  type Savings,
  type SavingsDay,
  type SavingsMethod,
  savingsBeforeAfter,
  savingsByLot,
  savingsMethods,
} from './savings.ts'
export { type ModelledRoom, savingsByModel } from './savings-model.ts'
export * from './what-if.ts'
