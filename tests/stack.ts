/** The whole system as a user starts it, for the tests that break it and the bench of its start. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export const program = join(import.meta.dirname, '../apps/cli/bin/nabolag.js')

export type Stack = {
  readonly folder: string
  readonly http: string
  readonly mqttPort: number
  /** ms from the start of the process until it answered. */
  readonly readyAfter: number
  /** Name and process id of the launcher's children that live now. */
  children(): { name: string; pid: number }[]
  /** Runs a command of the program against this system; its standard output. */
  command(...args: string[]): Promise<string>
  /** The same, for commands that may end with another code than 0. */
  run(...args: string[]): Promise<Ended>
  /** One request as the admin. */
  ask: Ask
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL of the launcher alone. */
  kill(): Promise<void>
  /** Everything it wrote to the terminal. */
  output(): string
}

/** One request; the answer is read as JSON where it is JSON. The cookie of a sign-in is kept. */
export type Ask = (
  path: string,
  options?: { method?: string; body?: unknown; accept?: string },
) => Promise<{ status: number; body: never }>

export type Ended = { readonly code: number; readonly output: string; readonly errors: string }

const password = 'correct horse battery'

/**
 * Starts `nabolag up` in a folder of its own and waits until it answers.
 *
 * @param options `folder` to go on with one that exists; `environment` for further settings; `json` to have what every
 * process logs in `output()`
 */
export async function startStack(
  options: {
    folder?: string
    environment?: NodeJS.ProcessEnv
    timeout?: number
    ports?: [number, number]
    json?: boolean
  } = {},
): Promise<Stack> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'nabolag-stack-'))
  const [httpPort, mqttPort] = options.ports ?? [await freePort(), await freePort()]
  const environment = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    NABOLAG_DATA: folder,
    NABOLAG_HTTP_PORT: String(httpPort),
    NABOLAG_MQTT_PORT: String(mqttPort),
    NABOLAG_ADMIN_USERNAME: 'admin',
    NABOLAG_ADMIN_PASSWORD: password,
    ...options.environment,
  }
  const began = performance.now()
  const launcher = spawn(process.execPath, [program, 'up', ...(options.json ? ['--json'] : [])], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // Only then has all been read that it said.
  const closed = once(launcher, 'close')
  let output = ''
  launcher.stdout.on('data', (chunk) => (output += chunk))
  launcher.stderr.on('data', (chunk) => (output += chunk))
  const http = `http://127.0.0.1:${httpPort}`
  const ask = makeAsk(http)
  const end = Date.now() + (options.timeout ?? 60_000)
  for (;;) {
    if (launcher.exitCode !== null) {
      await closed
      throw new Error(`nabolag up ended with ${launcher.exitCode}:\n${output}`)
    }
    const signedIn = await ask('/api/auth/login/', { method: 'POST', body: { username: 'admin', password } }).catch(
      () => undefined,
    )
    if (signedIn?.status === 200) break
    if (Date.now() > end) {
      launcher.kill('SIGKILL')
      throw new Error(`nabolag up is not ready in time:\n${output}`)
    }
    await sleep(50)
  }
  const readyAfter = performance.now() - began
  return {
    folder,
    http,
    mqttPort,
    readyAfter,
    ask,
    children: () => childrenOf(launcher.pid ?? 0),
    command: async (...args) => {
      const { code, output: text, errors } = await runProgram(args, environment)
      if (code !== 0) throw new Error(`nabolag ${args.join(' ')}: ${errors}`)
      return text
    },
    run: (...args) => runProgram(args, environment),
    stop: () => ended(launcher, 'SIGTERM'),
    kill: async () => {
      await ended(launcher, 'SIGKILL')
    },
    output: () => output,
  }
}

/** Asks a server, as nobody until it has signed in. */
export function makeAsk(http: string): Ask {
  let cookie = ''
  return async (path, { method = 'GET', body, accept = 'application/json' } = {}) => {
    const response = await fetch(http + path, {
      method,
      headers: { accept, cookie, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    })
    const set = response.headers.getSetCookie().map((line) => line.split(';')[0])
    if (set.length > 0) cookie = set.join('; ')
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json')
    return { status: response.status, body: (isJson ? JSON.parse(text) : text) as never }
  }
}

/** Asks as that person. */
export async function signIn(http: string, username: string, secret: string): Promise<Ask> {
  const ask = makeAsk(http)
  const { status } = await ask('/api/auth/login/', { method: 'POST', body: { username, password: secret } })
  if (status !== 200) throw new Error(`${username} cannot sign in: ${status}`)
  return ask
}

/** Runs the program once, with nothing in its environment but what is given. */
export function runProgram(args: readonly string[], environment: NodeJS.ProcessEnv, input = ''): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, ...args], { env: environment }, (error, output, errors) =>
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, output, errors }),
    )
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

/** Removes a stack's folder; after it has stopped. */
export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true })

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve))
  child.kill(signal)
  return exit
}

/** The children of a process, by `/proc`; the name is the last word of the command line. */
export function childrenOf(parent: number): { name: string; pid: number }[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
        const [state, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        if (Number(ppid) !== parent || state === 'Z') return []
        const words = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0').filter(Boolean)
        return [{ name: words.at(-1) ?? '', pid: Number(entry) }]
      } catch {
        return []
      }
    })
}

/** Waits until a condition holds; throws with its name when it does not in time. */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  patience = 30_000,
): Promise<number> {
  const began = Date.now()
  while (!(await Promise.resolve(condition()).catch(() => false))) {
    if (Date.now() - began > patience) throw new Error(`not within ${patience} ms: ${what}`)
    await sleep(100)
  }
  return Date.now() - began
}

/**
 * A port that is free now, and below those that the system hands out: whoever asks it for any port in the seconds until
 * this one is listened on does not get the same.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000)
    const server = createServer().listen({ port, host: '127.0.0.1', exclusive: true })
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (!isFree) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
}

/**
 * Waits until the next hour has begun when this one has less than so many ms left: what a meter counts in the hour is zero
 * at that moment, and rightly.
 */
export async function stayWithinTheHour(milliseconds: number): Promise<void> {
  const hour = 3_600_000
  const left = hour - (Date.now() % hour)
  if (left < milliseconds) await sleep(left + 15_000)
}

/** A file as text, byte by byte. The engines go on working: what they have merged is gone, and the merged file holds the same. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
