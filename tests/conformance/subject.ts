/** What is looked at: one integration with everything that lies in its folder. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AnyIntegration, integrations, type Reading } from '@nabolag/integrations'
import { Check } from 'typebox/value'
import type { LiveReport } from './trials.ts'

export const levels = ['bronze', 'silver', 'gold', 'platinum'] as const
export type Level = (typeof levels)[number]

export type Case = { readonly name: string; readonly answer: unknown; readonly expected: readonly Reading[] }

export type Subject = {
  readonly integration: AnyIntegration
  /** Its own source files, by name. */
  readonly sources: Readonly<Record<string, string>>
  readonly readme: string
  readonly cases: readonly Case[]
  /** What its simulator lets in, as an owner would type it; `undefined` where it has no simulator. */
  readonly credentials: Readonly<Record<string, unknown>> | undefined
  /** What it did against its simulator; `undefined` where it was not run. */
  readonly live: LiveReport | undefined
}

/** `ok`, `not asked` of this integration, or what is missing. */
export type Verdict =
  | { readonly ok: true }
  | { readonly ok: 'not asked' }
  | { readonly ok: false; readonly missing: string }

export type Rule = {
  /** Stable; stands in the table and in the guide. */
  readonly id: string
  readonly level: Level
  readonly says: string
  readonly check: (subject: Subject) => Verdict
}

export const ok: Verdict = { ok: true }
export const notAsked: Verdict = { ok: 'not asked' }
export const missing = (what: string): Verdict => ({ ok: false, missing: what })
/** `ok` when nothing is in the list. */
export const none = (faults: readonly string[]): Verdict =>
  faults.length === 0 ? ok : missing([...new Set(faults)].slice(0, 4).join('; '))

export const root = join(import.meta.dirname, '../../packages/integrations/src')

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))

export function readSubject(
  integration: AnyIntegration,
  credentials?: Subject['credentials'],
  live?: LiveReport,
): Subject {
  const folder = join(root, integration.name)
  const files = existsSync(folder) ? readdirSync(folder) : []
  const casesFolder = join(folder, 'cases')
  return {
    integration,
    sources: Object.fromEntries(
      files
        .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
        .map((file) => [file, readFileSync(join(folder, file), 'utf8')]),
    ),
    readme: files.includes('README.md') ? readFileSync(join(folder, 'README.md'), 'utf8') : '',
    cases: existsSync(casesFolder)
      ? readdirSync(casesFolder).map((name) => ({
          name,
          answer: readJson(join(casesFolder, name, 'answer.json')),
          expected: readJson(join(casesFolder, name, 'expected.json')) as readonly Reading[],
        }))
      : [],
    credentials,
    live,
  }
}

/** The readings of a case, as JSON has them. */
export const readingsOf = ({ integration }: Subject, answer: unknown): readonly Reading[] =>
  Check(integration.status, answer) ? JSON.parse(JSON.stringify(integration.samples(answer as never, {} as never))) : []

export { integrations }
