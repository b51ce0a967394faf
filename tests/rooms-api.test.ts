/** Rooms and comfort over the API and at the command line, on real engines. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { microsFromMillis, type Sample } from '@nabolag/core'
import { expect, test } from 'vitest'
import {
  ask,
  type Body,
  dayOf,
  hour,
  house,
  kari,
  loopShown,
  now,
  pump,
  roomNamed,
  type Shown,
  sense,
  stand,
  token,
  useControlHouse,
} from './control-house.ts'
import { program } from './stack.ts'

useControlHouse()

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

test('what several people change in the same moment is all kept', async () => {
  const { id, loop } = await roomNamed('Together', { actuator: pump('Kjeller') })
  const path = `/rooms/${id}/comfort`
  const temperatures = [16, 17, 18, 19, 20, 21]
  const answers = await Promise.all([
    ...temperatures.map((temperature) => ask('POST', `${path}/exceptions`, { kind: 'guests', hours: 2, temperature })),
    ask('PUT', path, { weekday: dayOf(22), weekend: dayOf(23) }),
    ask('PATCH', `/rooms/${id}`, { comfort: { weekday: dayOf(22), weekend: dayOf(23) }, area: 12 }),
    ask('PATCH', `/control/${loop}`, { limits: { lowest: 18 } }),
    ask('PATCH', `/control/${loop}`, { limits: { highest: 24 } }),
    ask('PATCH', `/control/${loop}`, { limits: { minutesBetween: 20 }, settings: { offset: 1 } }),
  ])
  expect(answers.map(({ status }) => status)).toEqual([...temperatures.map(() => 201), 200, 200, 200, 200, 200])
  expect(new Set(answers.slice(0, 6).map(({ body }) => body.id)).size).toBe(6)
  const { exceptions } = (await ask<{ exceptions: { temperature: number }[] }>('GET', path)).body
  expect(exceptions.map(({ temperature }) => temperature).toSorted()).toEqual(temperatures)
  expect(await loopShown(loop)).toMatchObject({
    ...{ limits: { lowest: 18, highest: 24, minutesBetween: 20 }, settings: { offset: 1 } },
  })
  await ask('DELETE', `/rooms/${id}`)
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
  const [, room = ''] = /^Room (\d+)/.exec(added.output) ?? []
  expect((await run('rooms', 'change', `${id}`, room)).output).toContain('Say what is to be another')
  const freed = await run('rooms', 'change', `${id}`, room, '--name', 'Badet', '--no-actuator')
  expect(freed).toMatchObject({ exit: 0, output: `Room ${room} is changed: Badet.\n` })
  const [left] = await kari.rooms(id)
  expect(left).toMatchObject({ area: 6, sensors: [{ location: 'Bad' }] })
  expect(left?.loop).toBeUndefined()
  const heated = await run('rooms', 'change', `${id}`, room, '--actuator', 'mill-heater/0:Bad')
  expect(heated.output).toMatch(/^Room \d+ is changed: Badet\.\nLoop \d+ observes it\./)
}, 180_000)

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
