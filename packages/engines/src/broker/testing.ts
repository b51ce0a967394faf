/** What the tests of the broker share: clients, a broker in a process of its own, waiting for conditions. */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import type { BrokerOptions, BrokerStats } from '../broker.ts'

export const user = 'nabolag'
export const password = 'the system'

export const makeFolder = () => mkdtemp(join(tmpdir(), 'nabolag-broker-'))
export const removeFolder = (folder: string) => rm(folder, { recursive: true, force: true })

export const connectTo = (port: number, options: IClientOptions = {}): Promise<MqttClient> =>
  connectAsync(`mqtt://127.0.0.1:${port}`, { username: user, password, reconnectPeriod: 0, ...options }).then(
    (client) => client.on('error', () => {}),
  )

/** Waits until it is so; fails after `patience` ms. */
export async function until(isSo: () => boolean | Promise<boolean>, patience = 20_000): Promise<void> {
  const end = Date.now() + patience
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`Not so within ${patience} ms: ${isSo}`)
    await wait(10)
  }
}

export type Memory = { rss: number }
export type BrokerProcess = {
  port: number
  child: ChildProcess
  ask(): Promise<{ stats: BrokerStats; memory: Memory; cpu: { user: number; system: number } }>
  kill(): Promise<void>
}

/** A broker in a process of its own, under the Node that runs the tests. */
export async function startBrokerProcess(options: Partial<BrokerOptions> & { folder: string }): Promise<BrokerProcess> {
  const all = { host: '127.0.0.1', port: 0, user, password, ...options }
  const child = fork(join(import.meta.dirname, 'run-broker.ts'), [JSON.stringify(all)], { execArgv: [] })
  const next = <Message>() =>
    new Promise<Message>((resolve) => child.once('message', (message) => resolve(message as Message)))
  const { port } = await next<{ port: number }>()
  return {
    port,
    child,
    ask() {
      child.send('stats')
      return next()
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** Sends commands on the control topic and returns the answers. */
export async function control(client: MqttClient, ...commands: object[]): Promise<Record<string, unknown>[]> {
  const topic = '$CONTROL/dynamic-security/v1'
  await client.subscribeAsync(`${topic}/response`)
  const answer = new Promise<string>((resolve) => {
    const hear = (heard: string, payload: Buffer) => {
      if (heard !== `${topic}/response`) return
      client.off('message', hear)
      resolve(payload.toString())
    }
    client.on('message', hear)
  })
  await client.publishAsync(topic, JSON.stringify({ commands }), { qos: 1 })
  return JSON.parse(await answer).responses
}

export const publisherCommands = (username: string, acls: object[], secret = 'secret') => [
  { command: 'createRole', rolename: username, acls },
  { command: 'createClient', username, password: secret, roles: [{ rolename: username, priority: 0 }] },
]
