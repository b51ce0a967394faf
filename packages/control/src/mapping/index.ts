export * from './follow.ts'
export * from './propose.ts'
