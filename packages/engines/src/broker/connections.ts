import type { Socket } from 'node:net'
import type { Client } from 'aedes'
import type { Intake } from './intake.ts'

export type Connection = {
  readonly client: Client
  readonly socket: Socket
  readonly intake: Intake
  readonly address: string
  username: string | undefined
  /** The system's own account, or one that administers accounts. */
  isTrusted: boolean
  isSystem: boolean
  isRegistered: boolean
  /** Filters the broker has granted. */
  readonly filters: Set<string>
  /** Take back messages that wait for the journal. */
  readonly waiting: Set<() => void>
  /** Resolves when aedes has let go of the client. */
  readonly ended: Promise<void>
  end: () => void
}

const patienceMillis = 5_000

/** The open connections. At most one has a client id at a time: the next one waits until aedes has let go of it. */
export class Connections {
  readonly #open = new Map<Client, Connection>()
  readonly #byId = new Map<string, Connection>()
  readonly #all = new WeakMap<Client, Connection>()

  get count(): number {
    return this.#open.size
  }

  add(client: Client, socket: Socket, intake: Intake): Connection {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    const state = { username: undefined, isTrusted: false, isSystem: false, isRegistered: false }
    const sets = { filters: new Set<string>(), waiting: new Set<() => void>() }
    const connection = { client, socket, intake, address: socket.remoteAddress ?? '', ...state, ...sets, ended, end }
    this.#open.set(client, connection)
    this.#all.set(client, connection)
    return connection
  }

  /** The connection of a client, also of one that has just been closed. */
  of(client: Client): Connection | undefined {
    return this.#all.get(client)
  }
  isOpen(connection: Connection): boolean {
    return this.#open.has(connection.client)
  }
  byId(clientId: string): Connection | undefined {
    return this.#byId.get(clientId)
  }
  list(): Connection[] {
    return [...this.#open.values()]
  }

  /**
   * Gives the client id to a connection that has signed in, once the one that has it is closed and gone. aedes mixes the
   * two up when the old one is still closing.
   *
   * @returns the old one, when it takes too long to go
   */
  async claim(connection: Connection): Promise<Connection | undefined> {
    const { id } = connection.client
    const holder = this.#byId.get(id)
    this.#byId.set(id, connection)
    if (holder === undefined || holder === connection) return undefined
    holder.client.close()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMillis)
    })
    await Promise.race([holder.ended, late])
    clearTimeout(timer)
    return this.#open.has(holder.client) ? holder : undefined
  }

  remove(connection: Connection): void {
    this.#open.delete(connection.client)
    const { id } = connection.client
    if (this.#byId.get(id) === connection) this.#byId.delete(id)
    connection.end()
  }
}
