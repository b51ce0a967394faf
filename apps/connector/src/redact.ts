/** Takes secrets out of texts that people will read. */
import type { TSchema } from 'typebox'

const mark = '███'
const looksSecret = /([?&\s"'](?:api_?key|token|access_token|refresh_token|password|secret|key)=)[^&\s"']+/gi
const encoded = /[A-Za-z0-9+/_-]{6,}={0,2}/g
const bearer = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+/gi

/**
 * Makes the function that hides the given secrets, as they are and as they stand in URLs, JSON and basic
 * authentication, and whatever else looks like one.
 */
export function makeRedactor(secrets: readonly string[]): (text: string) => string {
  const forms = new Set<string>()
  for (const secret of secrets) {
    if (secret === '' || mark.includes(secret)) continue
    forms.add(secret)
    forms.add(JSON.stringify(secret).slice(1, -1))
    forms.add(new URLSearchParams([['', secret]]).toString().slice(1))
    try {
      forms.add(encodeURIComponent(secret))
      forms.add(encodeURI(secret))
    } catch {
      // Half a surrogate pair has no encoded form.
    }
    if (secret.length >= 4) forms.add(Buffer.from(secret).toString('base64').replace(/=+$/, ''))
  }
  const ordered = [...forms].filter((form) => form !== '').sort((a, b) => b.length - a.length)
  const long = secrets.filter((secret) => secret.length >= 4)
  const holdsSecret = (word: string) => {
    const decoded = Buffer.from(word, 'base64').toString('utf8')
    return long.some((secret) => decoded.includes(secret))
  }
  // Basic authentication has the secret behind a name, which shifts its letters.
  const hideEncoded = (text: string) => text.replace(encoded, (word) => (holdsSecret(word) ? mark : word))
  const hide = (text: string) => hideEncoded(ordered.reduce((rest, form) => rest.replaceAll(form, mark), text))
  return (text) => hide(hide(text).replace(looksSecret, `$1${mark}`).replace(bearer, `$1 ${mark}`))
}

/** The values in credentials that the schema marks `secret: true`, wherever they stand. */
export function secretsOf(schema: TSchema, credentials: unknown): string[] {
  const { secret, properties, items } = schema as {
    secret?: boolean
    properties?: Readonly<Record<string, TSchema>>
    items?: TSchema
  }
  if (secret) return leavesOf(credentials)
  if (Array.isArray(credentials) && items) return credentials.flatMap((item) => secretsOf(items, item))
  if (properties && typeof credentials === 'object' && credentials !== null)
    return Object.entries(properties).flatMap(([name, part]) =>
      secretsOf(part, (credentials as Readonly<Record<string, unknown>>)[name]),
    )
  return []
}

/** Every text and number in a value. */
export function leavesOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value === 'number') return [String(value)]
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(leavesOf)
  return []
}
