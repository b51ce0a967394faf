/** Broker, ClickHouse and datalogger, each in a process of its own that can be killed and started again. */
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DataloggerStats } from '../index.ts'

export type Part = 'broker' | 'clickhouse' | 'datalogger'
type Answer = { readonly stats: unknown; readonly memory: number; readonly processor: number }
export type Stack = {
  readonly mqtt: string
  readonly clickhouse: string
  start(part: Part): Promise<void>
  /** SIGKILL */
  kill(part: Part): Promise<void>
  /** The part's own counts, its resident memory in bytes, and the processor time it has used, s. */
  ask(part: Part): Promise<Answer>
  datalogger(): Promise<DataloggerStats>
  readonly folder: string
  close(): Promise<void>
}

/**
 * @param broker address of another broker, to be used in place of the embedded one
 * @param quiet whether the logs are left out
 */
export async function startStack({ broker, quiet = true }: { broker?: string; quiet?: boolean } = {}): Promise<Stack> {
  const folder = mkdtempSync(join(tmpdir(), 'nabolag-stack-'))
  const password = randomBytes(12).toString('hex')
  const [mqttPort, clickhousePort] = [await freePort(), await freePort()]
  const mqtt = broker ?? `mqtt://system:${password}@127.0.0.1:${mqttPort}`
  const clickhouse = `http://system:${password}@127.0.0.1:${clickhousePort}/nabolag`
  const account = { user: 'system', password, host: '127.0.0.1' }
  const settings: Record<Part, object> = {
    broker: { ...account, folder: join(folder, 'broker'), port: mqttPort },
    clickhouse: { ...account, folder: join(folder, 'clickhouse'), port: clickhousePort },
    datalogger: { MQTT_URL: mqtt, CLICKHOUSE_URL: clickhouse, NABOLAG_LOG_LEVEL: quiet ? 'error' : 'info' },
  }
  const children = new Map<Part, ChildProcess>()

  const start = async (part: Part) => {
    const child = fork(join(import.meta.dirname, 'child.ts'), [part, JSON.stringify(settings[part])], {
      stdio: ['ignore', quiet ? 'ignore' : 'inherit', 'inherit', 'ipc'],
      execArgv: [],
    })
    children.set(part, child)
    const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')])
    if (!message?.ready) throw new Error(`${part} did not start: ${message}`)
  }
  const kill = async (part: Part) => {
    const child = children.get(part)
    children.delete(part)
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  const close = async () => {
    for (const part of ['datalogger', 'broker', 'clickhouse'] as const) await kill(part)
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  const ask = async (part: Part) => {
    const child = children.get(part)!
    const answer = once(child, 'message')
    child.send('stats')
    const [message] = (await answer) as [Answer]
    return message
  }
  try {
    await Promise.all([broker === undefined && start('broker'), start('clickhouse')])
    await start('datalogger')
  } catch (error) {
    await close()
    throw error
  }
  return {
    mqtt,
    clickhouse,
    folder,
    start,
    kill,
    close,
    ask,
    datalogger: async () => (await ask('datalogger')).stats as DataloggerStats,
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Waits until it holds; for conditions that other processes bring about. */
export async function until(holds: () => Promise<boolean>, seconds: number, what: string): Promise<void> {
  const deadline = Date.now() + seconds * 1000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`)
    await sleep(50)
  }
}
