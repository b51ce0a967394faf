/** The calls that an integration makes, one by one: a stub that answers from a table, and commands run against it. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { VendorFailure } from '@nabolag/core'
import { type AnyIntegration, integrationOf } from './index.ts'

const samples = join(import.meta.dirname, '../../../../shared/vendors')
/** Whether the vendors' documented bodies lie beside the repository. */
export const here = existsSync(samples)
export const read = (name: string) => JSON.parse(readFileSync(join(samples, name), 'utf8'))

export type Call = { method: string; path: string; body?: unknown }
export type Answers = (call: Call) => unknown

/** An `Http` that answers from a table and keeps what it was asked. */
export function stub(answers: Answers) {
  const calls: Call[] = []
  const call =
    (method: string) =>
    async (path: string, { body }: { body?: unknown } = {}) => {
      const asked = body === undefined ? { method, path } : { method, path, body }
      calls.push(asked)
      return answers(asked)
    }
  const exchange = async (method: string, path: string, options?: { body?: unknown }) => ({
    status: 200,
    text: '',
    json: await call(method)(path, options),
  })
  const [get, post, put, patch] = ['GET', 'POST', 'PUT', 'PATCH'].map(call)
  return { calls, http: { get, post, put, patch, delete: call('DELETE'), exchange } }
}

/** Runs a command of an integration; resolves with what it said, or the kind and words of its failure, and its calls. */
export function command(
  { integration: name, credentials, session }: { integration: string; credentials: object; session?: object },
  answers: Answers,
  [capability, verb]: [string, string],
  args: object,
  place?: string,
) {
  const { http, calls } = stub(answers)
  const integration = integrationOf(name) as AnyIntegration
  const run = (
    integration.commands as Record<string, Record<string, (given: unknown, args: unknown) => Promise<string>>>
  )[capability]![verb]!
  const given = { http, credentials, session, keep: () => {}, now: '', link: undefined, status: undefined, place }
  return run(given, args).then(
    (said) => ({ said, calls }),
    (error: unknown) => ({
      said: error instanceof VendorFailure ? `${error.kind}: ${error.message}` : String(error),
      calls,
    }),
  )
}

export const sent = ({ calls }: { calls: Call[] }) => calls.filter(({ method }) => method !== 'GET')
