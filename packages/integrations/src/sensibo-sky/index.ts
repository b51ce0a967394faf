// Heat pumps behind Sensibo's infrared remotes. Quirks of the API: README.md beside this file.
import { celsius, fahrenheit, percent, VendorFailure } from '@nabolag/core'
import { type Static, Type } from 'typebox'
import { defineIntegration, type Reading } from '../define.ts'
import { Maybe } from '../schema.ts'

const Credentials = Type.Object({
  'api-key': Type.String({ title: 'API key', description: 'From home.sensibo.com/me/api', secret: true, minLength: 1 }),
})

const Time = Type.Object({ time: Type.String(), secondsAgo: Maybe(Type.Number()) })
const Connection = Type.Object({ isAlive: Maybe(Type.Boolean()) })
const Measurements = Type.Object({
  time: Maybe(Time),
  temperature: Maybe(Type.Number()),
  humidity: Maybe(Type.Number()),
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
const Pod = Type.Object({
  id: Type.String(),
  room: Maybe(Type.Object({ name: Maybe(Type.String()) })),
  temperatureUnit: Maybe(Type.String()),
  connectionStatus: Maybe(Connection),
  acState: Maybe(AcState),
  measurements: Maybe(Measurements),
  mainMeasurementsSensor: Maybe(Sensor),
  motionSensors: Maybe(Type.Array(Sensor)),
  remoteCapabilities: Maybe(Type.Object({ modes: Maybe(Type.Record(Type.String(), Type.Unknown())) })),
})
const Status = Type.Object({ status: Type.Literal('success'), result: Type.Array(Pod) })

/** A pod measures every 90 s; what is ten times as old comes from one that has gone quiet. */
const oldAfterSeconds = 900

export default defineIntegration({
  name: 'sensibo-sky',
  label: 'Sensibo heat pump controller',
  vendor: 'sensibo',
  group: 'heatPumpController',
  base: 'https://home.sensibo.com/api/v2',
  credentials: Credentials,
  account: (credentials) => credentials['api-key'],
  status: Status,
  sampling: { every: '90 s', staleAfter: '15 min' },
  limits: { calls: { count: 8, per: '10 s' }, pause: '2 min' },

  // Without `fields` only the ids come. One call for all pods of the account.
  fetch: ({ http, credentials }) =>
    http.get('/users/me/pods', { query: { fields: '*', apiKey: credentials['api-key'] }, failureOf: envelopeFailure }),

  samples: ({ result }) => {
    const names = result.map((pod) => pod.room?.name)
    return result.flatMap((pod, index) => {
      const name = names[index]
      const shared = names.filter((other) => other === name).length > 1
      return readPod(pod, !name ? pod.id : shared ? `${name} (${pod.id})` : name)
    })
  },
})

/** What Sensibo's own words for a failure mean; they may come in a 200. Never throws. */
export function envelopeFailure(answer: {
  readonly status: number
  readonly body: unknown
}): VendorFailure | undefined {
  const { status, body } = answer
  if (status === 429 || status >= 500) return undefined
  const {
    status: said,
    reason,
    message,
  } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  if (said !== 'failed')
    return status === 400 ? new VendorFailure('unreachable', 'Sensibo answered 400, as it does at times') : undefined
  const words = `Sensibo says: ${[reason, message].filter((word) => typeof word === 'string').join(', ')}`.slice(0, 200)
  if (reason === 'NotAuthorized' || status === 401 || status === 403) return new VendorFailure('refused', words)
  if (reason === 'NotFound' || status === 404) return new VendorFailure('changed', words)
  if (/limit|too many/i.test(words)) return new VendorFailure('throttled', words)
  return new VendorFailure('unreachable', words)
}

function readPod(pod: Static<typeof Pod>, location: string): Reading[] {
  // A dead pod's answer repeats its last values for ever.
  if (pod.connectionStatus?.isAlive === false || isOld(pod.measurements)) return []
  const climate = climateOf(pod)
  const time = climate?.time?.time ?? pod.measurements?.time?.time ?? pod.acState?.timestamp?.time
  if (time === undefined) return []
  const fields = {
    temperature: known(climate?.temperature, celsius),
    humidity: known(climate?.humidity, percent),
    ...readAcState(pod),
  }
  return Object.values(fields).every((value) => value === undefined) ? [] : [{ time, location, fields }]
}

/** Where the room's climate is measured: at the main sensor if one is chosen, and then never at the pod itself. */
function climateOf({ mainMeasurementsSensor: main, motionSensors, measurements }: Static<typeof Pod>) {
  if (!main) return measurements ?? undefined
  const sensor = main.measurements ? main : motionSensors?.find(({ id }) => id !== undefined && id === main.id)
  return sensor?.connectionStatus?.isAlive === false || isOld(sensor?.measurements)
    ? undefined
    : (sensor?.measurements ?? undefined)
}

function readAcState({ acState, temperatureUnit, remoteCapabilities }: Static<typeof Pod>) {
  // No modes: no remote is set up yet, and the state is made up.
  const modes = remoteCapabilities?.modes
  if (!acState || (modes && Object.keys(modes).length === 0)) return {}
  const degrees = (acState.temperatureUnit ?? temperatureUnit) === 'F' ? fahrenheit : celsius
  return {
    targetTemperature: known(acState.targetTemperature, degrees),
    mode: acState.mode ?? undefined,
    fanLevel: acState.fanLevel ?? undefined,
    on: acState.on ?? undefined,
  }
}

const isOld = (measurements: Static<typeof Measurements> | null | undefined): boolean =>
  (measurements?.time?.secondsAgo ?? 0) > oldAfterSeconds

const known = (value: number | null | undefined, unit: (value: number) => number): number | undefined =>
  value === null || value === undefined ? undefined : unit(value)
