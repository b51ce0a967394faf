export { type DescribedHouse, describedHouse } from './described-house.ts'
export { type Manners, usualManners } from './heating-unit.ts'
export * from './simulated-house.ts'
export {
  forecastOf,
  type Outside,
  type OutsideAt,
  type WeatherPoint,
  weatherFrom,
  worldSpot,
  worldWeather,
} from './surroundings.ts'
export { badSensor, type SensorManners, usualSensor } from './thermometer.ts'
export { makeTwin } from './twin.ts'
export type { TrueRoom, Twin, TwinGiven, TwinTruth } from './types.ts'
