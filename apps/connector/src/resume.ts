/**
 * What one connector hands over to the next: the course of each device. So a restart asks no vendor early, keeps pauses,
 * and does not try refused credentials again.
 */
import { deviceStates } from '@nabolag/core'
import type { FleetDevice } from '@nabolag/store'
import { type Static, Type } from 'typebox'
import { Check } from 'typebox/value'
import { type Course, newCourse } from './course.ts'

const Time = Type.Number()
const kinds = ['unreachable', 'throttled', 'refused', 'changed', 'rejected'] as const
const Resume = Type.Object({
  generation: Type.Number(),
  course: Type.Object({
    state: Type.Enum(Object.keys(deviceStates) as (keyof typeof deviceStates)[]),
    reason: Type.Optional(Type.String()),
    kind: Type.Optional(Type.Enum([...kinds])),
    failures: Type.Number(),
    goodSince: Type.Optional(Time),
    goodCount: Type.Number(),
    movedAt: Time,
    newest: Type.Optional(Time),
    nextTryAt: Time,
  }),
})

/** Nothing waits for longer; a later time is one of a clock that was wrong. */
const longest = 8 * 24 * 3_600_000

export const writeResume = (generation: number, course: Course): Static<typeof Resume> => ({ generation, course })

/**
 * Where a device goes on. `undefined` for one that starts afresh: it never ran, its owner stopped it or started it again,
 * or what was handed over cannot be read.
 */
export function readResume({ resume, status, generation }: FleetDevice): Course | undefined {
  if (!status || status.state === 'stopped' || !Check(Resume, resume) || resume.generation !== generation) return
  const now = Date.now()
  if (resume.course.nextTryAt > now + longest) return
  return { ...newCourse(now, now), ...resume.course }
}
