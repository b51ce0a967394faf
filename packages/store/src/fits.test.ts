import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RoomModel } from './control-types.ts'
import { databases, makeUser, newMasterKey, prepare } from './databases.testing.ts'
import type { Store, Tenant } from './types.ts'

const day = 86_400_000

describe.each(databases)('what controllers learn and forget on $name', ({ start }) => {
  let engine: Awaited<ReturnType<typeof start>>
  let store: Store
  let pool: pg.Pool
  let tenant: Tenant
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

  const newHouse = async (rooms = 1) => {
    const { id } = await tenant.createHouse()
    await tenant.addDevice(id, 'many', { credentials: { token: 'x' } })
    for (let n = 0; n < rooms; n++) {
      const place = { device: 'many', count: 0, location: `room ${n}` }
      const { id: room } = await tenant.addRoom(id, { name: place.location, comfort: {}, sensors: [place] })
      const actuator = { ...place, capability: 'thermostat' as const }
      await tenant.addLoop(id, { kind: 'heating', room, actuator, controller: 'schedule' })
    }
    return id
  }
  const fits = (before = Date.now(), limit = 1000) => store.fleet.claimFits({ id: 'a' }, before, limit, 60)
  const outcome = (madeAt: number, more: Partial<RoomModel> = {}) => ({
    madeAt,
    outcome: 'accepted' as const,
    because: 'It fits',
    model: { at: madeAt },
    ...more,
  })

  test('rooms with a loop and a thermometer are learnt one by one, and the newest accepted model holds', async () => {
    const house = await newHouse(3)
    await tenant.addRoom(house, { name: 'Nothing in it', comfort: {} })
    const claims = (await Promise.all([1, 2, 3, 4].map(() => fits()))).flat()
    expect(claims.map(({ room }) => room).sort()).toEqual((await tenant.rooms(house)).slice(0, 3).map(({ id }) => id))
    const [first, second, third] = claims
    const now = Date.now()
    expect(await store.fleet.saveModel(first!, outcome(now - day))).toBe(true)
    expect(await store.fleet.saveModel(first!, outcome(now))).toBe(false)
    await pool.query(`update rooms set fit_until = now() - interval '1 s' where id = $1`, [second!.room])
    expect(await store.fleet.saveModel(second!, outcome(now))).toBe(false)
    // The one that ran out waits behind the one that was last tried longest ago.
    expect((await fits(now)).map(({ room }) => room)).toEqual([first!.room, second!.room])
    expect(await store.fleet.saveModel({ ...third!, houseId: house + 1 }, outcome(now))).toBe(false)

    const again = async (model: ReturnType<typeof outcome> | Omit<RoomModel, 'room'>) => {
      await pool.query('update rooms set fit_until = null, fit_at = null where id = $1', [first!.room])
      const claim = (await fits()).find(({ room }) => room === first!.room)
      expect(await store.fleet.saveModel(claim!, model)).toBe(true)
    }
    await again(outcome(now - day / 2, { model: { better: true } }))
    await again(outcome(now, { outcome: 'rejected', because: 'No\0', model: undefined }))
    await again(outcome(now + 1, { model: { long: 'x'.repeat(2_000_000) } }))
    const { models } = await tenant.control(house)
    expect(models).toEqual({
      [first!.room]: { ...outcome(now - day / 2, { model: { better: true } }), room: first!.room },
    })
    const tried = (await tenant.models(house, first!.room)).map(({ outcome, because }) => [outcome, because])
    expect(tried).toEqual([
      ['rejected', 'The model was too long to keep'],
      ['rejected', 'No'],
      ['accepted', 'It fits'],
      ['accepted', 'It fits'],
    ])
    expect(await store.fleet.controlledHouse(house)).toMatchObject({ id: house, control: { models } })
    expect(await store.fleet.controlledHouse(2 ** 40)).toBeUndefined()
    await tenant.removeRoom(house, third!.room)
    expect(await store.fleet.saveModel(third!, outcome(now))).toBe(false)
  })

  test('a clock that went back keeps no room from being learnt, and no model newer than all to come', async () => {
    const house = await newHouse()
    const claimed = async (before: number) => (await fits(before)).find(({ houseId }) => houseId === house)
    const later = Date.now() + 365 * day
    expect(await store.fleet.saveModel((await claimed(Date.now()))!, outcome(later))).toBe(true)
    const again = await claimed(Date.now() - 7 * day)
    expect(again).toBeDefined()
    await pool.query(`update rooms set fit_until = now() + interval '1 year' where house_id = $1`, [house])
    const once = (await claimed(Date.now() - 7 * day))!
    const now = Date.now()
    expect(await store.fleet.saveModel(once, outcome(now))).toBe(true)
    expect(Object.values((await tenant.control(house)).models)).toMatchObject([{ madeAt: now }])
    expect(await claimed(Date.now() - 7 * day)).toBeUndefined()
  })

  test('what sent nothing is kept for 14 days, plans for 60, the rest for 400; accepted models for ever', async () => {
    const house = await newHouse()
    const { loops, rooms } = await tenant.control(house)
    const [{ id: loop }, { id: room }] = [loops[0]!, rooms[0]!]
    const command = '00000000-0000-0000-0000-000000000001'
    const put = (table: string, time: string, columns: object, days: number) => {
      const names = Object.keys(columns)
      const places = names.map((_, at) => `$${at + 1}`)
      return pool.query(
        `insert into ${table} (${[...names, time].join(', ')}) values (${places.join(', ')}, now() - interval '${days} days')`,
        Object.values(columns),
      )
    }
    const receipt = { house_id: house, loop_id: loop, receipt: '{}' }
    for (const days of [13, 15]) await put('receipts', 'at', { ...receipt, command_ids: [] }, days)
    for (const days of [399, 401]) await put('receipts', 'at', { ...receipt, command_ids: [command] }, days)
    for (const days of [59, 61]) await put('plans', 'made_at', { house_id: house, plan: '{}' }, days)
    for (const result of ['accepted', 'rejected'])
      for (const days of [399, 401])
        await put('room_models', 'made_at', { room_id: room, outcome: result, because: '' }, days)
    for (const days of [0, 2]) await put('controllers', 'beat', { id: `aged ${days}` }, days)
    await store.fleet.forgetControl()
    const age = (millis: number) => Math.round((Date.now() - millis) / day)
    expect((await tenant.receipts(house)).map(({ at }) => age(at)).sort()).toEqual([13, 399])
    const { rows } = await pool.query('select count(*)::int as plans from plans where house_id = $1', [house])
    expect(rows).toEqual([{ plans: 1 }])
    const models = (await tenant.models(house)).map(({ outcome, madeAt }) => `${outcome} ${age(madeAt)}`)
    expect(models).toEqual(expect.arrayContaining(['accepted 399', 'accepted 401', 'rejected 399']))
    expect(models).toHaveLength(3)
    expect((await store.fleet.controllers()).map(({ id }) => id).filter((id) => id.startsWith('aged'))).toEqual([
      'aged 0',
    ])
  })

  test('turns, people and removals at the same moment neither block one another nor break what is kept', async () => {
    const codes = new Set<string>()
    let done = 0
    for (let round = 0; round < 6; round++) {
      const house = await newHouse(2)
      const { loops, rooms } = await tenant.control(house)
      const claims = await store.fleet.claimTurns({ id: 'a' }, 1000, 60)
      const claim = claims.find(({ houseId }) => houseId === house)!
      const one = { capability: 'thermostat' as const, verb: 'setOn', arguments: { on: true }, validSeconds: 60 }
      const receipts = loops.map(({ id }) => ({ loop: id, at: Date.now(), receipt: {}, commands: [one] }))
      const on = { ...one, arguments: { on: true, location: 'room 0' } }
      const results = await Promise.allSettled([
        store.fleet.saveTurn(claim, { memory: {}, receipts, next: 0 }),
        tenant.changeLoop(house, loops[0]!.id, { limits: {} }),
        tenant.addCommand(house, 'many', 0, on, { seconds: 60 }),
        round % 2 === 0 ? tenant.removeLoop(house, loops[1]!.id) : tenant.removeRoom(house, rooms[1]!.id),
        tenant.addDevice(house, 'many', { credentials: { token: 'y' } }),
        tenant.removeDevice(house, 'many', 0),
        store.fleet.claimTurns({ id: 'b' }, 10, 60),
        ...(round < 3 ? [] : [tenant.deleteHouse(house)]),
      ])
      for (const result of results) {
        if (result.status === 'fulfilled') done++
        else codes.add((result.reason as { code?: string }).code ?? String(result.reason))
      }
    }
    const gone = ['conflict', 'no-such-house', 'no-such-device', 'no-such-loop', 'no-such-room']
    expect([...codes].filter((code) => !gone.includes(code))).toEqual([])
    expect(done).toBeGreaterThan(18)
  })
})
