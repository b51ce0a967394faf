import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { databases, makeUser, newMasterKey, prepare } from './databases.testing.ts'
import type { Store, Tenant } from './types.ts'

const secret = 'geheim-7731'

describe.each(databases)('trials on $name', ({ start }) => {
  let engine: Awaited<ReturnType<typeof start>>
  let store: Store
  let pool: pg.Pool
  let tenant: Tenant
  let house: number
  beforeAll(async () => {
    engine = await start()
    store = await prepare(engine.url, newMasterKey())
    pool = new pg.Pool({ connectionString: engine.url, max: 2 })
    tenant = store.as(await makeUser(store, 'kari'))
  })
  afterAll(async () => {
    await store?.close()
    await pool?.end()
    await engine?.close()
  })
  beforeEach(async () => {
    await pool.query('delete from trials')
    await pool.query('delete from trial_counts')
    await store.fleet.releaseShards('a')
    await store.fleet.releaseShards('b')
    house = (await tenant.createHouse()).id
  })
  const credentials = { token: secret, code: 'x' }
  const test1 = { kind: 'test', integration: 'many', credentials, accountHash: 'acc' } as const
  const ask = { ...test1, kind: 'ask', channel: 'email' } as const
  const done = { ok: true, samples: 2, fields: ['temperature'], places: ['Stue'] } as const

  test('goes to one connector with its credentials, and its outcome back once', async () => {
    await store.fleet.claimShards({ id: 'a' })
    const { id } = await tenant.beginTrial({ ...test1, houseId: house })
    expect(await tenant.trialOutcome(id)).toBe('waiting')
    const [mine, theirs] = await Promise.all([store.fleet.claimTrial('a'), store.fleet.claimTrial('b')])
    expect(theirs).toBeUndefined()
    expect(mine).toMatchObject({ id, kind: 'test', integration: 'many', credentials, accountHash: 'acc' })
    expect(await tenant.trialOutcome(id)).toBe('running')
    await store.fleet.finishTrial(mine!, done)
    expect(await tenant.trialOutcome(id)).toEqual(done)
    expect(await tenant.trialOutcome(id)).toBe('gone')
  })

  test("one that nobody's shard took is anybody's after 3 s, and nobody's when it is too old", async () => {
    await store.fleet.claimShards({ id: 'a' })
    const { id } = await tenant.beginTrial({ ...test1, houseId: house })
    expect(await store.fleet.claimTrial('b')).toBeUndefined()
    await pool.query(`update trials set created_at = created_at - interval '4 s'`)
    expect(await store.fleet.claimTrial('b')).toMatchObject({ id })
    await tenant.dropTrial(id)
    await tenant.beginTrial({ ...test1, houseId: house })
    await pool.query(`update trials set expires_at = now()`)
    expect(await store.fleet.claimTrial('a')).toBeUndefined()
    await store.fleet.sweepTrials()
    expect((await pool.query('select 1 from trials')).rows).toEqual([])
  })

  test("an added device is tried with its own credentials; another house's never", async () => {
    await store.fleet.claimShards({ id: 'a' })
    await tenant.addDevice(house, 'many', { credentials: { token: 'stored' } })
    await tenant.beginTrial({ kind: 'test', houseId: house, integration: 'many', count: 0 })
    expect(await store.fleet.claimTrial('a')).toMatchObject({
      credentials: { token: 'stored' },
      deviceId: expect.any(Number),
    })
    const begin = { kind: 'test', houseId: house, integration: 'many', count: 1 } as const
    await expect(tenant.beginTrial(begin)).rejects.toMatchObject({ code: 'no-such-device' })
    await expect(tenant.beginTrial({ ...begin, integration: 'boxed', count: 0 })).rejects.toMatchObject({
      code: 'bad-request',
    })
    const stranger = store.as(await makeUser(store, `u${Date.now() % 1e9}`))
    await expect(stranger.beginTrial({ ...begin, count: 0 })).rejects.toMatchObject({ code: 'no-such-house' })
    const { id } = await tenant.beginTrial({ ...begin, count: 0 })
    await expect(stranger.trialOutcome(id)).rejects.toMatchObject({ code: 'no-such-house' })
    await expect(stranger.dropTrial(id)).rejects.toMatchObject({ code: 'no-such-house' })
  })

  test('a code is asked for, waited for, and handed in with what the vendor gave, five times at most', async () => {
    await store.fleet.claimShards({ id: 'a' })
    expect(await tenant.pendingSignIn(house, 'many')).toBeUndefined()
    const answer = { kind: 'answer', houseId: house, integration: 'many', code: '123456' } as const
    await expect(tenant.beginTrial(answer)).rejects.toMatchObject({ code: 'bad-request' })
    await tenant.beginTrial({ ...ask, houseId: house })
    const asking = await store.fleet.claimTrial('a')
    expect(asking).toMatchObject({ kind: 'ask', channel: 'email', credentials })
    await store.fleet.finishTrial(asking!, { ...done, channel: 'email' }, { step: secret })
    expect(await tenant.pendingSignIn(house, 'many')).toMatchObject({ channel: 'email' })
    for (let attempt = 0; attempt < 5; attempt++) {
      await tenant.beginTrial(answer)
      const job = await store.fleet.claimTrial('a')
      expect(job).toMatchObject({ code: '123456', credentials, asked: { step: secret }, accountHash: 'acc' })
      await store.fleet.finishTrial(job!, { ok: false, kind: 'refused', message: 'Wrong code' })
    }
    expect(await tenant.pendingSignIn(house, 'many')).toBeUndefined()
    await expect(tenant.beginTrial(answer)).rejects.toMatchObject({ code: 'bad-request' })
  })

  test('the right code ends the waiting, and 15 minutes do too', async () => {
    await store.fleet.claimShards({ id: 'a' })
    const begin = async () => {
      await pool.query('delete from trial_counts')
      await tenant.beginTrial({ ...ask, houseId: house })
      await store.fleet.finishTrial((await store.fleet.claimTrial('a'))!, done, {})
    }
    await begin()
    await tenant.beginTrial({ kind: 'answer', houseId: house, integration: 'many', code: '1' })
    await store.fleet.finishTrial((await store.fleet.claimTrial('a'))!, done)
    expect(await tenant.pendingSignIn(house, 'many')).toBeUndefined()
    await begin()
    await pool.query(`update sign_ins set expires_at = expires_at - interval '15 minutes'`)
    expect(await tenant.pendingSignIn(house, 'many')).toBeUndefined()
    await store.fleet.sweepTrials()
    expect((await pool.query('select 1 from sign_ins')).rows).toEqual([])
  })

  test('an account gets one code a minute and five a day, whichever house asks', async () => {
    const other = (await tenant.createHouse()).id
    const wait = async (houseId: number) =>
      tenant.beginTrial({ ...ask, houseId }).then(
        () => undefined,
        ({ code, extra }: { code: string; extra: { retry_after: number } }) => ({ code, ...extra }),
      )
    expect(await wait(house)).toBeUndefined()
    const refused = await wait(other)
    expect(refused?.code).toBe('too-many-requests')
    expect(refused?.retry_after).toBeGreaterThan(50)
    expect(refused?.retry_after).toBeLessThanOrEqual(60)
    for (let more = 0; more < 4; more++) {
      await pool.query(`update trial_counts set time = time - interval '61 s'`)
      expect(await wait(house)).toBeUndefined()
    }
    await pool.query(`update trial_counts set time = time - interval '61 s'`)
    const tooMany = await wait(other)
    expect(tooMany?.retry_after).toBeGreaterThan(86_000)
    await pool.query(`update trial_counts set time = time - interval '1 day'`)
    expect(await wait(house)).toBeUndefined()
  })

  test('two who ask at once get one code', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 4 }, () => tenant.beginTrial({ ...ask, houseId: house })),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('new credentials keep the device and its history; of another account they drop the session that nobody uses', async () => {
    const given = (accountHash: string) => ({ credentials: { token: accountHash }, accountHash })
    const other = (await tenant.createHouse()).id
    const device = await tenant.addDevice(house, 'many', given('one'))
    const shared = await tenant.addDevice(other, 'many', given('one'))
    await store.fleet.saveSession('v/one/many', { token: 1 }, device.id)
    await store.fleet.loadSession('v/one/many', shared.id)
    const kept = (name: string) => store.fleet.loadSession(name, 0)
    const after = await tenant.replaceCredentials(house, 'many', 0, given('two'))
    expect(after).toMatchObject({ id: device.id, count: 0, generation: device.generation + 1, desired: 'running' })
    expect(await kept('v/one/many')).toEqual({ token: 1 })
    await tenant.replaceCredentials(other, 'many', 0, { ...given('one'), credentials: { token: 'newer' } })
    expect(await kept('v/one/many')).toEqual({ token: 1 })
    await tenant.replaceCredentials(other, 'many', 0, given('three'))
    expect(await kept('v/one/many')).toBeUndefined()
    await expect(tenant.addDevice(house, 'many', given('two'))).rejects.toMatchObject({ code: 'conflict' })
    await tenant.addDevice(house, 'many', given('four'))
    await expect(tenant.replaceCredentials(house, 'many', 1, given('two'))).rejects.toMatchObject({ code: 'conflict' })
  })

  test('no secret lies in the tables as it is', async () => {
    await store.fleet.claimShards({ id: 'a' })
    await tenant.beginTrial({ ...ask, houseId: house })
    await store.fleet.finishTrial((await store.fleet.claimTrial('a'))!, done, { step: secret })
    await tenant.beginTrial({ kind: 'answer', houseId: house, integration: 'many', code: secret })
    let searched = 0
    for (const table of ['trials', 'trial_counts', 'sign_ins', 'audit']) {
      for (const row of (await pool.query(`select * from ${table}`)).rows) {
        const parts = Object.values(row).map((value) =>
          Buffer.isBuffer(value) ? value.toString('latin1') : JSON.stringify(value),
        )
        expect(parts.join(' ')).not.toContain(secret)
        searched++
      }
    }
    expect(searched).toBeGreaterThan(5)
  })
})
