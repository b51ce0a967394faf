/** `nabolag up`: engines for the addresses that are not given, migrations, and every role, supervised. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Settings } from '@nabolag/core'
import {
  type DataFolder,
  folderPath,
  keyIdsOf,
  openDataFolder,
  type Running,
  readSecrets,
  removeRunning,
  writeRunning,
} from './data-folder.ts'
import { type LogFile, openLogFile } from './log-files.ts'
import type { Migrated } from './migrate.ts'
import { findPort, freePort } from './ports.ts'
import { onStop } from './protocol.ts'
import { type EngineName, type EngineOptions, engineNames, roleNames } from './roles.ts'
import type { Screen } from './screen.ts'
import { type ChildPlan, type Supervisor, supervise } from './supervisor.ts'

/** ms that everything may take to stop, killing whoever is late included. */
const stopWithin = 9_000

const program = fileURLToPath(new URL('../main.ts', import.meta.url))
const embeddedDatabase = 'nabolag'

export type Stack = {
  readonly settings: Settings
  readonly folder: DataFolder
  readonly supervisor: Supervisor
  readonly screen: Screen
  /** Addresses of the engines, given or our own. */
  readonly running: Running
  /** A child of our own program, with the environment that all roles get. */
  plan(name: string, given?: unknown): ChildPlan
}

export type LaunchOptions = {
  readonly settings: Settings
  readonly environment: NodeJS.ProcessEnv
  readonly screen: Screen
  /** Runs when the databases are ready and before the roles start; gives them further environment. */
  readonly beforeRoles?: (stack: Stack) => Promise<NodeJS.ProcessEnv>
  /** Runs when the roles are ready. */
  readonly afterRoles?: (stack: Stack) => Promise<void>
}

/**
 * Starts everything and keeps it running until somebody asks to stop. Resolves when all is stopped.
 *
 * @throws ProblemError when it cannot start; everything that was started is stopped then
 */
export async function launch(options: LaunchOptions): Promise<void> {
  const { screen } = options
  const began = Date.now()
  // A terminal that is gone must not take the houses' data with it.
  for (const output of [process.stdout, process.stderr]) output.removeAllListeners('error').on('error', () => {})
  // Whatever anybody writes from here on is only for this user.
  process.umask(0o077)
  const asked = new Promise<string>((resolve) => onStop(resolve))
  const folder = openDataFolder(folderPath(options.settings))
  const logs = new Map<string, LogFile>()
  const logOf = (name: string) => {
    const log = logs.get(name) ?? openLogFile(join(folder.path, 'logs'), name)
    logs.set(name, log)
    return log
  }
  const supervisor = supervise({
    onEvent: (event) => {
      logOf('launcher').write(`${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`)
      screen.event(event)
    },
    onOutput: (name, chunk) => {
      logOf(name).write(chunk)
      screen.output(name, chunk)
    },
  })
  let failure: unknown
  try {
    const started = startAll(options, folder, supervisor, began)
    // A wish to stop while it starts is a wish to stop; what then fails is its consequence.
    started.catch(() => {})
    await Promise.race([started, asked])
    await asked
  } catch (error) {
    failure = error
  }
  screen.stopping(failure === undefined)
  // A vendor that goes before those who ask it would leave every device with a failure to start from the next time.
  await supervisor.stop([...roleNames.map((name) => [name]), ['simulators'], [...engineNames]], stopWithin)
  removeRunning(folder.path)
  folder.lock.release()
  for (const log of logs.values()) log.close()
  if (failure !== undefined) throw failure
  screen.stopped()
}

