import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startBroker } from '../broker.ts'
import { connectTo, control, makeFolder, password, removeFolder, until, user } from './testing.ts'

const plugin = '/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so'
const program = '/usr/sbin/mosquitto'
const acl = { acltype: 'publishClientSend', topic: 'sensors/a/1/#', allow: true, priority: 1 }

/** One life of accounts and roles: what is asked, in this order, of both brokers. */
const requests: Record<string, unknown>[] = [
  { command: 'createRole', rolename: 'r1', acls: [acl], correlationData: 'x1' },
  { command: 'createRole', rolename: 'r1' },
  { command: 'createRole' },
  { command: 'createRole', rolename: 'r2', acls: [{ acltype: 'bogus', topic: 'a' }] },
  { command: 'createRole', rolename: 'r3', acls: [{ acltype: 'subscribePattern', topic: 'a/#' }] },
  { command: 'getRole', rolename: 'r1' },
  { command: 'getRole', rolename: 'r3' },
  { command: 'getRole', rolename: 'none' },
  {
    command: 'createClient',
    username: 'u1',
    password: 'p1',
    roles: [{ rolename: 'r1', priority: 3 }],
    correlationData: 'x2',
  },
  { command: 'createClient', username: 'u1', password: 'p1' },
  { command: 'createClient', password: 'p1' },
  { command: 'createClient', username: 'u2' },
  { command: 'createClient', username: 'u3', password: 'p', roles: [{ rolename: 'none' }] },
  { command: 'createClient', username: 'u4', password: 'p', clientid: 'cid', textname: 't', textdescription: 'td' },
  { command: 'createClient', username: 5, password: 'p' },
  { command: 'addClientRole', username: 'u2', rolename: 'r3', priority: 2 },
  { command: 'addClientRole', username: 'u2', rolename: 'r3' },
  { command: 'addClientRole', username: 'u2', rolename: 'none' },
  { command: 'addClientRole', username: 'nobody', rolename: 'r3' },
  { command: 'addClientRole', username: 'u2' },
  { command: 'removeClientRole', username: 'u2', rolename: 'r3' },
  { command: 'removeClientRole', username: 'u2', rolename: 'r3' },
  { command: 'setClientPassword', username: 'u1', password: 'new' },
  { command: 'setClientPassword', username: 'u1', password: '' },
  { command: 'setClientPassword', username: 'u1' },
  { command: 'setClientPassword', username: 'nobody', password: 'x' },
  { command: 'disableClient', username: 'u1' },
  { command: 'getClient', username: 'u1' },
  { command: 'enableClient', username: 'u1' },
  { command: 'getClient', username: 'u1' },
  { command: 'getClient', username: 'u4' },
  { command: 'disableClient', username: 'nobody' },
  { command: 'enableClient' },
  { command: 'getClient', username: 'nobody' },
  { command: 'bogus', correlationData: 'q' },
  {},
  { command: 7 },
  { command: 'deleteClient', username: 'u1' },
  { command: 'deleteClient', username: 'u1' },
  { command: 'deleteClient' },
  { command: 'deleteRole', rolename: 'r1' },
  { command: 'deleteRole', rolename: 'r1' },
  { command: 'deleteRole' },
]

let folder = ''
let mosquitto: ChildProcess | undefined
beforeEach(async () => {
  folder = await makeFolder()
})
afterEach(async () => {
  mosquitto?.kill('SIGKILL')
  mosquitto = undefined
  await removeFolder(folder)
})

const answersOf = async (port: number) => {
  const client = await connectTo(port)
  const answers: unknown[] = []
  for (const request of requests) answers.push(...(await control(client, request)))
  const [names] = await control(client, { command: 'listClients', count: -1, offset: 0 })
  client.end(true)
  return { answers, names }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function startMosquitto(): Promise<number> {
  const port = await freePort()
  const kept = join(folder, 'accounts.json')
  execFileSync('mosquitto_ctrl', ['dynsec', 'init', kept, user, password], { stdio: 'ignore' })
  await chmod(folder, 0o777)
  await chmod(kept, 0o666)
  const config = [
    'listener %p 127.0.0.1',
    'allow_anonymous false',
    `plugin ${plugin}`,
    `plugin_opt_config_file ${kept}`,
  ]
  await writeFile(join(folder, 'mosquitto.conf'), `${config.join('\n').replace('%p', String(port))}\n`)
  mosquitto = spawn(program, ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore' })
  const answers = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
      socket.once('close', () => {}).end()
    })
  await until(answers)
  return port
}

test('the embedded broker answers as Mosquitto with its plugin does', async ({ skip }) => {
  if (!existsSync(plugin) || !existsSync(program))
    return skip('Mosquitto with its dynamic-security plugin is not installed')
  const theirs = await answersOf(await startMosquitto())
  const broker = await startBroker({ folder: join(folder, 'ours'), host: '127.0.0.1', port: 0, user, password })
  const ours = await answersOf(broker.port)
  await broker.close()
  for (const [at, answer] of theirs.answers.entries()) {
    expect([requests[at], ours.answers[at]]).toEqual([requests[at], answer])
  }
  expect(theirs.answers.length).toBe(43)
  // Mosquitto keeps the administrator among its clients; here that account comes from the settings.
  expect(theirs.names).toEqual({ command: 'listClients', data: { totalCount: 3, clients: [user, 'u2', 'u4'] } })
  expect(ours.names).toEqual({ command: 'listClients', data: { totalCount: 2, clients: ['u2', 'u4'] } })
})

test('what is no request is answered, and changes nothing', async () => {
  const broker = await startBroker({ folder, host: '127.0.0.1', port: 0, user, password })
  const client = await connectTo(broker.port)
  const heard: string[] = []
  client.on('message', (_topic, payload) => heard.push(payload.toString()))
  await client.subscribeAsync('$CONTROL/dynamic-security/v1/response')
  const odd = ['nonsense', '{}', '{"commands":5}', '{"commands":[5]}', '[]', '{"commands":[{"command":"__proto__"}]}']
  for (const payload of odd) await client.publishAsync('$CONTROL/dynamic-security/v1', payload, { qos: 1 })
  await until(() => heard.length === odd.length)
  for (const answer of heard) expect(JSON.parse(answer).responses[0].error).toMatch(/./)
  client.end(true)
  await broker.close()
})
