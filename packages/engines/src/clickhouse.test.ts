import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ClickHouse, startClickHouse } from './clickhouse.ts'

let folder: string
let engine: ClickHouse
const account = `Basic ${Buffer.from('nabolag:se cret').toString('base64')}`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nabolag-clickhouse-'))
  engine = await startClickHouse({ folder, user: 'nabolag', password: 'se cret' })
  await ask({}, 'CREATE DATABASE bench')
  await ask({ database: 'bench' }, 'CREATE TABLE rows (a UInt32, s String) ENGINE = MergeTree ORDER BY a')
})
afterAll(async () => {
  await engine?.close()
  await rm(folder, { recursive: true, force: true })
})

/** One request; `body` is the statement unless the address has one. */
const ask = (query: Record<string, string>, body: string | Buffer = '', headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${engine.port}/?${new URLSearchParams(query)}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : new Uint8Array(body),
    headers: { authorization: account, ...headers },
  })
const textOf = async (query: Record<string, string>, body?: string) => (await ask(query, body)).text()

test('answers a ping without an account, and nothing else', async () => {
  expect(await (await fetch(`http://127.0.0.1:${engine.port}/ping`)).text()).toBe('Ok.\n')
  const strangers: Record<string, string>[] = [
    { authorization: 'Basic eDp5' },
    { authorization: '' },
    { authorization: '', 'x-clickhouse-user': 'nabolag', 'x-clickhouse-key': 'x' },
  ]
  for (const headers of strangers) {
    const refused = await ask({}, 'SELECT 1', headers)
    expect(refused.status).toBe(403)
    expect(refused.headers.get('x-clickhouse-exception-code')).toBe('516')
  }
  const named = await ask({}, 'SELECT 1', {
    authorization: '',
    'x-clickhouse-user': 'nabolag',
    'x-clickhouse-key': 'se cret',
  })
  expect(await named.text()).toBe('1\n')
})

test.each([
  { name: 'in the body', query: {}, body: 'SELECT 1 + 1' },
  { name: 'in the address', query: { query: 'SELECT 2' }, body: '' },
  {
    name: 'with settings',
    query: { max_threads: '1' },
    body: "SELECT value + 1 FROM (SELECT toUInt8(value) AS value FROM system.settings WHERE name = 'max_threads')",
  },
  { name: 'with parameters', query: { param_x: '2' }, body: 'SELECT {x:UInt8}' },
])('runs a statement $name', async ({ query, body }) => {
  expect(await textOf({ ...query } as Record<string, string>, body)).toBe('2\n')
})

test('lets no setting and no parameter into the next request', async () => {
  await textOf({ param_leak: '1', max_threads: '7' }, 'SELECT {leak:UInt8}')
  expect(await textOf({}, 'SELECT {leak:UInt8}')).toContain('UNKNOWN_QUERY_PARAMETER')
  expect(await textOf({}, "SELECT changed FROM system.settings WHERE name = 'max_threads'")).toBe('0\n')
})

test.each([
  { sql: 'SELECT nope', code: '47', status: 400 },
  { sql: 'SELEC 1', code: '62', status: 400 },
  { sql: 'SELECT * FROM nowhere', code: '60', status: 404 },
  { sql: 'SELECT throwIf(number = 3) FROM numbers(9)', code: '395', status: 500 },
  { sql: 'SELECT throwIf(number = 3) FROM numbers(9) FORMAT JSONEachRow', code: '395', status: 500 },
])('says what is wrong with $sql as ClickHouse does', async ({ sql, code, status }) => {
  const answer = await ask({}, sql)
  expect(answer.status).toBe(status)
  expect(answer.headers.get('x-clickhouse-exception-code')).toBe(code)
  expect(await answer.text()).toMatch(new RegExp(`^Code: ${code}\\. DB::Exception: `))
})

test('takes the rows of an insert from the body, packed or not', async () => {
  const rows = Array.from({ length: 50_000 }, (_, index) => `${index}\trow\\n${index}\n`).join('')
  const insert = { database: 'bench', query: 'INSERT INTO rows (a, s) FORMAT TabSeparated' }
  expect((await ask(insert, rows)).status).toBe(200)
  const packed = await ask(insert, gzipSync(rows), { 'content-encoding': 'gzip' })
  expect(JSON.parse(packed.headers.get('x-clickhouse-summary') ?? '')).toMatchObject({ written_rows: '50000' })
  expect(await textOf({ database: 'bench' }, "SELECT count(), countIf(s = 'row\\n' || toString(a)) FROM rows")).toBe(
    '100000\t100000\n',
  )
  expect((await ask(insert, 'not a row')).status).toBe(500)
})

test.each(['JSONEachRow', 'CSVWithNames', 'TabSeparatedWithNamesAndTypes', 'JSONCompactEachRowWithNames'])(
  'joins the pieces of a long answer to one document of %s',
  async (format) => {
    const lines = (await textOf({}, `SELECT number AS n FROM numbers(200000) FORMAT ${format}`)).trim().split('\n')
    const heads = { JSONEachRow: 0, TabSeparatedWithNamesAndTypes: 2 }[format] ?? 1
    expect(lines.length).toBe(200_000 + heads)
    expect(lines.at(-1)).toContain('199999')
  },
)

test('joins a long answer to one Arrow stream', async () => {
  const answer = await ask(
    { output_format_arrow_compression_method: 'none' },
    'SELECT number AS n FROM numbers(200000) FORMAT ArrowStream',
  )
  const { tableFromIPC } = await import('apache-arrow')
  const table = tableFromIPC(new Uint8Array(await answer.arrayBuffer()))
  expect(table.numRows).toBe(200_000)
  expect(table.getChild('n')?.get(199_999)).toBe(199_999n)
})

test('packs the answer when asked', async () => {
  const sent = request({
    port: engine.port,
    path: '/?enable_http_compression=1&query=SELECT+7',
    headers: { authorization: account, 'accept-encoding': 'gzip' },
  }).end()
  const [response] = await once(sent, 'response')
  expect(response.headers['content-encoding']).toBe('gzip')
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  expect(gunzipSync(Buffer.concat(chunks)).toString()).toBe('7\n')
})

test('goes on after a client that leaves in the middle, and takes inserts meanwhile', async () => {
  const leave = new AbortController()
  const query = new URLSearchParams({
    query: 'SELECT number, randomPrintableASCII(100) FROM numbers(1000000000) FORMAT TSV',
  })
  const readers = Array.from({ length: 4 }, () =>
    fetch(`http://127.0.0.1:${engine.port}/?${query}`, { headers: { authorization: account }, signal: leave.signal }),
  )
  await Promise.all(readers)
  expect((await ask({ database: 'bench', query: 'INSERT INTO rows FORMAT TabSeparated' }, '1\tx\n')).status).toBe(200)
  leave.abort()
  expect(await textOf({}, 'SELECT 3')).toBe('3\n')
})

test('keeps what it answered for, in a folder opened again', async () => {
  const before = await textOf({ database: 'bench' }, 'SELECT count() FROM rows')
  await engine.close()
  engine = await startClickHouse({ folder, user: 'nabolag', password: 'se cret' })
  expect(await textOf({ database: 'bench' }, 'SELECT count() FROM rows')).toBe(before)
})
