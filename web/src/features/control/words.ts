import { describeBound } from '@nabolag/core/bounds'
import {
  type Bound,
  type CapabilityName,
  type CommandState,
  capabilities,
  isFinal,
  verbOf,
} from '@nabolag/core/capabilities'
import type { Newest } from '../../api.ts'
import { measure, words } from '../houses/words.ts'
import type { Command } from './api.ts'

/** One value that a verb takes, as its control needs it. */
export type Dial = {
  readonly capability: CapabilityName
  readonly verb: string
  readonly argument: string
  readonly label: string
  readonly meaning: string
  readonly kind: 'number' | 'switch' | 'choice' | 'text'
  readonly unit: string
  readonly bound: Bound
  /** Of a later reading that shows it. */
  readonly field: string | undefined
}

type Shape = { readonly type?: string; readonly unit?: string; readonly description?: string }

/** `setTargetTemperature` is "Target temperature". */
export const verbWords = (verb: string): string => words(verb.replace(/^set(?=[A-Z])/, (_) => '')).replace(/^\w/, upper)
const upper = (letter: string) => letter.toUpperCase()

/** The controls of an actuator; a verb that takes more than one value (a schedule) has none. */
export function dialsOf(capability: CapabilityName, verbs: Readonly<Record<string, Readonly<Record<string, Bound>>>>) {
  return Object.keys(capabilities[capability].verbs).flatMap((verb): Dial[] => {
    const bounds = verbs[verb]
    const known = verbOf(capability, verb)
    if (!bounds || !known) return []
    const shapes = Object.entries(known.arguments.properties as Readonly<Record<string, Shape>>)
    const [one, ...more] = shapes.filter(([name]) => name !== 'location')
    if (!one || more.length > 0) return []
    const [argument, { type, unit = '' }] = one
    const bound = bounds[argument] ?? {}
    return [
      {
        capability,
        verb,
        argument,
        label: verb === 'setOn' ? 'On' : verbWords(verb),
        meaning: known.meaning,
        kind: kindOf(type, bound),
        unit,
        bound: isScale(bound) ? scaleOf(bound) : bound,
        field: known.confirmedBy?.field,
      },
    ]
  })
}

/** Numbers that a vendor lists one by one. */
const isScale = ({ values }: Bound): boolean =>
  values !== undefined && values.length > 0 && values.every((value) => typeof value === 'number')

/** They have a beginning and an end as well. */
function scaleOf(bound: Bound): Bound {
  const values = (bound.values ?? []).map(Number).sort((a, b) => a - b)
  return { ...bound, values, minimum: values[0], maximum: values.at(-1) }
}

/** The next value up or down from one; one that lies between listed values goes to the next of them. */
export function moved(dial: Dial, from: number, way: 1 | -1): number {
  const { values, minimum, maximum } = dial.bound
  if (values) {
    const list = values.map(Number)
    return (way > 0 ? list.find((value) => value > from) : list.findLast((value) => value < from)) ?? from
  }
  return nearest({ minimum, maximum }, Math.round((from + way * stepOf(dial)) * 1000) / 1000)
}

/** What is typed, brought within the bound; of listed values the nearest. */
export function nearest({ values, minimum, maximum }: Bound, wanted: number): number {
  const list = (values ?? []).map(Number)
  if (list.length > 0)
    return list.reduce((best, value) => (Math.abs(value - wanted) < Math.abs(best - wanted) ? value : best))
  return Math.min(maximum ?? wanted, Math.max(minimum ?? wanted, wanted))
}

/** What a number may be, in words; empty where the device says nothing narrower than its kind. */
export function describeScale({
  capability,
  verb,
  argument,
  bound: { values, minimum, maximum, step },
  unit,
}: Dial): string {
  const steps = new Set(values?.slice(1).map((value, index) => Number(value) - Number(values[index])))
  const { [argument]: shape } = (verbOf(capability, verb)?.arguments.properties ?? {}) as Readonly<
    Record<string, Bound>
  >
  // What everything of its kind allows tells nothing of this one.
  if (step === undefined && !values && minimum === shape?.minimum && maximum === shape?.maximum) return ''
  if (values && values.length > 1 && steps.size > 1)
    return values.map((value) => measure(value, unit || null)).join(', ')
  return describeBound({ minimum, maximum, step: values ? [...steps][0] : step }, unit)
}

