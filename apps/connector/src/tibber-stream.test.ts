import { demoHouses, type Simulators, startSimulators } from '@nabolag/simulators'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { device, openStage, type Stage, until } from './fixtures/stage.ts'

let simulators: Simulators
let stage: Stage
beforeAll(async () => {
  simulators = await startSimulators({ vendors: ['tibber'] })
})
afterEach(async () => {
  simulators.faults.tibber.clear()
  await stage?.close()
})
afterAll(() => simulators.close())

const name = 'tibber-realtime'
const open = async () => {
  const { credentials } = demoHouses[0]!.devices.find(({ integration }) => integration === name)!
  const one = device(name, credentials)
  const integrations = [{ name, module: '@nabolag/integrations/list' }]
  stage = await openStage([one], simulators.urls.tibber, { integrations, callTimeout: 10_000, runTimeout: 20_000 })
  await until('it runs', () => stage.statuses.get(one.id)?.state === 'running')
  return one.id
}
const samples = () => stage.published.filter(({ topic }) => topic.startsWith('sensors/'))

test.each([
  { fault: 'nulls', reason: undefined },
  { fault: 'missing', reason: undefined },
  { fault: 'half', reason: /sent what is not JSON; such messages are left out/ },
  { fault: 'changed', reason: /^The answer has changed: .*; such messages are left out/ },
] as const)(
  'a stream whose messages are $fault for a while goes on, and is not opened again',
  async ({ fault, reason }) => {
    const id = await open()
    const tibber = simulators.faults.tibber
    const struck = tibber.struck[fault]
    tibber.set(fault)
    await until('three messages are spoilt', () => tibber.struck[fault] >= struck + 3, 40_000)
    if (reason) await until('it is told', () => reason.test(stage.statuses.get(id)?.reason ?? ''))
    const before = samples().length
    const heard = tibber.struck[fault]
    await until('one more is spoilt', () => tibber.struck[fault] > heard, 20_000)
    // No measurement is made of what holds none.
    expect(samples().length).toBe(before)
    tibber.clear()
    await until('it measures again', () => samples().length > before, 20_000)
    await until('nothing is the matter', () => {
      const status = stage.statuses.get(id)
      return status?.state === 'running' && status.reason === undefined
    })
    expect(stage.statuses.get(id)).toMatchObject({ restarts: 0, run: 1 })
    // Connections begun; a second would be a restart.
    expect(stage.connector.stats().integrations[name]).toMatchObject({ polls: 1, deaths: 0 })
  },
  120_000,
)
