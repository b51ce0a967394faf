import { afterEach, beforeEach, expect, test } from 'vitest'
import { device, openStage, type Stage, until } from './fixtures/stage.ts'
import { json, room, startVendor, type Vendor } from './fixtures/vendor.ts'

let vendor: Vendor
let stage: Stage
beforeEach(async () => {
  vendor = await startVendor()
  vendor.answer = (_, response) => json(response, 200, room())
})
afterEach(async () => {
  await stage.close()
  await vendor.close()
})

test('a connector whose lease ran out, and that has it back while it stops its devices, runs them all again', async () => {
  const names = ['polite', 'open', 'wild']
  const devices = names.map((name) => device(name, { token: name, place: 'a' }))
  stage = await openStage(devices, vendor.base, { rereadEvery: 60_000 })
  const running = () => devices.filter(({ id }) => stage.statuses.get(id)?.state === 'running').length
  await until('all run', () => running() === names.length)
  // The store takes until after the lease is over to answer.
  const asked: (() => void)[] = []
  stage.store.claim = () => new Promise((answer) => asked.push(() => answer(Date.now() + 15_000)))
  await until('the lease has run out', () => Object.keys(stage.connector.stats().devices).length === 0, 20_000)
  stage.store.claim = async () => Date.now() + 15_000
  for (const answer of asked) answer()
  await until('all have begun another run', () => devices.every(({ id }) => stage.statuses.get(id)!.run > 1), 20_000)
  const began = Date.now()
  const heardSince = (id: number) =>
    stage.published.filter(({ topic, at }) => topic.startsWith('sensors/') && topic.includes(`/${id}/`) && at > began)
  // One that is stopped by mistake may well measure once or twice before.
  await until('all go on measuring', () => devices.every(({ id }) => heardSince(id).length > 10), 20_000)
  expect(stage.connector.stats().devices).toEqual({ running: names.length })
}, 90_000)
