/**
 * ClickHouse for one machine: chDB (the engine itself, in this process) behind the part of ClickHouse's HTTP interface
 * that its clients use. One per process: chDB binds one data folder.
 *
 * Every request gets a connection of its own (it costs 0.1 ms), so that no setting or parameter leaks into another.
 * Inserts have a lane of their own, so that reads never keep them waiting.
 */

import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createDeflate, createGzip } from 'node:zlib'
import { drainPending, type RawInsertFormat, Session } from 'chdb'
import { joinerOf } from './clickhouse-join.ts'
import { Lane } from './clickhouse-lanes.ts'
import { ClickHouseFailure, checkAccount, readStatement, type Statement } from './clickhouse-request.ts'

export type ClickHouseOptions = {
  readonly folder: string
  /** `127.0.0.1` when absent. */
  readonly host?: string
  /** A free one when 0 or absent. */
  readonly port?: number
  readonly user: string
  readonly password: string
  /** Bytes the engine may use; queries that need more are refused with code 241. 2 GiB when absent. */
  readonly memory?: number
}

export type ClickHouse = { readonly url: string; readonly port: number; readonly close: () => Promise<void> }

const mostBody = 512 * 1024 * 1024
const mostWaiting = 256
/** libuv's threads (its default number) run the queries; one is left to the inserts and one to everything else. */
const threads = 4

/**
 * Opens the data folder and listens.
 *
 * @returns the address with the account, without a database; `close()` lets running queries end first
 * @throws Error when the folder cannot be opened or the port is taken (`EADDRINUSE`)
 */
export async function startClickHouse(options: ClickHouseOptions): Promise<ClickHouse> {
  const { folder, host = '127.0.0.1', port = 0, user, password } = options
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const root = new Session(folder, { connectionArgs: engineArguments(options.memory ?? 2 ** 31) })
  const reads = new Lane(Math.max(1, threads - 2), mostWaiting)
  const inserts = new Lane(1, mostWaiting)
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    answer(request, response, { folder, user, password, reads, inserts }).catch((error: unknown) =>
      fail(response, error),
    )
  })
  server.requestTimeout = 0
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (error) {
    root.close()
    await drainPending()
    throw error
  }
  const bound = (server.address() as AddressInfo).port
  const at = new URL(`http://${host.includes(':') ? `[${host}]` : host}:${bound}`)
  at.username = user
  at.password = password
  return {
    url: at.href.replace(/\/$/, ''),
    port: bound,
    close: async () => {
      server.close()
      server.closeIdleConnections()
      const force = setTimeout(() => server.closeAllConnections(), 5000)
      await drainPending()
      server.closeIdleConnections()
      if (server.listening) await once(server, 'close')
      server.closeAllConnections()
      clearTimeout(force)
      await drainPending()
      root.close()
      await drainPending()
    },
  }
}

/** What keeps the engine small on a machine that it shares. */
const engineArguments = (memory: number) => [
  `--max_server_memory_usage=${memory}`,
  `--mark_cache_size=${32 * 2 ** 20}`,
  `--index_mark_cache_size=${8 * 2 ** 20}`,
  `--primary_index_cache_size=${64 * 2 ** 20}`,
  '--uncompressed_cache_size=0',
  '--index_uncompressed_cache_size=0',
  `--query_cache_max_size_in_bytes=${2 ** 20}`,
  `--compiled_expression_cache_size=${8 * 2 ** 20}`,
  '--background_pool_size=2',
  '--background_merges_mutations_concurrency_ratio=2',
]

type Context = { folder: string; user: string; password: string; reads: Lane; inserts: Lane }

async function answer(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  if (url.pathname === '/ping') {
    response.end('Ok.\n')
    return
  }
  checkAccount(request, url, context)
  const statement = await readStatement(request, url, mostBody)
  response.setHeader('X-ClickHouse-Query-Id', statement.queryId ?? randomUUID())
  response.setHeader('X-ClickHouse-Format', statement.format)
  response.setHeader('X-ClickHouse-Timezone', 'UTC')
  const session = new Session(context.folder)
  try {
    if (statement.insert) await insert(session, statement, response, context.inserts)
    else await select(session, statement, response, context.reads)
  } finally {
    session.close()
  }
}

