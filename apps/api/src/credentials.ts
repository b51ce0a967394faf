/** What an owner typed for a device, checked against what its kind wants; nothing typed is ever repeated in an answer. */
import { createHash } from 'node:crypto'
import { Problem } from '@nabolag/core'
import { integrationOf, readCredentials } from '@nabolag/integrations'
import type { Credentials, IntegrationInfo } from '@nabolag/store'
import type { Complaint } from './errors.ts'

type Checked = { readonly credentials: Credentials; readonly accountHash?: string }

/** @throws ProblemError `bad-request` with one complaint per field */
export function checkCredentials(kind: IntegrationInfo, typed: Readonly<Record<string, unknown>>): Checked {
  const builtIn = kind.kind === 'built-in' ? integrationOf(kind.name) : undefined
  const known = builtIn ? Object.keys(builtIn.credentials.properties) : kind.requiredFields
  const errors: Complaint[] = Object.keys(typed)
    .filter((name) => !known.includes(name))
    .map((name) => ({ path: `/${name.slice(0, 100)}`, expected: 'is not known here' }))
  if (!builtIn) {
    for (const name of kind.requiredFields)
      if (typed[name] === undefined || typed[name] === null || typed[name] === '')
        errors.push({ path: `/${name}`, expected: 'is missing' })
    if (errors.length > 0) throw refuse(errors)
    return { credentials: typed }
  }
  const read = readCredentials(builtIn, typed)
  if (!read.ok) {
    for (const name of read.missing) errors.push({ path: `/${name}`, expected: 'is missing' })
    for (const [name, expected] of Object.entries(read.wrong)) errors.push({ path: `/${name}`, expected })
  }
  if (errors.length > 0 || !read.ok) throw refuse(errors)
  const account = (builtIn.account as ((credentials: unknown) => string) | undefined)?.(read.credentials)
  return account === undefined
    ? { credentials: read.credentials }
    : { credentials: read.credentials, accountHash: hashAccount(builtIn.vendor, account) }
}

/** The same for the same account of a vendor, whichever integration uses it; tells nothing of the account. */
const hashAccount = (vendor: string, account: string) =>
  createHash('sha256').update(`${vendor}\0${account}`).digest('base64url')

const refuse = (errors: readonly Complaint[]) =>
  Problem('bad-request', `body: ${errors.map(({ path, expected }) => `${path} ${expected}`).join('; ')}`, { errors })
