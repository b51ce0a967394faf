import { type ChildProcess, execFile, fork, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Mosquitto, noMosquitto, startMosquitto } from '@nabolag/bus/testing/mosquitto'
import { type Simulators, startSimulators } from '@nabolag/simulators'
import { openStore } from '@nabolag/store'
import { databases } from '@nabolag/store/databases.testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Login, sampleOf, startPublisher, storedNumbers } from './publisher.ts'
import { type Ask, freePort, program, removeFolder, runProgram, signIn, until } from './stack.ts'

/** Each role by itself, as on a cluster: PostgreSQL and Mosquitto of Debian, ClickHouse over HTTP. No launcher. */
const postgres = databases.find(({ name }) => name === 'PostgreSQL')
const missing = [
  ...(postgres ? [] : ['PostgreSQL 15 is not installed']),
  ...(noMosquitto ? [noMosquitto] : []),
  ...(existsSync('/usr/bin/mosquitto_pub') ? [] : ['mosquitto_pub is not installed']),
]
if (missing.length > 0) console.log(`Left out, each role alone: ${missing.join('; ')}`)
const password = 'correct horse battery'
const patience = 120_000

type Role = { readonly child: ChildProcess; output(): string }
const roles: Role[] = []
const closing: (() => Promise<unknown> | unknown)[] = []
let environment: NodeJS.ProcessEnv = {}
let mosquitto: Mosquitto
let simulators: Simulators
let http = ''
let ask: Ask

