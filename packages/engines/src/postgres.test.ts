import { type ChildProcess, fork } from 'node:child_process'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres } from './postgres.ts'
import { Turns } from './postgres-wire.ts'

let root: string
const children: ChildProcess[] = []
let engine: Awaited<ReturnType<typeof startPostgres>>
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'nabolag-pg-'))
  engine = await startPostgres({ folder: join(root, 'postgres') })
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await engine.close()
  await rm(root, { recursive: true, force: true, maxRetries: 5 })
})

const pool = (max: number) => new pg.Pool({ connectionString: engine.url, max })

describe('many connections', () => {
  test('each gets its own answers, with transactions and errors in between', async () => {
    const pools = [pool(8), pool(8), pool(8)]
    let right = 0
    let refused = 0
    await Promise.all(
      Array.from({ length: 24 }, async (_, i) => {
        const own = pools[i % 3]!
        for (let k = 0; k < 20; k++) {
          if (k % 3 === 0) {
            const client = await own.connect()
            await client.query('begin')
            await client.query('select $1::int', [k])
            await client.query('commit')
            client.release()
          }
          if (k % 7 === 6) {
            await own.query('select no_column where 1 = $1', [k]).catch((e: pg.DatabaseError) => {
              if (e.code === '42703') refused++
            })
          }
          // A statement of its own shape: another connection's would be seen at once.
          const { rows } = await own.query(`select $1::int as a, ${k} as c${i}`, [i * 100 + k])
          if (rows[0].a === i * 100 + k && rows[0][`c${i}`] === k) right++
        }
      }),
    )
    expect({ right, refused }).toEqual({ right: 480, refused: 48 })
    await Promise.all(pools.map((p) => p.end()))
  })

  test('transactions are kept apart and the one whose client vanished is rolled back', async () => {
    const own = pool(10)
    await own.query('create table counters (id int primary key, n int not null)')
    await own.query('insert into counters values (1, 0)')
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const client = await own.connect()
        await client.query('begin')
        const { rows } = await client.query('select n from counters where id = $1', [1])
        await client.query('update counters set n = $1 where id = 1', [rows[0].n + 1])
        await client.query('commit')
        client.release()
      }),
    )
    const gone = new pg.Client({ connectionString: engine.url })
    gone.on('error', () => undefined)
    await gone.connect()
    await gone.query('begin')
    await gone.query('update counters set n = 999')
    ;(gone as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
    const { rows } = await own.query('select n from counters')
    expect(rows[0].n).toBe(10)
    await own.end()
  })

  test('a large value comes through in both directions', async () => {
    const own = pool(2)
    const large = 'x'.repeat(3_000_000)
    const { rows } = await own.query('select $1::text as t', [large])
    expect(rows[0].t).toBe(large)
    await own.end()
  })
})

test('the socket lies in a folder that only its owner may enter', async () => {
  expect((await stat(join(root, 'run'))).mode & 0o777).toBe(0o700)
})

test('a folder with a very long path gets its socket elsewhere', async () => {
  const folder = join(root, 'd'.repeat(60), 'e'.repeat(60), 'postgres')
  const far = await startPostgres({ folder })
  const client = new pg.Client({ connectionString: far.url })
  await client.connect()
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  await client.end()
  await far.close()
})

test('what was committed outlives a SIGKILL', { timeout: 120_000 }, async () => {
  const folder = join(root, 'killed')
  const script = join(root, 'child.ts')
  const self = new URL('./postgres.ts', import.meta.url).pathname
  await writeFile(
    script,
    `import { startPostgres } from ${JSON.stringify(self)}
     const { url } = await startPostgres({ folder: ${JSON.stringify(folder)}, socketFolder: ${JSON.stringify(join(root, 'killed-run'))} })
     process.send(url)`,
  )
  const committed: number[] = []
  for (let round = 0; round < 2; round++) {
    const child = fork(script, { execArgv: [] })
    children.push(child)
    const url = await new Promise<string>((resolve) => child.once('message', (m) => resolve(String(m))))
    const own = new pg.Pool({ connectionString: url, max: 4 })
    own.on('error', () => undefined)
    await own.query('create table if not exists kept (n int primary key)')
    let next = round * 100_000
    const writers = Array.from({ length: 4 }, async () => {
      for (;;) {
        const n = next++
        await own.query('insert into kept values ($1)', [n])
        committed.push(n)
      }
    }).map((p) => p.catch(() => undefined))
    const enough = committed.length + 200
    while (committed.length < enough) await new Promise((r) => setTimeout(r, 5))
    child.kill('SIGKILL')
    await Promise.all(writers)
    await own.end()
  }
  const again = await startPostgres({ folder, socketFolder: join(root, 'killed-run') })
  const client = new pg.Client({ connectionString: again.url })
  await client.connect()
  const kept = new Set((await client.query('select n from kept')).rows.map((r: { n: number }) => r.n))
  expect(committed.filter((n) => !kept.has(n))).toEqual([])
  expect(committed.length).toBeGreaterThanOrEqual(400)
  await client.end()
  await again.close()
})

test('a byte stream is cut into the same turns however it is torn', () => {
  const message = (type: string, body: string) => {
    const bytes = Buffer.alloc(5 + body.length)
    bytes.write(type)
    bytes.writeInt32BE(4 + body.length, 1)
    bytes.write(body, 5)
    return bytes
  }
  const startup = Buffer.from([0, 0, 0, 8, 0, 3, 0, 0])
  const stream = Buffer.concat([
    Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]),
    startup,
    message('P', 'a'),
    message('B', 'bb'),
    message('E', ''),
    message('S', ''),
    message('Q', 'select 1'),
    message('X', ''),
  ])
  const whole = new Turns().push(stream)
  expect(whole.map((t) => (typeof t === 'string' ? t : t.length))).toEqual(['refuse-ssl', 8, 23, 13, 'end'])
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 60, maxLength: 60 }), (sizes) => {
      const turns = new Turns()
      const found = []
      let at = 0
      for (const size of sizes) {
        found.push(...turns.push(stream.subarray(at, at + size)))
        at += size
      }
      found.push(...turns.push(stream.subarray(at)))
      expect(found).toEqual(whole)
    }),
  )
})
