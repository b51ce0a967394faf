/** The program of `examples/python`: its law against ours, and the program itself against a house with a heat pump. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Connector, startConnector } from '@nabolag/connector'
import { controllers, type HeatingView, type PriceStep, publishedSettings } from '@nabolag/control'
import { microsFromMillis, readSettings } from '@nabolag/core'
import { type Datalogger, startDatalogger } from '@nabolag/datalogger'
import { demoHouses, makeWorld, type Simulators, startSimulators } from '@nabolag/simulators'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../stack.ts'
import { makeStand, makeToken, type Stand } from '../thesis/stand.ts'

const folder = join(import.meta.dirname, '../../examples/python')
const program = join(folder, 'price_responsive_pi.py')
const hasPython = spawnSync('python3', ['-c', 'import sys; assert sys.version_info >= (3, 8)']).status === 0
const reason = hasPython ? '' : ' (left out: there is no Python 3.8)'
const minute = 60_000
const hour = 60 * minute

/** The same numbers each time (mulberry32). */
function lots(seed: number) {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (low: number, high: number) => low + (high - low) * next()
  return { between, whole: (low: number, high: number) => Math.floor(between(low, high + 1)), chance: () => next() }
}

/** A room at a moment, with a past or without one; some on the days when the clock is changed, some between prices. */
function situation(seed: number) {
  const { between, whole, chance } = lots(seed)
  const days = ['2026-03-28', '2026-03-29', '2026-10-24', '2026-10-25', '2026-01-15', '2027-02-01']
  const now = Date.parse(days[whole(0, days.length - 1)]!) + whole(0, 24 * 60) * minute
  const first = Math.floor(now / hour) * hour - whole(0, 20) * hour
  const prices: PriceStep[] = Array.from({ length: whole(0, 55) }, (_, k) => ({
    from: first + k * hour,
    to: first + (k + 1) * hour,
    spot: between(-0.5, 4),
    grid: between(0, 0.5),
  }))
  if (chance() < 0.3) prices.splice(whole(0, prices.length), 1)
  const step = chance() < 0.8 ? 1 : 0.5
  const setpoints = { lowest: 16 + whole(0, 1) * 0.5, highest: 26 + whole(0, 4), step }
  const view: HeatingView = {
    now,
    room: { at: now - minute, value: between(17, 25) },
    wish: { temperature: whole(32, 46) / 2, lowest: 0, highest: 40, from: 'weekday' },
    unit: (['on', 'on', 'on', 'off', 'off-by-itself', 'unknown'] as const)[whole(0, 5)]!,
    held: chance() < 0.1 ? 'unknown' : { at: now - whole(0, 40) * minute, value: 16 + whole(0, 20) * step },
    setpoints,
    prices,
  }
  const past = { integral: between(-60, 60), error: between(-2, 2), carry: between(-step, step) }
  const memory =
    chance() < 0.15 ? undefined : { ...past, at: now - whole(3, 45) * minute, measuredAt: now - hour, reference: 0 }
  return { view, memory }
}

/** As the program sees it: seconds, and spot and grid tariff together. */
const asPython = ({
  view: { now, room, wish, unit, held, setpoints, prices },
  memory,
}: ReturnType<typeof situation>) => ({
  seen: {
    now: now / 1000,
    room: room === 'unknown' ? null : room.value,
    wish: wish.temperature,
    on: unit === 'unknown' ? null : unit === 'on',
    held: held === 'unknown' ? null : held.value,
    heldSince: held === 'unknown' ? 0 : held.at / 1000,
    ...setpoints,
    prices: prices.map(({ from, to, spot, grid }) => [from / 1000, to / 1000, spot + grid]),
  },
  before: memory ? { ...memory, at: memory.at / 1000 } : null,
})

const ask = `
import json, sys
sys.path.insert(0, sys.argv[1])
from price_responsive_pi import TABLE, decide
answers = []
for one in json.load(sys.stdin):
    u, setpoint, after = decide(one["seen"], {**TABLE, **one["settings"]}, one["before"])
    answers.append({"u": u, "setpoint": setpoint, **after})
json.dump(answers, sys.stdout)
`
type Answer = { u: number; setpoint: number; integral: number; error: number; carry: number }

function askPython(questions: readonly unknown[]): Answer[] {
  const input = JSON.stringify(questions)
  const { stdout, stderr, status } = spawnSync('python3', ['-B', '-c', ask, folder], { input, maxBuffer: 2 ** 26 })
  if (status !== 0) throw new Error(String(stderr))
  return JSON.parse(String(stdout)) as Answer[]
}

