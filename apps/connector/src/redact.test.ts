import fc from 'fast-check'
import { Type } from 'typebox'
import { expect, test } from 'vitest'
import { makeRedactor, secretsOf } from './redact.ts'

const secrets = fc.array(fc.string({ unit: 'grapheme', minLength: 4, maxLength: 60 }), { minLength: 1, maxLength: 3 })

test('no secret is left in any text, in whatever form it stands there', () => {
  fc.assert(
    fc.property(secrets, fc.string(), fc.string(), (given, before, after) => {
      const hide = makeRedactor(given)
      for (const secret of given) {
        const forms = [
          secret,
          encodeURIComponent(secret),
          new URLSearchParams({ q: secret }).toString().slice(2),
          JSON.stringify(secret).slice(1, -1),
        ]
        for (const form of forms) {
          const text = hide(`${before}${form}${after}`)
          for (const other of given) expect(text.includes(other) && !'███'.includes(other)).toBe(false)
          expect(text).not.toContain(form)
        }
      }
    }),
  )
})

test('a secret behind a name is found in base64, wherever its letters fall', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 20 }), fc.string({ minLength: 4, maxLength: 40 }), (user, secret) => {
      const word = Buffer.from(`${user}:${secret}`).toString('base64')
      const hide = makeRedactor([secret])
      for (const text of [word, `answered 400: ${word}.`]) expect(hide(text)).not.toContain(word)
    }),
  )
  expect(makeRedactor(['s3cret'])('api.vendor.example answered 400')).toBe('api.vendor.example answered 400')
})

test('what looks like a secret is hidden too', () => {
  const hide = makeRedactor([])
  expect(hide('GET /pods?apiKey=abc&fields=* Bearer xyz.123')).toBe('GET /pods?apiKey=███&fields=* Bearer ███')
  expect(hide('nothing to see')).toBe('nothing to see')
})

test('finds what the schema marks as secret, however deep', () => {
  const schema = Type.Object({
    name: Type.String(),
    login: Type.Object({ user: Type.String(), password: Type.String({ secret: true }) }),
    keys: Type.Array(Type.String({ secret: true })),
  })
  const credentials = { name: 'n', login: { user: 'u', password: 'p' }, keys: ['a', 'b'] }
  expect(secretsOf(schema, credentials)).toEqual(['p', 'a', 'b'])
})
