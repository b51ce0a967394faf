import { readSettings } from '@nabolag/core'
import type { Command } from 'commander'
import { jsonScreen, peopleScreen } from '../launch/screen.ts'

export function addUp(program: Command): void {
  program
    .command('up')
    .description('starts everything on this machine, with engines of its own for each address that is not set')
    .option('--json', 'log everything to standard output as JSON lines')
    .addHelpText(
      'after',
      `
DATABASE_URL, CLICKHOUSE_URL and MQTT_URL each replace an embedded engine. The first start prints a link that makes
the admin, or makes it from NABOLAG_ADMIN_USERNAME and NABOLAG_ADMIN_PASSWORD.

Examples:
  $ nabolag up
  $ NABOLAG_DATA=/var/lib/nabolag NABOLAG_HTTP_PORT=80 nabolag up
  $ DATABASE_URL=postgres://nabolag:…@db/nabolag nabolag up`,
    )
    .action(async ({ json }: { json?: boolean }) => {
      const settings = readSettings(process.env)
      const { launch } = await import('../launch/launch.ts')
      await launch({ settings, environment: process.env, screen: json ? jsonScreen() : peopleScreen() })
      process.exit(0)
    })
}
