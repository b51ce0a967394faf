/**
 * How many devices one connector carries: 10,000 polled (Sensibo) and 1,000 streaming ones (Tibber) against the
 * simulators, store and broker each in a process of its own. `NABOLAG_BENCH_POLLED`, `NABOLAG_BENCH_STREAMING` and
 * `NABOLAG_BENCH_SECONDS` make it smaller.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectorStats } from '@nabolag/connector'
import { openStore, operator } from '@nabolag/store'

type Threads = Record<string, { loopDelayP99: number; late: number[] }>
type Look = { stats: ConnectorStats; rss: number; loopDelayP99: number; threads: Threads }

const part = new URL('./density/part.ts', import.meta.url)
const simulators = new URL('../packages/simulators/src/main.ts', import.meta.url)
const number = (name: string, usual: number) => Number(process.env[name] ?? usual)

export async function run({ json }: { json: boolean }) {
  const polled = number('NABOLAG_BENCH_POLLED', 10_000)
  const streaming = number('NABOLAG_BENCH_STREAMING', 1000)
  const seconds = number('NABOLAG_BENCH_SECONDS', 120)
  const say = (text: string) => {
    if (!json) console.error(text)
  }
  const folder = await mkdtemp(join(tmpdir(), 'nabolag-density-'))
  const children: ChildProcess[] = []
  const start = (...given: string[]) => {
    const child = fork(part, given, { execArgv: ['--expose-gc'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    children.push(child)
    return child
  }
  try {
    const postgres = await answerOf<{ url: string }>(start('postgres', join(folder, 'pg')))
    const broker = await answerOf<{ url: string }>(start('broker', join(folder, 'broker')))
    const urls = await startVendors(children)
    const masterKey = randomBytes(32).toString('base64')
    const store = openStore({ url: postgres.url, masterKey })
    await store.migrate()
    const vendorUrls = `sensibo=${urls.sensibo},tibber=${urls.tibber}`
    const environment = {
      DATABASE_URL: postgres.url,
      MQTT_URL: broker.url,
      NABOLAG_MASTER_KEY: masterKey,
      NABOLAG_VENDOR_URLS: vendorUrls,
    }
    const startConnector = async () => {
      const child = fork(part, ['connector'], {
        execArgv: ['--expose-gc'],
        env: { ...process.env, ...environment },
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      })
      children.push(child)
      await answerOf(child)
      return child
    }
    const idle = await startConnector()
    await look(idle)
    const empty = await look(idle)
    idle.disconnect()
    say(`empty connector: ${mebi(empty.rss)} MiB`)

    await fill(store, polled, streaming, say)
    const connector = await startConnector()
    const deadline = Date.now() + 300_000
    for (;;) {
      const { stats } = await ask<{ stats: ConnectorStats }>(connector, 'stats')
      const running = stats.devices.running ?? 0
      say(`running: ${running} of ${polled + streaming} ${JSON.stringify(stats.devices)}`)
      if (running >= (polled + streaming) * 0.999 || Date.now() > deadline) break
      await sleep(5000)
    }
    await look(connector)
    await sleep(seconds * 500)
    const first = await look(connector)
    await sleep(seconds * 500)
    const second = await look(connector)
    await store.close()
    return report(empty, [first, second], polled + streaming)
  } finally {
    for (const child of children) child.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}

function report(empty: Look, looks: readonly Look[], devices: number) {
  const kibs = looks.map(({ rss }) => (rss - empty.rss) / 1024 / devices)
  const delays = looks.flatMap(({ loopDelayP99, threads }) => [
    loopDelayP99,
    ...Object.values(threads).map((thread) => thread.loopDelayP99),
  ])
  const late = looks
    .flatMap(({ threads }) => Object.values(threads).flatMap((thread) => thread.late))
    .sort((a, b) => a - b)
  const lateP99 = late[Math.floor(late.length * 0.99)] ?? Number.POSITIVE_INFINITY
  const last = looks.at(-1)!
  const running = last.stats.devices.running ?? 0
  const row = (name: string, value: number, limit: number) => ({
    name,
    value: Math.round(value * 100) / 100,
    limit,
    ok: value <= limit,
  })
  return {
    reach: [
      row('memory of a device above the empty connector, KiB', Math.max(...kibs), 60),
      row('event loop delay p99 of main thread and threads, ms', Math.max(...delays), 100),
      row('runs begin later than planned, p99, ms', lateP99, 500),
      row('devices that do not run', devices - running, devices * 0.001),
    ],
    empty: { mebibytes: mebi(empty.rss) },
    looks: looks.map(({ rss, loopDelayP99, threads, stats }) => ({
      mebibytes: mebi(rss),
      mainLoopDelayP99: loopDelayP99,
      threads: Object.fromEntries(
        Object.entries(threads).map(([name, thread]) => [
          name,
          { loopDelayP99: thread.loopDelayP99, runs: thread.late.length },
        ]),
      ),
      stats,
    })),
    runsMeasured: late.length,
  }
}

/** A house for each polled device, as an account of Sensibo is one; the first houses have a meter besides. */
async function fill(
  store: ReturnType<typeof openStore>,
  polled: number,
  streaming: number,
  say: (text: string) => void,
) {
  await store.fleet.syncIntegrations(await rowsOfIntegrations())
  await store.people.createUser(
    { username: 'bench', password: randomBytes(12).toString('hex'), role: 'admin' },
    operator,
  )
  const tenant = store.as(await store.people.askerNamed('bench'))
  let next = 0
  const fillSome = async () => {
    while (next < Math.max(polled, streaming)) {
      const index = next++
      const { id } = await tenant.createHouse({ name: `Bench ${index}` })
      const credentials = { 'api-key': `bench-${index + 1}` }
      if (index < polled) await tenant.addDevice(id, 'sensibo-sky', { credentials, accountHash: `s${index}` })
      if (index < streaming) await tenant.addDevice(id, 'tibber-realtime', { credentials, accountHash: `t${index}` })
      if (index % 1000 === 999) say(`houses: ${index + 1}`)
    }
  }
  await Promise.all([1, 2, 3, 4].map(fillSome))
}

async function rowsOfIntegrations() {
  const { integrations, millis, requiredFields } = await import('@nabolag/integrations')
  return integrations.map((integration) => ({
    name: integration.name,
    label: integration.label,
    vendor: integration.vendor,
    group: integration.group,
    requiredFields: requiredFields(integration),
    credentialsSchema: integration.credentials,
    samplingSeconds: millis(integration.sampling.every) / 1000,
    allowMultiple: integration.several ?? false,
  }))
}

async function startVendors(children: ChildProcess[]): Promise<Record<string, string>> {
  const child = fork(simulators, ['sensibo', 'tibber'], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  children.push(child)
  return new Promise((resolve, reject) => {
    let text = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk
      if (text.includes('\n')) resolve((JSON.parse(text) as { urls: Record<string, string> }).urls)
    })
    child.once('exit', () => reject(new Error('the simulators ended')))
  })
}

const answerOf = <T>(child: ChildProcess): Promise<T> =>
  new Promise((resolve, reject) => {
    const gone = (code: number | null) => reject(new Error(`a process of the bench ended with ${code}`))
    child.once('exit', gone)
    child.once('message', (message) => {
      child.off('exit', gone)
      resolve(message as T)
    })
  })

const ask = <T>(child: ChildProcess, what: string): Promise<T> => {
  const answer = answerOf<T>(child)
  child.send(what)
  return answer
}
const look = (child: ChildProcess) => ask<Look>(child, 'look')
const mebi = (bytes: number) => Math.round(bytes / 2 ** 20)
