/**
 * PGlite behind PostgreSQL's wire protocol, for many connections at once.
 *
 * PGlite is one session, so connections take turns. A turn is everything from a connection's first message to the
 * Sync that ends it, and goes on while its transaction is open: the unnamed statement and portal of one connection
 * are never seen by another. (pglite-socket 0.2.17 changes turns between Parse and Bind when several wait.)
 * Left out, as nobody of ours uses them: named statements kept apart, session settings, LISTEN, COPY FROM STDIN.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { PGlite } from '@electric-sql/pglite'

const sslRequest = 80877103
const gssRequest = 80877104
const cancelRequest = 80877102
const maxMessageBytes = 64 * 1024 * 1024

type Engine = Pick<PGlite, 'execProtocolRaw' | 'isInTransaction'>

/** Cuts a byte stream into the runs of messages that must not be torn apart. */
export class Turns {
  #started = false
  #pending: Buffer = Buffer.alloc(0)
  #turn: Buffer[] = []

  /**
   * @returns whole turns in order; `'refuse-ssl'` wants an `N`, `'end'` is the goodbye
   * @throws RangeError on a length that no message has
   */
  push(chunk: Buffer): (Buffer | 'refuse-ssl' | 'end')[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    const found: (Buffer | 'refuse-ssl' | 'end')[] = []
    for (;;) {
      const lengthAt = this.#started ? 1 : 0
      if (this.#pending.length < lengthAt + 4) return found
      const length = this.#pending.readInt32BE(lengthAt) + lengthAt
      if (length < lengthAt + 4 || length > maxMessageBytes) throw new RangeError('not a message of the protocol')
      if (this.#pending.length < length) return found
      const message = this.#pending.subarray(0, length)
      this.#pending = this.#pending.subarray(length)
      const what = this.#started ? this.#typed(message) : this.#untyped(message)
      if (what !== undefined) found.push(what)
    }
  }

  #untyped(message: Buffer): Buffer | 'refuse-ssl' | 'end' | undefined {
    const code = message.length >= 8 ? message.readInt32BE(4) : 0
    if (code === sslRequest || code === gssRequest) return 'refuse-ssl'
    if (code === cancelRequest) return 'end'
    this.#started = true
    return message
  }

  #typed(message: Buffer): Buffer | 'end' | undefined {
    const type = String.fromCharCode(message[0]!)
    if (type === 'X') return 'end'
    if (type === 'H') return undefined // Flush: the answer comes with the Sync all the same
    this.#turn.push(message)
    if (type !== 'S' && type !== 'Q' && type !== 'p') return undefined
    const turn = Buffer.concat(this.#turn)
    this.#turn = []
    return turn
  }
}

/** One holder at a time, in order of asking; the holder keeps it over several turns while its transaction is open. */
class Floor {
  #holder: object | undefined
  #waiting: { who: object; go: () => void }[] = []

  take(who: object): Promise<void> {
    if (this.#holder === who) return Promise.resolve()
    if (this.#holder === undefined) {
      this.#holder = who
      return Promise.resolve()
    }
    return new Promise((go) => this.#waiting.push({ who, go }))
  }

  give(who: object): void {
    if (this.#holder !== who) return
    const next = this.#waiting.shift()
    this.#holder = next?.who
    next?.go()
  }
}

const rollback = (() => {
  const sql = Buffer.from('ROLLBACK\0')
  const message = Buffer.alloc(5 + sql.length)
  message.write('Q')
  message.writeInt32BE(4 + sql.length, 1)
  sql.copy(message, 5)
  return message
})()

/**
 * Listens on the socket path.
 *
 * @param maxConnections further ones are closed at once
 * @param onBroken called when the engine itself throws: it cannot go on
 */
export async function serve(
  engine: Engine,
  path: string,
  maxConnections: number,
  onBroken: (error: unknown) => void,
): Promise<{ close(): Promise<void> }> {
  const floor = new Floor()
  const open = new Map<Socket, Promise<void>>()
  const execute = async (turn: Buffer): Promise<Uint8Array> => {
    try {
      return await engine.execProtocolRaw(turn)
    } catch (error) {
      onBroken(error)
      throw error
    }
  }
  const answer = async (socket: Socket, turn: Buffer) => {
    await floor.take(socket)
    try {
      if (socket.destroyed) return
      const bytes = Buffer.from(await execute(turn))
      if (!socket.destroyed && !socket.write(bytes)) await drained(socket)
    } finally {
      if (!socket.destroyed && engine.isInTransaction()) {
        // its transaction is open: it keeps the floor
      } else {
        await leave(socket)
      }
    }
  }
  const leave = async (socket: Socket) => {
    if (socket.destroyed) {
      await floor.take(socket)
      if (engine.isInTransaction()) await execute(rollback).catch(() => undefined)
    }
    floor.give(socket)
  }
  const server: Server = createServer((socket) => {
    const turns = new Turns()
    let work = Promise.resolve()
    const then = (step: () => Promise<void>) => {
      work = work.then(step).catch(() => void socket.destroy())
      open.set(socket, work)
    }
    open.set(socket, work)
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const turn of turns.push(chunk)) {
          if (turn === 'refuse-ssl') socket.write('N')
          else if (turn === 'end') then(async () => void socket.end())
          else then(() => answer(socket, turn))
        }
      } catch {
        socket.destroy()
      }
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      then(() => leave(socket))
      void work.finally(() => open.delete(socket))
    })
  })
  server.maxConnections = maxConnections
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return {
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of open.keys()) socket.destroy()
      await Promise.all(open.values())
      await closed
    },
  }
}

const drained = (socket: Socket) =>
  new Promise<void>((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.once('drain', done).once('close', done)
  })
