/** Between what a control sets and what an actuator is told: bounds of the one, verbs of the other. */
import type { Bound } from '@nabolag/core'
import { isNumber, type Wanted } from '../controls/define-control.ts'
import type { Setpoints } from '../controls/whole-steps.ts'
import { type Limits, roomLimits } from '../safety/limits.ts'
import type { LoopCommand, LoopSetup } from './types.ts'

/** By capability: which verb carries what a control sets, and what the verb calls it. */
const verbs: Readonly<Record<string, Readonly<Record<string, readonly [verb: string, argument: string]>>>> = {
  thermostat: {
    temperature: ['setTargetTemperature', 'temperature'],
    on: ['setOn', 'on'],
    fanLevel: ['setFanLevel', 'fanLevel'],
    mode: ['setMode', 'mode'],
  },
  heater: { temperature: ['setTargetTemperature', 'temperature'], on: ['setOn', 'on'] },
  ventilation: { fanLevel: ['setFanLevel', 'fanLevel'], temperature: ['setSupplySetpoint', 'temperature'] },
  battery: {
    power: ['setGridSetpoint', 'power'],
    chargeLimit: ['setChargeLimit', 'power'],
    dischargeLimit: ['setDischargeLimit', 'power'],
  },
}

/** One command for each thing that is set; what the actuator has no verb for is left out. */
export function commandsOf({ id, actuator }: LoopSetup, set: Wanted): LoopCommand[] {
  const { capability, location } = actuator
  return Object.entries(set).flatMap(([name, value]) => {
    const found = verbs[capability]?.[name]
    if (!found || (actuator.verbs && !Object.hasOwn(actuator.verbs, found[0]))) return []
    const [verb, argument] = found
    return [{ loop: id, capability, verb, arguments: { ...(location !== '' && { location }), [argument]: value } }]
  })
}

/** What a control calls the thing that a verb sets, such as `temperature`. */
export const setBy = (capability: string, verb: string): string | undefined =>
  Object.entries(verbs[capability] ?? {}).find(([, [name]]) => name === verb)?.[0]

/** What the actuator and its owner allow of each thing that a control may set. */
function boundsOf({ actuator, limits }: LoopSetup): Record<string, Bound> {
  const bounds: Record<string, Bound> = {}
  for (const [name, [verb, argument]] of Object.entries(verbs[actuator.capability] ?? {})) {
    const known = actuator.verbs
    if (known && !Object.hasOwn(known, verb)) continue
    const own: Bound = { ...usual[actuator.capability]?.[name], ...known?.[verb]?.[argument] }
    bounds[name] = name === 'temperature' ? narrowed(own, limits.lowest, limits.highest) : own
  }
  return bounds
}

const usual: Readonly<Record<string, Readonly<Record<string, Bound>>>> = {
  thermostat: { temperature: { minimum: 10, maximum: 26, step: 1 }, on: { values: [true, false] } },
  heater: { temperature: { minimum: 5, maximum: 26, step: 1 }, on: { values: [true, false] } },
  ventilation: {
    fanLevel: { values: ['auto', 'low', 'normal', 'high'] },
    temperature: { minimum: 12, maximum: 22, step: 1 },
  },
  battery: {
    power: { minimum: -20_000, maximum: 20_000 },
    chargeLimit: { minimum: 0, maximum: 20_000 },
    dischargeLimit: { minimum: 0, maximum: 20_000 },
  },
}

/** Nobody sleeps well above it, whatever the unit could do; the owner may say otherwise. */
const warmest = 26

/** Of a unit that names the values it takes, the least and the greatest of these are its ends, and they are its steps. */
function narrowed(bound: Bound, lowest: number | undefined, highest: number | undefined): Bound {
  const taken = (bound.values ?? []).filter(isNumber)
  const ends = taken.length > 0 ? [Math.min(...taken), Math.max(...taken)] : [5, warmest]
  const minimum = Math.max(bound.minimum ?? ends[0]!, ends[0]!, lowest ?? Number.NEGATIVE_INFINITY)
  const maximum = Math.min(bound.maximum ?? warmest, ends[1]!, highest ?? warmest)
  const { step, ...rest } = bound
  const steps = taken.length === 0 && step !== undefined ? { step } : {}
  return { ...rest, ...steps, minimum, maximum: Math.max(minimum, maximum) }
}

/** Whether a unit in that mode heats when it is told to be warmer; one that cools, dries or only blows does not. */
export const heats = (mode: string | undefined): boolean => mode === undefined || mode === 'heat' || mode === 'auto'

/** What a heat pump or heater takes, °C. */
export function setpointsOf(loop: LoopSetup): Setpoints {
  const { minimum = 16, maximum = 26, step = 1 } = boundsOf(loop).temperature ?? {}
  return { lowest: minimum, highest: maximum, step }
}

const day = 24 * 60

/**
 * The limits outside every algorithm, of one loop.
 *
 * @param wish °C that the room is left with when its readings stay away
 */
export function limitsOf(loop: LoopSetup, wish: number): Limits {
  const bounds = boundsOf(loop)
  const { minutesBetween, movesPerDay, frost = 8, heat = 28 } = loop.limits
  switch (loop.kind) {
    case 'heating':
      return {
        ...roomLimits,
        bounds,
        minutesBetween: minutesBetween ?? roomLimits.minutesBetween,
        movesPerDay: movesPerDay ?? roomLimits.movesPerDay,
        frost: { below: frost, set: Math.max(frost + 4, 12) },
        heat: { above: heat, set: 16 },
        fallback: { temperature: wish },
      }
    case 'ventilation':
      return {
        ...roomLimits,
        bounds,
        minutesBetween: minutesBetween ?? 15,
        movesPerDay: movesPerDay ?? 36,
        frost: undefined,
        heat: undefined,
        fallback: { fanLevel: 'auto' },
      }
    case 'battery':
      return {
        bounds,
        reading: { freshMinutes: 15, lowest: 0, highest: 100, jump: 30, perHour: 100, agreeing: 2 },
        minutesBetween: minutesBetween ?? 4,
        movesPerDay: movesPerDay ?? day / 5,
        // The inverter's own rule: sun for the house, nothing bought or sold on purpose.
        fallback: { power: 0 },
        fallbackAfter: 30,
      }
  }
}