async function insert(session: Session, statement: Statement, response: ServerResponse, lane: Lane): Promise<void> {
  const { insert: target, data, before } = statement
  if (!target) return
  const summary =
    data.length === 0
      ? undefined
      : await lane.run(async () => {
          if (before) await session.queryAsync(before)
          return session.insert({
            table: target.table,
            values: data,
            format: target.format as RawInsertFormat,
            ...(target.columns ? { columns: target.columns } : {}),
          })
        })
  const rows = String(summary?.rowsWritten ?? 0)
  const bytes = String(data.length)
  response.setHeader(
    'X-ClickHouse-Summary',
    JSON.stringify({
      read_rows: rows,
      read_bytes: bytes,
      written_rows: rows,
      written_bytes: bytes,
      result_rows: '0',
      result_bytes: '0',
      total_rows_to_read: '0',
      elapsed_ns: String(Math.round((summary?.elapsed ?? 0) * 1e9)),
    }),
  )
  response.end()
}

async function select(session: Session, statement: Statement, response: ServerResponse, lane: Lane): Promise<void> {
  const joiner = isRead(statement.sql) ? joinerOf(statement.format) : undefined
  const { sql, before, format } = statement
  if (!joiner) {
    const result = await lane.run(() => {
      if (response.destroyed) throw new ClickHouseFailure(394, 'QUERY_WAS_CANCELLED', 'The client has gone')
      return session.queryAsync(before ? `${before}; ${sql}` : sql, { format })
    })
    await send(response, statement, [
      Buffer.from(result.bytes().buffer, result.bytes().byteOffset, result.bytes().length),
    ])
    return
  }
  // A slow client holds its place in the lane only while the engine works for it.
  const stream = await lane.run(async () => {
    if (before) await session.queryAsync(before)
    return session.queryStream(sql, { format })
  })
  const pieces = stream[Symbol.asyncIterator]()
  const next = () =>
    lane.run(async () => {
      const { value, done } = await pieces.next()
      return done ? undefined : value
    })
  try {
    let piece = await next()
    const joined = async function* () {
      let first = true
      while (piece && !response.destroyed) {
        const bytes = piece.raw()
        yield joiner.join(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), first)
        first = false
        piece = await next()
      }
      yield joiner.end()
    }
    await send(response, statement, joined())
  } finally {
    stream.cancel()
  }
}

const isRead = (sql: string) => /^[\s(]*(SELECT|WITH)\b/i.test(sql)

async function send(
  response: ServerResponse,
  { encoding }: Statement,
  pieces: Iterable<Buffer> | AsyncIterable<Buffer>,
): Promise<void> {
  const source = Readable.from(pieces, { objectMode: false, highWaterMark: 2 ** 20 })
  if (!encoding) return pipeline(source, response)
  response.setHeader('Content-Encoding', encoding)
  const packer = encoding === 'gzip' ? createGzip({ level: 1 }) : createDeflate({ level: 1 })
  return pipeline(source, packer, response)
}

/** Before the first byte an error is an answer; after it, only a broken connection can tell. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const { code, status, message } = describe(error)
  response.removeHeader('Content-Encoding')
  response.statusCode = status
  response.setHeader('X-ClickHouse-Exception-Code', code)
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8')
  response.end(`${message}\n`)
}

function describe(error: unknown): { code: number; status: number; message: string } {
  if (error instanceof ClickHouseFailure) return error
  if (error instanceof RangeError)
    return new ClickHouseFailure(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', 'Too many simultaneous queries')
  const message = error instanceof Error ? error.message : String(error)
  const code = Number(/Code: (\d+)/.exec(message)?.[1] ?? 1002)
  const text = message.startsWith('Code:') ? message : `Code: ${code}. DB::Exception: ${message}`
  return { code, status: [60, 81].includes(code) ? 404 : [47, 62].includes(code) ? 400 : 500, message: text }
}
