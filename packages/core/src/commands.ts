/**
 * A command before it is sent: whether there is such a verb, whether its arguments are of the right kind, which actuator
 * is meant, and whether every value lies within the bounds of the capability, of the actuator and of the house's owner.
 * The api and the connector ask the same function, so that nothing depends on which way a command came.
 */
import type { TSchema } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import {
  type Commandable,
  type Described,
  describeBound,
  isRecord,
  keepsBound,
  listed,
  narrowest,
  type OwnBounds,
  quoted,
} from './bounds.ts'
import {
  type Actuator,
  type Bound,
  type CapabilityName,
  type CommandState,
  capabilities,
  type Verb,
  verbOf,
} from './capabilities.ts'

/** A command as somebody gives it; nothing of it is trusted. */
export type GivenCommand = { readonly capability: unknown; readonly verb: unknown; readonly arguments: unknown }

export type CheckedCommand = {
  readonly capability: CapabilityName
  readonly verb: string
  /** Which actuator; empty where the device has only one without a name. */
  readonly location: string
  /** Without `location`. */
  readonly arguments: Readonly<Record<string, unknown>>
}

/** Why a command is not taken: `out-of-bounds` names the argument, its value and what is allowed. */
export type CommandComplaint = {
  readonly code: 'bad-request' | 'out-of-bounds'
  /** One sentence for a person, without a full stop. */
  readonly message: string
  readonly argument?: string
  readonly value?: unknown
  readonly allowed?: string
}

/** What is told on the bus at every change of a command's state. */
export type CommandResult = {
  /** The asker's own id where it gave one, else the command's. */
  readonly id: string
  /** The command's id in the API. */
  readonly command: string
  readonly state: CommandState
  readonly reason: string | null
  /** ISO 8601 in UTC. */
  readonly time: string
  readonly capability: string
  readonly verb: string
  readonly location: string
  readonly asked_by: string
}

/** Seconds a command may be carried out in: when nothing is said, and at most. */
export const usualValidity = 60
export const longestValidity = 3600

const complain = (message: string): { complaint: CommandComplaint } => ({
  complaint: { code: 'bad-request', message },
})
/**
 * Checks a command against everything that is known. Never throws, whatever it is handed.
 *
 * @returns the command with its actuator found, or what is wrong with it
 */
export function checkCommand(
  given: GivenCommand,
  { actuators, bounds }: Commandable,
): { readonly command: CheckedCommand } | { readonly complaint: CommandComplaint } {
  const { capability, verb: name } = given
  if (typeof capability !== 'string' || !Object.hasOwn(capabilities, capability))
    return complain(`There is no capability ${quoted(capability)}; there are ${listed(Object.keys(capabilities))}`)
  const known = capability as CapabilityName
  const verb = typeof name === 'string' ? verbOf(known, name) : undefined
  if (typeof name !== 'string' || !verb)
    return complain(`${known} has no verb ${quoted(name)}; it has ${listed(Object.keys(capabilities[known].verbs))}`)
  const args = given.arguments ?? {}
  if (!isRecord(args)) return complain('The arguments are an object of named values')
  const wrong = complainOfArguments(known, name, verb, args)
  if (wrong) return { complaint: wrong }

  const found = findActuator(known, name, args.location as string | undefined, actuators)
  if ('complaint' in found) return found
  const { location: _, ...values } = args
  const outside = complainOfBounds(known, name, verb, values, found.actuator, bounds)
  if (outside) return { complaint: outside }
  return { command: { capability: known, verb: name, location: found.location, arguments: values } }
}

const compiled = new Map<TSchema, Validator>()
const fits = (schema: TSchema, value: unknown): boolean => {
  let check = compiled.get(schema)
  if (!check) {
    check = Compile(schema)
    compiled.set(schema, check)
  }
  return check.Check(value)
}

/** Names, kinds and the capability's own bounds. */
function complainOfArguments(
  capability: CapabilityName,
  name: string,
  verb: Verb,
  args: Record<string, unknown>,
): CommandComplaint | undefined {
  const properties = verb.arguments.properties as Readonly<Record<string, TSchema>>
  const required = (verb.arguments.required ?? []) as readonly string[]
  const bad = (message: string): CommandComplaint => ({ code: 'bad-request', message })
  for (const argument of Object.keys(args))
    if (!Object.hasOwn(properties, argument))
      return bad(
        `${capability}.${name} has no argument ${quoted(argument)}; it has ${listed(Object.keys(properties).filter((one) => one !== 'location'))}`,
      )
  for (const argument of required)
    if (!Object.hasOwn(args, argument) || args[argument] === undefined)
      return bad(`${capability}.${name} needs the argument ${argument}`)
  for (const [argument, value] of Object.entries(args)) {
    if (value === undefined) continue
    const complaint = complainOfValue(argument, value, properties[argument]!)
    if (complaint) return complaint
  }
  return undefined
}

