import type { Account, Accounts, Role, RoleOf } from './accounts.ts'
import { type Acl, aclTypes } from './acl.ts'
import { hashPassword } from './passwords.ts'

export const controlTopic = '$CONTROL/dynamic-security/v1'
export const controlAnswerTopic = `${controlTopic}/response`

type Fields = Readonly<Record<string, unknown>>
type Answer = { command: string; error?: string; data?: unknown; correlationData?: string }

/** What an error answer says; the words are Mosquitto's. */
class Refusal extends Error {}

export type DynamicSecurity = {
  /** Carries out a message on the control topic and returns the answer to send back. Never throws. */
  answer(payload: Buffer): Promise<string>
}

/**
 * The commands of Mosquitto's dynamic-security plugin that deal with clients and roles (groups are left out).
 *
 * @param onChanged called with user names whose open connections are no longer allowed
 * @param reserved the system's own account, which is not kept here
 */
export function dynamicSecurity(
  accounts: Accounts,
  { reserved, onChanged }: { reserved: string; onChanged: (username: string) => void },
): DynamicSecurity {
  let last: Promise<unknown> = Promise.resolve()
  const commands = commandsOn(accounts, reserved)

  const carryOut = async (request: unknown): Promise<Answer> => {
    const fields = isFields(request) ? request : {}
    const correlation = typeof fields.correlationData === 'string' ? { correlationData: fields.correlationData } : {}
    if (!isFields(request)) return { command: 'Unknown command', error: 'Command not an object' }
    if (typeof fields.command !== 'string') {
      return { command: 'Unknown command', error: 'Missing command', ...correlation }
    }
    const { command } = fields
    const found = Object.hasOwn(commands, command) ? commands[command as keyof typeof commands] : undefined
    if (found === undefined) return { command, error: 'Unknown command', ...correlation }
    const restore = accounts.snapshot()
    try {
      const { data, changed, closes } = (await found(fields)) ?? {}
      if (changed) await accounts.save()
      if (closes !== undefined) onChanged(closes)
      return { command, ...(data === undefined ? {} : { data }), ...correlation }
    } catch (error) {
      restore()
      return { command, error: error instanceof Refusal ? error.message : 'Internal error', ...correlation }
    }
  }

  const answerAll = async (payload: Buffer): Promise<string> => {
    let message: unknown
    try {
      message = JSON.parse(payload.toString())
    } catch {
      return say([{ command: 'Unknown command', error: 'Payload not valid JSON' }])
    }
    const requests = isFields(message) ? message.commands : undefined
    if (!Array.isArray(requests)) return say([{ command: 'Unknown command', error: 'Invalid/missing commands' }])
    const responses: Answer[] = []
    for (const request of requests.slice(0, 1_000)) responses.push(await carryOut(request))
    return say(responses)
  }

  return {
    answer(payload) {
      const answer = last.then(() => answerAll(payload))
      last = answer.catch(() => {})
      return answer
    },
  }
}

const say = (responses: readonly Answer[]) => JSON.stringify({ responses })
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

type Outcome = { data?: unknown; changed?: boolean; closes?: string }

