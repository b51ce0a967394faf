/**
 * The schedule that is left with the vendor of a heat pump, so that the room is warm when this server, its data or the
 * internet are gone: the comfort wish of a weekday, in at most eight steps.
 */
import { clamp } from '../controls/define-control.ts'
import { nearestStep } from '../controls/whole-steps.ts'
import { setpointsOf } from './actuate.ts'
import type { LoopCommand, LoopMemory, LoopSetup, RoomSetup } from './types.ts'

type Step = { readonly at: string; readonly temperature: number }

const mostSteps = 8
/** A vendor is told of changes once a day at most. */
const leastHours = 24

/** The day in steps: neighbours that differ least are joined, the warmer wish holding, until there are few enough. */
export function fallbackSchedule({ comfort }: RoomSetup, loop: LoopSetup): Step[] {
  const setpoints = setpointsOf(loop)
  const hours = comfort.weekday.map(({ temperature }, hour) => ({
    hour,
    temperature: nearestStep(clamp(temperature, setpoints.lowest, setpoints.highest), setpoints),
  }))
  let steps = hours.filter(({ temperature }, i) => i === 0 || temperature !== hours[i - 1]!.temperature)
  while (steps.length > mostSteps) {
    let least = 1
    for (let i = 2; i < steps.length; i++) {
      const jump = (n: number) => Math.abs(steps[n]!.temperature - steps[n - 1]!.temperature)
      if (jump(i) < jump(least)) least = i
    }
    const warmer = Math.max(steps[least - 1]!.temperature, steps[least]!.temperature)
    steps = steps.flatMap((step, i) => {
      if (i === least) return []
      return i === least - 1 ? [{ ...step, temperature: warmer }] : [step]
    })
    steps = steps.filter(({ temperature }, i) => i === 0 || temperature !== steps[i - 1]!.temperature)
  }
  return steps.map(({ hour, temperature }) => ({ at: `${String(hour).padStart(2, '0')}:00`, temperature }))
}

/**
 * What is to be told to the vendor now, if anything: the schedule when control begins or the wish has changed, an empty
 * one when control ends and the schedule is ours.
 */
export function fallbackOf(
  room: RoomSetup,
  loop: LoopSetup,
  before: LoopMemory['fallback'],
  { now, timezone }: { readonly now: number; readonly timezone: string },
): { readonly command?: LoopCommand; readonly memory: LoopMemory['fallback'] } {
  const { capability, location, verbs } = loop.actuator
  if (capability !== 'thermostat' || !verbs || !Object.hasOwn(verbs, 'setFallback')) return { memory: before }
  const wanted = loop.mode === 'control' ? fallbackSchedule(room, loop) : []
  // In another time zone the same hours are others.
  const text = wanted.length > 0 ? JSON.stringify({ timezone, wanted }) : '[]'
  if (text === (before?.schedule ?? '[]')) return { memory: before }
  const waits = before !== undefined && wanted.length > 0 && Math.abs(now - before.at) < leastHours * 3_600_000
  if (waits) return { memory: before }
  return {
    command: {
      loop: loop.id,
      capability,
      verb: 'setFallback',
      arguments: { ...(location !== '' && { location }), timezone, schedule: wanted },
    },
    memory: { at: now, schedule: text },
  }
}