describe.skipIf(!hasPython)(`the law in Python${reason}`, () => {
  const ours = controllers.heating.find(({ name }) => name === 'price-responsive-pi')!
  const decide = (view: HeatingView, settings: object, memory: unknown) =>
    ours.decide(view, { ...publishedSettings, ...settings } as never, memory as never) as {
      set?: { temperature: number }
      memory: { integral: number; error: number; carry: number }
    }
  const situations = Array.from({ length: 200 }, (_, seed) => situation(seed + 1))

  test('gives the same u as ours in 200 situations, as published', () => {
    const answers = askPython(situations.map((one) => ({ ...asPython(one), settings: { restWithin: 0 } })))
    let unbound = 0
    for (const [i, { view, memory }] of situations.entries()) {
      const free = { ...view, setpoints: { lowest: -1000, highest: 1000, step: 1 } }
      const decision = decide(free, { rounding: 'none', restWithin: 0 }, memory)
      expect(Math.abs(answers[i]!.u - decision.set!.temperature), `situation ${i}`).toBeLessThan(1e-9)
      if (answers[i]!.u > view.setpoints.lowest && answers[i]!.u < view.setpoints.highest) unbound++
    }
    expect(unbound).toBeGreaterThan(100)
  })

  test('and the same step of the unit, integral and carried rest, with rest near the aim and other gains', () => {
    const settings = { gamma: 0.9, priceGain: 0.6, proportionalGain: 1.5, alpha: 0.2, restWithin: 0.5 }
    const answers = askPython(situations.map((one) => ({ ...asPython(one), settings })))
    const steps = new Set<number>()
    for (const [i, { view, memory }] of situations.entries()) {
      const { set, memory: after } = decide(view, settings, memory)
      expect(answers[i]!.setpoint, `situation ${i}`).toBe(set!.temperature)
      for (const name of ['integral', 'error', 'carry'] as const)
        expect(Math.abs(answers[i]![name] - after[name]), `${name} of situation ${i}`).toBeLessThan(1e-9)
      steps.add(answers[i]!.setpoint)
    }
    expect(steps.size).toBeGreaterThan(10)
  })
})

