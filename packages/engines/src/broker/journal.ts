import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { BrokerLimits, BrokerLog } from './limits.ts'
import { decodeRecord, encodeRecord, type JournalRecord } from './record.ts'
import { measureRecords, readBytes, readPart, writeWhole } from './record-files.ts'

/** A place in the journal: a segment (named by its first message's number), a byte in it, the message that starts there. */
export type Position = { readonly segment: number; readonly offset: number; readonly sequence: number }

export type JournalEntry = JournalRecord & { readonly at: Position; readonly next: Position }

type Segment = { first: number; count: number; size: number; lastTime: number; path: string; file: FileHandle }

/** A message that waits to be written. `withdrawn` when its sender has gone. */
type Appending = { record: Buffer; time: number; written: () => void; withdrawn: boolean }

export type JournalLimits = Pick<
  BrokerLimits,
  'journalMessages' | 'journalBytes' | 'segmentBytes' | 'packetBytes' | 'syncToDisk'
>

const groupBytes = 4_194_304
const retryMillis = 1_000
const sayAgainMillis = 60_000

/**
 * Messages on disk, in segment files, in the order they came. What is appended in one turn of the event loop is
 * written at once. When the disk is full, or more waits than the limits allow, appending simply takes until there is room.
 */
export class Journal {
  readonly #folder: string
  readonly #limits: JournalLimits
  readonly #log: BrokerLog
  readonly #segments: Segment[] = []
  readonly #mostBytes: number
  #next = 1
  #messages = 0
  #bytes = 0
  #pending: Appending[] = []
  #waiting: Appending[] = []
  #pendingBytes = 0
  #flushing: Promise<void> | undefined
  #scheduled = false
  #failure: { code: string; saidAt: number } | undefined
  #closing = new AbortController()
  #tail: { segment: number; offset: number; buffer: Buffer } | undefined
  /** Called when messages have been written. */
  onAppended: () => void = () => {}

  private constructor(folder: string, limits: JournalLimits, log: BrokerLog) {
    this.#folder = folder
    this.#limits = limits
    this.#log = log
    this.#mostBytes = limits.packetBytes + 70_000
  }

  /** Reads what is there, cutting a record that was half written when the process ended. */
  static async open(folder: string, limits: JournalLimits, log: BrokerLog): Promise<Journal> {
    const journal = new Journal(folder, limits, log)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const names = (await readdir(folder)).filter((name) => /^\d{16}\.segment$/.test(name)).sort()
    for (const name of names) await journal.#recover(join(folder, name), Number(name.slice(0, 16)))
    return journal
  }

