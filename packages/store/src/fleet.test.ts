import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databases, makeUser, newMasterKey, prepare } from './databases.testing.ts'
import { openStore } from './open.ts'
import { shardOf } from './shards.ts'
import type { LogRow, StatusRow, Store, Tenant } from './types.ts'

const allShards = Array.from({ length: 64 }, (_, i) => i)

describe.each(databases)('the fleet on $name', ({ start }) => {
  let engine: Awaited<ReturnType<typeof start>>
  let store: Store
  let pool: pg.Pool
  let tenant: Tenant
  let house: number
  const key = newMasterKey()
  beforeAll(async () => {
    engine = await start()
    store = await prepare(engine.url, key)
    pool = new pg.Pool({ connectionString: engine.url, max: 2 })
    tenant = store.as(await makeUser(store, 'kari'))
    house = (await tenant.createHouse({ latitude: 63, longitude: 10 })).id
    for (let i = 0; i < 4; i++) await tenant.addDevice(house, 'many', { credentials: { token: `t${i}` } })
  })
  afterAll(async () => {
    await store?.close()
    await pool?.end()
    await engine?.close()
  })

  test('two connectors share the shards and never hold the same one', async () => {
    const claim = (id: string) => store.fleet.claimShards({ id })
    const alone = await claim('a')
    expect(alone.shards).toEqual(allShards)
    expect(alone.surrender).toEqual([])
    expect((await claim('b')).shards).toEqual([])
    const fewer = await claim('a')
    expect([fewer.shards.length, fewer.surrender.length]).toEqual([32, 32])
    // Until they are released they are still its own.
    expect((await claim('b')).shards).toEqual([])
    await store.fleet.releaseShards('a', fewer.surrender)
    expect((await claim('b')).shards).toEqual(fewer.surrender)
    expect((await store.fleet.connectors()).map((c) => [c.id, c.shards])).toEqual([
      ['a', 32],
      ['b', 32],
    ])
    for (let round = 0; round < 5; round++) {
      const leases = await Promise.all(['a', 'b', 'c', 'a', 'c', 'b'].map(claim))
      const [a, b, c] = leases
      const held = [a!, b!, c!].flatMap((l) => [...l.shards])
      expect(new Set(held).size).toBe(held.length)
      for (const [i, id] of (['a', 'b', 'c'] as const).entries()) {
        await store.fleet.releaseShards(id, leases[i]!.surrender)
      }
    }
    const settled = await Promise.all(['a', 'b', 'c'].map(claim))
    expect(settled.flatMap((l) => [...l.shards]).sort((x, y) => x - y)).toEqual(allShards)
    expect(Math.max(...settled.map((l) => l.shards.length))).toBe(22)
  })

  test("a dead connector's shards are taken over when their lease has run out, not before", async () => {
    await store.fleet.releaseShards('c')
    await store.fleet.claimShards({ id: 'a' })
    const before = await store.fleet.claimShards({ id: 'a' })
    expect(before.shards.length).toBeLessThanOrEqual(32)
    await pool.query(`update shards set until = now() - interval '1 ms' where holder = 'b'`)
    await pool.query(`update connectors set beat = now() - interval '16 s' where id = 'b'`)
    const after = await store.fleet.claimShards({ id: 'a' })
    expect(after.shards).toEqual(allShards)
    // The dead one was only asleep: it holds nothing any more.
    expect((await store.fleet.claimShards({ id: 'b' })).shards).toEqual([])
  })

  test('devices of one account are in one shard, others spread', () => {
    expect(shardOf(1, 'account')).toBe(shardOf(2, 'account'))
    expect(new Set(Array.from({ length: 1000 }, (_, i) => shardOf(i, undefined))).size).toBe(64)
  })

  test('a device whose credentials cannot be read says so and does not disturb its neighbours', async () => {
    const device = await tenant.device(house, 'many', 1)
    await pool.query(
      'update devices set credentials = set_byte(credentials, 40, (get_byte(credentials, 40) + 1) % 256) where id = $1',
      [device.id],
    )
    const devices = await store.fleet.devicesOfShards(allShards)
    expect(devices.map((d) => d.credentials?.token)).toEqual(['t0', undefined, 't2', 't3'])
    expect(devices[1]!.error).toMatch(/changed or damaged/)
    expect(devices[0]).toMatchObject({
      houseId: house,
      integration: 'many',
      desired: 'running',
      house: { timezone: 'Europe/Oslo', latitude: 63, longitude: 10 },
      status: undefined,
    })
    const other = openStore({ url: engine.url, masterKey: newMasterKey() })
    const unread = await other.fleet.devicesOfShards(allShards)
    await other.close()
    expect(unread.map((d) => d.error).filter((e) => e?.includes('NABOLAG_MASTER_KEY does not hold'))).toHaveLength(4)
    await tenant.replaceCredentials(house, 'many', 1, { credentials: { token: 't1' } })
  })

  test('statuses are saved many at once; what is gone is left out', async () => {
    const devices = await tenant.devices(house)
    const status = (deviceId: number, restarts: number): StatusRow => ({
      deviceId,
      connector: 'a',
      state: 'backing-off',
      reason: 'The vendor is down',
      since: 1_700_000_000_123,
      restarts,
      lastSampleAt: restarts === 1 ? 1_700_000_000_500 : undefined,
      nextTryAt: 1_700_000_009_000,
      run: 2,
    })
    const ids = [...devices.map((d) => d.id), 999_999]
    await store.fleet.saveStatuses(ids.map((id) => status(id, 1)))
    await store.fleet.saveStatuses([...ids, ids[0]!].map((id) => status(id, 2)))
    const { deviceId: _, connector: __, ...core } = status(0, 2)
    const saved = await tenant.devices(house)
    // A status that knows of no sample does not take away the time of the last one.
    for (const device of saved) expect(device.status).toEqual({ ...core, lastSampleAt: 1_700_000_000_500 })
    expect(saved[0]!.connector).toBe('a')
    expect((await store.fleet.device(house, 'many', 0))?.status?.restarts).toBe(2)
    expect(await store.fleet.counts()).toEqual({ 'backing-off': 4 })
  })

  test('what one connector hands over with a status comes with the device to the next', async () => {
    const ids = (await tenant.devices(house)).map((d) => d.id)
    const row = { connector: 'a', state: 'running', since: 1, restarts: 0, run: 3 } as const
    const rest = { reason: undefined, lastSampleAt: undefined, nextTryAt: undefined }
    const give = (deviceId: number, resume?: unknown): StatusRow => ({ ...row, ...rest, deviceId, resume })
    await store.fleet.saveStatuses([...ids.map((id) => give(id, { next: id })), give(999_999, {})])
    await store.fleet.saveStatuses([give(ids[0]!), give(ids[1]!, { next: 'later' })])
    const resumes = (await store.fleet.devicesOfShards(allShards)).map(({ resume }) => resume)
    expect(resumes).toEqual([{ next: ids[0] }, { next: 'later' }, ...ids.slice(2).map((id) => ({ next: id }))])
    expect((await store.fleet.device(house, 'many', 1))?.resume).toEqual({ next: 'later' })
    await pool.query('delete from device_memory')
    await pool.query(`update device_status set state = 'backing-off', run = 2`)
  })

  test("what the database takes of no text, half a character or NUL, keeps nobody's status, log or memory from being saved", async () => {
    const [odd, other] = await tenant.devices(house)
    const names = { of: 'half \ud83d', and: 'NUL \0' }
    const row = { connector: 'a', state: 'running', since: 1, restarts: 0, run: 4 } as const
    const give = (deviceId: number, reason: string): StatusRow => {
      const places = [{ place: 'a', location: names.of, name: names.and, lastSeenAt: 1 }]
      return { ...row, deviceId, reason, lastSampleAt: undefined, nextTryAt: undefined, resume: names, places }
    }
    await store.fleet.saveStatuses([give(odd!.id, `${names.of} ${names.and}.`), give(other!.id, 'As usual.')])
    const line = { run: 4, time: 1, level: 'info' } as const
    await store.fleet.appendLog([{ ...line, deviceId: odd!.id, message: `New: ${names.of} ${names.and}` }])
    await store.fleet.remember(odd!.id, 'actuators', names)
    await store.fleet.saveBudget('odd', names)
    const saved = await tenant.devices(house)
    expect(saved.slice(0, 2).map(({ status }) => status?.reason)).toEqual(['half \ufffd NUL .', 'As usual.'])
    const clean = { of: 'half \ufffd', and: 'NUL ' }
    expect((await store.fleet.device(house, 'many', 0))?.resume).toEqual(clean)
    expect((await store.fleet.memory(odd!.id)).actuators).toEqual(clean)
    expect(await store.fleet.loadBudget('odd')).toEqual(clean)
    await pool.query('delete from device_memory')
    await pool.query('delete from device_log')
    await pool.query(`update device_status set state = 'backing-off', run = 2`)
  })

  test('budgets that nobody saved for eight days are dropped', async () => {
    await store.fleet.saveBudget('old', 1)
    await store.fleet.saveBudget('young', 1)
    await pool.query(`update vendor_budgets set updated_at = now() - interval '9 days' where scope = 'old'`)
    await store.fleet.forgetBudgets()
    expect([await store.fleet.loadBudget('old'), await store.fleet.loadBudget('young')]).toEqual([undefined, 1])
  })

  test('the log keeps 500 lines of the present and of the previous run', async () => {
    const { id } = await tenant.device(house, 'many', 0)
    const line = (run: number, n: number): LogRow => ({
      deviceId: id,
      run,
      time: n,
      level: 'info',
      message: `line ${n}`,
    })
    for (const run of [1, 2, 3]) await store.fleet.appendLog(Array.from({ length: 600 }, (_, n) => line(run, n)))
    await store.fleet.appendLog([line(3, 600), { ...line(1, 0), deviceId: 999_999 }])
    const log = await tenant.log(house, 'many', 0)
    expect(log).toHaveLength(1000)
    expect(log[0]).toEqual({ run: 2, time: 100, level: 'info', message: 'line 100' })
    expect(log.at(-1)).toMatchObject({ run: 3, message: 'line 600' })
    expect(log.filter((l) => l.run === 3).map((l) => l.time)).toEqual(Array.from({ length: 500 }, (_, n) => n + 101))
  })

  test('budgets and memory are kept, and memory goes with its device', async () => {
    const { fleet } = store
    expect(await fleet.loadBudget('tibber')).toBeUndefined()
    await fleet.saveBudget('tibber', { calls: [1, 2] })
    await fleet.saveBudget('tibber', { calls: [3] })
    expect(await fleet.loadBudget('tibber')).toEqual({ calls: [3] })
    const { id } = await tenant.device(house, 'many', 2)
    await fleet.remember(id, 'cursor', 'abc')
    await fleet.remember(id, 'cursor', { at: 5 })
    await fleet.remember(id, 'other', 1)
    await fleet.remember(id, 'other', undefined)
    await fleet.remember(999_999, 'cursor', 1)
    expect(await fleet.memory(id)).toEqual({ cursor: { at: 5 } })
    await tenant.removeDevice(house, 'many', 2)
    expect(await fleet.memory(id)).toEqual({})
    const { rows } = await pool.query('select count(*)::int as n from device_status where device_id = $1', [id])
    expect(rows).toEqual([{ n: 0 }])
  })

  test('the master key is changed while devices go on, and the old one is needed no more', async () => {
    const young = newMasterKey()
    const both = openStore({ url: engine.url, masterKey: `b:${young},a:${key}` })
    const progress: number[][] = []
    const before = (await pool.query('select credentials from devices order by id')).rows
    expect(await both.fleet.rotateMasterKey((...step) => progress.push(step))).toEqual({
      total: 3,
      rewrapped: 3,
      failed: 0,
    })
    expect(progress).toEqual([
      [0, 3],
      [3, 3],
    ])
    expect((await pool.query('select credentials from devices order by id')).rows).toEqual(before)
    expect(await both.fleet.rotateMasterKey()).toEqual({ total: 0, rewrapped: 0, failed: 0 })
    await both.close()
    const after = openStore({ url: engine.url, masterKey: young })
    expect((await after.fleet.devicesOfShards(allShards)).map((d) => d.credentials?.token)).toEqual(['t0', 't1', 't3'])
    expect(await after.fleet.keysInUse()).toEqual([expect.objectContaining({ devices: 3, known: true })])
    await after.close()
    const third = openStore({ url: engine.url, masterKey: newMasterKey() })
    expect(await third.fleet.rotateMasterKey()).toEqual({ total: 3, rewrapped: 0, failed: 3 })
    await third.close()
  })

  test('synchronising again changes the built-in ones and leaves the others alone', async () => {
    const row = { vendor: 'v', group: 'airSensor', requiredFields: [], credentialsSchema: {}, samplingSeconds: 5 }
    await store.fleet.syncIntegrations([
      { ...row, name: 'many', label: 'Renamed', allowMultiple: true },
      { ...row, name: 'boxed', label: 'Taken', allowMultiple: true },
    ])
    expect(await tenant.integration('many')).toMatchObject({ label: 'Renamed', samplingSeconds: 5 })
    expect(await tenant.integration('boxed')).toMatchObject({ label: 'boxed', kind: 'container' })
  })
})

test('a database that is not there is an engine that is down', async () => {
  const store = openStore({ url: 'postgres://x@localhost/x?host=/nowhere', masterKey: newMasterKey() })
  for (const call of [() => store.ping(), () => store.fleet.counts(), () => store.people.hasAdmin()]) {
    await expect(call()).rejects.toEqual(expect.objectContaining({ code: 'engine-down' }))
  }
  const signIn = store.people.signIn('a', 'b', { ip: '1.1.1.1' })
  await expect(signIn).rejects.toEqual(expect.objectContaining({ code: 'engine-down' }))
  const byCookie = store.people.askerOf({ cookie: 'token.signature' })
  await expect(byCookie).rejects.toEqual(expect.objectContaining({ code: 'engine-down' }))
  await store.close()
})
