export * from './heat-pump.ts'
export * from './house.ts'
export * from './matrix.ts'
