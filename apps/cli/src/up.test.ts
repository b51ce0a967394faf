/** `nabolag up` as people run it: the command, the embedded engines, a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Running } from './launch/data-folder.ts'
import { freePort } from './launch/ports.ts'

const command = fileURLToPath(new URL('../bin/nabolag.js', import.meta.url))
const password = 'a password for this test'
const patience = 150_000
let folder: string
let environment: NodeJS.ProcessEnv
let launcher: Launcher

type Launcher = { readonly process: ChildProcess; readonly said: () => string; readonly ended: Promise<number | null> }

function nabolag(more: NodeJS.ProcessEnv, ...given: string[]): Launcher {
  const child = spawn(process.execPath, [command, ...given], { env: { ...environment, ...more } })
  let said = ''
  for (const output of [child.stdout, child.stderr])
    output.on('data', (chunk: Buffer) => {
      said += chunk
    })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { process: child, said: () => said, ended }
}

async function run(more: NodeJS.ProcessEnv, ...given: string[]): Promise<{ code: number | null; said: string }> {
  const { ended, said } = nabolag(more, ...given)
  return { code: await ended, said: said() }
}

async function until(look: () => unknown, limit = patience): Promise<void> {
  const end = Date.now() + limit
  while (!look()) {
    if (Date.now() > end) throw new Error(`Waited too long; it said:\n${launcher.said()}`)
    await sleep(50)
  }
}

async function start(): Promise<void> {
  launcher = nabolag({}, 'up')
  await until(() => launcher.said().includes('Ctrl-C') || launcher.process.exitCode !== null)
  expect(launcher.said()).toContain('Ready in')
}

const running = () => JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as Running

/** Process ids by name, as the launcher's log has them. */
const children = (): Record<string, number> =>
  Object.fromEntries(
    readFileSync(join(folder, 'logs', 'launcher.log'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; name: string; pid: number })
      .flatMap(({ kind, name, pid }) => (kind === 'ready' ? [[name, pid]] : [])),
  )

const lastEvents = () =>
  readFileSync(join(folder, 'logs', 'launcher.log'), 'utf8')
    .split('\n')
    .slice(-15)
    .join('\n')

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const signIn = () =>
  fetch(`${running().http}/api/auth/login`, {
    method: 'POST',
    body: new URLSearchParams({ username: 'anna', password }),
  })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'up-'))
  environment = {
    PATH: process.env.PATH,
    NABOLAG_DATA: folder,
    NABOLAG_HTTP_PORT: String(await freePort()),
    NABOLAG_MQTT_PORT: String(await freePort()),
    NABOLAG_ADMIN_USERNAME: 'anna',
    NABOLAG_ADMIN_PASSWORD: password,
  }
  await start()
}, patience)

afterAll(async () => {
  if (launcher.process.exitCode === null) launcher.process.kill('SIGTERM')
  await launcher.ended
  rmSync(folder, { recursive: true, force: true })
})

test('the admin of the first start can sign in, and no set-up link is shown', async () => {
  expect((await signIn()).status).toBe(200)
  expect(launcher.said()).not.toContain('setup?token=')
})

test('nothing in the data folder is open to other users, and no secret is in a log or on the screen', () => {
  const { masterKey, ...passwords } = JSON.parse(readFileSync(join(folder, 'secrets.json'), 'utf8'))
  const secrets: string[] = [masterKey.split(':')[1], ...Object.values<string>(passwords), password]
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  expect(statSync(folder).mode & 0o077).toBe(0)
  const logs = entries.filter(({ name }) => name.endsWith('.log')).map((entry) => join(entry.parentPath, entry.name))
  expect(logs.length).toBeGreaterThan(3)
  for (const text of [
    launcher.said(),
    ...logs.filter((log) => log.includes('/logs/')).map((log) => readFileSync(log, 'utf8')),
  ])
    for (const secret of secrets) expect(text).not.toContain(secret)
})

test('a second start on the same folder is refused and names the first one', async () => {
  const { code, said } = await run({ NABOLAG_HTTP_PORT: '0', NABOLAG_MQTT_PORT: '0' }, 'up')
  expect(code).toBe(1)
  expect(said).toContain(`process ${launcher.process.pid}`)
})

test.each(['NABOLAG_HTTP_PORT', 'NABOLAG_MQTT_PORT'])(
  'a taken port is named with %s, before anything is started',
  async (name) => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as { port: number }
    const own = mkdtempSync(join(tmpdir(), 'up-'))
    const free = { NABOLAG_HTTP_PORT: '0', NABOLAG_MQTT_PORT: '0' }
    const { code, said } = await run({ ...free, NABOLAG_DATA: own, [name]: String(port) }, 'up')
    expect(code).toBe(1)
    expect(said).toMatch(new RegExp(`Port ${port} .* ${name}`))
    expect(readdirSync(own)).not.toContain('postgres')
    other.close()
    rmSync(own, { recursive: true })
  },
)

test('a publisher made at the command line is known to the broker', async () => {
  const { code: made } = await run({}, 'house', 'create', '--name', 'Trial', '--json')
  expect(made).toBe(0)
  const { code, said } = await run({}, 'publisher', 'add', '--house', '1', '--name', 'mill-sense', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(said)).toMatchObject({
    username: expect.stringMatching(/./),
    password: expect.stringMatching(/.{20}/),
  })
})

test('the doctor finds nothing wrong', async () => {
  const { code, said } = await run({}, 'doctor', '--json')
  expect(JSON.parse(said).filter(({ state }: { state: string }) => state === 'bad')).toEqual([])
  expect(code).toBe(0)
})

test(
  'every process that is killed comes back, and the system answers',
  async () => {
    const before = children()
    const roles = ['api', 'connector', 'controller', 'datalogger']
    expect(Object.keys(before).sort()).toEqual([...roles, 'broker', 'clickhouse', 'postgres'].sort())
    for (const [name, pid] of Object.entries(before)) {
      if (!isAlive(pid)) throw new Error(`${name} ended by itself before it was killed:\n${lastEvents()}`)
      process.kill(pid, 'SIGKILL')
      await until(() => children()[name] !== pid, 60_000)
    }
    const end = Date.now() + 60_000
    while ((await signIn().catch(() => undefined))?.status !== 200 && Date.now() < end) await sleep(250)
    expect((await signIn()).status).toBe(200)
  },
  patience,
)

test(
  'a launcher that is killed leaves no orphan, and the next start works',
  async () => {
    const pids = Object.values(children())
    launcher.process.kill('SIGKILL')
    await launcher.ended
    await until(() => !pids.some(isAlive), 20_000)
    await start()
    expect((await signIn()).status).toBe(200)
  },
  patience,
)

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s stops everything, within 10 s, with exit code 0',
  async (signal) => {
    if (launcher.process.exitCode !== null) await start()
    const pids = Object.values(children())
    const asked = Date.now()
    launcher.process.kill(signal)
    expect(await launcher.ended).toBe(0)
    // The limit itself is part of the behaviour: whoever is late is killed.
    expect(Date.now() - asked).toBeLessThan(10_000)
    expect(pids.filter(isAlive)).toEqual([])
    expect(readdirSync(folder)).not.toContain('run.json')
  },
  patience,
)

test('without a running launcher a command says how to start one', async () => {
  const { code, said } = await run({}, 'house', 'list')
  expect(code).toBe(1)
  expect(said).toMatch(/nabolag up.*DATABASE_URL/)
})
