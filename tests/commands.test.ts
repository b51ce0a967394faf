/** Commands as they are asked for over the API, the bus and the command line: who may, and within which bounds. On real engines. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type Bus, connectBus, onCommandResult, publishCommand } from '@nabolag/bus'
import type { CommandResult } from '@nabolag/core'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  add,
  ask,
  ends,
  house,
  pod,
  type Shown,
  settingsFor,
  stand,
  start,
  states,
  token,
  until,
  useObedientVendor,
  vendor,
} from './obedient-vendor.ts'
import { program } from './stack.ts'
import { makeToken } from './thesis/stand.ts'

useObedientVendor()

test('asked over the API, sent once, done by the vendor, and confirmed by a reading', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  const actuators = (await (await ask('GET', `${device.path}/actuators`)).json()) as Record<string, unknown>
  expect(actuators).toMatchObject({
    actuators: [
      {
        location: 'Stue',
        capability: 'thermostat',
        verbs: { setTargetTemperature: { temperature: { minimum: 16, maximum: 30, step: 0.5 } } },
      },
    ],
  })
  const events = await listen()
  const { status, location, body } = await device.warm(22.5)
  expect([status, body.state, body.location, body.asked_by]).toEqual([202, 'accepted', 'Stue', 'kari'])
  expect(location).toBe(`${device.path}/commands/${body.id}`)
  const done = await device.becomes(body.id, 'confirmed')
  expect(states(done)).toEqual(['accepted', 'sent', 'applied', 'confirmed'])
  expect(vendor.sent).toMatchObject([{ method: 'PATCH', path: '/v1/pods/p1', body: { target: 22.5 } }])
  await until('all was told', () => events.filter(({ id }) => id === body.id).length >= 4)
  expect(events.filter(({ id }) => id === body.id).map(({ state }) => state)).toEqual(states(done))
  await until('its log tells', async () =>
    (await device.tenant.log(house, 'obedient', device.count)).some(({ message }) => /by kari: applied/.test(message)),
  )
  await device.remove()
}, 180_000)

/** The events of the house as they come. */
async function listen(): Promise<{ id: string; state: string }[]> {
  const heard: { id: string; state: string }[] = []
  const abort = new AbortController()
  ends.push(async () => abort.abort())
  const answer = await fetch(`${stand.url}/api/houses/${house}/events`, {
    headers: { authorization: `Bearer ${token}` },
    signal: abort.signal,
  })
  void (async () => {
    let text = ''
    for await (const part of answer.body!) {
      text += Buffer.from(part).toString()
      const all = text.split('\n\n')
      text = all.pop()!
      for (const event of all)
        if (event.startsWith('event: command\n')) heard.push(JSON.parse(event.slice(event.indexOf('data: ') + 6)))
    }
  })().catch(() => {})
  return heard
}

test('what is out of bounds is 400 with its name, value and what is allowed, and never reaches the vendor', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  const bounds = { thermostat: { setTargetTemperature: { temperature: { maximum: 24 } } } }
  expect((await ask('PATCH', device.path, { bounds })).status).toBe(200)
  expect((await ask('PATCH', device.path, { bounds: { kettle: {} } })).status).toBe(400)
  const hot = await device.warm(25)
  expect([hot.status, hot.body]).toMatchObject([
    400,
    { code: 'out-of-bounds', argument: 'temperature', value: 25, allowed: '16 to 24 °C in steps of 0.5' },
  ])
  for (const wrong of ['21', null, Number.POSITIVE_INFINITY, [21]]) expect((await device.warm(wrong)).status).toBe(400)
  expect((await device.warm(20, { validFor: 0.5 })).status).toBe(400)
  expect((await device.warm(20, { validFor: 3601 })).status).toBe(400)
  expect((await device.warm(20, { soon: true })).status).toBe(400)
  vendor.pods.push(pod('p2', 'Soverom'))
  await until('the second one is known', async () => (await device.warm(20)).status === 400)
  expect((await device.warm(20)).body).toMatchObject({ detail: expect.stringContaining('Stue, Soverom') })
  const arguments_ = { temperature: 19, location: 'Soverom' }
  const named = await device.command({ capability: 'thermostat', verb: 'setTargetTemperature', arguments: arguments_ })
  await device.becomes(named.body.id, 'confirmed')
  expect(vendor.sent.at(-1)).toMatchObject({ path: '/v1/pods/p2', body: { target: 19 } })
  expect(vendor.sent.every(({ body }) => Number(body.target) <= 24)).toBe(true)
  await device.remove()
}, 180_000)

