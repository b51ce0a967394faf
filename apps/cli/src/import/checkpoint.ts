/** How far an import has come, kept in the data folder, so that it goes on after whatever ended it. */
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Counts } from './counts.ts'

export type Checkpoint = {
  /** Bytes of the unpacked file whose rows are stored or rejected. */
  readonly offset: number
  /** Bytes of the file with the rejected rows. */
  readonly rejectedBytes: number
  readonly reader: unknown
  readonly counts: Counts
}

export type Checkpoints = {
  /** `undefined` when there is none, or the file is another one than it was. */
  load(): Promise<Checkpoint | undefined>
  save(checkpoint: Checkpoint): Promise<void>
  forget(): Promise<void>
}

/** @param identity what must be the same for an import to go on: the file's path, the house, the options */
export async function checkpointsOf(folder: string, path: string, identity: object): Promise<Checkpoints> {
  const imports = join(folder, 'imports')
  const name = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 32)
  const place = join(imports, `${name}.json`)
  const { size, mtimeMs } = await stat(path)
  const file = { size, changed: mtimeMs }
  return {
    async load() {
      const text = await readFile(place, 'utf8').catch(() => undefined)
      if (text === undefined) return undefined
      try {
        const kept = JSON.parse(text) as { file: typeof file; checkpoint: Checkpoint }
        return kept.file.size === size && kept.file.changed === mtimeMs ? kept.checkpoint : undefined
      } catch {
        return undefined
      }
    },
    async save(checkpoint) {
      mkdirSync(imports, { recursive: true, mode: 0o700 })
      await writeFile(`${place}.new`, JSON.stringify({ path, file, checkpoint }), { mode: 0o600 })
      await rename(`${place}.new`, place)
    },
    forget: () => rm(place, { force: true }),
  }
}
