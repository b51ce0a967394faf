import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  type Capability,
  capabilities,
  commandStates,
  describeBound,
  type Group,
  groups,
  problems,
  settings,
} from '@nabolag/core'
import { describe, expect, test } from 'vitest'
import { integrations } from '../packages/integrations/src/list.ts'
import { rules } from './conformance/scale.ts'
import { levels } from './conformance/subject.ts'

const root = join(import.meta.dirname, '..')

/** Pages that are made from a table in code. `UPDATE_DOCS=1 npm test -- tests/docs.test.ts` writes them anew. */
const generated: Record<string, () => string> = {
  'docs/reference/measurements.md': () =>
    [
      '# Measurement groups',
      '',
      'The group says what the data is, never who made it. This page is made from `packages/core/src/groups.ts`; a test compares them.',
      '',
      'Times are UTC. A field that was not measured is absent, never zero. Groups and fields that are not in these tables are kept as they come.',
      ...Object.entries<Group>(groups).flatMap(([name, group]) => [
        '',
        `## ${name}`,
        '',
        `${group.meaning}.${group.forecast ? ' A forecast: each sample also has the time it was issued; the newest issue counts, `asOf` asks for an earlier one.' : ''}`,
        '',
        '| field | type | unit | meaning |',
        '|---|---|---|---|',
        ...Object.entries(group.fields).map(
          ([field, { type, unit, meaning }]) => `| \`${field}\` | ${type} | ${unit ?? ''} | ${meaning} |`,
        ),
      ]),
      '',
    ].join('\n'),
  'docs/reference/capabilities.md': () =>
    [
      '# Capabilities and commands',
      '',
      'What actuators can do, whoever made them. This page is made from `packages/core/src/capabilities.ts`; a test compares them.',
      '',
      'Every verb also takes `location`: which actuator is meant, needed where a device has several. The bounds here are the widest; the vendor’s and the owner’s may be narrower, and `GET …/actuators` shows what holds. How to ask is told under [commands](../commands.md).',
      ...Object.entries<Capability>(capabilities).flatMap(([name, { meaning, verbs }]) => [
        '',
        `## ${name}`,
        '',
        `${meaning}.`,
        '',
        '| verb | meaning | arguments | shown by |',
        '|---|---|---|---|',
        ...Object.entries(verbs).map(
          ([verb, one]) =>
            `| \`${verb}\` | ${one.meaning} | ${argumentsOf(one.arguments)} | ${one.confirmedBy ? `\`${one.confirmedBy.field}\`` : ''} |`,
        ),
      ]),
      '',
      '## States of a command',
      '',
      '| state | meaning |',
      '|---|---|',
      ...Object.entries(commandStates).map(([state, meaning]) => `| \`${state}\` | ${meaning} |`),
      '',
    ].join('\n'),
  'docs/reference/conformance.md': () =>
    [
      '# The quality scale',
      '',
      'What `npm run conformance -- NAME` asks of an integration. This page is made from `tests/conformance/`; a test compares them.',
      '',
      `${rules.length} rules. A level is reached when all its rules and those of the levels above it here are kept; what does not concern a vendor is not asked. How to get there is told under [adding a vendor](../adding-a-vendor.md), why it is so in [the decision](../decisions/quality-scale.md).`,
      ...levels.flatMap((level) => [
        '',
        `## ${level}`,
        '',
        '| rule | what it wants |',
        '|---|---|',
        ...rules.filter((rule) => rule.level === level).map(({ id, says }) => `| \`${id}\` | ${says} |`),
      ]),
      '',
    ].join('\n'),
  'docs/reference/settings.md': () =>
    [
      '# Settings',
      '',
      'All settings are environment variables; `nabolag settings` prints them with their present values. This page is made from `packages/core/src/settings.ts`; a test compares them.',
      '',
      '| setting | meaning | default |',
      '|---|---|---|',
      ...Object.entries<{ meaning: string; default?: string }>(settings).map(
        ([name, setting]) =>
          `| \`${name}\` | ${setting.meaning} | ${setting.default ? `\`${setting.default}\`` : ''} |`,
      ),
      '',
    ].join('\n'),
  'docs/reference/problems.md': () =>
    [
      '# Problems',
      '',
      'Every error of the API is `application/problem+json` (RFC 9457) with a `code` that stays the same and `who` can mend it. This page is made from `packages/core/src/problems.ts`; a test compares them.',
      '',
      '| code | status | what happened | who can mend it |',
      '|---|---|---|---|',
      ...Object.entries(problems).map(
        ([code, { status, title, who }]) => `| \`${code}\` | ${status} | ${title} | ${who} |`,
      ),
      '',
    ].join('\n'),
}

type Argument = {
  readonly type?: string
  readonly description?: string
  readonly unit?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly enum?: readonly string[]
  readonly items?: { readonly properties: Readonly<Record<string, Argument>> }
}

/** The arguments of a verb in words, `location` aside. */
function argumentsOf(schema: { readonly properties: object }): string {
  const bounds = ({ minimum, maximum, enum: values, unit }: Argument) => {
    const isBounded = minimum !== undefined || maximum !== undefined || values !== undefined
    return isBounded ? describeBound({ minimum, maximum, values }, unit) : ''
  }
  return Object.entries(schema.properties as Readonly<Record<string, Argument>>)
    .filter(([name]) => name !== 'location')
    .map(([name, argument]) => {
      if (argument.items) return `\`${name}\`: a list of objects of ${argumentsOf(argument.items)}`
      const said = [argument.description, bounds(argument)].filter((text) => text !== undefined && text !== '')
      return `\`${name}\`: ${said.length > 0 ? said.join(', ') : (argument.type ?? '')}`
    })
    .join('; ')
}

describe('the pages made from tables in code', () => {
  test.each(Object.keys(generated))('%s says what the code says', (page) => {
    const text = generated[page]?.() ?? ''
    if (process.env.UPDATE_DOCS) writeFileSync(join(root, page), text)
    expect(readFileSync(join(root, page), 'utf8')).toBe(text)
  })
})

test('owners are told what to type for every integration', () => {
  const rows = readFileSync(join(root, 'docs/owner.md'), 'utf8').matchAll(
    /^\| ([^|]+) \(`([a-z0-9-]+)`\) \| (.+) \|$/gm,
  )
  const told = [...rows].map(([, label, name, what = '']) => ({ name, label, isTold: what.length > 10 }))
  const listed = integrations.map(({ name, label }) => ({ name, label, isTold: true }))
  const byName = (a: { name?: string }, b: { name?: string }) => (`${a.name}` < `${b.name}` ? -1 : 1)
  expect(told.sort(byName)).toEqual(listed.sort(byName))
})

test('every link between our pages leads somewhere', () => {
  const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((page) => page !== '' && existsSync(join(root, page)))
  const links = pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)]
      .map((match) => match[1] ?? '')
      .filter((link) => !/^[a-z]+:/.test(link))
      .map((link) => ({ page, link })),
  )
  expect(links.length).toBeGreaterThan(5)
  expect(links.filter(({ page, link }) => !existsSync(join(root, dirname(page), link)))).toEqual([])
})
