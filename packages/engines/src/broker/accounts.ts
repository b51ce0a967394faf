import { open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Acl } from './acl.ts'

export type RoleOf = { rolename: string; priority?: number }
export type Account = {
  username: string
  clientid?: string
  textname?: string
  textdescription?: string
  disabled?: boolean
  roles: RoleOf[]
  /** Absent: nobody can sign in. */
  password?: string
}
export type Role = { rolename: string; acls: Acl[] }

const everything = (acltype: Acl['acltype'], topic: string): Acl => ({ acltype, topic, priority: 0, allow: true })

/** What Mosquitto's own set-up gives those who look after accounts. */
const adminRole = (): Role => ({
  rolename: 'admin',
  acls: [
    everything('publishClientSend', '$CONTROL/dynamic-security/#'),
    everything('publishClientReceive', '$CONTROL/dynamic-security/#'),
    everything('publishClientReceive', '#'),
    everything('subscribePattern', '$CONTROL/dynamic-security/#'),
    everything('subscribePattern', '#'),
    everything('unsubscribePattern', '#'),
  ],
})

/** The accounts and roles the broker keeps, in one file that only its own user may read. */
export class Accounts {
  readonly clients = new Map<string, Account>()
  readonly roles = new Map<string, Role>()
  readonly #path: string
  readonly #lists = new Map<string, readonly Acl[]>()
  #saving: Promise<void> = Promise.resolve()

  private constructor(folder: string) {
    this.#path = join(folder, 'accounts.json')
  }

  /** @throws when the file is there and cannot be read: better no broker than one that forgets its accounts. */
  static async open(folder: string): Promise<Accounts> {
    const accounts = new Accounts(folder)
    const text = await readFile(accounts.#path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    const kept: { clients: Account[]; roles: Role[] } =
      text === undefined ? { clients: [], roles: [adminRole()] } : JSON.parse(text)
    for (const client of kept.clients) accounts.clients.set(client.username, client)
    for (const role of kept.roles) accounts.roles.set(role.rolename, role)
    return accounts
  }

  isAdmin(username: string): boolean {
    return this.clients.get(username)?.roles.some(({ rolename }) => rolename === 'admin') ?? false
  }

  /** The account's access control list, in the order in which it is asked: roles by priority, then entries by priority. */
  aclsOf(username: string): readonly Acl[] {
    let acls = this.#lists.get(username)
    if (acls === undefined) {
      const roles = [...(this.clients.get(username)?.roles ?? [])].sort(byPriority)
      acls = roles.flatMap(({ rolename }) => [...(this.roles.get(rolename)?.acls ?? [])].sort(byPriority))
      this.#lists.set(username, acls)
    }
    return acls
  }

  /** The accounts as they are; calling what this returns brings them back. */
  snapshot(): () => void {
    const clients = structuredClone([...this.clients])
    const roles = structuredClone([...this.roles])
    return () => {
      refill(this.clients, clients)
      refill(this.roles, roles)
      this.#lists.clear()
    }
  }

  /** Call after a change. Resolves when it is on disk; one write at a time, each whole or not at all. */
  save(): Promise<void> {
    this.#lists.clear()
    this.#saving = this.#saving.catch(() => {}).then(() => this.#write())
    return this.#saving
  }

  async #write(): Promise<void> {
    const content = { version: 1, clients: [...this.clients.values()], roles: [...this.roles.values()] }
    const draft = `${this.#path}.new`
    try {
      const file = await open(draft, 'w', 0o600)
      try {
        await file.writeFile(JSON.stringify(content, undefined, 1))
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(draft, this.#path)
    } catch (error) {
      await rm(draft, { force: true })
      throw error
    }
  }
}

function refill<Key, Value>(map: Map<Key, Value>, entries: [Key, Value][]): void {
  map.clear()
  for (const [key, value] of entries) map.set(key, value)
}

const byPriority = (a: { priority?: number }, b: { priority?: number }) => (b.priority ?? 0) - (a.priority ?? 0)
