/** JSON on its way into PostgreSQL, which takes neither NUL nor half a character, and no nesting without end. */
import { Problem } from '@nabolag/core'

const deepest = 100

/**
 * The value as a text that `jsonb` takes: NUL is left out, half a character becomes the sign for one that is missing.
 *
 * @param most characters
 * @returns `undefined` for what is longer, deeper than 100 levels, or no JSON at all
 */
export function jsonText(value: unknown, most: number): string | undefined {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch {
    return undefined
  }
  if (text === undefined || text.length > most || depthOf(text) > deepest) return undefined
  return clean(text)
}

/** The same of a value whose size is known to be bounded. */
export const plainJson = (value: unknown): string => clean(JSON.stringify(value ?? null))

const clean = (json: string): string =>
  json.replace(/\\(?:u0000|ud[89a-f][0-9a-f]{2}|.)/g, (sign) => {
    if (sign === '\\u0000') return ''
    return sign.startsWith('\\ud') ? '\ufffd' : sign
  })

/** @throws ProblemError `bad-request` for what cannot be kept; `what` begins the sentence */
export function jsonOr(what: string, value: unknown, most = 200_000): string {
  const text = jsonText(value, most)
  if (text === undefined) throw Problem('bad-request', `${what} is too long or too deep to keep`)
  return text
}

function depthOf(json: string): number {
  let depth = 0
  let deepestSeen = 0
  for (const [sign] of json.matchAll(/"(?:\\.|[^"\\])*"|[[\]{}]/g)) {
    if (sign === '[' || sign === '{') deepestSeen = Math.max(deepestSeen, ++depth)
    else if (sign === ']' || sign === '}') depth--
  }
  return deepestSeen
}
