/** What Sensibo says of a pod, and the readings in it. */
import { celsius, fahrenheit, percent } from '@nabolag/core'
import { type Static, Type } from 'typebox'
import type { Reading } from '../define.ts'
import { Maybe } from '../schema.ts'

const Time = Type.Object({ time: Type.String(), secondsAgo: Maybe(Type.Number()) })
const Connection = Type.Object({ isAlive: Maybe(Type.Boolean()) })
const Measurements = Type.Object({
  time: Maybe(Time),
  temperature: Maybe(Type.Number()),
  humidity: Maybe(Type.Number()),
  tvoc: Maybe(Type.Number()),
  co2: Maybe(Type.Number()),
  pm25: Maybe(Type.Number()),
})
const Sensor = Type.Object({
  id: Maybe(Type.String()),
  connectionStatus: Maybe(Connection),
  measurements: Maybe(Measurements),
})
const AcState = Type.Object({
  timestamp: Maybe(Time),
  on: Maybe(Type.Boolean()),
  mode: Maybe(Type.String()),
  targetTemperature: Maybe(Type.Number()),
  temperatureUnit: Maybe(Type.String()),
  fanLevel: Maybe(Type.String()),
})
export const Pod = Type.Object({
  id: Type.String(),
  productModel: Maybe(Type.String()),
  room: Maybe(Type.Object({ name: Maybe(Type.String()) })),
  temperatureUnit: Maybe(Type.String()),
  connectionStatus: Maybe(Connection),
  acState: Maybe(AcState),
  measurements: Maybe(Measurements),
  mainMeasurementsSensor: Maybe(Sensor),
  motionSensors: Maybe(Type.Array(Sensor)),
  remoteCapabilities: Maybe(Type.Object({ modes: Maybe(Type.Record(Type.String(), Type.Unknown())) })),
})
export type Pod = Static<typeof Pod>
export const Status = Type.Object({ status: Type.Literal('success'), result: Type.Array(Pod) })

/** A pod measures every 90 s; what is ten times as old comes from one that has gone quiet. */
const oldAfterSeconds = 900

/** Sensibo's own air monitors and purifiers; one that learnt a heat pump's remote is a heat pump controller besides. */
const airModel = /^(airq|pure|elements)/i

export const locationOf = ({ id, room }: Pod): string => room?.name || id

export function isHeatPump({ productModel, remoteCapabilities }: Pod): boolean {
  const modes = Object.keys(remoteCapabilities?.modes ?? {})
  return modes.some((mode) => mode.toLowerCase() !== 'fan') || !airModel.test(productModel ?? '')
}

/** A dead pod's answer repeats its last values for ever. */
export const isQuiet = ({ connectionStatus, measurements }: Pod): boolean =>
  connectionStatus?.isAlive === false || isOld(measurements)

/** Each pod once, however often it is listed. */
export const podsOf = ({ result }: Static<typeof Status>): Pod[] => [
  ...new Map(result.map((pod) => [pod.id, pod])).values(),
]

export const readPod = (pod: Pod): Reading[] =>
  isQuiet(pod) ? [] : [...(isHeatPump(pod) ? readHeatPump(pod) : []), ...readAir(pod)]

function readHeatPump(pod: Pod): Reading[] {
  const climate = climateOf(pod)
  const time = climate?.time?.time ?? pod.measurements?.time?.time ?? pod.acState?.timestamp?.time
  return reading(pod, time, {
    temperature: known(climate?.temperature, celsius),
    humidity: known(climate?.humidity, percent),
    ...readAcState(pod),
  })
}

/** What the pod itself measures, where it measures more than a heat pump controller or is none. */
function readAir(pod: Pod): Reading[] {
  const { measurements, productModel } = pod
  if (!measurements) return []
  const { temperature, humidity, tvoc, co2, pm25 } = measurements
  const model = (productModel ?? '').toLowerCase()
  const air = {
    tvoc: tvoc ?? undefined,
    // An AirQ reckons it from other gases.
    [model === 'airq' ? 'eco2' : 'co2']: co2 ?? undefined,
    // µg/m³ on an Elements; on a Pure it is a step from 1 to 3, which is no quantity.
    pm25: model === 'elements' ? (pm25 ?? undefined) : undefined,
  }
  if (isHeatPump(pod) && Object.values(air).every((value) => value === undefined)) return []
  const fields = { temperature: known(temperature, celsius), humidity: known(humidity, percent), ...air }
  return reading(pod, measurements.time?.time, fields, 'airSensor')
}

function reading(pod: Pod, time: string | undefined, fields: Reading['fields'], group?: 'airSensor'): Reading[] {
  if (time === undefined || Object.values(fields).every((value) => value === undefined)) return []
  return [{ time, location: locationOf(pod), place: pod.id, ...(group && { group }), fields }]
}

/** Where the room's climate is measured: at the main sensor if one is chosen, and then never at the pod itself. */
function climateOf({ mainMeasurementsSensor: main, motionSensors, measurements }: Pod) {
  if (!main) return measurements ?? undefined
  const sensor = main.measurements ? main : motionSensors?.find(({ id }) => id !== undefined && id === main.id)
  return sensor?.connectionStatus?.isAlive === false || isOld(sensor?.measurements)
    ? undefined
    : (sensor?.measurements ?? undefined)
}

function readAcState({ acState, temperatureUnit, remoteCapabilities }: Pod) {
  // No modes: no remote is set up yet, and the state is made up.
  const modes = remoteCapabilities?.modes
  if (!acState || (modes && Object.keys(modes).length === 0)) return {}
  const degrees = (acState.temperatureUnit ?? temperatureUnit) === 'F' ? fahrenheit : celsius
  return {
    targetTemperature: known(acState.targetTemperature, degrees),
    mode: acState.mode?.toLowerCase(),
    fanLevel: acState.fanLevel ?? undefined,
    on: acState.on ?? undefined,
  }
}

const isOld = (measurements: Static<typeof Measurements> | null | undefined): boolean =>
  (measurements?.time?.secondsAgo ?? 0) > oldAfterSeconds

const known = (value: number | null | undefined, unit: (value: number) => number): number | undefined =>
  value === null || value === undefined ? undefined : unit(value)
