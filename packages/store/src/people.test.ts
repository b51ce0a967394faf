import { getMigrations } from 'better-auth/db/migration'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authOptions } from './auth.ts'
import { databases, makeUser, newMasterKey, password, prepare } from './databases.testing.ts'
import { migrate, steps } from './migrations.ts'
import { openStore } from './open.ts'
import { operator } from './rights.ts'
import type { Tables } from './tables.ts'
import type { Store } from './types.ts'

const code = (wanted: string) => expect.objectContaining({ code: wanted })

describe.each(databases)('people on $name', ({ start }) => {
  let engine: Awaited<ReturnType<typeof start>>
  let store: Store
  let other: Store
  let pool: pg.Pool
  beforeAll(async () => {
    engine = await start()
    const key = newMasterKey()
    store = await prepare(engine.url, key)
    other = openStore({ url: engine.url, masterKey: key })
    pool = new pg.Pool({ connectionString: engine.url, max: 2 })
  })
  afterAll(async () => {
    await store?.close()
    await other?.close()
    await pool?.end()
    await engine?.close()
  })

  test('the first of two at once becomes admin by the set-up link; then it is used up', async () => {
    expect(await store.people.hasAdmin()).toBe(false)
    const old = await store.people.makeSetupLink()
    const { token, url } = await store.people.makeSetupLink()
    expect(url).toBe(`http://house.example/setup?token=${token}`)
    await expect(store.people.useSetupLink(old.token, { username: 'x1', password })).rejects.toEqual(
      code('not-allowed'),
    )
    await expect(store.people.useSetupLink(token, { username: 'x2', password: 'short' })).rejects.toEqual(
      code('bad-request'),
    )
    const both = await Promise.allSettled([
      store.people.useSetupLink(token, { username: 'first', password }),
      other.people.useSetupLink(token, { username: 'second', password }),
    ])
    expect(both.map((b) => b.status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await store.people.hasAdmin()).toBe(true)
    const { rows } = await pool.query(`select username from "user" where role = 'admin'`)
    expect(rows).toHaveLength(1)
    const late = await store.people.makeSetupLink()
    await expect(store.people.useSetupLink(late.token, { username: 'third', password })).rejects.toEqual(
      code('not-allowed'),
    )
    const { rows: kept } = await pool.query('select value::text from app_state')
    expect(JSON.stringify(kept)).not.toContain(late.token)
  })

  test('an expired set-up link is refused', async () => {
    await pool.query(`update "user" set role = 'user' where role = 'admin'`)
    const { token } = await store.people.makeSetupLink()
    await pool.query(`update app_state set value = jsonb_set(value, '{expiresAt}', '1')`)
    await expect(store.people.useSetupLink(token, { username: 'late', password })).rejects.toEqual(code('not-allowed'))
  })

  test('signs in by user name in any case; the cookie is that person until it signs out', async () => {
    await makeUser(store, 'Kari')
    const { cookie, user } = await store.people.signIn('KARI', password, { ip: '10.0.0.1' })
    expect(user).toMatchObject({ username: 'kari', role: 'user', email: undefined })
    expect(cookie).toMatchObject({ name: store.people.cookieName, maxAge: 30 * 86_400 })
    const asker = await store.people.askerOf({ cookie: cookie.value })
    expect(asker).toMatchObject({ username: 'kari', role: 'user', scopes: ['read', 'write', 'control', 'admin'] })
    expect(await other.people.askerOf({ cookie: cookie.value })).toEqual(asker)
    expect(await store.people.askerOf({ cookie: `${cookie.value}x` })).toBeUndefined()
    expect(await store.people.askerOf({ cookie: cookie.value.split('.')[0]! })).toBeUndefined()
    await store.people.signOut(cookie.value)
    expect(await store.people.askerOf({ cookie: cookie.value })).toBeUndefined()
    expect(await store.people.askerOf({})).toBeUndefined()
  })

  test('a password lies there as a scrypt hash, and nothing of it in the clear', async () => {
    const { rows } = await pool.query('select password from account')
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) expect(row.password).toMatch(/^[0-9a-f]{32}:[0-9a-f]{128}$/)
  })

  test.each([
    { name: 'a wrong password', given: ['kari', 'wrong horse battery'] },
    { name: 'an unknown name', given: ['nobody', password] },
    { name: 'what is no name', given: ["'; drop table user", password] },
    { name: 'an empty password', given: ['kari', ''] },
    { name: 'a password of 10,000 characters', given: ['kari', 'x'.repeat(10_000)] },
  ] as const)('$name is the same invalid log-in', async ({ given: [username, typed] }) => {
    const ip = `10.1.0.${Math.floor(Math.random() * 250)}`
    await expect(store.people.signIn(username, typed, { ip })).rejects.toEqual(code('invalid-login'))
  })

  test('after ten failures an account must wait, wherever they come from and whichever process is asked', async () => {
    await makeUser(store, 'target')
    const tries = Array.from({ length: 14 }, (_, i) =>
      (i % 2 ? store : other).people.signIn('target', `wrong password ${i}`, { ip: `10.2.0.${i}` }),
    )
    const codes = (await Promise.allSettled(tries)).map((t) => (t.status === 'rejected' ? t.reason.code : 'in'))
    expect(codes.filter((c) => c === 'invalid-login')).toHaveLength(10)
    expect(codes.filter((c) => c === 'too-many-requests')).toHaveLength(4)
    const refused = await store.people.signIn('target', password, { ip: '10.2.1.1' }).catch((e) => e)
    expect(refused.code).toBe('too-many-requests')
    expect(refused.extra.retry_after).toBeGreaterThan(800)
    expect(refused.extra.retry_after).toBeLessThanOrEqual(900)
    await pool.query(`update "rateLimit" set "lastRequest" = "lastRequest" - 15 * 60 * 1000`)
    expect((await store.people.signIn('target', password, { ip: '10.2.1.1' })).user.username).toBe('target')
  })

  test('after twenty failures an address must wait, whatever the account; log-ins that succeed do not count', async () => {
    await makeUser(store, 'honest')
    const attempts = async () => {
      const { rows } = await pool.query(`select "count" from "rateLimit" where "key" like '%2001:db8:0:0::/64'`)
      return rows[0]?.count
    }
    for (let i = 0; i < 3; i++) await store.people.signIn('honest', password, { ip: '2001:db8::1' })
    expect(await attempts()).toBe(0)
    // Seventeen failures, made the short way: each costs a hash.
    await pool.query(`update "rateLimit" set "count" = 17 where "key" like '%2001:db8:0:0::/64'`)
    const tries = Array.from({ length: 4 }, (_, i) =>
      store.people.signIn(`nobody${i}`, password, { ip: `2001:db8::${i.toString(16)}` }),
    )
    const codes = (await Promise.allSettled(tries)).map((t) => (t.status === 'rejected' ? t.reason.code : 'in'))
    expect(codes.filter((c) => c === 'too-many-requests')).toHaveLength(1)
    expect((await store.people.signIn('honest', password, { ip: '10.3.0.1' })).user.username).toBe('honest')
  })

  test('users are made by an admin only, and names and mails are taken once', async () => {
    const plain = await makeUser(store, 'plain')
    await expect(store.people.createUser({ username: 'new', password }, plain)).rejects.toEqual(code('not-allowed'))
    const made = await store.people.createUser({ username: 'Ola', password, email: 'Ola@Example.org' }, operator)
    expect(made).toMatchObject({ username: 'ola', email: 'ola@example.org', role: 'user' })
    for (const user of [
      { username: 'OLA', password },
      { username: 'ola2', password, email: 'ola@example.ORG' },
    ]) {
      await expect(store.people.createUser(user, operator)).rejects.toEqual(code('conflict'))
    }
    for (const user of [
      { username: 'a b', password },
      { username: 'ok-name', password: 'nine char' },
      { username: 'ok-name', password, email: 'no mail' },
    ]) {
      await expect(store.people.createUser(user, operator)).rejects.toEqual(code('bad-request'))
    }
  })

  test('a new password ends the sessions', async () => {
    const { cookie } = await store.people.signIn('kari', password, { ip: '10.4.0.1' })
    const kari = await store.people.askerNamed('kari')
    await expect(store.people.setPassword('ola', 'another password', kari)).rejects.toEqual(code('not-allowed'))
    await store.people.setPassword('kari', 'another password', kari)
    expect(await store.people.askerOf({ cookie: cookie.value })).toBeUndefined()
    await expect(store.people.signIn('kari', password, { ip: '10.4.0.1' })).rejects.toEqual(code('invalid-login'))
    expect((await store.people.signIn('kari', 'another password', { ip: '10.4.0.1' })).user.username).toBe('kari')
  })

  test('a token stands for its user within its scopes, until it expires or is revoked', async () => {
    const kari = await store.people.askerNamed('kari')
    const tenant = store.as(kari)
    const house = await tenant.createHouse({ name: 'Hers' })
    const { token, id } = await tenant.createToken({ name: 'notebook', scopes: ['read'], houses: [house.id] })
    expect(token).toMatch(/^nbl_[A-Za-z0-9_-]{43}$/)
    const { userId } = kari
    const asker = { userId, username: 'kari', role: 'user', scopes: ['read'], houses: [house.id] }
    expect(await store.people.askerOf({ bearer: token })).toEqual(asker)
    const { rows } = await pool.query('select * from api_tokens')
    expect(JSON.stringify(rows)).not.toContain(token)
    expect((await tenant.tokens())[0]).toMatchObject({ name: 'notebook', scopes: ['read'], houses: [house.id] })
    await tenant.revokeToken(id)
    expect(await store.people.askerOf({ bearer: token })).toBeUndefined()
    const short = await tenant.createToken({ name: 'short', scopes: ['read'], expires: Date.now() + 60_000 })
    expect(await store.people.askerOf({ bearer: short.token })).toBeDefined()
    await pool.query(`update api_tokens set expires_at = now() - interval '1 second'`)
    expect(await store.people.askerOf({ bearer: short.token })).toBeUndefined()
  })

  test('better-auth finds every table and column it asks for', async () => {
    const settings = { secret: 'x'.repeat(32), baseUrl: 'http://x.example', cookieName: 'c', isUsername: () => true }
    const { toBeCreated, toBeAdded } = await getMigrations(authOptions(pool, settings))
    expect({ toBeCreated, toBeAdded }).toEqual({ toBeCreated: [], toBeAdded: [] })
  })

  test('several processes may migrate at once, and again', async () => {
    expect(await Promise.all([store.migrate(), other.migrate()])).toEqual([{ applied: [] }, { applied: [] }])
  })

  test('a schema of a newer version is refused and left as it is', async () => {
    const all = `select table_name, column_name from information_schema.columns where table_schema = 'public' order by 1, 2`
    await pool.query(`insert into schema_migrations values ('999-from-the-future')`)
    const before = (await pool.query(all)).rows
    await expect(store.migrate()).rejects.toThrow(/newer version of Nabolag.*999-from-the-future/)
    const own = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
    const more = [...steps, { name: '3-more', sql: 'create table more (id int)' }]
    await expect(migrate(own, more)).rejects.toEqual(code('bad-request'))
    expect((await pool.query(all)).rows).toEqual(before)
    await pool.query(`delete from schema_migrations where name = '999-from-the-future'`)
    const failing = [...more, { name: '4-bad', sql: 'create table half (id int); select nonsense' }]
    await expect(migrate(own, failing)).rejects.toThrow()
    const { rows } = await pool.query('select name from schema_migrations order by name')
    expect(rows.map((r) => r.name)).toEqual([...steps.map(({ name }) => name), '3-more'].sort())
    expect((await pool.query(`select to_regclass('half') as half`)).rows).toEqual([{ half: null }])
  })
})
