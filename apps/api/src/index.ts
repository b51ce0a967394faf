export { makeLog } from './log.ts'
export { type ApiParts, startApi } from './start.ts'
