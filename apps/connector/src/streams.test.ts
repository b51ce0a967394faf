import { afterEach, beforeEach, expect, test } from 'vitest'
import { device, openStage, type Stage, until } from './fixtures/stage.ts'
import { json, room, startVendor, type Vendor } from './fixtures/vendor.ts'

let vendor: Vendor
let stage: Stage
beforeEach(async () => {
  vendor = await startVendor()
})
afterEach(async () => {
  await stage?.close()
  await vendor.close()
})

const open = async (devices = [device('pushing', { token: 'top-secret' })]) => {
  stage = await openStage(devices, vendor.base, { tempo: 1 })
  return devices
}
const status = (id: number) => stage.statuses.get(id)
const samples = () => stage.published.filter(({ topic }) => topic.startsWith('sensors/'))

test('devices with the same credentials in several houses share one stream', async () => {
  const devices = await open([1, 2, 3].map(() => device('pushing', { token: 'shared' })))
  await until('all run', () => devices.every(({ id }) => status(id)?.state === 'running'))
  expect(vendor.sockets.opened).toBe(1)
  expect(new Set(samples().map(({ topic }) => topic)).size).toBe(3)
})

test('one of several that share a refused stream is tried at once when its owner starts it again', async () => {
  vendor.onSocket = 4403
  const devices = await open([1, 2].map(() => device('pushing', { token: 'shared' })))
  await until('both are refused', () => devices.every(({ id }) => status(id)?.state === 'refused'))
  const third = device('pushing', { token: 'shared' })
  stage.devices.push(third)
  stage.desire(third)
  await until('a new one says why it does not run', () => status(third.id)?.state === 'refused')
  vendor.onSocket = 'serve'
  stage.devices[1] = { ...devices[1]!, generation: 2 }
  stage.desire(stage.devices[1])
  await until('all run', () => stage.devices.every(({ id }) => status(id)?.state === 'running'))
})

test('no account holds more streams than the vendor allows', async () => {
  const devices = await open(['1', '2', '3'].map((path) => device('pushing', { token: 'one-account', path })))
  await until('one waits', () => devices.some(({ id }) => status(id)?.state === 'throttled'))
  await until('two run', () => devices.filter(({ id }) => status(id)?.state === 'running').length === 2)
  expect(vendor.sockets.open).toBe(2)
  expect(devices.map(({ id }) => status(id)?.reason).find((reason) => reason !== undefined)).toMatch(
    /2 connections for an account/,
  )
})

test('a stream that falls silent is dropped, opened again, and told to be stale meanwhile', async () => {
  const [one] = await open()
  await until('it runs', () => status(one!.id)?.state === 'running')
  const { next } = vendor
  vendor.next = () => undefined
  await until('it is stale', () => status(one!.id)?.state === 'stale')
  expect(status(one!.id)?.reason).toMatch(/Nothing came over the connection/)
  vendor.next = next
  await until('it runs again', () => status(one!.id)?.state === 'running')
  expect(vendor.sockets.opened).toBeGreaterThan(1)
  expect(status(one!.id)).toMatchObject({ restarts: 1, run: 2 })
  expect(vendor.sockets.open).toBe(1)
})

test('a socket that never says a word is given up', async () => {
  vendor.onSocket = 'mute'
  const [one] = await open()
  await until('it is told', () => /did not take up|Nothing came/.test(status(one!.id)?.reason ?? ''))
  vendor.onSocket = 'serve'
  await until('it runs', () => status(one!.id)?.state === 'running')
})

test.each([
  { code: 4403, state: 'refused' },
  { code: 4429, state: 'throttled' },
  { code: 1001, state: 'backing-off' },
] as const)('closed with $code: $state', async ({ code, state }) => {
  vendor.onSocket = code
  const [one] = await open()
  await until(`it is ${state}`, () => status(one!.id)?.state === state)
  expect(status(one!.id)?.reason).toContain(String(code))
  if (state === 'refused') {
    const { opened } = vendor.sockets
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(vendor.sockets.opened).toBe(opened)
  }
})

test('when nothing fits for too long the stream ends, and what does not fit is named', async () => {
  vendor.next = () => ({ time: 5, rooms: [] })
  const [one] = await open()
  await until('it is told', () => /has changed: time.*are left out/.test(status(one!.id)?.reason ?? ''))
  await until('it is given up', () => status(one!.id)?.state === 'backing-off')
  expect(status(one!.id)?.reason).toMatch(/has changed: time.*it is tried again by itself/)
  expect(vendor.sockets.opened).toBe(1)
})

test.each([
  { name: 'a kind of its own', frame: '{"type":"news","payload":{"x":1}}', told: false },
  { name: 'a sign of life', frame: '{"type":"ka"}', told: false },
  { name: 'no JSON', frame: '{"id":"1","type":"ne', told: true },
  { name: 'no frame', frame: 'null', told: true },
  { name: 'an answer without data', frame: '{"id":"1","type":"next","payload":{"data":null}}', told: true },
  { name: 'an answer without anything', frame: '{"id":"1","type":"next"}', told: true },
  { name: 'another form', frame: '{"id":"1","type":"next","payload":{"data":{"rooms":7}}}', told: true },
  {
    name: 'holes beside errors',
    told: true,
    frame: '{"type":"next","payload":{"data":{"x":1},"errors":[{"message":"no"}]}}',
  },
])('a stream goes on beside messages that are $name', async ({ frame, told }) => {
  const [one] = await open()
  await until('it runs', () => status(one!.id)?.state === 'running')
  vendor.extra = [frame]
  // Longer than the silence after which a stream is dropped.
  const begun = Date.now()
  await until('it has gone on for long', () => samples().some(({ at }) => at > begun + 2500))
  expect(vendor.sockets.opened).toBe(1)
  expect(status(one!.id)).toMatchObject({ state: 'running', restarts: 0 })
  expect(stage.lines.some(({ message }) => /left out/.test(message))).toBe(told)
})

test('a stream that answers without a measurement stays open, is stale, and is opened again much later', async () => {
  const [one] = await open()
  await until('it runs', () => status(one!.id)?.state === 'running')
  const { next } = vendor
  vendor.next = () => room(null)
  await until('it is stale', () => status(one!.id)?.state === 'stale')
  expect(status(one!.id)?.reason).toMatch(/^It answers, but has measured nothing new/)
  expect(vendor.sockets.opened).toBe(1)
  await until('it is opened again', () => vendor.sockets.opened === 2, 30_000)
  vendor.next = next
  await until('it runs again', () => status(one!.id)?.state === 'running')
}, 180_000)

test('a stream must not be less guarded than the vendor, nor anything but a stream', async () => {
  vendor.answer = (_, response) => json(response, 200, { url: 'ftp://127.0.0.1/live' })
  const [one] = await open()
  await until('it is told', () => /begins ftp:\/\//.test(status(one!.id)?.reason ?? ''))
})
