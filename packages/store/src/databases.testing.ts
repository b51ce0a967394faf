/** The PostgreSQLs the suites run against: the embedded one always, and one of Debian's where it is installed. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startPostgres } from '@nabolag/engines/postgres'
import { openStore } from './open.ts'
import { operator } from './rights.ts'
import type { Asker, Store } from './types.ts'

const run = promisify(execFile)
const bin = '/usr/lib/postgresql/15/bin'

type Running = { readonly url: string; close(): Promise<void> }

/** `describe.each(databases)`: a name and a way to start. */
export const databases: readonly { readonly name: string; start(): Promise<Running> }[] = [
  { name: 'PGlite', start: startEmbedded },
  ...(existsSync(join(bin, 'initdb')) ? [{ name: 'PostgreSQL', start: startCluster }] : []),
]

async function startEmbedded(): Promise<Running> {
  const root = await mkdtemp(join(tmpdir(), 'nabolag-store-'))
  const engine = await startPostgres({ folder: join(root, 'postgres') })
  return {
    url: engine.url,
    async close() {
      await engine.close()
      await rm(root, { recursive: true, force: true })
    },
  }
}

/** PostgreSQL refuses to run as root: then it runs as the user that Debian's package made. */
const asPostgres = (program: string, args: string[]) =>
  process.getuid?.() === 0
    ? run('runuser', ['-u', 'postgres', '--', join(bin, program), ...args])
    : run(join(bin, program), args)

async function startCluster(): Promise<Running> {
  const root = await mkdtemp(join(tmpdir(), 'nabolag-cluster-'))
  await chmod(root, 0o777)
  const data = join(root, 'data')
  await asPostgres('initdb', ['-D', data, '-U', 'nabolag', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'])
  const options = `-k ${root} -c listen_addresses= -c fsync=off`
  await asPostgres('pg_ctl', ['-D', data, '-w', '-s', '-l', join(root, 'data', 'log'), '-o', options, 'start'])
  return {
    url: `postgres://nabolag@localhost/postgres?host=${encodeURIComponent(root)}`,
    async close() {
      await asPostgres('pg_ctl', ['-D', data, '-m', 'immediate', '-s', 'stop'])
      await rm(root, { recursive: true, force: true })
    },
  }
}

export const newMasterKey = (): string => randomBytes(32).toString('base64')

export const password = 'correct horse battery'

/** A migrated store with two integrations (`one-only`, `many`) and one container-type (`boxed`, which needs `user`). */
export async function prepare(url: string, masterKey: string): Promise<Store> {
  const store = openStore({ url, masterKey, baseUrl: 'http://house.example', connections: 8 })
  await store.migrate()
  const row = { vendor: 'v', group: 'airSensor', requiredFields: ['token'], samplingSeconds: 60 }
  const schema = { type: 'object' }
  await store.fleet.syncIntegrations([
    { ...row, name: 'one-only', label: 'One', credentialsSchema: schema, allowMultiple: false },
    { ...row, name: 'many', label: 'Many', credentialsSchema: schema, allowMultiple: true },
  ])
  await store
    .as(operator)
    .addIntegration({ name: 'boxed', group: 'airSensor', requiredFields: ['user'], dockerHubImage: 'someone/boxed' })
  return store
}

/** A user of that name. */
export async function makeUser(store: Store, username: string, role: 'admin' | 'user' = 'user'): Promise<Asker> {
  await store.people.createUser({ username, password, role }, operator)
  return store.people.askerNamed(username)
}
