import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { Check } from 'typebox/value'
import { expect, test } from 'vitest'
import { graphqlFailure } from './graphql.ts'
import { integrations, type Reading } from './index.ts'
import { commandFailure, millFailure, signInFailure } from './mill.ts'
import { envelopeFailure, commandFailure as podFailure } from './sensibo-sky/failures.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Where in a document something can be changed. */
function places(value: Json, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path]
  const entries = Array.isArray(value) ? value.map((v, i) => [i, v] as const) : Object.entries(value)
  return [path, ...entries.flatMap(([key, inner]) => places(inner, [...path, key]))]
}

const gone = Symbol('gone')

function change(value: Json, path: readonly (string | number)[], to: Json | typeof gone): Json {
  const [key, ...rest] = path
  if (key === undefined) return to === gone ? null : to
  if (Array.isArray(value)) {
    const copy = [...value]
    if (rest.length === 0 && to === gone) copy.splice(Number(key), 1)
    else copy[Number(key)] = change(copy[Number(key)] ?? null, rest, to)
    return copy
  }
  if (typeof value !== 'object' || value === null) return value
  const { [key]: old, ...others } = value
  return rest.length === 0 && to === gone ? others : { ...others, [key]: change(old ?? null, rest, to) }
}

const junk = fc.oneof(
  fc.constant(gone),
  fc.constant(null),
  fc.constantFrom<Json>(0, -1, 1e300, 1.7e308, -1.7e308, '', 'brand_new_mode', true, false, [], {}, [null]),
  fc.jsonValue() as fc.Arbitrary<Json>,
)

const caseFolder = (name: string) => join(import.meta.dirname, name, 'cases')

test.each(integrations.map((integration) => [integration.name, integration] as const))(
  '%s: a changed answer is refused by the schema, or gives readings of finite values',
  (name, integration) => {
    const answers = readdirSync(caseFolder(name)).map(
      (folder) => JSON.parse(readFileSync(join(caseFolder(name), folder, 'answer.json'), 'utf8')) as Json,
    )
    let fitted = 0
    let refused = 0
    fc.assert(
      fc.property(
        fc.constantFrom(...answers),
        fc.array(fc.tuple(fc.nat(), junk), { minLength: 1, maxLength: 4 }),
        (valid, changes) => {
          let answer = valid
          for (const [nth, to] of changes) {
            const all = places(answer)
            answer = change(answer, all[nth % all.length]!, to)
          }
          if (!Check(integration.status, answer)) {
            refused++
            return
          }
          fitted++
          for (const reading of integration.samples(answer as never, {} as never)) expectReading(reading)
        },
      ),
      { numRuns: 1500 },
    )
    expect(fitted).toBeGreaterThan(50)
    expect(refused).toBeGreaterThan(50)
  },
)

function expectReading({ time, issued, location, tags, fields }: Reading) {
  expect(typeof time).toBe('string')
  for (const text of [issued, location, ...Object.values(tags ?? {})])
    expect(text === undefined || typeof text === 'string').toBe(true)
  const values = Object.values(fields).filter((value) => value !== undefined)
  expect(values.length).toBeGreaterThan(0)
  for (const value of values) {
    expect(['number', 'string', 'boolean']).toContain(typeof value)
    if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true)
  }
}

test('nothing a vendor says can break the reading of its failures', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 100, max: 599 }), (body, status) => {
      graphqlFailure(body)
      graphqlFailure({ errors: body, data: body })
      graphqlFailure({ errors: [body, { message: body, extensions: body }] })
      for (const read of [envelopeFailure, podFailure, commandFailure, millFailure, signInFailure]) {
        read({ status, body })
        read({ status, body: { error: body, status: 'failed', reason: body } })
        read({ status, body: { error: { type: body, message: body } } })
      }
      envelopeFailure({ status, body: { status: 'failed', reason: body, message: body } })
    }),
  )
})