describe.skipIf(!hasPython)(`the program against a house${reason}`, () => {
  const place = demoHouses.find(({ number }) => number === 5)!
  const state = mkdtempSync(join(tmpdir(), 'nabolag-python-'))
  let stand: Stand
  let simulators: Simulators
  let datalogger: Datalogger
  let connector: Connector
  let token: string
  let house: number

  beforeAll(async () => {
    stand = await makeStand()
    token = await makeToken(stand, 'kari')
    const kari = stand.store.as(await stand.store.people.askerNamed('kari'))
    house = (await kari.createHouse({ name: 'Home', timezone: 'Europe/Oslo' })).id
    const world = makeWorld({ houses: [place], start: Math.floor(Date.now() / hour) * hour - 24 * hour })
    simulators = await startSimulators({ vendors: ['sensibo'], world })
    const settings = readSettings({
      ...stand.addresses,
      NABOLAG_VENDOR_URLS: `sensibo=${simulators.urls.sensibo}`,
      NABOLAG_LOG_LEVEL: 'error',
    })
    datalogger = await startDatalogger(settings)
    await kari.addDevice(house, 'sensibo-sky', { credentials: { 'api-key': place.sensibo!.key } })
    connector = await startConnector(settings, { log: { debug() {}, info() {}, warn() {}, error() {} } })
    const of = { houseId: house, device: 'spot-price', count: 0, location: '', group: 'spotPrice' }
    const from = Math.floor(Date.now() / hour) * hour - 3 * hour
    const prices = Array.from({ length: 24 }, (_, k) => ({
      ...of,
      tags: { currency: 'NOK', area: 'NO3' },
      time: microsFromMillis(from + k * hour),
      issued: microsFromMillis(from),
      fields: { price: 0.4 + 0.05 * k, minutes: 60 },
    }))
    await stand.timeseries.write(prices, Date.now())
  }, 180_000)
  afterAll(async () => {
    await connector?.close()
    await datalogger?.close()
    await simulators?.close()
    await stand?.close()
    rmSync(state, { recursive: true, force: true })
  }, 180_000)

  const asked = async <Body>(method: string, path: string, json?: unknown): Promise<Body> => {
    const answer = await stand.ask(method, `/api/houses/${house}${path}`, { token, json })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${text}`)
    return JSON.parse(text) as Body
  }
  const run = (args: readonly string[], environment: NodeJS.ProcessEnv = {}) =>
    new Promise<{ code: number | null; said: string }>((resolve) => {
      const env = { PATH: process.env.PATH, NABOLAG_URL: stand.url, TOKEN: token, ...environment }
      const child = spawn('python3', ['-B', program, String(house), ...args], { env })
      let said = ''
      child.stdout.on('data', (chunk) => (said += chunk))
      child.stderr.on('data', (chunk) => (said += chunk))
      child.once('exit', (code) => resolve({ code, said }))
    })

  test('one turn commands the heat pump, once; it sends nothing in a dry run, or where Nabolag itself controls', async () => {
    // The bedroom is kept at 16 to 18 °C at every hour of the day; the other room has a stove.
    const pump = { device: 'sensibo-sky', location: 'Soverom' }
    await until('the heat pump is known', async () => {
      const { known } = await asked<{ known: boolean }>('GET', '/devices/sensibo-sky/count/0/actuators')
      const { newest } = await asked<{ newest: unknown[] }>('GET', '/newest?device=sensibo-sky&location=Soverom')
      return known && newest.length > 0
    })
    const room = await asked<{ id: number; loop: number; sensors: { newest: { temperature: number } }[] }>(
      'POST',
      '/rooms',
      { name: 'Soverom', sensors: [pump], actuator: pump },
    )
    const args = [String(room.id), '--once']
    const wishFor = (temperature: number) => {
      const day = Array.from({ length: 24 }, () => ({ temperature, deviation: 1 }))
      return asked('PUT', `/rooms/${room.id}/comfort`, { weekday: day, weekend: day })
    }
    const commands = () =>
      asked<{ state: string; verb: string; asked_by: string; arguments: object }[]>('GET', '/commands')

    // The unit takes 16 °C at the least.
    await wishFor(12)
    expect((await run([...args, '--dry-run'])).said).toMatch(/wish 12, .*: u [\d.-]+, set-point 16 /)
    // Well above what it has now.
    await wishFor(24)
    const dry = await run([...args, '--dry-run'])
    expect(dry).toEqual({ code: 0, said: expect.stringContaining('nothing is sent, for this is a dry run') })
    expect(dry.said).toMatch(
      /^\S+Z Soverom [\d.]+ °C, wish 24, price term -0\.\d\d K, .*set-point \d\d \(it has \d\d\)/,
    )
    await asked('PATCH', `/control/${room.loop}`, { mode: 'control' })
    expect(await run(args)).toEqual({ code: 0, said: expect.stringContaining('Nabolag controls this room') })
    expect(await commands()).toEqual([])

    await asked('PATCH', `/control/${room.loop}`, { mode: 'observe' })
    const file = join(state, 'memory.json')
    const done = await run([...args, '--state', file])
    expect(done).toEqual({ code: 0, said: expect.stringMatching(/; (applied|confirmed)\n$/) })
    await until('a reading shows it', async () => (await commands())[0]?.state === 'confirmed', 30_000)
    const setpoint = Number(/set-point (\d+)/.exec(done.said)?.[1])
    expect(await commands()).toMatchObject([
      { verb: 'setTargetTemperature', asked_by: expect.stringContaining('kari'), arguments: { temperature: setpoint } },
    ])
    expect(setpoint).toBeGreaterThan(room.sensors[0]!.newest.temperature)

    // Its memory says so, whether the room has been measured since or not.
    const next = expect.stringMatching(/no new reading|nothing changes/)
    expect(await run([...args, '--state', file])).toEqual({ code: 0, said: next })
    expect(await commands()).toHaveLength(1)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ held: setpoint })
  }, 180_000)

  test('a server that is too busy is asked again when it says so', async () => {
    const server = createServer((_, response) => {
      const busy = { code: 'too-many-requests', title: 'Too many attempts; wait a while', who: 'you' }
      response.writeHead(429, { 'retry-after': '120' }).end(JSON.stringify(busy))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const NABOLAG_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const env = { PATH: process.env.PATH, NABOLAG_URL, TOKEN: token }
    const child = spawn('python3', ['-B', program, String(house), '1'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    const [said] = (await once(child.stdout, 'data')) as [Buffer]
    expect(String(said)).toMatch(/429 Too many attempts; wait a while \(you can mend it\); again in 1[2-5]\d s/)
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([130, null])
    server.closeAllConnections()
    server.close()
  })

  test('a wrong token, a house of somebody else and a server that is away end with 1 and a sentence', async () => {
    const cases = [
      [{ TOKEN: 'nbl_wrong' }, /403 The token is not, or no longer, valid \(you can mend it\)/],
      [{ TOKEN: await makeToken(stand, 'ola') }, /403 There is no such house/],
      [{ NABOLAG_URL: 'http://127.0.0.1:1' }, /no answer: .*refused/],
      [{ TOKEN: '' }, /Not set: TOKEN/],
    ] as const
    for (const [environment, said] of cases)
      expect(await run(['1', '--once'], environment)).toEqual({ code: 1, said: expect.stringMatching(said) })
  })
})