function complainOfValue(argument: string, value: unknown, schema: TSchema): CommandComplaint | undefined {
  const described = schema as Described
  const bad = (expected: string): CommandComplaint => ({
    code: 'bad-request',
    message: `${argument} must be ${expected}, not ${quoted(value)}`,
    argument,
    value,
  })
  if (described.type === 'number' || described.type === 'integer') {
    if (typeof value !== 'number' || !Number.isFinite(value)) return bad('a number')
    if (described.type === 'integer' && !Number.isInteger(value)) return bad('a whole number')
    return boundComplaint(argument, value, [described as Bound], described.unit)
  }
  if (described.type === 'boolean') return typeof value === 'boolean' ? undefined : bad('true or false')
  if (described.enum) {
    if (typeof value !== 'string') return bad('a text')
    return boundComplaint(argument, value, [{ values: described.enum as readonly string[] }])
  }
  if (described.type === 'array') {
    if (!Array.isArray(value)) return bad('a list')
    if (described.maxItems !== undefined && value.length > described.maxItems)
      return bad(`a list of at most ${described.maxItems}`)
    for (const item of value) {
      if (!isRecord(item)) return bad('a list of objects')
      const properties = (described.items as Described).properties ?? {}
      const strange = Object.keys(item).find((one) => !Object.hasOwn(properties, one))
      if (strange !== undefined) return bad(`a list of objects of ${listed(Object.keys(properties))}`)
      for (const [part, of] of Object.entries(properties)) {
        if (item[part] === undefined) return bad(`a list of objects with ${part}`)
        const complaint = complainOfValue(part, item[part], of)
        if (complaint) return complaint
      }
    }
    return undefined
  }
  if (typeof value !== 'string') return bad('a text')
  return fits(schema, value) ? undefined : bad(textOf(described))
}

const textOf = ({ pattern, minLength, maxLength }: Described): string =>
  pattern === undefined ? `a text of ${minLength ?? 0} to ${maxLength ?? '…'} characters` : `a text such as ${pattern}`

function findActuator(
  capability: CapabilityName,
  verb: string,
  location: string | undefined,
  actuators: readonly Actuator[] | undefined,
): { readonly location: string; readonly actuator?: Actuator } | { readonly complaint: CommandComplaint } {
  if (actuators === undefined) return { location: location ?? '' }
  const able = actuators.filter((one) => one.capability === capability)
  if (able.length === 0) {
    const there = [...new Set(actuators.map((one) => one.capability))]
    return complain(`This device has nothing with the capability ${capability}; it has ${listed(there)}`)
  }
  const places = able.map((one) => (one.location === '' ? '"" (no name)' : one.location))
  const [first] = able
  if (location === undefined && able.length > 1)
    return complain(`This device has several; say which with the argument location: ${listed(places)}`)
  const actuator = location === undefined ? first! : able.find((one) => one.location === location)
  if (!actuator) return complain(`There is no ${quoted(location)} with ${capability} here; there is ${listed(places)}`)
  if (!Object.hasOwn(actuator.verbs, verb))
    return complain(`This one does not know ${verb}; it knows ${listed(Object.keys(actuator.verbs))}`)
  return { location: actuator.location, actuator }
}

function complainOfBounds(
  capability: CapabilityName,
  name: string,
  verb: Verb,
  values: Readonly<Record<string, unknown>>,
  actuator: Actuator | undefined,
  own: OwnBounds,
): CommandComplaint | undefined {
  const verbs = verb.boundedAs === undefined ? [name] : [name, verb.boundedAs]
  for (const [argument, value, schema] of leavesOf(values, verb.arguments)) {
    const bounds = verbs.flatMap((one) =>
      [actuator?.verbs[one]?.[argument], own[capability]?.[one]?.[argument]].filter((bound) => bound !== undefined),
    )
    const complaint = boundComplaint(argument, value, bounds, (schema as Described).unit)
    if (complaint) return complaint
  }
  return undefined
}

/** Every single value with its name and schema, those in lists too. */
function* leavesOf(values: Readonly<Record<string, unknown>>, schema: TSchema): Iterable<[string, unknown, TSchema]> {
  const properties = (schema as Described).properties ?? {}
  for (const [argument, value] of Object.entries(values)) {
    const of = properties[argument]
    if (value === undefined || !of) continue
    if (!Array.isArray(value)) yield [argument, value, of]
    else for (const item of value) if (isRecord(item)) yield* leavesOf(item, (of as Described).items as TSchema)
  }
}

/** The complaint of a value that does not keep all of these. */
function boundComplaint(
  argument: string,
  value: unknown,
  bounds: readonly Bound[],
  unit = '',
): CommandComplaint | undefined {
  if (bounds.every((bound) => keepsBound(value, bound))) return undefined
  const allowed = describeBound(narrowest(bounds), unit)
  return {
    code: 'out-of-bounds',
    message: `${argument} is ${quoted(value)}${typeof value === 'number' && unit !== '' ? ` ${unit}` : ''}; allowed is ${allowed}`,
    argument,
    value,
    allowed,
  }
}

/** Checks a kept command once more, against what is known of its device now: right before it is sent. */
export function recheckCommand(
  kept: { readonly capability: string; readonly verb: string; readonly location: string; readonly arguments: object },
  commandable: Commandable,
): ReturnType<typeof checkCommand> {
  const isNamed = kept.location !== '' || commandable.actuators?.some(({ location }) => location === '')
  const args = isNamed ? { ...kept.arguments, location: kept.location } : kept.arguments
  return checkCommand({ capability: kept.capability, verb: kept.verb, arguments: args }, commandable)
}
