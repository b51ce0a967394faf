/** What the launcher shows: calm lines for people, or JSON lines with everything the processes log. */
import { note, say } from '../say.ts'
import type { ChildEvent } from './supervisor.ts'

export type ReadyFacts = {
  readonly http: string
  /** Absent where the broker is not our own. */
  readonly mqtt: string | undefined
  readonly folder: string
  readonly setupLink: string | undefined
  readonly seconds: number
  readonly pids: Readonly<Record<string, number>>
}

export type Screen = {
  starting(folder: string): void
  event(event: ChildEvent): void
  output(name: string, chunk: Buffer): void
  /** How far a long work is, 0 to 1. */
  progress(work: string, done: number): void
  ready(facts: ReadyFacts): void
  stopping(wanted: boolean): void
  stopped(): void
}

const labels: Record<string, string> = {
  postgres: 'PostgreSQL',
  clickhouse: 'ClickHouse',
  broker: 'MQTT broker',
  migrate: 'Migrations',
  api: 'Web page and API',
  datalogger: 'Datalogger',
  connector: 'Connector',
  controller: 'Controller',
  simulators: 'Vendor simulation',
  'demo-history': 'History',
  'demo-control': 'Control of the houses',
}
const label = (name: string) => labels[name] ?? name

/** @param greeting further lines shown when all is ready */
export function peopleScreen(greeting: (facts: ReadyFacts) => readonly string[] = () => []): Screen {
  let isReady = false
  let stopping = false
  return {
    starting: (folder) => say(`Nabolag starts, with its data in ${folder}`),
    event(event) {
      if (stopping) {
        if (event.kind === 'killed') note(`  ${label(event.name)} did not stop in time and was ended`)
      } else if (event.kind === 'ended')
        note(`  ${label(event.name)} ended (${event.why}); it starts again in ${(event.againIn / 1000).toFixed(1)} s`)
      else if (event.kind === 'ready') say(`  ${label(event.name)} ${isReady ? 'is back' : 'is ready'}`)
    },
    output: () => {},
    progress(work, done) {
      if (!process.stdout.isTTY) return
      const full = Math.round(done * 30)
      process.stdout.write(`\r  ${work} ${'█'.repeat(full)}${'░'.repeat(30 - full)} ${Math.round(done * 100)} %`)
      if (done >= 1) process.stdout.write('\n')
    },
    ready(facts) {
      isReady = true
      say(`Ready in ${facts.seconds.toFixed(1)} s.`)
      say()
      say(`  Web page   ${facts.http}`)
      say(`  API        ${facts.http}/api/docs`)
      if (facts.mqtt) say(`  MQTT       ${facts.mqtt}   (accounts: nabolag publisher add --help)`)
      say(`  Logs       ${facts.folder}/logs`)
      if (facts.setupLink) {
        say()
        say('There is no admin yet. This link makes one, once:')
        say(`  ${facts.setupLink}`)
      }
      const lines = greeting(facts)
      if (lines.length > 0) say()
      for (const line of lines) say(line)
      say()
      say('Ctrl-C stops it.')
    },
    stopping(wanted) {
      stopping = true
      if (wanted) say('Stopping …')
    },
    stopped: () => say('Stopped.'),
  }
}

/** One JSON object a line: our own events, and what the children write with their name added. */
export function jsonScreen(): Screen {
  const rest = new Map<string, string>()
  const put = (role: string, facts: object) => say(JSON.stringify({ time: new Date().toISOString(), role, ...facts }))
  return {
    starting: (folder) => put('launcher', { msg: 'starting', folder }),
    event: (event) => put('launcher', { msg: event.kind, ...event }),
    output(name, chunk) {
      const lines = ((rest.get(name) ?? '') + chunk.toString('utf8')).split('\n')
      rest.set(name, lines.pop() ?? '')
      for (const line of lines) put(name, readLine(line))
    },
    progress: (work, done) => put('launcher', { msg: 'progress', work, done }),
    ready: (facts) => put('launcher', { msg: 'all ready', ...facts }),
    stopping: () => put('launcher', { msg: 'stopping' }),
    stopped: () => put('launcher', { msg: 'all stopped' }),
  }
}

function readLine(line: string): object {
  try {
    const parsed: unknown = JSON.parse(line)
    if (typeof parsed === 'object' && parsed !== null) return parsed
  } catch {
    // Not every library logs in JSON.
  }
  return { msg: line }
}