function commandsOn(accounts: Accounts, reserved: string) {
  const { clients, roles } = accounts
  const clientOf = (fields: Fields): Account => {
    const client = clients.get(text(fields, 'username'))
    if (client === undefined) throw new Refusal('Client not found')
    return client
  }
  const roleOf = (fields: Fields): Role => {
    const role = roles.get(text(fields, 'rolename'))
    if (role === undefined) throw new Refusal('Role not found')
    return role
  }
  const changed = { changed: true }

  return {
    async createClient(fields: Fields): Promise<Outcome> {
      const username = text(fields, 'username')
      const password = optionalText(fields, 'password')
      if (clients.has(username) || username === reserved) throw new Refusal('Client already exists')
      const given: RoleOf[] = []
      for (const item of Array.isArray(fields.roles) ? fields.roles : []) {
        if (!isFields(item) || typeof item.rolename !== 'string') continue
        if (!roles.has(item.rolename)) throw new Refusal('Role not found')
        given.push({ rolename: item.rolename, ...priorityOf(item) })
      }
      clients.set(username, {
        username,
        ...present(fields, 'clientid'),
        ...present(fields, 'textname'),
        ...present(fields, 'textdescription'),
        roles: given,
        ...(password === undefined ? {} : { password: await hashPassword(password) }),
      })
      return changed
    },
    async deleteClient(fields: Fields): Promise<Outcome> {
      const { username } = clientOf(fields)
      clients.delete(username)
      return { changed: true, closes: username }
    },
    async setClientPassword(fields: Fields): Promise<Outcome> {
      text(fields, 'username')
      const password = text(fields, 'password')
      if (password === '') throw new Refusal('Empty password is not allowed')
      const client = clientOf(fields)
      client.password = await hashPassword(password)
      return { changed: true, closes: client.username }
    },
    async disableClient(fields: Fields): Promise<Outcome> {
      const client = clientOf(fields)
      client.disabled = true
      return { changed: true, closes: client.username }
    },
    async enableClient(fields: Fields): Promise<Outcome> {
      delete clientOf(fields).disabled
      return changed
    },
    async getClient(fields: Fields): Promise<Outcome> {
      return { data: { client: showClient(clientOf(fields)) } }
    },
    async listClients(fields: Fields): Promise<Outcome> {
      const all = [...clients.values()].sort((a, b) => compare(a.username, b.username))
      const shown = part(all, fields).map((client) => (fields.verbose === true ? showClient(client) : client.username))
      return { data: { totalCount: all.length, clients: shown } }
    },
    async addClientRole(fields: Fields): Promise<Outcome> {
      text(fields, 'username')
      text(fields, 'rolename')
      const client = clientOf(fields)
      const { rolename } = roleOf(fields)
      if (client.roles.some((role) => role.rolename === rolename)) throw new Refusal('Internal error')
      client.roles.push({ rolename, ...priorityOf(fields) })
      return changed
    },
    async removeClientRole(fields: Fields): Promise<Outcome> {
      text(fields, 'username')
      text(fields, 'rolename')
      const client = clientOf(fields)
      const { rolename } = roleOf(fields)
      client.roles = client.roles.filter((role) => role.rolename !== rolename)
      return { changed: true, closes: client.username }
    },
    async createRole(fields: Fields): Promise<Outcome> {
      const rolename = text(fields, 'rolename')
      if (roles.has(rolename)) throw new Refusal('Role already exists')
      const acls = (Array.isArray(fields.acls) ? fields.acls : []).flatMap((item) => aclOf(item) ?? [])
      roles.set(rolename, { rolename, acls })
      return changed
    },
    async deleteRole(fields: Fields): Promise<Outcome> {
      const { rolename } = roleOf(fields)
      roles.delete(rolename)
      for (const client of clients.values()) {
        client.roles = client.roles.filter((role) => role.rolename !== rolename)
      }
      return changed
    },
    async getRole(fields: Fields): Promise<Outcome> {
      return { data: { role: showRole(roleOf(fields)) } }
    },
    async listRoles(fields: Fields): Promise<Outcome> {
      const all = [...roles.values()].sort((a, b) => compare(a.rolename, b.rolename))
      const shown = part(all, fields).map((role) => (fields.verbose === true ? showRole(role) : role.rolename))
      return { data: { totalCount: all.length, roles: shown } }
    },
    async addRoleACL(fields: Fields): Promise<Outcome> {
      const role = roleOf(fields)
      const acl = aclOf(fields)
      if (acl === undefined) throw new Refusal('Invalid/missing acltype')
      if (role.acls.some((other) => isSame(other, acl))) throw new Refusal('ACL with this topic already exists')
      role.acls.push(acl)
      return changed
    },
    async removeRoleACL(fields: Fields): Promise<Outcome> {
      const role = roleOf(fields)
      const acl = aclOf(fields)
      if (acl === undefined) throw new Refusal('Invalid/missing acltype')
      if (!role.acls.some((other) => isSame(other, acl))) throw new Refusal('ACL not found')
      role.acls = role.acls.filter((other) => !isSame(other, acl))
      return changed
    },
  }
}

function text(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value !== 'string' || (value === '' && name !== 'password')) {
    throw new Refusal(`Invalid/missing ${name}`)
  }
  if (value.length > 1_000) throw new Refusal(`Invalid/missing ${name}`)
  return value
}

const optionalText = (fields: Fields, name: string) => (fields[name] === undefined ? undefined : text(fields, name))
const present = (fields: Fields, name: 'clientid' | 'textname' | 'textdescription') =>
  fields[name] === undefined ? {} : { [name]: text(fields, name) }
const priorityOf = ({ priority }: Fields) => (typeof priority === 'number' ? { priority } : {})
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
const isSame = (a: Acl, b: Acl) => a.acltype === b.acltype && a.topic === b.topic

/** An entry of an access control list, or nothing when it is of no known kind (Mosquitto passes over those too). */
function aclOf(item: unknown): Acl | undefined {
  if (!isFields(item) || typeof item.topic !== 'string' || item.topic.length > 1_000) return undefined
  const acltype = aclTypes.find((type) => type === item.acltype)
  if (acltype === undefined) return undefined
  return { acltype, topic: item.topic, priority: priorityOf(item).priority ?? 0, allow: item.allow === true }
}

function part<Item>(all: readonly Item[], { count, offset }: Fields): readonly Item[] {
  const from = typeof offset === 'number' && offset > 0 ? offset : 0
  return typeof count === 'number' && count >= 0 ? all.slice(from, from + count) : all.slice(from)
}

/** As Mosquitto shows a client: whatever the password, it is not told. */
const showClient = ({ password: _password, roles, ...client }: Account) => ({ ...client, roles, groups: [] })

const showRole = ({ rolename, acls }: Role) => ({
  rolename,
  acls: [...acls].sort((a, b) => aclTypes.indexOf(a.acltype) - aclTypes.indexOf(b.acltype)),
})
