import { afterEach, beforeEach, expect, test } from 'vitest'
import { takePulse } from './fixtures/pulse.ts'
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

const secret = 'not-for-your-eyes'

type Row = { behave: string; reason: RegExp; deaths: number; state?: string }
const rows: Row[] = [
  { behave: 'undated', reason: /^come back some time; it goes on by itself at 20/, deaths: 0, state: 'throttled' },
  { behave: 'throws', reason: /^The integration failed: TypeError: x is not a function;.*developers/, deaths: 0 },
  { behave: 'timer', reason: /failed outside of its run: Error: thrown in a timer/, deaths: 1 },
  { behave: 'rejection', reason: /failed outside of its run: Error: nobody catches me/, deaths: 1 },
  { behave: 'loop', reason: /did not finish within \d+ s \(an endless loop\?\)/, deaths: 1 },
  { behave: 'exit', reason: /ended its thread \(exit code 3\)/, deaths: 1 },
  { behave: 'heap', reason: /used up the memory of its thread|did not finish within/, deaths: 1 },
  { behave: 'buffers', reason: /took \d+ MiB of memory, more than the 128 allowed/, deaths: 1 },
  { behave: 'flood', reason: /holds 6000 readings, more than the 5000 allowed/, deaths: 0 },
  { behave: 'hangs', reason: /did not finish within 2 s/, deaths: 0 },
  { behave: 'shape', reason: /has changed: (the whole of it|rooms|time)/, deaths: 0 },
]

test.each(rows)(
  'one that does this is named and waits, the others go on: $behave',
  async ({ behave, reason, deaths, state }: Row) => {
    const neighbours = [device('polite', { token: 'a' }), device('polite', { token: 'b' })]
    const siblings = [device('wild', { token: 'c' }), device('wild', { token: 'd' })]
    stage = await openStage([...neighbours, ...siblings], vendor.base, { heapLimit: 48, externalLimit: 128 })
    const stateOf = (id: number) => stage.statuses.get(id)?.state
    await until('all run', () => stage.devices.every(({ id }) => stateOf(id) === 'running'))

    const pulse = takePulse()
    const culprit = device('wild', { token: secret, behave })
    stage.devices.push(culprit)
    const begun = Date.now()
    stage.desire(culprit)
    await until('it is named', () => reason.test(stage.statuses.get(culprit.id)?.reason ?? ''), 25_000)
    expect(stateOf(culprit.id)).toBe(state ?? 'backing-off')
    const named = Date.now()
    const { wild } = stage.connector.stats().integrations
    expect(wild?.deaths ?? 0).toBeGreaterThanOrEqual(deaths)
    expect(stage.connector.stats().integrations.polite?.deaths).toBe(0)
    const heard = ({ id }: { id: number }, from: number) =>
      stage.published.filter(({ topic, at }) => topic.startsWith(`sensors/`) && topic.includes(`/${id}/`) && at > from)
    await until('its siblings are heard again', () => siblings.every((one) => heard(one, named).length > 0))
    const stoodStill = await pulse.stop()
    for (const one of neighbours) {
      const times = [begun, ...heard(one, begun).map(({ at }) => at)]
      const gaps = times.slice(1).map((at, index) => at - times[index]! - stoodStill(times[index]!, at))
      expect(Math.max(...gaps)).toBeLessThan(1000 + 220)
    }
    expect(siblings.map(({ id }) => stateOf(id))).not.toContain('backing-off')
    expect(JSON.stringify([stage.history, stage.lines])).not.toContain(secret)
  },
)

test('an integration that cannot be loaded says so to its owners, and nobody else is disturbed', async () => {
  const broken = device('broken', {})
  const good = device('polite', { token: 'a' })
  stage = await openStage([broken, good], vendor.base)
  await until('both are known', () => stage.statuses.get(good.id)?.state === 'running')
  await until('it is said', () =>
    /cannot be started: Error: broken at the start/.test(stage.statuses.get(broken.id)?.reason ?? ''),
  )
  expect(stage.statuses.get(broken.id)?.state).toBe('backing-off')
})

test('one that nobody knows, one whose credentials cannot be read, and one that is stopped say so', async () => {
  const unknown = device('unheard-of', {})
  const unreadable = device('polite', undefined, { error: 'The credentials cannot be read; enter them anew.' })
  const stopped = device('polite', { token: 'a' })
  stage = await openStage([unknown, unreadable, stopped], vendor.base)
  await until('it runs', () => stage.statuses.get(stopped.id)?.state === 'running')
  expect(stage.statuses.get(unknown.id)).toMatchObject({
    state: 'backing-off',
    reason: expect.stringMatching(/no integration unheard-of/),
  })
  expect(stage.statuses.get(unreadable.id)?.reason).toBe('The credentials cannot be read; enter them anew.')
  stage.devices[2] = { ...stopped, desired: 'stopped' }
  stage.desire(stopped)
  await until('it is stopped', () => stage.statuses.get(stopped.id)?.state === 'stopped')
  const asked = vendor.requests.length
  await new Promise((resolve) => setTimeout(resolve, 600))
  expect(vendor.requests.length).toBe(asked)
  expect(stage.connector.stats().integrations.polite?.heapMiB).toBe(0)
})
