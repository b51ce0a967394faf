import type { Client } from 'aedes'
import type { Journal, JournalEntry, Position } from './journal.ts'
import type { BrokerLimits, BrokerLog } from './limits.ts'

type Flight = { readonly at: Position; readonly member: Member; readonly bytes: number }
type Member = { readonly client: Client; messages: number; bytes: number }

/** Subscribers that share the messages between them: one of them acknowledging is enough. */
type Group = {
  readonly name: string
  cursor: Position
  /** Everything before this number has been handed out once. */
  high: number
  /** Handed out, and to be handed out again: the subscriber left without acknowledging. */
  readonly again: Map<number, Position>
  readonly flights: Map<number, Flight>
  /** How many messages of a segment are in `flights` or `again`. */
  readonly open: Map<number, number>
  readonly members: Map<Client, Member>
  read: JournalEntry[]
  /** Rises when the cursor is set back, so that a read under way is not used. */
  turn: number
  pumping: boolean
  wake: boolean
  emptySince: number
}

export type DeliveryLimits = Pick<BrokerLimits, 'windowMessages' | 'windowBytes' | 'unsentBytes'> & {
  /** Older messages are passed over; they do not keep a segment. */
  readonly maxAgeMillis?: number
}

const dropWhenIdleBytes = 262_144

/**
 * Hands a journal's messages to its keepers: subscribers with a session, which acknowledge each message when they have
 * stored it. A segment is deleted when every group of keepers has acknowledged all of it. At most a window of messages is
 * in memory, however long the journal is. After a restart everything that is left is handed out (again).
 */
export class Delivery {
  readonly name: string
  readonly #journal: Journal
  readonly #limits: DeliveryLimits
  readonly #log: BrokerLog
  readonly #groups = new Map<string, Group>()
  readonly #timer: NodeJS.Timeout
  #closed = false
  #settling: Promise<void> = Promise.resolve()

  constructor(name: string, journal: Journal, limits: DeliveryLimits, log: BrokerLog) {
    this.name = name
    this.#journal = journal
    this.#limits = limits
    this.#log = log
    journal.onAppended = () => this.#wakeAll()
    this.#timer = setInterval(() => this.#tidy(), 1_000)
    this.#timer.unref()
  }

