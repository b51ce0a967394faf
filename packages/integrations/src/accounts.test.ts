import { expect, test } from 'vitest'
import type { AnyIntegration } from './define.ts'
import { integrations, readCredentials, requiredFields } from './index.ts'

type Credentials = Readonly<Record<string, unknown>>
const accountOf = (integration: AnyIntegration, credentials: Credentials): string | undefined => {
  const read = readCredentials(integration, credentials)
  if (!read.ok) throw new Error(`${integration.name}: ${JSON.stringify(read)}`)
  return (integration.account as ((credentials: Credentials) => string) | undefined)?.(read.credentials)
}

/** Something that fits each field. */
const sample = (integration: AnyIntegration): Credentials =>
  Object.fromEntries(
    requiredFields(integration)
      .map((name) => [name, integration.credentials.properties[name]] as const)
      .map(([name, schema]) => {
        const { type, minimum = 1, enum: values, anyOf, default: usual } = schema as Record<string, never>
        if (usual !== undefined) return [name, usual]
        if (Array.isArray(values)) return [name, values[0]]
        if (Array.isArray(anyOf)) return [name, (anyOf as { const?: unknown }[])[0]?.const]
        return [
          name,
          type === 'string' ? (isMail(name) ? 'Kari.Nord@Example.org' : 'abcdef0123456789abcdef0123456789') : minimum,
        ]
      }),
  )
const isMail = (name: string) => /mail|user/i.test(name)
const withAccount = integrations.filter(({ account }) => account !== undefined)

test('an account that is an e-mail address is the same in whatever case, and with spaces around it', () => {
  const checked: string[] = []
  for (const integration of withAccount) {
    const credentials = sample(integration)
    for (const [name, value] of Object.entries(credentials)) {
      if (!isMail(name) || typeof value !== 'string') continue
      checked.push(`${integration.name} ${name}`)
      const account = accountOf(integration, credentials)
      for (const written of [value.toLowerCase(), value.toUpperCase(), `  ${value} `])
        expect(accountOf(integration, { ...credentials, [name]: written }), `${integration.name} ${name}`).toBe(account)
    }
  }
  expect(checked.length).toBeGreaterThanOrEqual(4)
})

test('a password is no part of an account: it may be replaced', () => {
  let checked = 0
  for (const integration of withAccount) {
    const credentials = sample(integration)
    if (!('password' in credentials)) continue
    expect(accountOf(integration, { ...credentials, password: 'another' }), integration.name).toBe(
      accountOf(integration, credentials),
    )
    checked++
  }
  expect(checked).toBeGreaterThanOrEqual(3)
})

test('a key with spaces around it, as it is pasted, is the same account', () => {
  const checked: string[] = []
  for (const integration of withAccount) {
    const credentials = sample(integration)
    for (const [name, value] of Object.entries(credentials)) {
      if (
        typeof value !== 'string' ||
        isMail(name) ||
        name === 'password' ||
        !('secret' in integration.credentials.properties[name]!)
      )
        continue
      if (accountOf(integration, credentials) === accountOf(integration, { ...credentials, [name]: `${value}0` }))
        continue
      checked.push(`${integration.name} ${name}`)
      expect(accountOf(integration, { ...credentials, [name]: ` ${value}\n` }), `${integration.name} ${name}`).toBe(
        accountOf(integration, credentials),
      )
    }
  }
  expect(checked.length).toBeGreaterThanOrEqual(3)
})
