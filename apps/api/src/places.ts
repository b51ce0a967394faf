/** Sensors and actuators as a person names them, found among the devices of a house. */
import type { LoopKind } from '@nabolag/control'
import { type CapabilityName, Problem, type ProblemError } from '@nabolag/core'
import { integrationOf } from '@nabolag/integrations'
import type { NewLoop, Room, Tenant } from '@nabolag/store'
import type { Newest, TimeSeries } from '@nabolag/timeseries'
import { wrongBody } from './complaints.ts'
import type { GivenActuator, NewRoom } from './schemas-rooms.ts'

type Sensor = Room['sensors'][number]
type Place = NewLoop['actuator']

/** What moves a loop of each kind. */
const movers: Readonly<Record<LoopKind, readonly CapabilityName[]>> = {
  heating: ['thermostat', 'heater'],
  ventilation: ['ventilation'],
  battery: ['battery'],
}

/** The capabilities that move a loop of that kind. */
export const moversOf = (kind: LoopKind): readonly CapabilityName[] => movers[kind]

/** The newest temperatures of a house; none of them where the time series cannot be reached: they are not worth a page. */
export async function newestTemperatures(timeseries: TimeSeries, houseId: number): Promise<readonly Newest[]> {
  try {
    return await timeseries.newest({ houseId, field: 'temperature' })
  } catch (error) {
    if ((error as Partial<ProblemError>).code === 'engine-down') return []
    throw error
  }
}

export const isOf = (sensor: Sensor, one: Newest): boolean =>
  one.device === sensor.device &&
  one.count === sensor.count &&
  one.location === sensor.location &&
  one.group === sensor.group

/**
 * The sensors with everything said. A place that a device has never measured at, while it measures elsewhere, is refused.
 *
 * @throws ProblemError `no-such-device`, `bad-request`
 */
export async function findSensors(
  tenant: Tenant,
  houseId: number,
  given: NonNullable<NewRoom['sensors']>,
  newest: readonly Newest[],
): Promise<Sensor[]> {
  const sensors = await Promise.all(
    given.map(async ({ device: name, count = 0, location = '', group }, i) => {
      const device = await deviceOf(tenant, houseId, name, count, `/sensors/${i}/device`)
      const sensor = { device: device.integration, count, location, group: group ?? device.group }
      const places = newest.filter((one) => isOf({ ...sensor, location: one.location }, one))
      if (places.length > 0 && !places.some((one) => one.location === location))
        throw wrongBody({ path: `/sensors/${i}/location`, expected: `must be one of ${listed(places)}` })
      return sensor
    }),
  )
  const keys = sensors.map((sensor) => JSON.stringify(sensor))
  const twice = keys.findIndex((key, i) => keys.indexOf(key) < i)
  if (twice >= 0) throw wrongBody({ path: `/sensors/${twice}`, expected: 'is there already' })
  return sensors
}

/**
 * The actuator with everything said. What its vendor has answered counts; before that, what its kind of device can do.
 *
 * @param at where it stands in the body
 * @throws ProblemError `no-such-device`, `bad-request`
 */
export async function findActuator(
  tenant: Tenant,
  houseId: number,
  kind: LoopKind,
  { device: name, count = 0, location, capability }: GivenActuator,
  at = '/actuator',
): Promise<Place> {
  const device = await deviceOf(tenant, houseId, name, count, `${at}/device`)
  const able = capability === undefined ? movers[kind] : movers[kind].filter((one) => one === capability)
  const right = movers[kind].join(' or ')
  if (able.length === 0) throw wrongBody({ path: `${at}/capability`, expected: `must be ${right} for ${kind}` })
  const place = { device: device.integration, count }
  const { actuators } = await tenant.commandable(houseId, device.integration, count)
  if (actuators === undefined) {
    const declared = Object.keys(integrationOf(device.integration)?.commands ?? {})
    const found = able.find((one) => declared.includes(one))
    if (found) return { ...place, location: location ?? '', capability: found }
    throw wrongBody({ path: at, expected: `must be of a device that is a ${right}; ${device.integration} is none` })
  }
  const fitting = actuators.filter((one) => able.includes(one.capability))
  if (fitting.length === 0)
    throw wrongBody({ path: at, expected: `must be of a device that is a ${right}; ${device.integration} is none` })
  const found = fitting.filter((one) => location === undefined || one.location === location)
  if (found.length !== 1) throw wrongBody({ path: `${at}/location`, expected: `must be one of ${listed(fitting)}` })
  return { ...place, location: found[0]!.location, capability: found[0]!.capability }
}

const listed = (places: readonly { readonly location: string }[]): string =>
  [...new Set(places.map(({ location }) => (location === '' ? '"" (no name)' : location)))].join(', ')

async function deviceOf(tenant: Tenant, houseId: number, name: string, count: number, path: string) {
  try {
    return await tenant.device(houseId, name, count)
  } catch (error) {
    const { code } = error as Partial<ProblemError>
    if (code !== 'no-such-device' && code !== 'no-such-integration') throw error
    const expected = `must name a device of this house; there is no ${name}/${count}`
    throw Problem('no-such-device', `body: ${path} ${expected}`, { errors: [{ path, expected }] })
  }
}
