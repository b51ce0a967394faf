import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Check } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import { type AnyIntegration, integrations, type Reading } from './index.ts'

const here = import.meta.dirname
const folders = (path: string) =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))

const cases = integrations.flatMap((integration) =>
  folders(join(here, integration.name, 'cases')).map((name) => ({ integration, name })),
)

describe(`${cases.length} recorded answers of ${integrations.length} integrations`, () => {
  test('every integration has a folder with a README and cases, and every folder is in the list', () => {
    expect(folders(here).sort()).toEqual(integrations.map(({ name }) => name).sort())
    expect(integrations.length).toBeGreaterThan(0)
    for (const { name } of integrations) {
      expect(readFileSync(join(here, name, 'README.md'), 'utf8').length, `${name}/README.md`).toBeGreaterThan(200)
      expect(folders(join(here, name, 'cases')).length, `${name}/cases`).toBeGreaterThan(0)
      for (const folder of folders(join(here, name, 'cases')))
        expect(readdirSync(join(here, name, 'cases', folder)).sort(), folder).toEqual(['answer.json', 'expected.json'])
    }
  })

  test.each(cases.map((one) => [`${one.integration.name}: ${one.name}`, one] as const))('%s', (_, one) => {
    const folder = join(here, one.integration.name, 'cases', one.name)
    const answer = readJson(join(folder, 'answer.json'))
    expect(Check(one.integration.status, answer)).toBe(true)
    expect(readingsOf(one.integration, answer)).toEqual(readJson(join(folder, 'expected.json')))
  })
})

const readingsOf = (integration: AnyIntegration, answer: unknown): readonly Reading[] =>
  JSON.parse(JSON.stringify(integration.samples(answer as never, {} as never)))
