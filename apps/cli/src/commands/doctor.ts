import { readSettings } from '@nabolag/core'
import type { Command } from 'commander'
import type { Finding } from '../doctor/finding.ts'
import { folderPath, readRunning } from '../launch/data-folder.ts'
import { lockHolder } from '../launch/lock.ts'
import { say, sayJson } from '../say.ts'

const marks = { good: '✓', warning: '!', bad: '✗', skipped: '–' } as const

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('what is wrong with this installation, and how to mend it; exit code 1 when something is')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const findings = await examine()
      if (json) sayJson(findings)
      else
        for (const { state, check, found, mend } of findings) {
          say(`${marks[state]} ${check.padEnd(10)}  ${found}`)
          if (mend) say(`    → ${mend}`)
        }
      process.exitCode = findings.some(({ state }) => state === 'bad') ? 1 : 0
    })
}

async function examine(): Promise<Finding[]> {
  const [machine, engines] = await Promise.all([import('../doctor/machine.ts'), import('../doctor/engines.ts')])
  const settings = readSettings(process.env)
  const folder = folderPath(settings)
  const running = lockHolder(folder) ? readRunning(folder) : undefined
  return [
    machine.checkNode(),
    machine.checkMemory(),
    ...machine.checkFolder(folder),
    ...(await machine.checkDisk(folder)),
    machine.checkLauncher(folder),
    ...(running ? [] : await machine.checkPorts(settings)),
    ...(await engines.checkEngines(
      {
        ...settings,
        DATABASE_URL: settings.DATABASE_URL ?? running?.DATABASE_URL,
        CLICKHOUSE_URL: settings.CLICKHOUSE_URL ?? running?.CLICKHOUSE_URL,
        MQTT_URL: settings.MQTT_URL ?? running?.MQTT_URL,
      },
      running?.http,
    )),
  ]
}
