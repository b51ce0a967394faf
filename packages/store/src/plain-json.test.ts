import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonOr, jsonText } from './plain-json.ts'

const cleaned = (value: unknown): unknown => {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '')
  if (Array.isArray(value)) return value.map(cleaned)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, of]) => [cleaned(key), cleaned(of)])
  return Object.fromEntries(entries)
}

describe('JSON for the database', () => {
  test('is the same value without NUL and without halves of characters', () => {
    let checked = 0
    const odd = fc.string({ unit: fc.constantFrom('a', '\0', '\\', 'u0000', '"', '\ud83d', '\ude00', '😀', '{', '\n') })
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), fc.dictionary(odd, odd), (value, more) => {
        const given = { value, more }
        // Names that are the same once cleaned fall together, as they do in the database.
        expect(JSON.parse(jsonText(given, 1e6)!)).toEqual(JSON.parse(JSON.stringify(cleaned(given))))
        checked++
      }),
      { numRuns: 100 },
    )
    expect(checked).toBe(100)
  })

  test('is nothing where it is too long, too deep, circular, or no JSON', () => {
    const deep = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels))
    const circle: Record<string, unknown> = {}
    circle.self = circle
    expect(jsonText(deep(100), 1e6)).toBe(JSON.stringify(deep(100)))
    for (const value of [deep(101), circle, undefined, () => 1, 1n, 'x'.repeat(100)])
      expect(jsonText(value, 90 + 1000 * Number(typeof value === 'object'))).toBeUndefined()
    expect(jsonText({ text: '[[[[{{{{"'.repeat(50) }, 1e6)).toBeDefined()
    expect(() => jsonOr('The comfort', circle)).toThrow('The comfort is too long or too deep to keep')
  })
})
