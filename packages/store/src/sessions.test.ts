import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databases, makeUser, newMasterKey, prepare } from './databases.testing.ts'
import { openStore } from './open.ts'
import type { Store, Tenant } from './types.ts'

describe.each(databases)('sessions of vendor accounts on $name', ({ start }) => {
  let engine: Awaited<ReturnType<typeof start>>
  let store: Store
  let pool: pg.Pool
  let tenant: Tenant
  let house: number
  const devices: number[] = []
  const key = newMasterKey()
  const name = 'vendor/0123456789abcdef/many'
  beforeAll(async () => {
    engine = await start()
    store = await prepare(engine.url, key)
    pool = new pg.Pool({ connectionString: engine.url, max: 2 })
    tenant = store.as(await makeUser(store, 'kari'))
    house = (await tenant.createHouse({ latitude: 63, longitude: 10 })).id
    for (let i = 0; i < 2; i++)
      devices.push((await tenant.addDevice(house, 'many', { credentials: { token: `t${i}` } })).id)
  })
  afterAll(async () => {
    await store?.close()
    await pool?.end()
    await engine?.close()
  })
  const count = async () => (await pool.query('select count(*)::int as n from vendor_sessions')).rows[0].n as number

  test('one is kept per account and integration, sealed', async () => {
    const { fleet } = store
    expect(await fleet.loadSession(name, devices[0]!)).toBeUndefined()
    await fleet.saveSession(name, { session: { token: 'never-in-the-clear' }, openedAt: 1 }, devices[0]!)
    await fleet.saveSession(name, { session: { token: 'never-in-the-clear-either' }, openedAt: 2 }, devices[0]!)
    expect(await fleet.loadSession(name, devices[1]!)).toEqual({
      session: { token: 'never-in-the-clear-either' },
      openedAt: 2,
    })
    const { rows } = await pool.query<{ sealed: Buffer }>('select sealed from vendor_sessions')
    expect(rows).toHaveLength(1)
    expect(rows[0]!.sealed.includes('never-in-the-clear')).toBe(false)
  })

  test('a row copied to another account does not open', async () => {
    await pool.query(`insert into vendor_sessions (name, sealed, key_id)
      select 'vendor/other/many', sealed, key_id from vendor_sessions`)
    expect(await store.fleet.loadSession('vendor/other/many', devices[1]!)).toBeUndefined()
    await pool.query(`delete from vendor_sessions where name = 'vendor/other/many'`)
  })

  test('the master key is changed for them too', async () => {
    const young = newMasterKey()
    const both = openStore({ url: engine.url, masterKey: `b:${young},a:${key}` })
    await both.fleet.loadSession(name, devices[0]!)
    expect(await both.fleet.keysInUse()).toEqual([expect.objectContaining({ devices: 2, sessions: 1, known: true })])
    const progress: number[][] = []
    expect(await both.fleet.rotateMasterKey((...step) => progress.push(step))).toEqual({
      total: 3,
      rewrapped: 3,
      failed: 0,
    })
    expect(progress.at(-1)).toEqual([3, 3])
    await both.close()
    const after = openStore({ url: engine.url, masterKey: young })
    expect(await after.fleet.loadSession(name, devices[0]!)).toMatchObject({ openedAt: 2 })
    expect(await after.fleet.keysInUse()).toEqual([expect.objectContaining({ devices: 2, sessions: 1, known: true })])
    await after.close()
    // Who has the old key alone opens nothing, and says so.
    expect(await store.fleet.loadSession(name, devices[0]!)).toBeUndefined()
    const back = openStore({ url: engine.url, masterKey: `a:${key},b:${young}` })
    expect(await back.fleet.rotateMasterKey()).toEqual({ total: 3, rewrapped: 3, failed: 0 })
    await back.close()
  })

  test('one that no device uses any more is dropped, a fresh one not yet', async () => {
    const { fleet } = store
    await fleet.saveSession('vendor/new/many', { session: 'signed in before the device was there' })
    await fleet.loadSession(name, devices[1]!)
    const age = () =>
      pool.query(`update vendor_sessions set saved_at = now() - interval '2 days' where name = $1`, [name])
    await age()
    await fleet.forgetSessions()
    expect(await count()).toBe(2)
    await tenant.removeDevice(house, 'many', 0)
    await fleet.forgetSessions()
    expect(await count()).toBe(2)
    // The other one was given another account.
    await fleet.loadSession('vendor/new/many', devices[1]!)
    await fleet.forgetSessions()
    expect(await fleet.loadSession(name, 999_999)).toBeUndefined()
    await pool.query(`update vendor_sessions set saved_at = now() - interval '2 days'`)
    await fleet.forgetSessions()
    expect(await count()).toBe(1)
    await tenant.removeDevice(house, 'many', 1)
    await fleet.forgetSessions()
    expect(await count()).toBe(0)
  })

  test('the places of a device come with it, and are shown to those who may see the house', async () => {
    const { id } = await tenant.addDevice(house, 'many', { credentials: { token: 'x' } })
    expect(await tenant.places(house, 'many', 0)).toEqual([])
    const places = [
      { place: 'a', location: 'Stue', name: 'Sofakrok', lastSeenAt: 5 },
      { place: 'b', location: 'Bad', name: 'Bad', lastSeenAt: 6, gone: true },
    ]
    const row = { deviceId: id, connector: 'c', state: 'running', reason: undefined, since: 1, restarts: 0 } as const
    const times = { lastSampleAt: undefined, nextTryAt: undefined, run: 1 }
    await store.fleet.saveStatuses([{ ...row, ...times, places, resume: { x: 1 } }])
    await store.fleet.saveStatuses([{ ...row, ...times }])
    expect(await store.fleet.device(house, 'many', 0)).toMatchObject({ places, resume: { x: 1 } })
    expect(await tenant.places(house, 'many', 0)).toEqual([
      { place: 'a', location: 'Stue', name: 'Sofakrok', lastSeenAt: 5 },
      { place: 'b', location: 'Bad', name: 'Bad', lastSeenAt: 6 },
    ])
    const stranger = store.as(await makeUser(store, 'ola'))
    await expect(stranger.places(house, 'many', 0)).rejects.toMatchObject({
      code: expect.stringMatching(/no-such|not-allowed/),
    })
    await store.fleet.remember(id, 'places', { nonsense: true })
    expect(await tenant.places(house, 'many', 0)).toEqual([])
  })
})
