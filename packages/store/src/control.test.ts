import type { Actuator } from '@nabolag/core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { NewLoop } from './control-types.ts'
import { databases, makeUser, newMasterKey, prepare } from './databases.testing.ts'
import type { Asker, Store, Tenant } from './types.ts'

const code = (wanted: string) => expect.objectContaining({ code: wanted })
const comfort = { weekday: [], exceptions: [] }
const credentials = { token: 'x' }

describe.each(databases)('rooms and loops on $name', ({ start }) => {
  let engine: Awaited<ReturnType<typeof start>>
  let store: Store
  let kari: Asker
  let ola: Asker
  let tenant: Tenant
  let house: number
  beforeAll(async () => {
    engine = await start()
    store = await prepare(engine.url, newMasterKey())
    kari = await makeUser(store, 'kari')
    ola = await makeUser(store, 'ola')
    tenant = store.as(kari)
  })
  afterAll(async () => {
    await store?.close()
    await engine?.close()
  })
  /** A fresh house with two devices for each test. */
  beforeEach(async () => {
    house = (await tenant.createHouse()).id
    await tenant.addDevice(house, 'many', { credentials })
    await tenant.addDevice(house, 'many', { credentials })
  })

  const at = (location: string, count = 0) => ({ device: 'many', count, location })
  const pump = (location = 'Stue', count = 0) => ({ ...at(location, count), capability: 'thermostat' as const })
  const actuator = (location: string): Actuator => ({
    location,
    capability: 'thermostat',
    verbs: { setTargetTemperature: { temperature: { minimum: 16, maximum: 30 } }, setMode: {} },
  })
  const knows = async (actuators: readonly Actuator[], count = 0) =>
    store.fleet.remember((await tenant.device(house, 'many', count)).id, 'actuators', actuators)
  const room = (name: string) => tenant.addRoom(house, { name, comfort })
  const heating = (roomId: number, more: Partial<NewLoop> = {}): NewLoop => ({
    kind: 'heating',
    room: roomId,
    actuator: pump(),
    controller: 'schedule',
    ...more,
  })

  test('an actuator has one loop, also when it is named once and once left without a name, as the only one there is', async () => {
    const [first, second] = [await room('Stue'), await room('Gang')]
    await knows([actuator('Stue')])
    await knows([actuator('Stue'), actuator('Gang')], 1)
    await tenant.addLoop(house, heating(first.id, { actuator: pump('') }))
    await expect(tenant.addLoop(house, heating(second.id))).rejects.toEqual(code('conflict'))
    const third = await room('Bad')
    const named = await tenant.addLoop(house, heating(second.id, { actuator: pump('Stue', 1) }))
    await tenant.addLoop(house, heating(third.id, { actuator: pump('Gang', 1) }))
    await tenant.removeLoop(house, named.id)
    await knows([actuator('Gang')], 1)
    await expect(tenant.addLoop(house, heating(second.id, { actuator: pump('', 1) }))).rejects.toEqual(code('conflict'))
  })

  test('a room keeps what is said of it, and changes only where something is said', async () => {
    const living = await tenant.addRoom(house, {
      name: ' Stue ',
      area: 31.5,
      comfort,
      heating: { resistance: 1.2 },
      sensors: [{ ...at('Stue'), group: 'heatPump' }, at('')],
    })
    expect(living).toEqual({
      id: living.id,
      houseId: house,
      name: 'Stue',
      area: 31.5,
      comfort,
      heating: { resistance: 1.2 },
      sensors: [
        { ...at('Stue'), group: 'heatPump' },
        { ...at(''), group: 'airSensor' },
      ],
      loop: undefined,
    })
    const changed = await tenant.changeRoom(house, living.id, { area: null, heating: null, comfort: { weekday: [1] } })
    expect(changed).toEqual({ ...living, area: undefined, heating: undefined, comfort: { weekday: [1] } })
    const moved = await tenant.changeRoom(house, living.id, { name: 'Loft', sensors: [at('', 1), at('Stue')] })
    expect(moved.sensors.map(({ count, location }) => `${count}/${location}`)).toEqual(['1/', '0/Stue'])
    const bath = await room('Bad')
    expect((await tenant.rooms(house)).map(({ name }) => name)).toEqual(['Loft', 'Bad'])
    await tenant.removeRoom(house, living.id)
    expect(await tenant.rooms(house)).toEqual([bath])
    await expect(tenant.room(house, living.id)).rejects.toEqual(code('no-such-room'))
    await expect(tenant.removeRoom(house, living.id)).rejects.toEqual(code('no-such-room'))
    const actions = (await tenant.audit({ houseId: house })).map(({ action }) => action)
    expect(actions.slice(0, 5)).toEqual(['remove room', 'add room', 'change room', 'change room', 'add room'])
  })

  test('a room has a name of its own, and sensors that are in no other room', async () => {
    const living = await room('Stue')
    await tenant.changeRoom(house, living.id, { sensors: [at('Stue')] })
    const other = await room('Kjøkken')
    await expect(room('Stue ')).rejects.toEqual(code('conflict'))
    await expect(tenant.changeRoom(house, other.id, { name: 'Stue' })).rejects.toEqual(code('conflict'))
    await tenant.changeRoom(house, other.id, { name: 'Kjøkken' })
    const sensors = (...all: ReturnType<typeof at>[]) => tenant.changeRoom(house, other.id, { sensors: all })
    await expect(sensors(at('Stue'))).rejects.toThrow(/many 0 at Stue is in Stue already/)
    await expect(sensors(at('a'), at('a'))).rejects.toEqual(code('bad-request'))
    await expect(sensors(at('', 7))).rejects.toEqual(code('no-such-device'))
    await expect(sensors({ ...at(''), device: 'nonsense\0' })).rejects.toEqual(code('no-such-device'))
    for (const name of ['', ' \0 ', 'x'.repeat(101)]) await expect(room(name)).rejects.toEqual(code('bad-request'))
    for (const area of [0, -1, Number.NaN, 1e9])
      await expect(tenant.changeRoom(house, other.id, { area })).rejects.toEqual(code('bad-request'))
    const odd = await tenant.changeRoom(house, other.id, { name: 'B\0ad\ud800', comfort: { note: 'a\0\ud800' } })
    expect(odd).toMatchObject({ name: 'Bad\ufffd', comfort: { note: 'a\ufffd' } })
    await expect(tenant.changeRoom(house, other.id, { comfort: { note: 'x'.repeat(300_000) } })).rejects.toEqual(
      code('bad-request'),
    )
  })

  test('there is one loop for an actuator and one for a room', async () => {
    const [living, bath] = [await room('Stue'), await room('Bad')]
    const loop = await tenant.addLoop(house, heating(living.id))
    expect(loop).toEqual({
      id: loop.id,
      houseId: house,
      kind: 'heating',
      room: living.id,
      actuator: { ...pump(), verbs: undefined },
      mode: 'observe',
      pausedUntil: undefined,
      controller: 'schedule',
      settings: {},
      limits: {},
    })
    expect((await tenant.room(house, living.id)).loop).toBe(loop.id)
    await expect(tenant.addLoop(house, heating(bath.id))).rejects.toThrow(/That actuator has a control loop/)
    const elsewhere = heating(living.id, { actuator: pump('Bad') })
    await expect(tenant.addLoop(house, elsewhere)).rejects.toThrow(/That room has a control loop/)
    const two = await Promise.allSettled([1, 2].map(() => tenant.addLoop(house, { ...elsewhere, room: bath.id })))
    expect(two.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const battery = { ...at('', 1), capability: 'battery' as const }
    await tenant.addLoop(house, { kind: 'battery', actuator: battery, controller: 'battery' })
    expect((await tenant.control(house)).loops.map(({ kind }) => kind)).toEqual(['heating', 'heating', 'battery'])

    const bad = (loop: NewLoop, wanted: string) => expect(tenant.addLoop(house, loop)).rejects.toEqual(code(wanted))
    const free = pump('Loft')
    await bad({ kind: 'heating', actuator: free, controller: 'schedule' }, 'bad-request')
    await bad({ kind: 'ventilation', actuator: free, controller: 'ventilation' }, 'bad-request')
    await bad(heating(living.id, { kind: 'battery', actuator: battery }), 'bad-request')
    await bad(heating(9999, { actuator: free }), 'no-such-room')
    await bad(heating(bath.id, { actuator: pump('', 7) }), 'no-such-device')
    await bad(heating(bath.id, { actuator: free, controller: 'Robert; drop' }), 'bad-request')
    await tenant.removeLoop(house, loop.id)
    expect((await tenant.room(house, living.id)).loop).toBeUndefined()
    await expect(tenant.removeLoop(house, loop.id)).rejects.toEqual(code('no-such-loop'))
  })

  test('a loop shows what its actuator takes, within the bounds that the owner sets', async () => {
    const { id } = await tenant.addLoop(house, heating((await room('Stue')).id))
    const verbs = async () => (await tenant.control(house)).loops[0]?.actuator.verbs
    expect(await verbs()).toBeUndefined()
    await knows([actuator('Stue'), actuator('Bad')])
    expect(await verbs()).toMatchObject({ setTargetTemperature: { temperature: { minimum: 16, maximum: 30 } } })
    const bounds = { thermostat: { setTargetTemperature: { temperature: { maximum: 24 } } } }
    await tenant.setBounds(house, 'many', 0, bounds)
    expect(await verbs()).toMatchObject({ setTargetTemperature: { temperature: { minimum: 16, maximum: 24 } } })
    await knows([actuator('Bad')])
    expect(await verbs()).toBeUndefined()
    await expect(tenant.changeLoop(house, id, { mode: 'control' })).rejects.toThrow(/no thermostat at Stue .* at Bad/)
    await knows([actuator('Stue')])
    expect(await tenant.changeLoop(house, id, { mode: 'control' })).toMatchObject({ mode: 'control' })
    const nameless = heating((await room('Loft')).id, { actuator: pump('', 1), mode: 'control' })
    await knows([actuator('Only')], 1)
    expect((await tenant.addLoop(house, nameless)).actuator.verbs).toHaveProperty('setMode')
  })

  test('what nothing here runs is observed and never controlled', async () => {
    await tenant.addDevice(house, 'boxed', { credentials: { user: 'x' } })
    const boxed = heating((await room('Stue')).id, { actuator: { ...pump(), device: 'boxed' } })
    await expect(tenant.addLoop(house, { ...boxed, mode: 'control' })).rejects.toEqual(code('bad-request'))
    const { id } = await tenant.addLoop(house, boxed)
    await expect(tenant.changeLoop(house, id, { mode: 'control' })).rejects.toThrow(/takes no commands/)
  })

  test('each control keeps its settings while another runs; limits and pauses are replaced', async () => {
    const { id } = await tenant.addLoop(house, heating((await room('Stue')).id, { settings: { schedule: { a: 1 } } }))
    const changed = await tenant.changeLoop(house, id, {
      controller: 'price-responsive-pi',
      settings: { 'price-responsive-pi': { gain: 2 } },
      limits: { highest: 23 },
      pausedUntil: 5000,
    })
    expect(changed).toMatchObject({
      controller: 'price-responsive-pi',
      settings: { schedule: { a: 1 }, 'price-responsive-pi': { gain: 2 } },
      limits: { highest: 23 },
      pausedUntil: 5000,
      mode: 'observe',
    })
    const again = { settings: { schedule: {} }, limits: {}, pausedUntil: null }
    expect(await tenant.changeLoop(house, id, again)).toMatchObject({
      settings: { schedule: {}, 'price-responsive-pi': { gain: 2 } },
      limits: {},
      pausedUntil: undefined,
    })
    expect(await tenant.pauseControl(house, 9000)).toMatchObject([{ id, pausedUntil: 9000 }])
    expect(await tenant.pauseControl(house, null)).toMatchObject([{ id, pausedUntil: undefined }])
    for (const moment of [Number.NaN, -1, 1e300])
      await expect(tenant.pauseControl(house, moment)).rejects.toEqual(code('bad-request'))
    await expect(tenant.changeLoop(house, 2 ** 40, {})).rejects.toEqual(code('no-such-loop'))
    const [resumed, paused, change] = await tenant.audit({ houseId: house, limit: 3 })
    expect([resumed?.detail, paused?.detail]).toEqual([{ until: null }, { until: '1970-01-01T00:00:09.000Z' }])
    expect(change).toMatchObject({ action: 'change loop', detail: { loop: id, settings: ['schedule'], limits: {} } })
  })

  test('nothing of one house is seen, taken or changed through another', async () => {
    const { id } = await room('Stue')
    const loop = await tenant.addLoop(house, heating(id))
    const other = store.as(ola)
    const own = (await other.createHouse()).id
    await other.addDevice(own, 'one-only', { credentials })
    await expect(other.rooms(house)).rejects.toEqual(code('no-such-house'))
    await expect(other.room(own, id)).rejects.toEqual(code('no-such-room'))
    await expect(other.changeRoom(own, id, { name: 'Mine' })).rejects.toEqual(code('no-such-room'))
    await expect(other.removeRoom(own, id)).rejects.toEqual(code('no-such-room'))
    await expect(other.models(own, id)).rejects.toEqual(code('no-such-room'))
    await expect(other.changeLoop(own, loop.id, { mode: 'advise' })).rejects.toEqual(code('no-such-loop'))
    await expect(other.removeLoop(own, loop.id)).rejects.toEqual(code('no-such-loop'))
    await expect(other.addLoop(own, heating(id))).rejects.toEqual(code('no-such-device'))
    const taken = { kind: 'heating' as const, controller: 'schedule', room: id }
    await expect(other.addLoop(own, { ...taken, actuator: { ...pump(), device: 'one-only' } })).rejects.toEqual(
      code('no-such-room'),
    )
    expect(await other.receipts(own, { loop: loop.id })).toEqual([])
    expect(await other.rooms(own)).toEqual([])
    expect((await tenant.room(house, id)).name).toBe('Stue')
  })

  test('a reader looks; whoever may control sets rooms and loops; the facts need the right to change', async () => {
    const { id } = await room('Stue')
    const loop = await tenant.addLoop(house, heating(id))
    await tenant.setMember(house, 'ola', 'reader')
    const reader = store.as(ola)
    expect((await reader.control(house)).rooms).toHaveLength(1)
    const sets = (t: Tenant) => [
      () => t.changeRoom(house, id, { comfort }),
      () => t.changeLoop(house, loop.id, { mode: 'advise' }),
      () => t.pauseControl(house, null),
    ]
    const facts = (t: Tenant) => [() => t.setHouseFacts(house, { built: 1987 }), () => t.setPriceSettings(house, {})]
    for (const call of [...sets(reader), ...facts(reader)]) await expect(call()).rejects.toEqual(code('not-allowed'))
    const controller = store.as({ ...kari, scopes: ['control'] })
    for (const call of sets(controller)) await call()
    for (const call of facts(controller)) await expect(call()).rejects.toEqual(code('not-allowed'))
    const writer = store.as({ ...kari, scopes: ['write'] })
    for (const call of sets(writer)) await expect(call()).rejects.toEqual(code('not-allowed'))
    for (const call of facts(writer)) await call()
    expect(await tenant.control(house)).toMatchObject({ facts: { built: 1987 }, prices: {} })
  })

  test('with a room goes its loop, with a device its loops and sensors, with a house everything', async () => {
    const [living, bath] = [await room('Stue'), await room('Bad')]
    await tenant.changeRoom(house, living.id, { sensors: [at(''), at('', 1)] })
    await tenant.addLoop(house, heating(living.id))
    await tenant.addLoop(house, heating(bath.id, { actuator: pump('', 1) }))
    await tenant.removeRoom(house, bath.id)
    expect((await tenant.control(house)).loops).toMatchObject([{ room: living.id }])
    await tenant.removeDevice(house, 'many', 0)
    const left = await tenant.control(house)
    expect(left.loops).toEqual([])
    expect(left.rooms).toMatchObject([{ name: 'Stue', loop: undefined, sensors: [{ count: 1 }] }])
    await tenant.deleteHouse(house)
    await expect(tenant.rooms(house)).rejects.toEqual(code('no-such-house'))
  })
})
