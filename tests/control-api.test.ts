/** Rooms, comfort and control over the API, on real engines; turns are written as a controller leaves them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type HouseMemory, type Plan, planRoomName, type Receipt, usualComfort } from '@nabolag/control'
import { formatTime, microsFromMillis, type Sample } from '@nabolag/core'
import type { Tenant } from '@nabolag/store'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { program } from './stack.ts'
import { makeStand, makeToken, type Stand } from './thesis/stand.ts'

let stand: Stand
let token: string
let kari: Tenant
let house: number
const now = Date.now()
const hour = 3_600_000

beforeAll(async () => {
  stand = await makeStand()
  token = await makeToken(stand, 'kari')
  kari = stand.store.as(await stand.store.people.askerNamed('kari'))
  house = (await kari.createHouse({ name: 'One', timezone: 'Europe/Oslo' })).id
  for (const name of ['sensibo-sky', 'mill-sense', 'mill-heater', 'systemair-vsr500', 'victron', 'met'])
    await kari.addDevice(house, name, { credentials: { of: name } })
  // As the vendor's last answer showed them.
  const verbs = { setTargetTemperature: { temperature: { minimum: 16, maximum: 30, step: 1 } }, setFallback: {} }
  const { id } = await kari.device(house, 'sensibo-sky', 0)
  const actuators = ['Stue', 'Soverom', 'Kjeller'].map((location) => ({ location, capability: 'thermostat', verbs }))
  await stand.store.fleet.remember(id, 'actuators', actuators)
  const sample = (device: string, group: string, location: string, temperature: number) => ({
    ...{ houseId: house, device, count: 0, group, location, tags: {}, issued: undefined },
    ...{ time: microsFromMillis(now - 60_000), fields: { temperature } },
  })
  const samples = [
    sample('sensibo-sky', 'heatPumpController', 'Stue', 20.4),
    sample('mill-sense', 'airSensor', 'Stue', 20.1),
    sample('mill-sense', 'airSensor', 'Bad', 23),
  ]
  await stand.timeseries.write(samples, now)
}, 60_000)
afterAll(async () => stand?.close())

type Body = Record<string, unknown>
async function ask<Answer = Body>(method: string, path: string, json?: unknown, as = token) {
  const answer = await stand.ask(method, `/api/houses/${house}${path}`, { token: as, json })
  const text = await answer.text()
  return { status: answer.status, body: (text === '' ? undefined : JSON.parse(text)) as Answer }
}
const dayOf = (temperature: number) => usualComfort().weekday.map((wish) => ({ ...wish, temperature }))
const sense = (location: string) => ({ device: 'mill-sense', count: 0, location })
const pump = (location: string) => ({ device: 'sensibo-sky', count: 0, location })

type Shown = { id: number; loop: number; name: string; wish: Body; sensors: Body[] }
type LoopShown = { id: number; mode: string; pausedUntil: string | null; settings: Body; limits: Body; kind: string }
const roomNamed = async (name: string, more: object = {}) =>
  (await ask<Shown>('POST', '/rooms', { name, ...more })).body
const loopShown = async (id: number) =>
  (await ask<{ loops: LoopShown[] }>('GET', '/control')).body.loops.find((one) => one.id === id)

test('a room is made, read, changed and taken away; its actuator is observed from the beginning', async () => {
  const made = await ask<Shown>('POST', '/rooms', {
    ...{ name: 'Stue', area: 30, heating: { pump: { capacity: 5.5 }, resistance: 1 } },
    ...{ sensors: [sense('Stue'), { ...pump('Stue'), group: 'heatPumpController' }], actuator: pump('Stue') },
  })
  expect([made.status, made.body]).toMatchObject([
    201,
    {
      ...{ name: 'Stue', area: 30, heating: { pump: { capacity: 5.5 }, resistance: 1 }, contradictions: [] },
      sensors: [
        { ...sense('Stue'), group: 'airSensor', newest: { temperature: 20.1 } },
        { ...pump('Stue'), group: 'heatPumpController', newest: { temperature: 20.4 } },
      ],
      actuator: { ...pump('Stue'), capability: 'thermostat' },
      comfort: { exceptions: [] },
      wish: { from: expect.stringMatching(/^week/) },
    },
  ])
  const { id, loop } = made.body
  expect(await loopShown(loop)).toMatchObject({
    ...{ kind: 'heating', room: id, roomName: 'Stue', mode: 'observe', pausedUntil: null, controller: 'schedule' },
    ...{ settings: { offset: 0 }, limits: {}, notices: [] },
    actuator: { ...pump('Stue'), verbs: { setTargetTemperature: { temperature: { minimum: 16, maximum: 30 } } } },
  })
  await ask('PATCH', `/control/${loop}`, {
    mode: 'control',
    controller: 'price-responsive-pi',
    limits: { highest: 24 },
  })
  const moved = await ask<Shown>('PATCH', `/rooms/${id}`, { area: null, actuator: pump('Kjeller') })
  expect([moved.status, moved.body]).toMatchObject([200, { area: null, actuator: pump('Kjeller') }])
  expect(moved.body.loop).not.toBe(loop)
  // What control has left with the vendor would go on for ever.
  const [told] = await kari.commands(house)
  expect(told).toMatchObject({ verb: 'setFallback', location: 'Stue', arguments: { schedule: [] }, state: 'accepted' })
  const kept = { mode: 'observe', controller: 'price-responsive-pi', limits: { highest: 24 } }
  expect(await loopShown(moved.body.loop)).toMatchObject(kept)
  expect(await loopShown(loop)).toBeUndefined()
  const same = await ask<Shown>('PATCH', `/rooms/${id}`, { actuator: pump('Kjeller') })
  expect(same.body.loop).toBe(moved.body.loop)
  expect((await ask<Shown>('PATCH', `/rooms/${id}`, { actuator: null })).body).not.toHaveProperty('loop')
  expect(await ask('DELETE', `/rooms/${id}`)).toEqual({ status: 204, body: undefined })
  expect((await ask('GET', `/rooms/${id}`)).body).toMatchObject({ code: 'no-such-room' })
})

test('what is wrong is named with what is allowed, and leaves nothing behind', async () => {
  const taken = await roomNamed('Taken', { actuator: pump('Soverom'), sensors: [sense('Bad')] })
  const before = await ask('GET', '/rooms')
  const nowhere = { device: 'mill-sense', location: 'Loft' }
  const wrong: [json: Body, code: string, says: RegExp][] = [
    [{}, 'bad-request', /\/name is missing/],
    [{ name: 'A', area: -1 }, 'bad-request', /\/area must be >= 1/],
    [{ name: 'A', colour: 'red' }, 'bad-request', /\/colour is not known here/],
    [{ name: 'A', heating: { pump: { capacity: 900 } } }, 'bad-request', /capacity must be <= 100/],
    [{ name: 'A', sensors: [{ device: 'nothing' }] }, 'no-such-device', /\/sensors\/0\/device .* nothing\/0/],
    [{ name: 'A', sensors: [nowhere] }, 'bad-request', /\/sensors\/0\/location must be one of Bad, Stue/],
    [{ name: 'A', sensors: [sense('Bad')] }, 'bad-request', /in Taken already/],
    [{ name: 'A', actuator: pump('Loft') }, 'bad-request', /location must be one of Stue, Soverom, Kjeller/],
    [{ name: 'A', actuator: { device: 'met' } }, 'bad-request', /thermostat or heater; met is none/],
    [{ name: 'A', actuator: pump('Soverom') }, 'conflict', /under control already, in Taken/],
    [{ name: 'Taken' }, 'conflict', /named Taken already/],
    [{ name: 'A', comfort: { weekday: dayOf(60), weekend: dayOf(20) } }, 'bad-request', /weekday\/0\/temperature must/],
  ]
  for (const [json, code, says] of wrong) {
    const { body } = await ask('POST', '/rooms', json)
    expect(body, JSON.stringify(json)).toMatchObject({ code, detail: expect.stringMatching(says) })
  }
  expect((await ask('PATCH', `/rooms/${taken.id}`, { name: 'B', sensors: [nowhere] })).status).toBe(400)
  expect(await ask('GET', '/rooms')).toEqual(before)
  await ask('DELETE', `/rooms/${taken.id}`)
})

test('comfort has 24 hours of a weekday and of a weekend day, with fans, and keeps its exceptions', async () => {
  const { id } = await roomNamed('Comfort')
  const path = `/rooms/${id}/comfort`
  const fanned = dayOf(21.5).map((wish) => ({ ...wish, fan: 'low' }))
  const put = await ask('PUT', path, { weekday: fanned, weekend: fanned, restDays: ['2026-05-17'] })
  expect([put.status, put.body]).toEqual([
    200,
    { weekday: fanned, weekend: fanned, restDays: ['2026-05-17'], exceptions: [] },
  ])
  expect((await ask<Shown>('GET', `/rooms/${id}`)).body.wish).toMatchObject({
    ...{ temperature: 21.5, lowest: 20.5, highest: 22.5, fan: 'low' },
  })
  for (const [json, says] of [
    [{ weekday: fanned.slice(1), weekend: fanned }, /\/weekday must not have fewer than 24 items/],
    [{ weekday: fanned }, /\/weekend is missing/],
    [{ weekday: fanned, weekend: fanned, friday: fanned }, /\/friday is not known/],
    [{ weekday: fanned, weekend: [...fanned.slice(1), { temperature: 20 }] }, /weekend\/23\/deviation is missing/],
    [{ weekday: fanned, weekend: fanned, restDays: ['2026-02-30'] }, /restDays\/0 must be a date/],
  ] as const) {
    const refused = await ask('PUT', path, json)
    expect(refused, String(says)).toMatchObject({ status: 400, body: { detail: expect.stringMatching(says) } })
  }
  const added = await ask('POST', `${path}/exceptions`, { kind: 'guests', hours: 2, temperature: 23 })
  expect(added).toMatchObject({ status: 201, body: { id: 0, kind: 'guests', temperature: 23 } })
  expect((await ask('PUT', path, { weekday: dayOf(20), weekend: dayOf(20) })).body).toMatchObject({
    ...{ exceptions: [{ kind: 'guests' }], restDays: ['2026-05-17'] },
  })
})

test('an exception holds from its beginning to its end, and a boost at once', async () => {
  const { id } = await roomNamed('Away', { comfort: { weekday: dayOf(21), weekend: dayOf(21) } })
  const path = `/rooms/${id}/comfort/exceptions`
  const wish = async () => (await ask<Shown>('GET', `/rooms/${id}`)).body.wish
  const times = { from: new Date(now - hour).toISOString(), to: new Date(now + 48 * hour).toISOString() }
  expect(await ask('POST', path, { kind: 'away', ...times })).toMatchObject({ status: 201, body: { id: 0, ...times } })
  expect(await wish()).toMatchObject({ temperature: 16, lowest: 14, highest: 18, from: 'away' })
  expect((await ask('POST', path, { kind: 'boost', hours: 1.5 })).body).toMatchObject({ id: 1 })
  expect(await wish()).toMatchObject({ temperature: 22.5, from: 'boost' })
  expect((await ask('DELETE', `${path}/1`)).status).toBe(204)
  expect(await wish()).toMatchObject({ from: 'away' })
  expect((await ask('DELETE', `${path}/1`)).status).toBe(404)
  for (const [json, says] of [
    [{ kind: 'party', hours: 1 }, /kind must be one of away, guests, boost/],
    [{ kind: 'away' }, /\/to or hours is needed/],
    [{ kind: 'away', hours: 1, to: times.to }, /not both/],
    [{ kind: 'away', from: times.to, to: times.from }, /\/to must be after from/],
    [{ kind: 'away', to: '2020-01-01' }, /\/to must be after from/],
    [{ kind: 'away', from: '2019-01-01', to: '2020-01-01' }, /must not be past/],
    [{ kind: 'away', to: 'soon' }, /\/to must be an ISO 8601 time/],
    [{ kind: 'boost', hours: 1, temperature: 45 }, /\/temperature must be <= 30/],
  ] as const)
    expect(await ask('POST', path, json), JSON.stringify(json)).toMatchObject({
      ...{ status: 400, body: { detail: expect.stringMatching(says) } },
    })
  expect((await ask<{ exceptions: Body[] }>('GET', `/rooms/${id}/comfort`)).body.exceptions).toHaveLength(1)
})

test('settings are those of the controller, each keeps its own, and what does not fit is refused by name', async () => {
  const { loop } = await roomNamed('Settings', { actuator: pump('Stue') })
  const path = `/control/${loop}`
  const pi = await ask<LoopShown>('PATCH', path, {
    ...{ controller: 'price-responsive-pi', settings: { priceGain: 0.5, priceBasis: 'marginal' } },
  })
  // Table 7.4 of the thesis, but for what was set.
  expect(pi.body).toMatchObject({
    controller: 'price-responsive-pi',
    settings: {
      gamma: 0.7,
      priceGain: 0.5,
      integralGain: 1 / 24,
      proportionalGain: 1,
      alpha: 0.1,
      priceBasis: 'marginal',
    },
  })
  const other = await ask<LoopShown>('PATCH', path, { controller: 'schedule', settings: { offset: 1 } })
  expect(other.body.settings).toEqual({ offset: 1 })
  const again = await ask<LoopShown>('PATCH', path, {
    ...{ controller: 'price-responsive-pi', settings: { priceGain: null }, limits: { lowest: 18, highest: 24 } },
  })
  expect(again.body).toMatchObject({ settings: { priceGain: 0.1, priceBasis: 'marginal' }, limits: { highest: 24 } })
  for (const [json, says] of [
    [{ settings: { gamma: 2 } }, /\/settings\/gamma must be a number, 0.01 to 0.999/],
    [{ settings: { gamma: '0.7' } }, /\/settings\/gamma must be a number/],
    [{ settings: { priceUnit: 'EUR' } }, /\/settings\/priceUnit must be one of NOK\/kWh, øre\/kWh, NOK\/MWh/],
    [{ settings: { offset: 1 } }, /\/settings\/offset is not known here; there is gamma/],
    [{ settings: { gamma: 0.5, nothing: 1 } }, /\/settings\/nothing/],
    [{ controller: 'battery' }, /\/controller must be one of schedule, price-responsive-pi, model-predictive/],
    [{ limits: { lowest: 25 } }, /\/limits\/lowest must leave lowest below highest/],
    [{ limits: { frost: 1 } }, /\/limits\/frost must be a number, 3 to 18/],
    [{ limits: { coldest: 1 } }, /\/limits\/coldest is not known/],
    [{ mode: 'war' }, /\/mode must be one of observe, advise, control/],
    [{ pauseHours: 5000 }, /\/pauseHours must be <= 1440/],
    [{ pauseHours: 1, pausedUntil: null }, /pausedUntil or pauseHours, not both/],
    [{ pausedUntil: '2020-01-01' }, /must not be past/],
    [{}, /must/],
  ] as const) {
    const refused = await ask('PATCH', path, json)
    expect(refused, JSON.stringify(json)).toMatchObject({ status: 400, body: { detail: expect.stringMatching(says) } })
  }
  expect(await loopShown(loop)).toMatchObject({ settings: again.body.settings, limits: { lowest: 18, highest: 24 } })
  expect((await ask('PATCH', '/control/999999', { mode: 'observe' })).body).toMatchObject({ code: 'no-such-loop' })
})

test('batteries and ventilation are taken under control for the whole house, and let go again', async () => {
  const made = await ask<LoopShown>('POST', '/control', { kind: 'battery', actuator: { device: 'victron' } })
  expect(made).toMatchObject({
    status: 201,
    body: { kind: 'battery', mode: 'observe', controller: 'battery', settings: { minimumCharge: 20 } },
  })
  const fans = { kind: 'ventilation', actuator: { device: 'systemair-vsr500' }, mode: 'advise' }
  expect((await ask<LoopShown>('POST', '/control', fans)).body).toMatchObject({ mode: 'advise', kind: 'ventilation' })
  for (const [json, code, says] of [
    [{ ...fans, room: 1 }, 'bad-request', /\/room is not for ventilation/],
    [{ kind: 'heating', actuator: pump('Soverom') }, 'bad-request', /\/room is missing/],
    [{ kind: 'heating', room: 999_999, actuator: pump('Soverom') }, 'no-such-room', /room/],
    [{ kind: 'battery', actuator: pump('Stue') }, 'bad-request', /that is a battery/],
    [{ kind: 'battery', actuator: { device: 'victron' } }, 'conflict', /already/],
    [{ ...fans, settings: { co2Fair: 1200 } }, 'bad-request', /must leave co2Fair below co2Poor/],
  ] as const) {
    const { body } = await ask('POST', '/control', json)
    expect(body, JSON.stringify(json)).toMatchObject({ code })
    expect(JSON.stringify(body)).toMatch(says)
  }
  const full = await ask('PATCH', `/control/${made.body.id}`, { settings: { minimumCharge: 96 } })
  expect(full.body).toMatchObject({ detail: expect.stringContaining('must leave minimumCharge below maximumCharge') })
  expect((await ask('DELETE', `/control/${made.body.id}`)).status).toBe(204)
  expect(await loopShown(made.body.id)).toBeUndefined()
})

test('a mode and a pause hold at once, are in the books, and make the house due', async () => {
  const { fleet } = stand.store
  const { loop } = await roomNamed('Modes', { actuator: { device: 'mill-heater', location: 'Stue' } })
  const claimHouse = async () =>
    (await fleet.claimTurns({ id: 'one' }, 10, 60)).find(({ houseId }) => houseId === house)
  await fleet.releaseTurn((await claimHouse())!, now + hour)
  expect(await claimHouse()).toBeUndefined()
  await ask('PATCH', `/control/${loop}`, { mode: 'control' })
  const claim = await claimHouse()
  expect((await fleet.claimedHouse(claim!))?.control.loops.find(({ id }) => id === loop)).toMatchObject({
    mode: 'control',
  })
  await fleet.releaseTurn(claim!, now + hour)
  const paused = await ask<{ pausedUntil: string; loops: LoopShown[] }>('POST', '/control/pause', { hours: 3 })
  expect((Date.parse(paused.body.pausedUntil) - now) / hour).toBeCloseTo(3, 1)
  expect(new Set(paused.body.loops.map((one) => one.pausedUntil))).toEqual(new Set([paused.body.pausedUntil]))
  expect(paused.body.loops.length).toBeGreaterThan(1)
  const back = await claimHouse()
  expect(back).toBeDefined()
  await fleet.releaseTurn(back!, now + hour)
  expect((await ask<LoopShown>('PATCH', `/control/${loop}`, { pauseHours: 0 })).body.pausedUntil).toBeNull()
  expect((await ask<{ pausedUntil: null }>('POST', '/control/pause', { hours: 0 })).body.pausedUntil).toBeNull()
  const lines = await kari.audit({ houseId: house, limit: 10 })
  expect(lines.filter(({ action }) => action === 'pause control')).toHaveLength(2)
  expect(
    lines.find(({ action, detail }) => action === 'change loop' && /control/.test(JSON.stringify(detail))),
  ).toMatchObject({ username: 'kari', detail: { loop, mode: 'control' } })
})

test('receipts come newest first with their sentence first, notices beside their loop, and the plan with its band', async () => {
  const { fleet } = stand.store
  const { id: room, loop } = await roomNamed('Told', {
    actuator: pump('Kjeller'),
    comfort: { weekday: dayOf(21), weekend: dayOf(21) },
  })
  await ask('PATCH', `/control/${loop}`, { mode: 'control' })
  const [claim] = await fleet.claimTurns({ id: 'one' }, 10, 60)
  const at = Math.floor(now / hour) * hour
  const turn = (minutes: number, commanded: boolean) => ({
    ...{ loop, at: at + minutes * 60_000, receipt: receiptAt(at + minutes * 60_000) as unknown as Body },
    commands: commanded
      ? [
          {
            ...{ capability: 'thermostat' as const, verb: 'setTargetTemperature', validSeconds: 60 },
            arguments: { temperature: 22, location: 'Kjeller' },
          },
        ]
      : [],
  })
  const notices = [
    { kind: 'no-readings', loop, since: at, sentence: 'The thermometer is silent' },
    { kind: 'no-prices', since: at, sentence: 'There are no prices' },
  ] as const
  const memory: HouseMemory = { loops: {}, rooms: {}, notices }
  await fleet.saveTurn(claim!, {
    ...{
      memory: memory as unknown as Body,
      receipts: [turn(0, false), turn(5, true), turn(10, false)],
      next: now + hour,
    },
    plan: { madeAt: at, plan: planFrom(at, room) as unknown as Body },
  })
  const list = await ask<Body[]>('GET', `/receipts?loop=${loop}`)
  expect(list.body.map((one) => one.at)).toEqual([10, 5, 0].map((minutes) => isoAt(at + minutes * 60_000)))
  expect(list.body[1]).toMatchObject({
    ...{
      loop,
      sentence: 'Set to 22 °C',
      saw: { room: 20.5 },
      price: 0.9,
      nextBest: { choice: '21 °C', costsMore: 'unknown' },
    },
    commands: [{ verb: 'setTargetTemperature', state: 'accepted', reason: null }],
  })
  expect(Object.keys(list.body[1]!).slice(0, 4)).toEqual(['id', 'loop', 'at', 'sentence'])
  expect((await ask<Body[]>('GET', '/receipts?sent=true')).body).toEqual([list.body[1]])
  expect((await ask<Body[]>('GET', `/receipts?limit=1&before=${list.body[1]!.id}`)).body).toEqual([list.body[2]])
  const range = `from=${isoAt(at + 300_000)}&to=${isoAt(at + 600_000)}`
  expect((await ask<Body[]>('GET', `/receipts?${range}`)).body).toEqual([list.body[1]])
  expect((await ask('GET', '/receipts?from=soon')).body).toMatchObject({ code: 'bad-request' })
  const state = await ask<{
    loops: (LoopShown & { last?: Body; notices: Body[] })[]
    notices: Body[]
    nextTurn: string
  }>('GET', '/control')
  expect(state.body.loops.find(({ id }) => id === loop)).toMatchObject({
    ...{ last: list.body[0], notices: [{ kind: 'no-readings', since: isoAt(at) }] },
  })
  expect(state.body).toMatchObject({ notices: [{ kind: 'no-prices' }], controllers: [{ id: 'one' }] })
  expect(Date.parse(state.body.nextTurn)).toBeGreaterThan(now)

  const plan = await ask('GET', '/plan')
  expect(plan).toMatchObject({
    status: 200,
    body: {
      ...{ status: 'optimal', assumed: ['one thing'], power: [1, 0.5], madeAt: isoAt(at) },
      steps: [
        { from: isoAt(at), to: isoAt(at + hour / 4), price: 0.9 },
        { from: isoAt(at + hour / 4), to: isoAt(at + 1.25 * hour), price: 1.1 },
      ],
      rooms: [{ room, name: 'Told', temperature: [20.6, 20.9], power: [1, 0.5], lower: [20, 20], upper: [22, 22] }],
      limits: [{ limit: 'lower-comfort', room: 'Told', at: isoAt(at), worth: 0.2 }],
    },
  })
  expect(await ask('GET', '/plan?at=2020-01-01')).toMatchObject({ status: 404, body: { code: 'no-such-plan' } })
})

const isoAt = (millis: number) => formatTime(microsFromMillis(millis))
const receiptAt = (at: number): Receipt => ({
  ...{ at: new Date(at).toISOString(), control: 'schedule', place: 'Told', mode: 'control', saw: { room: 20.5 } },
  ...{ price: 0.9, decided: { temperature: 22 }, sent: { temperature: 22 }, outcome: 'command', because: 'It is cold' },
  ...{ bound: [], reasons: [], nextBest: { choice: '21 °C', costsMore: 'unknown' }, sentence: 'Set to 22 °C' },
})
const planFrom = (from: number, room: number): Plan => {
  const name = planRoomName({ id: room })
  const planned = {
    name,
    temperature: [20.6, 20.9],
    structure: [20, 20],
    heat: [3, 1.5],
    pump: [0.8, 0.5],
    resistance: [0.2, 0],
  }
  const home = { name: 'home', rooms: [{ ...planned, discomfort: 0 }], power: [1, 0.5], cost: 1, price: [0.9, 1.1] }
  const limits = [{ limit: 'lower-comfort', room: name, at: from, worth: 0.2 }] as const
  return {
    status: 'optimal',
    because: 'It is cheap',
    assumed: ['one thing'],
    from,
    steps: [0.25, 1],
    homes: [{ ...home, limits }],
  }
}

test('what is said of the house is checked and kept as it is', async () => {
  const facts = { area: 140, built: 1978, cap: 6, battery: { capacity: 10, power: 5 }, exportPrice: 0.4 }
  expect(await ask('PUT', '/control/facts', facts)).toEqual({ status: 200, body: facts })
  const experiment = { from: '2026-01-01', to: '2026-02-28' }
  const drawn = await ask('PUT', '/control/facts', { area: 140, experiment })
  expect(drawn.body).toEqual({ area: 140, experiment: { ...experiment, seed: expect.any(Number) } })
  for (const json of [
    { area: 0 },
    { battery: { capacity: 10 } },
    { rooms: 3 },
    { experiment: { from: '2026-02-01', to: '2026-01-01' } },
  ])
    expect((await ask('PUT', '/control/facts', json)).status, JSON.stringify(json)).toBe(400)
  expect(
    (await ask<{ facts: Body; choices: Record<string, { name: string; schema: Body }[]> }>('GET', '/control')).body,
  ).toMatchObject({
    facts: drawn.body,
    choices: {
      heating: [
        { name: 'schedule', schema: { type: 'object', properties: { offset: { default: 0 } } } },
        { name: 'price-responsive-pi', schema: { properties: { gamma: { default: 0.7 } } } },
        { name: 'model-predictive' },
      ],
      ventilation: [{ name: 'ventilation' }],
      battery: [{ name: 'battery' }],
    },
  })
})

test('a token that may control one house does what its control page does, and no more; others are turned away', async () => {
  const { id: room, loop } = await roomNamed('Rights', { actuator: pump('Soverom') })
  const makeOne = async (scopes: ('read' | 'control')[]) =>
    (await kari.createToken({ name: scopes.join(), scopes, houses: [house] })).token
  const [controls, reads, stranger] = await Promise.all([
    makeOne(['control']),
    makeOne(['read']),
    makeToken(stand, 'ola'),
  ])
  const calls = [
    ['GET', '/rooms', undefined, 200, 200],
    ['GET', `/rooms/${room}/comfort`, undefined, 200, 200],
    ['GET', '/control', undefined, 200, 200],
    ['GET', '/receipts', undefined, 200, 200],
    ['PATCH', `/control/${loop}`, { mode: 'advise' }, 200, 403],
    ['POST', '/control/pause', { hours: 0 }, 200, 403],
    ['PATCH', `/rooms/${room}`, { area: 12 }, 200, 403],
    ['POST', `/rooms/${room}/comfort/exceptions`, { kind: 'boost', hours: 1 }, 201, 403],
    ['PUT', '/control/facts', {}, 403, 403],
    ['DELETE', `/rooms/${room}`, undefined, 204, 403],
  ] as const
  for (const [method, path, json, control, read] of calls) {
    expect((await ask(method, path, json, stranger)).body, path).toMatchObject({ code: 'no-such-house' })
    expect((await ask(method, path, json, reads)).status, `${method} ${path}`).toBe(read)
    expect((await ask(method, path, json, controls)).status, `${method} ${path}`).toBe(control)
  }
  const other = await stand.store.as(await stand.store.people.askerNamed('ola')).createHouse({ name: 'Two' })
  const elsewhere = await stand.ask('GET', `/api/houses/${other.id}/control`, { token: controls })
  expect(elsewhere.status).toBe(403)
})

test('rooms are proposed from what the house logged, and a sensor that follows another heat pump is pointed out', async () => {
  const { id } = await kari.createHouse({ name: 'Logged', timezone: 'Europe/Oslo' })
  for (const name of ['sensibo-sky', 'mill-sense']) await kari.addDevice(id, name, { credentials: { of: name } })
  await stand.timeseries.write(loggedBy(id), now)
  const at = async <Answer>(method: string, path: string, json?: unknown) =>
    (await (await stand.ask(method, `/api/houses/${id}${path}`, { token, json })).json()) as Answer
  type Proposed = { pairs: Body[]; rooms: { name: string; sensors: Body[]; actuator: Body }[]; unmatched: Body[] }
  const proposal = await at<Proposed>('GET', '/rooms/proposal?days=12')
  expect(proposal.pairs.filter(({ by }) => by === 'data')).toMatchObject([
    {
      sensor: sense('first'),
      actuator: { ...pump('A'), capability: 'thermostat' },
      sentence: expect.stringContaining('correlation 0'),
    },
    { sensor: sense('second'), actuator: pump('B'), correlation: expect.any(Number), hours: expect.any(Number) },
  ])
  expect(proposal.rooms.map(({ name, sensors }) => [name, sensors[0]])).toMatchObject([
    ['A', sense('first')],
    ['B', sense('second')],
  ])
  const { id: room } = await at<Shown>('POST', '/rooms', proposal.rooms[0])
  expect(await at('GET', `/rooms/${room}`)).toMatchObject({ name: 'A', actuator: pump('A'), contradictions: [] })
  const wrong = await at<{ contradictions: Body[] }>('PATCH', `/rooms/${room}`, { sensors: [sense('second')] })
  expect(wrong.contradictions).toMatchObject([
    { sensor: sense('second'), sentence: expect.stringContaining("but follows the heat pump 'B'") },
  ])
})

/** Twelve days of two rooms; each heat pump goes on and off in its own time, and its room follows. */
function loggedBy(houseId: number): Sample[] {
  const samples: Sample[] = []
  for (const [n, [location, sensor]] of [['A', 'first'] as const, ['B', 'second'] as const].entries()) {
    let temperature = 20
    let power = 0
    // A small generator of its own: the same at every run.
    let state = n + 1
    const random = () => {
      state = (state * 48_271) % 2_147_483_647
      return state / 2_147_483_647
    }
    for (let at = now - 12 * 24 * hour; at < now; at += 600_000) {
      if (random() < 0.12) power = power === 0 ? 1200 : 0
      temperature += power / 6000 - 0.012 * (temperature - 12) + 0.02 * (random() - 0.5)
      const sample = (device: string, group: string, place: string, fields: Sample['fields']) => ({
        ...{ houseId, device, count: 0, group, location: place, tags: {}, issued: undefined, fields },
        time: microsFromMillis(at),
      })
      samples.push(sample('sensibo-sky', 'heatPumpController', location, { power }))
      samples.push(sample('mill-sense', 'airSensor', sensor, { temperature }))
    }
  }
  return samples
}

