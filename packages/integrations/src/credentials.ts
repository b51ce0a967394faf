/** What an owner types for a device: checked once, by the integration's own schema. */
import { Clone, Convert, Errors } from 'typebox/value'
import type { AnyIntegration } from './define.ts'

export type CheckedCredentials =
  | { readonly ok: true; readonly credentials: Readonly<Record<string, unknown>> }
  /** Names of fields, never their values. */
  | { readonly ok: false; readonly missing: readonly string[]; readonly wrong: Readonly<Record<string, string>> }

/**
 * Checks what was typed against the integration's credentials schema. Texts that are numbers become numbers where the
 * schema wants one, and the other way round (forms and the older API send everything as text); empty texts count as
 * not given; spaces around a text count as not typed, but in a password; fields that the schema does not know are dropped. `apiKey` and `api_key` are `api-key`.
 */
export function readCredentials(integration: Pick<AnyIntegration, 'credentials'>, typed: unknown): CheckedCredentials {
  const schema = integration.credentials
  const given = typeof typed === 'object' && typed !== null && !Array.isArray(typed) ? typed : {}
  const names = new Map(Object.keys(schema.properties).map((name) => [bare(name), name]))
  const known = Object.entries(Clone(given)).flatMap(([typedName, value]) => {
    const name = names.get(bare(typedName))
    if (name === undefined || value === null || value === undefined) return []
    // What is pasted often brings a space or a line's end; only a password may mean it.
    const meant: unknown = typeof value === 'string' && !/password/i.test(name) ? value.trim() : value
    return meant === '' ? [] : [[name, meant] as const]
  })
  const credentials = Convert(schema, Object.fromEntries(known)) as Record<string, unknown>
  const missing = requiredFields(integration).filter((name) => !Object.hasOwn(credentials, name))
  const wrong: Record<string, string> = {}
  for (const error of Errors(schema, credentials)) {
    const name = error.instancePath.split('/')[1]
    if (name !== undefined && name !== '') wrong[name] ??= error.message
  }
  return missing.length === 0 && Object.keys(wrong).length === 0
    ? { ok: true, credentials }
    : { ok: false, missing, wrong }
}

const bare = (name: string) => name.toLowerCase().replaceAll(/[-_ ]/g, '')

/** The names of the fields that must be typed, in the schema's order: `required_fields` of the API. */
export const requiredFields = (integration: Pick<AnyIntegration, 'credentials'>): string[] => {
  const required = new Set((integration.credentials as { required?: readonly string[] }).required ?? [])
  return Object.keys(integration.credentials.properties).filter((name) => required.has(name))
}
