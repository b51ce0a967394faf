/** Reads one ClickHouse HTTP request: who asks, what to run, with which settings and parameters. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { createGunzip, createInflate } from 'node:zlib'

/** An error as ClickHouse states it. Codes: `ErrorCodes.cpp` of ClickHouse. */
export class ClickHouseFailure extends Error {
  readonly code: number
  readonly status: number
  constructor(code: number, name: string, message: string, status = 500) {
    super(`Code: ${code}. DB::Exception: ${message} (${name})`)
    this.code = code
    this.status = status
  }
}

export type Insert = {
  readonly table: string
  readonly columns: readonly string[] | undefined
  readonly format: string
}

export type Statement = {
  readonly sql: string
  /** Statements to run first on the same connection: database, settings, parameters. */
  readonly before: string
  readonly format: string
  /** Present when the data of the insert is the body. */
  readonly insert: Insert | undefined
  readonly data: Buffer
  readonly queryId: string | undefined
  readonly encoding: 'gzip' | 'deflate' | undefined
}

const ownParameters = new Set([
  ...['query', 'database', 'default_format', 'query_id', 'user', 'password', 'session_id', 'session_timeout'],
  ...[
    'session_check',
    'role',
    'quota_key',
    'compress',
    'decompress',
    'stacktrace',
    'close_session',
    'client_protocol_version',
  ],
])
/** Settings of ClickHouse's HTTP layer: they have no meaning to the engine inside. */
const httpSettings =
  /^(wait_end_of_query|buffer_size|enable_http_compression|http_.*|send_progress_in_http_headers|add_http_cors_header|cancel_http_readonly_queries_on_client_close)$/
const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * Checks the account: HTTP Basic, the `X-ClickHouse-User` and `-Key` headers, or `user` and `password` in the address.
 *
 * @throws ClickHouseFailure 516 AUTHENTICATION_FAILED
 */
export function checkAccount(request: IncomingMessage, url: URL, account: { user: string; password: string }): void {
  const basic = /^Basic\s+(\S+)$/i.exec(request.headers.authorization ?? '')
  const [given, secret] = basic
    ? splitOnce(Buffer.from(basic[1] ?? '', 'base64').toString(), ':')
    : [
        single(request.headers['x-clickhouse-user']) ?? url.searchParams.get('user') ?? 'default',
        single(request.headers['x-clickhouse-key']) ?? url.searchParams.get('password') ?? '',
      ]
  const matches = same(given, account.user)
  if (!(same(secret, account.password) && matches))
    throw new ClickHouseFailure(
      516,
      'AUTHENTICATION_FAILED',
      'Authentication failed: password is incorrect, or there is no user with such name.',
      403,
    )
}

const single = (header: string | string[] | undefined) => (Array.isArray(header) ? header[0] : header)
const digest = (text: string) => createHash('sha256').update(text).digest()
const same = (a: string, b: string) => timingSafeEqual(digest(a), digest(b))
const splitOnce = (text: string, mark: string): [string, string] => {
  const at = text.indexOf(mark)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

/**
 * Reads address and body.
 *
 * @param limit bytes of body above which the request is refused
 * @throws ClickHouseFailure for what cannot be run
 */
export async function readStatement(request: IncomingMessage, url: URL, limit: number): Promise<Statement> {
  const body = await readBody(request, limit)
  const inAddress = url.searchParams.get('query') ?? ''
  const insert = inAddress === '' ? undefined : readInsert(inAddress)
  const sql = insert ? inAddress : [inAddress, body.toString()].filter((part) => part !== '').join('\n')
  if (sql.trim() === '') throw new ClickHouseFailure(62, 'SYNTAX_ERROR', 'Empty query', 400)
  const accepted = String(request.headers['accept-encoding'] ?? '')
  const compress = url.searchParams.get('enable_http_compression') === '1'
  return {
    sql,
    before: prepare(url, single(request.headers['x-clickhouse-database'])),
    format: formatOf(sql) ?? url.searchParams.get('default_format') ?? 'TabSeparated',
    insert,
    data: insert ? body : Buffer.alloc(0),
    queryId: url.searchParams.get('query_id') ?? undefined,
    encoding: !compress
      ? undefined
      : /\bgzip\b/.test(accepted)
        ? 'gzip'
        : /\bdeflate\b/.test(accepted)
          ? 'deflate'
          : undefined,
  }
}

async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding']
  const source =
    encoding === 'gzip'
      ? request.pipe(createGunzip())
      : encoding === 'deflate'
        ? request.pipe(createInflate())
        : request
  let size = 0
  source.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > limit) source.destroy(new ClickHouseFailure(241, 'MEMORY_LIMIT_EXCEEDED', 'The body is too large', 413))
  })
  return buffer(source)
}

/** The statements that give a fresh connection the database, settings and parameters of the request. */
function prepare(url: URL, databaseHeader: string | undefined): string {
  const database = url.searchParams.get('database') ?? databaseHeader
  const changes: string[] = []
  for (const [name, value] of url.searchParams) {
    if (ownParameters.has(name) || httpSettings.test(name)) continue
    if (!identifier.test(name)) throw new ClickHouseFailure(115, 'UNKNOWN_SETTING', 'Not the name of a setting', 404)
    changes.push(`${name} = ${quoteText(value)}`)
  }
  // One statement for all: each costs a third of a millisecond.
  const statements = database ? [`USE ${quoteName(database)}`] : []
  if (changes.length > 0) statements.push(`SET ${changes.join(', ')}`)
  return statements.join('; ')
}

const quoteName = (name: string) => `\`${name.replace(/[\\`]/g, '\\$&')}\``
const quoteText = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`

/** The format that the statement itself names, if any. */
const formatOf = (sql: string) =>
  /\bFORMAT\s+([A-Za-z]+)\s*(?:SETTINGS\s+[^;]*)?;?\s*$/i.exec(sql.length > 4096 ? sql.slice(-4096) : sql)?.[1]

const part = '(?:`[A-Za-z0-9_]+`|"[A-Za-z0-9_]+"|[A-Za-z_][A-Za-z0-9_]*)'
const insertPattern = new RegExp(
  `^\\s*INSERT\\s+INTO\\s+(?:TABLE\\s+)?(${part}(?:\\.${part})?)\\s*(?:\\(([^()]*)\\))?\\s*FORMAT\\s+([A-Za-z]+)\\s*;?\\s*$`,
  'i',
)

/** An insert whose rows are the body; `undefined` for every other statement. */
function readInsert(sql: string): Insert | undefined {
  const match = insertPattern.exec(sql)
  if (!match?.[1] || !match[3]) return undefined
  const bare = (name: string) => name.trim().replace(/[`"]/g, '')
  const columns = match[2]?.split(',').map(bare)
  return { table: match[1].split('.').map(bare).join('.'), columns, format: match[3] }
}