test('whatever is asked for, nothing outside of any bound reaches the vendor', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  const bounds = { thermostat: { setTargetTemperature: { temperature: { minimum: 18, maximum: 24 } } } }
  await ask('PATCH', device.path, { bounds })
  const temperature = fc.oneof(
    fc.integer({ min: 10, max: 40 }).map((half) => half / 2 + 8),
    fc.double(),
    fc.string(),
  )
  // Some are within bounds whatever chance picks.
  const fine = [18, 18.5, 20, 21, 23.5, 24].flatMap((value) => [[value, false] as const, [value, true] as const])
  const asked = [...fc.sample(fc.tuple(temperature, fc.boolean()), 80), ...fine]
  let taken = 0
  for (const [value, inSchedule] of asked) {
    const answer = inSchedule
      ? await device.command({
          capability: 'thermostat',
          verb: 'setFallback',
          arguments: { timezone: 'Europe/Oslo', schedule: [{ at: '06:00', temperature: value }] },
        })
      : await device.warm(value)
    if (answer.status === 202) taken++
    else expect(answer.status).toBe(400)
  }
  expect(taken).toBeGreaterThanOrEqual(fine.length)
  await until('all are settled', async () => {
    const list = (await (await ask('GET', `${device.path}/commands?limit=${taken}`)).json()) as Shown[]
    return list.every(({ state }) => ['applied', 'confirmed', 'expired'].includes(state))
  })
  const reached = vendor.sent.flatMap(({ body }) =>
    'target' in body ? [body.target] : (body.schedule as { temperature: unknown }[]).map((entry) => entry.temperature),
  )
  expect(reached.length).toBeGreaterThan(0)
  for (const value of reached) expect(typeof value === 'number' && value >= 18 && value <= 24).toBe(true)
  await device.remove()
}, 120_000)

test('a program with an account commands over the bus; its id answers, and what is bad is answered too', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  const made = await ask('POST', `/api/houses/${house}/publishers`, { name: 'brain', commands: true })
  const login = (await made.json()) as { username: string; password: string; commands: boolean }
  expect([made.status, login.commands]).toEqual([201, true])
  const brain = await signInAs(login)
  const results: CommandResult[] = []
  await onCommandResult(brain, { houseId: house }, (_place, result) => results.push(result))
  const topic = `commands/${house}/obedient/${device.count}`
  const command = {
    id: 'mine-1',
    capability: 'thermostat',
    verb: 'setTargetTemperature',
    arguments: { temperature: 21.5 },
  }
  await brain.publish(topic, command)
  await brain.publish(`${topic}/${login.username}`, command)
  await until('it is confirmed', () => results.some(({ id, state }) => id === 'mine-1' && state === 'confirmed'))
  expect(vendor.sent).toHaveLength(1)
  expect(results.find(({ state }) => state === 'sent')).toMatchObject({ asked_by: login.username, location: 'Stue' })

  const bad = [
    { ...command, id: 'hot', arguments: { temperature: 99 } },
    { ...command, id: 'odd', soon: 1 },
    { ...command, id: 'long', validFor: 1e9 },
    { ...command, id: 'late', validUntil: '2001-01-01T00:00:00Z' },
  ]
  for (const one of bad) await brain.publish(topic, one)
  await brain.publish(topic, 'no json')
  await brain.publish(`commands/${house}/obedient/9999`, { ...command, id: 'nowhere' })
  const stateOf = (id: string) => results.find((one) => one.id === id && one.state !== 'accepted')
  await until('all are answered', () => ['hot', 'odd', 'long', 'late', 'nowhere'].every((id) => stateOf(id)))
  expect(['hot', 'odd', 'long', 'late', 'nowhere'].map((id) => stateOf(id)?.state)).toEqual([
    'refused',
    'refused',
    'refused',
    'expired',
    'refused',
  ])
  expect(stateOf('hot')?.reason).toContain('99')
  const kept = (await (await ask('GET', `${device.path}/commands`)).json()) as Shown[]
  // One of them was no JSON, and had no id to be answered with.
  const own = kept.filter(({ asked_by }) => asked_by === login.username)
  expect(own.map(({ state }) => state).sort()).toEqual([
    'confirmed',
    'expired',
    'refused',
    'refused',
    'refused',
    'refused',
  ])

  // An own role, and a house that is not the account's.
  await publishCommand(stand.bus, { houseId: house, integration: 'obedient', count: device.count }, 'controller', {
    ...command,
    id: 'own',
    arguments: { temperature: 20.5 },
  })
  await until('the role is answered', () => results.some(({ id, state }) => id === 'own' && state === 'confirmed'))
  // The broker ends the connection of one that reaches for somebody else's house.
  void (await signInAs(login)).publish(`commands/${house + 1}/obedient/0`, command).catch(() => {})
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(vendor.sent).toHaveLength(2)
  const reader = await stand.store
    .as(await stand.store.people.askerNamed('kari'))
    .createToken({ name: 'r', scopes: ['read', 'write'] })
  expect(
    (await ask('POST', `/api/houses/${house}/publishers`, { name: 'b', commands: true }, reader.token)).status,
  ).toBe(403)
  await device.remove()
}, 180_000)