test('at the command line: a room is added and shown, its loop gets a mode and a pause', async () => {
  const run = async (...args: string[]) => {
    const env = { PATH: process.env.PATH, ...stand.addresses }
    const child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += part))
    const [exit] = await once(child, 'close')
    return { exit, output }
  }
  const { id } = await kari.createHouse({ name: 'Typed', timezone: 'Europe/Oslo' })
  await kari.addDevice(id, 'mill-heater', { credentials: { of: 'typed' } })
  const heater = ['--sensor', 'mill-heater:Bad', '--actuator', 'mill-heater/0:Bad']
  const added = await run('rooms', 'add', `${id}`, 'Bad', ...heater, '--area', '6')
  expect(added).toMatchObject({ exit: 0, output: expect.stringMatching(/^Room \d+ is there: Bad/) })
  const [loop] = (await kari.control(id)).loops
  expect(await run('control', 'mode', `${id}`, `${loop!.id}`, 'advise')).toMatchObject({ exit: 0 })
  expect((await run('control', 'mode', `${id}`, `${loop!.id}`, 'war')).output).toContain('observe, advise, control')
  const [paused, rooms] = await Promise.all([run('control', 'pause', `${id}`, '--hours', '2'), run('rooms', `${id}`)])
  expect(paused.output).toMatch(/^Control pauses until 20/)
  expect(rooms.output).toMatch(/Bad +(19|21) °C \(.*mill-heater\/0:Bad +mill-heater\/0:Bad/)
  const [listed, receipts] = await Promise.all([run('control', `${id}`), run('control', 'receipts', `${id}`, '--json')])
  expect(listed.output).toMatch(/Bad +mill-heater\/0:Bad +advise, paused until .* +schedule +nothing yet/)
  expect(JSON.parse(receipts.output)).toEqual([])
}, 60_000)

test('the description of the API holds every operation', async () => {
  const answer = await stand.ask('GET', '/api/openapi.json')
  const { paths } = (await answer.json()) as { paths: Record<string, Record<string, unknown>> }
  const path = '/api/houses/{houseId}'
  const wanted = {
    '/rooms': ['get', 'post'],
    '/rooms/proposal': ['get'],
    '/rooms/{roomId}': ['delete', 'get', 'patch'],
    '/rooms/{roomId}/comfort': ['get', 'put'],
    '/rooms/{roomId}/comfort/exceptions': ['post'],
    '/rooms/{roomId}/comfort/exceptions/{exceptionId}': ['delete'],
    '/control': ['get', 'post'],
    '/control/{loopId}': ['delete', 'patch'],
    '/control/pause': ['post'],
    '/control/facts': ['put'],
    '/receipts': ['get'],
    '/plan': ['get'],
  }
  for (const [end, methods] of Object.entries(wanted))
    expect(Object.keys(paths[path + end] ?? {}).sort(), end).toEqual(methods)
})
