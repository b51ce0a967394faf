export * from './heat-pump.ts'
export * from './house.ts'
export * from './matrix.ts'
export * from './step-matrix.ts'
