/**
 * Accounts of the broker, kept by the broker itself: the dynamic-security protocol of Mosquitto, spoken over MQTT. The
 * embedded broker answers the same commands.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { commandResultsOf, commandTopicsOf, Problem, type ProblemError, sensorTopicsOf } from '@nabolag/core'
import type { Bus } from './bus.ts'

const control = '$CONTROL/dynamic-security/v1'
const answers = `${control}/response`

export type Login = { readonly username: string; readonly password: string }

export type Accounts = {
  /**
   * Makes an account that may publish samples of one house under one name, and nothing else. The password is shown this
   * once.
   *
   * @throws ProblemError `conflict` when there is an account of that name; `engine-down` or `not-allowed` when the broker
   * cannot keep accounts or does not let us
   */
  addPublisherAccount(publisher: { username: string; houseId: number; name: string }): Promise<Login>
  /** Makes an account for an outside program: what it may publish and what it may listen to, as topic filters. */
  addProgramAccount(program: {
    username: string
    publish: readonly string[]
    subscribe: readonly string[]
  }): Promise<Login>
  /**
   * Makes an account that may publish samples under one name and command the devices of its house, and hears the house's
   * samples and what comes of commands. Where it commands from is part of the topic, so that who asked is certain.
   */
  addCommandAccount(program: { username: string; houseId: number; name: string }): Promise<Login>
  /** Removes an account of either kind; its open connections are closed by the broker. One that is gone already is fine. */
  removeAccount(username: string): Promise<void>
  /** The user names of all accounts. */
  listAccounts(): Promise<string[]>
  /** Stops listening for answers. The bus stays open. */
  close(): Promise<void>
}

type Access = { readonly acltype: string; readonly topic: string; readonly allow: true; readonly priority: 0 }
type Answer = { readonly command: string; readonly error?: string; readonly data?: Readonly<Record<string, unknown>> }

const may = (acltype: string, topic: string): Access => ({ acltype, topic, allow: true, priority: 0 })

/**
 * Accounts by way of a connection whose own account may administer the broker.
 *
 * @param patience how long the broker may take to answer a command, ms
 */
export function accounts(bus: Bus, { patience = 5000 }: { patience?: number } = {}): Accounts {
  const waiting = new Map<string, (answer: Answer) => void>()
  let listening: Promise<() => Promise<void>> | undefined

  const listen = () => {
    listening ??= bus.subscribe(answers, (_topic, payload) => {
      for (const { correlationData, ...answer } of readAnswers(payload)) waiting.get(correlationData ?? '')?.(answer)
    })
    listening.catch(() => {
      listening = undefined
    })
    return listening
  }

  /** Sends one command; an error the broker names is part of the answer. */
  const send = async (command: string, content: object): Promise<Answer> => {
    await listen()
    const correlationData = randomUUID()
    let timer: NodeJS.Timeout | undefined
    const answer = new Promise<Answer>((resolve, reject) => {
      timer = setTimeout(() => reject(noAnswer()), patience)
      waiting.set(correlationData, resolve)
    })
    answer.catch(() => {})
    try {
      await bus.publish(control, { commands: [{ command, ...content, correlationData }] })
      return await answer
    } finally {
      clearTimeout(timer)
      waiting.delete(correlationData)
    }
  }

  const addAccount = async (username: string, access: Access[]): Promise<Login> => {
    const password = randomBytes(24).toString('base64url')
    const role = await send('createRole', { rolename: username, acls: access })
    // A role without an account is what an interrupted removal or addition leaves.
    if (role.error && !isThere(role.error)) throw refusal('createRole', role.error)
    if (role.error) {
      if (!(await send('getClient', { username })).error) throw conflict(username)
      await expectDone('deleteRole', { rolename: username })
      await expectDone('createRole', { rolename: username, acls: access })
    }
    const client = await send('createClient', { username, password, roles: [{ rolename: username, priority: 0 }] })
    if (client.error) {
      if (!role.error) await send('deleteRole', { rolename: username })
      throw isThere(client.error) ? conflict(username) : refusal('createClient', client.error)
    }
    return { username, password }
  }

  const expectDone = async (command: string, content: object) => {
    const { error } = await send(command, content)
    if (error && !isMissing(error)) throw refusal(command, error)
  }

  const addProgramAccount: Accounts['addProgramAccount'] = ({ username, publish, subscribe }) =>
    addAccount(username, [
      ...publish.map((topic) => may('publishClientSend', topic)),
      ...subscribe.flatMap((topic) => [may('subscribePattern', topic), may('publishClientReceive', topic)]),
    ])

  return {
    addPublisherAccount: ({ username, houseId, name }) =>
      addAccount(username, [may('publishClientSend', sensorTopicsOf(name, houseId))]),
    addProgramAccount,
    addCommandAccount: ({ username, houseId, name }) =>
      addProgramAccount({
        username,
        publish: [sensorTopicsOf(name, houseId), commandTopicsOf(houseId, username)],
        subscribe: [sensorTopicsOf('+', houseId), commandResultsOf(houseId)],
      }),
    async removeAccount(username) {
      await expectDone('deleteClient', { username })
      await expectDone('deleteRole', { rolename: username })
    },
    async listAccounts() {
      const { error, data } = await send('listClients', { verbose: false, count: -1, offset: 0 })
      if (error) throw refusal('listClients', error)
      const clients = data?.clients
      return Array.isArray(clients) ? clients.filter((name) => typeof name === 'string') : []
    },
    async close() {
      const stop = await listening?.catch(() => undefined)
      listening = undefined
      await stop?.()
    },
  }
}

const isThere = (error: string) => /already exists/i.test(error)
const isMissing = (error: string) => /not found/i.test(error)
const conflict = (username: string) => Problem('conflict', `The broker has an account ${username} already`)
const refusal = (command: string, error: string): ProblemError =>
  Problem('engine-down', `The broker refused ${command}: ${error}`)
const noAnswer = () =>
  Problem(
    'engine-down',
    'The broker does not answer to the administration of accounts. Mosquitto needs its plugin ' +
      'mosquitto_dynamic_security.so, and the account in MQTT_URL needs the admin role of it',
  )

function readAnswers(payload: Buffer): (Answer & { correlationData?: string })[] {
  try {
    const { responses } = JSON.parse(payload.toString()) as { responses?: unknown }
    return Array.isArray(responses) ? responses : []
  } catch {
    return []
  }
}
