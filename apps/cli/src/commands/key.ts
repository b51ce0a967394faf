import { setTimeout as sleep } from 'node:timers/promises'
import { Problem, readSettings } from '@nabolag/core'
import type { Rotation } from '@nabolag/store'
import type { Command } from 'commander'
import { settingsOfRunning } from '../connections.ts'
import {
  folderPath,
  keyIdsOf,
  makeMasterKey,
  readRunning,
  readSecrets,
  type Secrets,
  writeSecrets,
} from '../launch/data-folder.ts'
import { lockHolder } from '../launch/lock.ts'
import { note, say, sayJson } from '../say.ts'

/** ms that the roles may take to start again with the new key. */
const patience = 60_000

export function addKey(program: Command): void {
  program
    .command('key')
    .description('the master key that wraps the credentials of devices')
    .command('rotate')
    .description('makes a new master key, wraps every device’s key with it, and forgets the old one')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
With NABOLAG_MASTER_KEY the key is yours to make. Put a new one first and keep the old one behind it,
  NABOLAG_MASTER_KEY=new:<32 bytes in base64>,old:<the old one>
start the roles again with that, run this command with it, and only then leave the old one out.`,
    )
    .action(async ({ json }: { json?: boolean }) => {
      const { NABOLAG_MASTER_KEY: given } = readSettings(process.env)
      const rotation = given === undefined ? await rotateOwnKey() : await rotateGivenKey(given)
      if (json) sayJson(rotation)
      else say(`The credentials of ${rotation.rewrapped} of ${rotation.total} devices are wrapped with the new key.`)
      if (rotation.failed > 0)
        throw Problem(
          'internal-error',
          `${rotation.failed} could not be opened; the old key is kept. See nabolag doctor`,
        )
    })
}

async function rotateGivenKey(keys: string): Promise<Rotation> {
  if (!keys.includes(','))
    throw Problem('bad-request', 'NABOLAG_MASTER_KEY holds one key only. nabolag key rotate --help tells how to go on')
  return rewrap(keys)
}

/** Everybody knows both keys before anything is wrapped with the new one, and the old one goes last. */
async function rotateOwnKey(): Promise<Rotation> {
  const settings = settingsOfRunning('DATABASE_URL')
  const folder = folderPath(settings)
  const secrets = readSecrets(folder)
  if (!secrets) throw Problem('bad-request', `There is no master key in ${folder}`)
  const running = lockHolder(folder) ? readRunning(folder) : undefined
  if (running && running.keyIds.join() !== keyIdsOf(secrets.masterKey).join())
    throw Problem(
      'bad-request',
      'What runs there was started with a NABOLAG_MASTER_KEY of its own; give this command the same',
    )
  const key = makeMasterKey()
  const both: Secrets = { ...secrets, masterKey: `${key},${secrets.masterKey}` }
  writeSecrets(folder, both)
  await announce(folder, both)
  const rotation = await rewrap(both.masterKey)
  if (rotation.failed === 0) {
    const alone = { ...secrets, masterKey: key }
    writeSecrets(folder, alone)
    await announce(folder, alone)
  }
  return rotation
}

/** Has a running launcher read the keys again, and waits until its roles know them. */
async function announce(folder: string, { masterKey }: Secrets): Promise<void> {
  const holder = lockHolder(folder)
  if (!holder) return
  process.kill(holder.pid, 'SIGUSR2')
  const end = Date.now() + patience
  while (readRunning(folder)?.keyIds.join() !== keyIdsOf(masterKey).join()) {
    if (Date.now() > end) throw Problem('engine-down', 'The launcher did not take the new key; both keys are kept')
    await sleep(100)
  }
}

async function rewrap(masterKey: string): Promise<Rotation> {
  const { DATABASE_URL } = settingsOfRunning('DATABASE_URL')
  const { openStore } = await import('@nabolag/store')
  const store = openStore({ url: DATABASE_URL, masterKey, connections: 1 })
  try {
    const shows = process.stderr.isTTY
    return await store.fleet.rotateMasterKey((done, total) => {
      if (shows && (done === total || done % 100 === 0)) note(`${done} of ${total}`)
    })
  } finally {
    await store.close()
  }
}