async function startAll(options: LaunchOptions, folder: DataFolder, supervisor: Supervisor, began: number) {
  const { screen, environment } = options
  const host = options.settings.NABOLAG_HOST
  const httpPort = await findPort(host, Number(options.settings.NABOLAG_HTTP_PORT), 'NABOLAG_HTTP_PORT')
  const mqttPort = options.settings.MQTT_URL
    ? Number(options.settings.NABOLAG_MQTT_PORT)
    : await findPort(host, Number(options.settings.NABOLAG_MQTT_PORT), 'NABOLAG_MQTT_PORT')
  const http = options.settings.NABOLAG_URL ?? `http://${reachable(host)}:${httpPort}`
  const settings: Settings = {
    ...options.settings,
    NABOLAG_HTTP_PORT: String(httpPort),
    NABOLAG_MQTT_PORT: String(mqttPort),
    NABOLAG_URL: http,
    NABOLAG_MASTER_KEY: options.settings.NABOLAG_MASTER_KEY ?? folder.secrets.masterKey,
  }
  screen.starting(folder.path)
  const addresses = await startEngines(settings, folder, supervisor, environment)
  const keyIds = keyIdsOf(settings.NABOLAG_MASTER_KEY ?? '')
  const running: Running = { pid: process.pid, http, keyIds, ...addresses }
  const forRoles: NodeJS.ProcessEnv = { ...environment, ...definedOnly(settings), ...addresses }
  const stack = (more: NodeJS.ProcessEnv): Stack => ({
    settings: { ...settings, ...addresses },
    folder,
    supervisor,
    screen,
    running,
    plan: (name, given) => ({
      name,
      file: program,
      arguments: ['child', name],
      environment: { ...forRoles, ...more },
      given,
    }),
  })

  const plain = stack({})
  const migrated = await supervisor.once<Migrated>(plain.plan('migrate'))
  const further = (await options.beforeRoles?.(plain)) ?? {}
  const full = stack({ NABOLAG_ADMIN_PASSWORD: undefined, ...further })
  await Promise.all(roleNames.map((name) => supervisor.start(full.plan(name))))
  rereadKeysWhenAsked(full)
  writeRunning(folder.path, running)
  await options.afterRoles?.(full)
  screen.ready({
    http,
    mqtt: options.settings.MQTT_URL ? undefined : `mqtt://${reachable(host)}:${mqttPort}`,
    folder: folder.path,
    setupLink: migrated.setupLink,
    seconds: (Date.now() - began) / 1000,
    pids: supervisor.pids(),
  })
}

/** SIGUSR2 (`nabolag key rotate`): the roles that open credentials are started again with the keys of secrets.json. */
function rereadKeysWhenAsked({ folder, supervisor, plan, running }: Stack): void {
  process.on('SIGUSR2', async () => {
    const masterKey = readSecrets(folder.path)?.masterKey
    if (masterKey === undefined) return
    for (const name of ['connector', 'api']) {
      const before = plan(name)
      await supervisor.replace({ ...before, environment: { ...before.environment, NABOLAG_MASTER_KEY: masterKey } })
    }
    writeRunning(folder.path, { ...running, keyIds: keyIdsOf(masterKey) })
  })
}

/** Starts an engine for each address that is not given. */
async function startEngines(
  settings: Settings,
  { path, secrets }: DataFolder,
  supervisor: Supervisor,
  environment: NodeJS.ProcessEnv,
): Promise<Pick<Running, 'DATABASE_URL' | 'CLICKHOUSE_URL' | 'MQTT_URL'>> {
  // An engine needs no setting, least of all a secret one: what it needs it is given.
  const bare = Object.fromEntries(
    Object.entries(environment).filter(([name]) => !/^NABOLAG_|_URL$/.test(name) || name === 'NABOLAG_LOG_LEVEL'),
  )
  const start = <Name extends EngineName>(name: Name, given: EngineOptions[Name]) =>
    supervisor.start<{ url: string }>({
      name,
      file: program,
      arguments: ['engine', name],
      environment: bare,
      given,
    })
  const startPostgres = async () => {
    const { url } = await start('postgres', { folder: join(path, 'postgres'), socketFolder: findSocketFolder(path) })
    return url
  }
  const startClickHouse = async () => {
    // Chosen once, so that the address stays the same when the engine is started again.
    const port = await freePort()
    const account = { user: 'nabolag', password: secrets.clickHousePassword }
    const { url } = await start('clickhouse', { folder: join(path, 'clickhouse'), port, ...account })
    return `${url}/${embeddedDatabase}`
  }
  const startBroker = async () => {
    const account = { user: 'nabolag', password: secrets.mqttPassword }
    const at = { host: settings.NABOLAG_HOST, port: Number(settings.NABOLAG_MQTT_PORT) }
    const { url } = await start('broker', { folder: join(path, 'broker'), ...at, ...account })
    return url.replace('@0.0.0.0:', '@127.0.0.1:').replace('@[::]:', '@[::1]:')
  }
  const [DATABASE_URL, CLICKHOUSE_URL, MQTT_URL] = await Promise.all([
    settings.DATABASE_URL ?? startPostgres(),
    settings.CLICKHOUSE_URL ?? startClickHouse(),
    settings.MQTT_URL ?? startBroker(),
  ])
  return { DATABASE_URL, CLICKHOUSE_URL, MQTT_URL }
}

/** Where PostgreSQL's socket lies: in the data folder, unless that path is longer than a socket's may be. */
function findSocketFolder(path: string): string {
  const wanted = join(path, 'run')
  return Buffer.byteLength(wanted) <= 80 ? wanted : mkdtempSync(join(tmpdir(), 'nabolag-'))
}

/** An address that people can type, for one that means "all of them". */
const reachable = (host: string) => {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

const definedOnly = (settings: Settings): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined))
