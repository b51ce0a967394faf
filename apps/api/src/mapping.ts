/** What the data say of which thermometer is in which room. */
import type { Place, Proposal } from '@nabolag/control'
import type { CapabilityName, ProblemError } from '@nabolag/core'
import { contradictionsOf, type NameOf, setupOf } from '@nabolag/house-data'
import { integrationOf } from '@nabolag/integrations'
import type { Device, House, HouseControl } from '@nabolag/store'
import type { TimeSeries } from '@nabolag/timeseries'
import { moversOf } from './places.ts'

/** Days of data that are looked at. */
const days = 14
/** The data say it again within this time, ms: a mapping is wrong for weeks before anybody asks. */
const lasting = 3_600_000
const mostHouses = 500

type Found = Awaited<ReturnType<typeof contradictionsOf>>
type Kept = { readonly key: string; readonly at: number; readonly found: Promise<Found> }

/**
 * Sensors that the data say are in another room, found anew once an hour and whenever the mapping changes. None where
 * the time series cannot be reached: nothing is known then.
 */
export function rememberContradictions(timeseries: TimeSeries) {
  const kept = new Map<number, Kept>()
  return async (house: House, control: HouseControl, devices: readonly Device[], now: number): Promise<Found> => {
    const setup = setupOf(house, control)
    const key = JSON.stringify([
      setup.rooms.map(({ id, sensors }) => [id, sensors]),
      setup.loops.map(({ room, actuator: { device, count, location } }) => [room, device, count, location]),
    ])
    const before = kept.get(house.id)
    if (before && before.key === key && now - before.at < lasting && now >= before.at) return before.found
    const found = contradictionsOf(timeseries, setup, { to: now, days }, namesOf(devices)).catch((error) => {
      kept.delete(house.id)
      if ((error as Partial<ProblemError>).code === 'engine-down') return []
      throw error
    })
    kept.delete(house.id)
    kept.set(house.id, { key, at: now, found })
    if (kept.size > mostHouses) kept.delete(kept.keys().next().value!)
    return found
  }
}

/** Names of places for sentences, where the device's own name is not the better one. */
export const namesOf =
  (devices: readonly Device[]): NameOf =>
  (place) => {
    const device = devices.find(({ integration, count }) => integration === place.device && count === place.count)
    if (!device || (device.label === undefined && heaterOf(place.device))) return undefined
    const name = device.label ?? device.integrationLabel
    return place.location === '' ? name : `${name} in '${place.location}'`
  }

/** How such a device heats a room, where it does. */
const heaterOf = (integration: string): CapabilityName | undefined => {
  const declared = Object.keys(integrationOf(integration)?.commands ?? {})
  return moversOf('heating').find((one) => declared.includes(one))
}

/** Actuators that nothing here can move are left out: no loop could be made for them. */
export function proposalView({ pairs, rooms, unmatched }: Proposal) {
  const actuatorOf = ({ device, count, location }: Place) => {
    const capability = heaterOf(device)
    return capability && { device, count, location, capability }
  }
  return {
    pairs: pairs.flatMap(({ sensor, actuator: place, by, following, sentence }) => {
      const actuator = actuatorOf(place)
      const found = following.outcome === 'found' ? following : undefined
      return actuator
        ? {
            ...{ sensor, actuator, by, sentence, hours: following.hours },
            ...{ correlation: found?.correlation ?? null, lagMinutes: found?.lagMinutes ?? null },
          }
        : []
    }),
    rooms: rooms.flatMap(({ name, sensors, actuator: place }) => {
      const actuator = actuatorOf(place)
      return actuator ? { name, sensors: [...sensors], actuator } : []
    }),
    unmatched: unmatched.map(({ sensor, because }) => ({ ...sensor, because })),
  }
}
