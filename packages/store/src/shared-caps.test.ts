import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databases, makeUser, newMasterKey, prepare } from './databases.testing.ts'
import { ShareChanged } from './shared-caps.ts'
import type { Claim, Store, Tenant } from './types.ts'

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
    const limited = store.as({ ...operator.asker, houses: [houses[0]!] })
    await expect(limited.setSharedCap('street', { cap: 5, houses })).rejects.toEqual(code('not-allowed'))
    await expect(limited.sharedCaps()).rejects.toEqual(code('not-allowed'))
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
        expect(shared).toEqual({
          ...{ name: 'street', cap: 5, mark: expect.any(String) },
          others: others.sort((a, b) => a.house - b.house),
        })
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

  describe('two houses that plan in the same second', () => {
    const pair: number[] = []
    beforeAll(async () => {
      await claimAll()
      for (let n = 0; n < 2; n++) {
        const { id } = await kari.createHouse()
        await kari.addDevice(id, 'many', { credentials: { token: 'x' } })
        const actuator = { device: 'many', count: 0, location: '', capability: 'battery' as const }
        await kari.addLoop(id, { kind: 'battery', actuator, controller: 'battery' })
        pair.push(id)
      }
    })
    const power = (kw: number) => ({ homes: [{ power: [kw] }] })
    const planned = (made: number, kw: number, within: string) => ({
      ...{ memory: {}, receipts: [], next: Date.now() },
      ...{ plan: { madeAt: made, plan: power(kw) }, within },
    })
    /** Both have read the share before either saves. */
    const bothRead = async (): Promise<readonly (readonly [Claim, string])[]> => {
      const claims = (await claimAll()).filter(({ houseId }) => pair.includes(houseId))
      expect(claims).toHaveLength(2)
      return Promise.all(
        claims.map(async (claim) => [claim, (await store.fleet.claimedHouse(claim))!.shared?.mark ?? ''] as const),
      )
    }
    const newest = async (houseId: number) => (await kari.plan(houseId))?.plan

    test('the second is told to plan anew, whichever is first, and nothing of its turn is kept', async () => {
      await operator.setSharedCap('lane', { cap: 5, houses: pair })
      const read = await bothRead()
      const made = Date.now() + 10_000
      const outcomes = await Promise.allSettled(
        read.map(([claim, mark], n) => store.fleet.saveTurn(claim, planned(made + n, 4 + n, mark))),
      )
      const failed = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
      expect(failed).toEqual([expect.any(ShareChanged)])
      const late = outcomes.findIndex(({ status }) => status === 'rejected')
      const [claim] = read[late]!
      expect(await newest(claim.houseId)).not.toEqual(power(4 + late))
      // Its claim still holds: it looks again, and keeps what it plans within what is left.
      const { shared } = (await store.fleet.claimedHouse(claim))!
      expect(shared!.others.map(({ plan }) => plan)).toEqual([power(4 + (1 - late))])
      await store.fleet.saveTurn(claim, planned(made + 5, 1, shared!.mark))
      expect(await newest(claim.houseId)).toEqual(power(1))
    })

    test('a cap that is set or changed meanwhile has the same effect, and so has none on a house without one', async () => {
      await operator.setSharedCap('lane', { cap: 6, houses: pair })
      const read = await bothRead()
      await operator.setSharedCap('lane', { cap: 3, houses: pair.slice(0, 1) })
      const made = Date.now() + 20_000
      for (const [n, [claim, mark]] of read.entries())
        await expect(store.fleet.saveTurn(claim, planned(made + n, 2, mark))).rejects.toThrow(ShareChanged)
      for (const [claim] of read) {
        const { shared } = (await store.fleet.claimedHouse(claim))!
        expect(await store.fleet.saveTurn(claim, planned(made + 5, 2, shared?.mark ?? ''))).toBeDefined()
      }
      await operator.removeSharedCap('lane')
    })
  })
})
