// Mill's electric heaters and the sockets that steer one. Quirks of the cloud: README.md beside this file; what both
// integrations of Mill have: ../mill.ts.
import { celsius, percent, VendorFailure, W, Wh } from '@nabolag/core'
import { Check } from 'typebox/value'
import { type CommandGiven, defineIntegration } from '../define.ts'
import {
  type Credentials,
  commandFailure,
  type Device,
  devicesOf,
  fetchHomes,
  Homes,
  type Metrics,
  mill,
  type Placed,
  parentOf,
  readingsOf,
  type Session,
  signIn,
} from '../mill.ts'
import { known } from '../schema.ts'

const kind = /^(heater|socket)s?$/i
type ForHeater = CommandGiven<typeof Credentials, typeof Homes, typeof Session>

export default defineIntegration({
  ...mill,
  name: 'mill-heater',
  label: 'Mill electric heater',
  group: 'heater',
  signIn,
  // The device fetches its wishes from the cloud and reports in its own time.
  settles: '30 s',
  fetch: fetchHomes,
  samples: (homes) => devicesOf(homes, kind).flatMap((placed) => readingsOf(placed, fieldsOf)),

  actuators: (homes) =>
    devicesOf(homes, kind).map(({ id, location }) => ({
      place: id,
      location,
      capability: 'heater',
      verbs: { setTargetTemperature: { temperature: { minimum: 5, maximum: 35, step: 0.5 } }, setOn: { on: {} } },
    })),

  commands: {
    heater: {
      setTargetTemperature: async (given, { temperature }) => {
        const heater = await findHeater(given)
        if (isWishedOff(heater.device))
          throw new VendorFailure('rejected', 'The heater is switched off: switch it on first')
        return send(given, heater, true, {
          operation_mode: ownMode(heater),
          temperature_normal: temperature,
          temperature_in_independent_mode: temperature,
        })
      },
      setOn: async (given, { on }) => {
        const heater = await findHeater(given)
        if (!on) return send(given, heater, false, { operation_mode: 'off' })
        // One that is on already keeps to its programme.
        const mode = isWishedOff(heater.device) ? undefined : heater.device.deviceSettings?.desired?.operation_mode
        return send(given, heater, true, { operation_mode: mode ?? ownMode(heater) })
      },
    },
  },
})

function fieldsOf(metrics: Metrics, device: Device) {
  return {
    // `temperature` of a heater is its set point; the room is `temperatureAmbient`.
    temperature: known(metrics.temperatureAmbient, celsius),
    // 0 stands for no sensor.
    humidity: known(metrics.humidity || undefined, percent),
    targetTemperature: known(metrics.temperature, celsius),
    power: known(metrics.currentPower, W),
    energyToday: known(device.energyUsageForCurrentDay, Wh),
    controlSignal: known(metrics.controlSignal, percent),
    on: isOn(metrics, device),
    openWindow: { 0: false, 2: true, 3: false }[metrics.openWindowsStatus ?? -1],
  }
}

/** On when nobody says otherwise: the device, its settings, and the switch once the device has taken what is wanted. */
function isOn({ powerStatus }: Metrics, { isEnabled, deviceSettings }: Device): boolean | undefined {
  const mode = deviceSettings?.reported?.operation_mode ?? undefined
  const taken = deviceSettings?.delta === null || deviceSettings?.delta === undefined
  const says = [
    powerStatus === null || powerStatus === undefined ? undefined : Number(powerStatus) !== 0,
    mode === undefined ? undefined : mode !== 'off',
    taken ? (isEnabled ?? undefined) : undefined,
  ].filter((word) => word !== undefined)
  return says.length === 0 ? undefined : says.every(Boolean)
}

const isWishedOff = ({ isEnabled, deviceSettings }: Device): boolean =>
  isEnabled === false || (deviceSettings?.desired?.operation_mode ?? deviceSettings?.reported?.operation_mode) === 'off'

/** A set point has effect only where the heater does not follow its room's programme. */
const ownMode = ({ roomless }: Placed) => (roomless ? 'independent_device' : 'control_individually')

/** The heater that is meant, as it is now: an older answer may not know of the command before this one. */
async function findHeater(given: ForHeater): Promise<Placed> {
  const homes = await fetchHomes(given)
  if (!Check(Homes, homes)) throw new VendorFailure('changed', "Mill's answer for the devices does not fit any more")
  const heaters = devicesOf(homes, kind)
  const heater =
    given.place === undefined && heaters.length === 1 ? heaters[0] : heaters.find(({ id }) => id === given.place)
  if (!heater) throw new VendorFailure('rejected', 'Mill does not know that heater any more')
  const { isConnected, controlSource } = heater.device
  // Mill would keep the wish and carry it out whenever the heater is back.
  if (isConnected === false) throw new VendorFailure('rejected', 'The heater has no connection to Mill')
  if (controlSource === 'tibber')
    throw new VendorFailure('rejected', 'Tibber steers this heater and would undo it: end that in the Tibber app first')
  return heater
}

async function send(
  { http, session }: ForHeater,
  { id, device }: Placed,
  enabled: boolean,
  settings: Readonly<Record<string, string | number>>,
): Promise<'sent'> {
  // What Mill answers to it is not documented, and may not be JSON: only its failures are read.
  await http.exchange('PATCH', `/devices/${encodeURIComponent(id)}/settings`, {
    bearer: session.idToken,
    body: { deviceType: parentOf(device), enabled, settings },
    failureOf: commandFailure,
  })
  return 'sent'
}
