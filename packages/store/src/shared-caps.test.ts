import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databases, makeUser, newMasterKey, prepare } from './databases.testing.ts'
import type { Store, Tenant } from './types.ts'

const code = (wanted: string) => expect.objectContaining({ code: wanted })

describe.each(databases)('caps that houses keep together, on $name', ({ start }) => {
  let engine: Awaited<ReturnType<typeof start>>
  let store: Store
  let operator: Tenant
  let kari: Tenant
  const houses: number[] = []
  beforeAll(async () => {
    engine = await start()
    store = await prepare(engine.url, newMasterKey())
    operator = store.as(await makeUser(store, 'boss', 'admin'))
    kari = store.as(await makeUser(store, 'kari'))
    for (let n = 0; n < 3; n++) {
      const { id } = await kari.createHouse()
      await kari.addDevice(id, 'many', { credentials: { token: 'x' } })
      const actuator = { device: 'many', count: 0, location: '', capability: 'battery' as const }
      await kari.addLoop(id, { kind: 'battery', actuator, controller: 'battery' })
      houses.push(id)
    }
  })
  afterAll(async () => {
    await store?.close()
    await engine?.close()
  })
  const claimAll = () => store.fleet.claimTurns({ id: 'a' }, 100, 60)

  test('only an operator sets them, for houses that there are', async () => {
    await expect(kari.sharedCaps()).rejects.toEqual(code('not-allowed'))
    await expect(kari.setSharedCap('street', { cap: 5, houses })).rejects.toEqual(code('not-allowed'))
    await expect(operator.setSharedCap('street', { cap: 0, houses })).rejects.toEqual(code('bad-request'))
    await expect(operator.setSharedCap('street', { cap: 5, houses: [...houses, 9999] })).rejects.toEqual(
      code('no-such-house'),
    )
    expect(await operator.sharedCaps()).toEqual([])
    await operator.setSharedCap('street', { cap: 5, houses })
    expect(await operator.sharedCaps()).toEqual([{ name: 'street', cap: 5, houses }])
    await expect(operator.removeSharedCap('no such')).rejects.toEqual(code('no-such-shared-cap'))
  })

  test('a turn sees the newest plans of the other houses, and a change of the cap is a reason for one', async () => {
    const claims = await claimAll()
    expect(claims.map(({ houseId }) => houseId).sort()).toEqual(houses)
    for (const [n, claim] of claims.entries()) {
      const plan = (power: number) => ({ homes: [{ power: [power] }] })
      const turn = { memory: {}, receipts: [], next: Date.now() + 3_600_000 }
      const last = n === claims.length - 1
      if (last) {
        const { shared } = (await store.fleet.claimedHouse(claim))!
        const others = claims.slice(0, n).map(({ houseId }, i) => ({ house: houseId, plan: plan(i + 10) }))
        expect(shared).toEqual({ name: 'street', cap: 5, others: others.sort((a, b) => a.house - b.house) })
      }
      await store.fleet.saveTurn(claim, { ...turn, plan: { madeAt: Date.now() + n, plan: plan(n + 10) } })
    }
    expect(await claimAll()).toEqual([])
    await operator.setSharedCap('street', { cap: 6, houses: houses.slice(0, 2) })
    // The one that is no longer under it plans anew, too.
    expect((await claimAll()).map(({ houseId }) => houseId).sort()).toEqual(houses)
    expect(await operator.sharedCaps()).toEqual([{ name: 'street', cap: 6, houses: houses.slice(0, 2) }])
    await operator.removeSharedCap('street')
    expect(await operator.sharedCaps()).toEqual([])
  })
})
