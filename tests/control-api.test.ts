/** Control over the API, on real engines; turns are written as a controller leaves them. */
import { type HouseMemory, type Plan, planRoomName, type Receipt } from '@nabolag/control'
import { formatTime, microsFromMillis } from '@nabolag/core'
import { expect, test } from 'vitest'
import {
  ask,
  type Body,
  dayOf,
  hour,
  house,
  kari,
  type LoopShown,
  loopShown,
  now,
  pump,
  roomNamed,
  stand,
  useControlHouse,
} from './control-house.ts'
import { makeToken } from './thesis/stand.ts'

useControlHouse()

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
  const asked = Date.now()
  const paused = await ask<{ pausedUntil: string; loops: LoopShown[] }>('POST', '/control/pause', { hours: 3 })
  expect(Date.parse(paused.body.pausedUntil)).toBeGreaterThanOrEqual(asked + 3 * hour - 1000)
  expect(Date.parse(paused.body.pausedUntil)).toBeLessThanOrEqual(Date.now() + 3 * hour)
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
  expect((await ask('PUT', '/control/facts', { area: 140, experiment })).body).toEqual(drawn.body)
  for (const json of [
    { area: 0 },
    { battery: { capacity: 10 } },
    { rooms: 3 },
    { experiment: { from: '2026-02-01', to: '2026-01-01' } },
    { experiment: { from: '2026-02-01', to: '2026-02-30' } },
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