/** Starts a role and waits until it says that it works. */
async function startRole(says: RegExp, ...args: string[]): Promise<Role> {
  const child = spawn(process.execPath, [program, ...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  const role = { child, output: () => output }
  roles.push(role)
  await until(
    `nabolag ${args.join(' ')} says ${says}`,
    () => {
      if (child.exitCode !== null) throw new Error(`nabolag ${args.join(' ')} ended:\n${output}`)
      return says.test(output)
    },
    patience,
  ).catch((error: Error) => {
    throw new Error(`${error.message}:\n${output}`)
  })
  return role
}

async function end({ child }: Role, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const exit = once(child, 'exit')
  child.kill(signal)
  await exit
  return child.exitCode
}

const startDatalogger = (instance: number) =>
  startRole(/listening to the broker/, 'datalogger', '--instance', String(instance))
const startConnector = () => startRole(/connector started/, 'connector')

/** ClickHouse as the launcher starts it, but alone. */
async function startClickHouse(folder: string): Promise<string> {
  const secret = randomBytes(12).toString('hex')
  const port = await freePort()
  const given = { folder, host: '127.0.0.1', port, user: 'system', password: secret }
  const file = join(import.meta.dirname, '../apps/datalogger/src/testing/child.ts')
  const child = fork(file, ['clickhouse', JSON.stringify(given)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  closing.push(async () => {
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  })
  const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')])
  if (!message?.ready) throw new Error(`ClickHouse did not start: ${message}`)
  return `http://system:${secret}@127.0.0.1:${port}/nabolag`
}

describe.skipIf(missing.length > 0)('each role alone', () => {
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nabolag-roles-'))
    closing.push(() => removeFolder(folder))
    const database = await postgres!.start()
    closing.push(() => database.close())
    mosquitto = await startMosquitto()
    closing.push(() => mosquitto.close())
    simulators = await startSimulators()
    closing.push(() => simulators.close())
    const port = await freePort()
    http = `http://127.0.0.1:${port}`
    environment = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      NABOLAG_DATA: join(folder, 'unused'),
      DATABASE_URL: database.url,
      CLICKHOUSE_URL: await startClickHouse(join(folder, 'clickhouse')),
      MQTT_URL: mosquitto.url,
      NABOLAG_MASTER_KEY: randomBytes(32).toString('base64'),
      NABOLAG_HTTP_PORT: String(port),
      NABOLAG_VENDOR_URLS: Object.entries(simulators.urls)
        .map(([vendor, url]) => `${vendor}=${url}`)
        .join(','),
    }
  }, 240_000)

  afterAll(async () => {
    for (const role of roles) await end(role, 'SIGKILL')
    for (const close of closing.reverse()) await close()
  }, 60_000)

  test('a role without its addresses ends at once and names them', { timeout: patience }, async () => {
    const bare = { PATH: environment.PATH, HOME: environment.HOME, NABOLAG_DATA: environment.NABOLAG_DATA }
    const rows = [
      { role: 'api', names: ['DATABASE_URL', 'CLICKHOUSE_URL', 'MQTT_URL'] },
      { role: 'datalogger', names: ['CLICKHOUSE_URL', 'MQTT_URL'] },
      { role: 'connector', names: ['DATABASE_URL', 'MQTT_URL'] },
      { role: 'controller', names: ['DATABASE_URL', 'CLICKHOUSE_URL', 'MQTT_URL'] },
      { role: 'migrate', names: ['DATABASE_URL', 'CLICKHOUSE_URL'] },
    ]
    for (const { role, names } of rows) {
      const { code, errors } = await runProgram([role], bare)
      expect(code, role).toBe(1)
      for (const name of names) expect(errors).toContain(name)
    }
  })

  test('the thesis’s flow: admin, sign-in, house, publisher, mosquitto_pub, and the value is read back', {
    timeout: 300_000,
  }, async () => {
    for (let time = 0; time < 2; time++) {
      const migrated = await runProgram(['migrate'], environment)
      expect(migrated, migrated.errors).toMatchObject({ code: 0 })
      expect(migrated.output).toContain('up to date')
    }
    await Promise.all([
      startRole(/the api listens/, 'api'),
      startDatalogger(0),
      startDatalogger(1),
      startConnector(),
      startConnector(),
    ])
    const made = await runProgram(
      ['admin', 'create-user', 'olav', '--admin', '--password-stdin'],
      environment,
      `${password}\n`,
    )
    expect(made, made.errors).toMatchObject({ code: 0 })
    expect(made.output + made.errors).not.toContain(password)
    ask = await signIn(http, 'olav', password)
    expect(await ask('/api/health')).toMatchObject({ status: 200, body: { ok: true } })
    const { body: house } = await ask('/api/houses/new', { method: 'POST', body: { name: 'By hand' } })
    const { id } = house as { id: number }
    const login = await addPublisher(id, 'mill-sense')
    const payload = JSON.stringify(sampleOf(id, 'mill-sense', 417))
    const topic = `sensors/mill-sense/${id}`
    await publish(login, topic, payload)
    // Wrong, foreign and anonymous ones are turned away by Mosquitto as well.
    await expect(publish({ ...login, password: 'wrong' }, topic, payload)).rejects.toThrow()
    await publish(login, `sensors/mill-sense/${id + 1}`, payload).catch(() => {})
    await until(
      'the value is read back',
      async () => (await storedNumbers(ask, id, 'mill-sense')).join() === '417',
      patience,
    )
    await publish(login, topic, payload)
    await publish(login, topic, 'not JSON')
    await until(
      'the refused message is shown',
      async () => {
        const { body } = await ask(`/api/houses/${id}/rejected`)
        return (body as { rejected: { reason: string }[] }).rejected.some(({ reason }) => /not JSON/.test(reason))
      },
      patience,
    )
    expect(await storedNumbers(ask, id, 'mill-sense')).toEqual([417])
    const doctor = await runProgram(['doctor', '--json'], environment)
    const findings = JSON.parse(doctor.output) as { check: string; state: string }[]
    for (const check of ['postgresql', 'clickhouse', 'mqtt'])
      expect(findings.filter((finding) => finding.check === check)).toMatchObject([{ state: 'good' }])
  })

  test('two dataloggers: one is killed and started again during ingest, and nothing is lost or doubled', {
    timeout: 300_000,
  }, async () => {
    const { body } = await ask('/api/houses/new', { method: 'POST', body: { name: 'Two dataloggers' } })
    const { id } = body as { id: number }
    const login = await addPublisher(id, 'mill-sense')
    const stored = () => storedNumbers(ask, id, 'mill-sense')
    const mqttPort = Number(new URL(mosquitto.url).port)
    const publisher = await startPublisher({ mqttPort, house: id, name: 'mill-sense', login })
    const running = roles.filter(({ child }) => child.spawnargs.includes('datalogger') && child.exitCode === null)
    expect(running).toHaveLength(2)
    let kills = 0
    for (const instance of [1, 0, 1]) {
      const before = (await stored()).length
      await until('more is stored', async () => (await stored()).length > before + 100, patience)
      const victim = roles.findLast(({ child }) => child.spawnargs.at(-1) === String(instance))
      expect(victim?.child.exitCode).toBeNull()
      await end(victim!, 'SIGKILL')
      const known = publisher.acknowledged.size
      await until('publishers are served meanwhile', () => publisher.acknowledged.size > known + 100, patience)
      await startDatalogger(instance)
      kills++
    }
    await publisher.stop()
    const { acknowledged } = publisher
    await until(
      'everything acknowledged is readable',
      async () => {
        const there = new Set(await stored())
        return [...acknowledged].every((index) => there.has(index))
      },
      patience,
    )
    const values = await stored()
    expect(new Set(values).size).toBe(values.length)
    console.log(
      `two dataloggers, ${kills} kills: ${acknowledged.size} of ${publisher.sent} acknowledged, ${values.length} stored`,
    )
  })

  test('two connectors share the devices; when one is killed the other runs them all', {
    timeout: 400_000,
  }, async () => {
    const wanted = 16
    const houses: number[] = []
    for (let number = 0; number < wanted; number++) {
      const { body } = await ask('/api/houses/new', { method: 'POST', body: { name: `Shared ${number}` } })
      const { id } = body as { id: number }
      houses.push(id)
      const credentials = { 'api-key': `bench-${500_000 + number}` }
      const added = await ask(`/api/houses/${id}/devices/tibber-realtime/new`, { method: 'POST', body: credentials })
      expect(added.status, JSON.stringify(added.body)).toBe(200)
    }
    const states = () =>
      Promise.all(
        houses.map(async (id) => {
          const { body } = await ask(`/api/houses/${id}/devices/tibber-realtime/count/0`)
          return body as { state: string; last_sample: string | null }
        }),
      )
    const all = async () => (await states()).every(({ state }) => state === 'running')
    await until('all devices run', all, patience)
    const store = openStore({ url: environment.DATABASE_URL!, masterKey: environment.NABOLAG_MASTER_KEY! })
    try {
      const shards = async () => (await store.fleet.connectors()).map((one) => one.shards).sort((a, b) => a - b)
      await until('each has half of the shards', async () => (await shards()).join() === '32,32', patience)
      await until('all devices run, shared', all, patience)
      for (const id of houses) {
        const { body } = await ask(`/api/houses/${id}/devices/tibber-realtime/count/0/log`)
        const runs = (body as { run: number; message: string }[]).filter(({ message }) => message === 'Started')
        expect(new Set(runs.map(({ run }) => run)).size, 'nobody else started it too').toBe(runs.length)
      }
      const connectors = roles.filter(({ child }) => child.spawnargs.includes('connector'))
      expect(connectors).toHaveLength(2)
      await end(connectors[0]!, 'SIGKILL')
      await until('the other has all shards', async () => (await shards()).at(-1) === 64, patience)
      const since = Date.now()
      const took = await until(
        'every device has measured since',
        async () =>
          (await states()).every((one) => one.state === 'running' && Date.parse(one.last_sample ?? '') > since),
        240_000,
      )
      console.log(
        `two connectors, ${wanted} devices: one killed, all measured again ${took} ms after the other had the shards`,
      )
    } finally {
      await store.close()
    }
  })

  test('each role ends in good order when it is told to', { timeout: patience }, async () => {
    const living = roles.filter(({ child }) => child.exitCode === null && child.signalCode === null)
    expect(living).toHaveLength(4)
    expect(await Promise.all(living.map((role) => end(role, 'SIGTERM')))).toEqual([0, 0, 0, 0])
  })
})

async function addPublisher(house: number, name: string): Promise<Login> {
  const args = ['publisher', 'add', '--house', String(house), '--name', name, '--json']
  const { code, output, errors } = await runProgram(args, environment)
  expect(code, errors).toBe(0)
  return JSON.parse(output) as Login
}

const run = promisify(execFile)

const publish = ({ username, password: secret }: Login, topic: string, message: string) =>
  run('mosquitto_pub', [
    ...['-h', '127.0.0.1', '-p', new URL(mosquitto.url).port],
    ...['-u', username, '-P', secret],
    ...['-q', '1', '-t', topic, '-m', message],
  ])
