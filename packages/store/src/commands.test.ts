import type { Actuator } from '@nabolag/core'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { BusCommand } from './command-types.ts'
import { databases, makeUser, newMasterKey, prepare } from './databases.testing.ts'
import { operator } from './rights.ts'
import type { Asker, Store, Tenant } from './types.ts'

const allShards = Array.from({ length: 64 }, (_, i) => i)
const code = (wanted: string) => expect.objectContaining({ code: wanted })
const none = () => undefined

describe.each(databases)('commands on $name', ({ start }) => {
  let engine: Awaited<ReturnType<typeof start>>
  let store: Store
  let pool: pg.Pool
  let kari: Asker
  let tenant: Tenant
  let house: number
  let count: number
  beforeAll(async () => {
    engine = await start()
    store = await prepare(engine.url, newMasterKey())
    pool = new pg.Pool({ connectionString: engine.url, max: 2 })
    kari = await makeUser(store, 'kari')
    tenant = store.as(kari)
    house = (await tenant.createHouse()).id
  })
  afterAll(async () => {
    await store?.close()
    await pool?.end()
    await engine?.close()
  })
  /** A fresh device with one actuator for each test. */
  beforeEach(async () => {
    const device = await tenant.addDevice(house, 'many', { credentials: { token: `t${Math.random()}` } })
    count = device.count
    await knows([actuator('Stue')])
  })

  const actuator = (location: string): Actuator => ({
    location,
    capability: 'thermostat',
    verbs: { setTargetTemperature: { temperature: { minimum: 16, maximum: 30 } }, setMode: {} },
  })
  const knows = async (actuators: readonly Actuator[]) =>
    store.fleet.remember((await tenant.device(house, 'many', count)).id, 'actuators', actuators)
  const warm = (temperature: number) => ({
    capability: 'thermostat',
    verb: 'setTargetTemperature',
    arguments: { temperature },
  })
  const ask = (temperature: number, seconds = 60) =>
    tenant.addCommand(house, 'many', count, warm(temperature), { seconds })
  const read = (id: string) => tenant.command(house, 'many', count, id)
  const open = (flying: string[] = []) => store.fleet.openCommands(allShards, flying)
  const age = (id: string) => pool.query(`update commands set valid_until = now() - interval '1 s' where id = $1`, [id])

  test('is kept with who asked, goes its way, and each state stays readable', async () => {
    const { command, superseded } = await ask(21)
    expect(superseded).toEqual([])
    expect(command).toMatchObject({
      state: 'accepted',
      askedBy: 'kari',
      askedOver: 'api',
      location: 'Stue',
      houseId: house,
    })
    expect(command.validUntil - command.createdAt).toBeGreaterThan(59_000)
    const { waiting } = await open()
    expect(waiting.at(-1)).toMatchObject({ id: command.id, actuators: [actuator('Stue')], bounds: {} })
    const claimed = await store.fleet.claimCommand(command.id, 'a', none)
    expect(claimed).toMatchObject({ go: true, command: { state: 'sent' } })
    expect(claimed.go && claimed.left).toBeGreaterThan(50_000)
    expect(await store.fleet.finishCommand(command.id, { state: 'applied' })).toMatchObject({ state: 'applied' })
    expect(await store.fleet.finishCommand(command.id, { state: 'failed' })).toBeUndefined()
    const { id: deviceId } = await tenant.device(house, 'many', count)
    expect((await store.fleet.awaitingCommands([deviceId])).map(({ id }) => id)).toEqual([command.id])
    expect(await store.fleet.confirmCommand(command.id)).toMatchObject({ state: 'confirmed' })
    expect(await store.fleet.confirmCommand(command.id)).toBeUndefined()
    expect((await read(command.id)).history.map(({ state }) => state)).toEqual([
      'accepted',
      'sent',
      'applied',
      'confirmed',
    ])
    const [line] = await tenant.audit({ houseId: house, limit: 1 })
    expect(line).toMatchObject({ username: 'kari', action: 'command', detail: { command: command.id } })
  })

  test('is claimed once, however many try at the same moment', async () => {
    const { command } = await ask(20)
    const tries = await Promise.all(
      Array.from({ length: 12 }, (_, at) => store.fleet.claimCommand(command.id, `c${at}`, none)),
    )
    expect(tries.filter(({ go }) => go)).toHaveLength(1)
    expect((await read(command.id)).history.filter(({ state }) => state === 'sent')).toHaveLength(1)
  })

  test('of those that want the same, only the newest can be sent, asked one by one or all at once', async () => {
    const first = await ask(18)
    const other = await tenant.addCommand(
      house,
      'many',
      count,
      { ...warm(18), verb: 'setMode', arguments: { mode: 'heat' } },
      { seconds: 60 },
    )
    const second = await ask(19)
    expect(second.superseded).toMatchObject([{ id: first.command.id, state: 'expired' }])
    expect(second.superseded[0]?.reason).toContain(second.command.id)
    expect(await store.fleet.claimCommand(first.command.id, 'a', none)).toMatchObject({ go: false })
    expect(await read(other.command.id)).toMatchObject({ state: 'accepted' })

    const all = await Promise.all([20, 21, 22, 23, 24, 25].map((temperature) => ask(temperature)))
    const states = await Promise.all(all.map(({ command }) => read(command.id)))
    expect(states.filter(({ state }) => state === 'accepted')).toHaveLength(1)
    expect(states.filter(({ state }) => state === 'expired')).toHaveLength(5)
  })

  test('a claim and a newer command at the same moment: sent once at most, and never the older after the newer', async () => {
    for (let round = 0; round < 8; round++) {
      const { command: older } = await ask(18)
      const [claimed, { command: newer }] = await Promise.all([store.fleet.claimCommand(older.id, 'a', none), ask(19)])
      expect((await read(older.id)).state).toBe(claimed.go ? 'sent' : 'expired')
      expect(await store.fleet.claimCommand(newer.id, 'a', none)).toMatchObject({ go: true })
      expect(await store.fleet.claimCommand(older.id, 'a', none)).toMatchObject({ go: false })
    }
  })

  test('one that is too old is not sent, and is shown as expired before anybody has looked', async () => {
    const { command } = await ask(20)
    await age(command.id)
    expect(await read(command.id)).toMatchObject({ state: 'expired' })
    expect(await store.fleet.claimCommand(command.id, 'a', none)).toMatchObject({ go: false, changed: true })
    expect((await read(command.id)).history.map(({ state }) => state)).toEqual(['accepted', 'expired'])
    const { command: another } = await ask(21)
    await age(another.id)
    expect((await open()).changed.map(({ id }) => id)).toContain(another.id)
    expect(await read(another.id)).toMatchObject({ state: 'expired', reason: expect.stringMatching(/too old/) })
  })

  test('one that was on its way when its connector ended is failed, and not sent again', async () => {
    const { command } = await ask(20)
    await store.fleet.claimCommand(command.id, 'gone', none)
    expect((await open([command.id])).changed).toEqual([])
    const { changed, waiting } = await open()
    expect(changed.find(({ id }) => id === command.id)).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/nobody knows what became of it/),
    })
    expect(waiting.map(({ id }) => id)).not.toContain(command.id)
    expect(await store.fleet.claimCommand(command.id, 'b', none)).toMatchObject({ go: false })
  })

  test('bounds that the owner sets hold at once, and for what waits already', async () => {
    const { command } = await ask(26)
    const bounds = { thermostat: { setTargetTemperature: { temperature: { maximum: 24 } } } }
    expect(await tenant.setBounds(house, 'many', count, bounds)).toEqual(bounds)
    await expect(ask(24.5)).rejects.toMatchObject({
      code: 'out-of-bounds',
      extra: { argument: 'temperature', value: 24.5, allowed: '16 to 24 °C' },
    })
    const seen: unknown[] = []
    const claimed = await store.fleet.claimCommand(command.id, 'a', (_, commandable) => {
      seen.push(commandable)
      return 'too warm'
    })
    expect(seen).toEqual([{ actuators: [actuator('Stue')], bounds }])
    expect(claimed).toMatchObject({ go: false, changed: true, command: { state: 'refused', reason: 'too warm' } })
    await expect(tenant.setBounds(house, 'many', count, { kettle: {} })).rejects.toEqual(code('bad-request'))
  })

  test('who may control may command; others may not, and strangers learn nothing', async () => {
    const reader = await makeUser(store, `reader${count}`)
    await tenant.setMember(house, reader.username, 'reader')
    const stranger = await makeUser(store, `stranger${count}`)
    const asked = (asker: Asker) => store.as(asker).addCommand(house, 'many', count, warm(20), { seconds: 60 })
    await expect(asked(reader)).rejects.toEqual(code('not-allowed'))
    await expect(asked(stranger)).rejects.toEqual(code('no-such-house'))
    await expect(asked({ ...kari, scopes: ['read', 'write'] })).rejects.toEqual(code('not-allowed'))
    expect((await asked({ ...kari, scopes: ['control'] })).command.state).toBe('accepted')
    expect((await asked(operator)).command).toMatchObject({ askedBy: 'operator' })
    await expect(store.as(stranger).commands(house)).rejects.toEqual(code('no-such-house'))
    const other = await store.as(stranger).createHouse()
    const [mine] = await tenant.commands(house, { limit: 1 })
    await store.as(stranger).addDevice(other.id, 'many', { credentials: { token: 'x' } })
    await expect(store.as(stranger).command(other.id, 'many', 0, mine!.id)).rejects.toEqual(code('no-such-command'))
    expect(await store.as(reader).commands(house, { limit: 1 })).toHaveLength(1)
  })

  test('are listed newest first, in pages, for a device and for the house', async () => {
    const ids: string[] = []
    for (const temperature of [18, 19, 20, 21]) ids.unshift((await ask(temperature)).command.id)
    const which = { integration: 'many', count }
    expect((await tenant.commands(house, which)).map(({ id }) => id)).toEqual(ids)
    expect((await tenant.commands(house, { ...which, limit: 2 })).map(({ id }) => id)).toEqual(ids.slice(0, 2))
    expect((await tenant.commands(house, { ...which, before: ids[1]! })).map(({ id }) => id)).toEqual(ids.slice(2))
    expect((await tenant.commands(house, { limit: 4 })).map(({ id }) => id)).toEqual(ids)
    await expect(tenant.command(house, 'many', count, 'nonsense')).rejects.toEqual(code('no-such-command'))
  })

  test('a device that is gone leaves what was commanded of it; a new one does not inherit what waits', async () => {
    const { command } = await ask(20)
    await tenant.removeDevice(house, 'many', count)
    expect((await open()).waiting.map(({ id }) => id)).not.toContain(command.id)
    expect(await store.fleet.claimCommand(command.id, 'a', none)).toMatchObject({ go: false })
    await tenant.addDevice(house, 'many', { credentials: { token: 'again' } })
    expect((await read(command.id)).state).toBe('accepted')
    expect((await open()).waiting.map(({ id }) => id)).not.toContain(command.id)
  })

  const over = (more: Partial<BusCommand> = {}): BusCommand => ({
    houseId: house,
    integration: 'many',
    count,
    account: 'controller',
    requestId: undefined,
    digest: String(Math.random()),
    given: warm(20),
    validity: { seconds: 60 },
    ...more,
  })

  test('from the bus: one delivered to several connectors, or twice, is one', async () => {
    const same = over({ requestId: `mine-${count}` })
    const taken = await Promise.all([1, 2, 3, 4].map(() => store.fleet.takeCommand(same)))
    expect(taken.map(({ outcome }) => outcome).sort()).toEqual(['again', 'again', 'again', 'new'])
    const nameless = over()
    const again = [await store.fleet.takeCommand(nameless), await store.fleet.takeCommand(nameless)]
    expect(again.map(({ outcome }) => outcome)).toEqual(['new', 'again'])
    expect(await tenant.commands(house, { integration: 'many', count })).toHaveLength(2)
  })

  test('from the bus: a bad one is kept with its reason; one for nothing that may be commanded is not', async () => {
    const bad = await store.fleet.takeCommand(over({ given: warm(99) }))
    expect(bad).toMatchObject({ outcome: 'new', command: { state: 'refused', reason: expect.stringContaining('99') } })
    const odd = over({
      given: { capability: '\0', verb: 7, arguments: { a: '\0', b: 'x'.repeat(9000) } },
      malformed: 'It is odd',
    })
    expect(await store.fleet.takeCommand(odd)).toMatchObject({ command: { state: 'refused', reason: 'It is odd' } })
    const nobody = await store.fleet.takeCommand(over({ account: `h${house}.x.0` }))
    expect(nobody).toMatchObject({
      outcome: 'nowhere',
      complaint: { message: expect.stringMatching(/may not command/) },
    })
    const publisher = await tenant.addPublisher(house, 'program')
    const asked = over({ account: publisher.username })
    expect(await store.fleet.takeCommand(asked)).toMatchObject({ outcome: 'nowhere' })
    expect(await tenant.letCommand(house, publisher.id)).toMatchObject({ commands: true })
    expect(await store.fleet.takeCommand(asked)).toMatchObject({
      outcome: 'new',
      command: { askedBy: publisher.username },
    })
    await tenant.revokePublisher(house, publisher.id)
    expect(await store.fleet.takeCommand({ ...asked, digest: 'other' })).toMatchObject({ outcome: 'nowhere' })
    expect(await store.fleet.takeCommand(over({ count: 999 }))).toMatchObject({ outcome: 'nowhere' })
  })

  test('are kept for 400 days', async () => {
    const [{ command: young }, { command: old }] = [await ask(20), await ask(21)]
    await pool.query(`update commands set created_at = now() - interval '399 days' where id = $1`, [young.id])
    await pool.query(`update commands set created_at = now() - interval '401 days' where id = $1`, [old.id])
    await store.fleet.forgetCommands()
    expect((await tenant.commands(house, { integration: 'many', count })).map(({ id }) => id)).toEqual([young.id])
  })
})
