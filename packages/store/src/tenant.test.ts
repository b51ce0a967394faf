import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databases, makeUser, newMasterKey, prepare } from './databases.testing.ts'
import { operator } from './rights.ts'
import type { Asker, HouseRole, Store, Tenant } from './types.ts'

const code = (wanted: string) => expect.objectContaining({ code: wanted })
const credentials = { token: 'tibber-secret-xyz' }

describe.each(databases)('houses and devices on $name', ({ start }) => {
  let engine: Awaited<ReturnType<typeof start>>
  let store: Store
  let kari: Asker
  let ola: Asker
  let admin: Asker
  beforeAll(async () => {
    engine = await start()
    store = await prepare(engine.url, newMasterKey())
    kari = await makeUser(store, 'kari')
    ola = await makeUser(store, 'ola')
    admin = await makeUser(store, 'boss', 'admin')
  })
  afterAll(async () => {
    await store?.close()
    await engine?.close()
  })

  test('houses are numbered from 1 and belong to the one who makes them', async () => {
    const house = await store.as(kari).createHouse()
    expect(house).toMatchObject({ id: 1, owner: 'kari', role: 'owner', timezone: 'Europe/Oslo' })
    const changed = await store.as(kari).changeHouse(1, { name: 'Home', latitude: 63.4, longitude: 10.4 })
    expect(changed).toMatchObject({ name: 'Home', latitude: 63.4, longitude: 10.4 })
    await expect(store.as(kari).changeHouse(1, { timezone: 'Mars/North' })).rejects.toEqual(code('bad-request'))
    expect(await store.as(ola).houses()).toEqual([])
    expect(await store.as(admin).house(1)).toMatchObject({ name: 'Home', role: 'admin' })
    expect(await store.as(admin).createHouse({ name: 'For Ola', owner: 'ola' })).toMatchObject({ owner: 'ola' })
    await expect(store.as(ola).createHouse({ owner: 'kari' })).rejects.toEqual(code('not-allowed'))
  })

  test('devices take the smallest free count, and one account or one device where that is the rule', async () => {
    const tenant = store.as(kari)
    const { id } = await tenant.createHouse()
    expect(await tenant.addDevice(id, 'one-only', { credentials })).toMatchObject({ count: 0, desired: 'running' })
    await expect(tenant.addDevice(id, 'one-only', { credentials })).rejects.toEqual(code('conflict'))
    const add = (accountHash?: string) => tenant.addDevice(id, 'many', { credentials, accountHash })
    expect((await Promise.all([add(), add(), add('a')])).map((d) => d.count).sort()).toEqual([0, 1, 2])
    await expect(add('a')).rejects.toEqual(code('conflict'))
    expect(await tenant.removeDevice(id, 'many', 1)).toEqual({
      houseId: id,
      integration: 'many',
      group: 'airSensor',
      count: 1,
    })
    expect((await add()).count).toBe(1)
    expect((await tenant.devices(id)).map((d) => `${d.integration}/${d.count}`)).toEqual([
      'many/0',
      'many/1',
      'many/2',
      'one-only/0',
    ])
    expect(await tenant.devicesOf(id, 'many')).toHaveLength(3)
    await expect(tenant.device(id, 'many', 9)).rejects.toEqual(code('no-such-device'))
    await expect(tenant.device(id, 'nonsense', 0)).rejects.toEqual(code('no-such-integration'))
    await expect(tenant.addDevice(id, 'boxed', { credentials })).rejects.toThrow(/Missing: user/)
    expect(JSON.stringify(await tenant.devices(id))).not.toContain('secret')
  })

  test('restart and new credentials raise the generation; stop does not', async () => {
    const tenant = store.as(kari)
    const { id } = await tenant.createHouse()
    await tenant.addDevice(id, 'many', { credentials })
    expect(await tenant.setDesired(id, 'many', 0, 'stopped')).toMatchObject({ desired: 'stopped', generation: 1 })
    expect(await tenant.setDesired(id, 'many', 0, 'restart')).toMatchObject({ desired: 'running', generation: 2 })
    const renewed = await tenant.replaceCredentials(id, 'many', 0, { credentials: { token: 'n' }, accountHash: 'h' })
    expect(renewed.generation).toBe(3)
    expect((await store.fleet.device(id, 'many', 0))?.credentials).toEqual({ token: 'n' })
    expect(await tenant.changeDevice(id, 'many', 0, { label: 'Loft' })).toMatchObject({ label: 'Loft' })
    expect(await store.as(admin).restartDevicesOf('many')).toContainEqual(
      expect.objectContaining({ houseId: id, generation: 4 }),
    )
  })

  test('a reader looks and changes nothing; a resident changes what is inside; only the owner deletes', async () => {
    const owner = store.as(kari)
    const { id } = await owner.createHouse()
    await owner.addDevice(id, 'many', { credentials })
    await owner.setMember(id, 'ola', 'reader')
    const member = store.as(ola)
    const changes = (t: Tenant) => [
      () => t.changeHouse(id, { name: 'x' }),
      () => t.addDevice(id, 'one-only', { credentials }),
      () => t.setDesired(id, 'many', 0, 'restart'),
      () => t.replaceCredentials(id, 'many', 0, { credentials }),
      () => t.addPublisher(id, 'mill'),
      () => t.removeDevice(id, 'many', 0),
    ]
    expect(await member.house(id)).toMatchObject({ role: 'reader' })
    expect(await member.devices(id)).toHaveLength(1)
    for (const change of changes(member)) await expect(change()).rejects.toEqual(code('not-allowed'))
    await owner.setMember(id, 'ola', 'resident')
    for (const change of changes(member)) await change()
    await expect(member.deleteHouse(id)).rejects.toEqual(code('not-allowed'))
    await expect(member.setMember(id, 'boss', 'reader')).rejects.toEqual(code('not-allowed'))
    await member.removeMember(id, 'ola')
    await expect(member.house(id)).rejects.toEqual(code('no-such-house'))
    const gone = await owner.deleteHouse(id)
    expect(gone).toEqual({
      houseId: id,
      devices: [{ houseId: id, integration: 'one-only', group: 'airSensor', count: 0 }],
      publishers: [`h${id}.mill.0`],
    })
    await expect(owner.house(id)).rejects.toEqual(code('no-such-house'))
  })

  test('a revoked publisher keeps its name to itself', async () => {
    const tenant = store.as(kari)
    const { id } = await tenant.createHouse()
    const first = await tenant.addPublisher(id, 'mill-sense')
    expect(first).toMatchObject({ username: `h${id}.mill-sense.0`, count: 0 })
    expect((await tenant.addPublisher(id, 'mill-sense')).username).toBe(`h${id}.mill-sense.1`)
    await tenant.revokePublisher(id, first.id)
    await expect(tenant.revokePublisher(id, first.id)).rejects.toEqual(code('not-found'))
    expect(await tenant.addPublisher(id, 'mill-sense')).toMatchObject({ username: `h${id}.mill-sense.0-2`, count: 0 })
    await expect(tenant.addPublisher(id, 'a/#')).rejects.toEqual(code('bad-request'))
    expect(await tenant.publishers(id)).toHaveLength(3)
  })

  test('integrations are changed by an admin only, built-in ones by nobody', async () => {
    const user = store.as(kari)
    const boss = store.as(admin)
    expect((await user.integrations()).map((i) => i.name)).toEqual(['one-only', 'many', 'boxed'])
    expect((await user.integration(1)).name).toBe('one-only')
    const own = { name: 'own', group: 'airSensor' }
    await expect(user.addIntegration(own)).rejects.toEqual(code('not-allowed'))
    await expect(user.changeIntegration('boxed', { label: 'x' })).rejects.toEqual(code('not-allowed'))
    await expect(user.removeIntegration('boxed')).rejects.toEqual(code('not-allowed'))
    expect(await boss.addIntegration(own)).toMatchObject({ kind: 'outside', dockerHubImage: undefined })
    await expect(boss.addIntegration(own)).rejects.toEqual(code('conflict'))
    expect(await boss.changeIntegration('own', { requiredFields: ['a'] })).toMatchObject({ requiredFields: ['a'] })
    await expect(boss.changeIntegration('own', { name: 'many' })).rejects.toEqual(code('conflict'))
    await expect(boss.changeIntegration('own', {})).rejects.toEqual(code('bad-request'))
    await boss.removeIntegration('own')
    await expect(boss.integration('own')).rejects.toEqual(code('no-such-integration'))
    await expect(boss.removeIntegration('many')).rejects.toEqual(code('conflict'))
    await expect(user.integration('99999999999')).rejects.toEqual(code('no-such-integration'))
  })

  test('users see themselves, an admin sees everybody', async () => {
    expect((await store.as(kari).users()).map((u) => u.username)).toEqual(['kari'])
    expect((await store.as(admin).users()).map((u) => u.username)).toEqual(['kari', 'ola', 'boss'])
    expect(await store.as({ ...admin, scopes: ['read'] }).users()).toHaveLength(1)
  })

  test('a token gives no more than its user, its houses and its scopes', async () => {
    const one = await store.as(kari).createHouse()
    const two = await store.as(kari).createHouse()
    const limited = store.as({ ...kari, scopes: ['read'], houses: [one.id] })
    expect((await limited.houses()).map((h) => h.id)).toEqual([one.id])
    await expect(limited.house(two.id)).rejects.toEqual(code('no-such-house'))
    await expect(limited.changeHouse(one.id, { name: 'x' })).rejects.toEqual(code('not-allowed'))
    await expect(limited.changeHouse(two.id, { name: 'x' })).rejects.toEqual(code('no-such-house'))
    await expect(limited.createToken({ name: 't', scopes: ['read'] })).rejects.toEqual(code('not-allowed'))
    const writer = store.as({ ...kari, scopes: ['read', 'write'], houses: [one.id] })
    await expect(writer.createHouse()).rejects.toEqual(code('not-allowed'))
    await expect(writer.createToken({ name: 't', scopes: ['control'] })).rejects.toEqual(code('not-allowed'))
    expect(await writer.createToken({ name: 't', scopes: ['read'] })).toMatchObject({ houses: [one.id] })
    const wider = { name: 't', scopes: ['read' as const], houses: [two.id] }
    await expect(writer.createToken(wider)).rejects.toEqual(code('no-such-house'))
    await expect(store.as(kari).createToken({ name: 't', scopes: ['admin'] })).rejects.toEqual(code('not-allowed'))
    await expect(store.as({ ...kari, scopes: ['control'] }).houses()).rejects.toEqual(code('not-allowed'))
    const adminToken = store.as({ ...admin, scopes: ['read', 'write'] })
    await expect(adminToken.addIntegration({ name: 'z', group: 'g' })).rejects.toEqual(code('not-allowed'))
    await expect(adminToken.createUser({ username: 'zz', password: 'x'.repeat(12) })).rejects.toEqual(
      code('not-allowed'),
    )
  })

  test('what was changed is on record, without a credential', async () => {
    const { id } = await store.as(kari).createHouse()
    await store.as(kari).addDevice(id, 'many', { credentials })
    const lines = await store.as(kari).audit({ houseId: id })
    expect(lines.map((l) => l.action)).toEqual(['add device', 'create house'])
    expect(lines[0]).toMatchObject({ username: 'kari', detail: { integration: 'many', count: 0 } })
    await expect(store.as(ola).audit({ houseId: id })).rejects.toEqual(code('no-such-house'))
    await expect(store.as(ola).audit()).rejects.toEqual(code('not-allowed'))
    expect(JSON.stringify(await store.as(operator).audit({ limit: 1000 }))).not.toContain('secret')
  })

  test('nobody sees or moves a foreign house by any method, whoever lives where', async () => {
    const people = await Promise.all(['p0', 'p1', 'p2'].map((name) => makeUser(store, name)))
    let checked = 0
    let allowed = 0
    const role = fc.option(fc.constantFrom<HouseRole>('owner', 'resident', 'reader'), { nil: undefined })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(role, role), { minLength: 2, maxLength: 2 }), async (lives) => {
        const houses = await Promise.all(lives.map(() => store.as(people[2]!).createHouse()))
        for (const [h, roles] of lives.entries()) {
          const { id } = houses[h]!
          await store.as(people[2]!).addDevice(id, 'many', { credentials })
          for (const [p, role] of roles.entries()) {
            if (role === 'resident' || role === 'reader') await store.as(people[2]!).setMember(id, `p${p}`, role)
          }
        }
        for (const [p, asker] of people.slice(0, 2).entries()) {
          const tenant = store.as(asker)
          const listed = new Set((await tenant.houses()).map((h) => h.id))
          const devices = new Set((await tenant.devicesOfIntegration('many')).map((d) => d.houseId))
          for (const [h, roles] of lives.entries()) {
            const { id } = houses[h]!
            const member = roles[p] === 'resident' || roles[p] === 'reader'
            expect([listed.has(id), devices.has(id)]).toEqual([member, member])
            for (const [name, call] of Object.entries(houseCalls(id))) {
              const answer = await call(tenant).then(
                () => 'done',
                (error) => error.code,
              )
              checked++
              if (member) allowed++
              if (member) expect(answer, name).not.toBe('no-such-house')
              else expect(answer, name).toBe('no-such-house')
            }
          }
          for (const id of [0, -1, 1.5, 2 ** 40, Number.NaN])
            await expect(tenant.house(id)).rejects.toEqual(code('no-such-house'))
        }
      }),
      { numRuns: 6 },
    )
    expect(checked).toBe(6 * 2 * 2 * Object.keys(houseCalls(1)).length)
    expect(allowed).toBeLessThan(checked)
  })

  test('every method that takes a house is among those checked', () => {
    const free = ['houses', 'createHouse', 'users', 'createUser', 'tokens', 'createToken', 'revokeToken', 'asker']
    const kinds = ['integrations', 'integration', 'addIntegration', 'changeIntegration', 'removeIntegration']
    // A trial's number is found out by nobody, and its house is asked for all the same (trials.test.ts).
    const over = ['devicesOfIntegration', 'restartDevicesOf', 'trialOutcome', 'dropTrial', 'vendors', 'budgets']
    const all = Object.keys(store.as(kari)).sort()
    // For operators alone (shared-caps.test.ts).
    const caps = ['sharedCaps', 'setSharedCap', 'removeSharedCap']
    expect([...Object.keys(houseCalls(1)), ...free, ...kinds, ...over, ...caps].sort()).toEqual(all)
  })
})