async function signInAs({ username, password }: { username: string; password: string }): Promise<Bus> {
  const url = new URL(stand.brokerUrl)
  url.username = username
  url.password = password
  const bus = await connectBus({ url: url.href })
  ends.push(() => bus.close())
  return bus
}

test('at the command line: asked, waited for, and listed', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  const run = async (...args: string[]) => {
    const child = spawn(process.execPath, [program, ...args], {
      env: { PATH: process.env.PATH, ...settingsFor() },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += part))
    const [exit] = await once(child, 'close')
    return { exit, output }
  }
  const what = [`${house}`, `obedient/${device.count}`, 'thermostat', 'setTargetTemperature']
  expect(await run('command', ...what, 'temperature=22.5', 'location=Stue')).toMatchObject({
    exit: 0,
    output: expect.stringMatching(/^(applied|confirmed)/),
  })
  expect(vendor.sent.map(({ body }) => body)).toEqual([{ target: 22.5 }])
  expect(await run('command', ...what, 'temperature=99')).toMatchObject({
    exit: 1,
    output: expect.stringContaining('allowed is 5 to 35 °C'),
  })
  vendor.meet = () => 422
  expect(await run('command', ...what, 'temperature=20')).toMatchObject({
    exit: 2,
    output: expect.stringContaining('refused: The vendor says'),
  })
  const listed = await run('commands', `${house}`, '--device', `obedient/${device.count}`, '--limit', '2')
  expect(listed.output).toMatch(/setTargetTemperature location=Stue temperature=20 +operator +refused/)
  await device.remove()
}, 180_000)

test('a foreign house, a reader and a token without the scope are refused; a token with it may', async () => {
  const device = await add()
  const { store } = stand
  const kari = store.as(await store.people.askerNamed('kari'))
  const body = { capability: 'thermostat', verb: 'setTargetTemperature', arguments: { temperature: 20 } }
  const asked = async (as: string) => {
    const answer = await ask('POST', `${device.path}/commands`, body, as)
    return [answer.status, ((await answer.json()) as { code?: string }).code]
  }
  expect(await asked(await makeToken(stand, 'ola'))).toEqual([403, 'no-such-house'])
  await kari.setMember(house, 'ola', 'reader')
  expect(await asked(await makeToken(stand, 'ola'))).toEqual([403, 'not-allowed'])
  expect(await asked((await kari.createToken({ name: 'r', scopes: ['read', 'write'] })).token)).toEqual([
    403,
    'not-allowed',
  ])
  const only = (await kari.createToken({ name: 'c', scopes: ['control'] })).token
  expect(await asked(only)).toEqual([202, undefined])
  expect((await ask('GET', `${device.path}/commands`, undefined, only)).status).toBe(200)
  expect((await ask('GET', `/api/houses/${house}/commands?limit=1`)).status).toBe(200)
  expect((await ask('GET', `${device.path}/commands/none`)).status).toBe(404)
  await device.remove()
})
