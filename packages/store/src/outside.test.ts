import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databases, makeUser, newMasterKey, prepare } from './databases.testing.ts'
import type { Store, Tenant } from './types.ts'

const code = (wanted: string) => expect.objectContaining({ code: wanted })

describe.each(databases)('devices that publish by themselves, on $name', ({ start }) => {
  let running: Awaited<ReturnType<typeof start>>
  let store: Store
  let kari: Tenant
  let house: number
  beforeAll(async () => {
    running = await start()
    store = await prepare(running.url, newMasterKey())
    kari = store.as(await makeUser(store, 'kari'))
    house = (await kari.createHouse()).id
  }, 120_000)
  afterAll(async () => {
    await store?.close()
    await running?.close()
  })

  test('one is found by its shard and by its name, a built-in one is not', async () => {
    const device = await kari.addDevice(house, 'boxed', { credentials: { user: 'u' } })
    await kari.addDevice(house, 'many', { credentials: { token: 't' } })
    const every = Array.from({ length: 64 }, (_, shard) => shard)
    const [found, ...more] = await store.fleet.outsideDevices({ shards: every })
    expect(more).toEqual([])
    expect(found).toMatchObject({
      id: device.id,
      integration: 'boxed',
      count: 0,
      samplingSeconds: 60,
      desired: 'running',
    })
    expect(found?.status).toBeUndefined()
    const place = { houseId: house, integration: 'boxed', count: 0 }
    expect(await store.fleet.outsideDevices(place)).toEqual([found])
    expect(await store.fleet.outsideDevices({ ...place, integration: 'many' })).toEqual([])
    expect(await store.fleet.outsideDevices({ shards: every.filter((shard) => shard !== found?.shard) })).toEqual([])
    expect(await store.fleet.outsideDevices({ shards: [] })).toEqual([])
  })

  test('its publisher can be renewed, and goes with it', async () => {
    const { id } = await kari.device(house, 'boxed', 0)
    const publisher = await kari.addPublisher(house, 'boxed', id)
    expect(publisher.deviceId).toBe(id)
    await expect(kari.addPublisher(house, 'boxed', id)).rejects.toThrow()
    expect(await kari.renewPublisher(house, publisher.id)).toEqual(publisher)
    expect((await kari.audit({ houseId: house }))[0]).toMatchObject({ action: 'renew publisher' })
    await kari.removeDevice(house, 'boxed', 0)
    const [left] = await kari.publishers(house)
    expect(left).toMatchObject({ username: publisher.username, deviceId: undefined, revokedAt: expect.any(Number) })
    await expect(kari.renewPublisher(house, publisher.id)).rejects.toEqual(code('not-found'))
  })
})
