/** The one way to ClickHouse: every value goes as a parameter, every failure comes back as a problem. */

import { Readable } from 'node:stream'
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { Problem, ProblemError } from '@nabolag/core'

export type Parameters = Record<string, string | number | readonly (string | number)[] | null>

const settings = {
  // A sample belongs to one month only, so months need not be compared with each other.
  do_not_merge_across_partitions_select_final: '1',
  date_time_output_format: 'iso',
  output_format_json_quote_64bit_integers: 0,
  output_format_arrow_string_as_string: 1,
  output_format_arrow_compression_method: 'none',
  output_format_parquet_string_as_string: 1,
  async_insert: 0,
} as const

/** A connection to one database. */
export class Connection {
  readonly database: string
  private readonly client: ClickHouseClient
  /** @param url `http://user:password@host:port/database`; the database is `default` when the path is empty */
  constructor(url: string, database = decodeURIComponent(new URL(url).pathname.slice(1)) || 'default') {
    const at = new URL(url)
    this.database = database
    const [username, password] = [decodeURIComponent(at.username), decodeURIComponent(at.password)]
    at.username = ''
    at.password = ''
    at.pathname = ''
    this.client = createClient({
      url: at.href,
      database,
      username: username || 'default',
      password,
      request_timeout: 300_000,
      max_open_connections: 32,
      // Below ClickHouse's own 10 s (3 s in older versions), so that no request meets a socket that is being closed.
      keep_alive: { enabled: true, idle_socket_ttl: 2000 },
      compression: { request: false, response: false },
      log: { level: ClickHouseLogLevel.OFF },
      clickhouse_settings: settings as never,
    })
  }

  async command(query: string, parameters: Parameters = {}, more: Record<string, string | number> = {}): Promise<void> {
    await guard(() => this.client.command({ query, query_params: parameters, clickhouse_settings: more as never }))
  }

  async rows<Row>(query: string, parameters: Parameters = {}): Promise<Row[]> {
    return guard(async () => {
      const result = await this.client.query({ query, query_params: parameters, format: 'JSONEachRow' })
      return result.json<Row>()
    })
  }

  /** The answer's bytes as they come, in any format of ClickHouse. */
  async bytes(query: string, parameters: Parameters, format: string): Promise<Readable> {
    return guard(async () => {
      const sql = `${query} FORMAT ${format}`
      const result = await this.client.exec({ query: sql, query_params: parameters })
      return result.stream
    })
  }

  /** @param rows the body, tab-separated */
  async insert(table: string, columns: readonly [string, ...string[]], rows: string): Promise<void> {
    await guard(() =>
      this.client.insert({
        table,
        columns: columns as [string, ...string[]],
        values: Readable.from([rows], { objectMode: false }),
        format: 'TabSeparated',
        clickhouse_settings: { max_partitions_per_insert_block: '0', throw_on_max_partitions_per_insert_block: 0 },
      }),
    )
  }

  async ping(): Promise<void> {
    const answer = await this.client.ping({ select: true })
    if (!answer.success) throw problemOf(answer.error)
  }

  close(): Promise<void> {
    return this.client.close()
  }
}

async function guard<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    throw problemOf(error)
  }
}

const noSpace = /No space left on device|NOT_ENOUGH_SPACE|Disk quota exceeded/i

/** What went wrong, and who can mend it. */
export function problemOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof ClickHouseError) {
    if (error.code === '243' || noSpace.test(`${error.type} ${message}`))
      return withCause('disk-full', undefined, error)
    if (error.code === '516') return withCause('engine-down', 'ClickHouse refuses the account of CLICKHOUSE_URL', error)
    if (error.code === '202' || error.code === '252')
      return withCause('engine-down', 'ClickHouse has more to do than it can take on', error)
    if (error.code === '241' || error.code === '158')
      return withCause('too-much-data', 'Ask for a shorter range', error)
    return withCause('internal-error', `ClickHouse: ${error.type ?? ''} ${message}`.slice(0, 500), error)
  }
  if (noSpace.test(message)) return withCause('disk-full', undefined, error)
  return withCause('engine-down', 'ClickHouse does not answer', error)
}

function withCause(code: ProblemError['code'], detail: string | undefined, cause: unknown): ProblemError {
  const problem = Problem(code, detail)
  problem.cause = cause
  return problem
}
