import { readSettings, type SettingName, settings } from '@nabolag/core'
import type { Command } from 'commander'
import { say, sayJson } from '../say.ts'

export function addSettings(program: Command): void {
  program
    .command('settings')
    .description('every setting with its meaning, default and present value; secrets are masked')
    .option('--json', 'as JSON')
    .action(({ json }: { json?: boolean }) => {
      const rows = describeSettings(process.env)
      if (json) return sayJson(rows)
      for (const row of rows) {
        say(`${row.name}`)
        say(`  ${row.meaning}`)
        say(`  now: ${row.value ?? 'not set'}${row.given ? '' : row.default === null ? '' : ' (the default)'}`)
        if (row.problem) say(`  ! ${row.problem}`)
      }
    })
}

export type DescribedSetting = {
  readonly name: SettingName
  readonly meaning: string
  readonly default: string | null
  /** Masked where it is secret; `null` where nothing is set and there is no default. */
  readonly value: string | null
  readonly given: boolean
  readonly secret: boolean
  readonly problem: string | null
}

/** All settings as an environment has them. No secret is in the answer. */
export function describeSettings(environment: Readonly<Record<string, string | undefined>>): DescribedSetting[] {
  return Object.entries(settings).map(([name, setting]) => {
    const given = environment[name] !== undefined && environment[name] !== ''
    const secret = 'secret' in setting
    const fallback = 'default' in setting ? setting.default : null
    const value = given ? (environment[name] ?? null) : fallback
    return {
      name: name as SettingName,
      meaning: setting.meaning,
      default: fallback,
      value: given && secret ? mask(value ?? '') : value,
      given,
      secret,
      problem: given ? findProblem(name, environment[name]) : null,
    }
  })
}

function findProblem(name: string, value: string | undefined): string | null {
  try {
    readSettings({ [name]: value })
    return null
  } catch (error) {
    return (error as Error).message
  }
}

/** Of an address, what is no secret stays readable; of anything else nothing does. */
function mask(text: string): string {
  if (!URL.canParse(text)) return '••••••'
  const { protocol, host, pathname } = new URL(text)
  return host === '' || !text.includes('://') ? '••••••' : `${protocol}//••••••@${host}${pathname}`
}