const battery = { device: 'many', count: 0, location: '', capability: 'battery' as const }

/** Every method with a house, in the order in which one after the other may be called. */
const houseCalls = (id: number): Record<string, (tenant: Tenant) => Promise<unknown>> => ({
  house: (t) => t.house(id),
  members: (t) => t.members(id),
  devices: (t) => t.devices(id),
  devicesOf: (t) => t.devicesOf(id, 'many'),
  device: (t) => t.device(id, 'many', 0),
  log: (t) => t.log(id, 'many', 0),
  publishers: (t) => t.publishers(id),
  audit: (t) => t.audit({ houseId: id }),
  changeHouse: (t) => t.changeHouse(id, { name: 'mine' }),
  setMember: (t) => t.setMember(id, 'p0', 'resident'),
  addDevice: (t) => t.addDevice(id, 'many', { credentials }),
  replaceCredentials: (t) => t.replaceCredentials(id, 'many', 0, { credentials }),
  beginTrial: (t) => t.beginTrial({ kind: 'test', houseId: id, integration: 'many', credentials }),
  pendingSignIn: (t) => t.pendingSignIn(id, 'many'),
  changeDevice: (t) => t.changeDevice(id, 'many', 0, { label: 'x' }),
  setDesired: (t) => t.setDesired(id, 'many', 0, 'restart'),
  commandable: (t) => t.commandable(id, 'many', 0),
  places: (t) => t.places(id, 'many', 0),
  commands: (t) => t.commands(id),
  command: (t) => t.command(id, 'many', 0, 'none'),
  addCommand: (t) => t.addCommand(id, 'many', 0, { capability: 'x', verb: 'x', arguments: {} }, { seconds: 1 }),
  setBounds: (t) => t.setBounds(id, 'many', 0, {}),
  rooms: (t) => t.rooms(id),
  room: (t) => t.room(id, 1),
  addRoom: (t) => t.addRoom(id, { name: 'Stue', comfort: {} }),
  changeRoom: (t) => t.changeRoom(id, 1, { area: 10 }),
  removeRoom: (t) => t.removeRoom(id, 1),
  control: (t) => t.control(id),
  addLoop: (t) => t.addLoop(id, { kind: 'battery', actuator: battery, controller: 'battery' }),
  changeLoop: (t) => t.changeLoop(id, 1, { mode: 'advise' }),
  removeLoop: (t) => t.removeLoop(id, 1),
  pauseControl: (t) => t.pauseControl(id, null),
  setHouseFacts: (t) => t.setHouseFacts(id, {}),
  setPriceSettings: (t) => t.setPriceSettings(id, {}),
  receipts: (t) => t.receipts(id),
  controlledDays: (t) => t.controlledDays(id, 0, 1),
  plan: (t) => t.plan(id),
  models: (t) => t.models(id),
  controlMemory: (t) => t.controlMemory(id),
  letCommand: (t) => t.letCommand(id, 1),
  addPublisher: (t) => t.addPublisher(id, 'mill'),
  revokePublisher: (t) => t.revokePublisher(id, 1),
  renewPublisher: (t) => t.renewPublisher(id, 1),
  removeDevice: (t) => t.removeDevice(id, 'many', 0),
  deleteHouse: (t) => t.deleteHouse(id),
  removeMember: (t) => t.removeMember(id, 'nobody'),
})
