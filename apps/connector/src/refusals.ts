/** Credentials that a vendor refused stay refused over a restart of the connector: they are not tried again at once. */
import type { Fleet, FleetDevice } from '@nabolag/store'
import { type Course, newCourse } from './course.ts'
import type { Unit } from './unit.ts'

const key = 'refused-generation'

export const rememberRefused = (fleet: Pick<Fleet, 'remember'>, unit: Unit): Promise<void> =>
  fleet.remember(unit.id, key, unit.generation)

/** The course of a device whose present credentials are known to be refused; `undefined` for all others. */
export async function courseOfRefused(fleet: Pick<Fleet, 'memory'>, device: FleetDevice): Promise<Course | undefined> {
  const { status } = device
  if (status?.state !== 'refused' || status.nextTryAt === undefined) return undefined
  const memory = await fleet.memory(device.id)
  if (memory[key] !== device.generation) return undefined
  return {
    ...newCourse(Date.now(), status.nextTryAt),
    state: 'refused',
    kind: 'refused',
    failures: 1,
    reason: status.reason,
  }
}
