import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { databases, makeUser, newMasterKey, prepare } from './databases.testing.ts'
import { operator } from './rights.ts'
import type { StatusRow, Store, Tenant } from './types.ts'
import { incidentSentence } from './vendors.ts'

describe.each(databases)('vendors on $name', ({ start }) => {
  let engine: Awaited<ReturnType<typeof start>>
  let store: Store
  let pool: pg.Pool
  let tenant: Tenant
  const devices: { id: number; house: number; name: string; count: number }[] = []

  beforeAll(async () => {
    engine = await start()
    store = await prepare(engine.url, newMasterKey())
    const row = { group: 'airSensor', requiredFields: [], credentialsSchema: {}, allowMultiple: true }
    await store.fleet.syncIntegrations([
      { ...row, name: 'sol-now', label: 'Sol', vendor: 'sol', samplingSeconds: 10 },
      { ...row, name: 'sol-history', label: 'Sol history', vendor: 'sol', samplingSeconds: 3600 },
      { ...row, name: 'rare', label: 'Rare', vendor: 'rare', samplingSeconds: 60 },
    ])
    pool = new pg.Pool({ connectionString: engine.url, max: 2 })
    tenant = store.as(await makeUser(store, 'kari'))
    for (let house = 0; house < 4; house++) {
      const { id } = await tenant.createHouse({ timezone: 'Europe/Oslo' })
      for (const name of ['sol-now', 'sol-history']) {
        const { id: device, count } = await tenant.addDevice(id, name, { credentials: {} })
        devices.push({ id: device, house: id, name, count })
      }
    }
  })
  afterAll(async () => {
    await store?.close()
    await pool?.end()
    await engine?.close()
  })
  beforeEach(async () => {
    await pool.query('delete from vendor_incidents')
    await pool.query('delete from device_status')
    await pool.query(`update devices set desired = 'running'`)
  })

  const save = (ids: readonly number[], change: Partial<StatusRow> = {}) =>
    store.fleet.saveStatuses(
      ids.map((deviceId) => ({
        deviceId,
        connector: 'a',
        state: 'running',
        reason: undefined,
        since: Date.now(),
        restarts: 0,
        lastSampleAt: Date.now(),
        nextTryAt: undefined,
        run: 1,
        ...change,
      })),
    )
  const fail = (ids: readonly number[], kind: StatusRow['kind'] = 'unreachable') =>
    save(ids, { state: 'backing-off', kind, reason: 'api.sol.example answers 503 for home 17; …' })
  const shift = (ids: readonly number[], column: string, minutes: number) =>
    pool.query(`update device_status set ${column} = ${column} - make_interval(mins => $2) where device_id = any($1)`, [
      ids,
      minutes,
    ])
  const ids = (from: number, to: number) => devices.slice(from, to).map(({ id }) => id)
  const of = async (vendor: string) => (await tenant.vendors()).find((one) => one.vendor === vendor)!

  test('devices of several houses that fail at once are one incident, told to each of them', async () => {
    await save(ids(0, 8))
    expect(await store.fleet.judgeVendors()).toEqual([])
    await fail(ids(0, 4))
    expect(await store.fleet.judgeVendors()).toEqual([{ vendor: 'sol', change: 'began' }])
    expect(await store.fleet.judgeVendors()).toEqual([])
    expect(await of('sol')).toMatchObject({
      integrations: ['sol-history', 'sol-now'],
      devices: 8,
      houses: 4,
      incident: { kind: 'unreachable', devices: 4, houses: 2, until: undefined },
      incidents: [],
    })
    await fail(ids(4, 6))
    await store.fleet.judgeVendors()
    expect((await of('sol')).incident).toMatchObject({ devices: 6, houses: 3 })
    const [first, , , , , , last] = devices
    const hit = await tenant.device(first!.house, first!.name, 0)
    expect(hit.status.reason).toMatch(
      /^Sol has trouble since \d\d:\d\d \(6 devices in 3 houses\); nothing for you to do\. api\.sol\.example answers 503/,
    )
    expect((await tenant.device(last!.house, last!.name, 0)).status.reason).toBeUndefined()
  })

  test('it ends when under a quarter fail, and is kept', async () => {
    await save(ids(0, 8))
    await fail(ids(0, 8), 'throttled')
    await store.fleet.judgeVendors()
    await save(ids(0, 6))
    expect(await store.fleet.judgeVendors()).toEqual([])
    await save(ids(6, 7))
    expect(await store.fleet.judgeVendors()).toEqual([{ vendor: 'sol', change: 'ended' }])
    const { incident, incidents } = await of('sol')
    expect(incident).toBeUndefined()
    expect(incidents).toMatchObject([{ kind: 'throttled', devices: 8, houses: 4, until: expect.any(Number) }])
    const still = devices[7]!
    expect((await tenant.device(still.house, still.name, 0)).status.reason).toMatch(/^api\.sol\.example/)
  })

  test.each([
    { name: 'two devices of eight', act: () => fail(ids(0, 2)), began: false },
    { name: 'three devices of eight, in two houses', act: () => fail(ids(0, 3)), began: false },
    { name: 'two houses, all of them in doubt', act: () => fail(ids(0, 4)), began: true },
    { name: 'all devices of one house', act: () => fail(ids(0, 2)), began: false },
    { name: 'refused credentials of everybody', act: () => fail(ids(0, 8), 'refused'), began: false },
    {
      name: 'failures that began long ago',
      act: async () => {
        await fail(ids(0, 8))
        await shift(ids(0, 8), 'failing_since', 11)
      },
      began: false,
    },
    {
      name: 'failures not heard of for long',
      act: async () => {
        await fail(ids(0, 8))
        await shift(ids(0, 8), 'failing_since', 8)
        await shift(ids(0, 8), 'updated_at', 6)
      },
      began: false,
    },
    {
      name: 'three failures, while nobody else was heard of since they began',
      act: async () => {
        await fail(ids(0, 3))
        await shift(ids(3, 8), 'updated_at', 40)
      },
      began: true,
    },
    {
      name: 'the only two that are to run, in two houses',
      act: async () => {
        await pool.query(`update devices set desired = 'stopped' where id <> all($1)`, [
          [devices[0]!.id, devices[2]!.id],
        ])
        await fail([devices[0]!.id, devices[2]!.id])
      },
      began: true,
    },
  ])('$name: an incident is $began', async ({ act, began }) => {
    await save(ids(0, 8))
    await act()
    expect((await store.fleet.judgeVendors()).length > 0).toBe(began)
  })

  test('a failure keeps the time it began through tries and states, until it goes well', async () => {
    await fail(ids(0, 1))
    await shift(ids(0, 1), 'failing_since', 5)
    await save(ids(0, 1), { state: 'throttled', kind: 'throttled' })
    const since = async () =>
      (await pool.query('select now() - failing_since > interval $$4 minutes$$ as old from device_status')).rows
    expect(await since()).toEqual([{ old: true }])
    await save(ids(0, 1))
    expect(await since()).toEqual([{ old: null }])
  })

  test('many who look at once begin one incident', async () => {
    await save(ids(0, 8))
    await fail(ids(0, 8))
    const news = await Promise.all(Array.from({ length: 6 }, () => store.fleet.judgeVendors()))
    expect(news.flat()).toEqual([{ vendor: 'sol', change: 'began' }])
    await pool.query(`update devices set desired = 'stopped'`)
    expect(await store.fleet.judgeVendors()).toEqual([{ vendor: 'sol', change: 'ended' }])
  })

  test('an owner counts the own devices only; budgets are for the admin', async () => {
    const stranger = store.as(await makeUser(store, `u${Date.now() % 1e9}`))
    expect((await stranger.vendors()).find(({ vendor }) => vendor === 'sol')).toMatchObject({ devices: 0, houses: 0 })
    await expect(tenant.budgets()).rejects.toMatchObject({ code: 'not-allowed' })
    await store.fleet.saveBudget('sol/abc', { until: 5, calls: [1, 2] })
    expect(await store.as(operator).budgets()).toMatchObject([
      { vendor: 'sol', account: 'abc', calls: [1000, 2000], until: 5 },
    ])
  })
})

test('an incident of another day has its date, and an unknown zone is UTC', () => {
  const since = Date.UTC(2027, 0, 2, 9, 32)
  const incident = { vendor: 'tibber', since, devices: 1, houses: 1 } as const
  expect(incidentSentence(incident, 'Europe/Oslo')).toMatch(/since .*10:32 \(1 device in 1 house\)/)
  expect(incidentSentence({ ...incident, since: Date.now() - 3 * 86_400_000 }, 'Nowhere/At')).toMatch(
    /since \d{4}-\d\d-\d\d \d\d:\d\d/,
  )
})
