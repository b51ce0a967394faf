import { afterEach, beforeEach, expect, test } from 'vitest'
import { device, openStage, type Stage, until } from './fixtures/stage.ts'
import { startVendor, type Vendor } from './fixtures/vendor.ts'

let vendor: Vendor
let stage: Stage
beforeEach(async () => {
  vendor = await startVendor()
})
afterEach(async () => {
  await stage?.close()
  await vendor.close()
})

const sent = () => stage.published.filter(({ topic }) => topic.startsWith('sensors/'))
const outbox = () => stage.connector.stats().outbox

test('a broker that takes less than comes in holds the polls back; all that was read goes out', async () => {
  const devices = Array.from({ length: 30 }, () => device('polite', { token: 'a' }))
  // 500 are on their way at once; the rest waits here.
  stage = await openStage(devices, vendor.base, { mostWaiting: 100 })
  await until('all run', () => devices.every(({ id }) => stage.statuses.get(id)?.state === 'running'))
  stage.bus.slow = 20_000
  let asked = -1
  await until('nobody asks any more', () => {
    const { length } = vendor.requests
    const still = outbox().waiting > 540 && length === asked
    asked = length
    return still
  })
  await new Promise((resolve) => setTimeout(resolve, 1500))
  expect(vendor.requests.length - asked).toBeLessThanOrEqual(30)
  expect(outbox().waiting).toBeLessThanOrEqual(600)
  expect(outbox().dropped).toBe(0)
  stage.bus.slow = 0
  await until('they ask again', () => vendor.requests.length > asked + 60, 60_000)
  expect(outbox().dropped).toBe(0)
  const total = () => stage.connector.stats().integrations.polite!.samples
  await until('all that was read is out', () => outbox().waiting === 0 && outbox().published === total())
  expect(sent().length).toBe(total())
}, 120_000)

test('without a broker polls go on, what waits is bounded, the newest goes out when it is back', async () => {
  const devices = Array.from({ length: 30 }, () => device('polite', { token: 'a' }))
  stage = await openStage(devices, vendor.base, { mostWaiting: 100 })
  await until('all run', () => devices.every(({ id }) => stage.statuses.get(id)?.state === 'running'))
  stage.bus.connected = false
  await until('there is no room left', () => outbox().dropped > 50)
  expect(outbox().waiting).toBeLessThanOrEqual(600)
  const asked = vendor.requests.length
  await until('they ask still', () => vendor.requests.length > asked + 60)
  const back = Date.now()
  stage.bus.connected = true
  await until('it is all out, and new ones are', () => sent().some(({ at }) => at > back) && outbox().waiting < 100)
  const total = () => stage.connector.stats().integrations.polite!.samples
  // Every sample was either taken over by the broker or counted as dropped.
  await until('none is unaccounted for', () => outbox().published + outbox().dropped + outbox().waiting === total())
  expect(sent().length).toBeGreaterThanOrEqual(outbox().published)
})

test('more readings in a minute than a device may have are not taken, and its owner is told', async () => {
  const flood = device('wild', { token: 'first-token', behave: 'pours' })
  const calm = device('wild', { token: 'second-token' })
  stage = await openStage([flood, calm], vendor.base)
  const status = () => stage.statuses.get(flood.id)
  await until('it is stopped short', () => status()?.state === 'throttled', 60_000)
  expect(status()?.reason).toMatch(
    /^More than 20000 readings came within a minute; the rest is not taken; .* at 20.*Z\.$/,
  )
  const heard = sent().filter(({ topic }) => topic.includes(`/${flood.id}/`))
  const minutes = new Map<string, number>()
  for (const { payload } of heard)
    for (const { time } of JSON.parse(payload) as { time: number | string }[]) {
      const minute = new Date(time).toISOString().slice(0, 16)
      minutes.set(minute, (minutes.get(minute) ?? 0) + 1)
    }
  expect(Math.max(...minutes.values())).toBeLessThanOrEqual(20_000)
  const before = sent().filter(({ topic }) => topic.includes(`/${calm.id}/`)).length
  await until(
    'the other goes on',
    () => sent().filter(({ topic }) => topic.includes(`/${calm.id}/`)).length > before + 3,
  )
}, 90_000)

test('a thread with more devices than its memory is made for hands them to a larger one', async () => {
  const first = device('polite', { token: 'a' })
  stage = await openStage([first], vendor.base, { devicesAtLeast: 2 })
  const runs = (id: number) => stage.statuses.get(id)?.state === 'running'
  await until('it runs', () => runs(first.id))
  const threads = () => stage.connector.stats().integrations.polite!
  expect(threads().threads).toBe(1)
  const more = Array.from({ length: 5 }, () => device('polite', { token: 'a' }))
  stage.devices.push(...more)
  for (const one of more) stage.desire(one)
  await until('all run', () => stage.devices.every(({ id }) => runs(id)))
  expect(threads()).toMatchObject({ threads: 2, deaths: 0, devices: 6 })
  expect(stage.statuses.get(first.id)).toMatchObject({ restarts: 0, run: 1 })
  const before = sent().length
  await until('all are heard from there', () => {
    const heard = new Set(
      sent()
        .slice(before)
        .map(({ topic }) => topic),
    )
    return stage.devices.every(({ id }) => heard.has(`sensors/polite/${id}/0`))
  })
  // What the first thread had read when it ended is out as well.
  expect(outbox().published + outbox().waiting).toBe(threads().samples)
})
