/** A Mosquitto of one's own for a test: free port, accounts by the dynamic-security plugin, data in a temporary folder. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const program = ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto', '/opt/homebrew/sbin/mosquitto'].find(existsSync)
const plugin = [
  '/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so',
  '/usr/lib/aarch64-linux-gnu/mosquitto_dynamic_security.so',
  '/usr/lib/mosquitto_dynamic_security.so',
].find(existsSync)

/** Why there can be no Mosquitto here, or `undefined` when there can. */
export const noMosquitto = program && plugin ? undefined : 'Mosquitto with its dynamic-security plugin is not installed'

export type Mosquitto = {
  /** With the account of the administrator. */
  readonly url: string
  urlFor(login: { username: string; password: string }): string
  /** SIGKILL; the port stays the same for `start`. */
  kill(): Promise<void>
  start(): Promise<void>
  close(): Promise<void>
}

/** Starts it. With `dynamicSecurity: false` it lets anyone in and keeps no accounts. */
export async function startMosquitto({ dynamicSecurity = true } = {}): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), 'mosquitto-'))
  const port = await freePort()
  const accounts = join(folder, 'accounts.json')
  const password = 'for-this-test-only'
  if (dynamicSecurity)
    execFileSync('mosquitto_ctrl', ['dynsec', 'init', accounts, 'admin', password], { stdio: 'pipe' })
  if (dynamicSecurity) letAdminPublish(accounts)
  const lines = [
    `listener ${port} 127.0.0.1`,
    'user root',
    'persistence true',
    `persistence_location ${folder}/`,
    'max_inflight_messages 0',
    'max_queued_messages 0',
    ...(dynamicSecurity
      ? ['allow_anonymous false', `plugin ${plugin}`, `plugin_opt_config_file ${accounts}`]
      : ['allow_anonymous true']),
  ]
  writeFileSync(join(folder, 'mosquitto.conf'), `${lines.join('\n')}\n`)
  let child: ChildProcess | undefined
  const start = async () => {
    child = spawn(program ?? 'mosquitto', ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore' })
    await answering(port, child)
  }
  const kill = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  await start()
  return {
    url: dynamicSecurity ? `mqtt://admin:${password}@127.0.0.1:${port}` : `mqtt://127.0.0.1:${port}`,
    urlFor: (login) =>
      `mqtt://${encodeURIComponent(login.username)}:${encodeURIComponent(login.password)}@127.0.0.1:${port}`,
    kill,
    start,
    async close() {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Its admin may listen to everything but publish commands to the plugin only; the system's own account needs both. */
function letAdminPublish(file: string) {
  const kept = JSON.parse(readFileSync(file, 'utf8')) as { roles: { rolename: string; acls: object[] }[] }
  kept.roles
    .find(({ rolename }) => rolename === 'admin')
    ?.acls.push({ acltype: 'publishClientSend', topic: '#', priority: 0, allow: true })
  writeFileSync(file, JSON.stringify(kept))
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`Mosquitto ended with ${child.exitCode}`)
    const socket = connect(port, '127.0.0.1')
    const open = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (open) return
    await sleep(50)
  }
  throw new Error('Mosquitto does not answer')
}
