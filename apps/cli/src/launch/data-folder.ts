/** The data folder: its version, its rights, its generated secrets and the note of what runs in it. */
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { Problem, type Settings } from '@nabolag/core'
import { type Lock, lockFolder } from './lock.ts'

/** Raised whenever an older program could not live with what a newer one leaves in the folder. */
export const folderVersion = 1

export type Secrets = {
  /** As NABOLAG_MASTER_KEY has it: `id:key`, several with commas, the first one for new credentials. */
  readonly masterKey: string
  readonly clickHousePassword: string
  readonly mqttPassword: string
}

/** Addresses of what runs now; written while it runs, for the other commands. */
export type Running = {
  readonly pid: number
  readonly http: string
  /** Names of the master keys that the roles know, as far as they are our own. */
  readonly keyIds: readonly string[]
  readonly DATABASE_URL: string
  readonly CLICKHOUSE_URL: string
  readonly MQTT_URL: string
}

export type DataFolder = { readonly path: string; readonly secrets: Secrets; readonly lock: Lock }

export const folderPath = (settings: Settings): string =>
  isAbsolute(settings.NABOLAG_DATA) ? settings.NABOLAG_DATA : resolve(settings.NABOLAG_DATA)

/**
 * Opens the folder for a launcher, and makes it at the first start. A newer one is not touched, not even by a lock.
 *
 * @throws ProblemError `conflict` when it is in use or of a newer version
 */
export function openDataFolder(path: string): DataFolder {
  refuseNewer(path)
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
  const lock = lockFolder(path)
  try {
    if (!existsSync(join(path, 'version.json'))) writePrivately(join(path, 'version.json'), { schema: folderVersion })
    return { path, secrets: readSecrets(path) ?? makeSecrets(path), lock }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** @throws ProblemError `conflict` when a newer Nabolag has written in the folder */
export function refuseNewer(path: string): void {
  const found = readJson<{ schema?: number }>(join(path, 'version.json'))?.schema
  if (found !== undefined && found > folderVersion)
    throw Problem(
      'conflict',
      `The data folder ${path} is of a newer version (${found}; this program knows ${folderVersion}). Nothing was touched. Start it with the newer program, or choose another folder with NABOLAG_DATA`,
    )
}

export const readSecrets = (path: string): Secrets | undefined => readJson<Secrets>(join(path, 'secrets.json'))

/** Replaces the secrets in one step: either the old file or the new one is there, never half of one. */
export const writeSecrets = (path: string, secrets: Secrets): void =>
  writePrivately(join(path, 'secrets.json'), secrets)

function makeSecrets(path: string): Secrets {
  const secrets = {
    masterKey: makeMasterKey(),
    clickHousePassword: randomBytes(24).toString('base64url'),
    mqttPassword: randomBytes(24).toString('base64url'),
  }
  writeSecrets(path, secrets)
  return secrets
}

/** The names of the keys in a NABOLAG_MASTER_KEY; nothing of the keys themselves. */
export const keyIdsOf = (masterKey: string): string[] => masterKey.split(',').map((key) => key.split(':')[0] ?? '')

/** A new master key with an id of its own, as NABOLAG_MASTER_KEY takes it. */
export const makeMasterKey = (): string => `k${randomBytes(4).toString('hex')}:${randomBytes(32).toString('base64')}`

export const readRunning = (path: string): Running | undefined => readJson<Running>(join(path, 'run.json'))
export const writeRunning = (path: string, running: Running): void => writePrivately(join(path, 'run.json'), running)
export const removeRunning = (path: string): void => rmSync(join(path, 'run.json'), { force: true })

function readJson<T>(file: string): T | undefined {
  if (!existsSync(file)) return undefined
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T
  } catch {
    throw Problem('internal-error', `${file} cannot be read; put it back from a backup, or give another NABOLAG_DATA`)
  }
}

/** Writes JSON that only this user may read, in one step. */
export function writePrivately(file: string, value: unknown): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flush: true })
  chmodSync(`${file}.new`, 0o600)
  renameSync(`${file}.new`, file)
}
