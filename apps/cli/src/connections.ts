/** The addresses a command works on: those of the environment, or those of the launcher that runs now. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Problem, readSettings, type SettingName, type Settings } from '@nabolag/core'
import { folderPath, readRunning, readSecrets } from './launch/data-folder.ts'
import { lockHolder } from './launch/lock.ts'

type AddressName = 'DATABASE_URL' | 'CLICKHOUSE_URL' | 'MQTT_URL'

/** The settings with the named ones present. */
export type With<Name extends SettingName> = Settings & { readonly [N in Name]: string }

/**
 * Settings with the addresses a command needs, taken from a running launcher where the environment does not give them.
 *
 * @throws ProblemError `engine-down` saying how to start, or which variable to set
 */
export function settingsOfRunning<Name extends AddressName>(
  ...needed: Name[]
): With<Name> & { readonly runningAt?: string } {
  const settings = readSettings(process.env)
  const missing = needed.filter((name) => settings[name] === undefined)
  const folder = folderPath(settings)
  const running = missing.length > 0 && lockHolder(folder) ? readRunning(folder) : undefined
  if (missing.length > 0 && !running)
    throw Problem(
      'engine-down',
      `Nabolag is not running on ${folder}. Start it with \`nabolag up\`, or set ${missing.join(', ')} to where ${missing.length > 1 ? 'they are' : 'it is'}${demoHint(folder)}`,
    )
  return {
    ...(settings as With<Name>),
    ...Object.fromEntries(missing.map((name) => [name, running?.[name]])),
    ...(running && { runningAt: running.http }),
  }
}

/** Settings with addresses that must be given: what a role started alone needs. */
export function settingsGiven<Name extends SettingName>(
  settings: Settings,
  role: string,
  ...needed: Name[]
): With<Name> {
  const missing = needed.filter((name) => settings[name] === undefined)
  if (missing.length > 0)
    throw Problem(
      'bad-request',
      `nabolag ${role} needs ${missing.join(' and ')}. \`nabolag settings\` tells what ${missing.length > 1 ? 'they are' : 'it is'}; \`nabolag up\` brings engines of its own`,
    )
  return settings as With<Name>
}

/** The master key of the environment or of the data folder. */
export function masterKeyOf(settings: Settings): string {
  const key = settings.NABOLAG_MASTER_KEY ?? readSecrets(folderPath(settings))?.masterKey
  if (key === undefined)
    throw Problem('bad-request', `There is no master key in ${folderPath(settings)}. Set NABOLAG_MASTER_KEY`)
  return key
}

function demoHint(folder: string): string {
  const demo = join(folder, 'demo')
  if (!existsSync(join(demo, 'lock')) || !lockHolder(demo)) return ''
  return `. The demo is running: put NABOLAG_DATA=${demo} before the command to mean that one`
}
