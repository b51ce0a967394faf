/** PostgreSQL without an installation: PGlite on a Unix socket that only this user can reach. */
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { serve } from './postgres-wire.ts'

/** The socket's name, as every PostgreSQL client forms it from the folder and the port. */
const socketName = '.s.PGSQL.5432'
/** A Unix socket's path may have 107 bytes on Linux, 103 on macOS. */
const maxSocketPath = 100
const maxConnections = 64

type Log = { info(fields: object, message: string): void; error(fields: object, message: string): void }

/**
 * Starts PostgreSQL on a data folder and resolves when it answers. What is committed outlives a SIGKILL. Only one
 * process may have the folder at a time: that is the caller's lock to keep.
 *
 * @param options.folder where the database lies; made when absent
 * @param options.socketFolder where the socket lies (mode 0700); beside the data when absent, and in a folder of its
 *   own under the system's temporary folder when that path would be too long
 * @returns `url` as `pg` understands it; there is no password, the folder's mode is the guard
 */
export async function startPostgres(options: {
  readonly folder: string
  readonly socketFolder?: string
  readonly log?: Log
  /** Called when the engine breaks while it runs; the process should end. Ends it with code 1 when absent. */
  readonly onBroken?: (error: unknown) => void
}): Promise<{ url: string; close(): Promise<void> }> {
  const folder = resolve(options.folder)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const sockets = await makeSocketFolder(resolve(options.socketFolder ?? join(folder, '..', 'run')))
  const path = join(sockets.folder, socketName)
  // Left behind by a SIGKILL, a socket or a lock file would keep the next start from listening.
  await rm(path, { force: true })
  await rm(join(folder, 'postmaster.pid'), { force: true })
  const engine = await PGlite.create(folder, { username: 'postgres', database: 'postgres' })
  const broken =
    options.onBroken ??
    ((error: unknown) => {
      options.log?.error({ error: String(error) }, 'PostgreSQL broke')
      process.exit(1)
    })
  const server = await serve(engine, path, maxConnections, broken)
  options.log?.info({ folder }, 'PostgreSQL is ready')
  return {
    url: `postgres://postgres@localhost/postgres?host=${encodeURIComponent(sockets.folder)}`,
    async close() {
      await server.close()
      await engine.close()
      await rm(path, { force: true })
      if (sockets.temporary) await rm(sockets.folder, { recursive: true, force: true })
    },
  }
}

async function makeSocketFolder(wanted: string): Promise<{ folder: string; temporary: boolean }> {
  if (Buffer.byteLength(join(wanted, socketName)) > maxSocketPath) {
    return { folder: await mkdtemp(join(tmpdir(), 'nabolag-')), temporary: true }
  }
  await mkdir(wanted, { recursive: true, mode: 0o700 })
  await chmod(wanted, 0o700)
  return { folder: wanted, temporary: false }
}
