import { words } from '../houses/words.ts'
import type { Kind, Typed } from './api.ts'

/** One field of a form, as the credentials schema of a kind describes it. */
export type FormField = {
  readonly name: string
  readonly label: string
  readonly description: string | undefined
  readonly required: boolean
  readonly secret: boolean
  readonly type: 'text' | 'number' | 'boolean' | 'choice'
  readonly integer: boolean
  readonly minimum: number | undefined
  readonly maximum: number | undefined
  readonly maxLength: number | undefined
  readonly values: readonly (string | number)[]
  readonly start: string | number | boolean | undefined
}

type Property = {
  readonly type?: string
  readonly title?: string
  readonly description?: string
  readonly secret?: boolean
  readonly enum?: readonly (string | number)[]
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
  readonly default?: string | number | boolean
}
type Schema = { readonly required?: readonly string[]; readonly properties?: Readonly<Record<string, Property>> }

const telling = /pass(word|phrase)?|secret|token|key|pin/i

/** The form of a kind: from its schema, or from the bare names of what its container wants. */
export function fieldsOf({
  credentials_schema,
  required_fields,
}: Pick<Kind, 'credentials_schema' | 'required_fields'>) {
  const { required = [], properties } = (credentials_schema ?? {}) as Schema
  if (!properties) return required_fields.map((name) => fieldOf(name, { secret: telling.test(name) }, true))
  // A database may have put the names in another order; that of a list it keeps.
  const names = [...new Set([...required, ...Object.keys(properties)])].filter((name) => name in properties)
  return names.map((name) => fieldOf(name, properties[name] ?? {}, required.includes(name)))
}

const fieldOf = (name: string, property: Property, required: boolean): FormField => ({
  name,
  label: property.title ?? words(name.replaceAll(/[_-]+/g, ' ')),
  description: property.description,
  required,
  secret: property.secret ?? false,
  type: typeOf(property),
  integer: property.type === 'integer',
  minimum: property.minimum,
  maximum: property.maximum,
  maxLength: property.maxLength,
  values: property.enum ?? [],
  start: property.default,
})

const typeOf = (property: Property): FormField['type'] => {
  if (property.enum) return 'choice'
  if (property.type === 'number' || property.type === 'integer') return 'number'
  return property.type === 'boolean' ? 'boolean' : 'text'
}

/** What is typed at first: defaults, and the place of the house where the kind asks for a place. */
export function startOf(fields: readonly FormField[], place: { latitude: number | null; longitude: number | null }) {
  const known: Record<string, string | number | boolean> = {}
  for (const { name, start } of fields) {
    const ofHouse = name === 'latitude' || name === 'longitude' ? place[name] : null
    if (start !== undefined) known[name] = start
    else if (ofHouse !== null) known[name] = ofHouse
  }
  return known
}

/** Without what was left empty. */
export const givenOf = (typed: Typed): Typed =>
  Object.fromEntries(Object.entries(typed).filter(([, value]) => value !== ''))
