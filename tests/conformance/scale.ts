/** The quality scale: which rules an integration keeps, and the level that it reaches by them. */
import { caseRules } from './rules-of-the-cases.ts'
import { folderRules } from './rules-of-the-folder.ts'
import { runRules } from './rules-of-the-run.ts'
import { type Level, levels, type Rule, type Subject } from './subject.ts'

export const rules: readonly Rule[] = [...folderRules, ...caseRules, ...runRules]

export type Result = {
  readonly name: string
  readonly label: string
  readonly group: string
  readonly commands: string
  /** The highest level all of whose rules, and those of the levels below, are kept. */
  readonly level: Level | 'none'
  readonly kept: number
  readonly notAsked: number
  readonly missing: readonly {
    readonly rule: string
    readonly level: Level
    readonly says: string
    readonly what: string
  }[]
}

export function judge(subject: Subject): Result {
  const verdicts = rules.map((rule) => ({ rule, verdict: rule.check(subject) }))
  const missing = verdicts
    .flatMap(({ rule, verdict }) =>
      verdict.ok === false ? [{ rule: rule.id, level: rule.level, says: rule.says, what: verdict.missing }] : [],
    )
    .sort((a, b) => levels.indexOf(a.level) - levels.indexOf(b.level))
  const reached = levels.filter((_, index) => !missing.some(({ level }) => levels.indexOf(level) <= index))
  const { name, label, group, commands } = subject.integration
  return {
    name,
    label,
    group,
    commands: Object.keys(commands ?? {}).join(', '),
    level: reached.at(-1) ?? 'none',
    kept: verdicts.filter(({ verdict }) => verdict.ok === true).length,
    notAsked: verdicts.filter(({ verdict }) => verdict.ok === 'not asked').length,
    missing,
  }
}

/** A table in Markdown, for people and for the README. */
export const tableOf = (results: readonly Result[]): string =>
  [
    '| integration | what it logs | commands | level |',
    '|---|---|---|---|',
    ...results.map(
      ({ name, label, group, commands, level }) =>
        `| [\`${name}\`](packages/integrations/src/${name}/README.md) | ${label}: ${group} | ${commands || '–'} | ${level} |`,
    ),
  ].join('\n')
