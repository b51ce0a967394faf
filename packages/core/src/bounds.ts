/** Bounds of what may be commanded: kept or not, taken together, said in words, and set by a house's owner. */
import type { TSchema } from 'typebox'
import { type Actuator, type Bound, capabilities, verbOf } from './capabilities.ts'

/** Limits that the owner sets: capability → verb → argument. */
export type OwnBounds = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, Bound>>>>>>

/** What is known of a device when a command is checked. */
export type Commandable = {
  /** As its vendor's last answer showed them; `undefined` while that is not known. */
  readonly actuators: readonly Actuator[] | undefined
  readonly bounds: OwnBounds
}

/** What is read of the schemas in the table of capabilities. */
export type Described = TSchema & {
  readonly type?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly enum?: readonly unknown[]
  readonly items?: TSchema
  readonly properties?: Readonly<Record<string, TSchema>>
  readonly maxItems?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly unit?: string
}

/** A value as it may stand in a sentence. */
export const quoted = (value: unknown): string => {
  if (typeof value === 'number') return String(value)
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
export const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '))
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether the value keeps the bound. Nothing but a finite number keeps one with `minimum`, `maximum` or `step`. */
export function keepsBound(value: unknown, { minimum, maximum, step, values }: Bound): boolean {
  if (values !== undefined && !values.some((one) => one === value)) return false
  if (minimum === undefined && maximum === undefined && step === undefined) return true
  if (typeof value !== 'number' || !Number.isFinite(value)) return false
  if (minimum !== undefined && value < minimum) return false
  if (maximum !== undefined && value > maximum) return false
  return step === undefined || isMultiple(value - (minimum ?? 0), step)
}

const isMultiple = (value: number, step: number) =>
  step > 0 && Math.abs(value / step - Math.round(value / step)) < 1e-6 * Math.max(1, Math.abs(value / step))

/** One bound that says what several together leave; the steps of the first that has some. */
export function narrowest(bounds: readonly Bound[]): Bound {
  const minima = bounds.flatMap(({ minimum }) => (minimum === undefined ? [] : [minimum]))
  const maxima = bounds.flatMap(({ maximum }) => (maximum === undefined ? [] : [maximum]))
  const stepped = bounds.find(({ step }) => step !== undefined && step > 0)
  const lists = bounds.flatMap(({ values }) => (values === undefined ? [] : [values]))
  const lowest = minima.length === 0 ? undefined : Math.max(...minima)
  // The steps count from the bound's own beginning: the first one that lies within the others.
  const from = stepped?.minimum ?? 0
  const minimum =
    lowest === undefined || stepped?.step === undefined
      ? lowest
      : round(from + Math.ceil((lowest - from) / stepped.step - 1e-9) * stepped.step)
  const values = lists[0]?.filter((value) => bounds.every((bound) => keepsBound(value, bound)))
  return {
    ...(minimum === undefined ? {} : { minimum }),
    ...(maxima.length === 0 ? {} : { maximum: Math.min(...maxima) }),
    ...(stepped?.step === undefined ? {} : { step: stepped.step }),
    ...(values === undefined ? {} : { values }),
  }
}

const round = (value: number) => Math.round(value * 1e9) / 1e9

/** A bound in words: `18 to 24 °C in steps of 0.5`. */
export function describeBound({ minimum, maximum, step, values }: Bound, unit = ''): string {
  const of = unit === '' ? '' : ` ${unit}`
  if (values !== undefined) return listed(values.map(String))
  const steps = step === undefined ? '' : ` in steps of ${step}`
  if (minimum !== undefined && maximum !== undefined)
    return minimum > maximum ? 'nothing: the bounds leave no room' : `${minimum} to ${maximum}${of}${steps}`
  if (minimum !== undefined) return `${minimum}${of} or more${steps}`
  if (maximum !== undefined) return `${maximum}${of} or less${steps}`
  return step === undefined ? 'anything' : `multiples of ${step}${of}`
}

/** What may be asked of each actuator, with the bounds of capability, actuator and owner taken together. */
export const describeActuators = ({ actuators, bounds }: Commandable): Actuator[] =>
  (actuators ?? []).map((actuator) => ({
    location: actuator.location,
    capability: actuator.capability,
    verbs: Object.fromEntries(
      Object.entries(actuator.verbs).map(([name, own]) => [name, narrowed(actuator, name, own, bounds)]),
    ),
  }))

function narrowed(actuator: Actuator, name: string, own: Readonly<Record<string, Bound>>, bounds: OwnBounds) {
  const verb = verbOf(actuator.capability, name)
  if (!verb) return own
  const verbs = verb.boundedAs === undefined ? [name] : [name, verb.boundedAs]
  return Object.fromEntries(
    argumentsOf(verb.arguments).map(([argument, schema]) => {
      const { minimum, maximum, enum: values } = schema as Described
      const all: Bound[] = [
        ...verbs.flatMap((one) => [actuator.verbs[one]?.[argument], bounds[actuator.capability]?.[one]?.[argument]]),
        { minimum, maximum, values: values as readonly string[] | undefined },
      ].filter((bound) => bound !== undefined)
      return [argument, narrowest(all)]
    }),
  )
}

/** The names and schemas of the values a verb takes, those in lists too; not `location`. */
const argumentsOf = (schema: TSchema): [string, TSchema][] =>
  Object.entries((schema as Described).properties ?? {}).flatMap(([argument, of]) =>
    argument === 'location'
      ? []
      : (of as Described).items
        ? argumentsOf((of as Described).items as TSchema)
        : [[argument, of] as [string, TSchema]],
  )

/**
 * Checks what an owner wants to be kept to. What comes out holds nothing but bounds of arguments that there are.
 *
 * @returns the bounds, or one sentence on what is wrong
 */
export function checkOwnBounds(given: unknown): { readonly bounds: OwnBounds } | { readonly complaint: string } {
  if (!isRecord(given)) return { complaint: 'bounds is an object: capability, verb, argument' }
  const bounds: Record<string, Record<string, Record<string, Bound>>> = {}
  for (const [capability, verbs] of Object.entries(given)) {
    if (!Object.hasOwn(capabilities, capability))
      return { complaint: `bounds: there is no capability ${quoted(capability)}` }
    if (!isRecord(verbs)) return { complaint: `bounds.${capability} is an object of verbs` }
    for (const [name, args] of Object.entries(verbs)) {
      const verb = verbOf(capability, name)
      if (!verb) return { complaint: `bounds.${capability}: there is no verb ${quoted(name)}` }
      if (!isRecord(args)) return { complaint: `bounds.${capability}.${name} is an object of arguments` }
      const known = new Map(argumentsOf(verb.arguments))
      for (const [argument, bound] of Object.entries(args)) {
        const schema = known.get(argument)
        const where = `bounds.${capability}.${name}.${argument}`
        if (!schema) return { complaint: `${where}: there is no such argument; there is ${listed([...known.keys()])}` }
        const complaint = complainOfBound(bound, schema as Described)
        if (complaint) return { complaint: `${where} ${complaint}` }
        bounds[capability] ??= {}
        bounds[capability][name] ??= {}
        bounds[capability][name][argument] = bound as Bound
      }
    }
  }
  return { bounds }
}

function complainOfBound(bound: unknown, { type }: Described): string | undefined {
  if (!isRecord(bound) || Object.keys(bound).length === 0) return 'needs minimum, maximum, step or values'
  const strange = Object.keys(bound).find((key) => !['minimum', 'maximum', 'step', 'values'].includes(key))
  if (strange !== undefined) return `has no ${quoted(strange)}; it has minimum, maximum, step and values`
  const { minimum, maximum, step, values } = bound
  const isNumber = type === 'number' || type === 'integer'
  for (const [key, value] of Object.entries({ minimum, maximum, step })) {
    if (value === undefined) continue
    if (!isNumber) return `is not a number and has no ${key}`
    if (typeof value !== 'number' || !Number.isFinite(value)) return `must have a number as ${key}`
  }
  if (typeof step === 'number' && step <= 0) return 'must have a step above 0'
  if (typeof minimum === 'number' && typeof maximum === 'number' && minimum > maximum)
    return 'has a minimum above its maximum'
  if (values === undefined) return undefined
  const kind = isNumber ? 'number' : type === 'boolean' ? 'boolean' : 'string'
  if (!Array.isArray(values) || values.length === 0 || values.length > 50 || values.some((one) => typeof one !== kind))
    return `must have 1 to 50 values, each a ${kind}`
  return undefined
}