  /** Messages handed out and not acknowledged. */
  get inFlight(): number {
    return [...this.#groups.values()].reduce((sum, { flights }) => sum + flights.size, 0)
  }
  get hasKeepers(): boolean {
    return [...this.#groups.values()].some(({ members }) => members.size > 0)
  }

  /** A keeper has connected or subscribed. Joining twice is joining once. */
  join(groupName: string, client: Client): void {
    let group = this.#groups.get(groupName)
    if (group === undefined) {
      const cursor = this.#journal.start
      const none = { high: cursor.sequence, again: new Map(), flights: new Map(), open: new Map(), members: new Map() }
      group = { name: groupName, cursor, ...none, read: [], turn: 0, pumping: false, wake: false, emptySince: Infinity }
      this.#groups.set(groupName, group)
    }
    if (group.members.has(client)) return
    group.members.set(client, { client, messages: 0, bytes: 0 })
    // aedes silently drops a packet whose number is lower than one it sent on the same connection; what is handed out
    // again has such a number.
    if ('duplicates' in client)
      Object.defineProperty(client.duplicates, this.name, { get: () => 0, set: () => {}, configurable: true })
    group.emptySince = Infinity
    const joined = group
    client.conn.on('drain', () => this.#wake(joined))
    this.#wake(group)
  }

  /** A keeper has gone or unsubscribed; what it has not acknowledged is handed out again. */
  leave(client: Client): void {
    for (const group of this.#groups.values()) {
      if (!group.members.delete(client)) continue
      if (group.members.size === 0) group.emptySince = Date.now()
      for (const [sequence, flight] of group.flights) {
        if (flight.member.client !== client) continue
        group.flights.delete(sequence)
        group.again.set(sequence, flight.at)
      }
      this.#setBack(group)
      this.#wake(group)
    }
  }

  /** A keeper has acknowledged the message of that number. */
  acknowledge(client: Client, sequence: number): void {
    for (const group of this.#groups.values()) {
      const flight = group.flights.get(sequence)
      if (flight?.member.client !== client) continue
      group.flights.delete(sequence)
      flight.member.messages -= 1
      flight.member.bytes -= flight.bytes
      this.#closeOne(group, flight.at.segment)
      this.#wake(group)
    }
  }

  /** Ends handing out; deletes what has been acknowledged. The journal stays open. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#closed = true
    this.#settle(0)
    await this.#settling
  }

  #setBack(group: Group): void {
    let first: Position | undefined
    for (const at of group.again.values()) if (first === undefined || at.sequence < first.sequence) first = at
    if (first === undefined || first.sequence >= group.cursor.sequence) return
    group.cursor = first
    group.read = []
    group.turn += 1
  }

  #closeOne(group: Group, segment: number): void {
    const left = (group.open.get(segment) ?? 0) - 1
    if (left > 0) group.open.set(segment, left)
    else {
      group.open.delete(segment)
      this.#settle(dropWhenIdleBytes)
    }
  }

  #wakeAll(): void {
    for (const group of this.#groups.values()) this.#wake(group)
  }

  #wake(group: Group): void {
    group.wake = true
    if (group.pumping || this.#closed) return
    group.pumping = true
    this.#pump(group)
      .catch((error) => {
        // The timer wakes the group again.
        group.wake = false
        if (!this.#closed) this.#log('error', 'Handing out journalled messages failed', { error: String(error) })
      })
      .finally(() => {
        group.pumping = false
        if (group.wake) this.#wake(group)
      })
  }

  async #pump(group: Group): Promise<void> {
    while (group.wake && !this.#closed) {
      group.wake = false
      for (;;) {
        const member = this.#freeMember(group)
        if (member === undefined || this.#closed) break
        const entry = group.read[0] ?? (await this.#readMore(group))
        if (entry === undefined) break
        if (entry === 'changed' || !group.members.has(member.client)) continue
        group.read.shift()
        this.#handOut(group, member, entry)
      }
    }
  }

  async #readMore(group: Group): Promise<JournalEntry | 'changed' | undefined> {
    const { turn, cursor } = group
    const { records, next } = await this.#journal.read(cursor)
    if (group.turn !== turn) return 'changed'
    group.read = records
    if (records.length === 0) {
      const moved = next.segment !== cursor.segment
      group.cursor = next
      return moved && next.sequence !== cursor.sequence ? 'changed' : undefined
    }
    return records[0]
  }

  #handOut(group: Group, member: Member, entry: JournalEntry) {
    const { at, sequence } = entry
    const isNew = sequence >= group.high
    const left = group.cursor.segment
    group.cursor = entry.next
    if (left !== at.segment) this.#settle(dropWhenIdleBytes)
    if (!isNew && !group.again.delete(sequence)) return
    if (isNew) {
      group.high = sequence + 1
      group.open.set(at.segment, (group.open.get(at.segment) ?? 0) + 1)
    }
    if (entry.time < Date.now() - (this.#limits.maxAgeMillis ?? Infinity)) return this.#closeOne(group, at.segment)
    group.flights.set(sequence, { at, member, bytes: entry.bytes })
    member.messages += 1
    member.bytes += entry.bytes
    const { topic, payload } = entry
    const marked = { brokerId: this.name, brokerCounter: sequence }
    member.client.publish({ cmd: 'publish', topic, payload, qos: 1, retain: false, dup: false, ...marked }, () => {})
  }

  #freeMember({ members }: Group): Member | undefined {
    let free: Member | undefined
    for (const member of members.values()) {
      if (member.messages >= this.#limits.windowMessages || member.bytes >= this.#limits.windowBytes) continue
      if (member.client.conn.writableLength >= this.#limits.unsentBytes / 2) continue
      if (free === undefined || member.messages < free.messages) free = member
    }
    return free
  }

  /** Deletes the segments that nobody needs; the last one too, when it holds more than `idleBytes` or keeps senders waiting. */
  #settle(idleBytes: number): void {
    const maxAge = this.#limits.maxAgeMillis ?? Infinity
    const groups = [...this.#groups.values()]
    for (const { segment, size, lastTime, isLast } of this.#journal.list()) {
      const expired = lastTime < Date.now() - maxAge
      const acknowledged =
        groups.length > 0 &&
        groups.every(
          ({ cursor, open }) =>
            !open.has(segment) && (cursor.segment > segment || (cursor.segment === segment && cursor.offset >= size)),
        )
      if (!acknowledged && !expired) continue
      if (isLast && !expired && size <= idleBytes && !this.#journal.isFull) continue
      this.#settling = this.#settling
        .then(() => this.#journal.drop(segment, size))
        .catch((error) => this.#report(error))
    }
  }

  #report(error: unknown): void {
    this.#log('error', 'A segment of the journal could not be deleted', { error: String(error) })
  }

  #tidy(): void {
    const maxAge = this.#limits.maxAgeMillis
    if (maxAge !== undefined) {
      for (const group of this.#groups.values()) {
        if (group.members.size === 0 && group.emptySince < Date.now() - maxAge) this.#groups.delete(group.name)
      }
    }
    this.#settle(dropWhenIdleBytes)
    this.#wakeAll()
  }
}
