/** What can be commanded of a device, as its newest answer shows it, at the locations its readings are logged under. */
import type { Actuator } from '@nabolag/core'
import type { FoundActuator } from '@nabolag/integrations/define'
import type { Loaded } from '../loaded.ts'
import type { Member, Source } from '../source.ts'

/** An account does not hold more. */
const most = 200

export type Found = { readonly actuator: Actuator; readonly place: string | undefined }

/** `undefined` where nobody knows (yet). @throws whatever the integration throws */
export function findActuators(
  loaded: Loaded,
  source: Pick<Source, 'status' | 'credentials'>,
  member: Pick<Member, 'places'>,
): readonly Found[] | undefined {
  if (!loaded.actuators || source.status === undefined) return undefined
  return loaded
    .actuators(source.status, source.credentials)
    .slice(0, most)
    .map(({ location, place, ...rest }: FoundActuator) => ({
      actuator: {
        ...rest,
        location: (place === undefined ? undefined : member.places.get(place)?.location) ?? location ?? '',
      },
      place,
    }))
}

/** The place of the actuator at that location. */
export const placeOf = (
  found: readonly Found[] | undefined,
  capability: string,
  location: string,
): string | undefined =>
  found?.find(({ actuator }) => actuator.capability === capability && actuator.location === location)?.place
