import { Readable } from 'node:stream'
import type { Client, PublishPacket, Subscription } from 'aedes'
import { matchesTopic } from './acl.ts'
import type { BrokerLimits } from './limits.ts'

export type Packet = Omit<PublishPacket, 'cmd'> & {
  cmd: string
  brokerId?: string
  brokerCounter?: number
  messageId?: number
}
type Queued = { packet: Packet; bytes: number }
type Session = {
  readonly username: string
  readonly filters: Map<string, Subscription>
  /** By the broker's own number of the message. */
  readonly queue: Map<string, Queued>
  readonly byMessageId: Map<number, string>
  /** Of the messages that are not in the journal. */
  waiting: number
  bytes: number
  gone: number | undefined
}

const keyOf = ({ brokerId, brokerCounter }: Packet) => `${brokerId}:${brokerCounter}`
const isOfJournal = ({ brokerId }: Packet) => brokerId?.startsWith('journal/') ?? false
const sizeOf = ({ topic, payload }: Packet) => (topic?.length ?? 0) + (payload?.length ?? 0) + 200

export type SessionRules = {
  readonly limits: BrokerLimits
  readonly usernameOf: (client: Client) => string
  /** Whether the broker granted this subscription. */
  readonly isGranted: (client: Client, filter: string) => boolean
  /** Whether the message reaches that client from the journal, so that it must not wait here as well. */
  readonly isJournalled: (clientId: string, packet: Packet) => boolean
  readonly onDropped: (messages: number) => void
}

/**
 * What aedes calls its persistence: sessions of clients that connect with `clean = false`, retained messages and wills.
 * In memory and bounded in every direction; what must survive the process is in the journal.
 */
export class Sessions {
  readonly #rules: SessionRules
  readonly #sessions = new Map<string, Session>()
  readonly #retained = new Map<string, Packet>()
  readonly #incoming = new Map<string, Set<number>>()
  #retainedBytes = 0

  constructor(rules: SessionRules) {
    this.#rules = rules
  }

