/** One log file per process, cut off by size: `<name>.log` is the newest, `<name>.1.log` the one before, and so on. */
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'

export type LogFile = { write(chunk: Uint8Array | string): void; close(): void }

/** @param most bytes of one file; @param kept how many older files stay */
export function openLogFile(folder: string, name: string, most = 10_000_000, kept = 4): LogFile {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = (age: number) => join(folder, age === 0 ? `${name}.log` : `${name}.${age}.log`)
  const open = () => openSync(file(0), 'a', 0o600)
  let handle = open()
  let size = fstatSync(handle).size

  const rotate = () => {
    closeSync(handle)
    for (let age = kept; age > 0; age--) {
      try {
        renameSync(file(age - 1), file(age))
      } catch {
        // There are not so many yet.
      }
    }
    handle = open()
    size = 0
  }
  return {
    write(chunk) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      try {
        if (size > 0 && size + bytes.byteLength > most) rotate()
        size += writeSync(handle, bytes)
      } catch {
        // A full disk must not end the launcher; what it would have logged is lost.
      }
    },
    close: () => closeSync(handle),
  }
}
