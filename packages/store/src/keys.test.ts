import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openCredentials, readMasterKeys, rewrap, sealCredentials } from './keys.ts'

const text = () => randomBytes(32).toString('base64')
const identity = { deviceId: 7, houseId: 3, integrationId: 2 }

describe('the master key setting', () => {
  test('is one key, or several with names of which the first is used for what is new', () => {
    const [a, b] = [text(), text()]
    const [lone] = readMasterKeys(a)
    const several = readMasterKeys(`new:${b}, old:${a}`)
    expect(several).toHaveLength(2)
    expect(several[1]!.id).toBe(lone.id)
    expect(sealCredentials(several, identity, {}).key_id).toBe(several[0].id)
  })

  test.each([
    { name: 'too short', setting: Buffer.alloc(31, 65).toString('base64'), says: /31 bytes; it must have 32/ },
    { name: 'too long', setting: Buffer.alloc(33, 65).toString('base64'), says: /33 bytes/ },
    { name: 'not base64', setting: 'QUFB!QUFB-sesame', says: /not base64/ },
    { name: 'empty', setting: '', says: /not base64/ },
    { name: 'one of several', setting: `a:${text()},b:QUFBQUFB`, says: /key 2 of .* has 6 bytes/ },
  ])('$name is refused without showing it', ({ setting, says }) => {
    const attempt = () => readMasterKeys(setting)
    expect(attempt).toThrow(says)
    try {
      attempt()
    } catch (error) {
      for (const part of setting.split(/[:,]/).filter((p) => p.length > 3)) expect(String(error)).not.toContain(part)
    }
  })
})

test('what is sealed opens again, holds nothing in the clear, and never opens after a change of any byte', () => {
  const keys = readMasterKeys(text())
  let flips = 0
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ minLength: 1 }), fc.string()),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.constantFrom('credentials', 'data_key'),
      (credentials, place, change, column) => {
        const plain = { ...credentials, token: 'never-in-the-clear' }
        const sealed = sealCredentials(keys, identity, plain)
        expect(openCredentials(keys, identity, sealed)).toEqual(JSON.parse(JSON.stringify(plain)))
        expect(Buffer.concat([sealed.credentials, sealed.data_key]).includes('never-in-the-clear')).toBe(false)
        const damaged = Buffer.from(sealed[column as 'credentials' | 'data_key'])
        const at = place % damaged.length
        damaged[at] = damaged[at]! ^ change
        expect(() => openCredentials(keys, identity, { ...sealed, [column]: damaged })).toThrow(/changed or damaged/)
        flips++
      },
    ),
    { numRuns: 300 },
  )
  expect(flips).toBe(300)
})

test.each([
  { name: 'device', other: { ...identity, deviceId: 8 } },
  { name: 'house', other: { ...identity, houseId: 4 } },
  { name: 'integration', other: { ...identity, integrationId: 1 } },
])('a row copied to another $name does not open', ({ other }) => {
  const keys = readMasterKeys(text())
  const sealed = sealCredentials(keys, identity, { token: 'x' })
  expect(() => openCredentials(keys, other, sealed)).toThrow(/changed or damaged/)
})

test('two devices with the same credentials share no key and no bytes', () => {
  const keys = readMasterKeys(text())
  const [a, b] = [sealCredentials(keys, identity, { t: 1 }), sealCredentials(keys, identity, { t: 1 })]
  expect(a.credentials.equals(b.credentials)).toBe(false)
  expect(a.data_key.equals(b.data_key)).toBe(false)
})

test('re-wrapping leaves the credentials alone and needs the old key no more', () => {
  const [old, young] = [text(), text()]
  const sealed = sealCredentials(readMasterKeys(old), identity, { token: 'x' })
  const again = { ...sealed, ...rewrap(readMasterKeys(`b:${young},a:${old}`), identity, sealed) }
  expect(again.credentials).toBe(sealed.credentials)
  expect(openCredentials(readMasterKeys(young), identity, again)).toEqual({ token: 'x' })
  expect(() => openCredentials(readMasterKeys(old), identity, again)).toThrow(/NABOLAG_MASTER_KEY does not hold/)
})