  get count(): number {
    return this.#sessions.size
  }
  /** The user whose session this is, if there is one. */
  ownerOf(clientId: string): string | undefined {
    return this.#sessions.get(clientId)?.username
  }
  /** Whether a retained message of that topic and size still fits. */
  canRetain(topic: string, bytes: number): boolean {
    const { retainedMessages, retainedBytes } = this.#rules.limits
    if (this.#retained.size >= retainedMessages && !this.#retained.has(topic)) return false
    return this.#retainedBytes + bytes <= retainedBytes
  }
  /** The filters a client is subscribed to with an acknowledgement, connected or not. */
  filtersOf(clientId: string): string[] {
    const filters = this.#sessions.get(clientId)?.filters.values() ?? []
    return [...filters].filter(({ qos }) => qos > 0).map(({ topic }) => topic)
  }
  /** Forgets sessions whose clients stay away. */
  forgetOld(isOpen: (clientId: string) => boolean): void {
    const oldest = Date.now() - this.#rules.limits.sessionSeconds * 1_000
    for (const [clientId, session] of this.#sessions) {
      if (isOpen(clientId)) session.gone = undefined
      else {
        session.gone ??= Date.now()
        if (session.gone < oldest) this.#forget(clientId)
      }
    }
    for (const clientId of this.#incoming.keys()) {
      if (!isOpen(clientId) && !this.#sessions.has(clientId)) this.#incoming.delete(clientId)
    }
  }
  /** Forgets all sessions of an account that is no longer there. */
  forgetUser(username: string): void {
    for (const [clientId, session] of this.#sessions) if (session.username === username) this.#forget(clientId)
  }
  /** Takes messages of the journal out of a session: they come from there again. */
  forgetJournalled(clientId: string): void {
    const session = this.#sessions.get(clientId)
    if (session === undefined) return
    for (const [key, { packet }] of session.queue) if (isOfJournal(packet)) this.#remove(session, key)
  }

  async setup(): Promise<void> {}
  async destroy(): Promise<void> {}

  async storeRetained(packet: Packet): Promise<void> {
    const before = this.#retained.get(packet.topic)
    if (before !== undefined) this.#retainedBytes -= sizeOf(before)
    this.#retained.delete(packet.topic)
    if (packet.payload.length === 0) return
    this.#retained.set(packet.topic, { ...packet, payload: Buffer.from(packet.payload) })
    this.#retainedBytes += sizeOf(packet)
  }
  createRetainedStreamCombi(filters: string[]): Readable {
    const found = [...this.#retained.values()].filter(({ topic }) => filters.some((f) => matchesTopic(f, topic)))
    return Readable.from(found)
  }

  async addSubscriptions(client: Client, subscriptions: Subscription[]): Promise<void> {
    const session = this.#sessionOf(client)
    // aedes hands over all filters of the SUBSCRIBE, those it refused too.
    for (const subscription of subscriptions) {
      if (this.#rules.isGranted(client, subscription.topic)) session.filters.set(subscription.topic, subscription)
    }
  }
  async removeSubscriptions(client: Client, filters: string[]): Promise<void> {
    for (const filter of filters) this.#sessions.get(client.id)?.filters.delete(filter)
  }
  async subscriptionsByClient({ id }: { id: string }): Promise<Subscription[]> {
    return [...(this.#sessions.get(id)?.filters.values() ?? [])]
  }
  async cleanSubscriptions(client: Client): Promise<void> {
    this.#forget(client.id)
  }
  async subscriptionsByTopic(topic: string): Promise<{ clientId: string; topic: string; qos: number }[]> {
    const found: { clientId: string; topic: string; qos: number }[] = []
    for (const [clientId, { filters }] of this.#sessions) {
      for (const [filter, { qos }] of filters) {
        if (qos === 0 || !matchesTopic(filter, topic)) continue
        found.push({ clientId, topic: filter, qos })
        break
      }
    }
    return found
  }

  async outgoingEnqueueCombi(subscribers: { clientId: string }[], packet: Packet): Promise<void> {
    for (const { clientId } of subscribers) {
      if (!this.#rules.isJournalled(clientId, packet)) await this.outgoingEnqueue({ clientId }, packet)
    }
  }
  async outgoingEnqueue({ clientId }: { clientId: string }, packet: Packet): Promise<void> {
    const session = this.#sessions.get(clientId)
    if (session === undefined) return
    const key = keyOf(packet)
    this.#remove(session, key)
    if (isOfJournal(packet)) {
      session.queue.set(key, { packet: { ...packet }, bytes: 0 })
      return
    }
    // A copy: the payload is a part of what was read at once from the socket, and would keep all of that.
    const bytes = sizeOf(packet)
    session.queue.set(key, { packet: { ...packet, payload: Buffer.from(packet.payload) }, bytes })
    session.bytes += bytes
    session.waiting += 1
    const { queuedMessages, queuedBytes } = this.#rules.limits
    for (const [oldest, { packet: queued }] of session.queue) {
      if (session.waiting <= queuedMessages && session.bytes <= queuedBytes) return
      if (isOfJournal(queued)) continue
      this.#remove(session, oldest)
      this.#rules.onDropped(1)
    }
  }
  async outgoingUpdate(client: Client, packet: Packet): Promise<void> {
    const session = this.#sessions.get(client.id)
    const key = keyOf(packet)
    const queued = session?.queue.get(key)
    if (session === undefined || packet.messageId === undefined) throw new Error('no such packet')
    if (queued === undefined) {
      const other = session.byMessageId.get(packet.messageId)
      const replaced = other === undefined ? undefined : session.queue.get(other)
      if (replaced === undefined) throw new Error('no such packet')
      replaced.packet = { ...packet, brokerId: replaced.packet.brokerId, brokerCounter: replaced.packet.brokerCounter }
      return
    }
    // The number may still be in use by a message that waits for long.
    while ((session.byMessageId.get(packet.messageId) ?? key) !== key) {
      packet.messageId = packet.messageId >= 65_535 ? 1 : packet.messageId + 1
    }
    if (queued.packet.messageId !== undefined) session.byMessageId.delete(queued.packet.messageId)
    queued.packet.messageId = packet.messageId
    session.byMessageId.set(packet.messageId, key)
  }
  async outgoingClearMessageId(client: Client, { messageId }: { messageId?: number }): Promise<Packet | undefined> {
    const session = this.#sessions.get(client.id)
    const key = messageId === undefined ? undefined : session?.byMessageId.get(messageId)
    return session === undefined || key === undefined ? undefined : this.#remove(session, key)
  }
  /** What waits for a client that comes back; what is of the journal is handed out from there. */
  outgoingStream(client: Client): Readable {
    const waiting = [...(this.#sessions.get(client.id)?.queue.values() ?? [])].map(({ packet }) => packet)
    return Readable.from(waiting.filter((packet) => !isOfJournal(packet)))
  }

  /** Of a QoS 2 message only the number is kept until its PUBREL: it has been published already. */
  async incomingStorePacket({ id }: Client, { messageId }: Packet): Promise<void> {
    const numbers = this.#incoming.get(id) ?? new Set()
    this.#incoming.set(id, numbers)
    if (messageId !== undefined) numbers.add(messageId)
  }
  async incomingGetPacket({ id }: Client, { messageId }: Packet): Promise<{ messageId: number }> {
    if (messageId === undefined || !this.#incoming.get(id)?.has(messageId)) throw new Error('no such packet')
    return { messageId }
  }
  async incomingDelPacket({ id }: Client, { messageId }: Packet): Promise<void> {
    if (!this.#incoming.get(id)?.delete(messageId ?? -1)) throw new Error('no such packet')
  }
  async cleanIncoming({ id }: Client): Promise<void> {
    this.#incoming.delete(id)
  }

  /** Wills live with their connection: with one broker there is nobody to leave them to. */
  async putWill(): Promise<void> {}
  async delWill(): Promise<void> {}
  streamWill(): Readable {
    return Readable.from([])
  }

  #sessionOf(client: Client): Session {
    let session = this.#sessions.get(client.id)
    if (session === undefined) {
      const username = this.#rules.usernameOf(client)
      const empty = {
        filters: new Map(),
        queue: new Map(),
        byMessageId: new Map(),
        waiting: 0,
        bytes: 0,
        gone: undefined,
      }
      session = { username, ...empty }
      this.#sessions.set(client.id, session)
    }
    return session
  }
  #remove(session: Session, key: string): Packet | undefined {
    const queued = session.queue.get(key)
    if (queued === undefined) return undefined
    session.queue.delete(key)
    session.bytes -= queued.bytes
    if (!isOfJournal(queued.packet)) session.waiting -= 1
    if (queued.packet.messageId !== undefined) session.byMessageId.delete(queued.packet.messageId)
    return queued.packet
  }
  #forget(clientId: string): void {
    this.#sessions.delete(clientId)
    this.#incoming.delete(clientId)
  }
}
