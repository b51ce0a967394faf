/**
 * One launcher per data folder. The lock is the kernel's own on a file (held through an SQLite transaction, the only
 * advisory lock Node offers), so that it goes with the process however that ends: there is no stale lock to judge.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Problem } from '@nabolag/core'

export type Holder = { readonly pid: number; readonly host: string; readonly since: string }
export type Lock = { release(): void }

const busy = 5
/** Kept here, or the garbage collector would give the lock back. */
const held = new Set<DatabaseSync>()

/**
 * Takes the lock of an existing folder.
 *
 * @param name one folder can have several locks, each of its own name
 * @param patience ms to wait for a holder that is about to end
 * @throws ProblemError `conflict` naming the process that holds it
 */
export function lockFolder(folder: string, name = 'lock', patience = 1000): Lock {
  const database = take(join(folder, name), patience)
  if (!database) {
    const holder = readHolder(folder, name)
    const process = holder ? `process ${holder.pid} on ${holder.host}, since ${holder.since}` : 'another process'
    throw Problem(
      'conflict',
      `Nabolag is already running on ${folder} (${process}). Stop that one first, or choose another folder with NABOLAG_DATA`,
      holder && { pid: holder.pid },
    )
  }
  const me: Holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() }
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(me)}\n`, { mode: 0o600 })
  held.add(database)
  return {
    release() {
      if (held.delete(database)) database.close()
    },
  }
}

/** Who holds the folder's lock now, if anybody does. Leaves the lock as it is. */
export function lockHolder(folder: string, name = 'lock'): Holder | undefined {
  if (!existsSync(join(folder, name))) return undefined
  const database = take(join(folder, name), 0)
  if (!database) return readHolder(folder, name) ?? { pid: 0, host: 'unknown', since: 'unknown' }
  database.close()
  return undefined
}

function take(file: string, patience: number): DatabaseSync | undefined {
  const database = new DatabaseSync(file, { timeout: patience })
  try {
    // Nothing is ever written to it: no journal, which would stay behind after a kill.
    database.exec('pragma journal_mode = memory; begin exclusive')
    return database
  } catch (error) {
    database.close()
    if ((error as { errcode?: number }).errcode === busy) return undefined
    throw error
  }
}

function readHolder(folder: string, name: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Holder
  } catch {
    return undefined
  }
}
