export { type Datalogger, type DataloggerOptions, type DataloggerStats, startDatalogger } from './start.ts'
