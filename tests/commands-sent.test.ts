/** Commands on their way to the vendor: sent once at most, whatever the vendor and the connectors do. On real engines. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { expect, test } from 'vitest'
import {
  add,
  ask,
  connectors,
  ends,
  type Shown,
  settingsFor,
  start,
  states,
  until,
  useObedientVendor,
  vendor,
} from './obedient-vendor.ts'

useObedientVendor()

test.each([
  { name: 'the vendor says no', status: 422, state: 'refused', says: /The vendor says/ },
  { name: 'the vendor breaks', status: 500, state: 'failed', says: /nobody knows/ },
  { name: 'the vendor does not let us', status: 403, state: 'refused', says: /does not let us/ },
])(
  '$name: $state, and not sent again',
  async ({ status, state, says }) => {
    await start()
    const device = await add()
    await until('it is known what can be commanded', device.known)
    vendor.meet = () => status
    const { body } = await device.warm(22)
    const done = await device.becomes(body.id, state)
    expect(done.reason).toMatch(says)
    expect(done.reason).not.toContain('top-secret-')
    await new Promise((resolve) => setTimeout(resolve, 2500))
    expect(vendor.sent).toHaveLength(1)
    await device.remove()
  },
  180_000,
)

test('the vendor has had enough for a moment: it is asked again, and does it once', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  vendor.meet = () => (vendor.sent.length < 3 ? 429 : undefined)
  const { body } = await device.warm(22)
  const done = await device.becomes(body.id, 'confirmed')
  expect(states(done)).toEqual(['accepted', 'sent', 'applied', 'confirmed'])
  expect(vendor.sent).toHaveLength(3)
  expect(vendor.pods[0]?.target).toBe(22)
  await device.remove()
}, 180_000)

test('the vendor has had enough, and meanwhile another is wanted: only that one goes out', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  vendor.meet = () => 429
  // Long enough for the other to be asked for meanwhile, on any machine.
  vendor.retryAfter = 10
  const older = await device.warm(22, { validFor: 300 })
  await until('the vendor was asked', () => vendor.sent.length === 1)
  vendor.meet = () => undefined
  const newer = await device.warm(19, { validFor: 300 })
  const dropped = await device.becomes(older.body.id, 'failed')
  expect(dropped.reason).toMatch(/nothing was changed, and it is not asked again/)
  await device.becomes(newer.body.id, 'confirmed')
  expect(vendor.sent.map(({ body }) => body.target)).toEqual([22, 19])
  await device.remove()
}, 180_000)

test('the vendor has had enough for as long as the command is good: failed, and nothing comes after', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  vendor.meet = () => 429
  const { body } = await device.warm(22, { validFor: 10 })
  const done = await device.becomes(body.id, 'failed')
  expect(done.reason).toMatch(/429.*nothing was changed/)
  expect(done.reason).not.toContain('top-secret-')
  const asked = vendor.sent.length
  expect(asked).toBeGreaterThan(1)
  // With longer and longer waits: it has had enough.
  expect(asked).toBeLessThan(8)
  await new Promise((resolve) => setTimeout(resolve, 2500))
  expect(vendor.sent).toHaveLength(asked)
  expect(vendor.pods[0]?.target).toBe(20)
  await device.remove()
}, 180_000)

test('a device that obeys in words only: applied, and a reason that says no reading has shown it', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  vendor.deaf = true
  const { body } = await device.warm(22)
  await device.becomes(body.id, 'applied')
  await until('it is given up', async () => /No reading has shown it/.test((await device.read(body.id)).reason ?? ''))
  expect((await device.read(body.id)).state).toBe('applied')
  await device.remove()
}, 180_000)

test('code that never ends is ended, and counts as not done', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  const { body } = await device.command({
    capability: 'thermostat',
    verb: 'setOn',
    arguments: { on: false },
    validFor: 8,
  })
  await device.becomes(body.id, 'expired')
  expect(vendor.sent).toEqual([])
  const { body: next } = await device.warm(21)
  await device.becomes(next.id, 'confirmed')
  await device.remove()
}, 180_000)

test('while nothing runs a command waits; only the newest goes out, and none that is too old', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  await connectors.pop()?.close()
  const first = await device.warm(18)
  const second = await device.warm(19)
  const old = await device.command({
    capability: 'thermostat',
    verb: 'setMode',
    arguments: { mode: 'cool' },
    validFor: 1,
  })
  expect(await device.read(first.body.id)).toMatchObject({
    state: 'expired',
    reason: expect.stringContaining(second.body.id),
  })
  await device.becomes(old.body.id, 'expired')
  await start()
  await device.becomes(second.body.id, 'confirmed')
  expect(vendor.sent.map(({ body }) => body)).toEqual([{ target: 19 }])
  await device.remove()
}, 180_000)

test('a stopped device is not commanded until it is started again', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  await ask('POST', `${device.path}/stop`)
  const stateOf = async () => ((await (await ask('GET', device.path)).json()) as { state: string }).state
  await until('it is stopped', async () => (await stateOf()) === 'stopped')
  const { body } = await device.warm(23)
  await new Promise((resolve) => setTimeout(resolve, 2500))
  expect([vendor.sent.length, (await device.read(body.id)).state]).toEqual([0, 'accepted'])
  await ask('POST', `${device.path}/start`)
  await device.becomes(body.id, 'confirmed')
  await device.remove()
}, 180_000)

test('a connector killed while a command is on its way: nobody sends it again, and the next one goes on', async () => {
  await start()
  const device = await add()
  await until('it is known what can be commanded', device.known)
  await start(0)
  const child = spawn(process.execPath, [join(import.meta.dirname, 'connector-child.ts')], {
    env: { PATH: process.env.PATH, ...settingsFor() },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  ends.push(async () => void child.kill('SIGKILL'))
  vendor.slow = 60_000
  const { body } = await device.warm(23, { validFor: 300 })
  await until('it is on its way', () => vendor.sent.length === 1)
  expect((await device.read(body.id)).state).toBe('sent')
  child.kill('SIGKILL')
  await once(child, 'exit')
  vendor.slow = 0
  const { body: next } = await device.command({
    capability: 'thermostat',
    verb: 'setMode',
    arguments: { mode: 'cool' },
    validFor: 300,
  })
  await start()
  await device.becomes(next.id, 'confirmed')
  expect(await device.read(body.id)).toMatchObject({ state: 'failed', reason: expect.stringMatching(/nobody knows/) })
  expect(vendor.sent.map(({ method }) => method)).toEqual(['PATCH', 'POST'])
  await device.remove()
}, 120_000)

test('two connectors, many askers at once: each command is sent once at most, one at a time, the newest last', async () => {
  await start(2)
  const devices = await Promise.all([add(), add(), add()])
  for (const device of devices) await until('it is known what can be commanded', device.known, undefined, 40_000)
  vendor.slow = 150
  let last = ''
  for (let round = 0; round < 5; round++) {
    const all = await Promise.all(
      devices.flatMap((device) => [17, 18, 19, 20, 21].map((low) => device.warm(low + round))),
    )
    expect(all.every(({ status }) => status === 202)).toBe(true)
    last = all.at(-1)!.body.id
  }
  const settled = ['applied', 'confirmed', 'expired']
  for (const device of devices) {
    const list = async () => (await (await ask('GET', `${device.path}/commands?limit=25`)).json()) as Shown[]
    await until(
      'all are settled',
      async () => (await list()).every(({ state }) => settled.includes(state)),
      async () => JSON.stringify((await list()).map(({ state, reason }) => [state, reason])),
    )
    const shown = await list()
    expect(shown).toHaveLength(25)
    expect(settled.slice(0, 2)).toContain(shown[0]!.state)
    for (const one of shown) expect(states(one).filter((state) => state === 'sent').length).toBeLessThanOrEqual(1)
  }
  const sentStates = (
    await Promise.all(
      devices.map(async ({ path }) => (await (await ask('GET', `${path}/commands?limit=25`)).json()) as Shown[]),
    )
  ).flat()
  expect(vendor.sent).toHaveLength(sentStates.filter((one) => states(one).includes('sent')).length)
  expect(last).not.toBe('')
  for (const device of devices) await device.remove()
}, 120_000)

test('the vendor’s limits hold, a command goes before polls, and one that waits too long is not sent', async () => {
  await start()
  const device = await add('rationed')
  await until('it is known what can be commanded', device.known)
  // What the machine itself stands still, a call comes later than it was let go.
  const late = monitorEventLoopDelay({ resolution: 10 })
  late.enable()
  const sent = await Promise.all(
    [0, 1, 2, 3].map(async (at) => {
      await new Promise((resolve) => setTimeout(resolve, at * 120))
      return device.warm(18 + at)
    }),
  )
  await until('the newest is done', async () =>
    ['applied', 'confirmed'].includes((await device.read(sent[3]!.body.id)).state),
  )
  const times = vendor.sent.map(({ at }) => at)
  late.disable()
  for (let at = 2; at < times.length; at++) expect(times[at]! - times[at - 2]!).toBeGreaterThan(2800 - late.max / 1e6)
  const { body } = await device.warm(25, { validFor: 1 })
  const { body: other } = await device.warm(26, { validFor: 1 })
  await until(
    'they are settled',
    async () => ['applied', 'confirmed', 'expired'].includes((await device.read(other.id)).state),
    async () => JSON.stringify(await device.read(other.id)),
  )
  for (const [target, { id }] of [
    [25, body],
    [26, other],
  ] as const)
    expect(vendor.sent.some((one) => one.body.target === target)).toBe((await device.read(id)).state !== 'expired')
  await device.remove()
}, 180_000)
