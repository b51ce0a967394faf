import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ChildEvent, type Pauses, type Supervisor, supervise } from './supervisor.ts'

let folder: string
let supervisor: Supervisor
let events: ChildEvent[]
let launcher: ChildProcess | undefined
const protocol = new URL('./protocol.ts', import.meta.url).pathname
const supervision = new URL('./supervisor.ts', import.meta.url).pathname

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'supervisor-'))
  begin()
})
afterEach(async () => {
  await supervisor.stop([], 1000)
  launcher?.kill('SIGKILL')
  launcher = undefined
  rmSync(folder, { recursive: true, force: true })
})

function begin(pauses: Partial<Pauses> = { first: 10, most: 80 }) {
  events = []
  supervisor = supervise({ onEvent: (event) => events.push(event), onOutput: () => {}, pauses })
}

/** A child that says it is ready with its pid; `body` may use `given`, and may throw or give its own `close`. */
function plan(name: string, body = '') {
  const file = join(folder, `${name}.ts`)
  writeFileSync(
    file,
    `import { runAsChild } from ${JSON.stringify(protocol)}
     runAsChild(async (given: unknown) => {
       setInterval(() => {}, 1000)
       let close = async () => {}
       ${body}
       return { close, info: { pid: process.pid, given } }
     })`,
  )
  return { name, file, arguments: [], environment: process.env, given: { secret: 42 } }
}

async function until<T>(look: () => T | undefined | false, patience = 15_000): Promise<T> {
  const end = Date.now() + patience
  for (;;) {
    const found = look()
    if (found) return found
    if (Date.now() > end) throw new Error('waited too long')
    await sleep(20)
  }
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('starts a child, hands over what it is given, and hears that it is ready', async () => {
  const info = await supervisor.start<{ pid: number; given: unknown }>(plan('one'))
  expect(info.given).toEqual({ secret: 42 })
  expect(supervisor.pids()).toEqual({ one: info.pid })
})

test('starts a killed child again, each time after twice the pause, up to the cap', async () => {
  await supervisor.start(plan('one'))
  for (let round = 1; round <= 5; round++) {
    process.kill(supervisor.pids().one!, 'SIGKILL')
    await until(() => events.filter((e) => e.kind === 'ready').length === round + 1)
  }
  const pauses = events.flatMap((e) => (e.kind === 'ended' ? [e.againIn] : []))
  expect(pauses).toEqual([10, 20, 40, 80, 80])
})

test('forgets earlier failures after good health', async () => {
  begin({ first: 10, most: 80, healthy: 1 })
  await supervisor.start(plan('one'))
  for (let round = 1; round <= 3; round++) {
    await sleep(50)
    process.kill(supervisor.pids().one!, 'SIGKILL')
    await until(() => events.filter((e) => e.kind === 'ready').length === round + 1)
  }
  expect(events.flatMap((e) => (e.kind === 'ended' ? [e.againIn] : []))).toEqual([10, 10, 10])
})

test('a child that says what is wrong before it was ever ready is not tried again', async () => {
  const file = join(folder, 'refusing.ts')
  writeFileSync(
    file,
    `process.on('message', () => process.send!({ problem: { code: 'conflict', detail: 'taken', extra: {} } }, () => process.exit(1)))`,
  )
  await expect(supervisor.start({ ...plan('one'), file })).rejects.toMatchObject({ code: 'conflict', detail: 'taken' })
  expect(events.filter((e) => e.kind === 'started')).toHaveLength(1)
})

test('gives up on a child that ends again and again before it was ever ready', async () => {
  begin({ first: 1, most: 2, attempts: 3 })
  await expect(supervisor.start(plan('one', 'process.exit(7)'))).rejects.toThrow(/does not start \(exit 7\)/)
  expect(events.filter((e) => e.kind === 'started')).toHaveLength(3)
})

test('runs a child once and hands back what it said', async () => {
  const file = join(folder, 'once.ts')
  writeFileSync(
    file,
    `import { runAsChild } from ${JSON.stringify(protocol)}
     runAsChild(async () => ({ close: async () => {}, info: 'done' }), { oneShot: true })`,
  )
  expect(await supervisor.once({ name: 'once', file, arguments: [], environment: process.env })).toBe('done')
  expect(supervisor.pids()).toEqual({})
})

test('replaces a child by one with a new plan, without a pause', async () => {
  const one = plan('one', 'process.title = process.env.TITLE ?? "none"')
  const { pid } = await supervisor.start<{ pid: number }>(one)
  await supervisor.replace({ ...one, environment: { ...process.env, TITLE: 'new' } })
  expect(supervisor.pids().one).not.toBe(pid)
  expect(isAlive(pid)).toBe(false)
  expect(events.filter((e) => e.kind === 'ended')).toEqual([])
  process.kill(supervisor.pids().one!, 'SIGKILL')
  await until(() => events.filter((e) => e.kind === 'ready').length === 3)
})

test('stops stage after stage, and kills by its pid whoever does not listen', async () => {
  await supervisor.start(plan('role'))
  await supervisor.start(plan('deaf', 'close = () => new Promise(() => {})'))
  await supervisor.start(plan('engine'))
  const pids = Object.values(supervisor.pids())
  await supervisor.stop([['role'], ['deaf'], ['engine']], 5000)
  expect(events.slice(-3)).toEqual([
    { kind: 'stopped', name: 'role' },
    { kind: 'killed', name: 'deaf' },
    { kind: 'stopped', name: 'engine' },
  ])
  expect(pids.filter(isAlive)).toEqual([])
})

test('children do not mind the signals that a terminal sends to all', async () => {
  const { pid } = await supervisor.start<{ pid: number }>(plan('one'))
  process.kill(pid, 'SIGINT')
  process.kill(pid, 'SIGTERM')
  await sleep(200)
  expect(supervisor.pids()).toEqual({ one: pid })
})

test('a launcher that is killed leaves no orphan, even one that is busy starting', async () => {
  const ready = plan('ready')
  const starting = plan('starting', 'await new Promise(() => {})')
  const file = join(folder, 'launcher.ts')
  writeFileSync(
    file,
    `import { supervise } from ${JSON.stringify(supervision)}
     const supervisor = supervise({ onEvent: () => {}, onOutput: () => {} })
     await supervisor.start(${JSON.stringify({ ...ready, environment: {} })})
     void supervisor.start(${JSON.stringify({ ...starting, environment: {} })})
     process.send!(supervisor.pids())`,
  )
  launcher = fork(file, [], { execArgv: [] })
  const pids = await new Promise<Record<string, number>>((resolve) => launcher!.once('message', resolve as () => void))
  expect(Object.values(pids).filter(isAlive)).toHaveLength(2)
  launcher.kill('SIGKILL')
  await until(() => !Object.values(pids).some(isAlive))
})
