import { demoHouses, makeWorld, type Simulators, startSimulators } from '@nabolag/simulators'
import { severalHomes } from '@nabolag/simulators/tibber-home'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { device, openStage, type Stage, until } from './fixtures/stage.ts'

let simulators: Simulators
let stage: Stage | undefined
beforeAll(async () => {
  simulators = await startSimulators({
    vendors: ['tibber', 'nordpool', 'mill'],
    world: makeWorld({ houses: demoHouses.slice(0, 3) }),
  })
})
afterEach(async () => {
  for (const vendor of ['tibber', 'nordpool', 'mill'] as const) simulators.faults[vendor].clear()
  await stage?.close()
  stage = undefined
})
afterAll(() => simulators.close())

const integrations = (name: string) => ({ integrations: [{ name, module: '@nabolag/integrations/list' }] })
const samples = () =>
  stage!.published
    .filter(({ topic }) => topic.startsWith('sensors/'))
    .flatMap(({ payload }) => JSON.parse(payload) as { tags: Record<string, string>; fields: Record<string, number> }[])

test('all homes of a Tibber account are logged over one socket, and one that cannot be started leaves the others', async () => {
  const one = device('tibber-realtime', { 'api-key': severalHomes })
  stage = await openStage([one], simulators.urls.tibber, integrations('tibber-realtime'))
  const heard = () => [...new Set(samples().map(({ tags }) => tags.location))].sort()
  await until('all are heard', () => heard().length === 3, 30_000)
  expect(heard()).toEqual(['House 3', 'House 4', 'House 5'])
  expect(stage.connector.stats().integrations['tibber-realtime']).toMatchObject({ polls: 1 })
  await stage.close()

  const { place } = simulators.world.houses.map(({ house }) => ({ place: house.tibber?.home })).find((it) => it.place)!
  simulators.faults.tibber.set('outage', { account: place })
  const again = device('tibber-realtime', { 'api-key': severalHomes })
  stage = await openStage([again], simulators.urls.tibber, integrations('tibber-realtime'))
  await until('the others are heard', () => heard().length === 2, 30_000)
  await until('they go on', () => samples().length > 6, 30_000)
  expect(heard()).toEqual(['House 4', 'House 5'])
  expect(stage.statuses.get(again.id)).toMatchObject({ state: 'running' })
}, 90_000)

test('a hundred houses of an area get their prices, and the vendor is asked as if they were one', async () => {
  const devices = Array.from({ length: 100 }, () => device('spot-price', { area: 'NO3' }))
  // A fault that changes nothing counts the calls.
  simulators.faults.nordpool.set('late', { seconds: 0 })
  stage = await openStage(devices, simulators.urls.nordpool, integrations('spot-price'))
  const running = () => devices.filter(({ id }) => stage!.statuses.get(id)?.state === 'running').length
  await until('all run', () => running() === 100, 60_000)
  const houses = new Set(samples().map(({ tags }) => tags.house_id))
  expect(houses.size).toBe(100)
  // Today, and in the afternoon tomorrow, here and at the other source.
  expect(simulators.faults.nordpool.struck.late).toBeLessThanOrEqual(3)
}, 90_000)

test('devices of an account that the vendor asked to wait do not put the end of its pause off for one another', async () => {
  const account = simulators.started.get('mill')!.accounts![0]!.credentials
  const devices = [1, 2, 3, 4].map((turn) => device(turn % 2 ? 'mill-sense' : 'mill-heater', account))
  simulators.faults.mill.set('throttled', { retryAfter: 2 })
  stage = await openStage(devices, simulators.urls.mill, {
    tempo: 0.2,
    integrations: ['mill-sense', 'mill-heater'].map((name) => ({ name, module: '@nabolag/integrations/list' })),
  })
  const states = () => devices.map(({ id }) => stage!.statuses.get(id)?.state)
  await until('all wait', () => states().every((state) => state === 'throttled'), 40_000)
  simulators.faults.mill.clear()
  // After the vendor's two seconds each waits up to two of its own (at this tempo), so that they do not come all at once.
  await until('all run', () => states().every((state) => state === 'running'), 25_000)
}, 90_000)
