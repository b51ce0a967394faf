export * from './base.ts'
export * from './credentials.ts'
export * from './define.ts'
export * from './list.ts'