  /** Messages and bytes in the segments that are still there. */
  get messages(): number {
    return this.#messages
  }
  get bytes(): number {
    return this.#bytes
  }
  get segments(): number {
    return this.#segments.length
  }
  /** Messages whose senders wait for room. */
  get waiting(): number {
    return this.#waiting.length + this.#pending.length
  }
  get diskFull(): boolean {
    return this.#failure !== undefined && /^(ENOSPC|EDQUOT|EFBIG)$/.test(this.#failure.code)
  }
  get failing(): boolean {
    return this.#failure !== undefined
  }
  /** Whether the limits, not the disk, keep senders waiting. */
  get isFull(): boolean {
    const { journalMessages, journalBytes } = this.#limits
    return this.#messages + this.#pending.length >= journalMessages || this.#bytes + this.#pendingBytes >= journalBytes
  }
  get start(): Position {
    return startOf(this.#segments[0]?.first ?? this.#next)
  }

  /** Appends a message; `written` is called once it is on disk. Returns what takes it back as long as it is not. */
  append(topic: string, payload: Buffer, qos: 1 | 2, written: () => void): () => void {
    const time = Date.now()
    const entry: Appending = { record: encodeRecord(topic, payload, qos, time), time, written, withdrawn: false }
    if (this.#waiting.length > 0 || this.isFull) this.#waiting.push(entry)
    else this.#accept(entry)
    return () => {
      entry.withdrawn = true
    }
  }

  /** Forgets what was taken back; call after a sender with waiting messages has gone. */
  sweep(): void {
    this.#waiting = this.#waiting.filter(({ withdrawn }) => !withdrawn)
  }

  /** Some of the messages from a position on, and the position after them. None: there are no more. */
  async read(from: Position): Promise<{ records: JournalEntry[]; next: Position }> {
    let at = from
    for (;;) {
      const index = this.#segments.findIndex(({ first }) => first >= at.segment)
      const segment = this.#segments[index]
      if (segment === undefined) return { records: [], next: startOf(this.#next) }
      if (segment.first !== at.segment) at = startOf(segment.first)
      if (at.offset < segment.size) return this.#readFrom(segment, at)
      const following = this.#segments[index + 1]
      if (following === undefined) return { records: [], next: at }
      at = startOf(following.first)
    }
  }

  /** First sequence numbers of the segments with what they hold, oldest first. */
  list(): { segment: number; size: number; lastTime: number; isLast: boolean }[] {
    return this.#segments.map(({ first, size, lastTime }, index) => ({
      segment: first,
      size,
      lastTime,
      isLast: index === this.#segments.length - 1,
    }))
  }

  /** Deletes a segment, unless messages have been added to it since it had that size. */
  async drop(first: number, size: number): Promise<void> {
    const index = this.#segments.findIndex((segment) => segment.first === first)
    const segment = this.#segments[index]
    if (segment === undefined || segment.size !== size) return
    if (index === this.#segments.length - 1 && this.#flushing !== undefined) return
    this.#segments.splice(index, 1)
    this.#messages -= segment.count
    this.#bytes -= segment.size
    this.#admit()
    await segment.file.close()
    await rm(segment.path, { force: true })
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#flushing
    for (const segment of this.#segments) await segment.file.close()
  }

  #accept(entry: Appending): void {
    this.#pending.push(entry)
    this.#pendingBytes += entry.record.length
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled || this.#flushing !== undefined || this.#closing.signal.aborted) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#flushing = this.#flush().finally(() => {
        this.#flushing = undefined
        this.#admit()
        if (this.#pending.length > 0) this.#schedule()
      })
    })
  }

  #admit(): void {
    if (this.#waiting.length === 0 || this.#closing.signal.aborted) return
    let taken = 0
    while (taken < this.#waiting.length && !this.isFull) {
      const entry = this.#waiting[taken++]!
      if (!entry.withdrawn) this.#accept(entry)
    }
    this.#waiting.splice(0, taken)
  }

  async #flush(): Promise<void> {
    while (this.#pending.length > 0 && !this.#closing.signal.aborted) {
      let bytes = 0
      let taken = 0
      while (taken < this.#pending.length && (taken === 0 || bytes < groupBytes)) {
        bytes += this.#pending[taken++]!.record.length
      }
      const entries = this.#pending.splice(0, taken)
      const group = entries.filter(({ withdrawn }) => !withdrawn)
      const written = group.length === 0 || (await this.#write(group))
      this.#pendingBytes -= bytes
      if (!written) return
      for (const entry of group) entry.written()
      if (group.length > 0) this.onAppended()
    }
  }

  /** Writes a group, trying again each second for as long as the disk refuses. False: the journal was closed meanwhile. */
  async #write(group: readonly Appending[]): Promise<boolean> {
    const buffer = group.length === 1 ? group[0]!.record : Buffer.concat(group.map(({ record }) => record))
    while (!this.#closing.signal.aborted) {
      try {
        const segment = await this.#lastSegment()
        await writeWhole(segment.file, buffer, segment.size).catch(async (error) => {
          await segment.file.truncate(segment.size)
          throw error
        })
        if (this.#limits.syncToDisk) await segment.file.datasync()
        this.#tail = { segment: segment.first, offset: segment.size, buffer }
        segment.size += buffer.length
        segment.count += group.length
        this.#bytes += buffer.length
        this.#messages += group.length
        segment.lastTime = group.at(-1)!.time
        this.#next += group.length
        if (this.#failure !== undefined) this.#log('info', 'The journal can be written again', { folder: this.#folder })
        this.#failure = undefined
        return true
      } catch (error) {
        this.#complain(error)
        await wait(retryMillis, undefined, { signal: this.#closing.signal }).catch(() => {})
      }
    }
    return false
  }

  #complain(error: unknown): void {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    const now = Date.now()
    if (this.#failure !== undefined && now - this.#failure.saidAt < sayAgainMillis) return
    this.#failure = { code, saidAt: now }
    const fields = { folder: this.#folder, code, waiting: this.waiting }
    this.#log('error', 'The journal cannot be written: nothing is acknowledged until it can', fields)
  }

  /** The segment to write to: the last one, or a new one when that is long enough. */
  async #lastSegment(): Promise<Segment> {
    const last = this.#segments.at(-1)
    const mostMessages = Math.max(1, this.#limits.journalMessages / 8)
    if (last !== undefined && last.size < this.#limits.segmentBytes && last.count < mostMessages) return last
    const path = join(this.#folder, `${String(this.#next).padStart(16, '0')}.segment`)
    const file = await open(path, 'w+', 0o600)
    const segment = { first: this.#next, count: 0, size: 0, lastTime: Date.now(), path, file }
    this.#segments.push(segment)
    return segment
  }

  async #readFrom(segment: Segment, start: Position): Promise<{ records: JournalEntry[]; next: Position }> {
    const { offset } = start
    let buffer = this.#tailFrom(segment, offset) ?? (await readPart(segment.file, offset, segment.size, readBytes))
    const needed = decodeRecord(buffer, 0, this.#mostBytes)
    if (typeof needed === 'number') buffer = await readPart(segment.file, offset, segment.size, needed)
    const records: JournalEntry[] = []
    let at = start
    for (;;) {
      const from = at.offset - offset
      const decoded = from < buffer.length ? decodeRecord(buffer, from, this.#mostBytes) : undefined
      if (decoded === undefined || typeof decoded === 'number') break
      const next = { segment: segment.first, offset: at.offset + decoded.bytes, sequence: at.sequence + 1 }
      records.push({ ...decoded, sequence: at.sequence, at, next })
      at = next
    }
    if (records.length > 0) return { records, next: at }
    this.#log('error', 'A part of the journal cannot be read and is passed over', { path: segment.path, offset })
    return { records, next: startOf(segment.first + 1) }
  }

  #tailFrom(segment: Segment, offset: number): Buffer | undefined {
    const tail = this.#tail
    if (tail === undefined || tail.segment !== segment.first || offset < tail.offset) return undefined
    return offset < tail.offset + tail.buffer.length ? tail.buffer.subarray(offset - tail.offset) : undefined
  }

  async #recover(path: string, first: number): Promise<void> {
    const file = await open(path, 'r+')
    const { size: total } = await file.stat()
    const whole = await measureRecords(file, total, this.#mostBytes)
    if (whole.size < total) {
      this.#log('warn', 'Cut a record that was not written whole', { path, bytes: total - whole.size })
      await file.truncate(whole.size)
    }
    this.#next = Math.max(this.#next, first + Math.max(1, whole.count))
    if (whole.count === 0) {
      await file.close()
      await rm(path, { force: true })
      return
    }
    this.#messages += whole.count
    this.#bytes += whole.size
    this.#segments.push({ first, path, file, ...whole })
  }
}

const startOf = (segment: number): Position => ({ segment, offset: 0, sequence: segment })