const kindOf = (type: string | undefined, { values }: Bound): Dial['kind'] => {
  if (type === 'boolean') return 'switch'
  if (values !== undefined) return isScale({ values }) ? 'number' : 'choice'
  return type === 'number' || type === 'integer' ? 'number' : 'text'
}

/** By how much one press changes a value that is not one of a list. */
function stepOf({ bound: { step }, unit }: Dial): number {
  if (step !== undefined) return step
  return { '°C': 0.5, W: 100, '%': 5, min: 5 }[unit] ?? 1
}

/** What was asked for: "Target temperature 22 °C". */
export function describeCommand({
  capability,
  verb,
  arguments: given,
}: Pick<Command, 'capability' | 'verb' | 'arguments'>) {
  if (verb === 'setOn') return given.on === true ? 'Switch on' : 'Switch off'
  if (verb === 'setFallback') return 'Schedule to fall back on'
  const shapes = (verbOf(capability, verb)?.arguments.properties ?? {}) as Readonly<Record<string, Shape>>
  const values = Object.entries(given).flatMap(([name, value]) =>
    name === 'location' || typeof value === 'object' ? [] : [measure(value as number, shapes[name]?.unit ?? null)],
  )
  return [verbWords(verb), ...values].join(' ')
}

/** How long after it was asked for a command that nobody saw confirmed is still shown as wanted, ms. */
const patience = 5 * 60_000

/** Whether something may still come of it soon. */
export const isOpen = ({ state, created_at }: Pick<Command, 'state' | 'created_at'>, now = Date.now()): boolean =>
  !isFinal(state) && now - Date.parse(created_at) < patience

/** What a control shows: what is wanted while that is on its way, else what was read last. */
export function shownValue(
  { verb, argument, field }: Dial,
  commands: readonly Command[],
  readings: readonly Newest[],
): { readonly value: string | number | boolean | undefined; readonly wanted: boolean } {
  const last = commands.find((command) => command.verb === verb)
  const read = readings.find((newest) => newest.field === field)
  const asked = last && (isOpen(last) || isAhead(last, read)) ? last.arguments[argument] : undefined
  if (typeof asked === 'string' || typeof asked === 'number' || typeof asked === 'boolean')
    return { value: asked, wanted: true }
  return { value: read?.value, wanted: false }
}

/** Whether it was confirmed just now, and the reading that shows it is not here yet. */
const isAhead = ({ state, created_at, changed_at }: Command, read: Newest | undefined): boolean =>
  state === 'confirmed' && Date.now() - Date.parse(changed_at) < 30_000 && !(read && read.time > created_at)

/** The steps a command goes through when all is well, and the words for a resident. */
export const stateWords: Readonly<Record<CommandState, string>> = {
  accepted: 'Accepted',
  sent: 'Sent',
  applied: 'Done, says the vendor',
  confirmed: 'Confirmed',
  refused: 'Refused',
  expired: 'Not sent any more',
  failed: 'Failed',
}

/** The reading that stands large on the card, and those beside it in this order. */
export const shownFields: Readonly<Record<CapabilityName, readonly [string, ...string[]]>> = {
  thermostat: ['temperature', 'humidity', 'power'],
  heater: ['temperature', 'power', 'energyToday', 'openWindow', 'humidity'],
  ventilation: ['supplyAirTemperature', 'outdoorTemperature', 'extractAirTemperature', 'humidity', 'co2', 'mode'],
  battery: ['batteryCharge', 'batteryPower', 'solarPower', 'powerConsumption', 'gridPower'],
}
