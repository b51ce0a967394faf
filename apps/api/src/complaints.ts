/** Refusals that name the field and what is allowed there, for what a schema alone cannot tell. */
import { describeBound, Problem, type ProblemError } from '@nabolag/core'
import type { TObject, TSchema } from 'typebox'
import { Check } from 'typebox/value'
import type { Complaint } from './errors.ts'

/** @param path such as `/settings/gamma` */
export const wrongBody = (...errors: readonly Complaint[]): ProblemError =>
  Problem('bad-request', `body: ${errors.map(({ path, expected }) => `${path} ${expected}`).join('; ')}`, { errors })

type Described = TSchema & {
  readonly type?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly enum?: readonly unknown[]
  readonly unit?: string
}

/** Values that go together: the first of a pair stays below the second. */
const rising = [
  ['minimumCharge', 'maximumCharge'],
  ['co2Fair', 'co2Poor'],
  ['tvocFair', 'tvocPoor'],
  ['humidityFair', 'humidityPoor'],
  ['lowest', 'highest'],
  ['frost', 'heat'],
] as const

/**
 * Puts some values over those there were; null takes one away.
 *
 * @param at where they stand in the body, such as `/settings`
 * @param filled fills in what is missing, for what is compared
 * @throws ProblemError `bad-request`, naming every value that is not known or not allowed
 */
export function putOver(
  before: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
  schema: TObject,
  at: string,
  filled = (values: Record<string, unknown>) => values,
): Record<string, unknown> {
  const errors: Complaint[] = []
  const after = new Map(Object.entries(before).filter(([name]) => Object.hasOwn(schema.properties, name)))
  for (const [name, value] of Object.entries(given)) {
    const path = `${at}/${name}`.slice(0, 200)
    if (!Object.hasOwn(schema.properties, name))
      errors.push({ path, expected: `is not known here; there is ${Object.keys(schema.properties).join(', ')}` })
    else if (value === null) after.delete(name)
    else if (Check(schema.properties[name]!, value)) after.set(name, value)
    else errors.push({ path, expected: expectedOf(schema.properties[name]!) })
  }
  const values = Object.fromEntries(after)
  const compared = filled(values)
  for (const [low, high] of rising) {
    const [below, above] = [compared[low], compared[high]]
    if ((low in given || high in given) && typeof below === 'number' && typeof above === 'number' && below >= above)
      errors.push({ path: `${at}/${low in given ? low : high}`, expected: `must leave ${low} below ${high}` })
  }
  if (errors.length > 0) throw wrongBody(...errors)
  return values
}

function expectedOf({ type, minimum, maximum, enum: values, unit }: Described): string {
  if (values !== undefined) return `must be one of ${values.join(', ')}`
  const kind = type === 'integer' ? 'a whole number' : `a ${type ?? 'value'}`
  if (minimum === undefined && maximum === undefined) return `must be ${kind}`
  return `must be ${kind}, ${describeBound({ minimum, maximum }, unit)}`
}
