export * from './thermal/index.ts'
