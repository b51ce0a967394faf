import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Claim, Loop, TurnResult } from './control-types.ts'
import { databases, makeUser, newMasterKey, prepare } from './databases.testing.ts'
import type { Store, Tenant } from './types.ts'

const controller = { id: 'a', address: '127.0.0.1:1' }
const hour = 3_600_000

describe.each(databases)('turns of controllers on $name', ({ start }) => {
  let engine: Awaited<ReturnType<typeof start>>
  let store: Store
  let pool: pg.Pool
  let tenant: Tenant
  let house: number
  let loop: Loop
  let room: number
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
    house = await newHouse()
    room = (await tenant.rooms(house))[0]!.id
    loop = (await tenant.control(house)).loops[0]!
  })

  /** A house with a room and its loop under control. */
  const newHouse = async () => {
    const { id } = await tenant.createHouse({ name: 'Home' })
    const device = await tenant.addDevice(id, 'many', { credentials: { token: 'x' } })
    const verbs = { setTargetTemperature: { temperature: { minimum: 16, maximum: 30 } }, setOn: {}, setFallback: {} }
    await store.fleet.remember(device.id, 'actuators', [{ location: 'Stue', capability: 'thermostat', verbs }])
    const place = { device: 'many', count: 0, location: 'Stue' }
    const { id: room } = await tenant.addRoom(id, { name: 'Stue', comfort: {}, sensors: [place] })
    const actuator = { ...place, capability: 'thermostat' as const }
    await tenant.addLoop(id, { kind: 'heating', room, actuator, mode: 'control', controller: 'schedule' })
    return id
  }
  const claimAll = (id = 'a', limit = 1000) => store.fleet.claimTurns({ ...controller, id }, limit, 60)
  /** The house of the test, if it is due; those of other tests are claimed besides. */
  const claim = async () => (await claimAll()).find(({ houseId }) => houseId === house)
  const claimed = async (): Promise<Claim> => {
    const one = await claim()
    if (!one) throw new Error('The house is not due')
    return one
  }
  const runOut = (id = house) =>
    pool.query(`update house_control set until = now() - interval '1 s' where house_id = $1`, [id])
  const soon = () => Date.now() + hour
  const warm = (temperature: unknown) => ({
    capability: 'thermostat' as const,
    verb: 'setTargetTemperature',
    arguments: { temperature },
    validSeconds: 300,
  })
  const turn = (commands: TurnResult['receipts'][number]['commands'] = [], more: Partial<TurnResult> = {}) => ({
    memory: { turns: 1 },
    receipts: [{ loop: loop.id, at: Date.now(), receipt: { sentence: 'So it was' }, commands }],
    next: soon(),
    ...more,
  })

  test('forty houses and eight controllers at once: each house is claimed once, and nobody else has it', async () => {
    await claimAll('before')
    const houses = await Promise.all(Array.from({ length: 40 }, newHouse))
    const claims: { by: string; houseId: number }[] = []
    const work = async (by: string) => {
      for (let some = await claimAll(by, 3); some.length > 0; some = await claimAll(by, 3)) {
        expect(some.length).toBeLessThanOrEqual(3)
        claims.push(...some.map(({ houseId }) => ({ by, houseId })))
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, at) => work(`c${at}`)))
    expect(claims.map(({ houseId }) => houseId).sort((a, b) => a - b)).toEqual(houses.sort((a, b) => a - b))
    const listed = (await store.fleet.controllers()).filter(({ id }) => /^c\d$/.test(id))
    expect(listed).toHaveLength(8)
    expect(listed.reduce((sum, { houses }) => sum + houses, 0)).toBe(40)
    expect(listed[0]).toMatchObject({ address: '127.0.0.1:1', beat: expect.any(Number) })
  })

  test('a turn sees the house as it is set, and leaves memory, plan, receipts and commands behind', async () => {
    await tenant.setHouseFacts(house, { built: 1987 })
    const claim = await claimed()
    const seen = await store.fleet.claimedHouse(claim)
    expect(seen).toMatchObject({ id: house, name: 'Home', timezone: 'Europe/Oslo', memory: undefined, commands: [] })
    expect(seen?.control).toEqual(await tenant.control(house))
    expect(await tenant.controlMemory(house)).toBeUndefined()
    const madeAt = Date.now() - 1000
    const saved = await store.fleet.saveTurn(claim, turn([warm(21)], { plan: { madeAt, plan: { steps: [] } } }))
    expect(saved?.commands).toMatchObject([
      {
        state: 'accepted',
        askedBy: 'controller',
        askedOver: 'controller',
        location: 'Stue',
        arguments: { temperature: 21 },
      },
    ])
    expect(await tenant.controlMemory(house)).toMatchObject({ memory: { turns: 1 } })
    expect(await tenant.plan(house)).toEqual({ madeAt, plan: { steps: [] } })
    expect(await tenant.plan(house, madeAt - 1)).toBeUndefined()
    const [command] = saved!.commands
    const short = { id: command!.id, verb: 'setTargetTemperature', state: 'accepted', reason: undefined }
    expect(await tenant.receipts(house)).toMatchObject([
      { loop: loop.id, receipt: { sentence: 'So it was' }, commands: [short] },
    ])

    await tenant.pauseControl(house, null)
    const next = await claimed()
    expect((await store.fleet.claimedHouse(next))?.commands).toMatchObject([
      { id: command!.id, history: [{ state: 'accepted' }] },
    ])
    const second = await store.fleet.saveTurn(next, turn([warm(20)]))
    expect(second?.superseded).toMatchObject([{ id: command!.id, state: 'expired' }])
    const of = async (which: Parameters<Tenant['receipts']>[1]) => (await tenant.receipts(house, which)).length
    const [newest] = await tenant.receipts(house, { limit: 1 })
    expect([await of({ before: newest!.id }), await of({ sent: true }), await of({ to: newest!.at })]).toEqual([
      1, 2, 1,
    ])
    expect([await of({ from: newest!.at }), await of({ loop: loop.id }), await of({ loop: 0 })]).toEqual([1, 2, 0])
  })

  test('the days under control are counted by local date, loop, mode and control', async () => {
    const add = (at: string, receipt: object, sent = false) =>
      pool.query(`insert into receipts (house_id, loop_id, at, receipt, command_ids) values ($1, $2, $3, $4, $5)`, [
        ...[house, loop.id, at, receipt],
        sent ? ['7b6ee9a0-4a7c-4d0e-8a3e-111111111111'] : [],
      ])
    const mpc = { mode: 'control', control: 'model-predictive' }
    // 23:30 on the 1st, then 00:30 on the 2nd in Oslo.
    await add('2026-02-01T22:30:00Z', mpc, true)
    await add('2026-02-01T23:30:00Z', mpc)
    await add('2026-02-02T10:00:00Z', mpc)
    await add('2026-02-02T11:00:00Z', { mode: 'observe', control: 'schedule' })
    const one = { loop: loop.id, ...mpc }
    const span = [Date.parse('2026-02-01T00:00:00Z'), Date.parse('2026-02-03T00:00:00Z')] as const
    expect(await tenant.controlledDays(house, ...span)).toEqual([
      { date: '2026-02-01', ...one, turns: 1, sent: 1 },
      { date: '2026-02-02', ...one, turns: 2, sent: 0 },
      { date: '2026-02-02', loop: loop.id, mode: 'observe', control: 'schedule', turns: 1, sent: 0 },
    ])
    expect(await tenant.controlledDays(house, span[1], span[1] + 1)).toEqual([])
  })

  test('a claim that ran out, was handed back, or is not the newest writes nothing at all', async () => {
    const nothing = async (claim: Claim) => {
      expect(await store.fleet.saveTurn(claim, turn([warm(21)], { plan: { madeAt: 1, plan: {} } }))).toBeUndefined()
      expect(await tenant.receipts(house)).toEqual([])
      expect(await tenant.commands(house)).toEqual([])
      expect(await tenant.plan(house)).toBeUndefined()
      expect(await tenant.controlMemory(house)).toBeUndefined()
    }
    const killed = await claimed()
    expect(await claim()).toBeUndefined()
    await runOut()
    expect(await store.fleet.claimedHouse(killed)).toBeUndefined()
    await nothing(killed)
    const second = await claimed()
    expect(second.fence).toBe(killed.fence + 1)
    await nothing(killed)
    await store.fleet.releaseTurn(killed, soon())
    expect(await store.fleet.claimedHouse(second)).toBeDefined()
    await store.fleet.releaseTurn(second, soon())
    await nothing(second)
    expect(await claim()).toBeUndefined()
    await nothing({ ...second, fence: second.fence + 1 })
    await tenant.setHouseFacts(house, {})
    const last = await claimed()
    await tenant.deleteHouse(house)
    expect(await store.fleet.saveTurn(last, turn([warm(21)]))).toBeUndefined()
  })

  test('a clock that went back leaves no house waiting for it, and its holder saves nothing', async () => {
    const ask = (id: string) => store.fleet.claimTurns({ id }, 1000, 60, 600)
    const isOurs = (claims: readonly Claim[]) => claims.find(({ houseId }) => houseId === house)
    const first = isOurs(await ask('a'))!
    await store.fleet.saveTurn(first, turn())
    const begun = Date.now()
    const second = isOurs(await ask('a'))
    expect(second?.due).toBeGreaterThan(begun - 60_000)
    expect(second?.due).toBeLessThan(begun + 60_000)
    await pool.query(`update house_control set until = now() + interval '1 h' where house_id = $1`, [house])
    const third = isOurs(await ask('b'))!
    expect(third.fence).toBeGreaterThan(second!.fence)
    expect(await store.fleet.saveTurn(second!, turn([warm(21)]))).toBeUndefined()
    expect((await store.fleet.saveTurn(third, turn([], { next: Date.now() + 300_000 })))?.commands).toEqual([])
    expect(isOurs(await ask('a'))).toBeUndefined()
    await pool.query(`update house_control set due = now() + interval '1 year' where house_id = $1`, [house])
    expect(await claim()).toBeDefined()
  })

  test('a plan, and a command, of a clock that has gone back since are not the newest for ever', async () => {
    const plan = (from: number, madeAt: number) => turn([], { plan: { madeAt, plan: { from } } })
    const year = 365 * 24 * hour
    await store.fleet.saveTurn(await claimed(), { ...plan(1, Date.now() + year), receipts: turn([warm(21)]).receipts })
    expect(await tenant.plan(house)).toMatchObject({ plan: { from: 1 } })
    await pool.query(`update commands set created_at = created_at + interval '1 year' where house_id = $1`, [house])
    await tenant.setHouseFacts(house, {})
    const again = await claimed()
    expect((await store.fleet.claimedHouse(again))?.commands).toEqual([])
    await store.fleet.saveTurn(again, plan(2, Date.now()))
    expect(await tenant.plan(house)).toMatchObject({ plan: { from: 2 } })
  })

  test('a turn saved twice, or by many at once, is saved once', async () => {
    const claim = await claimed()
    const all = await Promise.all([1, 2, 3, 4].map(() => store.fleet.saveTurn(claim, turn([warm(21)]))))
    expect(all.filter((one) => one !== undefined)).toHaveLength(1)
    expect(await tenant.receipts(house)).toHaveLength(1)
    expect(await tenant.commands(house)).toHaveLength(1)
  })

  test('a command that may not be is kept with its reason, and the rest of the turn with it', async () => {
    const odd = { ...warm(21), verb: 'set\0Everything' }
    const other = { ...warm(21), capability: 'heater' as const }
    const saved = await store.fleet.saveTurn(await claimed(), turn([warm(31), odd, other, warm(Number.NaN), warm(22)]))
    expect(saved?.commands.map(({ state }) => state)).toEqual([...Array(4).fill('refused'), 'accepted'])
    const [receipt] = await tenant.receipts(house)
    expect(receipt?.commands.map(({ reason }) => reason ?? 'none')).toEqual([
      expect.stringMatching(/31 °C; allowed is 16 to 30/),
      expect.stringMatching(/no verb/),
      'This loop commands thermostat and nothing else',
      expect.stringMatching(/must be a number/),
      'none',
    ])
  })

  test('a change while a turn is on its way leads to another at once, and what is no longer wanted is not sent', async () => {
    const quiet = await claimed()
    await store.fleet.saveTurn(quiet, turn())
    expect(await claim()).toBeUndefined()
    const changes = [
      () => tenant.changeLoop(house, loop.id, { limits: { highest: 22 } }),
      () => tenant.changeRoom(house, room, { comfort: { warmer: true } }),
      () => tenant.setPriceSettings(house, { area: 'NO3' }),
      () => tenant.pauseControl(house, soon()),
    ]
    for (const change of changes) {
      await change()
      const claim = await claimed()
      await change()
      await store.fleet.saveTurn(claim, turn())
      await store.fleet.saveTurn(await claimed(), turn())
    }
    await tenant.changeLoop(house, loop.id, { mode: 'control' })
    const paused = turn([warm(21)])
    const safety = { ...paused, receipts: [{ ...paused.receipts[0]!, receipt: { outcome: 'safety' } }] }
    expect((await store.fleet.saveTurn(await claimed(), safety))?.commands).toMatchObject([{ state: 'accepted' }])
    await tenant.changeLoop(house, loop.id, {})
    const late = await store.fleet.saveTurn(await claimed(), paused)
    expect(late?.commands).toMatchObject([{ state: 'refused', reason: expect.stringMatching(/was paused/) }])
    await tenant.pauseControl(house, null)
    const inFlight = await claimed()
    await tenant.changeLoop(house, loop.id, { mode: 'observe' })
    const withdrawn = await store.fleet.saveTurn(inFlight, turn([warm(21)]))
    expect(withdrawn?.commands).toMatchObject([{ state: 'refused', reason: expect.stringMatching(/set to observe/) }])
    // What was left with the vendor is taken back all the same.
    const takenBack = { ...warm(0), verb: 'setFallback', arguments: { timezone: 'Europe/Oslo', schedule: [] } }
    const ended = await store.fleet.saveTurn(await claimed(), turn([takenBack]))
    expect(ended?.commands).toMatchObject([{ verb: 'setFallback', state: 'accepted' }])
    await tenant.changeLoop(house, loop.id, {})
    expect(await claim()).toBeDefined()
  })

  test('receipts of turns that were taken elsewhere are kept in the order of their times, for loops of the house only', async () => {
    const at = Date.now() - 2 * hour
    const other = (await tenant.control(await newHouse())).loops[0]!.id
    const of = (ago: number, id = loop.id) => ({ loop: id, at: at - ago, receipt: { sentence: `${ago} ago` } })
    await store.fleet.addReceipts(house, [of(0), of(2), of(1), of(3, other)])
    const kept = await tenant.receipts(house)
    expect(kept.map(({ at: time, receipt }) => [at - time, receipt.sentence])).toEqual([
      [0, '0 ago'],
      [1, '1 ago'],
      [2, '2 ago'],
    ])
  })

  test('whatever a turn holds, it is saved: without NUL, cut where it is too long, and not for what is gone', async () => {
    const circle: Record<string, unknown> = {}
    circle.self = circle
    const receipts = [{ a: '\0b\ud800' }, { sentence: 'Long', rest: 'x'.repeat(100_000) }, circle, { n: Number.NaN }]
    const of = (receipt: TurnResult['memory'], id = loop.id) => ({ loop: id, at: Number.NaN, receipt, commands: [] })
    await store.fleet.saveTurn(await claimed(), {
      memory: { good: 'yes\0' },
      receipts: [...receipts.map((receipt) => of(receipt)), of({}, 2 ** 40), of({}, 1e6)],
      plan: { madeAt: 1e300, plan: circle },
      next: Number.NaN,
    })
    expect((await tenant.receipts(house)).map(({ receipt }) => receipt).reverse()).toEqual([
      { a: 'b\ufffd' },
      { sentence: 'Long', cut: expect.any(String) },
      { sentence: '', cut: expect.any(String) },
      { n: null },
    ])
    expect(await tenant.plan(house)).toBeUndefined()
    await tenant.setHouseFacts(house, {})
    await store.fleet.saveTurn(await claimed(), turn([], { memory: circle, next: 1e300 }))
    expect(await tenant.controlMemory(house)).toMatchObject({ memory: { good: 'yes' } })
    const { rows } = await pool.query(
      `select due < now() + interval '25 hours' as near from house_control where house_id = $1`,
      [house],
    )
    expect(rows).toEqual([{ near: true }])
  })
})
