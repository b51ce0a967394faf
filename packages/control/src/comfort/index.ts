export * from './local-time.ts'
export * from './wish.ts'
